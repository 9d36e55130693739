--
-- A session remembers who owns which account; what rolls back, or is taken away, it must not.
--
\set SHOW_CONTEXT never
\set wait 'SELECT max(id) AS last_id FROM tradepost.commands \\gset \\\\ CALL tradepost.wait_for_order(:last_id) \\gset wait_'
SELECT tradepost.create_instrument('OWNED', 'spot', 'EUR', 'USD', 0.01, 1, 100) > 0 AS listed;
DO $$ BEGIN PERFORM t.open(100000, 0, 'owned'); END $$;
:wait
SELECT t.account('owned') AS account \gset
CREATE FUNCTION t.try(role regrole, account bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text;
BEGIN
	EXECUTE format('SET LOCAL ROLE %s', role);
	PERFORM tradepost.place_order(account, 'OWNED', 'buy', 1, 1);
	RESET ROLE;
	RETURN 'placed';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS said = RETURNED_SQLSTATE;
	RETURN said;
END $$;
SELECT tradepost.add_owner(:account, 'regress_tp_alice');
SELECT t.try('regress_tp_alice', :account), t.try('regress_tp_bob', :account), t.try('regress_tp_alice', :account);

-- An owner that was never committed.
BEGIN;
SELECT tradepost.add_owner(:account, 'regress_tp_bob');
SELECT t.try('regress_tp_bob', :account);
ROLLBACK;
SELECT t.try('regress_tp_bob', :account), t.try('regress_tp_alice', :account);
BEGIN;
INSERT INTO tradepost_internal.account_owners (account, owner) VALUES (:account, 'regress_tp_bob');
SELECT t.try('regress_tp_bob', :account);
ROLLBACK;
SELECT t.try('regress_tp_bob', :account), t.try('regress_tp_alice', :account);

-- To a savepoint only.
BEGIN;
SELECT t.try('regress_tp_alice', :account);
SAVEPOINT one;
INSERT INTO tradepost_internal.account_owners (account, owner) VALUES (:account, 'regress_tp_bob');
SAVEPOINT two;
SELECT t.try('regress_tp_bob', :account);
RELEASE two;
ROLLBACK TO one;
SELECT t.try('regress_tp_bob', :account), t.try('regress_tp_alice', :account);
COMMIT;
SELECT t.try('regress_tp_bob', :account), t.try('regress_tp_alice', :account);

-- An account that was never committed.
BEGIN;
SELECT tradepost.open_account('owned_gone', 'regress_tp_bob') AS gone \gset
SELECT t.try('regress_tp_bob', :gone);
ROLLBACK;
SELECT t.try('regress_tp_bob', :gone);

-- A membership that was never committed, and one that was taken back.
BEGIN;
GRANT regress_tp_alice TO regress_tp_bob;
SELECT t.try('regress_tp_bob', :account);
ROLLBACK;
SELECT t.try('regress_tp_bob', :account);
GRANT regress_tp_alice TO regress_tp_bob;
SELECT t.try('regress_tp_bob', :account);
REVOKE regress_tp_alice FROM regress_tp_bob;
SELECT t.try('regress_tp_bob', :account), t.try('regress_tp_alice', :account);

-- An owner that is removed; not if that rolls back.
BEGIN;
SELECT tradepost.remove_owner(:account, 'regress_tp_alice');
SELECT t.try('regress_tp_alice', :account);
ROLLBACK;
SELECT t.try('regress_tp_alice', :account);
SELECT tradepost.remove_owner(:account, 'regress_tp_alice');
SELECT t.try('regress_tp_alice', :account);

:wait
DROP FUNCTION t.try(regrole, bigint);
