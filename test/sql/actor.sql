-- The acting role of a proxy session: tradepost.actor, which only tradepost_proxy may set.
\set VERBOSITY sqlstate
SET client_min_messages = warning;
CREATE ROLE regress_tp_actor NOLOGIN;
CREATE ROLE regress_tp_other NOLOGIN;
CREATE ROLE regress_tp_proxyuser NOLOGIN;
GRANT tradepost_trader TO regress_tp_actor, regress_tp_other;
GRANT tradepost_proxy TO regress_tp_proxyuser;
SELECT tradepost.open_account('actor''s account', 'regress_tp_actor') AS account \gset
SELECT rolname AS superuser FROM pg_roles WHERE oid = 10 \gset

-- a trader cannot say to be somebody else
SET ROLE regress_tp_other;
SET tradepost.actor = 'regress_tp_actor';
RESET ROLE;

-- the proxy owns nothing by itself, acts for who it names, and for nobody else's account
SET ROLE regress_tp_proxyuser;
SELECT tradepost.cancel_all(:account) IS NOT NULL AS asked;
SET tradepost.actor = 'regress_tp_actor';
SELECT tradepost.cancel_all(:account) IS NOT NULL AS asked;
SET tradepost.actor = 'regress_tp_other';
SELECT tradepost.cancel_all(:account) IS NOT NULL AS asked;
SET tradepost.actor = 'nobody at all';
SELECT tradepost.cancel_all(:account) IS NOT NULL AS asked;
SET tradepost.actor = :'superuser';
SELECT tradepost.cancel_all(:account) IS NOT NULL AS asked;
RESET tradepost.actor;
RESET ROLE;

-- the command's row says on whose behalf it was made
SELECT actor::regrole FROM tradepost_internal.commands WHERE account = :account;
SELECT * FROM tradepost.check_invariants() WHERE NOT holds;
DROP ROLE regress_tp_actor, regress_tp_other, regress_tp_proxyuser;
