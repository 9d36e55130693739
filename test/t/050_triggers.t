# 050_triggers.t
#	  kill -9 with orders that wait: triggered kinds, linked pairs, brackets before, in the middle of
#	  and after their entry's trades.  The next engine holds the same orders, and they fire as they would have.
use strict;
use warnings;

use Test::More;
use TradepostCrash;
use TradepostFault;
use TradepostMarket;
use TradepostTest;

my $node = tradepost_node('triggers', faults => 1, conf => "restart_after_crash = on\n");
open_market($node, 'market');
my ($maker, $alice, $bob, $taker) = market_accounts();

# An order that waits: account, side, quantity, type, stop price, name, and more arguments.
sub waiting
{
	my ($account, $side, $quantity, $type, $stop, $name, @more) = @_;

	return "tradepost.place_order("
	  . join(', ', $account, "'EURUSD'", "'$side'", $quantity, "type => '$type'", "time_in_force => 'gtc'", "stop_price => $stop", "client_order_id => '$name'", @more) . ')';
}

sub bracket
{
	my ($account, $side, $quantity, $price, $stop, $profit, $name) = @_;

	return "tradepost.place_bracket($account, 'EURUSD', '$side', $quantity, $price, $stop, $profit, client_order_id => '$name')";
}

sub run_sql
{
	my (@calls) = @_;

	$node->safe_psql('market', join(";\n", map { "SELECT $_" } @calls));
	return settle($node, 'market');
}

# What an order is called: by itself, or as its parent's.
my $named = "coalesce(c.client_order_id, p.client_order_id || ' ' || (ARRAY['stop', 'stop_limit', 'take_profit'])[o.type - 1])";

# Every order that is not closed, with all that it will go by; its rank is its place.
sub waiting_orders
{
	return $node->safe_psql('market', <<"EOF");
SELECT $named, o.rank, o.quantity, o.price, o.filled, o.status, o.stop_price, o.link_id, o.parent_id
FROM tradepost_internal.orders o JOIN tradepost_internal.commands c ON c.id = o.id LEFT JOIN tradepost_internal.commands p ON p.id = o.parent_id
WHERE o.status IN (0, 1, 7) ORDER BY o.id
EOF
}

# What became of the orders after an event: but what was accepted, which the test knows.
sub story
{
	my ($seq) = @_;

	return $node->safe_psql('market', <<"EOF");
SELECT concat_ws(' ', (ARRAY['traded', 'cancelled', 'expired', 'amended', 'decremented'])[e.kind - 2], CASE e.kind WHEN 21 THEN 'triggered' END, $named, e.quantity,
	'at ' || e.price, tradepost_internal.reason_text(e.reason))
FROM tradepost_internal.events e JOIN tradepost_internal.orders o ON o.id = e.order_id JOIN tradepost_internal.commands c ON c.id = o.id LEFT JOIN tradepost_internal.commands p ON p.id = o.parent_id
WHERE e.seq > $seq AND e.kind <> 1 ORDER BY e.seq
EOF
}

sub last_seq
{
	return $node->safe_psql('market', 'SELECT max(seq) FROM tradepost.events');
}

sub id_of
{
	my ($name) = @_;

	return "(SELECT id FROM tradepost.orders WHERE client_order_id = '$name')";
}

# A last price of 100, then everything that may wait.
run_sql(place_sql($maker, 'buy', 1, 100), place_sql($taker, 'sell', 1, 100),
	waiting($alice, 'sell', 2, 'stop', 95, 'stop'), waiting($alice, 'sell', 2, 'stop_limit', 96, 'stop limit', 'price => 94'), waiting($alice, 'buy', 1, 'take_profit', 93, 'profit'),
	place_sql($alice, 'sell', 3, 107, "client_order_id => 'pair limit'"), waiting($alice, 'sell', 2, 'take_profit', 108, 'pair profit'),
	bracket($bob, 'buy', 4, 97, 92, 110, 'idle'), bracket($bob, 'buy', 5, 99, 95.5, 111, 'half'), bracket($bob, 'buy', 2, 99.5, 94.5, 112, 'full'));
run_sql(waiting($alice, 'sell', 3, 'stop', 94, 'pair stop', 'oco => ' . id_of('pair limit')), waiting($alice, 'sell', 2, 'stop_limit', 91, 'pair stop limit', 'price => 90', 'oco => ' . id_of('pair profit')),
	place_sql($taker, 'sell', 4, 99));
is($node->safe_psql('market', "SELECT string_agg(concat_ws(' ', client_order_id, filled, status), ', ' ORDER BY id) FROM tradepost.orders WHERE client_order_id IN ('idle', 'half', 'full')"),
	'idle 0 open, half 2 partially_filled, full 2 filled', 'one entry idle, one half filled, one filled');
is($node->safe_psql('market', 'SELECT count(*) FILTER (WHERE rank < 0), count(*) FROM tradepost_internal.orders WHERE status = 7'), '2|12', 'the idle one\'s protection is dormant, the others\' is armed');

my $before = waiting_orders();

for my $victim ('matcher', 'postmaster')
{
	if ($victim eq 'matcher')
	{
		kill_process($node, 'market', 'SELECT pid FROM tradepost.engine_status');
	}
	else
	{
		kill_postmaster($node);
	}
	sound_ok($node, 'market', "kill -9 of the $victim");
	is(waiting_orders(), $before, "kill -9 of the $victim: the same orders wait, in the same places");
}

# They fire as they would have: in the order of the fall, those of one price by their age.
my $seq = last_seq();
run_sql(place_sql($maker, 'buy', 1, 96), place_sql($maker, 'buy', 1, 95), place_sql($maker, 'buy', 20, 94), place_sql($taker, 'sell', 8, 94, "client_order_id => 'fall'"));
is(story($seq), <<'EOF' =~ s/\n\z//r, 'what the fall triggers');
traded fall 3 at 99
traded fall 4 at 97
traded fall 1 at 96
triggered stop limit 2 at 96
traded stop limit 1 at 95
traded stop limit 1 at 94
triggered stop 2 at 94
traded stop 2 at 94
cancelled half take_profit 5 linked_order
triggered half stop 5 at 94
traded half stop 5 at 94
cancelled full take_profit 2 linked_order
triggered full stop 2 at 94
traded full stop 2 at 94
cancelled pair limit 3 at 107 linked_order
triggered pair stop 3 at 94
traded pair stop 3 at 94
EOF
sound_ok($node, 'market', 'after the fall');

# The matcher dies between what protects an entry and the entry: a batch holds one command here.
$node->safe_psql('postgres', 'ALTER SYSTEM SET tradepost.batch_size = 1');
$node->reload;
for my $point ('batch_decided', 'batch_stored', 'batch_committed')
{
	my $name = "in pieces, $point";

	settle($node, 'market');
	pause_matcher($node, 'market', $point);
	$node->safe_psql('market', 'SELECT ' . bracket($bob, 'buy', 3, 90, 80, 120, $name));
	if ($point eq 'batch_committed')
	{
		ok(wait_until($node, 'market', "SELECT count(*) FROM tradepost_internal.orders WHERE parent_id = (SELECT id FROM tradepost_internal.commands WHERE client_order_id = '$name')", '1'),
			"$name: the first order waits for an entry that nobody knows yet");
	}
	kill_process($node, 'market', 'SELECT pid FROM tradepost.engine_status');
	let_go($node);
	set_fault($node, fault_pause => '');
	sound_ok($node, 'market', $name);
	is($node->safe_psql('market', "SELECT o.status, count(*), bool_and(o.rank < 0) FROM tradepost_internal.orders o JOIN tradepost_internal.commands c ON c.id = coalesce(o.parent_id, o.id) WHERE c.client_order_id = '$name' GROUP BY o.status ORDER BY o.status"),
		"0|1|f\n7|2|t", "$name: the entry is open, its protection waits for it");
}

# It dies in the middle of a trigger.
settle($node, 'market');
for my $point ('batch_decided', 'batch_stored', 'batch_committed')
{
	my $name = "fires, $point";

	run_sql(place_sql($maker, 'buy', 3, 85), waiting($alice, 'sell', 3, 'stop', 84, $name, 'oco => ' . "tradepost.place_order($alice, 'EURUSD', 'sell', 3, 130, time_in_force => 'gtc', client_order_id => '$name, or not')"));
	pause_matcher($node, 'market', $point);
	my $id = $node->safe_psql('market', "SELECT tradepost.amend_order($alice, " . id_of($name) . ', stop_price => 100)');
	wait_for($node, 'market', $id) if $point eq 'batch_committed';
	kill_process($node, 'market', 'SELECT pid FROM tradepost.engine_status');
	let_go($node);
	set_fault($node, fault_pause => '');
	sound_ok($node, 'market', $name);
	is(state_of($node, 'market', id_of($name)), 'filled', "$name: it has traded");
	is(state_of($node, 'market', id_of("$name, or not")), 'cancelled linked_order', "$name: its partner has not");
	is(count_of($node, 'market', 'tradepost_internal.events WHERE kind = 21 AND order_id = ' . id_of($name)), '1', "$name: once");
}

$node->stop;
done_testing();
