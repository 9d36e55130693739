-- What users are told of their orders: one notification an order and page of events, not one a trade.

CREATE OR REPLACE FUNCTION tradepost_internal.tell_news(news tradepost_internal.news[])
	RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
	SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
	users  bigint[];
	kinds  text[];
	titles text[];
	bodies text[];
	datas  jsonb[];
BEGIN
	SELECT array_agg(x.user_id ORDER BY x.seq, x.user_id), array_agg(x.kind ORDER BY x.seq, x.user_id), array_agg(x.title ORDER BY x.seq, x.user_id),
		array_agg(x.body ORDER BY x.seq, x.user_id), array_agg(x.data ORDER BY x.seq, x.user_id)
	INTO users, kinds, titles, bodies, datas
	FROM (
		SELECT u.id AS user_id, g.seq,
			CASE WHEN g.kind IN (5, 16) THEN 'expiries' ELSE 'fills' END AS kind,
			CASE g.kind
				WHEN 5 THEN format('Order %s for %s has expired', g.order_id, i.symbol)
				WHEN 16 THEN format('%s has expired: %s settled at %s', i.symbol, t.quantity, t.price)
				WHEN 3 THEN format('%s %s %s at %s', t.done, t.quantity, i.symbol, t.price)
				ELSE format('Closed out: %s %s %s at %s', lower(t.done), t.quantity, i.symbol, t.price) END AS title,
			CASE g.kind
				WHEN 5 THEN format('Its time was over: %s of %s filled.', trim_scale(o.filled), trim_scale(o.quantity))
				WHEN 16 THEN format('Your %s position in %s was settled at the final price.', CASE g.side WHEN 1 THEN 'long' ELSE 'short' END, i.symbol)
				WHEN 3 THEN format('Order %s: %s of %s filled%s.', g.order_id, trim_scale(o.filled), trim_scale(o.quantity), CASE WHEN o.status = 2 THEN ', complete' END)
				ELSE 'The account fell below its maintenance margin, and its position was reduced.' END AS body,
			jsonb_strip_nulls(jsonb_build_object('orderId', g.order_id, 'symbol', i.symbol, 'side', CASE WHEN g.kind <> 5 THEN (ARRAY['buy', 'sell'])[g.side + 1] END,
				'quantity', CASE WHEN g.kind <> 5 THEN t.quantity::text END, 'price', CASE WHEN g.kind <> 5 THEN t.price::text END,
				'commission', CASE WHEN g.kind <> 5 THEN trim_scale(g.commission)::text END, 'filled', trim_scale(o.filled)::text, 'orderQuantity', trim_scale(o.quantity)::text, 'seq', g.seq)) AS data
		FROM (SELECT n.account, n.instrument, n.order_id, CASE WHEN n.kind = 18 AND n.maker THEN 3 ELSE n.kind END AS kind, min(n.side) AS side, max(n.seq) AS seq, sum(n.quantity) AS quantity,
				sum(n.quantity * n.price) AS value, sum(coalesce(n.commission, 0)) AS commission
			FROM unnest(news) n GROUP BY n.account, n.instrument, n.order_id, CASE WHEN n.kind = 18 AND n.maker THEN 3 ELSE n.kind END, n.side) g
		JOIN tradepost_internal.users u ON u.account = g.account
		JOIN tradepost_internal.instruments i ON i.id = g.instrument
		LEFT JOIN tradepost_internal.orders o ON o.id = g.order_id
		CROSS JOIN LATERAL (SELECT trim_scale(g.quantity) AS quantity, trim_scale(round(g.value / nullif(g.quantity, 0), 8)) AS price, CASE g.side WHEN 0 THEN 'Bought' ELSE 'Sold' END AS done) t) x;
	RETURN CASE WHEN users IS NULL THEN 0 ELSE tradepost_internal.notify_users(users, kinds, titles, bodies, datas) END;
END
$$;
COMMENT ON FUNCTION tradepost_internal.tell_news(tradepost_internal.news[]) IS 'Notifies the users of these accounts of what was filled, settled and expired; how many notifications went out';
