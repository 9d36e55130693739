-- What proxies read for themselves, apart from the events: how many WebSockets a tier
-- includes, the pushes that one socket has missed, whose an account is.

CREATE OR REPLACE FUNCTION tradepost_edge.tier_sockets()
	RETURNS TABLE (tenant bigint, tier text, most integer)
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER ROWS 40 SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
	SELECT t.id, x.tier, tradepost_internal.tier_limit(t.id, x.tier, 'sockets')
	FROM tradepost_internal.tenants t CROSS JOIN unnest('{free,basic,pro,enterprise}'::text[]) x (tier)
	ORDER BY 1, 2
$$;
COMMENT ON FUNCTION tradepost_edge.tier_sockets() IS 'How many WebSockets a user of each tier may have at each tenant; most NULL: any number';

CREATE OR REPLACE FUNCTION tradepost_edge.pushes_missed(after bigint, max integer, of_tenant bigint, of_user bigint)
	RETURNS TABLE (seq bigint, tenant bigint, user_id bigint, tier text, channel text, event text, data text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	newest bigint := (SELECT f.push FROM tradepost_internal.follower f);
	oldest bigint := (SELECT p.seq FROM tradepost_internal.pushes p ORDER BY p.seq LIMIT 1);
	most   integer := tradepost_internal.bounded('max', pushes_missed.max, 1, 10000);
	given  integer := 0;
	last   bigint := coalesce(pushes_missed.after, 0);
	one    tradepost_internal.pushes;
BEGIN
	IF last > coalesce(newest, 0) THEN
		RETURN QUERY SELECT coalesce(newest, 0), NULL::bigint, NULL::bigint, NULL::text, NULL::text, 'unknown', NULL::text;
		RETURN;
	ELSIF last < coalesce(oldest - 1, newest) THEN
		RETURN QUERY SELECT newest, NULL::bigint, NULL::bigint, NULL::text, NULL::text, 'too_old', NULL::text;
		RETURN;
	END IF;
	FOR one IN
		SELECT x.* FROM (
			(SELECT p.* FROM tradepost_internal.pushes p WHERE p.user_id = of_user AND p.seq > last ORDER BY p.seq LIMIT most)
			UNION ALL
			(SELECT p.* FROM tradepost_internal.pushes p WHERE p.user_id IS NULL AND p.tenant = of_tenant AND p.seq > last ORDER BY p.seq LIMIT most)) x
		ORDER BY x.seq LIMIT most
	LOOP
		given := given + 1;
		last := one.seq;
		RETURN QUERY SELECT one.seq, one.tenant, one.user_id, one.tier, one.channel, one.event, one.data;
	END LOOP;
	RETURN QUERY SELECT CASE WHEN given < most THEN newest ELSE last END, NULL::bigint, NULL::bigint, NULL::text, NULL::text, NULL::text, NULL::text;
END
$$;
COMMENT ON FUNCTION tradepost_edge.pushes_missed(bigint, integer, bigint, bigint) IS
'The pushes after this number that are for this user, or for everyone of this tenant, in order, at most max (1 to 10000); then a row without channel, whose seq says how far this has looked. Its event is "too_old" where
some of what was asked for is not kept any more, and "unknown" where the number was never given. Error: TP005.';

CREATE OR REPLACE FUNCTION tradepost_edge.account_tenant(account bigint)
	RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
	SELECT a.tenant FROM tradepost_internal.accounts a WHERE a.id = account_tenant.account
$$;
COMMENT ON FUNCTION tradepost_edge.account_tenant(bigint) IS 'The tenant of an account: where an event that is of no instrument belongs. NULL: there is no such account';
