# 045_status.t
#	  engine_status tells of a market that stands still: how long the oldest committed command
#	  has waited, whoever has it in hand, also when there is no matcher at all.
use strict;
use warnings;

use Test::More;
use TradepostCrash;
use TradepostMarket;
use TradepostSession;
use TradepostTest;

my $node = tradepost_node('status', conf => "tradepost.ring_size = 64\n");
open_market($node, 'market');
my ($alice) = market_accounts();
my $order = 'SELECT ' . place_sql($alice, 'buy', 1, 80);
my $ages = "concat_ws(' ', state, pending, undecided_age > '0', watermark_age >= undecided_age, oldest_command_age > '0')";

# Stops the matcher when it has nothing to do.
sub stop_matcher
{
	my $pid = status_of($node, 'market', 'pid');

	settle($node, 'market');
	wait_until($node, 'market', "SELECT wait_event IS NOT NULL FROM pg_stat_activity WHERE pid = $pid", 't');
	kill 'STOP', $pid;
	return $pid;
}

# Waits until the age is more than it was, by whatever a clock can show.
sub grows_ok
{
	my ($name, $age) = @_;
	my $before = status_of($node, 'market', $age);

	ok(wait_until($node, 'market', "SELECT $age > '$before' FROM tradepost.engine_status", 't'), "$name: $age grows");
}

sub quiet_ok
{
	my ($name) = @_;

	settle($node, 'market');
	ok(wait_until($node, 'market', 'SELECT pending FROM tradepost.engine_status', '0'), "$name: nothing waits");
	is(status_of($node, 'market', $ages), 'running 0 f t f', "$name: and nothing is old");
}

quiet_ok('in the beginning');

# In the ring.
{
	my $matcher = stop_matcher();

	$node->safe_psql('market', $order);
	is(status_of($node, 'market', $ages), 'running 1 t t f', 'a matcher that is stopped: one command is undecided');
	grows_ok('in the ring', 'undecided_age');
	grows_ok('in the ring', 'watermark_age');
	my $age = status_of($node, 'market', 'undecided_age');
	$node->safe_psql('market', $order);
	is(status_of($node, 'market', "undecided_age > '$age'"), 't', 'it is the age of the oldest');
	# More than fits: in the table only.
	$node->safe_psql('market', "SELECT count(tradepost.place_orders(ARRAY[$alice], ARRAY['EURUSD'], ARRAY['buy']::tradepost.side[], array_fill(1::numeric, ARRAY[100]), ARRAY[80]))");
	is(status_of($node, 'market', "pending || ' ' || (ring_overflows > 0)"), '102 true', 'a ring that is full');
	is(status_of($node, 'market', "undecided_age > '$age'"), 't', 'changes nothing of the oldest');
	kill 'CONT', $matcher;
}
quiet_ok('gone on');

# In the table alone.
{
	my $matcher = stop_matcher();

	$node->safe_psql('market', "SELECT count(tradepost.place_orders(ARRAY[$alice], ARRAY['EURUSD'], ARRAY['buy']::tradepost.side[], array_fill(1::numeric, ARRAY[20000]), ARRAY[80]))");
	is(status_of($node, 'market', $ages), 'running 20000 t t f', 'a load that went past the ring');
	grows_ok('past the ring', 'undecided_age');
	kill 'CONT', $matcher;
}
quiet_ok('loaded');

# In the matcher's hands.
{
	my $lock = TradepostSession->new($node, 'market');

	# A lock that the matcher takes and the view does not mind.
	$lock->query('BEGIN; LOCK TABLE tradepost_internal.orders IN SHARE MODE');
	$node->safe_psql('market', $order);
	ok(wait_until($node, 'postgres', "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND relation IS NOT NULL", 't'), 'the matcher waits with a batch in hand');
	is(status_of($node, 'market', $ages), 'running 1 t t f', 'which is undecided');
	grows_ok('in hand', 'undecided_age');
	$lock->query('COMMIT');
	$lock->quit;
}
quiet_ok('let go');

# A client that holds the watermark.
{
	my $idle = TradepostSession->new($node, 'market');

	$idle->query("BEGIN; $order");
	is(status_of($node, 'market', $ages), 'running 0 f t t', 'a client idle in a transaction: nothing is undecided, but the watermark waits');
	grows_ok('a client', 'watermark_age');
	$idle->query('ROLLBACK');
	$idle->quit;
}
quiet_ok('rolled back');

# No matcher, and shared memory that knows nothing: a server that went down with commands in the
# queue, and came back with an engine that is paused, as after half an upgrade.
{
	my $matcher = stop_matcher();
	my $version = $node->safe_psql('market', "SELECT extversion FROM pg_extension WHERE extname = 'tradepost'");

	$node->safe_psql('market', $order) for 1 .. 3;
	$node->safe_psql('market', "UPDATE pg_extension SET extversion = '0.1' WHERE extname = 'tradepost'");
	kill_postmaster($node, $matcher);
	ok(wait_until($node, 'market', 'SELECT state FROM tradepost.engine_status', 'paused'), 'an engine that is paused');
	is(status_of($node, 'market', $ages), 'paused 3 t t f', 'knows what waits for it');
	grows_ok('paused', 'undecided_age');
	$node->safe_psql('market', $order);
	is(status_of($node, 'market', 'pending'), '4', 'and what comes');
	$node->safe_psql('market', "UPDATE pg_extension SET extversion = '$version' WHERE extname = 'tradepost'");
	ok(wait_until($node, 'market', 'SELECT state FROM tradepost.engine_status', 'running'), 'and goes on');
}
quiet_ok('in the end');
sound_ok($node, 'market', 'in the end');

# What cannot be waited for is refused.
for my $case ([ 'wait_for_seq(-1)', 'seq -1 is below zero' ],
	[ 'wait_for_seq(-9223372036854775808)', 'seq -9223372036854775808 is below zero' ],
	[ 'wait_for_seq(NULL)', 'seq must be given' ],
	[ 'wait_for_order(0)', 'id 0 is not above zero' ],
	[ 'wait_for_order(-1)', 'id -1 is not above zero' ],
	[ 'wait_for_order(NULL)', 'id must be given' ],
	map { my $call = $_; map { [ "$call, $$_[0])", $$_[1] ] } ([ 'NULL', 'timeout must be given' ], [ "'-1 s'", 'timeout -00:00:01 is not between 0 and 1 hour' ],
		[ "'61 min'", 'timeout 01:01:00 is not between 0 and 1 hour' ], [ "'-2147483648 mon'", 'timeout -178956970 years -8 mons is not between 0 and 1 hour' ]) }
	('wait_for_seq(1', 'wait_for_order(1'))
{
	my ($call, $message) = @$case;
	my ($status, $out, $err) = $node->psql('market', "\\set VERBOSITY verbose\nCALL tradepost.$call");

	like($err, qr/ERROR:  TP005: \Q$message\E\n.*HINT:/s, "$call: refused");
}
is(($node->psql('market', 'CALL tradepost.wait_for_seq(0)'))[0], 0, 'the beginning is reached');
$node->stop;
done_testing();
