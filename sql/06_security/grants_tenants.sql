-- Tenants, tiers and subscriptions: who may call and read what.  The functions of every
-- schema were taken from PUBLIC in grants.sql and grants_edge.sql.

GRANT EXECUTE ON FUNCTION
	tradepost_edge.tenants()
TO tradepost_proxy, tradepost_admin;

GRANT EXECUTE ON FUNCTION
	tradepost.create_tenant(text, text[], jsonb),
	tradepost.set_tenant(bigint, text[], jsonb)
TO tradepost_admin;
GRANT SELECT ON tradepost.tenants TO tradepost_admin, tradepost_auditor;
GRANT SELECT ON tradepost.subscriptions, tradepost.subscription_events TO tradepost_admin, tradepost_auditor;
GRANT SELECT ON tradepost_internal.subscriptions, tradepost_internal.subscription_events, tradepost_internal.billing_events, tradepost_internal.tiers, tradepost_internal.features
TO tradepost_admin, tradepost_auditor;
