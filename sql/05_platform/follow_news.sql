-- What users are told of their orders: one notification an order and page of events, not one a trade.

CREATE OR REPLACE FUNCTION tradepost_internal.cancel_words(reason smallint)
	RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT coalesce(CASE tradepost_internal.reason_text(reason)
		WHEN 'ioc' THEN 'What did not trade at once was cancelled'
		WHEN 'unfilled' THEN 'There was nothing more to trade with'
		WHEN 'no_liquidity' THEN 'There was nothing to trade with'
		WHEN 'self_trade' THEN 'It met an order of your own'
		WHEN 'liquidation' THEN 'The account fell below its maintenance margin'
		WHEN 'settlement' THEN 'Its contract has expired'
		WHEN 'linked_order' THEN 'The order that it was linked to has traded or ended'
		WHEN 'requested' THEN 'The exchange has cancelled it'
		WHEN 'cancel_all' THEN 'The exchange has cancelled it'
		WHEN 'insufficient_funds' THEN 'The account had too little for it when it was triggered'
		WHEN 'outside_band' THEN 'Its price was outside the price band when it was triggered'
		WHEN 'exposure' THEN 'The position would have become too large when it was triggered' END, 'The engine has ended it: ' || tradepost_internal.reason_text(reason), 'The engine has ended it');
END;
COMMENT ON FUNCTION tradepost_internal.cancel_words(smallint) IS 'Why an order was cancelled, in a sentence without its end';

CREATE OR REPLACE FUNCTION tradepost_internal.tell_cancel(of_user bigint, of_account bigint, of_seq bigint)
	RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM tradepost_internal.phone_links l WHERE l.user_id = of_user)
		AND NOT EXISTS (SELECT FROM tradepost_internal.notification_preferences p WHERE p.user_id = of_user AND p.kind = 'cancels' AND p.enabled) THEN
		RETURN false;
	END IF;
	-- What came through a proxy read_news() has left out; an owner may also come with a database role of its own.
	RETURN NOT EXISTS (SELECT FROM tradepost_internal.events e
		JOIN tradepost_internal.commands c ON c.id = e.command_id AND c.kind IN (2, 3, 4) AND c.account = of_account
		JOIN pg_roles r ON r.oid = c.actor AND NOT r.rolsuper
		JOIN tradepost_internal.account_owners w ON w.account = of_account
		JOIN pg_roles o ON o.rolname = w.owner AND pg_has_role(r.oid, o.oid, 'MEMBER')
		WHERE e.seq = of_seq);
END
$$;
COMMENT ON FUNCTION tradepost_internal.tell_cancel(bigint, bigint, bigint) IS 'Whether a user is to be told of this event, by which an order of the account was cancelled: not of what its owner asked for';

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
	-- Hardly anybody is told of cancels: nothing is looked up for the others.
	cancels_wanted boolean := EXISTS (SELECT FROM tradepost_internal.phone_links l) OR EXISTS (SELECT FROM tradepost_internal.notification_preferences p WHERE p.kind = 'cancels' AND p.enabled);
BEGIN
	SELECT array_agg(x.user_id ORDER BY x.seq, x.user_id), array_agg(x.kind ORDER BY x.seq, x.user_id), array_agg(x.title ORDER BY x.seq, x.user_id),
		array_agg(x.body ORDER BY x.seq, x.user_id), array_agg(x.data ORDER BY x.seq, x.user_id)
	INTO users, kinds, titles, bodies, datas
	FROM (
		SELECT u.id AS user_id, g.seq,
			CASE WHEN g.kind IN (5, 16) THEN 'expiries' WHEN g.kind = 4 THEN 'cancels' ELSE 'fills' END AS kind,
			CASE g.kind
				WHEN 4 THEN format('Order %s for %s was cancelled', g.order_id, i.symbol)
				WHEN 5 THEN format('Order %s for %s has expired', g.order_id, i.symbol)
				WHEN 16 THEN format('%s has expired: %s settled at %s', i.symbol, t.quantity, t.price)
				WHEN 3 THEN format('%s %s %s at %s', t.done, t.quantity, i.symbol, t.price)
				ELSE format('Closed out: %s %s %s at %s', lower(t.done), t.quantity, i.symbol, t.price) END AS title,
			CASE g.kind
				WHEN 4 THEN format('%s: %s of %s filled.', tradepost_internal.cancel_words(g.reason), trim_scale(o.filled), trim_scale(o.quantity))
				WHEN 5 THEN format('Its time was over: %s of %s filled.', trim_scale(o.filled), trim_scale(o.quantity))
				WHEN 16 THEN format('Your %s position in %s was settled at the final price.', CASE g.side WHEN 1 THEN 'long' ELSE 'short' END, i.symbol)
				WHEN 3 THEN format('Order %s: %s of %s filled%s.', g.order_id, trim_scale(o.filled), trim_scale(o.quantity), CASE WHEN o.status = 2 THEN ', complete' END)
				ELSE 'The account fell below its maintenance margin, and its position was reduced.' END AS body,
			jsonb_strip_nulls(jsonb_build_object('orderId', g.order_id, 'symbol', i.symbol, 'side', CASE WHEN g.kind NOT IN (4, 5) THEN (ARRAY['buy', 'sell'])[g.side + 1] END,
				'quantity', CASE WHEN g.kind NOT IN (4, 5) THEN t.quantity::text END, 'price', CASE WHEN g.kind NOT IN (4, 5) THEN t.price::text END,
				'commission', CASE WHEN g.kind NOT IN (4, 5) THEN trim_scale(g.commission)::text END, 'filled', trim_scale(o.filled)::text, 'orderQuantity', trim_scale(o.quantity)::text, 'seq', g.seq,
				'firstSeq', nullif(g.first_seq, g.seq), 'reason', CASE WHEN g.kind = 4 THEN tradepost_internal.reason_text(g.reason) END)) AS data
		FROM (SELECT n.account, n.instrument, n.order_id, CASE WHEN n.kind = 18 AND n.maker THEN 3 ELSE n.kind END AS kind, min(n.side) AS side, max(n.seq) AS seq, min(n.seq) AS first_seq, max(n.reason) AS reason, sum(n.quantity) AS quantity,
				sum(n.quantity * n.price) AS value, sum(coalesce(n.commission, 0)) AS commission
			FROM unnest(news) n WHERE n.kind <> 4 OR cancels_wanted GROUP BY n.account, n.instrument, n.order_id, CASE WHEN n.kind = 18 AND n.maker THEN 3 ELSE n.kind END, n.side) g
		JOIN tradepost_internal.users u ON u.account = g.account AND (g.kind <> 4 OR tradepost_internal.tell_cancel(u.id, g.account, g.seq))
		JOIN tradepost_internal.instruments i ON i.id = g.instrument
		LEFT JOIN tradepost_internal.orders o ON o.id = g.order_id
		CROSS JOIN LATERAL (SELECT trim_scale(g.quantity) AS quantity, trim_scale(round(g.value / nullif(g.quantity, 0), 8)) AS price, CASE g.side WHEN 0 THEN 'Bought' ELSE 'Sold' END AS done) t) x;
	RETURN CASE WHEN users IS NULL THEN 0 ELSE tradepost_internal.notify_users(users, kinds, titles, bodies, datas) END;
END
$$;
COMMENT ON FUNCTION tradepost_internal.tell_news(tradepost_internal.news[]) IS 'Notifies the users of these accounts of what was filled, settled, expired, and cancelled otherwise than by themselves; how many notifications went out';
