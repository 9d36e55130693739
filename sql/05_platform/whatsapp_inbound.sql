-- A message from a phone, and its answer.  All that it does is in one transaction with its
-- row: the same message again, at once or later, waits for the row, does nothing, and is
-- answered alike; where the first one's transaction was rolled back, the second is the first.
--
-- The proxy has checked the signature: phone is who wrote.  Messages of a linked phone are
-- taken one after the other, because each locks its link.

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_arrived(args jsonb)
	RETURNS tradepost_internal.whatsapp_messages LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	m    tradepost_internal.whatsapp_messages;
	name text;
BEGIN
	IF coalesce(jsonb_typeof(args), '') <> 'object' THEN
		PERFORM tradepost_internal.refuse('args must be an object', 'It has tenant, accountSid, messageSid, phone, body and kind.');
	END IF;
	FOREACH name IN ARRAY ARRAY['accountSid', 'messageSid'] LOOP
		IF coalesce(tradepost_internal.edge_text(args, name), '') !~ '^[A-Za-z0-9_-]{1,64}$' THEN
			PERFORM tradepost_internal.refuse(format('%s is %s, and must have 1 to 64 letters and digits', name, coalesce(left((args -> name)::text, 80), 'missing')), 'It is Twilio''s.');
		END IF;
	END LOOP;
	m.account_sid := args ->> 'accountSid';
	m.message_sid := args ->> 'messageSid';
	m.tenant := tradepost_internal.edge_tenant(NULL, args);
	m.phone := tradepost_internal.edge_text(args, 'phone');
	IF m.phone IS NULL OR m.phone !~ '^[+][1-9][0-9]{6,14}$' THEN
		PERFORM tradepost_internal.refuse(format('phone is %s, and must be a number as E.164 writes it', coalesce(left((args -> 'phone')::text, 64), 'missing')), 'Such as +41446681800.');
	END IF;
	m.body := coalesce(tradepost_internal.edge_text(args, 'body'), '');
	IF length(m.body) > 4096 THEN
		PERFORM tradepost_internal.refuse(format('body has %s characters, and the limit is 4096', length(m.body)), 'WhatsApp has no longer messages.');
	END IF;
	m.kind := coalesce(tradepost_internal.edge_choice(args, 'kind', '{text,voice,button,other}'), 'text');
	m.media_url := left(tradepost_internal.edge_text(args, 'mediaUrl'), 2048);
	m.media_type := left(tradepost_internal.edge_text(args, 'mediaType'), 128);
	m.received_at := clock_timestamp();
	m.attempts := 0;
	RETURN m;
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_arrived(jsonb) IS 'The row of a message that whatsapp_inbound() is called with; TP005, naming what it cannot be';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_link(m tradepost_internal.whatsapp_messages, code text)
	RETURNS tradepost_internal.whatsapp_messages LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	taken record;
	lang  text;
BEGIN
	m.action := 'link';
	SELECT * INTO taken FROM tradepost_internal.take_link_code(m.tenant, m.phone, code);
	IF (taken.u).id IS NOT NULL THEN
		m.user_id := (taken.u).id;
		lang := tradepost_internal.whatsapp_language(tradepost_internal.make_link(taken.u, m.phone), taken.u);
		m.language := lang;
		m.reply := tradepost_internal.text('whatsapp_linked', lang, jsonb_build_object('name', coalesce(nullif(btrim((taken.u).first_name || ' ' || (taken.u).last_name), ''), (taken.u).email)));
		RETURN m;
	END IF;
	SELECT coalesce(tradepost_internal.whatsapp_language(l, u), tradepost_internal.phone_language(m.phone)) INTO lang
		FROM (VALUES (1)) one LEFT JOIN tradepost_internal.phone_links l ON l.tenant = m.tenant AND l.phone = m.phone LEFT JOIN tradepost_internal.users u ON u.id = l.user_id;
	m.language := lang;
	m.reply := CASE WHEN taken.tries_left > 0 THEN tradepost_internal.text('whatsapp_link_wrong', lang, jsonb_build_object('left', taken.tries_left::text))
		ELSE tradepost_internal.text('whatsapp_link_none', lang) END;
	RETURN m;
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_link(tradepost_internal.whatsapp_messages, text) IS 'A message that says LINK and a code: links its phone to the user whose code it is, or says why not';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_understood(m tradepost_internal.whatsapp_messages, u tradepost_internal.users, link tradepost_internal.phone_links, p jsonb, spoken boolean)
	RETURNS tradepost_internal.whatsapp_messages LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	before tradepost_internal.whatsapp_messages := m;
	lang   CONSTANT text := m.language;
	action CONSTANT text := p ->> 'action';
	wanted integer;
	said   text;
	why    text;
BEGIN
	m.action := action;
	-- A voice may be anybody's, or misheard: what it asks for waits for a word in writing, and no word of it is that.
	IF spoken AND action IN ('confirm', 'reject', 'stop') THEN
		m.reply := tradepost_internal.text('whatsapp_write_it', lang);
		RETURN m;
	END IF;
	CASE action
	WHEN 'order' THEN
		RETURN tradepost_internal.whatsapp_order(m, u, lang, p, spoken);
	WHEN 'amend' THEN
		RETURN tradepost_internal.whatsapp_amend(m, u, lang, p, spoken);
	WHEN 'cancel', 'cancel_all' THEN
		RETURN tradepost_internal.whatsapp_cancel(m, u, lang, p, spoken);
	WHEN 'confirm' THEN
		RETURN tradepost_internal.whatsapp_confirm(m, u, lang, p ->> 'code');
	WHEN 'reject' THEN
		RETURN tradepost_internal.whatsapp_reject(m, u, lang, p ->> 'code');
	WHEN 'stop' THEN
		UPDATE tradepost_internal.phone_links l SET opted_out_at = clock_timestamp() WHERE l.tenant = link.tenant AND l.phone = link.phone AND l.opted_out_at IS NULL;
		m.reply := tradepost_internal.text('whatsapp_stopped', lang);
	WHEN 'market' THEN
		IF p ->> 'symbol' IS NOT NULL THEN
			wanted := tradepost_internal.instrument_id(p ->> 'symbol', u.tenant);
		ELSIF p ->> 'asset' IS NOT NULL THEN
			-- One market of the asset is that one; of several the list of all shows them.
			SELECT min(i.id) INTO wanted FROM tradepost_internal.instruments i JOIN tradepost_internal.assets a ON a.id = i.asset LEFT JOIN tradepost_internal.instrument_state s ON s.instrument = i.id
				WHERE i.tenant = u.tenant AND a.code = p ->> 'asset' AND coalesce(s.status, 1) <> 2 HAVING count(*) = 1;
		END IF;
		m.reply := tradepost_internal.reply_market(u, lang, wanted);
	WHEN 'orders' THEN
		m.reply := tradepost_internal.reply_orders(u, lang);
	WHEN 'trades' THEN
		m.reply := tradepost_internal.reply_trades(u, lang);
	WHEN 'positions' THEN
		m.reply := tradepost_internal.reply_positions(u, lang);
	WHEN 'balance' THEN
		m.reply := tradepost_internal.reply_balance(u, lang);
	WHEN 'help' THEN
		m.reply := tradepost_internal.reply_help(u, lang);
	WHEN 'clarify', 'error' THEN
		m.reply := p ->> 'question';
	ELSE
		m.reply := tradepost_internal.text('whatsapp_none', lang);
	END CASE;
	RETURN m;
EXCEPTION WHEN OTHERS THEN
	IF NOT tradepost_internal.users_fault(SQLSTATE) THEN
		RAISE;
	END IF;
	GET STACKED DIAGNOSTICS said = MESSAGE_TEXT, why = PG_EXCEPTION_HINT;
	m := before;
	m.action := action;
	m.reply := tradepost_internal.reply_error(lang, SQLSTATE, said, why, p ->> 'symbol', p, u);
	RETURN m;
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_understood(tradepost_internal.whatsapp_messages, tradepost_internal.users, tradepost_internal.phone_links, jsonb, boolean) IS
'Does what parse_command() read in a linked phone''s message, and answers it. spoken: it was said, so that it executes and confirms nothing';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_take(m tradepost_internal.whatsapp_messages, u tradepost_internal.users, link tradepost_internal.phone_links, words text, spoken boolean)
	RETURNS tradepost_internal.whatsapp_messages LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	p jsonb;
BEGIN
	m.user_id := u.id;
	m.language := tradepost_internal.whatsapp_language(link, u);
	IF u.status <> 'active' THEN
		m.action := 'suspended';
		m.reply := tradepost_internal.text('whatsapp_suspended', m.language);
		RETURN m;
	ELSIF u.account IS NULL THEN
		m.action := 'suspended';
		m.reply := tradepost_internal.text('whatsapp_no_account', m.language);
		RETURN m;
	ELSIF NOT spoken AND words ~* '^[[:space:][:punct:]]*(start|unstop|subscribe|alta|iniciar|empezar|reanudar|suscribir|suscribirme|come[cç]ar|retomar|voltar|assinar)[[:space:][:punct:]]*$' THEN
		UPDATE tradepost_internal.phone_links l SET opted_out_at = NULL WHERE l.tenant = link.tenant AND l.phone = link.phone AND l.opted_out_at IS NOT NULL;
		m.action := 'start';
		m.reply := tradepost_internal.text('whatsapp_started', m.language);
		RETURN m;
	END IF;
	IF spoken AND words ~* '^[[:space:][:punct:]]*(link|vincular|vincule|vincula|enlazar|conectar|start|alta|iniciar)([[:space:][:punct:]]|$)' THEN
		m.action := 'none';
		m.reply := tradepost_internal.text('whatsapp_write_it', m.language);
		RETURN m;
	END IF;
	p := tradepost.parse_command(words, link.language, tradepost_internal.spoken_reference(u.tenant) || jsonb_build_object(
		'far_percent', current_setting('tradepost.whatsapp_far_percent')::integer, 'large', current_setting('tradepost.whatsapp_large_quantity')));
	-- A word such as "no" or a pressed "YES 4821" says nothing about a language.
	IF link.language IS NULL AND p ->> 'lang' IN ('en', 'es', 'pt') AND p ->> 'action' NOT IN ('none', 'confirm', 'reject') THEN
		m.language := p ->> 'lang';
		UPDATE tradepost_internal.phone_links l SET spoken = m.language WHERE l.tenant = link.tenant AND l.phone = link.phone AND l.spoken IS DISTINCT FROM m.language;
	END IF;
	RETURN tradepost_internal.whatsapp_understood(m, tradepost_internal.with_tier(u), link, p, spoken);
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_take(tradepost_internal.whatsapp_messages, tradepost_internal.users, tradepost_internal.phone_links, text, boolean) IS
'Answers these words of a linked phone, written or spoken: nothing for a user who is suspended or has no account, but to say so';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_answer(m tradepost_internal.whatsapp_messages, hears boolean)
	RETURNS tradepost_internal.whatsapp_messages LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	link tradepost_internal.phone_links;
	u    tradepost_internal.users;
	code text[] := regexp_match(m.body, '^[[:space:][:punct:]]*(?:link|vincular|vincule|vincula|enlazar|conectar)[[:space:][:punct:]]+([0-9]{3})[ -]?([0-9]{3})[[:space:][:punct:]]*$', 'i');
BEGIN
	-- Before the link is locked, because linking locks users first.
	IF code IS NOT NULL AND m.kind IN ('text', 'button') THEN
		RETURN tradepost_internal.whatsapp_link(m, code[1] || code[2]);
	END IF;
	UPDATE tradepost_internal.phone_links l SET last_inbound_at = clock_timestamp() WHERE l.tenant = m.tenant AND l.phone = m.phone RETURNING l.* INTO link;
	IF NOT FOUND THEN
		IF m.kind = 'text' AND m.body ~ '^[[:space:]]*[0-9]{3}[ -]?[0-9]{3}[[:space:]]*$' THEN
			RETURN tradepost_internal.whatsapp_link(m, regexp_replace(m.body, '[^0-9]', '', 'g'));
		END IF;
		m.action := 'unlinked';
		m.language := coalesce(nullif(tradepost.parse_command(m.body, NULL, '{"assets": []}') ->> 'lang', ''), tradepost_internal.phone_language(m.phone));
		m.reply := tradepost_internal.reply_unlinked(m.language, m.tenant);
		RETURN m;
	END IF;
	SELECT x.* INTO u FROM tradepost_internal.users x WHERE x.id = link.user_id;
	IF m.kind IN ('text', 'button') THEN
		RETURN tradepost_internal.whatsapp_take(m, u, link, m.body, false);
	END IF;
	m.user_id := u.id;
	m.language := tradepost_internal.whatsapp_language(link, u);
	IF m.kind = 'other' THEN
		m.action := 'none';
		m.reply := tradepost_internal.text('whatsapp_words_alone', m.language);
	ELSIF NOT hears OR m.media_url IS NULL THEN
		m.action := 'none';
		m.reply := tradepost_internal.text('whatsapp_deaf', m.language);
	ELSIF u.status <> 'active' OR u.account IS NULL THEN
		m.action := 'suspended';
		m.reply := tradepost_internal.text(CASE WHEN u.status <> 'active' THEN 'whatsapp_suspended' ELSE 'whatsapp_no_account' END, m.language);
	ELSE
		m.voice_state := 'queued';
	END IF;
	RETURN m;
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_answer(tradepost_internal.whatsapp_messages, boolean) IS 'Does what a new message asks for; hears: a voice note can be queued';

CREATE OR REPLACE FUNCTION tradepost_edge.whatsapp_inbound(args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	m tradepost_internal.whatsapp_messages := tradepost_internal.whatsapp_arrived(args);
BEGIN
	-- Who comes second waits here for the first.
	INSERT INTO tradepost_internal.whatsapp_messages SELECT (m).* ON CONFLICT ON CONSTRAINT whatsapp_messages_pkey DO NOTHING;
	IF NOT FOUND THEN
		SELECT x.* INTO m FROM tradepost_internal.whatsapp_messages x WHERE x.account_sid = m.account_sid AND x.message_sid = m.message_sid;
		RETURN json_build_object('reply', m.reply, 'command', CASE WHEN m.outcome_told_at IS NULL AND m.answered_at IS NULL THEN m.command_id END, 'order', m.order_id, 'repeated', true);
	END IF;
	m := tradepost_internal.whatsapp_answer(m, tradepost_internal.edge_flag(args, 'voice'));
	UPDATE tradepost_internal.whatsapp_messages x SET user_id = m.user_id, language = m.language, action = m.action, command_id = m.command_id, order_id = m.order_id, reply = m.reply, voice_state = m.voice_state
		WHERE x.account_sid = m.account_sid AND x.message_sid = m.message_sid;
	RETURN json_build_object('reply', m.reply, 'command', m.command_id, 'order', m.order_id, 'repeated', false);
END
$$;
COMMENT ON FUNCTION tradepost_edge.whatsapp_inbound(jsonb) IS
'A message from a phone: {"reply": text or null, "command": id or null, "order": id or null, "repeated"}. args: tenant, accountSid, messageSid, phone (E.164), body (4096 characters at most), kind (text, voice, button, other), mediaUrl,
mediaType, voice (true: notes can be heard). The same message again does nothing and gets the same reply. command: to wait for, then whatsapp_outcome() has a better reply; null: there is nothing to wait for. What the message is
refused for is its reply. Error: TP005, args are not a message.';
