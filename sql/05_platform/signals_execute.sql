-- Executing signals: the entry and its two protective orders, in one transaction with
-- the row that says so.
--
-- The orders are one bracket, which the engine decides as a whole: an entry that it
-- rejects takes both others with it.  What is told of an execution is read from its
-- orders, so that it is never out of date.

CREATE OR REPLACE VIEW tradepost_internal.edge_executions WITH (security_invoker = true) AS
SELECT e.id, e.user_id, e.signal, e.entry_order,
	CASE
		WHEN o.id IS NULL THEN 'pending'
		WHEN t.status = 2 OR p.status = 2 THEN 'closed'
		ELSE (ARRAY['open', 'partially_filled', 'filled', 'cancelled', 'expired', 'rejected'])[o.status + 1]
	END AS status,
	coalesce(o.status IN (3, 4, 5) AND o.filled = 0, false) AS fruitless,
	(SELECT row_to_json(x) FROM (SELECT
		e.id, e.signal, i.symbol, (ARRAY['buy', 'sell'])[s.side + 1] AS type, trim_scale(e.volume)::text AS volume, trim_scale(e.volume * i.contract_size)::text AS quantity,
		CASE WHEN e.market THEN 'market' ELSE 'limit' END AS "orderType",
		CASE
			WHEN o.id IS NULL THEN 'pending'
			WHEN t.status = 2 OR p.status = 2 THEN 'closed'
			ELSE (ARRAY['open', 'partially_filled', 'filled', 'cancelled', 'expired', 'rejected'])[o.status + 1]
		END AS status,
		CASE WHEN t.status = 2 THEN 'hit_target' WHEN p.status = 2 THEN 'hit_stop' END AS outcome,
		tradepost_internal.reason_text(o.reason) AS reason,
		trim_scale(coalesce(o.filled, 0))::text AS filled,
		CASE WHEN o.filled > 0 THEN trim_scale(round(o.filled_value / (o.filled * i.multiplier), 8))::text END AS "averagePrice",
		(SELECT row_to_json(y) FROM (SELECT e.entry_order AS entry, e.stop_order AS "stopLoss", e.target_order AS "takeProfit") y) AS orders,
		s.source, e.client_order_id AS "clientOrderId", NULL::bigint AS "mt5AccountId",
		tradepost_internal.iso(e.created_at) AS "createdAt") x) AS json
FROM tradepost_internal.signal_executions e
JOIN tradepost_internal.signals s ON s.id = e.signal
JOIN tradepost_internal.instruments i ON i.id = s.instrument
LEFT JOIN tradepost_internal.orders o ON o.id = e.entry_order
LEFT JOIN tradepost_internal.orders p ON p.id = e.stop_order
LEFT JOIN tradepost_internal.orders t ON t.id = e.target_order;
COMMENT ON VIEW tradepost_internal.edge_executions IS 'Executions of signals as clients of the edge see them; whoever reads it sees to it that what it shows is durable()';
COMMENT ON COLUMN tradepost_internal.edge_executions.id IS 'Number of the execution';
COMMENT ON COLUMN tradepost_internal.edge_executions.user_id IS 'Whose it is';
COMMENT ON COLUMN tradepost_internal.edge_executions.signal IS 'Signal';
COMMENT ON COLUMN tradepost_internal.edge_executions.entry_order IS 'Order that gets in';
COMMENT ON COLUMN tradepost_internal.edge_executions.status IS 'pending: not decided; closed: a protective order has traded; else the entry''s';
COMMENT ON COLUMN tradepost_internal.edge_executions.fruitless IS 'Whether the entry ended without a trade';
COMMENT ON COLUMN tradepost_internal.edge_executions.json IS 'The execution';

CREATE OR REPLACE FUNCTION tradepost_internal.execution_answer(execution_id bigint, repeated boolean)
	RETURNS json LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
	SELECT json_build_object('execution', e.json, 'repeated', repeated) FROM tradepost_internal.edge_executions e WHERE e.id = execution_id
$$;
COMMENT ON FUNCTION tradepost_internal.execution_answer(bigint, boolean) IS 'What executing a signal is answered with';

CREATE OR REPLACE FUNCTION tradepost_internal.execution_before(asking tradepost_internal.users, signal bigint, key text)
	RETURNS tradepost_internal.signal_executions LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
	SELECT e.* FROM tradepost_internal.signal_executions e
		WHERE key IS NOT NULL AND e.user_id = asking.id AND e.client_order_id = key
	UNION ALL
	(SELECT e.* FROM tradepost_internal.signal_executions e
		WHERE key IS NULL AND e.user_id = asking.id AND e.signal = execution_before.signal AND e.attempt IS NOT NULL ORDER BY e.attempt DESC LIMIT 1)
$$;
COMMENT ON FUNCTION tradepost_internal.execution_before(tradepost_internal.users, bigint, text) IS 'The user''s execution under this key; without one, the last try of this signal';

CREATE OR REPLACE FUNCTION tradepost_edge.signal_execute(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking  tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'trade');
	body    jsonb := coalesce(nullif(args -> 'body', 'null'), '{}');
	s       tradepost_internal.signals;
	i       tradepost_internal.instruments;
	before  tradepost_internal.signal_executions;
	mine    tradepost_internal.mt5_accounts;
	key     text;
	by_market boolean;
	lots    numeric;
	tried   integer;
	made    bigint;
	orders  bigint[];
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}', '{signalId,signal_id,volume,orderType,order_type,mt5AccountId,mt5_account_id,clientOrderId,client_order_id}');
	body := tradepost_internal.signal_renamed(tradepost_internal.signal_renamed(tradepost_internal.signal_renamed(tradepost_internal.signal_renamed(body,
		'signalId', 'signal_id'), 'orderType', 'order_type'), 'mt5AccountId', 'mt5_account_id'), 'clientOrderId', 'client_order_id');
	IF body ->> 'signalId' IS NULL THEN
		PERFORM tradepost_internal.refuse('signalId must be given', 'GET trading/signals lists those that you see.');
	END IF;
	s := tradepost_internal.signal_seen(asking, body ->> 'signalId');
	SELECT x.* INTO i FROM tradepost_internal.instruments x WHERE x.id = s.instrument;
	by_market := coalesce(tradepost_internal.edge_choice(body, 'orderType', '{limit,market}'), 'limit') = 'market';
	lots := tradepost_internal.signal_volume(CASE WHEN body ->> 'volume' IS NULL THEN s.volume ELSE tradepost_internal.edge_decimal(body, 'volume') END, i);
	key := tradepost_internal.edge_text(body, 'clientOrderId');
	IF length(key) NOT BETWEEN 1 AND 128 OR octet_length(key) > 128 THEN
		PERFORM tradepost_internal.refuse(format('clientOrderId has %s bytes, and must have 1 to 128', octet_length(key)), 'The same one again is the same execution.');
	END IF;

	IF body ->> 'mt5AccountId' IS NOT NULL THEN
		SELECT a.* INTO mine FROM tradepost_internal.mt5_accounts a WHERE a.id = tradepost_internal.signal_number(body ->> 'mt5AccountId') AND a.user_id = asking.id;
		IF mine.id IS NULL THEN
			PERFORM tradepost_internal.signal_unknown('MT5 account', body ->> 'mt5AccountId', 'GET trading/mt5-accounts lists yours.');
		END IF;
		RAISE EXCEPTION USING ERRCODE = '@tradepost_terminal_not_connected@', MESSAGE = format('no MetaTrader terminal is connected for MT5 account %s (%s at %s)', mine.id, mine.login, mine.server),
			HINT = 'Nothing was placed. Leave mt5AccountId out to execute the signal here.';
	ELSIF asking.account IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_account_unknown@', MESSAGE = format('user %s has no trading account', asking.id), HINT = 'An administrator opens one.';
	END IF;

	-- The same again is the same execution, whatever has become of the signal since.
	PERFORM tradepost_internal.durable();
	LOOP
		before := tradepost_internal.execution_before(asking, s.id, key);
		tried := coalesce(before.attempt, 0);
		IF before.id IS NOT NULL AND (key IS NOT NULL OR NOT (SELECT e.fruitless FROM tradepost_internal.edge_executions e WHERE e.id = before.id)) THEN
			IF before.signal <> s.id OR before.volume <> lots OR before.market <> by_market THEN
				RAISE EXCEPTION USING ERRCODE = '@tradepost_key_reused@', MESSAGE = CASE WHEN key IS NULL
						THEN format('signal %s was executed already, by execution %s, with another volume or orderType', s.id, before.id)
						ELSE format('clientOrderId "%s" was used already, by execution %s, with another signal, volume or orderType', left(key, 64), before.id) END,
					HINT = 'Another clientOrderId executes it once more.';
			END IF;
			RETURN tradepost_internal.execution_answer(before.id, true);
		END IF;
		IF s.status NOT IN (0, 1) OR s.expires_at <= clock_timestamp() THEN
			RAISE EXCEPTION USING ERRCODE = '@tradepost_conflict@', MESSAGE = format('signal %s is %s since %s', s.id, CASE s.status WHEN 2 THEN 'closed' WHEN 4 THEN 'cancelled' ELSE 'expired' END,
					tradepost_internal.iso(coalesce(s.closed_at, s.expires_at))),
				HINT = 'Only an active or triggered signal can be executed.';
		END IF;
		-- Two at once: the second waits here for the first, and then finds it.
		INSERT INTO tradepost_internal.signal_executions AS e (user_id, account, signal, attempt, market, volume, client_order_id)
			VALUES (asking.id, asking.account, s.id, CASE WHEN key IS NULL THEN tried + 1 END, by_market, lots, key) ON CONFLICT DO NOTHING RETURNING e.id INTO made;
		EXIT WHEN made IS NOT NULL;
	END LOOP;

	-- A limit that never gets in ends with the signal.
	orders := tradepost.place_bracket(asking.account, i.symbol, (ARRAY['buy', 'sell']::tradepost.side[])[s.side + 1], lots * i.contract_size,
		CASE WHEN NOT by_market THEN s.entry_price END, s.stop_loss, s.take_profit,
		time_in_force => CASE WHEN by_market THEN 'ioc' ELSE 'gtd' END::tradepost.time_in_force,
		client_order_id => key, expires_at => CASE WHEN NOT by_market THEN s.expires_at END);
	UPDATE tradepost_internal.signal_executions e SET entry_order = orders[1], stop_order = orders[2], target_order = orders[3] WHERE e.id = made;
	INSERT INTO tradepost_internal.order_sources (order_id, signal, source) SELECT o.id, s.id, s.source FROM unnest(orders) o (id);
	RETURN tradepost_internal.execution_answer(made, false);
END
$$;
COMMENT ON FUNCTION tradepost_edge.signal_execute(bigint, bigint, jsonb) IS
'POST trading/signals/execute: {"execution", "repeated"}: places the entry and the orders at the signal''s stop and target for the caller''s account, all or none; decided after commit, see execution_get(). Body:
signalId, volume (default the signal''s), orderType (limit at entry_price until the signal expires, or market; default limit), clientOrderId (up to 128 bytes; the same again is the same execution), mt5AccountId;
with underscores as well. Without clientOrderId a signal is executed once: the same again is the same execution, unless the entry of that one ended without a trade. Errors: TP005, TP007 the key or
the signal with another volume or orderType, TP016, TP024, TP027 no such signal or MT5 account is the caller''s to use, TP028 the signal has ended, TP029 no terminal is connected for that MT5
account, and those of tradepost.place_bracket().';

CREATE OR REPLACE FUNCTION tradepost_edge.execution_get(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	-- A key that may only trade executes signals too, and is told what became of it.
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id,
		CASE WHEN EXISTS (SELECT FROM tradepost_internal.sessions s WHERE s.id = session_id AND s.scopes @> '{trade}' AND NOT s.scopes @> '{read}') THEN 'trade' ELSE 'read' END);
	found  json;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}');
	PERFORM tradepost_internal.durable();
	SELECT e.json INTO found FROM tradepost_internal.edge_executions e WHERE e.id = tradepost_internal.signal_number(args ->> 'param') AND e.user_id = asking.id;
	IF found IS NULL THEN
		PERFORM tradepost_internal.signal_unknown('execution', args ->> 'param', 'GET trading/executions lists yours.');
	END IF;
	RETURN json_build_object('execution', found);
END
$$;
COMMENT ON FUNCTION tradepost_edge.execution_get(bigint, bigint, jsonb) IS 'GET trading/executions/:id: {"execution"} as it is now. Errors: TP005, TP016, TP027.';

CREATE OR REPLACE FUNCTION tradepost_edge.executions_list(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET jit = off
AS $$
DECLARE
	asking     tradepost_internal.users := tradepost_edge.caller(user_id, session_id);
	query      jsonb := args -> 'query';
	lines      integer;
	below      bigint;
	wanted     bigint;
	found_ids  bigint[];
	found_json json[];
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{signal,limit,cursor}');
	lines := tradepost_internal.edge_whole(query, 'limit', 1, 200, 50);
	below := tradepost_internal.edge_place(query);
	IF query ->> 'signal' IS NOT NULL THEN
		wanted := tradepost_internal.signal_number(query ->> 'signal');
		IF wanted IS NULL THEN
			PERFORM tradepost_internal.refuse(format('signal is %s, and must be the number of a signal', left((query -> 'signal')::text, 64)), 'GET trading/signals lists them.');
		END IF;
	END IF;
	PERFORM tradepost_internal.durable();
	IF wanted IS NULL THEN
		found_ids := ARRAY(SELECT e.id FROM tradepost_internal.signal_executions e
			WHERE (e.user_id, e.id) < (asking.id, below) AND (e.user_id, e.id) > (asking.id, 0) ORDER BY e.user_id DESC, e.id DESC LIMIT lines + 1);
	ELSE
		found_ids := ARRAY(SELECT e.id FROM tradepost_internal.signal_executions e
			WHERE e.signal = wanted AND e.user_id = asking.id AND e.id < below ORDER BY e.id DESC LIMIT lines + 1);
	END IF;
	SELECT array_agg(v.json ORDER BY f.n) INTO found_json FROM unnest(found_ids[1:lines]) WITH ORDINALITY f (id, n)
		CROSS JOIN LATERAL (SELECT e.json FROM tradepost_internal.edge_executions e WHERE e.id = f.id OFFSET 0) v;
	RETURN json_build_object('executions', coalesce(array_to_json(found_json), '[]'),
		'nextCursor', tradepost_internal.edge_cursor(CASE WHEN cardinality(found_ids) > lines THEN found_ids[lines] END));
END
$$;
COMMENT ON FUNCTION tradepost_edge.executions_list(bigint, bigint, jsonb) IS
'GET trading/executions: the caller''s, newest first: {"executions": [...], "nextCursor"}. Query: signal, limit (1 to 200, default 50), cursor. Errors: TP005, TP016.';
