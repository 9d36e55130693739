# 046_doorbell.t
#	  A listener that never reads lets the notification queue fill up.  Above half of it, here
#	  above a share that a test can reach, nobody is notified of new events any more: the
#	  market trades on, and the bell rings again when the queue has emptied.
use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);
use TradepostMarket;
use TradepostSession;
use TradepostTest;

# 52 pages of 1048576.
my $share = '0.00005';
my $node = tradepost_node('doorbell', faults => 1, conf => "tradepost.fault_queue_share = $share\n");
open_market($node, 'market');
my ($alice) = market_accounts();
my $usage = 'SELECT pg_notification_queue_usage()';
my $ear = TradepostSession->new($node, 'market');
my @heard;

# Listens until it hears this; false: it never does.
sub hears
{
	my ($payload) = @_;
	my $deadline = time + ($ENV{PG_TEST_TIMEOUT_DEFAULT} || 180);

	do
	{
		push @heard, $ear->query('SELECT 1') =~ /notification "tradepost" with payload "(\w+)"/g;
		return 1 if grep { $payload->($_) } @heard;
		sleep 0.01;
	} until time > $deadline;
	return 0;
}

# Whether the bell has told of this seq, or a later one.
sub hears_of
{
	my ($seq) = @_;

	return hears(sub { $_[0] =~ /\A\d+\z/ && $_[0] >= $seq });
}

sub trade
{
	my $id;

	wait_for($node, 'market', $id = place($node, 'market', $alice, 'buy', 1, 80)) for 1 .. 5;
	is(state_of($node, 'market', $id), 'open', "$_[0]: the market trades");
	return status_of($node, 'market', 'last_seq');
}

$ear->query('LISTEN tradepost');
my $rung = trade('an empty queue');
ok(hears_of($rung), 'an empty queue: the bell rings');
is(status_of($node, 'market', 'doorbells_skipped'), '0', 'an empty queue: every time');

# Inside a transaction nothing is read, and nothing is taken off the queue.
my $deaf = TradepostSession->new($node, 'market');
$deaf->query('LISTEN tradepost');
$deaf->query('BEGIN; SELECT 1');
$rung = trade('a listener that does not read');
ok(hears_of($rung), 'a listener that does not read: the bell rings for others');
$node->safe_psql('market', "SELECT count(pg_notify('filler', n || repeat('x', 7000))) FROM generate_series(1, 200) n");
cmp_ok($node->safe_psql('market', $usage), '>', $share, 'the queue is full enough');

my $unheard = trade('a full queue');
ok(wait_until($node, 'market', 'SELECT doorbells_skipped > 0 FROM tradepost.engine_status', 't'), 'a full queue: the bell is left alone');
# What was notified before the probe is heard before it.
$node->safe_psql('market', "NOTIFY tradepost, 'probe'");
ok(hears(sub { $_[0] eq 'probe' }), 'a full queue: others may notify');
is(scalar(grep { /\A\d+\z/ && $_ > $rung } @heard), 0, 'a full queue: the matcher did not');
is($node->safe_psql('market', "SELECT max(seq) FROM tradepost.events_since($rung)"), $unheard, 'who looks by itself finds the events');

$deaf->query('COMMIT; SELECT 1');
$deaf->quit;
ok(wait_until($node, 'market', "SELECT pg_notification_queue_usage() < $share", 't'), 'the listener reads: the queue empties');
my $skipped = status_of($node, 'market', 'doorbells_skipped');
ok(hears_of(trade('emptied')), 'emptied: the bell rings again');
is(status_of($node, 'market', 'doorbells_skipped'), $skipped, 'emptied: every time');
$ear->quit;
sound_ok($node, 'market', 'in the end');
$node->stop;
done_testing();
