# 049_storage.t
#	  The matcher remembers where its rows are.  Whatever a superuser does to its tables,
#	  it writes no other row than the one that it means: it finds the rows anew, or says
#	  what is wrong and starts from what the tables hold.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use TradepostLoad;
use TradepostMarket;
use TradepostSession;
use TradepostTest;

my $node = tradepost_node('storage', conf => <<'EOC');
autovacuum_naptime = 1s
autovacuum_vacuum_threshold = 50
autovacuum_vacuum_scale_factor = 0
autovacuum_vacuum_insert_threshold = 50
autovacuum_vacuum_insert_scale_factor = 0
autovacuum_vacuum_cost_delay = 0
EOC
open_market($node, 'market');
TradepostLoad::prepare($node, 'market');
my ($alice, $bob) = market_accounts();
my $schema = 'tradepost_internal';

sub log_like
{
	my ($pattern, $name) = @_;

	like(slurp_file($node->logfile), $pattern, $name);
}

# Under load: the market trades on, without a new start of the engine.
{
	my $load = TradepostLoad->start($node, 'market', clients => 4, rate => 3000);
	my $matcher = status_of($node, 'market', 'pid');
	my @tables = ('orders', 'balances', 'positions', 'instrument_state', 'engine_state', 'events');
	# The orders that have ended.  Any other, one that waits for its trigger (7) too, may be the engine's next write.
	my $ended = 'status BETWEEN 2 AND 5';

	for my $statement (
		(map { "VACUUM (FREEZE, ANALYZE) $schema.$_" } @tables),
		(map { "VACUUM FULL $schema.$_" } @tables),
		"CLUSTER $schema.orders USING orders_account",
		"CLUSTER $schema.balances USING balances_pkey",
		(map { "REINDEX TABLE $schema.$_" } 'orders', 'balances', 'events'),
		"REINDEX TABLE CONCURRENTLY $schema.orders",
		"CREATE INDEX CONCURRENTLY orders_status ON $schema.orders (status)",
		"DROP INDEX CONCURRENTLY $schema.orders_status",
		"ALTER TABLE $schema.orders ADD COLUMN note text",
		"UPDATE $schema.orders SET note = 'closed' WHERE $ended",
		"VACUUM FULL $schema.orders",
		"ALTER TABLE $schema.orders DROP COLUMN note",
		"ALTER TABLE $schema.orders SET (fillfactor = 70)",
		# A default that differs from row to row: written anew, and not as other snapshots see it.
		"BEGIN; ALTER TABLE $schema.orders ADD COLUMN at text DEFAULT clock_timestamp(); ALTER TABLE $schema.orders ALTER at DROP DEFAULT; COMMIT",
		"ALTER TABLE $schema.orders DROP COLUMN at",
		"BEGIN; ALTER TABLE $schema.balances ADD COLUMN at text DEFAULT clock_timestamp(); ALTER TABLE $schema.balances DROP COLUMN at; COMMIT",
		"BEGIN; DELETE FROM $schema.orders WHERE $ended; ROLLBACK",
		# Without waiting: its order of rows is not the matcher's, and a deadlock would end one of both.
		"BEGIN; SELECT count(*) FROM (SELECT FROM $schema.orders WHERE status < 2 FOR UPDATE SKIP LOCKED) o; COMMIT")
	{
		my ($result, $out, $err) = $node->psql('market', $statement);

		is($err, '', $statement);
		ok($load->progress(100), '... and clients go on');
	}
	for my $table ('orders', 'balances', 'engine_state')
	{
		ok(wait_until($node, 'market', "SELECT autovacuum_count > 0 FROM pg_stat_all_tables WHERE relid = '$schema.$table'::regclass", 't'),
			"autovacuum comes to $table");
	}
	$load->stop('load');
	sound_ok($node, 'market', 'in the end');
	TradepostLoad::kept_ok($node, 'market', 'in the end');
	is(status_of($node, 'market', 'pid'), $matcher, 'it was one engine all the time');
	cmp_ok(count_of($node, 'market', "$schema.orders WHERE maker_notional > 0"), '>', 100, 'stored orders were changed');
}

# Somebody keeps an old snapshot: no version can be removed, pages fill, and the indexes get entries.
{
	my $session = TradepostSession->new($node, 'market');
	my $moved = "SELECT n_tup_upd - n_tup_hot_upd FROM pg_stat_all_tables WHERE relid = '$schema.balances'::regclass";

	$session->query('BEGIN ISOLATION LEVEL REPEATABLE READ');
	my $sum = 'SELECT md5(string_agg(concat_ws(chr(32), account, asset, total, reserved), chr(10) ORDER BY account, asset)) FROM tradepost_internal.balances';
	my $shown = $session->query($sum);
	my $before = $node->safe_psql('market', $moved);
	my $load = TradepostLoad->start($node, 'market', clients => 4, rate => 3000);
	ok($load->progress(3000), 'an old snapshot: clients go on');
	ok(wait_until($node, 'market', "SELECT ($moved) > $before + 20", 't'), '... while rows move to other pages');
	$load->stop('old snapshot');
	is($session->query($sum), $shown, '... and the snapshot shows what it showed');
	$session->query('COMMIT');
	$session->quit;
	sound_ok($node, 'market', 'after an old snapshot');
}

$node->safe_psql('market', 'CREATE EXTENSION amcheck');
is($node->safe_psql('market', <<"EOC"), '', 'tables and indexes fit together');
SELECT c.relname, v.msg FROM pg_class c CROSS JOIN LATERAL verify_heapam(c.oid) v WHERE c.relnamespace = '$schema'::regnamespace AND c.relkind = 'r'
UNION ALL
SELECT c.relname, 'not sound' FROM pg_class c JOIN pg_am a ON a.oid = c.relam
WHERE c.relnamespace = '$schema'::regnamespace AND c.relkind = 'i' AND CASE WHEN a.amname = 'btree' THEN bt_index_check(c.oid, true)::text ELSE '' END <> ''
EOC

# A row that somebody else holds: the matcher waits for it, as for any lock.
{
	my $session = TradepostSession->new($node, 'market');
	my $matcher = status_of($node, 'market', 'pid');
	my $order = place($node, 'market', $alice, 'buy', 1, 91);

	wait_for($node, 'market', $order);
	$session->query("BEGIN; UPDATE $schema.orders SET rank = 0 WHERE id = $order");
	my $cancel = $node->safe_psql('market', "SELECT tradepost.cancel_order($alice, $order)");
	ok(wait_until($node, 'postgres', "SELECT count(*) FROM pg_stat_activity WHERE pid = $matcher AND wait_event_type = 'Lock'", '1'),
		'the matcher waits for a row');
	$session->query('ROLLBACK');
	wait_for($node, 'market', $cancel);
	is(state_of($node, 'market', $order), 'cancelled requested', 'and goes on when it is let go');
	is(status_of($node, 'market', 'pid'), $matcher, 'the same one');
	$session->quit;
}

# A table that cannot be written as it is: the engine says so and waits; no command is lost
# or rejected for it.
for my $change (
	[ "ALTER TABLE $schema.balances ADD COLUMN mine integer NOT NULL DEFAULT 7", "ALTER TABLE $schema.balances DROP COLUMN mine", qr/balances: column mine was altered/ ],
	[ "ALTER TABLE $schema.orders RENAME COLUMN stp TO self_trade", "ALTER TABLE $schema.orders RENAME COLUMN self_trade TO stp", qr/orders: column stp was altered|stp.* does not exist/ ],
	[ "ALTER TABLE $schema.balances DROP CONSTRAINT balances_pkey", "ALTER TABLE $schema.balances ADD CONSTRAINT balances_pkey PRIMARY KEY (account, asset)", qr/balances: its primary key was altered/ ])
{
	my ($alter, $undo, $says) = @$change;
	my $old = status_of($node, 'market', 'pid');

	$node->safe_psql('market', $alter);
	my $order = place($node, 'market', $alice, 'buy', 1, 92);

	# Without the key a matcher goes on that knows where its rows are; the next one does not.
	$node->safe_psql('market', "SELECT pg_terminate_backend(pid) FROM tradepost.engine_status") if $says =~ /primary/;
	ok(wait_until($node, 'market', "SELECT coalesce(last_error, '') ~ '" . ($says =~ s/\A\(\?\^:(.*)\)\z/$1/r) . "' FROM tradepost.engine_status", 't'),
		"$alter: the engine says what is wrong");
	$node->safe_psql('market', $undo);
	ok(wait_for($node, 'market', $order), '... and goes on when it is undone');
	is(state_of($node, 'market', $order), 'open', '... and nothing was rejected meanwhile');
	isnt(status_of($node, 'market', 'pid'), $old, '... from the tables');
}
sound_ok($node, 'market', 'after all that');

# From here on the tables are changed behind the engine's back, so not everything can fit afterwards.

# A row that is changed, under an engine that knows where it was.
{
	my $order = place($node, 'market', $alice, 'buy', 1, 93);

	wait_for($node, 'market', $order);
	$node->safe_psql('market', "UPDATE $schema.orders SET updated_at = now() WHERE id = $order");
	my $cancel = $node->safe_psql('market', "SELECT tradepost.cancel_order($alice, $order)");
	wait_for($node, 'market', $cancel);
	is(state_of($node, 'market', $order), 'cancelled requested', 'a changed row is taken as it is');
	log_like(qr/a row of table orders was changed by somebody else/, '... by an engine that starts anew');
	sound_ok($node, 'market', 'a changed row');
}

# A row that is removed, its place taken by another: that one stays as it is.
open_market($node, 'small');
{
	my $place = "SELECT ctid FROM $schema.orders WHERE id = ";
	my $order = place($node, 'small', $alice, 'buy', 1, 94);
	my ($other, $before);

	wait_for($node, 'small', $order);
	my $taken = $node->safe_psql('small', $place . $order);
	$node->safe_psql('small', "DELETE FROM $schema.orders WHERE id = $order");
	# A snapshot somewhere may keep VACUUM from it for a while.
	for (1 .. 100)
	{
		$node->safe_psql('small', "VACUUM (INDEX_CLEANUP on, TRUNCATE off) $schema.orders");
		$other = place($node, 'small', $bob, 'buy', 1, 95);
		wait_for($node, 'small', $other);
		last if $node->safe_psql('small', $place . $other) eq $taken;
	}
	is($node->safe_psql('small', $place . $other), $taken, 'another row takes the place of one that was removed');
	$before = $node->safe_psql('small', "SELECT o, ctid, xmin FROM $schema.orders o WHERE id = $other");
	my $cancel = $node->safe_psql('small', "SELECT tradepost.cancel_order($alice, $order)");
	ok(wait_for($node, 'small', $cancel), 'an order whose row is gone is cancelled');
	is($node->safe_psql('small', "SELECT reason FROM tradepost.events WHERE command_id = $cancel"), 'order_unknown', '... in vain');
	log_like(qr/table orders has lost row $order/, '... and the engine says why');
	is($node->safe_psql('small', "SELECT o, ctid, xmin FROM $schema.orders o WHERE id = $other"), $before, '... and touches no other row');
	books_ok($node, 'small', 'a removed row');
}

# TRUNCATE under load.
for my $table ('instrument_state', 'positions', 'orders', 'balances', 'events')
{
	my $load = TradepostLoad->start($node, 'market', clients => 4, rate => 3000);

	ok($load->progress(200), "TRUNCATE $table: load runs");
	$node->safe_psql('market', "TRUNCATE $schema.$table");
	ok($load->progress(200), '... and clients go on');
	$load->stop("TRUNCATE $table");
	ok(settle($node, 'market'), '... and commands are decided');
	log_like(qr/table $table was emptied, and the engine was using its rows/, '... and the engine says what happened')
	  if $table ne 'events';
	# What recovery needs is gone with the events; the engine at work does not need them.
	next if $table eq 'events';
	books_ok($node, 'market', "TRUNCATE $table");
	is($node->safe_psql('market', "SELECT detail FROM tradepost.check_invariants() WHERE name = 'memory_equals_tables' AND NOT holds"), '',
		'... and memory is what the tables hold');
}
log_like(qr/tables changed since the engine last wrote them/, 'it is told that tables were changed');
$node->stop;
done_testing();
