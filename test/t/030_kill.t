# 030_kill.t
#	  kill -9 of the postmaster, of the matcher and of a client's backend, at random moments
#	  of a load: what was acknowledged is decided once, and memory is what the tables say.
#
# TRADEPOST_TEST_SEED repeats a run's choices; the moments themselves are the machine's.
use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);
use TradepostCrash;
use TradepostLoad;
use TradepostMarket;
use TradepostTest;

my $seed = $ENV{TRADEPOST_TEST_SEED} // int(rand(1_000_000));
my $rounds = long_run() ? 24 : 6;
my @victims = ('postmaster', 'matcher', 'backend');

diag("seed $seed: TRADEPOST_TEST_SEED=$seed repeats these choices") if long_run();
note("seed $seed");
srand($seed);

my $node = tradepost_node('kill', conf => "restart_after_crash = on\n");
open_market($node, 'market');
TradepostLoad::prepare($node, 'market');

for my $round (1 .. $rounds)
{
	my $victim = $victims[ ($round - 1) % @victims ];
	my $name = "round $round, $victim";
	my $load = TradepostLoad->start($node, 'market', clients => 4, batch => 1 + int(rand(40)), rate => 3000, seed => 1 + int(rand(400)) + 400 * $round);

	ok($load->progress(1), "$name: load runs");
	sleep 0.1 + rand(0.9);
	my $killed = time;
	if ($victim eq 'postmaster')
	{
		kill_postmaster($node);
	}
	elsif ($victim eq 'matcher')
	{
		kill_process($node, 'market', 'SELECT pid FROM tradepost.engine_status');
	}
	else
	{
		kill_process($node, 'market', "SELECT pid FROM pg_stat_activity WHERE application_name = 'order-load' ORDER BY random() LIMIT 1");
	}
	ok($load->progress(200), "$name: the clients go on");
	note(sprintf '%s: 200 commands more after %.2f s', $name, time - $killed);
	$load->stop($name);
	sound_ok($node, 'market', $name);
	TradepostLoad::kept_ok($node, 'market', $name);
}

cmp_ok(status_of($node, 'market', 'starts'), '>', $rounds, 'the engine started anew after each');
cmp_ok(count_of($node, 'market', 'tradepost_internal.events WHERE kind = 3'), '>', 100, 'there was trade');
cmp_ok(count_of($node, 'market', 'tradepost_internal.events WHERE kind = 21'), '>', 10, 'orders were triggered');
cmp_ok(count_of($node, 'market', 'tradepost_internal.orders WHERE parent_id IS NOT NULL AND filled > 0'), '>', 0, 'and so was what protects others');
$node->stop;
done_testing();
