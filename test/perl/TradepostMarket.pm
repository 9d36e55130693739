# TradepostMarket.pm
#	  A small market for tests with servers of their own, and what must be true of it
#	  whatever happened: every command decided once, the invariants, one book in memory
#	  and tables.
package TradepostMarket;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Utils;
use Test::More;
use TradepostTest;

our @EXPORT = qw(open_market market_accounts place_sql place wait_for restart_matcher settle sound_ok books_ok state_of
  count_of status_of);

use constant ACCOUNTS => 8;

# A database with the extension, two spot pairs, one contract, and accounts with money.
sub open_market
{
	my ($node, $database) = @_;

	tradepost_db($node, $database) unless $node->safe_psql('postgres', "SELECT count(*) FROM pg_database WHERE datname = '$database'") > 0;
	my ($last) = $node->safe_psql($database, <<'EOF') =~ /(\d+)\z/;
SELECT tradepost.create_asset(a.code, a.scale) FROM (VALUES ('USD', 2), ('EUR', 2), ('GBP', 2), ('Wheat', 0)) a (code, scale);
SELECT tradepost.create_instrument(i.symbol, 'spot', left(i.symbol, 3), 'USD', 0.01, 1, 100) FROM (VALUES ('EURUSD'), ('GBPUSD')) i (symbol);
SELECT tradepost.create_instrument('Dec25-Wheat', 'future', 'Wheat', 'USD', 0.01, 1, 100);
SELECT tradepost.open_account('trader ' || n) FROM generate_series(1, 8) n;
SELECT max(tradepost.deposit(a.id, s.asset, 1000000000)) FROM tradepost.accounts a, unnest(ARRAY['USD', 'EUR', 'GBP']) s (asset) WHERE a.kind = 'client';
EOF
	wait_for($node, $database, $last);
	return $database;
}

# Accounts of open_market(): the house's three come first.
sub market_accounts
{
	return map { 3 + $_ } 1 .. ACCOUNTS;
}

# place_order() as SQL: account, side, quantity and price of a GTC order, and more arguments.
sub place_sql
{
	my ($account, $side, $quantity, $price, @more) = @_;

	return 'tradepost.place_order(' . join(', ', $account, "'EURUSD'", "'$side'", $quantity, $price, "time_in_force => 'gtc'", @more) . ')';
}

# Places such an order and returns its id.
sub place
{
	my ($node, $database, @order) = @_;

	return $node->safe_psql($database, 'SELECT ' . place_sql(@order));
}

# Waits until a command is decided, over restarts of the engine or the server.
sub wait_for
{
	my ($node, $database, $id) = @_;

	return wait_until($node, $database, "SELECT count(*) FROM tradepost_internal.events WHERE command_id = $id AND decision", '1');
}

# Another matcher, which has read all settings; returns its process.
sub restart_matcher
{
	my ($node, $database) = @_;
	my $old = status_of($node, $database, 'pid');

	$node->safe_psql($database, "SELECT pg_terminate_backend($old)");
	wait_until($node, $database, "SELECT pid <> $old AND state = 'running' FROM tradepost.engine_status", 't');
	return status_of($node, $database, 'pid');
}

# One more command, which is decided after all that was committed: then nothing is under way,
# and the engine has stored the checksum of its memory anew.
sub settle
{
	my ($node, $database) = @_;
	my ($account) = market_accounts();
	my $id = $node->safe_psql($database, "SELECT tradepost.deposit($account, 'USD', 1)");

	return wait_for($node, $database, $id);
}

sub count_of
{
	my ($node, $database, $from) = @_;

	return $node->safe_psql($database, "SELECT count(*) FROM $from");
}

# A column of engine_status.
sub status_of
{
	my ($node, $database, $column) = @_;

	return $node->safe_psql($database, "SELECT $column FROM tradepost.engine_status");
}

# What became of an order: its status, and the reason if there is one.
sub state_of
{
	my ($node, $database, $id) = @_;

	return $node->safe_psql($database, "SELECT concat_ws(' ', status, reason) FROM tradepost.orders WHERE id = $id");
}

# The book that the matcher has published is the book of the tables.
sub books_ok
{
	my ($node, $database, $name) = @_;

	is($node->safe_psql($database, <<'EOF'), '', "$name: the published books are those of the tables");
WITH published AS (
	SELECT i.symbol, b.side, trim_scale(b.price), trim_scale(b.quantity), b.orders
	FROM tradepost_internal.instruments i, tradepost_internal.published_book(i.id, 100) b
), levels AS (
	SELECT o.instrument, o.side, o.price, sum(o.quantity - o.filled) AS quantity, count(*) AS orders,
		row_number() OVER (PARTITION BY o.instrument, o.side ORDER BY CASE o.side WHEN 0 THEN -o.price ELSE o.price END) AS place
	FROM tradepost_internal.orders o WHERE o.status IN (0, 1) GROUP BY o.instrument, o.side, o.price
), stored AS (
	SELECT i.symbol, (ARRAY['buy', 'sell']::tradepost.side[])[l.side + 1], trim_scale(l.price), trim_scale(l.quantity), l.orders
	FROM levels l JOIN tradepost_internal.instruments i ON i.id = l.instrument WHERE l.place <= 100
)
(SELECT 'published', p.* FROM published p EXCEPT SELECT 'published', s.* FROM stored s)
UNION ALL
(SELECT 'stored', s.* FROM stored s EXCEPT SELECT 'stored', p.* FROM published p)
EOF
	is($node->safe_psql($database, <<'EOF'), '', "$name: open orders are found without a look at the closed ones");
SELECT id FROM ((SELECT id FROM tradepost_internal.open_orders()) EXCEPT (SELECT id FROM tradepost_internal.orders WHERE status IN (0, 1, 7))) a
UNION ALL
SELECT id FROM ((SELECT id FROM tradepost_internal.orders WHERE status IN (0, 1, 7)) EXCEPT (SELECT id FROM tradepost_internal.open_orders())) b
EOF
}

# Everything that must hold, when nothing is under way any more.
sub sound_ok
{
	my ($node, $database, $name) = @_;

	ok(settle($node, $database), "$name: trading goes on");
	is($node->safe_psql($database, <<'EOF'), '', "$name: every command has one decision");
SELECT c.id, coalesce(d.number, 0) FROM tradepost_internal.commands c
LEFT JOIN (SELECT command_id, count(*) AS number FROM tradepost_internal.events WHERE decision GROUP BY command_id) d ON d.command_id = c.id
WHERE d.number IS DISTINCT FROM 1 LIMIT 10
EOF
	is($node->safe_psql($database, 'SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds'), '', "$name: invariants hold");
	books_ok($node, $database, $name);
	unlike(slurp_file($node->logfile), qr/tables changed since the engine/, "$name: the engine found its tables as it left them");
}

1;
