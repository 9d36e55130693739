-- A user's account at a glance.

CREATE OR REPLACE FUNCTION tradepost_edge.account_summary(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp SET enable_sort = off SET jit = off
AS $$
DECLARE
	asking    tradepost_internal.users := tradepost_edge.caller(user_id, session_id);
	account   json;
	balances  json;
	positions json;
	counts    json;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}');
	SELECT row_to_json(x) INTO account FROM (SELECT a.id, a.name, asking.tier, tradepost_internal.iso(a.created_at) AS "createdAt"
		FROM tradepost_internal.accounts a WHERE a.id = asking.account) x;
	SELECT array_to_json(array_agg(row_to_json(x) ORDER BY x.asset)) INTO balances
	FROM (SELECT b.asset, b.total::text, b.reserved::text, b.available::text AS free, b.equity::text FROM tradepost.balances b WHERE b.account = asking.account) x;
	SELECT array_to_json(array_agg(row_to_json(x) ORDER BY x.symbol)) INTO positions
	FROM (SELECT p.symbol, c.code AS asset, i.contract, p.quantity::text, p.open_bids::text AS "openBids", p.open_asks::text AS "openAsks",
			p.mark::text, p.mark_value::text AS "markValue", p.margin::text, p.maintenance::text
		FROM tradepost.positions p
		JOIN tradepost_internal.instruments i ON i.symbol = p.symbol AND i.tenant = asking.tenant
		JOIN tradepost_internal.assets c ON c.id = i.asset
		WHERE p.account = asking.account) x;
	-- Of its last orders: an account that has made millions is counted as fast as a new one.
	SELECT row_to_json(x) INTO counts
	FROM (SELECT count(*) FILTER (WHERE o.status IN (0, 1)) AS open, count(*) FILTER (WHERE o.status = 1) AS "partiallyFilled", count(*) FILTER (WHERE o.status = 7) AS untriggered,
			count(*) FILTER (WHERE o.status IN (0, 1) AND o.side = 0) AS buys, count(*) FILTER (WHERE o.status IN (0, 1) AND o.side = 1) AS sells
		FROM (SELECT y.status, y.side FROM tradepost_internal.orders y
			-- The index on account and id alone has rows in this order.
			WHERE (y.account, y.id) < (asking.account, 9223372036854775807) AND (y.account, y.id) > (asking.account, 0)
			ORDER BY y.account DESC, y.id DESC LIMIT 10000) o) x;
	RETURN json_build_object('account', account, 'balances', coalesce(balances, '[]'), 'positions', coalesce(positions, '[]'), 'orders', counts);
END
$$;
COMMENT ON FUNCTION tradepost_edge.account_summary(bigint, bigint, jsonb) IS
'GET account/summary: {"account", "balances": [{"asset", "total", "reserved", "free", "equity"}], "positions": [...], "orders": {"open", "partiallyFilled", "untriggered", "buys", "sells"}}; orders counts those of the last
10000 that are in the book, by side, and those that wait for their trigger. Errors: TP005, TP016.';
