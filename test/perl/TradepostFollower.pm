# TradepostFollower.pm
#	  Users of a market's accounts, and what must be true once the follower has read
#	  everything, however often it or the server was ended meanwhile.
package TradepostFollower;

use strict;
use warnings;

use Exporter 'import';
use Test::More;
use TradepostTest;

our @EXPORT = qw(add_users follower_of follower_pid caught_up followed_ok);

# A user for each of these accounts.
sub add_users
{
	my ($node, $database, @accounts) = @_;
	my $list = join(', ', @accounts);

	return $node->safe_psql($database, "INSERT INTO tradepost_internal.users (email, email_key, password_hash, first_name, last_name, account)"
		. " SELECT a || '\@example.org', a || '\@example.org', a, a, a, a FROM unnest(ARRAY[$list]) a");
}

# A column of follower_status.
sub follower_of
{
	my ($node, $database, $column) = @_;

	return $node->safe_psql($database, "SELECT $column FROM tradepost.follower_status");
}

# Its process, once there is one.
sub follower_pid
{
	my ($node, $database) = @_;

	wait_until($node, $database, "SELECT state = 'running' FROM tradepost.follower_status", 't') or die 'no follower';
	return follower_of($node, $database, 'pid');
}

# Waits until it has read every event and numbered every push.
sub caught_up
{
	my ($node, $database) = @_;

	return wait_until($node, $database,
		'SELECT lag = 0 AND queued = 0 AND seq = (SELECT max(e.seq) FROM tradepost_internal.events e) FROM tradepost.follower_status', 't');
}

# Every fill once, every notification once, every push once; sums that are what they sum.
sub followed_ok
{
	my ($node, $database, $name) = @_;

	ok(caught_up($node, $database), "$name: the follower has read everything");
	is($node->safe_psql($database, <<'EOF'), '', "$name: every fill of a user's account, from each side, once, and none else");
WITH sides AS (
	SELECT e.account, e.seq, false AS maker, nullif(e.order_id, 0) AS order_id, CASE WHEN e.kind = 16 THEN 1 - e.side ELSE e.side END AS side, e.quantity, e.price, coalesce(e.commission, 0) AS commission
	FROM tradepost_internal.events e WHERE e.kind IN (3, 16, 18, 19)
	UNION ALL
	SELECT e.counter_account, e.seq, true, nullif(e.maker_order_id, 0), 1 - e.side, e.quantity, e.price, coalesce(e.counter_commission, 0)
	FROM tradepost_internal.events e WHERE e.kind IN (3, 18, 19)
), wanted AS (
	SELECT s.* FROM sides s WHERE s.account IN (SELECT u.account FROM tradepost_internal.users u)
), kept AS (
	SELECT f.account, f.seq, f.maker, f.order_id, f.side, f.quantity, f.price, f.commission FROM tradepost_internal.fills f
)
(SELECT 'missing', * FROM wanted EXCEPT ALL SELECT 'missing', * FROM kept) UNION ALL (SELECT 'too many', * FROM kept EXCEPT ALL SELECT 'too many', * FROM wanted) LIMIT 10
EOF
	is($node->safe_psql($database, <<'EOF'), '', "$name: positions are what the fills sum to, and the engine's where it keeps any");
SELECT p.account, p.instrument, p.position, f.position, e.quantity
FROM tradepost_internal.fill_positions p
LEFT JOIN (SELECT account, instrument, sum(CASE side WHEN 0 THEN quantity ELSE -quantity END) AS position, sum(opened) AS opened, sum(closed) AS closed FROM tradepost_internal.fills GROUP BY 1, 2) f
	ON f.account = p.account AND f.instrument = p.instrument
LEFT JOIN tradepost_internal.positions e ON e.account = p.account AND e.instrument = p.instrument
LEFT JOIN tradepost_internal.instruments i ON i.id = p.instrument
WHERE p.position IS DISTINCT FROM f.position OR p.opened IS DISTINCT FROM f.opened OR p.closed IS DISTINCT FROM f.closed OR abs(p.position) <> p.opened - p.closed OR i.kind = 1 AND p.position <> e.quantity
EOF
	is($node->safe_psql($database, <<'EOF'), '', "$name: trades are made of everything that was closed, and the sums of everything that trades are made of");
WITH fills AS (SELECT account, sum(closed) AS quantity FROM tradepost_internal.fills WHERE closed > 0 GROUP BY account),
trades AS (SELECT account, count(*) AS number, sum(quantity) AS quantity, sum(gross) AS gross, sum(commission) AS commission, count(*) FILTER (WHERE gross > commission) AS wins,
	count(*) FILTER (WHERE gross < commission) AS losses, sum(greatest(gross - commission, 0)) AS profit, sum(greatest(commission - gross, 0)) AS loss, sum(round(held / quantity)) AS held
	FROM tradepost_internal.closed_trades GROUP BY account),
sums AS (SELECT account, days, instrument = 0 AS whole, source = '' AS every, sum(trades) AS number, sum(gross) AS gross, sum(commission) AS commission, sum(wins) AS wins, sum(losses) AS losses,
	sum(profit) AS profit, sum(loss) AS loss, sum(held) AS held
	FROM tradepost_internal.performance_spans GROUP BY 1, 2, 3, 4)
SELECT * FROM fills f FULL JOIN trades t USING (account) FULL JOIN sums s USING (account)
WHERE f.quantity IS DISTINCT FROM t.quantity OR (t.number, t.gross, t.commission, t.wins, t.losses, t.profit, t.loss, t.held) IS DISTINCT FROM (s.number, s.gross, s.commission, s.wins, s.losses, s.profit, s.loss, s.held)
LIMIT 10
EOF
	is($node->safe_psql($database, <<'EOF'), '', "$name: notifications say of each order what was filled, once");
SELECT o.id, o.filled, n.quantity
FROM (SELECT o.id, o.filled FROM tradepost_internal.orders o JOIN tradepost_internal.users u ON u.account = o.account WHERE o.filled > 0) o
FULL JOIN (SELECT (data ->> 'orderId')::bigint AS id, sum((data ->> 'quantity')::numeric) AS quantity FROM tradepost_internal.notifications WHERE kind = 'fills' AND data ? 'orderId' GROUP BY 1) n USING (id)
WHERE o.filled IS DISTINCT FROM n.quantity LIMIT 10
EOF
	is($node->safe_psql($database, <<'EOF'), '', "$name: every notification was pushed, once, and pushes are numbered without a gap");
(SELECT 'notification', n.id::text FROM tradepost_internal.notifications n EXCEPT ALL SELECT 'notification', p.data::json ->> 'id' FROM tradepost_internal.pushes p WHERE p.event = 'notification:created')
UNION ALL
(SELECT 'push', p.data::json ->> 'id' FROM tradepost_internal.pushes p WHERE p.event = 'notification:created' EXCEPT ALL SELECT 'push', n.id::text FROM tradepost_internal.notifications n)
UNION ALL
SELECT 'numbers', format('%s to %s, %s of them, the cursor is at %s', min(p.seq), max(p.seq), count(*), f.push) FROM tradepost_internal.follower f LEFT JOIN tradepost_internal.pushes p ON true
	GROUP BY f.push HAVING count(p.seq) <> f.push OR coalesce(max(p.seq), 0) <> f.push
LIMIT 10
EOF
	return;
}

1;
