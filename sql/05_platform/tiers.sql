-- Tiers: their terms, their limits, and who has which feature.

CREATE OR REPLACE FUNCTION tradepost_internal.require_feature(user_id bigint, feature text)
	RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_require_feature';
COMMENT ON FUNCTION tradepost_internal.require_feature(bigint, text) IS
'Returns if the user''s tier includes the feature now; else TP017, which names the tier that it takes and the user''s, with {"required", "tier"} as detail. Reads the user''s row as last committed, at every call. What is not for
everybody begins with it';

CREATE OR REPLACE FUNCTION tradepost_internal.has_feature(user_id bigint, feature text)
	RETURNS boolean LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_has_feature';
COMMENT ON FUNCTION tradepost_internal.has_feature(bigint, text) IS 'Whether require_feature() would return; false for a user that there is not';

CREATE OR REPLACE FUNCTION tradepost_internal.tier_limit(tenant bigint, tier text, what text)
	RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE what WHEN 'open_orders' THEN t.max_open_orders WHEN 'api_keys' THEN t.max_api_keys WHEN 'sockets' THEN t.max_sockets ELSE 0 END
	FROM tradepost_internal.tiers t
	WHERE t.tier = tier_limit.tier AND coalesce(t.tenant, 0) IN (0, tier_limit.tenant) ORDER BY t.tenant NULLS LAST LIMIT 1;
END;
COMMENT ON FUNCTION tradepost_internal.tier_limit(bigint, text, text) IS
'How many a user of this tier may have: what is open_orders, api_keys or sockets; NULL: no limit. tier: the one that holds now. C code asks tradepost_open_order_limit()';

CREATE OR REPLACE FUNCTION tradepost_internal.tier_of(tenant bigint, tier text)
	RETURNS tradepost_internal.tiers LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	terms    tradepost_internal.tiers;
	settings jsonb := (SELECT t.settings FROM tradepost_internal.tenants t WHERE t.id = tier_of.tenant);
BEGIN
	SELECT t.* INTO terms FROM tradepost_internal.tiers t WHERE t.tier = tier_of.tier AND coalesce(t.tenant, 0) IN (0, tier_of.tenant) ORDER BY t.tenant NULLS LAST LIMIT 1;
	terms.price := coalesce((settings -> 'prices' ->> tier_of.tier)::numeric, terms.price);
	terms.currency := coalesce(settings ->> 'currency', terms.currency);
	RETURN terms;
END
$$;
COMMENT ON FUNCTION tradepost_internal.tier_of(bigint, text) IS 'The terms of a tier at a tenant: its own, else everybody''s, with the price and the currency of its settings';
