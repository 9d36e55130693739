--
-- What the other files leave in the cluster goes; and DROP EXTENSION takes everything else.
--
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP SCHEMA t CASCADE;
SELECT bool_and(holds) FROM tradepost.check_invariants();
DROP EXTENSION tradepost;
SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'tradepost%';
-- It can come back, and begins from nothing.
CREATE EXTENSION tradepost;
SELECT tradepost.open_account('again') AS first_client_account;
SELECT tradepost.create_asset('USD') AS first_asset;
SELECT tradepost.deposit(4, 'USD', 10) AS id \gset
CALL tradepost.wait_for_order(:id) \gset
SELECT account, asset, total FROM tradepost.balances ORDER BY account;
SELECT seq, kind FROM tradepost.events ORDER BY seq;
SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;
DROP EXTENSION tradepost;
DROP ROLE regress_tp_alice, regress_tp_bob, regress_tp_admin, regress_tp_auditor, regress_tp_proxy, regress_tp_nobody;
