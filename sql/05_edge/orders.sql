-- Orders of a user's account: read, cancelled, amended.  Placing is in orders_place.sql.

CREATE OR REPLACE VIEW tradepost_internal.edge_orders WITH (security_invoker = true) AS
SELECT o.id, o.account, o.instrument, o.side, o.status,
	(SELECT row_to_json(x) FROM (SELECT
		o.id,
		c.client_order_id AS "clientOrderId",
		i.symbol,
		a.code AS asset,
		i.contract,
		(ARRAY['buy', 'sell'])[o.side + 1] AS side,
		(ARRAY['limit', 'market', 'stop', 'stop_limit', 'take_profit'])[o.type + 1] AS type,
		(ARRAY['day', 'gtc', 'gtd', 'ioc', 'fok'])[o.time_in_force + 1] AS "timeInForce",
		CASE WHEN o.type IN (0, 3) THEN trim_scale(o.price)::text END AS price,
		trim_scale(o.stop_price)::text AS "stopPrice",
		trim_scale(o.quantity)::text AS quantity,
		trim_scale(o.quantity)::text AS amount,
		trim_scale(o.filled)::text AS filled,
		CASE WHEN o.status IN (0, 1, 7) THEN trim_scale(o.quantity - o.filled)::text ELSE '0' END AS remaining,
		CASE WHEN o.filled > 0 THEN trim_scale(round(o.filled_value / (o.filled * i.multiplier), 8))::text END AS "averagePrice",
		trim_scale(o.commission)::text AS commission,
		(ARRAY['open', 'partially_filled', 'filled', 'cancelled', 'expired', 'rejected', 'pending', 'untriggered'])[o.status + 1] AS status,
		tradepost_internal.reason_text(o.reason) AS reason,
		o.flags & 1 = 1 AS "postOnly",
		(ARRAY['cancel_taker', 'cancel_maker', 'cancel_both', 'decrement', 'none'])[o.stp + 1] AS stp,
		o.link_id AS "linkedOrder",
		o.parent_id AS "parentOrder",
		tradepost_internal.iso(o.created_at) AS "createdAt",
		tradepost_internal.iso(o.updated_at) AS "updatedAt",
		CASE WHEN isfinite(o.expires_at) THEN tradepost_internal.iso(o.expires_at) END AS "expiresAt") x) AS json
FROM tradepost_internal.orders o
LEFT JOIN tradepost_internal.instruments i ON i.id = o.instrument
LEFT JOIN tradepost_internal.assets a ON a.id = i.asset
LEFT JOIN tradepost_internal.commands c ON c.id = o.id;
COMMENT ON VIEW tradepost_internal.edge_orders IS 'Orders as clients of the edge see them; whoever reads it sees to it that what it shows is durable()';
COMMENT ON COLUMN tradepost_internal.edge_orders.id IS 'Number of the order';
COMMENT ON COLUMN tradepost_internal.edge_orders.account IS 'Account that it trades for';
COMMENT ON COLUMN tradepost_internal.edge_orders.instrument IS 'Instrument';
COMMENT ON COLUMN tradepost_internal.edge_orders.side IS '0 buy, 1 sell';
COMMENT ON COLUMN tradepost_internal.edge_orders.status IS 'tradepost.order_status: position';
COMMENT ON COLUMN tradepost_internal.edge_orders.json IS 'The order';

CREATE OR REPLACE FUNCTION tradepost_internal.edge_order_id(args jsonb, of_account bigint)
	RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	given  text := args ->> 'param';
	wanted bigint := CASE WHEN given ~ '^[0-9]{1,18}$' THEN given::bigint END;
BEGIN
	-- Asked for a moment ago it has a command, but no row yet.
	IF NOT EXISTS (SELECT FROM tradepost_internal.orders o WHERE o.id = wanted AND o.account = of_account)
		AND NOT EXISTS (SELECT FROM tradepost_internal.commands c WHERE c.id = wanted AND c.account = of_account AND c.kind = 1)
	THEN
		-- Another's order and one that never was are the same to the caller.
		RAISE EXCEPTION USING ERRCODE = '@tradepost_order_unknown@', MESSAGE = format('order %s is unknown', coalesce('"' || left(given, 64) || '"', 'null')),
			HINT = 'GET orders lists yours.';
	END IF;
	RETURN wanted;
END
$$;
COMMENT ON FUNCTION tradepost_internal.edge_order_id(jsonb, bigint) IS 'The order that the path names, if it is this account''s; else TP021';

CREATE OR REPLACE FUNCTION tradepost_edge.orders_list(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET jit = off
AS $$
DECLARE
	-- Looked at in one call at most, where not every order is wanted.
	most     CONSTANT integer := 10000;
	asking   tradepost_internal.users := tradepost_edge.caller(user_id, session_id);
	query    jsonb := args -> 'query';
	lines    integer;
	below    bigint;
	above    bigint := 0;
	wanted   text;
	statuses smallint[];
	sides    smallint;
	of       integer[];
	found_ids  bigint[];
	found_json json[];
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{limit,cursor,status,symbol,asset,contract,side}');
	lines := tradepost_internal.edge_whole(query, 'limit', 1, 200, 50);
	below := tradepost_internal.edge_place(query);
	wanted := tradepost_internal.edge_choice(query, 'status', '{active,open,partially_filled,filled,cancelled,expired,rejected,untriggered}');
	statuses := CASE wanted WHEN 'active' THEN '{0,1,7}' ELSE ARRAY[array_position('{open,partially_filled,filled,cancelled,expired,rejected,pending,untriggered}'::text[], wanted) - 1] END;
	sides := array_position('{buy,sell}'::text[], tradepost_internal.edge_choice(query, 'side', '{buy,sell}')) - 1;
	of := tradepost_internal.edge_instruments(query, asking.tenant);
	PERFORM tradepost_internal.durable();
	IF wanted IS NOT NULL OR sides IS NOT NULL OR of IS NOT NULL THEN
		above := coalesce((SELECT o.id FROM tradepost_internal.orders o WHERE (o.account, o.id) < (asking.account, below) AND (o.account, o.id) > (asking.account, 0)
			ORDER BY o.account DESC, o.id DESC OFFSET most LIMIT 1), 0);
	END IF;
	-- The inner query finds them by the index on account and id, which alone has rows in this order; only these are made into JSON.
	SELECT array_agg(p.id ORDER BY p.id DESC), array_agg(p.json ORDER BY p.id DESC) INTO found_ids, found_json
	FROM (SELECT x.id, v.json
		FROM (SELECT o.id FROM tradepost_internal.orders o
			WHERE (o.account, o.id) < (asking.account, below) AND (o.account, o.id) > (asking.account, above) AND (wanted IS NULL OR o.status = ANY (statuses)) AND (sides IS NULL OR o.side = sides)
				AND (of IS NULL OR o.instrument = ANY (of))
			ORDER BY o.account DESC, o.id DESC LIMIT lines + 1) x
		CROSS JOIN LATERAL (SELECT e.json FROM tradepost_internal.edge_orders e WHERE e.id = x.id OFFSET 0) v) p;
	RETURN json_build_object('orders', coalesce(array_to_json(found_json[1:lines]), '[]'),
		'nextCursor', tradepost_internal.edge_cursor(CASE WHEN cardinality(found_ids) > lines THEN found_ids[lines] WHEN above > 0 THEN above + 1 END));
END
$$;
COMMENT ON FUNCTION tradepost_edge.orders_list(bigint, bigint, jsonb) IS
'GET orders: the caller''s, newest first: {"orders": [...], "nextCursor"}. Query: limit (1 to 200, default 50), cursor, status (a state, or active: open, partially_filled and untriggered), symbol, asset, contract, side. With a filter a page may hold
fewer than limit and have a cursor: it has looked at 10000 orders. Errors: TP001, TP005, TP016.';

CREATE OR REPLACE FUNCTION tradepost_edge.order_get(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking   tradepost_internal.users := tradepost_edge.caller(user_id, session_id);
	order_id bigint := tradepost_internal.edge_order_id(args, asking.account);
	found    json;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}');
	PERFORM tradepost_internal.durable();
	SELECT e.json INTO found FROM tradepost_internal.edge_orders e WHERE e.id = order_id AND e.account = asking.account;
	IF found IS NULL THEN
		found := tradepost_internal.edge_pending_order(order_id);
	END IF;
	RETURN json_build_object('order', found);
END
$$;
COMMENT ON FUNCTION tradepost_edge.order_get(bigint, bigint, jsonb) IS
'GET orders/:id: {"order"}; one that the engine has not decided yet has status pending. Errors: TP005, TP016, TP021 the caller has no such order.';

CREATE OR REPLACE FUNCTION tradepost_internal.edge_pending_order(order_id bigint)
	RETURNS json LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT row_to_json(x) FROM (SELECT
		c.id, c.client_order_id AS "clientOrderId", i.symbol, a.code AS asset, i.contract,
		(ARRAY['buy', 'sell'])[c.side + 1] AS side, (ARRAY['limit', 'market', 'stop', 'stop_limit', 'take_profit'])[c.type + 1] AS type,
		(ARRAY['day', 'gtc', 'gtd', 'ioc', 'fok'])[c.time_in_force + 1] AS "timeInForce",
		trim_scale(c.price)::text AS price, trim_scale(c.stop_price)::text AS "stopPrice", trim_scale(c.quantity)::text AS quantity, trim_scale(c.quantity)::text AS amount,
		'0'::text AS filled, trim_scale(c.quantity)::text AS remaining, NULL::text AS "averagePrice", '0'::text AS commission,
		'pending'::text AS status, NULL::text AS reason, c.flags & 1 = 1 AS "postOnly",
		(ARRAY['cancel_taker', 'cancel_maker', 'cancel_both', 'decrement', 'none'])[c.stp + 1] AS stp,
		nullif(c.link_id, 0) AS "linkedOrder", nullif(c.parent_id, 0) AS "parentOrder",
		tradepost_internal.iso(c.created_at) AS "createdAt", tradepost_internal.iso(c.created_at) AS "updatedAt",
		tradepost_internal.iso(c.expires_at) AS "expiresAt"
	FROM tradepost_internal.commands c
	LEFT JOIN tradepost_internal.instruments i ON i.id = c.instrument
	LEFT JOIN tradepost_internal.assets a ON a.id = i.asset
	WHERE c.id = edge_pending_order.order_id) x;
END;
COMMENT ON FUNCTION tradepost_internal.edge_pending_order(bigint) IS 'An order that was asked for and is not decided: status pending, which is no state of the engine''s';

CREATE OR REPLACE FUNCTION tradepost_edge.order_cancel(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking   tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'trade');
	order_id bigint := tradepost_internal.edge_order_id(args, asking.account);
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}');
	RETURN json_build_object('command', tradepost.cancel_order(asking.account, order_id), 'order', order_id);
END
$$;
COMMENT ON FUNCTION tradepost_edge.order_cancel(bigint, bigint, jsonb) IS 'DELETE orders/:id: {"command": its id, "order"}; decided after commit. Errors: TP005, TP016, TP021.';

CREATE OR REPLACE FUNCTION tradepost_edge.order_amend(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking   tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'trade');
	order_id bigint := tradepost_internal.edge_order_id(args, asking.account);
	body     jsonb := args -> 'body';
	total    numeric;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}', '{price,quantity,amount,stopPrice}');
	IF body ->> 'quantity' IS NOT NULL AND body ->> 'amount' IS NOT NULL THEN
		PERFORM tradepost_internal.refuse('quantity and amount are the same, and both were given', 'Give one of them.');
	END IF;
	total := coalesce(tradepost_internal.edge_decimal(body, 'quantity'), tradepost_internal.edge_decimal(body, 'amount'));
	RETURN json_build_object('command', tradepost.amend_order(asking.account, order_id, total, tradepost_internal.edge_decimal(body, 'price'),
		tradepost_internal.edge_decimal(body, 'stopPrice')), 'order', order_id);
END
$$;
COMMENT ON FUNCTION tradepost_edge.order_amend(bigint, bigint, jsonb) IS
'PATCH orders/:id: {"command": its id, "order"}; decided after commit. Body: price, quantity (or amount: the new total, filled part included), stopPrice (of an untriggered order). Errors: TP005, TP006, TP016, TP021.';

CREATE OR REPLACE FUNCTION tradepost_edge.orders_cancel_all(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'trade');
	wanted text;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{symbol,asset,contract}', '{symbol,asset,contract}');
	wanted := tradepost_internal.edge_symbol(CASE WHEN jsonb_typeof(args -> 'query') = 'object' THEN args -> 'query' ELSE '{}' END
		|| CASE WHEN jsonb_typeof(args -> 'body') = 'object' THEN args -> 'body' ELSE '{}' END, asking.tenant);
	RETURN json_build_object('command', tradepost.cancel_all(asking.account, wanted), 'symbol', wanted);
END
$$;
COMMENT ON FUNCTION tradepost_edge.orders_cancel_all(bigint, bigint, jsonb) IS
'DELETE orders: {"command": its id, "symbol"}; cancels all open and untriggered orders of the caller, or those in one instrument: symbol, or asset and contract, in query or body. Errors: TP001, TP005, TP016.';

CREATE OR REPLACE FUNCTION tradepost_edge.cancel_on_disconnect(user_id bigint)
	RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	of_account bigint := (SELECT u.account FROM tradepost_internal.users u WHERE u.id = cancel_on_disconnect.user_id);
BEGIN
	-- No session is looked at: the socket may have gone because its session did.
	RETURN CASE WHEN of_account IS NOT NULL THEN tradepost.cancel_all(of_account) END;
END
$$;
COMMENT ON FUNCTION tradepost_edge.cancel_on_disconnect(bigint) IS
'Asks to cancel all open and untriggered orders of a user whose socket is gone, as its session had wished; returns the command''s id, NULL for a user without account.';
