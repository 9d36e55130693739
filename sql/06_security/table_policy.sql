-- Row security: a trader sees the rows of its own accounts, and the market of the tenants that
-- these belong to; other roles what their grants say.  The extension's owner and tradepost_engine are exempt.

ALTER TABLE tradepost_internal.accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE tradepost_internal.account_owners ENABLE ROW LEVEL SECURITY;
ALTER TABLE tradepost_internal.orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE tradepost_internal.commands ENABLE ROW LEVEL SECURITY;
ALTER TABLE tradepost_internal.command_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE tradepost_internal.balances ENABLE ROW LEVEL SECURITY;
ALTER TABLE tradepost_internal.positions ENABLE ROW LEVEL SECURITY;
ALTER TABLE tradepost_internal.events ENABLE ROW LEVEL SECURITY;
ALTER TABLE tradepost_internal.tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tradepost_internal.assets ENABLE ROW LEVEL SECURITY;
ALTER TABLE tradepost_internal.instruments ENABLE ROW LEVEL SECURITY;
ALTER TABLE tradepost_internal.instrument_state ENABLE ROW LEVEL SECURITY;

-- The sub-select makes the list of accounts once a query, not once a row.
CREATE POLICY own ON tradepost_internal.accounts FOR SELECT TO tradepost_trader
	USING (id = ANY ((SELECT tradepost_internal.my_accounts())::bigint[]));
CREATE POLICY own ON tradepost_internal.account_owners FOR SELECT TO tradepost_trader
	USING (account = ANY ((SELECT tradepost_internal.my_accounts())::bigint[]));
CREATE POLICY own ON tradepost_internal.orders FOR SELECT TO tradepost_trader
	USING (account = ANY ((SELECT tradepost_internal.my_accounts())::bigint[]));
CREATE POLICY own ON tradepost_internal.commands FOR SELECT TO tradepost_trader
	USING (account = ANY ((SELECT tradepost_internal.my_accounts())::bigint[]));
CREATE POLICY own ON tradepost_internal.balances FOR SELECT TO tradepost_trader
	USING (account = ANY ((SELECT tradepost_internal.my_accounts())::bigint[]));
CREATE POLICY own ON tradepost_internal.positions FOR SELECT TO tradepost_trader
	USING (account = ANY ((SELECT tradepost_internal.my_accounts())::bigint[]));
-- A trader's tenants are those of its accounts.
CREATE POLICY own_tenant ON tradepost_internal.tenants FOR SELECT TO tradepost_trader
	USING (id = ANY ((SELECT tradepost_internal.my_tenants())::bigint[]));
CREATE POLICY own_tenant ON tradepost_internal.assets FOR SELECT TO tradepost_trader
	USING (tenant = ANY ((SELECT tradepost_internal.my_tenants())::bigint[]));
CREATE POLICY own_tenant ON tradepost_internal.instruments FOR SELECT TO tradepost_trader
	USING (tenant = ANY ((SELECT tradepost_internal.my_tenants())::bigint[]));
CREATE POLICY own_tenant ON tradepost_internal.instrument_state FOR SELECT TO tradepost_trader
	USING (instrument IN (SELECT i.id FROM tradepost_internal.instruments i));
-- Marks, halts, listings and expiries are the market's: 11 to 15.
CREATE POLICY own ON tradepost_internal.events FOR SELECT TO tradepost_trader
	USING (account = ANY ((SELECT tradepost_internal.my_accounts())::bigint[])
		OR counter_account = ANY ((SELECT tradepost_internal.my_accounts())::bigint[])
		OR kind BETWEEN 11 AND 15 AND instrument IN (SELECT i.id FROM tradepost_internal.instruments i));

CREATE POLICY everything ON tradepost_internal.accounts FOR SELECT TO tradepost_admin, tradepost_auditor USING (true);
CREATE POLICY everything ON tradepost_internal.account_owners FOR SELECT TO tradepost_admin, tradepost_auditor USING (true);
CREATE POLICY everything ON tradepost_internal.orders FOR SELECT TO tradepost_admin, tradepost_auditor USING (true);
CREATE POLICY everything ON tradepost_internal.commands FOR SELECT TO tradepost_admin, tradepost_auditor USING (true);
CREATE POLICY everything ON tradepost_internal.command_keys FOR SELECT TO tradepost_admin, tradepost_auditor USING (true);
CREATE POLICY everything ON tradepost_internal.balances FOR SELECT TO tradepost_admin, tradepost_auditor USING (true);
CREATE POLICY everything ON tradepost_internal.positions FOR SELECT TO tradepost_admin, tradepost_auditor USING (true);
CREATE POLICY everything ON tradepost_internal.events FOR SELECT TO tradepost_admin, tradepost_auditor, tradepost_proxy USING (true);
CREATE POLICY everything ON tradepost_internal.tenants FOR SELECT TO tradepost_admin, tradepost_auditor USING (true);
CREATE POLICY everything ON tradepost_internal.assets FOR SELECT TO tradepost_admin, tradepost_auditor, tradepost_proxy USING (true);
CREATE POLICY everything ON tradepost_internal.instruments FOR SELECT TO tradepost_admin, tradepost_auditor, tradepost_proxy USING (true);
CREATE POLICY everything ON tradepost_internal.instrument_state FOR SELECT TO tradepost_admin, tradepost_auditor, tradepost_proxy USING (true);

DO $$
DECLARE
	policy record;
BEGIN
	FOR policy IN
		SELECT p.polname AS name, p.polrelid::regclass AS relation FROM pg_catalog.pg_policy p
		JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
		WHERE c.relnamespace = 'tradepost_internal'::regnamespace AND p.polname IN ('own', 'own_tenant', 'everything')
	LOOP
		EXECUTE format('COMMENT ON POLICY %I ON %s IS %L', policy.name, policy.relation,
			CASE policy.name WHEN 'own' THEN 'A trader sees what is of its own accounts'
				WHEN 'own_tenant' THEN 'A trader sees what is of the tenants of its accounts' ELSE 'These roles see every account''s rows' END);
	END LOOP;
END
$$;
