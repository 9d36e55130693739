# 033_crash_points.t
#	  kill -9 of the matcher at each step of a batch, where a random moment seldom hits.
use strict;
use warnings;

use Test::More;
use TradepostCrash;
use TradepostFault;
use TradepostMarket;
use TradepostTest;

my $node = tradepost_node('crash_points', faults => 1, conf => "restart_after_crash = on\n");
open_market($node, 'market');
my ($alice, $bob) = market_accounts();

# Steps, and whether the batch is in the tables there.
my @points = ([ 'batch_decided', 0 ], [ 'batch_stored', 0 ], [ 'batch_committed', 1 ]);

for my $n (0 .. $#points)
{
	my ($point, $stored) = @{ $points[$n] };
	my $price = 100 + $n;

	settle($node, 'market');
	pause_matcher($node, 'market', $point);
	# The first one may have a batch for itself, which stops; the others wait behind it.
	my $maker = place($node, 'market', $alice, 'sell', 5, $price);
	if ($stored)
	{
		ok(wait_for($node, 'market', $maker), "$point: committed");
	}
	my $taker = place($node, 'market', $bob, 'buy', 3, $price);
	my $cancel = $node->safe_psql('market', "SELECT tradepost.cancel_order($alice, $maker)");

	is(count_of($node, 'market', "tradepost_internal.events WHERE command_id IN ($maker, $taker, $cancel) AND decision"),
		$stored, "$point: so far is stored");
	kill_process($node, 'market', 'SELECT pid FROM tradepost.engine_status');
	let_go($node);
	set_fault($node, fault_pause => '');
	ok(wait_for($node, 'market', $cancel), "$point: the next matcher goes on");
	is(state_of($node, 'market', $maker), 'cancelled requested', "$point: the maker");
	is(state_of($node, 'market', $taker), 'filled', "$point: the taker");
	is(count_of($node, 'market', "tradepost_internal.events WHERE kind = 3 AND maker_order_id = $maker AND order_id = $taker AND quantity = 3"),
		'1', "$point: one trade");
	sound_ok($node, 'market', $point);
}

$node->stop;
done_testing();
