# 038_big_load.t
#	  More than the ring holds: COPY of very many orders, aborts of it, the largest call, and
#	  a ring that is full all the time; others trade on meanwhile.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use TradepostLoad;
use TradepostMarket;
use TradepostSession;
use TradepostTest;

my $rows = long_run() ? 1_000_000 : 100_000;
my $node = tradepost_node('big_load', conf => "tradepost.ring_size = 64\ntradepost.max_pending = 3000000\n");
open_market($node, 'market');
TradepostLoad::prepare($node, 'market');
my ($alice, $bob) = market_accounts();

# COPY data: orders that rest, far from the market, from `first` on; the last line may be broken.
sub copy_file
{
	my ($name, $first, $count, $last) = @_;
	my $path = PostgreSQL::Test::Utils::tempdir() . "/$name";

	open(my $file, '>', $path) or die "$path: $!";
	printf $file "%d\tEURUSD\t%s\t1\t%d.%02d\tgtc\tcopy %d\n", $_ % 2 ? $alice : $bob, 'buy', 60 + $_ % 5, $_ % 100, $_ for $first .. $first + $count - 1;
	print $file $last if defined $last;
	close $file;
	return $path;
}

sub copy_sql
{
	my ($path) = @_;

	return "\\copy tradepost.orders (account, symbol, side, quantity, price, time_in_force, client_order_id) FROM '$path'";
}

sub orders
{
	return count_of($node, 'market', "tradepost.orders WHERE client_order_id LIKE 'copy%'");
}

# A load whose every batch overflows, beside which the big ones come.
my $load = TradepostLoad->start($node, 'market', clients => 2, batch => 40, rate => 2000);
ok($load->progress(500), 'load runs');
my $session = TradepostSession->new($node, 'market');

my $broken = copy_file('broken', 1, 5000, "$alice\tEURUSD\tbuy\t1\t60.001\tgtc\tcopy broken\n");
$session->query(copy_sql($broken) . "\nSELECT 1");
like($session->error, qr/ERROR:  TP005.*COPY orders, line 5001/s, 'an error in the last row');
my $whole = copy_file('whole', 1, 5000);
$session->query("BEGIN; SAVEPOINT a;\n" . copy_sql($whole) . "\nROLLBACK TO a; COMMIT");
is($session->error, '', 'a savepoint around COPY, rolled back');
$session->query("BEGIN;\n" . copy_sql($broken) . "\nROLLBACK");
settle($node, 'market');
is(orders(), '0', 'of neither is anything left');
is(count_of($node, 'market', "tradepost_internal.command_keys WHERE key LIKE 'copy%'"), '0', 'not even a key');

my $big = copy_file('big', 1, $rows);
my $began = time;
$session->query(copy_sql($big) . "\nSELECT 1");
is($session->error, '', "COPY of $rows orders");
my $copied = time;
ok($load->progress(20), 'others trade while they are decided');
settle($node, 'market');
my $decided = time;
is(orders(), $rows, 'all of them are decided');
diag(sprintf 'COPY of %d orders: %.1f s, all decided %.1f s later, beside 2000 orders/s of others', $rows, $copied - $began, $decided - $copied);
is($node->safe_psql('market', <<'EOF'), '0', 'in the order of their lines');
SELECT count(*) FROM (SELECT o.rank < lag(o.rank) OVER (ORDER BY c.id) AS wrong
	FROM tradepost_internal.orders o JOIN tradepost_internal.commands c ON c.id = o.id WHERE c.client_order_id LIKE 'copy%') x WHERE wrong
EOF

# The largest call, its rollback first; then one more than that.
my $call = "SELECT count(*) FROM unnest(tradepost.place_orders(ARRAY[$alice], ARRAY['GBPUSD'], ARRAY['buy']::tradepost.side[], array_fill(1::numeric, ARRAY[%d]), ARRAY[60],"
  . " times_in_force => ARRAY['ioc']::tradepost.time_in_force[])) i";
my $before = count_of($node, 'market', 'tradepost.orders WHERE price = 60 AND symbol = \'GBPUSD\'');
$session->query('BEGIN; ' . sprintf($call, 100_000) . '; ROLLBACK');
is($session->query(sprintf($call, 100_000)), '100000', 'place_orders() with 100,000');
settle($node, 'market');
is(count_of($node, 'market', 'tradepost.orders WHERE price = 60 AND symbol = \'GBPUSD\'') - $before, 100_000, 'are decided, those rolled back not');
$session->query(sprintf($call, 100_001));
like($session->error, qr/ERROR:  TP005/, 'more are refused');

# A matcher that has to start while much waits.
$session->query('BEGIN; ' . sprintf($call, 50_000));
$session->send('COMMIT');
$node->safe_psql('market', 'SELECT pg_terminate_backend(pid) FROM tradepost.engine_status');
$session->finish;
settle($node, 'market');
is(count_of($node, 'market', 'tradepost.orders WHERE price = 60 AND symbol = \'GBPUSD\'') - $before, 150_000, 'a matcher that starts anew finds what waits');

$session->quit;
cmp_ok(status_of($node, 'market', 'ring_overflows'), '>', 10, 'the ring was full all the time');
$load->stop('in the end');
sound_ok($node, 'market', 'in the end');
$node->stop;
done_testing();
