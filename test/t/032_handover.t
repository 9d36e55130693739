# 032_handover.t
#	  Between a commit and the matcher: a commit is visible before its commands are handed
#	  over, and ids commit in another order than they were drawn in.
use strict;
use warnings;

use Test::More;
use TradepostCrash;
use TradepostFault;
use TradepostMarket;
use TradepostSession;
use TradepostTest;

my $node = tradepost_node('handover', faults => 1, conf => "tradepost.ring_size = 64\nrestart_after_crash = on\ntradepost.idle_command_timeout = 0\n");
open_market($node, 'market');
my ($alice, $bob) = market_accounts();

sub decisions
{
	my ($id) = @_;

	return count_of($node, 'market', "tradepost_internal.events WHERE command_id = $id AND decision");
}

sub last_command
{
	return $node->safe_psql('market', 'SELECT max(id) FROM tradepost_internal.commands');
}

# A session that commits an order, and stands still before it hands it over; returns the order's id too.
sub committed_not_handed_over
{
	my ($price) = @_;
	my $before = last_command();
	my $session = TradepostSession->new($node, 'market', 'tradepost.fault_pause' => 'before_handover', 'tradepost.fault_pause_file' => pause_file($node));

	hold($node);
	$session->send('SELECT ' . place_sql($alice, 'buy', 1, $price));
	ok(wait_until($node, 'market', "SELECT count(*) FROM tradepost_internal.commands WHERE id > $before", '1'), 'the commit is visible');
	return ($session, last_command());
}

# More than the ring holds: the matcher reads the table.
sub overflow
{
	my $before = status_of($node, 'market', 'ring_overflows');
	my ($last) = $node->safe_psql('market', <<"EOF") =~ /(\d+)\}/;
SELECT tradepost.place_orders(ARRAY[$bob], ARRAY['EURUSD'], ARRAY['buy']::tradepost.side[], array_fill(1::numeric, ARRAY[300]), ARRAY[90], times_in_force => ARRAY['gtc']::tradepost.time_in_force[])
EOF
	ok(wait_for($node, 'market', $last), 'what does not fit into the ring is decided');
	cmp_ok(status_of($node, 'market', 'ring_overflows'), '>', $before, 'and did not fit');
}

# The table is read while a commit is visible and not handed over.
{
	my ($session, $id) = committed_not_handed_over(91);

	is(decisions($id), '0', 'not handed over: not decided');
	overflow();
	is(decisions($id), '1', 'the reading of the table finds it');
	cmp_ok(status_of($node, 'market', 'watermark'), '<=', $id, 'the watermark waits for it');
	let_go($node);
	is($session->finish, $id, 'the handover goes on');
	$session->quit;
	sound_ok($node, 'market', 'handed over after it was read');
	is(decisions($id), '1', 'it is not decided again');
	cmp_ok(status_of($node, 'market', 'watermark'), '>', $id, 'the watermark passes it');
}

# The same with a matcher that starts anew meanwhile.
{
	my ($session, $id) = committed_not_handed_over(92);

	$node->safe_psql('market', 'SELECT pg_terminate_backend(pid) FROM tradepost.engine_status');
	ok(wait_for($node, 'market', $id), 'the next matcher finds it in the table');
	$node->safe_psql('market', 'SELECT pg_terminate_backend(pid) FROM tradepost.engine_status');
	place($node, 'market', $bob, 'buy', 1, 90);
	settle($node, 'market');
	let_go($node);
	is($session->finish, $id, 'the handover goes on');
	$session->quit;
	sound_ok($node, 'market', 'handed over to the next matcher but one');
	is(decisions($id), '1', 'it is decided once');
}

# A backend that dies there: its commit was not acknowledged, but it is one.
{
	my ($session, $id) = committed_not_handed_over(93);

	is(decisions($id), '0', 'not handed over: not decided');
	kill_process($node, 'market', 'SELECT ' . $session->pid);
	let_go($node);
	$session->quit;
	ok(wait_for($node, 'market', $id), 'what was committed is decided');
	sound_ok($node, 'market', 'backend died between commit and handover');
}

# Drawn first, committed last.
{
	my $first = TradepostSession->new($node, 'market');
	my $id = $first->query('BEGIN; SELECT ' . place_sql($alice, 'buy', 1, 94));

	for my $round (1 .. 3)
	{
		place($node, 'market', $bob, 'buy', 1, 90);
		overflow() if $round == 2;
		ok(settle($node, 'market'), "round $round: others trade on");
		cmp_ok($node->safe_psql('market', 'SELECT s.watermark FROM tradepost_internal.engine_state s'), '<=', $id, "round $round: the watermark waits");
		$node->safe_psql('market', 'SELECT pg_terminate_backend(pid) FROM tradepost.engine_status');
	}
	ok(settle($node, 'market'), 'the matcher came back');
	is(decisions($id), '0', 'not committed: not decided');
	$first->query('COMMIT');
	$first->quit;
	ok(wait_for($node, 'market', $id), 'the first id, committed last, is decided');
	sound_ok($node, 'market', 'drawn first, committed last');
}

# The same, and the server dies before the matcher has seen it.
{
	my $first = TradepostSession->new($node, 'market');
	my $id = $first->query('BEGIN; SELECT ' . place_sql($alice, 'buy', 1, 95));

	place($node, 'market', $bob, 'buy', 1, 90) for 1 .. 20;
	settle($node, 'market');
	my $matcher = pause_matcher($node, 'market', 'batch_decided');
	my $later = place($node, 'market', $bob, 'buy', 1, 90);
	$first->query('COMMIT');
	$first->quit;
	kill_postmaster($node, $matcher);
	is(decisions($id), '0', 'not decided before the server died');
	let_go($node);
	ok(wait_for($node, 'market', $_), 'decided after it came back') for $id, $later;
	set_fault($node, fault_pause => '');
	sound_ok($node, 'market', 'committed last, before the server died');
}

# Many sessions; they commit in the opposite order, and some never do.
{
	my (@sessions, @ids);

	for my $n (0 .. 7)
	{
		my $session = TradepostSession->new($node, 'market');

		push @sessions, $session;
		push @ids, $session->query('BEGIN; SELECT ' . place_sql($alice, 'buy', 1, 80 + $n));
	}
	for my $n (reverse 0 .. 7)
	{
		$sessions[$n]->query($n % 4 == 3 ? 'ROLLBACK' : 'COMMIT');
		$node->safe_psql('market', 'SELECT pg_terminate_backend(pid) FROM tradepost.engine_status') if $n == 5 || $n == 2;
		place($node, 'market', $bob, 'buy', 1, 90);
	}
	$_->quit for @sessions;
	sound_ok($node, 'market', 'committed in the opposite order');
	is(join(' ', map { decisions($_) } @ids), '1 1 1 0 1 1 1 0', 'what was committed is decided, what was rolled back never was');
}

$node->stop;
done_testing();
