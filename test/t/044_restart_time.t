# 044_restart_time.t
#	  A start reads what is open, not what was: its plans never scan the orders, and its time
#	  does not grow with the orders that are closed.
#
# Whether a start at 10 million closed orders takes at most 1.3 times the time of one at none
# is measured by make bench.  Here the numbers are shown, and the scans counted.
use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);
use TradepostMarket;
use TradepostTest;

my ($open, $closed) = long_run() ? (100_000, 10_000_000) : (2_000, 60_000);
my $node = tradepost_node('restart_time', conf => "autovacuum = off\n");
open_market($node, 'market');
my ($alice, $bob) = market_accounts();

sub place_many
{
	my ($n, $price, $time_in_force) = @_;

	while ($n > 0)
	{
		my $now = $n > 50_000 ? 50_000 : $n;
		my ($last) = $node->safe_psql('market', <<"EOF") =~ /(\d+)/;
SELECT max(i) FROM unnest(tradepost.place_orders(ARRAY[$alice], ARRAY['EURUSD'], ARRAY['buy']::tradepost.side[], array_fill(1::numeric, ARRAY[$now]), ARRAY[$price],
	times_in_force => ARRAY['$time_in_force']::tradepost.time_in_force[])) i
EOF
		wait_for($node, 'market', $last);
		$n -= $now;
	}
}

# Seconds from the start to a decision, the median of three.
sub restart
{
	my @times;

	for (1 .. 3)
	{
		$node->stop;
		my $began = time;
		$node->start;
		my $id = place($node, 'market', $bob, 'buy', 1, 70);
		$node->safe_psql('market', "CALL tradepost.wait_for_order($id, '60 s')");
		push @times, time - $began;
	}
	return (sort { $a <=> $b } @times)[1];
}

# Tables of the engine that somebody has read from end to end.  (This test itself looks for
# decisions in events.)
sub scans
{
	return $node->safe_psql('market', "SELECT string_agg(relname || ' ' || seq_scan, ', ' ORDER BY relname) FROM pg_stat_user_tables"
		. " WHERE schemaname = 'tradepost_internal' AND relname IN ('orders', 'commands') AND seq_scan > 0");
}

place_many($open, 80, 'gtc');
my $none = restart();
place_many($closed, 60, 'ioc');
my $many = restart();
diag(sprintf 'start to first decision, %d open: %.2f s at no closed orders, %.2f s at %d, ratio %.2f', $open, $none, $many, $closed, $many / $none);

# Statistics of all that happened, recovery and trading.
$node->safe_psql('market', 'SELECT pg_stat_reset()');
$node->restart;
my $sell = place($node, 'market', $bob, 'sell', 10, 80);
wait_for($node, 'market', $sell);
$node->safe_psql('market', "SELECT tradepost.cancel_all($alice)");
place_many(100, 60, 'ioc');
restart_matcher($node, 'market');
place_many(100, 60, 'ioc');
# A process reports what it read at its end.
restart_matcher($node, 'market');
ok(wait_until($node, 'market', "SELECT idx_scan > 0 FROM pg_stat_user_tables WHERE schemaname = 'tradepost_internal' AND relname = 'orders'", 't'), 'the matcher has reported what it read');
is(scans(), '', 'neither orders nor commands are ever scanned');
is(state_of($node, 'market', $sell), 'filled', 'and it did trade');
# Ranges of pages that no VACUUM has summarized are all read: the tail of the events is found by seq.
$node->safe_psql('market', 'SELECT pg_stat_reset()');
restart_matcher($node, 'market') for 1 .. 2;
ok(wait_until($node, 'market', "SELECT idx_scan > 0 FROM pg_stat_user_indexes WHERE indexrelname = 'events_pkey'", 't'), 'a start reads events by their primary key');
is($node->safe_psql('market', "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'events_search'"), '0', 'and by nothing else');
sound_ok($node, 'market', 'in the end');
$node->stop;
done_testing();
