# 039_backpressure.t
#	  Clients that are faster than the engine: beyond tradepost.max_pending they wait, then
#	  get TP008; what was committed is decided when the engine goes on.
use strict;
use warnings;

use Test::More;
use TradepostMarket;
use TradepostSession;
use TradepostTest;

my $node = tradepost_node('backpressure', conf => "tradepost.max_pending = 50\ntradepost.pending_timeout = 200\n");
open_market($node, 'market');
my ($alice) = market_accounts();
settle($node, 'market');

# It stands still while it waits, with nothing in its hands.
my $matcher = status_of($node, 'market', 'pid');
ok(wait_until($node, 'market', "SELECT state = 'idle' OR wait_event IS NOT NULL FROM pg_stat_activity WHERE pid = $matcher", 't'), 'the matcher waits');
kill 'STOP', $matcher;

my $session = TradepostSession->new($node, 'market');
my $placed = 0;
for (1 .. 60)
{
	$session->query('SELECT ' . place_sql($alice, 'buy', 1, 90));
	last if $session->error;
	$placed++;
}
is($placed, 50, 'as many as may wait are taken');
like($session->error, qr/ERROR:  TP008.*tradepost\.max_pending is 50/s, 'the next is refused');
like($session->error, qr/HINT/, 'with a hint');
is(status_of($node, 'market', 'pending'), '50', 'engine_status tells how many wait');

# One that waits gets in when the engine goes on.
$session->query("SELECT 1");
$node->append_conf('postgresql.conf', 'tradepost.pending_timeout = 100000');
$node->reload;
wait_until($node, 'market', 'SHOW tradepost.pending_timeout', '100s');
my @waiting = map { TradepostSession->new($node, 'market') } 1 .. 4;
$_->send('SELECT ' . place_sql($alice, 'buy', 1, 91)) for @waiting;
ok(wait_until($node, 'market', 'SELECT count(*) FROM pg_stat_activity WHERE query LIKE \'%91%\' AND state = \'active\' AND pid <> pg_backend_pid() AND wait_event_type = \'Extension\'', '4'), 'callers wait');
my $cancelled = pop @waiting;
$node->safe_psql('market', 'SELECT pg_cancel_backend(' . $cancelled->pid . ')');
$cancelled->finish;
like($cancelled->error, qr/canceling statement/, 'a caller that waits can be cancelled');
is(scalar(grep { $_->done } @waiting), 0, 'the others still wait');
kill 'CONT', $matcher;
like($_->finish, qr/\A\d+\z/, 'and get in when the engine goes on') for @waiting;
$_->quit for $session, $cancelled, @waiting;

settle($node, 'market');
is(count_of($node, 'market', 'tradepost.orders'), $placed + @waiting, 'all that was taken is decided');
sound_ok($node, 'market', 'in the end');
$node->stop;
done_testing();
