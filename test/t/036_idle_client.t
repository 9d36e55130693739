# 036_idle_client.t
#	  A client that is idle in a transaction with a command stops nobody: the market trades
#	  on, engine_status shows its age, and a timeout for such transactions alone ends it.
use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep);
use TradepostLoad;
use TradepostMarket;
use TradepostSession;
use TradepostTest;

my $node = tradepost_node('idle_client', conf => "tradepost.idle_command_timeout = 0\n");
open_market($node, 'market');
TradepostLoad::prepare($node, 'market');
my ($alice) = market_accounts();
my $order = 'SELECT ' . place_sql($alice, 'buy', 1, 80);

sub connected
{
	my ($session) = @_;

	return count_of($node, 'market', 'pg_stat_activity WHERE pid = ' . $session->pid);
}

# Idle for as long as it likes, with the timeout off.
{
	my $load = TradepostLoad->start($node, 'market', clients => 2);

	ok($load->progress(500), 'load runs');
	my $before = $load->speed(long_run() ? 10 : 1);
	my $idle = TradepostSession->new($node, 'market');
	my $id = $idle->query("BEGIN; $order");
	ok($load->progress(1000), 'the market trades on beside a transaction with the lowest id');
	my $beside = $load->speed(long_run() ? 60 : 1);
	my ($age, $behind) = split /\|/, $node->safe_psql('market', "SELECT oldest_command_age > '0', (SELECT last_value FROM tradepost_internal.command_id_seq) - watermark FROM tradepost.engine_status");
	is($age, 't', 'engine_status shows its age');
	cmp_ok($behind, '>', 1000, 'the watermark waits for it');
	my $restarted = restart_matcher($node, 'market');
	ok($restarted && $load->progress(100), 'a matcher that starts meanwhile trades on');
	diag("orders/s without and with a client idle in a transaction with a command: $before, $beside");
	$idle->query('COMMIT');
	$idle->quit;
	ok(wait_for($node, 'market', $id), 'its command is decided when it commits');
	ok(wait_until($node, 'market', "SELECT watermark > $id FROM tradepost.engine_status", 't'), 'the watermark goes on');
	$load->stop('idle');
	sound_ok($node, 'market', 'idle');
	TradepostLoad::kept_ok($node, 'market', 'idle');
	is(status_of($node, 'market', "oldest_command_age = '0'"), 't', 'no command is old any more');
}

# Rolled back to a savepoint, a command holds nothing up any more, however long its session idles;
# what is left of the transaction does.
{
	my $session = TradepostSession->new($node, 'market');
	my $held = sub { status_of($node, 'market', "oldest_command_age > '0'") };
	my $overflows = status_of($node, 'market', 'ring_overflows');
	my $last = $node->safe_psql('market', 'SELECT last_value FROM tradepost_internal.command_id_seq');
	my $many = "SELECT count(tradepost.place_orders(ARRAY[$alice], ARRAY['EURUSD'], ARRAY['buy']::tradepost.side[], array_fill(1::numeric, ARRAY[20000]), ARRAY[80]))";

	$session->query("BEGIN; SAVEPOINT a; $order");
	is($held->(), 't', 'a command under a savepoint: the watermark waits');
	$session->query('ROLLBACK TO a');
	is($held->(), 'f', 'rolled back: it does not');
	$session->query("SAVEPOINT b; $order; SAVEPOINT c; $order; RELEASE c; ROLLBACK TO b");
	is($held->(), 'f', 'nor for one of a savepoint within, which was released');
	$session->query("SAVEPOINT d; $many; ROLLBACK TO d");
	is($held->(), 'f', 'nor for more than a queue holds');
	ok(settle($node, 'market') && wait_until($node, 'market', "SELECT watermark > $last + 20000 FROM tradepost.engine_status", 't'),
		'the watermark passes them while the session idles');
	my $kept = $session->query("SAVEPOINT e; $order; RELEASE e");
	$session->query("SAVEPOINT f; $order; ROLLBACK TO f");
	is($held->(), 't', 'a command of a released savepoint: it waits, whatever else is rolled back');
	settle($node, 'market');
	is(status_of($node, 'market', 'watermark'), $kept, 'and that is the lowest it waits for');
	$session->query("SAVEPOINT g; $order; COMMIT");
	ok(wait_for($node, 'market', $kept), 'which is decided when it commits');
	is($held->(), 'f', 'then nothing is held');
	is(status_of($node, 'market', 'ring_overflows'), $overflows, 'what was rolled back is looked for in no table');
	$session->query("DO \$\$ BEGIN BEGIN PERFORM " . ($order =~ s/^SELECT //r) . "; RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL; END; END \$\$");
	$session->quit;
}

# The timeout.
$node->append_conf('postgresql.conf', 'tradepost.idle_command_timeout = 300');
$node->reload;
wait_until($node, 'market', 'SHOW tradepost.idle_command_timeout', '300ms');
{
	my $without = TradepostSession->new($node, 'market');
	my $outside = TradepostSession->new($node, 'market');
	my $with = TradepostSession->new($node, 'market');
	my $savepoint = TradepostSession->new($node, 'market');
	my $released = TradepostSession->new($node, 'market');
	my $nothing = TradepostSession->new($node, 'market');

	$without->query('BEGIN; SELECT count(*) FROM tradepost.orders');
	$nothing->query("BEGIN; SAVEPOINT a; $order; ROLLBACK TO a");
	$outside->query("BEGIN; $order; COMMIT");
	$outside->query('BEGIN; SELECT 1');
	$with->query("BEGIN; $order");
	$savepoint->query("BEGIN; SAVEPOINT a; $order; ROLLBACK TO a; $order");
	$released->query("BEGIN; SAVEPOINT a; $order; RELEASE a; SAVEPOINT b; $order; ROLLBACK TO b");
	for my $case ([ 'idle with a command', $with ], [ 'idle with one of a savepoint, and one rolled back', $released ], [ 'idle with one after a savepoint that was rolled back', $savepoint ])
	{
		my ($name, $session) = @$case;
		ok(wait_until($node, 'market', 'SELECT count(*) FROM pg_stat_activity WHERE pid = ' . $session->pid, '0'), "$name: ended");
	}
	# Older than those that were ended, so their time would have been up first.
	is(connected($without), '1', 'idle without a command: not ended');
	is(connected($nothing), '1', 'idle with a command that was rolled back to a savepoint: not ended');
	is($nothing->query("$order IS NOT NULL; COMMIT"), 't', 'and trades on');
	is(connected($outside), '1', 'idle after the transaction with a command: not ended');
	is($without->query('SELECT 1; COMMIT'), '1', 'and works on');
	$_->quit for $without, $nothing, $outside, $with, $savepoint, $released;
}
{
	my $busy = TradepostSession->new($node, 'market');
	my $strict = TradepostSession->new($node, 'market', idle_in_transaction_session_timeout => 100);
	my $show = 'SHOW idle_in_transaction_session_timeout';

	like($strict->query("BEGIN; $order; $show; COMMIT"), qr/\n100ms\z/, "a stricter timeout of the session's own stays");
	like($busy->query("BEGIN; $order; $show; COMMIT"), qr/\n300ms\z/, 'the timeout is the session\'s');
	is($busy->query($show), '0', 'until the transaction ends');
	$_->quit for $busy, $strict;
}
sound_ok($node, 'market', 'in the end');
$node->stop;
done_testing();
