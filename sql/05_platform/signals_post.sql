-- Posting signals, singly and in batches, and withdrawing them.
--
-- A batch is all or none: each signal is read and checked before the first is stored.
-- A stored one is handed to the follower through new_signals, which arms its watches
-- (see signals_judge.sql), and to the proxies and their sockets through push_queue.

CREATE OR REPLACE FUNCTION tradepost_internal.signal_renamed(item jsonb, name text, other text)
	RETURNS jsonb LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	IF NOT item ? other THEN
		RETURN item;
	ELSIF item ? name THEN
		PERFORM tradepost_internal.refuse(format('%s and %s are the same, and both were given', name, other), 'Give one of them.');
	END IF;
	RETURN item - other || jsonb_build_object(name, item -> other);
END
$$;
COMMENT ON FUNCTION tradepost_internal.signal_renamed(jsonb, text, text) IS 'The object with this field under its first name; TP005 if it has both';

CREATE OR REPLACE FUNCTION tradepost_internal.signal_price(item jsonb, field text, i tradepost_internal.instruments)
	RETURNS numeric LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	price numeric := tradepost_internal.edge_decimal(item, field);
BEGIN
	IF price IS NULL THEN
		PERFORM tradepost_internal.refuse(format('%s must be given', field), 'A signal has entry_price, stop_loss and take_profit.');
	ELSIF price <= 0 AND NOT i.allow_negative THEN
		PERFORM tradepost_internal.refuse(format('%s %s of %s is not above zero', field, trim_scale(price), i.symbol), format('The lowest price is its tick, %s.', trim_scale(i.tick)));
	ELSIF abs(price) > i.max_price THEN
		PERFORM tradepost_internal.refuse(format('%s %s of %s is beyond its limit of %s', field, trim_scale(price), i.symbol, trim_scale(i.max_price)),
			'The instrument''s maxPrice sets this limit.');
	ELSIF mod(price, i.tick) <> 0 THEN
		PERFORM tradepost_internal.refuse(format('%s %s of %s is not a multiple of its tick %s', field, trim_scale(price), i.symbol, trim_scale(i.tick)),
			format('The nearest towards zero is %s.', trim_scale(trunc(price / i.tick) * i.tick)));
	END IF;
	RETURN price;
END
$$;
COMMENT ON FUNCTION tradepost_internal.signal_price(jsonb, text, tradepost_internal.instruments) IS 'A price of the instrument; TP005 if it cannot be one';

CREATE OR REPLACE FUNCTION tradepost_internal.signal_volume(volume numeric, i tradepost_internal.instruments)
	RETURNS numeric LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	quantity numeric := volume * i.contract_size;
BEGIN
	IF volume IS NULL THEN
		PERFORM tradepost_internal.refuse('volume must be given', format('A volume of 1 in %s is a quantity of %s.', i.symbol, trim_scale(i.contract_size)));
	ELSIF volume <= 0 THEN
		PERFORM tradepost_internal.refuse(format('volume %s is not above zero', trim_scale(volume)),
			format('The smallest of %s is %s, its lot of %s.', i.symbol, trim_scale(i.lot / i.contract_size), trim_scale(i.lot)));
	ELSIF quantity > i.max_quantity THEN
		PERFORM tradepost_internal.refuse(format('volume %s of %s is a quantity of %s, above its limit of %s', trim_scale(volume), i.symbol, trim_scale(quantity), trim_scale(i.max_quantity)),
			'The instrument''s maxQuantity sets this limit.');
	ELSIF mod(quantity, i.lot) <> 0 THEN
		PERFORM tradepost_internal.refuse(format('volume %s of %s is a quantity of %s, which is not a multiple of its lot %s', trim_scale(volume), i.symbol, trim_scale(quantity), trim_scale(i.lot)),
			format('The nearest volume below is %s.', trim_scale(trunc(quantity / i.lot) * i.lot / i.contract_size)));
	END IF;
	RETURN volume;
END
$$;
COMMENT ON FUNCTION tradepost_internal.signal_volume(numeric, tradepost_internal.instruments) IS 'The volume, if an order of the instrument can have it; else TP005';

CREATE OR REPLACE FUNCTION tradepost_internal.signal_read(item jsonb, asking tradepost_internal.users, moment timestamptz, made_by text)
	RETURNS tradepost_internal.signals LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	fields CONSTANT text[] := '{symbol,type,entry_price,stop_loss,take_profit,volume,confidence,reasoning,access,source,expires_at}';
	name text;
	i    tradepost_internal.instruments;
	s    tradepost_internal.signals;
	less boolean;
BEGIN
	IF jsonb_typeof(item) <> 'object' THEN
		PERFORM tradepost_internal.refuse(format('a signal is %s, and must be an object', jsonb_typeof(item)), format('It takes: %s.', array_to_string(fields, ', ')));
	END IF;
	item := tradepost_internal.signal_renamed(tradepost_internal.signal_renamed(tradepost_internal.signal_renamed(tradepost_internal.signal_renamed(item,
		'entry_price', 'entryPrice'), 'stop_loss', 'stopLoss'), 'take_profit', 'takeProfit'), 'expires_at', 'expiresAt');
	FOR name IN SELECT k FROM jsonb_object_keys(item) k WHERE k <> ALL (fields) LIMIT 1 LOOP
		PERFORM tradepost_internal.refuse(format('field "%s" is unknown', left(name, 64)), format('A signal takes: %s.', array_to_string(fields, ', ')));
	END LOOP;

	name := tradepost_internal.edge_text(item, 'symbol');
	IF name IS NULL THEN
		PERFORM tradepost_internal.refuse('symbol must be given', 'GET instruments lists what is traded.');
	END IF;
	i := tradepost_internal.signal_instrument(asking, name);
	IF (SELECT x.status FROM tradepost_internal.instrument_state x WHERE x.instrument = i.id) = 2 THEN
		PERFORM tradepost_internal.refuse(format('symbol "%s" has expired', i.symbol), 'It trades no more.');
	END IF;
	s.instrument := i.id;
	s.side := array_position('{buy,sell}'::text[], tradepost_internal.edge_choice(item, 'type', '{buy,sell}')) - 1;
	IF s.side IS NULL THEN
		PERFORM tradepost_internal.refuse('type must be given', 'It is buy or sell.');
	END IF;
	s.entry_price := tradepost_internal.signal_price(item, 'entry_price', i);
	s.stop_loss := tradepost_internal.signal_price(item, 'stop_loss', i);
	s.take_profit := tradepost_internal.signal_price(item, 'take_profit', i);
	less := s.side = 0;
	IF less AND s.stop_loss >= s.entry_price OR NOT less AND s.stop_loss <= s.entry_price THEN
		PERFORM tradepost_internal.refuse(format('stop_loss %s of a %s signal must be %s entry_price %s', trim_scale(s.stop_loss), CASE WHEN less THEN 'buy' ELSE 'sell' END,
			CASE WHEN less THEN 'below' ELSE 'above' END, trim_scale(s.entry_price)), 'It is where the signal has failed.');
	ELSIF less AND s.take_profit <= s.entry_price OR NOT less AND s.take_profit >= s.entry_price THEN
		PERFORM tradepost_internal.refuse(format('take_profit %s of a %s signal must be %s entry_price %s', trim_scale(s.take_profit), CASE WHEN less THEN 'buy' ELSE 'sell' END,
			CASE WHEN less THEN 'above' ELSE 'below' END, trim_scale(s.entry_price)), 'It is where the signal has come true.');
	END IF;
	s.volume := tradepost_internal.signal_volume(tradepost_internal.edge_decimal(item, 'volume'), i);

	s.confidence := tradepost_internal.edge_decimal(item, 'confidence');
	IF s.confidence IS NULL THEN
		PERFORM tradepost_internal.refuse('confidence must be given', 'It is percent: 0 to 100.');
	ELSIF s.confidence NOT BETWEEN 0 AND 100 OR s.confidence <> trunc(s.confidence, 2) THEN
		PERFORM tradepost_internal.refuse(format('confidence is %s, and must be between 0 and 100, with two decimals at most', trim_scale(s.confidence)), 'It is percent, such as 85.');
	END IF;
	s.reasoning := tradepost_internal.edge_text(item, 'reasoning');
	IF length(s.reasoning) > 4000 THEN
		PERFORM tradepost_internal.refuse(format('reasoning has %s characters, and may have 4000 at most', length(s.reasoning)), 'Say it in fewer words.');
	END IF;
	s.access := coalesce(array_position('{basic,advanced}'::text[], tradepost_internal.edge_choice(item, 'access', '{basic,advanced}')), 1) - 1;
	s.source := coalesce(tradepost_internal.edge_text(item, 'source'), made_by);
	IF s.source !~ '^[^[:cntrl:][:space:]]([^[:cntrl:]]{0,62}[^[:cntrl:][:space:]])?$' THEN
		PERFORM tradepost_internal.refuse(format('source must have 1 to 64 characters, none of them a control character, and no space at its ends, not "%s"', left(s.source, 80)),
			'Such as the name of the model that made it. Without it, it is manual, or api with a key.');
	END IF;
	s.expires_at := coalesce(tradepost_internal.edge_time(item, 'expires_at'), moment + interval '24 hours');
	IF s.expires_at <= moment THEN
		PERFORM tradepost_internal.refuse(format('expires_at %s is in the past', tradepost_internal.iso(s.expires_at)), 'Without it, a signal lives for 24 hours.');
	ELSIF s.expires_at > moment + interval '30 days' THEN
		PERFORM tradepost_internal.refuse(format('expires_at %s is more than 30 days ahead', tradepost_internal.iso(s.expires_at)), 'Without it, a signal lives for 24 hours.');
	END IF;
	s.tenant := asking.tenant;
	s.author := asking.id;
	s.created_at := moment;
	s.status := 0;
	RETURN s;
END
$$;
COMMENT ON FUNCTION tradepost_internal.signal_read(jsonb, tradepost_internal.users, timestamptz, text) IS 'A signal out of JSON, checked; TP001 or TP005 with field, value and limit';

CREATE OR REPLACE FUNCTION tradepost_internal.signal_tier(access smallint)
	RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT f.tier FROM tradepost_internal.features f WHERE signal_tier.access = 1 AND f.feature = 'signals_advanced';
END;
COMMENT ON FUNCTION tradepost_internal.signal_tier(smallint) IS 'The least tier that is told of signals of this access; NULL: everybody';

CREATE OR REPLACE FUNCTION tradepost_edge.signals_post(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	most      CONSTANT integer := 500;
	asking    tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'trade');
	body      jsonb := args -> 'body';
	moment    timestamptz := clock_timestamp();
	-- Visible to us, so no trade after it was decided before we were asked.
	newest    bigint := coalesce((SELECT e.seq FROM tradepost_internal.events e ORDER BY e.seq DESC LIMIT 1), 0);
	made_by   text;
	items     jsonb;
	n         integer := 0;
	read      tradepost_internal.signals[] := '{}';
	found     json[];
	of_access smallint[];
	code      text;
	said      text;
	advice    text;
BEGIN
	PERFORM tradepost_internal.require_feature(asking.id, 'signals_publish');
	SELECT CASE s.kind WHEN 'key' THEN 'api' ELSE 'manual' END INTO made_by FROM tradepost_internal.sessions s WHERE s.id = session_id;
	IF body ? 'signals' THEN
		PERFORM tradepost_internal.edge_takes(args, '{}', '{signals}');
		items := body -> 'signals';
		IF jsonb_typeof(items) <> 'array' OR jsonb_array_length(items) NOT BETWEEN 1 AND most THEN
			PERFORM tradepost_internal.refuse(format('signals is %s, and must be an array of 1 to %s', CASE jsonb_typeof(items) WHEN 'array' THEN 'an array of ' || jsonb_array_length(items)
				ELSE jsonb_typeof(items) END, most), 'Post more of them in several calls; each is all or none.');
		END IF;
		BEGIN
			FOR n IN 1 .. jsonb_array_length(items) LOOP
				read := read || tradepost_internal.signal_read(items -> (n - 1), asking, moment, made_by);
			END LOOP;
		EXCEPTION WHEN SQLSTATE '@tradepost_invalid_order@' OR SQLSTATE '@tradepost_instrument_unknown@' THEN
			GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, said = MESSAGE_TEXT, advice = PG_EXCEPTION_HINT;
			RAISE EXCEPTION USING ERRCODE = code, MESSAGE = format('signals[%s]: %s', cardinality(read), said), HINT = format('%s None of them was posted.', advice);
		END;
	ELSE
		PERFORM tradepost_internal.edge_takes(jsonb_build_object('query', args -> 'query'), '{}');
		read := ARRAY[tradepost_internal.signal_read(coalesce(nullif(body, 'null'), '{}'), asking, moment, made_by)];
	END IF;

	WITH stored AS (
		INSERT INTO tradepost_internal.signals AS s (tenant, author, posted_seq, created_at, expires_at, instrument, side, access, entry_price, stop_loss, take_profit, volume,
				confidence, source, reasoning)
			SELECT r.tenant, r.author, newest, r.created_at, r.expires_at, r.instrument, r.side, r.access, r.entry_price, r.stop_loss, r.take_profit, r.volume,
				r.confidence, r.source, r.reasoning
			FROM unnest(read) r
			RETURNING s AS signal, s.id, s.access
	), told AS (
		INSERT INTO tradepost_internal.new_signals (signal) SELECT t.id FROM stored t
	)
	SELECT array_agg(tradepost_internal.signal_json(t.signal) ORDER BY t.id), array_agg(t.access ORDER BY t.id) INTO found, of_access FROM stored t;
	INSERT INTO tradepost_internal.push_queue (tenant, tier, channel, event, data)
		SELECT asking.tenant, tradepost_internal.signal_tier(f.access), 'signals', 'signal:created', f.json::text
		FROM unnest(found, of_access) WITH ORDINALITY f (json, access, n) ORDER BY f.n;
	PERFORM tradepost_internal.wake_follower();
	RETURN CASE WHEN items IS NULL THEN json_build_object('signal', found[1]) ELSE json_build_object('signals', array_to_json(found)) END;
END
$$;
COMMENT ON FUNCTION tradepost_edge.signals_post(bigint, bigint, jsonb) IS
'POST trading/signals: one signal, answered with {"signal"}, or {"signals": [...]}, 1 to 500, all or none, answered with {"signals": [...]} in the same order. Fields: symbol, type (buy, sell), entry_price, stop_loss,
take_profit, volume, confidence (0 to 100), reasoning (up to 4000 characters), access (basic, advanced; default basic), source (default manual; api with a key), expires_at (default in 24 hours, at most 30 days
ahead); entryPrice, stopLoss, takeProfit, expiresAt as well. Needs feature signals_publish. Errors: TP001, TP005, TP016, TP017, TP024.';

CREATE OR REPLACE FUNCTION tradepost_internal.signals_changed(ids bigint[])
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off
AS $$
BEGIN
	IF coalesce(cardinality(ids), 0) = 0 THEN
		RETURN;
	END IF;
	INSERT INTO tradepost_internal.push_queue (tenant, tier, channel, event, data)
		SELECT s.tenant, tradepost_internal.signal_tier(s.access), 'signals', 'signal:updated', tradepost_internal.signal_json(s)::text
		FROM tradepost_internal.signals s WHERE s.id = ANY (ids) ORDER BY s.id;
	PERFORM tradepost_internal.wake_follower();
	-- Whom it concerns: its author, and who executed it.
	PERFORM tradepost_internal.notify_users(array_agg(x.user_id), array_agg('signals'::text), array_agg(format('Signal %s %s: %s', x.id, x.symbol, x.became)),
			array_agg(format('%s %s at %s, stop %s, target %s: %s.', x.type, x.symbol, x.entry, x.stop, x.target, x.became)),
			array_agg(jsonb_build_object('signal', x.id, 'symbol', x.symbol, 'status', x.status, 'outcome', x.outcome, 'type', x.type,
				'entry_price', x.entry::text, 'stop_loss', x.stop::text, 'take_profit', x.target::text)))
		FROM (SELECT s.id, c.user_id, i.symbol, (ARRAY['buy', 'sell'])[s.side + 1] AS type,
				trim_scale(s.entry_price) AS entry, trim_scale(s.stop_loss) AS stop, trim_scale(s.take_profit) AS target,
				coalesce((ARRAY['hit its target', 'hit its stop', 'expired'])[s.outcome + 1], (ARRAY['active', 'entry reached', '', '', 'cancelled'])[s.status + 1]) AS became,
				(ARRAY['active', 'triggered', 'closed', 'expired', 'cancelled'])[s.status + 1] AS status, (ARRAY['hit_target', 'hit_stop', 'expired'])[s.outcome + 1] AS outcome
			FROM tradepost_internal.signals s
			JOIN tradepost_internal.instruments i ON i.id = s.instrument
			CROSS JOIN LATERAL (SELECT s.author AS user_id UNION SELECT e.user_id FROM tradepost_internal.signal_executions e WHERE e.signal = s.id) c
			WHERE s.id = ANY (ids) ORDER BY s.id, c.user_id) x;
END
$$;
COMMENT ON FUNCTION tradepost_internal.signals_changed(bigint[]) IS 'Tells sockets, authors and those who executed them what has become of these signals';

CREATE OR REPLACE FUNCTION tradepost_edge.signal_cancel(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'trade');
	s      tradepost_internal.signals;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}');
	-- Authors withdraw what they have posted, whatever their tier is by now.
	SELECT x.* INTO s FROM tradepost_internal.signals x WHERE x.id = tradepost_internal.signal_number(args ->> 'param') AND x.tenant = asking.tenant
		AND (x.author = asking.id OR asking.role = 'admin') FOR UPDATE;
	IF s.id IS NULL THEN
		PERFORM tradepost_internal.signal_unknown('signal', args ->> 'param', 'GET trading/signals?author=me lists yours.');
	ELSIF s.status NOT IN (0, 1) THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_conflict@', MESSAGE = format('signal %s is %s already', s.id, (ARRAY['closed', 'expired', 'cancelled'])[s.status - 1]),
			HINT = 'Only an active or triggered one can be cancelled.';
	END IF;
	UPDATE tradepost_internal.signals x SET status = 4, closed_at = clock_timestamp(), watch_low = NULL, watch_high = NULL WHERE x.id = s.id RETURNING x.* INTO s;
	PERFORM tradepost_internal.signals_changed(ARRAY[s.id]);
	RETURN json_build_object('signal', tradepost_internal.signal_json(s));
END
$$;
COMMENT ON FUNCTION tradepost_edge.signal_cancel(bigint, bigint, jsonb) IS
'DELETE trading/signals/:id: {"signal"}, cancelled. Orders of its executions stay. Its author''s, and administrators'' of the tenant. Errors: TP005, TP016, TP024, TP027 no such signal is the caller''s, TP028 it has
ended.';
