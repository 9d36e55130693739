--
-- Sessions keep table commands, its indexes and its sequence at hand between calls.
-- What an administrator does to them is seen by the next call: every row is in every index.
--
\set SHOW_CONTEXT never
\set wait 'SELECT max(id) AS last_id FROM tradepost.commands \\gset \\\\ CALL tradepost.wait_for_order(:last_id) \\gset wait_'
SELECT tradepost.create_instrument('SHAPE', 'spot', 'EUR', 'USD', 0.01, 1, 100) > 0 AS listed;
DO $$ BEGIN PERFORM t.open(100000, 1000, 'shape_a'); END $$;
:wait
CREATE EXTENSION amcheck;
CREATE TABLE t.shapes (number int GENERATED ALWAYS AS IDENTITY, id bigint);

-- One order, and three in one call, which goes another way.
CREATE FUNCTION t.shape() RETURNS void LANGUAGE sql AS $$
	INSERT INTO t.shapes (id) SELECT tradepost.place_order(t.account('shape_a'), 'SHAPE', 'buy', 1, 50);
	INSERT INTO t.shapes (id) SELECT unnest(tradepost.place_orders(ARRAY[t.account('shape_a')], ARRAY['SHAPE'], ARRAY['buy']::tradepost.side[], ARRAY[1, 1, 1], ARRAY[50]));
$$;
-- Rows that a B-tree of commands lacks are an error.
CREATE FUNCTION t.btrees() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(bt_index_check(i.indexrelid, true)::text) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
	WHERE i.indrelid = 'tradepost_internal.commands'::regclass AND a.amname = 'btree';
$$;

SELECT t.shape();
SELECT t.btrees();

-- Plain ones, and more than are kept at hand.
CREATE INDEX shape_account ON tradepost_internal.commands (account);
SELECT t.shape();
SELECT t.btrees();
CREATE INDEX shape_1 ON tradepost_internal.commands (kind);
CREATE INDEX shape_2 ON tradepost_internal.commands (quantity, price);
CREATE INDEX shape_3 ON tradepost_internal.commands (id DESC);
CREATE INDEX shape_4 ON tradepost_internal.commands (client_order_id);
SELECT t.shape();
SELECT t.btrees();
DROP INDEX tradepost_internal.shape_1, tradepost_internal.shape_2, tradepost_internal.shape_3, tradepost_internal.shape_4;
SELECT t.shape();
SELECT t.btrees();

-- What a row alone does not decide: an expression, a condition, another method, a check at the end.
CREATE INDEX shape_expression ON tradepost_internal.commands ((account % 7));
SELECT t.shape();
SELECT t.btrees();
CREATE INDEX shape_condition ON tradepost_internal.commands (id) WHERE kind = 1;
CREATE INDEX shape_hash ON tradepost_internal.commands USING hash (account);
CREATE INDEX shape_brin ON tradepost_internal.commands USING brin (id) WITH (pages_per_range = 1);
SELECT t.shape();
SELECT t.btrees();
BEGIN;
SET LOCAL enable_seqscan = off;
DROP INDEX tradepost_internal.shape_account;
SELECT count(*) = (SELECT count(*) FROM t.shapes) AS in_hash FROM tradepost_internal.commands WHERE account = t.account('shape_a') AND kind = 1;
ROLLBACK;
DROP INDEX tradepost_internal.shape_expression, tradepost_internal.shape_condition, tradepost_internal.shape_hash, tradepost_internal.shape_brin;
ALTER TABLE tradepost_internal.commands ADD CONSTRAINT shape_deferred UNIQUE (id, kind) DEFERRABLE INITIALLY DEFERRED;
SELECT t.shape();
SELECT t.btrees();
ALTER TABLE tradepost_internal.commands DROP CONSTRAINT shape_deferred;

-- A unique index is one, also for a session that knew the table before.
CREATE UNIQUE INDEX shape_unique ON tradepost_internal.commands (instrument, expires_at);
SELECT t.shape();
INSERT INTO t.shapes (id) SELECT tradepost.place_order(t.account('shape_a'), 'SHAPE', 'buy', 1, 50, time_in_force => 'gtd', expires_at => '2200-01-01 UTC');
SELECT code, message FROM t.refused($$SELECT tradepost.place_order(t.account('shape_a'), 'SHAPE', 'buy', 1, 50, time_in_force => 'gtd', expires_at => '2200-01-01 UTC')$$);
SELECT t.shape();
DROP INDEX tradepost_internal.shape_unique;
SELECT t.btrees();

-- Made and rolled back, whole and to a savepoint.
BEGIN;
SELECT t.shape();
CREATE INDEX shape_gone ON tradepost_internal.commands ((account % 7));
SELECT t.shape();
SELECT t.btrees();
ROLLBACK;
SELECT t.shape();
BEGIN;
SAVEPOINT one;
CREATE INDEX shape_gone ON tradepost_internal.commands (kind);
SELECT t.shape();
ROLLBACK TO one;
SELECT t.shape();
COMMIT;
SELECT t.btrees();

-- Written anew.
REINDEX TABLE tradepost_internal.commands;
SELECT t.shape();
VACUUM FULL tradepost_internal.commands;
SELECT t.shape();
CLUSTER tradepost_internal.commands USING shape_account;
SELECT t.shape();
REINDEX INDEX CONCURRENTLY tradepost_internal.commands_pkey;
SELECT t.shape();
ALTER TABLE tradepost_internal.commands SET WITHOUT CLUSTER;
ALTER TABLE tradepost_internal.commands SET (fillfactor = 90);
SELECT t.shape();
ALTER TABLE tradepost_internal.commands RESET (fillfactor);
DROP INDEX tradepost_internal.shape_account;
SELECT t.shape();
SELECT t.btrees();

-- Under another name it is not found, and under its own again.
BEGIN;
ALTER TABLE tradepost_internal.commands RENAME TO shape_renamed;
SELECT code, message FROM t.refused($$SELECT tradepost.place_order(t.account('shape_a'), 'SHAPE', 'buy', 1, 50)$$);
ROLLBACK;
BEGIN;
ALTER SEQUENCE tradepost_internal.command_id_seq RENAME TO shape_renamed;
SELECT code, message FROM t.refused($$SELECT tradepost.place_order(t.account('shape_a'), 'SHAPE', 'buy', 1, 50)$$);
ROLLBACK;
SELECT t.shape();

-- Nothing was lost, and everything was decided once.
:wait
SELECT count(*) = (SELECT count(*) FROM t.shapes) AS all_there FROM tradepost.orders o JOIN t.shapes s ON s.id = o.id WHERE o.status = 'open';
SELECT count(*) - count(DISTINCT s.id) AS twice FROM t.shapes s;
SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;
SELECT tradepost.cancel_all(t.account('shape_a')) > 0 AS cancelled;
:wait
DROP EXTENSION amcheck;
DROP FUNCTION t.shape(), t.btrees();
DROP TABLE t.shapes;
