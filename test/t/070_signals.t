# 070_signals.t
#	  Signals from end to end: posted, executed, decided by the market through matcher and
#	  follower; then executions from several sessions at once, with kill -9 of postmaster,
#	  matcher, follower and client: an execution is whole or not there, outcomes are
#	  those of a recomputation from the trades, the invariants hold.
#
# TRADEPOST_TEST_SEED repeats a run's choices; the moments themselves are the machine's.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);
use TradepostCrash;
use TradepostMarket;
use TradepostSession;
use TradepostTest;

my $seed = $ENV{TRADEPOST_TEST_SEED} // int(rand(1_000_000));
my $users = 8;

note("seed $seed");
srand($seed);

my $node = tradepost_node('signals', conf => "restart_after_crash = on\n");
open_market($node, 'market');
my ($maker, $taker) = market_accounts();

# Users 1 to 8: 1 and 2 may post; those with an even number hold EUR as well.
$node->safe_psql('market', <<"EOF");
SELECT tradepost.create_instrument('EUR/USD', 'spot', 'EUR', 'USD', 0.0001, 1000, 1.185, contract_size => 100000);
SELECT tradepost_edge.register('user' || n || '\@example.org', 'h', 'User', n::text, NULL, NULL, NULL) FROM generate_series(1, $users) n;
SELECT tradepost.set_tier(n, 'pro') FROM generate_series(1, 2) n;
INSERT INTO tradepost_internal.sessions (id, user_id, expires_at) SELECT n, n, now() + interval '1 day' FROM generate_series(1, $users) n;
SELECT tradepost.deposit(u.account, 'EUR', 1000000) FROM tradepost.users u WHERE u.id % 2 = 0;
CREATE SCHEMA t;
CREATE FUNCTION t.call(function text, who bigint, args jsonb) RETURNS jsonb LANGUAGE plpgsql AS \$\$
DECLARE
	answer jsonb;
BEGIN
	EXECUTE format('SELECT tradepost_edge.%I(\$1, \$1, \$2)', function) INTO answer USING who, args;
	RETURN answer;
END \$\$;
CREATE FUNCTION t.body(VARIADIC fields text[]) RETURNS jsonb LANGUAGE sql AS \$\$ SELECT jsonb_build_object('body', jsonb_object(fields)) \$\$;
CREATE FUNCTION t.post(who bigint, type text, entry numeric, reach numeric, more jsonb DEFAULT '{}') RETURNS bigint LANGUAGE sql AS \$\$
	SELECT (t.call('signals_post', who, jsonb_build_object('body', jsonb_build_object('symbol', 'EURUSD', 'type', type, 'entry_price', entry,
		'stop_loss', entry - CASE type WHEN 'buy' THEN reach ELSE -reach END, 'take_profit', entry + CASE type WHEN 'buy' THEN reach ELSE -reach END, 'volume', 1, 'confidence', 80) || more))
		-> 'signal' ->> 'id')::bigint \$\$;
CREATE FUNCTION t.trade(symbol text, quantity numeric, price numeric) RETURNS bigint LANGUAGE sql AS \$\$
	SELECT tradepost.place_order($maker, symbol, 'sell', quantity, price, time_in_force => 'gtc');
	SELECT tradepost.place_order($taker, symbol, 'buy', quantity, price, time_in_force => 'ioc') \$\$;
EOF

sub query { return $node->safe_psql('market', shift); }

# What has become of a signal, or of an execution.
sub becomes
{
	my ($signal, $expected, $name) = @_;

	return ok(wait_until($node, 'market', "SELECT concat_ws(' ', x ->> 'status', x ->> 'outcome') FROM (SELECT t.call('signal_get', 1, '{\"param\": \"$signal\"}') -> 'signal' AS x) y", $expected), $name);
}

sub execution
{
	my ($who, $id, $expected, $name) = @_;

	return ok(wait_until($node, 'market', "SELECT concat_ws(' ', x ->> 'status', x ->> 'outcome', x ->> 'reason') FROM (SELECT t.call('execution_get', $who, '{\"param\": \"$id\"}') -> 'execution' AS x) y", $expected), $name);
}

sub trade
{
	my ($symbol, $quantity, $price) = @_;
	my $id = query("SELECT t.trade('$symbol', $quantity, $price)");

	return wait_for($node, 'market', $id);
}

sub execute
{
	my ($who, $signal, @more) = @_;
	my $fields = join ', ', map { "'$_'" } 'signalId', $signal, @more;

	return split /\|/, query("SELECT x -> 'execution' ->> 'id', x ->> 'repeated' FROM (SELECT t.call('signal_execute', $who, t.body($fields)) AS x) y");
}

# The states of an execution's three orders.
sub orders_of
{
	my ($id) = @_;

	return query("SELECT concat_ws(' ', a.status, b.status, c.status) FROM tradepost_internal.signal_executions e, tradepost.orders a, tradepost.orders b, tradepost.orders c"
		. " WHERE e.id = $id AND a.id = e.entry_order AND b.id = e.stop_order AND c.id = e.target_order");
}

# The example of the field: EUR/USD in at 1.1850, out at 1.1800 or 1.1900.
my $example = q('{"symbol": "EUR/USD", "entry_price": 1.1850, "stop_loss": 1.1800, "take_profit": 1.1900, "volume": 0.1, "confidence": 85, "reasoning": "Momentum."}');
my $signal = query("SELECT t.post(1, 'buy', 1, 1, $example)");
my ($execution, $repeated) = execute(3, $signal);
is($repeated, 'false', 'executed');
execution(3, $execution, 'open', 'its entry waits');
is(orders_of($execution), 'open untriggered untriggered', 'so do the orders that protect it');
is_deeply([ execute(3, $signal) ], [ $execution, 'true' ], 'again without a key: the same execution');
my ($second) = execute(3, $signal, clientOrderId => 'once more', volume => '0.01');
isnt($second, $execution, 'with a key: another one');
is_deeply([ execute(3, $signal, clientOrderId => 'once more', volume => '0.01') ], [ $second, 'true' ], 'and again');
my ($code, $out, $err) = $node->psql('market', "SELECT t.call('signal_execute', 3, t.body('signalId', '$signal', 'clientOrderId', 'once more'))");
like($err, qr/clientOrderId "once more" was used already, by execution $second/, 'the key with another volume');
# Whoever sells reaches the entry; 20000 for those who wait before the taker.
trade('EUR/USD', 12000, '1.1850');
becomes($signal, 'triggered', 'the entry is reached');
execution(3, $execution, 'filled', 'and the execution filled');
# Somebody who buys at the target, for the orders that close to trade with.
query("SELECT tradepost.place_order($taker, 'EUR/USD', 'buy', 50000, 1.1900, time_in_force => 'gtc')");
trade('EUR/USD', 1000, '1.1900');
becomes($signal, 'closed hit_target', 'the target is hit');
execution(3, $execution, 'closed hit_target', 'the execution is closed');
is(orders_of($execution), 'filled cancelled filled', 'by one order, the other one is gone');
is(query("SELECT string_agg(s.source || ' ' || (s.order_id IN (e.entry_order, e.stop_order, e.target_order)), ', ') FROM tradepost_internal.signal_executions e JOIN tradepost_internal.order_sources s ON s.signal = e.signal WHERE e.id = $execution"),
	join(', ', ('manual true') x 3, ('manual false') x 3) , 'each order tells its source') or diag('sources');
($code, $out, $err) = $node->psql('market', "SELECT t.call('signal_execute', 5, t.body('signalId', '$signal'))");
like($err, qr/signal $signal is closed since /, 'nobody executes it any more');
is_deeply([ execute(3, $signal) ], [ $execution, 'true' ], 'but who has is told so');

# A market order that is stopped out; a sell; one of which there is not enough money.
query("SELECT tradepost.place_order($maker, 'EURUSD', 'sell', 5, 100, time_in_force => 'gtc'), tradepost.place_order($taker, 'EURUSD', 'buy', 5, 90, time_in_force => 'gtc')");
$signal = query("SELECT t.post(2, 'buy', 100, 5, '{\"source\": \"model\", \"access\": \"advanced\"}')");
($execution) = execute(1, $signal, orderType => 'market');
execution(1, $execution, 'filled', 'a market order');
becomes($signal, 'triggered', 'reaches the entry by itself');
query("SELECT tradepost.place_order($maker, 'EURUSD', 'sell', 1, 90, time_in_force => 'ioc')");
becomes($signal, 'closed hit_stop', 'a fall');
execution(1, $execution, 'closed hit_stop', 'closes it with a loss');
ok(wait_until($node, 'market', "SELECT string_agg(n.title, ', ' ORDER BY n.id) FROM tradepost_internal.notifications n WHERE n.user_id = 1 AND n.kind = 'signals' AND n.data ->> 'signal' = '$signal'",
	"Signal $signal EURUSD: entry reached, Signal $signal EURUSD: hit its stop"), 'who executed it is told');
is(query("SELECT count(*) FROM tradepost_internal.notifications n WHERE n.kind = 'signals' AND n.user_id = 5"), '0', 'nobody else is');
ok(wait_until($node, 'market', "SELECT string_agg(concat_ws(' ', p.event, p.tier, p.data::jsonb ->> 'status'), ', ' ORDER BY p.seq) FROM tradepost_internal.pushes p WHERE p.channel = 'signals' AND p.data::jsonb ->> 'id' = '$signal'",
	'signal:created pro active, signal:updated pro triggered, signal:updated pro closed'), 'sockets are told of each change');

$signal = query("SELECT t.post(2, 'sell', 95, 2)");
($execution) = execute(3, $signal);
execution(3, $execution, 'rejected insufficient_funds', 'a sell of what one does not have');
like(orders_of($execution), qr/^rejected (?:cancelled|rejected) (?:cancelled|rejected)$/, 'takes its protection with it');
my ($another) = execute(3, $signal);
isnt($another, $execution, 'so that it can be tried again');
($execution) = execute(4, $signal);
execution(4, $execution, 'open', 'who has it sells');
trade('EURUSD', 1, 95);
becomes($signal, 'triggered', 'the entry of a sell');

# Time: a signal that nobody reaches, and the entry that waits for it.
$signal = query("SELECT t.post(1, 'buy', 80, 5, jsonb_build_object('expires_at', clock_timestamp() + interval '3 seconds'))");
($execution) = execute(3, $signal);
execution(3, $execution, 'open', 'an entry far away');
becomes($signal, 'expired expired', 'a signal expires');
# The engine looks at its clock when something is decided.
ok(wait_until($node, 'market', "SELECT count(tradepost.deposit($maker, 'USD', 1)) + count(*) FILTER (WHERE o.status = 'expired') FROM tradepost_internal.signal_executions e JOIN tradepost.orders o ON o.id = e.entry_order WHERE e.id = $execution", '2'),
	'and its entry with it');
is(orders_of($execution), 'expired cancelled cancelled', 'and what protects it');
sound_ok($node, 'market', 'one by one');

# Several sessions with one key: one execution.
$signal = query("SELECT t.post(1, 'buy', 90, 5)");
my @sessions = map { TradepostSession->new($node, 'market') } 1 .. 6;
$_->send("SELECT t.call('signal_execute', 5, t.body('signalId', '$signal')) ->> 'repeated'") for @sessions;
my @answers = sort map { $_->finish =~ /(true|false)/ ? $1 : 'nothing' } @sessions;
is_deeply(\@answers, [ 'false', ('true') x 5 ], 'six sessions at once execute a signal once');
is(query("SELECT count(*) FROM tradepost_internal.signal_executions WHERE user_id = 5 AND signal = $signal"), '1', 'there is one');
$_->quit for @sessions;

# Load: sessions that post, execute, trade and cancel, each statement a transaction.
sub load_script
{
	my ($statements) = @_;
	my $script = '';

	for my $n (1 .. $statements)
	{
		my $what = int(rand(10));
		my $who = 1 + int(rand($users));
		my $price = 90 + int(rand(21));

		if ($what < 2)
		{
			$script .= sprintf "SELECT t.post(%d, '%s', %d, %d);\n", 1 + int(rand(2)), rand() < 0.5 ? 'buy' : 'sell', $price, 1 + int(rand(6));
		}
		elsif ($what < 6)
		{
			$script .= "SELECT 'executed ' || (t.call('signal_execute', $who, jsonb_build_object('body', jsonb_build_object('signalId', s.id, 'orderType', (ARRAY['limit', 'market'])[1 + $n % 2]"
			  . (rand() < 0.5 ? ", 'clientOrderId', 'key " . int(rand(1e9)) . "'" : '')
			  . "))) -> 'execution' ->> 'id') FROM (SELECT max(id) - " . int(rand(10)) . " AS id FROM tradepost_internal.signals WHERE status IN (0, 1) AND access = 0) s;\n";
		}
		elsif ($what < 9)
		{
			$script .= "SELECT t.trade('EURUSD', " . (1 + int(rand(5))) . ", $price);\n";
		}
		else
		{
			$script .= "SELECT t.call('signal_cancel', author, jsonb_build_object('param', id::text)) ->> 'x' FROM (SELECT id, author FROM tradepost_internal.signals WHERE status = 0 ORDER BY id LIMIT 1) s;\n";
		}
	}
	return $script;
}

my @acknowledged;
my @clients;

sub start_client
{
	my $client = { in => load_script(1200), out => '', err => '' };

	$client->{run} = IPC::Run::start([ $node->installed_command('psql'), '-XAtq', '-v', 'ON_ERROR_STOP=0', '-d', $node->connstr('market') ], '<', \$client->{in}, '>', \$client->{out}, '2>', \$client->{err},
		IPC::Run::timeout($ENV{PG_TEST_TIMEOUT_DEFAULT} || 180));
	return $client;
}

sub executed
{
	my $count = 0;

	for my $client (@clients)
	{
		# One whose server went away takes no more input.
		eval { $client->{run}->pump_nb if $client->{run}->pumpable; };
		$count += () = $client->{out} =~ /^executed \d+$/mg;
	}
	return $count;
}

my $outcomes = <<'EOF';
SELECT s.id, s.status, s.triggered_seq, t.seq, s.closed_seq, c.seq FROM tradepost_internal.signals s
LEFT JOIN LATERAL (SELECT e.seq FROM tradepost_internal.events e WHERE e.seq > s.posted_seq AND e.instrument = s.instrument AND e.kind IN (3, 18) AND e.time < s.expires_at
	AND CASE s.side WHEN 0 THEN e.price <= s.entry_price ELSE e.price >= s.entry_price END ORDER BY e.seq LIMIT 1) t ON true
LEFT JOIN LATERAL (SELECT e.seq, e.price FROM tradepost_internal.events e WHERE e.seq >= t.seq AND e.instrument = s.instrument AND e.kind IN (3, 18) AND e.time < s.expires_at
	AND CASE s.side WHEN 0 THEN e.price <= s.stop_loss OR e.price >= s.take_profit ELSE e.price >= s.stop_loss OR e.price <= s.take_profit END ORDER BY e.seq LIMIT 1) c ON true
WHERE s.status <> 4 AND ((s.triggered_seq, s.closed_seq) IS DISTINCT FROM (t.seq, c.seq)
	OR s.outcome IS DISTINCT FROM CASE WHEN c.seq IS NULL THEN CASE s.status WHEN 3 THEN 2 END WHEN CASE s.side WHEN 0 THEN c.price >= s.take_profit ELSE c.price <= s.take_profit END THEN 0 ELSE 1 END)
EOF
my $halves = <<'EOF';
SELECT e.id, o.status, p.status, t.status FROM tradepost_internal.signal_executions e
LEFT JOIN tradepost_internal.orders o ON o.id = e.entry_order LEFT JOIN tradepost_internal.orders p ON p.id = e.stop_order LEFT JOIN tradepost_internal.orders t ON t.id = e.target_order
WHERE o.id IS NULL OR p.id IS NULL OR t.id IS NULL
	OR o.status IN (3, 4, 5) AND o.filled = 0 AND (p.status NOT IN (3, 5) OR t.status NOT IN (3, 5))
	OR o.status IN (0, 1, 2) AND (p.status = 5 OR t.status = 5)
	OR p.filled + t.filled > o.filled
	OR (SELECT count(*) FROM tradepost_internal.order_sources x WHERE x.signal = e.signal AND x.order_id IN (e.entry_order, e.stop_order, e.target_order)) <> 3
EOF
for my $victim ('postmaster', 'matcher', 'follower', 'client', 'nobody')
{
	@clients = map { start_client() } 1 .. 3;
	my $deadline = time + ($ENV{PG_TEST_TIMEOUT_DEFAULT} || 180);
	sleep 0.02 until executed() >= 40 || time > $deadline;
	cmp_ok(executed(), '>=', 40, "$victim: signals are executed");
	sleep rand(0.3);
	if ($victim eq 'postmaster') { kill_postmaster($node); }
	elsif ($victim eq 'matcher') { kill_process($node, 'market', 'SELECT pid FROM tradepost.engine_status'); }
	elsif ($victim eq 'follower') { kill_process($node, 'market', 'SELECT pid FROM tradepost.follower_status'); }
	elsif ($victim eq 'client') { $_->{run}->kill_kill for @clients[ 0, 1 ]; }
	for my $client (@clients)
	{
		# The server's end is the client's.
		eval { $client->{run}->finish; };
		push @acknowledged, $client->{out} =~ /^executed (\d+)$/mg;
	}
	sound_ok($node, 'market', $victim);
	is(query($halves), '', "$victim: an execution is whole or not there");
	ok(wait_until($node, 'market', "SELECT f.seq >= (SELECT max(e.seq) FROM tradepost_internal.events e) AND NOT EXISTS (SELECT FROM tradepost_internal.new_signals) FROM tradepost_internal.follower f", 't'), "$victim: the follower follows");
	is(query($outcomes), '', "$victim: outcomes are those of the trades");
}
my %acknowledged = map { $_ => 1 } @acknowledged;
my %there = map { $_ => 1 } split /\n/, query('SELECT id FROM tradepost_internal.signal_executions');
is_deeply([ grep { !$there{$_} } sort keys %acknowledged ], [], scalar(keys %acknowledged) . ' executions were acknowledged, and all are there');
is(query('SELECT array_agg(DISTINCT status ORDER BY status) @> ARRAY[2, 4]::smallint[] FROM tradepost_internal.signals'), 't', 'signals were closed and cancelled meanwhile');
note(query("SELECT string_agg(x.status || ' ' || x.n, ', ') FROM (SELECT status, count(*) AS n FROM tradepost_internal.edge_executions GROUP BY 1 ORDER BY 1) x"));
note(query("SELECT string_agg(x.status || ' ' || x.n, ', ') FROM (SELECT status, count(*) AS n FROM tradepost_internal.signals GROUP BY 1 ORDER BY 1) x"));
$node->stop;
done_testing();
