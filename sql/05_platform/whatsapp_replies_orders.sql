-- What is answered in a chat about an order: what became of it, of its cancel, of its change.

CREATE OR REPLACE FUNCTION tradepost_internal.reason_words(reason text, lang text)
	RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT tradepost_internal.text('reason_' || reason, lang) WHERE reason IS NOT NULL;
END;
COMMENT ON FUNCTION tradepost_internal.reason_words(text, text) IS 'A reason of reason_text() as a sentence; NULL for none';

CREATE OR REPLACE FUNCTION tradepost_internal.reply_funds(order_id bigint, lang text)
	RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	-- Not a parameter: what takes the row type of a table that the matcher writes would keep that table from being altered.
	o       tradepost_internal.orders;
	of_side tradepost.side;
	of_type tradepost.order_type;
	i       tradepost_internal.instruments;
	asked   jsonb;
	less    numeric;
	spent   integer;
BEGIN
	SELECT x.* INTO o FROM tradepost_internal.orders x WHERE x.id = reply_funds.order_id;
	of_side := (ARRAY['buy', 'sell']::tradepost.side[])[o.side + 1];
	of_type := (ARRAY['limit', 'market', 'stop', 'stop_limit', 'take_profit']::tradepost.order_type[])[o.type + 1];
	IF o.type NOT IN (0, 1) THEN
		RETURN NULL;
	END IF;
	SELECT x.* INTO i FROM tradepost_internal.instruments x WHERE x.id = o.instrument;
	asked := tradepost.preview_order(o.account, i.symbol, of_side, o.quantity, CASE o.type WHEN 0 THEN o.price END, of_type);
	IF asked ->> 'reason' IS DISTINCT FROM 'insufficient_funds' THEN
		RETURN NULL;
	END IF;
	-- What the money would do for, if the matcher agrees.
	IF (asked ->> 'requirement')::numeric > 0 AND (asked ->> 'free_funds')::numeric > 0 THEN
		less := floor(o.quantity * (asked ->> 'free_funds')::numeric / (asked ->> 'requirement')::numeric / i.lot) * i.lot;
		IF less > 0 AND NOT (tradepost.preview_order(o.account, i.symbol, of_side, less, CASE o.type WHEN 0 THEN o.price END, of_type) ->> 'accepted')::boolean THEN
			less := 0;
		END IF;
	END IF;
	spent := CASE WHEN i.kind = 0 AND o.side = 1 THEN i.asset ELSE i.quote END;
	RETURN tradepost_internal.text('advice_funds', lang, jsonb_build_object('needed', tradepost_internal.shown((asked ->> 'requirement')::numeric, lang),
		'free', tradepost_internal.shown(greatest((asked ->> 'free_funds')::numeric, 0), lang), 'currency', (SELECT a.code FROM tradepost_internal.assets a WHERE a.id = spent),
		'command', CASE WHEN less > 0 THEN tradepost_internal.reply_command(lang, o.side, less, tradepost_internal.market_name(o.instrument), CASE o.type WHEN 0 THEN o.price END) END));
EXCEPTION WHEN SQLSTATE '@tradepost_wait_timeout@' OR SQLSTATE '@tradepost_not_published@' OR SQLSTATE '@tradepost_engine_off@' THEN
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION tradepost_internal.reply_funds(bigint, text) IS
'For an order that was rejected for want of funds: what it takes, what is free, and what that would do for, as the matcher now sees it; NULL if it would be another matter now';

CREATE OR REPLACE FUNCTION tradepost_internal.reply_advice(order_id bigint, lang text)
	RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	o    tradepost_internal.orders;
	word text;
	i    record;
BEGIN
	SELECT x.* INTO o FROM tradepost_internal.orders x WHERE x.id = reply_advice.order_id;
	word := tradepost_internal.reason_text(o.reason);
	SELECT x.tick, x.band, x.allow_negative, coalesce(s.mark, x.initial_mark) AS mark, s.last_trade_seq, s.last_price INTO i
		FROM tradepost_internal.instruments x LEFT JOIN tradepost_internal.instrument_state s ON s.instrument = x.id WHERE x.id = o.instrument;
	RETURN CASE word
		WHEN 'insufficient_funds' THEN tradepost_internal.reply_funds(o.id, lang)
		WHEN 'outside_band' THEN tradepost_internal.text('advice_band', lang, jsonb_build_object(
			'low', tradepost_internal.shown(greatest(ceil((i.mark - i.band) / i.tick) * i.tick, CASE WHEN NOT i.allow_negative THEN i.tick END), lang),
			'high', tradepost_internal.shown(floor((i.mark + i.band) / i.tick) * i.tick, lang)))
		WHEN 'no_liquidity' THEN tradepost_internal.text('advice_limit', lang, jsonb_build_object('command', tradepost_internal.reply_command(lang, o.side, o.quantity,
			tradepost_internal.market_name(o.instrument), CASE WHEN i.last_trade_seq > 0 THEN i.last_price ELSE round(i.mark / i.tick) * i.tick END)))
		WHEN 'too_many_orders' THEN tradepost_internal.text('advice_orders', lang, jsonb_build_object('command', tradepost_internal.text('command_orders', lang)))
		END;
END
$$;
COMMENT ON FUNCTION tradepost_internal.reply_advice(bigint, text) IS 'What the user could do about an order that was rejected; NULL where there is nothing';

CREATE OR REPLACE FUNCTION tradepost_internal.reply_order_unknown(order_id bigint, lang text)
	RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT tradepost_internal.text('error_order', lang, jsonb_build_object('order', order_id, 'command', tradepost_internal.text('command_orders', lang)));
END;
COMMENT ON FUNCTION tradepost_internal.reply_order_unknown(bigint, text) IS 'What is said of an order that is not the user''s, or is none';

CREATE OR REPLACE FUNCTION tradepost_internal.reply_places(order_id bigint, lang text)
	RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT jsonb_build_object('order', o.id, 'market', n.market, 'line', tradepost_internal.reply_line(lang, o.side, o.type, o.quantity, n.market, o.price, o.stop_price),
			'quantity', tradepost_internal.shown(o.quantity, lang), 'remaining', tradepost_internal.shown(o.quantity - o.filled, lang),
			'cancel', tradepost_internal.text('command_cancel', lang, jsonb_build_object('order', o.id)),
			'reason', tradepost_internal.reason_words(tradepost_internal.reason_text(o.reason), lang))
		|| CASE WHEN o.filled > 0 THEN jsonb_build_object('done', tradepost_internal.text(CASE o.side WHEN 0 THEN 'done_buy' ELSE 'done_sell' END, lang),
			'filled', tradepost_internal.shown(o.filled, lang), 'average', tradepost_internal.shown(round(o.filled_value / (o.filled * i.multiplier), 8), lang),
			'commission', CASE WHEN o.commission <> 0 THEN tradepost_internal.shown(o.commission, lang) END, 'currency', q.code) ELSE '{}' END
	FROM tradepost_internal.orders o
	JOIN tradepost_internal.instruments i ON i.id = o.instrument
	JOIN tradepost_internal.assets q ON q.id = i.quote
	CROSS JOIN LATERAL (SELECT tradepost_internal.market_name(i.id) AS market) n
	WHERE o.id = reply_places.order_id;
END;
COMMENT ON FUNCTION tradepost_internal.reply_places(bigint, text) IS 'The places of the texts about an order';

CREATE OR REPLACE FUNCTION tradepost_internal.reply_order(asking tradepost_internal.users, lang text, order_id bigint)
	RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	o      tradepost_internal.orders;
	c      tradepost_internal.commands;
	places jsonb;
	wants  text;
BEGIN
	PERFORM tradepost_internal.durable();
	SELECT x.* INTO o FROM tradepost_internal.orders x WHERE x.id = reply_order.order_id AND x.account = asking.account;
	IF o.id IS NULL THEN
		SELECT x.* INTO c FROM tradepost_internal.commands x WHERE x.id = reply_order.order_id AND x.account = asking.account AND x.kind = 1;
		IF c.id IS NULL THEN
			RETURN tradepost_internal.reply_order_unknown(order_id, lang);
		END IF;
		RETURN tradepost_internal.text('outcome_pending', lang, jsonb_build_object('order', c.id,
			'line', tradepost_internal.reply_line(lang, c.side, c.type, c.quantity, tradepost_internal.market_name(c.instrument), c.price, c.stop_price)));
	END IF;
	places := tradepost_internal.reply_places(o.id, lang);
	wants := CASE
		WHEN o.status = 0 THEN 'outcome_open'
		WHEN o.status = 1 THEN 'outcome_part'
		WHEN o.status = 2 THEN 'outcome_filled'
		WHEN o.status = 3 AND o.filled > 0 THEN 'outcome_filled_part'
		WHEN o.status = 3 THEN 'outcome_cancelled'
		WHEN o.status = 4 THEN 'outcome_expired'
		WHEN o.status = 5 THEN 'outcome_rejected'
		ELSE 'outcome_untriggered' END;
	-- A market order that found nobody, and what was to trade at once or not at all, never was in the market.
	IF wants = 'outcome_rejected' OR (wants = 'outcome_cancelled' AND tradepost_internal.reason_text(o.reason) IN ('no_liquidity', 'unfilled')) THEN
		places := places || jsonb_build_object('advice', tradepost_internal.reply_advice(o.id, lang));
	END IF;
	RETURN tradepost_internal.text(wants, lang, places);
END
$$;
COMMENT ON FUNCTION tradepost_internal.reply_order(tradepost_internal.users, text, bigint) IS
'What has become of the user''s order by now: not decided, open, waiting for its trigger, part filled, filled at which average, cancelled or expired and why, rejected with what to do about it';

CREATE OR REPLACE FUNCTION tradepost_internal.reply_cancel_all(asking tradepost_internal.users, lang text, command_id bigint)
	RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET jit = off
AS $$
DECLARE
	most  CONSTANT integer := 10000;
	asked tradepost_internal.commands;
	open  bigint;
	ended bigint;
BEGIN
	SELECT c.* INTO asked FROM tradepost_internal.commands c WHERE c.id = reply_cancel_all.command_id AND c.account = asking.account;
	-- Of the orders before it, in the market that it names or in all.
	SELECT count(*) FILTER (WHERE o.status IN (0, 1, 7)), count(*) FILTER (WHERE o.status = 3 AND tradepost_internal.reason_text(o.reason) = 'cancel_all' AND o.updated_at >= asked.created_at) INTO open, ended
	FROM (SELECT x.id, x.status, x.reason, x.updated_at, x.instrument FROM tradepost_internal.orders x WHERE (x.account, x.id) < (asking.account, asked.id) AND (x.account, x.id) > (asking.account, 0)
		ORDER BY x.account DESC, x.id DESC LIMIT most) o
	WHERE asked.instrument IS NULL OR asked.instrument = 0 OR o.instrument = asked.instrument;
	RETURN CASE
		WHEN open > 0 THEN tradepost_internal.text('cancel_all_pending', lang, jsonb_build_object('command', tradepost_internal.text('command_orders', lang)))
		WHEN ended > 0 THEN tradepost_internal.text('cancel_all_done', lang, jsonb_build_object('count', ended))
		ELSE tradepost_internal.text('cancel_all_none', lang) END;
END
$$;
COMMENT ON FUNCTION tradepost_internal.reply_cancel_all(tradepost_internal.users, text, bigint) IS 'What has become by now of a command that cancels all';

CREATE OR REPLACE FUNCTION tradepost_internal.reply_cancel(asking tradepost_internal.users, lang text, order_id bigint, command_id bigint)
	RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	o tradepost_internal.orders;
BEGIN
	PERFORM tradepost_internal.durable();
	IF order_id IS NULL THEN
		RETURN tradepost_internal.reply_cancel_all(asking, lang, command_id);
	END IF;
	SELECT x.* INTO o FROM tradepost_internal.orders x WHERE x.id = reply_cancel.order_id AND x.account = asking.account;
	IF o.id IS NULL AND NOT EXISTS (SELECT FROM tradepost_internal.commands c WHERE c.id = reply_cancel.order_id AND c.account = asking.account AND c.kind = 1) THEN
		RETURN tradepost_internal.reply_order_unknown(order_id, lang);
	ELSIF o.id IS NULL OR o.status IN (0, 1, 7) THEN
		RETURN tradepost_internal.text('cancel_pending', lang, jsonb_build_object('order', order_id, 'command', tradepost_internal.text('command_orders', lang)));
	ELSIF o.status = 3 THEN
		RETURN tradepost_internal.text('cancel_done', lang, tradepost_internal.reply_places(o.id, lang));
	END IF;
	RETURN tradepost_internal.text('cancel_late', lang, jsonb_build_object('order', order_id,
		'reason', tradepost_internal.text(CASE o.status WHEN 2 THEN 'reason_order_filled' WHEN 4 THEN 'reason_order_expired' ELSE 'reason_order_rejected' END, lang)));
END
$$;
COMMENT ON FUNCTION tradepost_internal.reply_cancel(tradepost_internal.users, text, bigint, bigint) IS
'What has become of a cancel by now: done, too late and why, or not decided; without an order, of the command that cancels all';

CREATE OR REPLACE FUNCTION tradepost_internal.reply_amend(asking tradepost_internal.users, lang text, order_id bigint, command_id bigint)
	RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
DECLARE
	-- Asked about right after its decision, which is then near the end.
	most    CONSTANT bigint := 20000;
	o       tradepost_internal.orders;
	decided record;
BEGIN
	PERFORM tradepost_internal.durable();
	SELECT x.* INTO o FROM tradepost_internal.orders x WHERE x.id = reply_amend.order_id AND x.account = asking.account;
	IF o.id IS NULL THEN
		RETURN tradepost_internal.reply_order_unknown(order_id, lang);
	END IF;
	SELECT e.kind, e.reason INTO decided FROM tradepost_internal.events e
		WHERE e.seq > (SELECT max(y.seq) FROM tradepost_internal.events y) - most AND e.command_id = reply_amend.command_id AND e.decision ORDER BY e.seq DESC LIMIT 1;
	IF decided.kind IS NULL AND EXISTS (SELECT FROM tradepost_internal.engine_state s WHERE s.watermark <= reply_amend.command_id) THEN
		RETURN tradepost_internal.text('amend_pending', lang, jsonb_build_object('order', order_id, 'command', tradepost_internal.text('command_orders', lang)));
	ELSIF decided.kind = 2 AND o.status IN (0, 1, 7) THEN
		RETURN tradepost_internal.text('amend_rejected', lang, jsonb_build_object('order', order_id, 'reason', tradepost_internal.reason_words(tradepost_internal.reason_text(decided.reason), lang)));
	ELSIF decided.kind = 6 AND o.status IN (0, 1, 7) THEN
		RETURN tradepost_internal.text('amend_done', lang, tradepost_internal.reply_places(o.id, lang));
	END IF;
	-- It traded with the new price, or had ended before.
	RETURN tradepost_internal.reply_order(asking, lang, order_id);
END
$$;
COMMENT ON FUNCTION tradepost_internal.reply_amend(tradepost_internal.users, text, bigint, bigint) IS 'What has become of a change by now: done, refused and why, not decided, or what became of the order through it';
