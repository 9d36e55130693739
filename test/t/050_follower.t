# 050_follower.t
#	  The follower is ended in the middle of a load, with and without the server, stopped,
#	  switched off, and failed by what it writes to: the market goes on, and in the end every fill,
#	  notification and push is there once.
#
# TRADEPOST_TEST_SEED repeats a run's choices; the moments themselves are the machine's.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);
use TradepostCrash;
use TradepostFollower;
use TradepostLoad;
use TradepostMarket;
use TradepostSession;
use TradepostTest;

my $seed = $ENV{TRADEPOST_TEST_SEED} // int(rand(1_000_000));
my $rounds = long_run() ? 16 : 4;
my @victims = ('terminate', 'kill -9', 'postmaster', 'matcher');

note("seed $seed");
srand($seed);

my $node = tradepost_node('follower', conf => "restart_after_crash = on\n");
open_market($node, 'market');
TradepostLoad::prepare($node, 'market');
my @accounts = market_accounts();
# Half of the accounts are nobody's.
add_users($node, 'market', @accounts[ 0 .. 3 ]);
my ($alice, $bob) = @accounts;

for my $round (1 .. $rounds)
{
	my $victim = $victims[ ($round - 1) % @victims ];
	my $name = "round $round, $victim";
	my $pid = follower_pid($node, 'market');
	my $load = TradepostLoad->start($node, 'market', clients => 2, batch => 1 + int(rand(30)), rate => 1500, seed => 1 + int(rand(400)) + 400 * $round);

	ok($load->progress(100), "$name: load runs");
	sleep rand(0.5);
	if ($victim eq 'terminate')
	{
		# Several times, so that it is met at different places.
		for (1 .. 5)
		{
			$node->safe_psql('market', "SELECT pg_terminate_backend($pid)");
			wait_until($node, 'market', "SELECT pid <> $pid AND state = 'running' FROM tradepost.follower_status", 't');
			$pid = follower_pid($node, 'market');
		}
	}
	elsif ($victim eq 'kill -9')
	{
		kill_process($node, 'market', 'SELECT pid FROM tradepost.follower_status');
	}
	elsif ($victim eq 'postmaster')
	{
		kill_postmaster($node);
	}
	else
	{
		restart_matcher($node, 'market');
	}
	ok($load->progress(200), "$name: the clients go on");
	$load->stop($name);
	sound_ok($node, 'market', $name);
	followed_ok($node, 'market', $name);
}
cmp_ok(count_of($node, 'market', 'tradepost_internal.fills'), '>', 100, 'there were fills');
cmp_ok(count_of($node, 'market', 'tradepost_internal.closed_trades'), '>', 10, 'some of them closed what others had opened');

# It stands still: nobody waits for it.
my $pid = follower_pid($node, 'market');
kill 'STOP', $pid;
place($node, 'market', $alice, 'sell', 5, 100);
my $order = place($node, 'market', $bob, 'buy', 5, 100);
ok(wait_for($node, 'market', $order), 'a follower that stands still: the market goes on');
cmp_ok(follower_of($node, 'market', 'lag'), '>', 0, 'and its view says how far it is behind');
kill 'CONT', $pid;
followed_ok($node, 'market', 'after it stood still');

# Switched off and on.
$node->append_conf('postgresql.conf', 'tradepost.follower = off');
$node->reload;
ok(wait_until($node, 'market', "SELECT state = 'off' AND pid IS NULL FROM tradepost.follower_status", 't'), 'switched off: it ends');
my $sent = follower_of($node, 'market', 'push');
$node->safe_psql('market', "SELECT tradepost_internal.notify_user(1, 'security', 'meanwhile', 'while it is off')");
$order = place($node, 'market', $bob, 'buy', 1, 99);
ok(wait_for($node, 'market', $order), 'switched off: the market goes on');
is(follower_of($node, 'market', "push = $sent AND queued = 1"), 't', 'switched off: pushes wait');
is(count_of($node, 'market', "pg_stat_activity WHERE backend_type = 'tradepost follower'"), '0', 'switched off: nothing starts it');
$node->append_conf('postgresql.conf', 'tradepost.follower = on');
$node->reload;
ok(wait_until($node, 'market', "SELECT push > $sent FROM tradepost.follower_status", 't'), 'switched on: it goes on');
followed_ok($node, 'market', 'switched on');

# An error in what it does: it says what, but not what is in a row, and tries again.
$node->safe_psql('market', <<'EOF');
CREATE FUNCTION public.spoil() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'spoiled on purpose' USING DETAIL = 'the secret of ' || NEW.user_id; END $$;
CREATE TRIGGER spoil BEFORE INSERT ON tradepost_internal.notifications FOR EACH ROW EXECUTE FUNCTION public.spoil();
EOF
# Whoever's orders are in the book, one of these two trades.
place($node, 'market', $alice, 'sell', 1, 100);
place($node, 'market', $bob, 'buy', 1, 100);
ok(wait_until($node, 'market', "SELECT last_error = 'spoiled on purpose' AND restarts > 0 FROM tradepost.follower_status", 't'), 'an error is shown');
$node->safe_psql('market', "SELECT tradepost_internal.push(1, NULL, NULL, 'signals', 'still:here', '{}')");
ok(wait_until($node, 'market', "SELECT count(*) FROM tradepost_internal.pushes WHERE event = 'still:here'", '1'), 'pushes go out meanwhile');
my $log = slurp_file($node->logfile);
like($log, qr/the tradepost follower ends and is started again: spoiled on purpose \(SQLSTATE P0001\)/, 'and logged');
unlike($log, qr/the secret of \d/, 'without what is in the row');
$order = place($node, 'market', $bob, 'buy', 2, 98);
ok(wait_for($node, 'market', $order), 'the market goes on');
$node->safe_psql('market', 'DROP TRIGGER spoil ON tradepost_internal.notifications');
followed_ok($node, 'market', 'after the error');

# Who wants its tables gets them, in whatever order, and it goes on afterwards.
{
	my $admin = TradepostSession->new($node, 'market');

	$pid = follower_pid($node, 'market');
	# It has written fills, and waits for the notifications; the administrator has these and wants the fills.
	$admin->query('BEGIN; LOCK TABLE tradepost_internal.notifications');
	place($node, 'market', $alice, 'sell', 1, 100);
	place($node, 'market', $bob, 'buy', 1, 100);
	ok(wait_until($node, 'market', "SELECT count(*) FROM pg_locks WHERE pid = $pid AND NOT granted AND relation = 'tradepost_internal.notifications'::regclass", '1'), 'it waits for a table');
	$admin->query('LOCK TABLE tradepost_internal.fills; LOCK TABLE tradepost_internal.follower');
	is($admin->error, '', 'and gives way to who waits for what it holds');
	$admin->query('COMMIT');
	$admin->quit;
	followed_ok($node, 'market', 'after it gave way');
	is(follower_pid($node, 'market'), $pid, 'without an end');
}

# A copy of the database, and one whose extension is of another version: the engine is off, and so is the follower.
$node->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE market');
ok(wait_until($node, 'copy', 'SELECT state FROM tradepost.engine_status', 'restored'), 'a copy');
is(follower_of($node, 'copy', "state || ' ' || coalesce(pid, 0)"), 'waiting 0', 'a copy: nothing follows');
$node->safe_psql('copy', "SELECT tradepost_internal.push(1, NULL, NULL, 'signals', 'copied', '{}')");
is(follower_of($node, 'copy', 'queued'), '1', 'a copy: it sends nothing');
$node->safe_psql('copy', 'SELECT tradepost.post_restore()');
followed_ok($node, 'copy', 'a copy that goes on by itself');
is(count_of($node, 'market', "tradepost_internal.pushes WHERE event = 'copied'"), '0', 'and not the original');
$node->safe_psql('copy', "UPDATE pg_extension SET extversion = '0.5' WHERE extname = 'tradepost'");
$node->safe_psql('copy', 'SELECT pg_terminate_backend(pid) FROM tradepost.engine_status');
ok(wait_until($node, 'copy', 'SELECT pid IS NULL FROM tradepost.follower_status', 't'), 'another version: it ends');
$node->safe_psql('copy', "UPDATE pg_extension SET extversion = '1.0' WHERE extname = 'tradepost'");
follower_pid($node, 'copy');
followed_ok($node, 'copy', 'the same version again');

# Its end with the extension, and with the database.
$node->safe_psql('copy', 'DROP EXTENSION tradepost CASCADE');
ok(wait_until($node, 'postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'tradepost %' AND datname = 'copy'", '0'), 'no extension: neither runs');
$node->safe_psql('copy', 'SET client_min_messages = warning; CREATE EXTENSION tradepost');
open_market($node, 'copy');
add_users($node, 'copy', $alice);
$order = place($node, 'copy', $alice, 'buy', 1, 90);
ok(wait_for($node, 'copy', $order), 'made anew');
followed_ok($node, 'copy', 'made anew');
$node->safe_psql('postgres', 'DROP DATABASE copy');
pass('DROP DATABASE with a follower in it');
unlike(slurp_file($node->logfile), qr/PANIC|TRAP/, 'no PANIC');
$node->stop;
done_testing();
