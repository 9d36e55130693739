-- Tenants, tiers and subscriptions: who may call and read what.  The functions of every
-- schema were taken from PUBLIC in grants.sql and grants_edge.sql.

GRANT EXECUTE ON FUNCTION
	tradepost_edge.tenants(),
	tradepost_edge.tiers_list(bigint, bigint, jsonb),
	tradepost_edge.configure_tiers(jsonb),
	tradepost_edge.subscription_get(bigint, bigint, jsonb)
TO tradepost_proxy, tradepost_admin;

-- What changes a subscription in a user's name, or on a payment provider's word.
GRANT EXECUTE ON FUNCTION
	tradepost_edge.subscription_change(bigint, bigint, jsonb),
	tradepost_edge.subscription_cancel(bigint, bigint, jsonb),
	tradepost_edge.subscription_resume(bigint, bigint, jsonb),
	tradepost_edge.billing_event(text, text, jsonb)
TO tradepost_proxy;

GRANT EXECUTE ON FUNCTION
	tradepost.create_tenant(text, text[], jsonb),
	tradepost.set_tenant(bigint, text[], jsonb),
	tradepost.set_tier_terms(text, jsonb, bigint),
	tradepost.set_feature(text, text),
	tradepost.run_subscriptions(),
	tradepost.schedule_jobs(boolean)
TO tradepost_admin;
GRANT SELECT ON tradepost.tenants, tradepost.tiers TO tradepost_admin, tradepost_auditor;
GRANT SELECT ON tradepost.subscriptions, tradepost.subscription_events TO tradepost_admin, tradepost_auditor;
GRANT SELECT ON tradepost_internal.subscriptions, tradepost_internal.subscription_events, tradepost_internal.billing_events, tradepost_internal.tiers, tradepost_internal.features
TO tradepost_admin, tradepost_auditor;
