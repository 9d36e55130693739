--
-- Commands belong to their transaction: what rolls back never was, and what commits
-- comes with the caller's own rows.
--
\set SHOW_CONTEXT never
\set wait 'SELECT max(id) AS last_id FROM tradepost.commands \\gset \\\\ CALL tradepost.wait_for_order(:last_id) \\gset wait_'
SELECT tradepost.create_instrument('XACT', 'spot', 'EUR', 'USD', 0.01, 1, 100) > 0 AS listed;
DO $$ BEGIN PERFORM t.open(100000, 1000, 'xact_a', 'xact_b'); END $$;
:wait
SELECT t.account('xact_a') AS a, t.account('xact_b') AS b \gset
CREATE TABLE t.notes (label text);

-- Rolled back.
BEGIN;
INSERT INTO t.notes VALUES ('x-rolled-back');
SELECT t.place('x-rolled-back', 'xact_a', 'XACT', 'sell', 1, 100) IS NULL AS placed;
-- Its own transaction sees the command, and nothing decides it yet.
SELECT count(*) FROM tradepost.commands WHERE client_order_id = 'x-rolled-back';
SELECT count(*) FROM tradepost.orders WHERE client_order_id = 'x-rolled-back';
ROLLBACK;

-- Savepoints: what is under one that goes, goes; also two deep, and what a released one hands up.
BEGIN;
SELECT t.place('x-kept-1', 'xact_a', 'XACT', 'sell', 1, 100) IS NULL AS placed;
SAVEPOINT one;
SELECT t.place('x-gone-1', 'xact_a', 'XACT', 'sell', 1, 100) IS NULL AS placed;
SAVEPOINT two;
SELECT t.place('x-gone-2', 'xact_a', 'XACT', 'sell', 1, 100) IS NULL AS placed;
RELEASE two;
ROLLBACK TO one;
SELECT t.place('x-kept-2', 'xact_a', 'XACT', 'sell', 1, 100) IS NULL AS placed;
SAVEPOINT three;
SELECT t.place('x-kept-3', 'xact_a', 'XACT', 'sell', 1, 100) IS NULL AS placed;
RELEASE three;
INSERT INTO t.notes VALUES ('x-kept-1'), ('x-kept-2'), ('x-kept-3');
COMMIT;

-- An exception block in PL/pgSQL is a savepoint.
DO $$
BEGIN
	PERFORM t.place('x-kept-4', 'xact_a', 'XACT', 'sell', 1, 100);
	INSERT INTO t.notes VALUES ('x-kept-4');
	BEGIN
		PERFORM t.place('x-gone-3', 'xact_a', 'XACT', 'sell', 1, 100);
		INSERT INTO t.notes VALUES ('x-gone-3');
		PERFORM 1 / 0;
	EXCEPTION WHEN division_by_zero THEN
		NULL;
	END;
END
$$;

-- A transaction that fails after the command.
BEGIN;
SELECT t.place('x-failed', 'xact_a', 'XACT', 'sell', 1, 100) IS NULL AS placed;
SELECT 1 / 0;
COMMIT;

-- A deferred check that fails at COMMIT.
CREATE TABLE t.late (n integer UNIQUE DEFERRABLE INITIALLY DEFERRED);
BEGIN;
SELECT t.place('x-late', 'xact_a', 'XACT', 'sell', 1, 100) IS NULL AS placed;
INSERT INTO t.late VALUES (1), (1);
COMMIT;

-- A trigger of the caller's own trades with the row, or not at all.
CREATE FUNCTION t.trade_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM t.place(NEW.label, 'xact_b', 'XACT', 'buy', 1, 100); RETURN NULL; END $$;
CREATE TRIGGER trade_it AFTER INSERT ON t.notes FOR EACH ROW WHEN (NEW.label LIKE 'x-trigger%') EXECUTE FUNCTION t.trade_it();
INSERT INTO t.notes VALUES ('x-trigger-1');
BEGIN;
INSERT INTO t.notes VALUES ('x-trigger-2');
ROLLBACK;
:wait

SELECT label, side, filled, status FROM t.orders('XACT');
SELECT label, EXISTS (SELECT FROM tradepost.orders o WHERE o.client_order_id = n.label) AS has_order FROM t.notes n ORDER BY 1;
SELECT client_order_id FROM tradepost.commands WHERE symbol = 'XACT' AND kind = 'place' ORDER BY id;

-- Serializable and read-only transactions.
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT t.place('x-serializable', 'xact_b', 'XACT', 'buy', 1, 100) IS NULL AS placed;
COMMIT;
BEGIN READ ONLY;
SELECT tradepost.place_order(:a, 'XACT', 'sell', 1, 100);
ROLLBACK;
:wait
SELECT label, filled, status FROM t.orders('XACT') WHERE label = 'x-serializable';

-- An order dies by its time even if nobody sweeps: whatever the clock did in between, what is late never trades.
SELECT tradepost.place_order(:a, 'XACT', 'sell', 1, 60, time_in_force => 'gtd', expires_at => clock_timestamp() + interval '1 second', client_order_id => 'x-short') > 0 AS placed;
DO $$ BEGIN PERFORM pg_sleep(1.1); END $$;
DO $$ BEGIN PERFORM t.place('x-too-late', 'xact_b', 'XACT', 'buy', 1, 60, tif => 'ioc'); END $$;
:wait
SELECT label, filled, CASE WHEN status IN ('expired', 'rejected') THEN 'gone' ELSE status::text END AS status,
	CASE WHEN reason IN ('time', 'order_expired') THEN 'late' ELSE reason END AS reason FROM t.orders('XACT') WHERE label IN ('x-short', 'x-too-late');
-- The engine wakes up by itself for what expires.
SELECT tradepost.place_order(:a, 'XACT', 'sell', 1, 149, time_in_force => 'gtd', expires_at => clock_timestamp() + interval '200 milliseconds', client_order_id => 'x-alone') > 0 AS placed;
DO $$
BEGIN
	FOR i IN 1..600 LOOP
		EXIT WHEN EXISTS (SELECT FROM tradepost.orders o WHERE o.client_order_id = 'x-alone' AND o.status IN ('expired', 'rejected'));
		COMMIT;
		PERFORM pg_sleep(0.05);
	END LOOP;
END
$$;
SELECT label, remaining, CASE WHEN status IN ('expired', 'rejected') THEN 'gone' ELSE status::text END AS status FROM t.orders('XACT') WHERE label = 'x-alone';

DROP TABLE t.notes, t.late;
SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;
