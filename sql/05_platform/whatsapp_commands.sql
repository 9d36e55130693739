-- What a phone's message makes the engine do: at once where it is plain, else once it is
-- confirmed.  An order goes by the checks of REST (place_for()); what it is refused for
-- becomes the answer, and rolls back no more than itself.

CREATE OR REPLACE FUNCTION tradepost_internal.place_for(account bigint, key text, "order" text)
	RETURNS bigint LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_place_for';
COMMENT ON FUNCTION tradepost_internal.place_for(bigint, text, text) IS
'Places an order, written as for POST orders, for an account, under this client order id and with the open orders that its user''s tier includes; returns its id. Errors: as place_each() gives them. The caller has seen to it that the
account''s user asks';

CREATE OR REPLACE FUNCTION tradepost_internal.users_fault(code text)
	RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	-- Data exceptions are values that no order can have.
	SELECT left(code, 2) IN ('TP', '22');
END;
COMMENT ON FUNCTION tradepost_internal.users_fault(text) IS 'Whether an error with this SQLSTATE is to be told the user, as against one of the server, for which the message is to be tried again';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_shown(command jsonb, lang text)
	RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	places jsonb := jsonb_strip_nulls(jsonb_build_object('order', command ->> 'id', 'market', coalesce(tradepost_internal.symbol_name(command ->> 'symbol'), command ->> 'asset'),
		'quantity', tradepost_internal.shown((command ->> 'quantity')::numeric, lang), 'price', tradepost_internal.shown((command ->> 'price')::numeric, lang)));
BEGIN
	CASE command ->> 'action'
	WHEN 'order' THEN
		RETURN tradepost_internal.reply_command(lang, (array_position('{buy,sell}'::text[], command ->> 'side') - 1)::smallint, (command ->> 'quantity')::numeric, places ->> 'market',
			CASE WHEN command ->> 'type' <> 'market' THEN (command ->> 'price')::numeric END);
	WHEN 'amend' THEN
		RETURN CASE WHEN NOT places ? 'price' THEN tradepost_internal.text('command_amend_quantity', lang, places)
			WHEN NOT places ? 'quantity' THEN tradepost_internal.text('command_amend', lang, places)
			ELSE tradepost_internal.text('command_amend_both', lang, places) END;
	WHEN 'cancel' THEN
		RETURN tradepost_internal.text('command_cancel', lang, places);
	ELSE
		RETURN CASE WHEN places ? 'market' THEN tradepost_internal.text('command_cancel_all_of', lang, places) ELSE tradepost_internal.text('command_cancel_all', lang) END;
	END CASE;
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_shown(jsonb, text) IS 'A command in the user''s words, which are understood as the same command when they are written back';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_own_order(u tradepost_internal.users, given text)
	RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT tradepost_internal.edge_order_id(jsonb_build_object('param', given), u.account);
END;
COMMENT ON FUNCTION tradepost_internal.whatsapp_own_order(tradepost_internal.users, text) IS 'The order of this number, if it is this user''s; else TP021';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_cancel_all(u tradepost_internal.users, command jsonb)
	RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	wanted text;
	last   bigint;
BEGIN
	IF command ->> 'symbol' IS NOT NULL OR command ->> 'asset' IS NULL THEN
		RETURN tradepost.cancel_all(u.account, command ->> 'symbol');
	END IF;
	FOR wanted IN SELECT i.symbol FROM tradepost_internal.instruments i JOIN tradepost_internal.assets a ON a.id = i.asset
		WHERE i.tenant = u.tenant AND a.code = command ->> 'asset' AND EXISTS (SELECT FROM tradepost_internal.orders o WHERE o.account = u.account AND o.instrument = i.id AND o.status IN (0, 1, 7)) ORDER BY i.id
	LOOP
		-- Decided in order: the last one's decision is all of them's.
		last := tradepost.cancel_all(u.account, wanted);
	END LOOP;
	IF last IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_order_unknown@', MESSAGE = format('there is no open order in %s', command ->> 'asset'), HINT = 'GET orders lists yours.';
	END IF;
	RETURN last;
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_cancel_all(tradepost_internal.users, jsonb) IS 'Cancels all orders of a user, those in a symbol, or those in every contract of an asset; TP021 if there are none in any';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_do(m tradepost_internal.whatsapp_messages, u tradepost_internal.users, lang text, command jsonb)
	RETURNS tradepost_internal.whatsapp_messages LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	before tradepost_internal.whatsapp_messages := m;
	said   text;
	why    text;
BEGIN
	m.action := command ->> 'action';
	CASE m.action
	WHEN 'order' THEN
		m.command_id := tradepost_internal.place_for(u.account, 'wa-' || m.message_sid, jsonb_strip_nulls(jsonb_build_object('symbol', command -> 'symbol', 'side', command -> 'side', 'type', command -> 'type',
			'quantity', command -> 'quantity', 'price', command -> 'price'))::text);
		m.order_id := m.command_id;
		m.reply := tradepost_internal.text('whatsapp_order_sent', lang, jsonb_build_object('order', m.order_id::text));
	WHEN 'cancel' THEN
		m.order_id := tradepost_internal.whatsapp_own_order(u, command ->> 'id');
		m.command_id := tradepost.cancel_order(u.account, m.order_id);
		m.reply := tradepost_internal.text('whatsapp_cancel_sent', lang, jsonb_build_object('order', m.order_id::text));
	WHEN 'amend' THEN
		m.order_id := tradepost_internal.whatsapp_own_order(u, command ->> 'id');
		m.command_id := tradepost.amend_order(u.account, m.order_id, (command ->> 'quantity')::numeric, (command ->> 'price')::numeric);
		m.reply := tradepost_internal.text('whatsapp_amend_sent', lang, jsonb_build_object('order', m.order_id::text));
	WHEN 'cancel_all' THEN
		m.command_id := tradepost_internal.whatsapp_cancel_all(u, command);
		m.reply := tradepost_internal.text('whatsapp_cancel_all_sent', lang);
	END CASE;
	RETURN m;
EXCEPTION WHEN OTHERS THEN
	IF NOT tradepost_internal.users_fault(SQLSTATE) THEN
		RAISE;
	END IF;
	GET STACKED DIAGNOSTICS said = MESSAGE_TEXT, why = PG_EXCEPTION_HINT;
	m := before;
	m.action := command ->> 'action';
	m.reply := tradepost_internal.reply_error(lang, SQLSTATE, said, why, command ->> 'symbol', command, u);
	RETURN m;
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_do(tradepost_internal.whatsapp_messages, tradepost_internal.users, text, jsonb) IS
'Gives the engine a command for a user, decided after commit; the message comes back with its command, order and first answer. What the command is refused for becomes the answer; what is the server''s fault is raised';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_last_price(of_instrument integer)
	RETURNS numeric LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN s.last_trade_seq > 0 THEN s.last_price ELSE coalesce(s.mark, i.initial_mark) END
	FROM tradepost_internal.instruments i LEFT JOIN tradepost_internal.instrument_state s ON s.instrument = i.id WHERE i.id = of_instrument;
END;
COMMENT ON FUNCTION tradepost_internal.whatsapp_last_price(integer) IS 'Price that a written one is compared with: of the last trade, before the first the mark';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_doubts(command jsonb, i tradepost_internal.instruments, lang text)
	RETURNS text[] LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	last  numeric := tradepost_internal.whatsapp_last_price(i.id);
	price numeric := (command ->> 'price')::numeric;
	size  numeric := (command ->> 'quantity')::numeric;
	far   numeric := abs(price - last) / nullif(abs(last), 0) * 100;
	most  numeric := current_setting('tradepost.whatsapp_large_value')::numeric;
	doubt text[] := '{}';
BEGIN
	IF far > current_setting('tradepost.whatsapp_far_percent')::numeric THEN
		doubt := doubt || tradepost_internal.text('whatsapp_note_far', lang, jsonb_build_object('percent', tradepost_internal.shown(round(far, 1), lang), 'last', tradepost_internal.shown(last, lang)));
	END IF;
	IF size > current_setting('tradepost.whatsapp_large_quantity')::numeric OR most > 0 AND size * abs(coalesce(price, last)) * i.multiplier > most THEN
		doubt := doubt || tradepost_internal.text('whatsapp_note_large', lang);
	END IF;
	RETURN doubt;
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_doubts(jsonb, tradepost_internal.instruments, text) IS
'What makes an order or amendment one to confirm, in words: tradepost.whatsapp_far_percent away from the last price, above tradepost.whatsapp_large_quantity or _value. Empty: nothing does';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_forecast(u tradepost_internal.users, lang text, command jsonb)
	RETURNS text LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	seen jsonb;
	rest numeric;
BEGIN
	BEGIN
		seen := tradepost.preview_order(u.account, command ->> 'symbol', (command ->> 'side')::tradepost.side, (command ->> 'quantity')::numeric, (command ->> 'price')::numeric, (command ->> 'type')::tradepost.order_type);
	EXCEPTION WHEN SQLSTATE '@tradepost_engine_off@' OR SQLSTATE '@tradepost_not_published@' OR SQLSTATE '@tradepost_wait_timeout@' THEN
		-- The matcher is away: what it would say is only a courtesy.
		RETURN NULL;
	END;
	rest := (seen ->> 'cancelled')::numeric;
	IF NOT (seen ->> 'accepted')::boolean THEN
		RETURN tradepost_internal.text('whatsapp_note_refused', lang, jsonb_build_object('reason', tradepost_internal.reason_words(seen ->> 'reason', lang)));
	ELSIF command ->> 'type' <> 'market' THEN
		RETURN NULL;
	ELSIF (seen ->> 'filled')::numeric = 0 THEN
		RETURN tradepost_internal.text('whatsapp_note_nobody', lang);
	END IF;
	RETURN CASE WHEN rest > 0
		THEN tradepost_internal.text('whatsapp_note_part', lang, jsonb_build_object('filled', tradepost_internal.shown((seen ->> 'filled')::numeric, lang), 'price', tradepost_internal.shown((seen ->> 'average_price')::numeric, lang),
			'rest', tradepost_internal.shown(rest, lang)))
		ELSE tradepost_internal.text('whatsapp_note_all', lang, jsonb_build_object('price', tradepost_internal.shown((seen ->> 'average_price')::numeric, lang))) END;
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_forecast(tradepost_internal.users, text, jsonb) IS
'What preview_order() says of an order, in words: of a market order what it would trade at, of any what it would be refused for; NULL: nothing to say. What cannot be placed at all is raised';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_code(of_tenant bigint, of_phone text)
	RETURNS text LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	made text;
BEGIN
	-- 30 messages a minute, two codes each, leave more than half of the codes free.
	DELETE FROM tradepost_internal.whatsapp_pendings p WHERE p.tenant = of_tenant AND p.phone = of_phone AND p.made_at < clock_timestamp() - interval '1 hour';
	LOOP
		made := tradepost_internal.random_digits(4);
		EXIT WHEN NOT EXISTS (SELECT FROM tradepost_internal.whatsapp_pendings p WHERE p.tenant = of_tenant AND p.phone = of_phone AND p.code = made);
	END LOOP;
	RETURN made;
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_code(bigint, text) IS 'A confirmation code that the phone has not had within the hour; its row of phone_links is locked';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_ask(m tradepost_internal.whatsapp_messages, u tradepost_internal.users, lang text, commands jsonb[], notes text[])
	RETURNS tradepost_internal.whatsapp_messages LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	seconds CONSTANT integer := 60;
	asked   bigint := nextval('tradepost_internal.whatsapp_pendings_id_seq');
	command jsonb;
	made    text;
	shown   text;
	lines   text[] := '{}';
BEGIN
	FOREACH command IN ARRAY commands LOOP
		made := tradepost_internal.whatsapp_code(m.tenant, m.phone);
		shown := tradepost_internal.whatsapp_shown(command, lang);
		INSERT INTO tradepost_internal.whatsapp_pendings (tenant, phone, user_id, choice_group, code, command, shown, expires_at)
			VALUES (m.tenant, m.phone, u.id, asked, made, CASE m.kind WHEN 'voice' THEN command || '{"spoken": true}' ELSE command END, shown, clock_timestamp() + seconds * interval '1 second');
		lines := lines || tradepost_internal.text('whatsapp_choice', lang, jsonb_build_object('code', made, 'command', shown));
	END LOOP;
	m.action := commands[1] ->> 'action';
	m.reply := CASE WHEN cardinality(commands) > 1
		THEN tradepost_internal.text('whatsapp_confirm_one_of', lang, jsonb_build_object('list', array_to_string(lines || notes, E'\n'), 'seconds', seconds::text))
		ELSE tradepost_internal.text('whatsapp_confirm', lang, jsonb_build_object('command', array_to_string(ARRAY[shown] || notes, E'\n'), 'code', made, 'seconds', seconds::text)) END;
	RETURN m;
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_ask(tradepost_internal.whatsapp_messages, tradepost_internal.users, text, jsonb[], text[]) IS
'Keeps these commands, readings of one message, until one of them is confirmed, and asks which; notes: what the user should know';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_order(m tradepost_internal.whatsapp_messages, u tradepost_internal.users, lang text, p jsonb, always boolean)
	RETURNS tradepost_internal.whatsapp_messages LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	i        tradepost_internal.instruments;
	command  jsonb := jsonb_strip_nulls(jsonb_build_object('action', 'order', 'symbol', p -> 'symbol', 'side', p -> 'side', 'type', coalesce(p ->> 'type', 'limit'), 'quantity', p -> 'quantity', 'price', p -> 'price'));
	commands jsonb[];
	notes    text[] := '{}';
	note     text;
	said     text;
	why      text;
	code     text;
	good     jsonb[] := '{}';
BEGIN
	m.action := 'order';
	SELECT x.* INTO i FROM tradepost_internal.instruments x WHERE x.id = tradepost_internal.instrument_id(command ->> 'symbol', u.tenant);
	-- A reading has its own numbers and everything else of the order.
	commands := ARRAY[command] || ARRAY(SELECT command || jsonb_strip_nulls(jsonb_build_object('quantity', a -> 'quantity', 'price', a -> 'price'))
		FROM jsonb_array_elements(CASE jsonb_typeof(p -> 'alternatives') WHEN 'array' THEN p -> 'alternatives' ELSE '[]' END) a);
	notes := tradepost_internal.whatsapp_doubts(command, i, lang);
	IF NOT always AND command ->> 'type' <> 'market' AND NOT coalesce((p ->> 'needs_confirmation')::boolean, false) AND cardinality(commands) = 1 AND notes = '{}' THEN
		RETURN tradepost_internal.whatsapp_do(m, u, lang, command);
	END IF;
	FOREACH command IN ARRAY commands LOOP
		BEGIN
			note := tradepost_internal.whatsapp_forecast(u, lang, command);
			good := good || command;
		EXCEPTION WHEN OTHERS THEN
			IF NOT tradepost_internal.users_fault(SQLSTATE) THEN
				RAISE;
			ELSIF code IS NULL THEN
				GET STACKED DIAGNOSTICS said = MESSAGE_TEXT, why = PG_EXCEPTION_HINT, code = RETURNED_SQLSTATE;
			END IF;
			note := NULL;
		END;
	END LOOP;
	IF good = '{}' THEN
		m.reply := tradepost_internal.reply_error(lang, code, said, why, command ->> 'symbol', command, u);
		RETURN m;
	END IF;
	-- Of several readings, each line says enough.
	RETURN tradepost_internal.whatsapp_ask(m, u, lang, good, CASE WHEN cardinality(good) > 1 THEN '{}' ELSE tradepost_internal.whatsapp_doubts(good[1], i, lang) || array_remove(ARRAY[note], NULL) END);
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_order(tradepost_internal.whatsapp_messages, tradepost_internal.users, text, jsonb, boolean) IS
'Places the order that parse_command() read, or asks for its confirmation: always, where it was spoken; market orders; what the parser found doubtful; what whatsapp_doubts() names. Readings that cannot be placed are not offered. TP001';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_amend(m tradepost_internal.whatsapp_messages, u tradepost_internal.users, lang text, p jsonb, always boolean)
	RETURNS tradepost_internal.whatsapp_messages LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	command jsonb := jsonb_strip_nulls(jsonb_build_object('action', 'amend', 'id', p -> 'id', 'quantity', p -> 'quantity', 'price', p -> 'price'));
	i       tradepost_internal.instruments;
	notes   text[];
	goal    bigint;
BEGIN
	m.action := 'amend';
	goal := tradepost_internal.whatsapp_own_order(u, command ->> 'id');
	SELECT x.* INTO i FROM tradepost_internal.instruments x JOIN tradepost_internal.commands c ON c.instrument = x.id WHERE c.id = goal;
	notes := tradepost_internal.whatsapp_doubts(command, i, lang);
	IF always OR coalesce((p ->> 'needs_confirmation')::boolean, false) OR notes <> '{}' THEN
		RETURN tradepost_internal.whatsapp_ask(m, u, lang, ARRAY[command], notes);
	END IF;
	RETURN tradepost_internal.whatsapp_do(m, u, lang, command);
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_amend(tradepost_internal.whatsapp_messages, tradepost_internal.users, text, jsonb, boolean) IS 'Amends the order that parse_command() read, or asks first, as whatsapp_order() does. TP021';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_cancel(m tradepost_internal.whatsapp_messages, u tradepost_internal.users, lang text, p jsonb, always boolean)
	RETURNS tradepost_internal.whatsapp_messages LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	command jsonb := jsonb_strip_nulls(jsonb_build_object('action', p -> 'action', 'id', p -> 'id', 'symbol', p -> 'symbol', 'asset', CASE WHEN p ->> 'symbol' IS NULL THEN p -> 'asset' END));
	many    bigint;
BEGIN
	m.action := p ->> 'action';
	IF m.action = 'cancel' THEN
		PERFORM tradepost_internal.whatsapp_own_order(u, command ->> 'id');
		RETURN CASE WHEN always THEN tradepost_internal.whatsapp_ask(m, u, lang, ARRAY[command], '{}') ELSE tradepost_internal.whatsapp_do(m, u, lang, command) END;
	ELSIF command ->> 'symbol' IS NOT NULL THEN
		PERFORM tradepost_internal.instrument_id(command ->> 'symbol', u.tenant);
	END IF;
	SELECT count(*) INTO many FROM tradepost_internal.orders o JOIN tradepost_internal.instruments i ON i.id = o.instrument JOIN tradepost_internal.assets a ON a.id = i.asset
		WHERE o.account = u.account AND o.status IN (0, 1, 7) AND i.symbol = coalesce(command ->> 'symbol', i.symbol) AND a.code = coalesce(command ->> 'asset', a.code);
	IF many = 0 THEN
		m.reply := tradepost_internal.text('whatsapp_nothing_open', lang);
		RETURN m;
	END IF;
	RETURN tradepost_internal.whatsapp_ask(m, u, lang, ARRAY[command], ARRAY[tradepost_internal.text('whatsapp_note_open', lang, jsonb_build_object('count', many::text))]);
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_cancel(tradepost_internal.whatsapp_messages, tradepost_internal.users, text, jsonb, boolean) IS
'Cancels the order that parse_command() read, or asks whether all are to be cancelled, and says how many there are. TP001, TP021';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_confirm(m tradepost_internal.whatsapp_messages, u tradepost_internal.users, lang text, given text)
	RETURNS tradepost_internal.whatsapp_messages LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	most    CONSTANT integer := 5;
	wanted  text := given;
	waiting tradepost_internal.whatsapp_pendings[];
	taken   tradepost_internal.whatsapp_pendings;
	wrong   integer;
BEGIN
	m.action := 'confirm';
	IF wanted IS NULL THEN
		waiting := ARRAY(SELECT p FROM tradepost_internal.whatsapp_pendings p WHERE p.tenant = m.tenant AND p.phone = m.phone AND p.user_id = u.id
			AND p.consumed_at IS NULL AND p.rejected_at IS NULL AND p.expires_at > clock_timestamp() ORDER BY p.id);
		-- A bare yes says what it means only where the user can have seen one thing alone: a note's question arrives
		-- when it may, and what has just lapsed may be what is meant.
		IF cardinality(waiting) > 1 OR waiting[1].command ? 'spoken' OR cardinality(waiting) = 1 AND EXISTS (SELECT FROM tradepost_internal.whatsapp_pendings p WHERE p.tenant = m.tenant AND p.phone = m.phone AND p.user_id = u.id
			AND p.consumed_at IS NULL AND p.rejected_at IS NULL AND p.expires_at BETWEEN clock_timestamp() - interval '1 minute' AND clock_timestamp())
		THEN
			m.reply := tradepost_internal.text('whatsapp_which', lang, jsonb_build_object('list',
				(SELECT string_agg(tradepost_internal.text('whatsapp_choice', lang, jsonb_build_object('code', w.code, 'command', w.shown)), E'\n' ORDER BY w.id) FROM unnest(waiting) w)));
			RETURN m;
		END IF;
		-- Without one that waits, the last one that there was says why.
		wanted := coalesce(waiting[1].code, (SELECT p.code FROM tradepost_internal.whatsapp_pendings p WHERE p.tenant = m.tenant AND p.phone = m.phone AND p.user_id = u.id ORDER BY p.id DESC LIMIT 1));
		IF wanted IS NULL THEN
			m.reply := tradepost_internal.text('whatsapp_nothing_waits', lang);
			RETURN m;
		END IF;
	END IF;
	UPDATE tradepost_internal.whatsapp_pendings p SET consumed_at = clock_timestamp()
		WHERE p.tenant = m.tenant AND p.phone = m.phone AND p.user_id = u.id AND p.code = wanted AND p.consumed_at IS NULL AND p.rejected_at IS NULL AND p.expires_at > clock_timestamp()
		RETURNING p.* INTO taken;
	IF FOUND THEN
		UPDATE tradepost_internal.whatsapp_pendings p SET rejected_at = clock_timestamp() WHERE p.choice_group = taken.choice_group AND p.id <> taken.id AND p.rejected_at IS NULL AND p.consumed_at IS NULL;
		UPDATE tradepost_internal.phone_links l SET wrong_codes = 0 WHERE l.tenant = m.tenant AND l.phone = m.phone AND l.wrong_codes > 0;
		RETURN tradepost_internal.whatsapp_do(m, u, lang, taken.command);
	END IF;
	SELECT p.* INTO taken FROM tradepost_internal.whatsapp_pendings p WHERE p.tenant = m.tenant AND p.phone = m.phone AND p.user_id = u.id AND p.code = wanted;
	IF FOUND THEN
		m.reply := CASE WHEN taken.consumed_at IS NOT NULL THEN tradepost_internal.text('whatsapp_code_used', lang, jsonb_build_object('command', taken.shown))
			WHEN taken.rejected_at IS NOT NULL THEN tradepost_internal.text('whatsapp_code_void', lang, jsonb_build_object('command', taken.shown))
			ELSE tradepost_internal.text('whatsapp_code_expired', lang, jsonb_build_object('command', taken.shown)) END;
		RETURN m;
	END IF;
	UPDATE tradepost_internal.phone_links l SET wrong_codes = l.wrong_codes + 1 WHERE l.tenant = m.tenant AND l.phone = m.phone RETURNING l.wrong_codes INTO wrong;
	IF wrong >= most THEN
		PERFORM tradepost_internal.void_pendings(m.tenant, m.phone);
		UPDATE tradepost_internal.phone_links l SET wrong_codes = 0 WHERE l.tenant = m.tenant AND l.phone = m.phone;
		PERFORM tradepost_internal.note_security('whatsapp_codes_wrong', u.id, NULL, 50, jsonb_build_object('phone', m.phone));
		m.reply := tradepost_internal.text('whatsapp_codes_wrong', lang);
	ELSE
		m.reply := tradepost_internal.text('whatsapp_code_unknown', lang, jsonb_build_object('code', left(given, 16)));
	END IF;
	RETURN m;
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_confirm(tradepost_internal.whatsapp_messages, tradepost_internal.users, text, text) IS
'Does what waits under this code, once; without a code what waits, if it is one, was not spoken, and nothing else has lapsed within the minute. Another reading of the same message is void then. The fifth unknown code in a row voids all that waits';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_reject(m tradepost_internal.whatsapp_messages, u tradepost_internal.users, lang text, given text)
	RETURNS tradepost_internal.whatsapp_messages LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	dropped bigint;
BEGIN
	m.action := 'reject';
	UPDATE tradepost_internal.whatsapp_pendings p SET rejected_at = clock_timestamp()
		WHERE p.tenant = m.tenant AND p.phone = m.phone AND p.user_id = u.id AND p.code = coalesce(given, p.code) AND p.consumed_at IS NULL AND p.rejected_at IS NULL AND p.expires_at > clock_timestamp();
	GET DIAGNOSTICS dropped = ROW_COUNT;
	m.reply := CASE WHEN dropped > 0 THEN tradepost_internal.text('whatsapp_rejected', lang) ELSE tradepost_internal.text('whatsapp_nothing_waits', lang) END;
	RETURN m;
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_reject(tradepost_internal.whatsapp_messages, tradepost_internal.users, text, text) IS 'Voids what waits under this code; without a code all that waits for this phone';
