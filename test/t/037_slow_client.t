# 037_slow_client.t
#	  What other sessions may do to a market without stopping it: a listener that never
#	  reads, an old snapshot, a lock on the engine's tables, a rewrite of them.
use strict;
use warnings;

use Test::More;
use TradepostLoad;
use TradepostMarket;
use TradepostSession;
use TradepostTest;

my $node = tradepost_node('slow_client');
open_market($node, 'market');
TradepostLoad::prepare($node, 'market');

my $seconds = long_run() ? 30 : 0.7;
my $load = TradepostLoad->start($node, 'market', clients => 2, rate => long_run() ? 0 : 6000);
ok($load->progress(500), 'load runs');
my %speed = (alone => $load->speed($seconds));

# A listener inside a transaction reads nothing, and keeps the queue from being emptied.
{
	my $listener = TradepostSession->new($node, 'market');

	$listener->query('LISTEN tradepost');
	$listener->query('BEGIN; SELECT 1');
	my $usage = 'SELECT pg_notification_queue_usage()';
	$node->safe_psql('market', "SELECT count(pg_notify('filler', n || repeat('x', 7000))) FROM generate_series(1, 200) n");
	cmp_ok($node->safe_psql('market', $usage), '>', 0, 'the notification queue fills');
	$speed{'a listener that never reads'} = $load->speed($seconds);
	ok($load->progress(300), 'a listener that never reads: the market trades on');
	cmp_ok($node->safe_psql('market', $usage), '>', 0, 'nothing was taken from the queue');
	$listener->query('COMMIT; SELECT 1');
	like($listener->query('SELECT 1'), qr/Asynchronous notification "tradepost" with payload "\d+" received|1/, 'once it reads it hears');
	$listener->quit;
	ok(wait_until($node, 'market', "SELECT pg_notify('filler', '') IS NOT NULL AND pg_notification_queue_usage() < 0.0001", 't'), 'the queue empties');
}

# A snapshot that is older than all that happens.
{
	my $old = TradepostSession->new($node, 'market');
	my $seen = $old->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM tradepost.orders');

	$speed{'an old snapshot'} = $load->speed($seconds);
	ok($load->progress(300), 'an old snapshot: the market trades on');
	is($old->query('SELECT count(*) FROM tradepost.orders'), $seen, 'and is as old as it was');
	is($old->query('SELECT count(*) FROM tradepost.check_invariants() WHERE NOT holds'), '0', 'in which the invariants hold too');
	$old->query('COMMIT');
	$old->quit;
}

# A superuser's lock on the engine's tables only delays.
for my $table ('orders', 'events', 'balances', 'engine_state', 'commands')
{
	my $superuser = TradepostSession->new($node, 'market');

	$superuser->query("BEGIN; LOCK TABLE tradepost_internal.$table IN ACCESS EXCLUSIVE MODE");
	ok(wait_until($node, 'postgres', "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND relation IS NOT NULL", 't'), "$table locked: somebody waits");
	$superuser->query('COMMIT');
	$superuser->quit;
	ok($load->progress(200), "$table locked: the market goes on after it");
}

# Rewritten tables.
$node->safe_psql('market', 'VACUUM FULL tradepost_internal.orders; CLUSTER tradepost_internal.orders USING orders_account; VACUUM FULL tradepost_internal.balances; REINDEX TABLE tradepost_internal.orders');
ok($load->progress(200), 'tables rewritten: the market goes on');

diag("orders/s: " . join ', ', map { "$_ $speed{$_}" } sort keys %speed);
$load->stop('in the end');
sound_ok($node, 'market', 'in the end');
TradepostLoad::kept_ok($node, 'market', 'in the end');
$node->stop;
done_testing();
