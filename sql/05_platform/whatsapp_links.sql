-- Which phone trades for whom: a user asks for a code by REST, and sends it from the phone.
-- Only who has both the login and the phone can link them.  A wrong code must be remembered,
-- so what comes from a phone is answered, and not raised.

CREATE OR REPLACE FUNCTION tradepost_internal.random_digits(digits integer)
	RETURNS text LANGUAGE sql VOLATILE PARALLEL SAFE
BEGIN ATOMIC
	-- The first 12 hex digits of a random UUID are all random.  The first digit is not 0, which people leave out.
	SELECT (power(10::numeric, digits - 1) + ('x' || substr(replace(gen_random_uuid()::text, '-', ''), 1, 12))::bit(48)::bigint % (9 * power(10::numeric, digits - 1)))::bigint::text;
END;
COMMENT ON FUNCTION tradepost_internal.random_digits(integer) IS 'So many random digits, 11 at most, the first of which is not 0';

CREATE OR REPLACE FUNCTION tradepost_internal.link_hash(user_id bigint, phone text, code text)
	RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT sha256(convert_to(format('%s %s %s', user_id, phone, code), 'UTF8'));
END;
COMMENT ON FUNCTION tradepost_internal.link_hash(bigint, text, text) IS 'What is kept of a code that links a phone';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_language(link tradepost_internal.phone_links, u tradepost_internal.users)
	RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT coalesce(link.language, link.spoken, substring(lower(u.language) FROM '^(en|es|pt)(?:-|$)'), 'en');
END;
COMMENT ON FUNCTION tradepost_internal.whatsapp_language(tradepost_internal.phone_links, tradepost_internal.users) IS
'Language of what goes to a phone: the one chosen, else the one last spoken, else the user''s, if it is en, es or pt; else en';

CREATE OR REPLACE FUNCTION tradepost_internal.phone_language(phone text)
	RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN phone ~ '^[+](55|351|244|258|238|239|245|670)' THEN 'pt' WHEN phone ~ '^[+](34|5[1-46-8]|50[2-7]|59[1358]|240)' THEN 'es' ELSE 'en' END;
END;
COMMENT ON FUNCTION tradepost_internal.phone_language(text) IS 'Language that is spoken where a phone is from: es, pt, else en';

CREATE OR REPLACE FUNCTION tradepost_internal.void_pendings(of_tenant bigint, of_phone text)
	RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	voided bigint;
BEGIN
	UPDATE tradepost_internal.whatsapp_pendings p SET rejected_at = clock_timestamp()
		WHERE p.tenant = of_tenant AND p.phone = of_phone AND p.consumed_at IS NULL AND p.rejected_at IS NULL AND p.expires_at > clock_timestamp();
	GET DIAGNOSTICS voided = ROW_COUNT;
	RETURN voided;
END
$$;
COMMENT ON FUNCTION tradepost_internal.void_pendings(bigint, text) IS 'Voids what waits for a confirmation of this phone; how many there were';

CREATE OR REPLACE FUNCTION tradepost_internal.end_link(link tradepost_internal.phone_links, how text)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	u tradepost_internal.users;
BEGIN
	SELECT x.* INTO u FROM tradepost_internal.users x WHERE x.id = link.user_id;
	PERFORM tradepost_internal.void_pendings(link.tenant, link.phone);
	-- Told first: the phone, too, is to know that it has lost its user.
	PERFORM tradepost_internal.note_credential(u, 'whatsapp_unlinked', CASE how WHEN 'removed' THEN 0 ELSE 20 END, 'A phone was unlinked',
		format('The phone %s does not trade for you by WhatsApp any more.', link.phone), jsonb_build_object('event', 'whatsapp_unlinked', 'phone', link.phone, 'how', how));
	DELETE FROM tradepost_internal.phone_links l WHERE l.tenant = link.tenant AND l.phone = link.phone;
END
$$;
COMMENT ON FUNCTION tradepost_internal.end_link(tradepost_internal.phone_links, text) IS 'Unlinks a phone and tells its user. how: removed by the user, replaced by another phone, taken by another user';

CREATE OR REPLACE FUNCTION tradepost_internal.make_link(u tradepost_internal.users, of_phone text)
	RETURNS tradepost_internal.phone_links LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	link tradepost_internal.phone_links;
BEGIN
	-- Of two users who link the same phone at once, and of two phones of one user, the second waits.
	PERFORM FROM tradepost_internal.users x WHERE x.id = u.id FOR NO KEY UPDATE;
	PERFORM pg_advisory_xact_lock(hashtextextended('whatsapp ' || u.tenant || ' ' || of_phone, 0));
	SELECT l.* INTO link FROM tradepost_internal.phone_links l WHERE l.tenant = u.tenant AND l.phone = of_phone AND l.user_id = u.id FOR UPDATE;
	IF FOUND THEN
		RETURN link;
	END IF;
	FOR link IN SELECT l.* FROM tradepost_internal.phone_links l WHERE l.tenant = u.tenant AND l.phone = of_phone OR l.user_id = u.id FOR UPDATE LOOP
		PERFORM tradepost_internal.end_link(link, CASE WHEN link.user_id = u.id THEN 'replaced' ELSE 'taken' END);
	END LOOP;
	PERFORM tradepost_internal.note_credential(u, 'whatsapp_linked', 20, 'A phone was linked', format('The phone %s trades for you by WhatsApp from now on. If this was not you, unlink it and change your password.', of_phone),
		jsonb_build_object('event', 'whatsapp_linked', 'phone', of_phone));
	INSERT INTO tradepost_internal.phone_links AS l (tenant, phone, user_id, last_inbound_at) VALUES (u.tenant, of_phone, u.id, clock_timestamp()) RETURNING l.* INTO link;
	RETURN link;
END
$$;
COMMENT ON FUNCTION tradepost_internal.make_link(tradepost_internal.users, text) IS 'Links a phone to a user, instead of what either was linked to, and tells whom it concerns';

CREATE OR REPLACE FUNCTION tradepost_internal.take_link_code(of_tenant bigint, of_phone text, code text, OUT u tradepost_internal.users, OUT tries_left integer)
	RETURNS record LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	most  CONSTANT integer := 5;
	asked tradepost_internal.phone_link_codes;
BEGIN
	FOR asked IN
		SELECT c.* FROM tradepost_internal.phone_link_codes c
		WHERE c.tenant = of_tenant AND c.phone = of_phone AND c.code_hash IS NOT NULL AND c.expires_at > clock_timestamp() AND c.tries < most
		-- The right one first: others who asked for codes for this phone are not told that it linked.
		ORDER BY c.code_hash <> tradepost_internal.link_hash(c.user_id, of_phone, code), c.user_id FOR UPDATE
	LOOP
		IF asked.code_hash = tradepost_internal.link_hash(asked.user_id, of_phone, code) THEN
			UPDATE tradepost_internal.phone_link_codes c SET code_hash = NULL WHERE c.user_id = asked.user_id;
			SELECT x.* INTO u FROM tradepost_internal.users x WHERE x.id = asked.user_id AND x.status = 'active';
			tries_left := 0;
			RETURN;
		END IF;
		UPDATE tradepost_internal.phone_link_codes c SET tries = c.tries + 1 WHERE c.user_id = asked.user_id;
		PERFORM tradepost_internal.note_security('code_wrong', asked.user_id, NULL, 20, jsonb_build_object('kind', 'whatsapp', 'phone', of_phone));
		tries_left := greatest(tries_left, most - asked.tries - 1);
	END LOOP;
END
$$;
COMMENT ON FUNCTION tradepost_internal.take_link_code(bigint, text, text) IS
'Spends the code that this phone was given: u is whose it is, all NULL if the code is wrong, or its user suspended; tries_left NULL: no code waits for this phone';

CREATE OR REPLACE FUNCTION tradepost_internal.link_json(of_user bigint, number text)
	RETURNS json LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT json_build_object(
		'link', (SELECT row_to_json(x) FROM (SELECT l.phone, l.language, tradepost_internal.iso(l.linked_at) AS "linkedAt", l.opted_out_at IS NOT NULL AS "optedOut",
				tradepost_internal.iso(l.last_inbound_at) AS "lastMessageAt", link_json.number FROM tradepost_internal.phone_links l WHERE l.user_id = of_user) x),
		'pending', (SELECT json_build_object('phone', c.phone, 'expiresAt', tradepost_internal.iso(c.expires_at)) FROM tradepost_internal.phone_link_codes c
			WHERE c.user_id = of_user AND c.code_hash IS NOT NULL AND c.expires_at > clock_timestamp() AND c.tries < 5));
END;
COMMENT ON FUNCTION tradepost_internal.link_json(bigint, text) IS 'A user''s phone, and the code that waits for one, as clients see them; number: the exchange''s own';

CREATE OR REPLACE FUNCTION tradepost_edge.whatsapp_link_get(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}');
	RETURN tradepost_internal.link_json(asking.id, args ->> 'number');
END
$$;
COMMENT ON FUNCTION tradepost_edge.whatsapp_link_get(bigint, bigint, jsonb) IS
'GET users/whatsapp: {"link": {"phone", "language", "linkedAt", "optedOut", "lastMessageAt", "number"} or null, "pending": {"phone", "expiresAt"} or null}. args has the exchange''s number. Errors: TP005, TP016, TP024.';

CREATE OR REPLACE FUNCTION tradepost_edge.whatsapp_link_begin(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	most   CONSTANT integer := 5;
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
	body   jsonb := CASE WHEN jsonb_typeof(args -> 'body') = 'object' THEN args -> 'body' ELSE '{}' END;
	goal   text;
	code   text := tradepost_internal.random_digits(6);
	made   tradepost_internal.phone_link_codes;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}', '{phone}');
	IF body ->> 'phone' IS NULL AND asking.phone IS NULL THEN
		PERFORM tradepost_internal.refuse('phone must be given', 'You have not verified one; such as {"phone": "+41 44 668 18 00"}.');
	END IF;
	goal := CASE WHEN body ->> 'phone' IS NULL THEN asking.phone ELSE tradepost_internal.edge_phone(body) END;
	IF EXISTS (SELECT FROM tradepost_internal.phone_links l WHERE l.tenant = asking.tenant AND l.phone = goal AND l.user_id = asking.id) THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_conflict@', MESSAGE = format('the phone %s is linked already', goal), HINT = 'Nothing needs to be done.';
	END IF;
	INSERT INTO tradepost_internal.phone_link_codes AS c (user_id, tenant, phone, code_hash, expires_at)
		VALUES (asking.id, asking.tenant, goal, tradepost_internal.link_hash(asking.id, goal, code), clock_timestamp() + interval '10 minutes')
		ON CONFLICT ON CONSTRAINT phone_link_codes_pkey DO UPDATE SET phone = excluded.phone, code_hash = excluded.code_hash, expires_at = excluded.expires_at, tries = 0,
			sent = CASE WHEN c.sent_since > clock_timestamp() - interval '1 hour' THEN c.sent + 1 ELSE 1 END,
			sent_since = CASE WHEN c.sent_since > clock_timestamp() - interval '1 hour' THEN c.sent_since ELSE clock_timestamp() END
		RETURNING c.* INTO made;
	IF made.sent > most THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_too_often@', MESSAGE = format('%s codes were asked for within an hour', most),
			DETAIL = format('retry_after=%s', ceil(extract(epoch FROM made.sent_since + interval '1 hour' - clock_timestamp()))), HINT = 'Wait, then ask again.';
	END IF;
	PERFORM tradepost_internal.note_security('whatsapp_code', asking.id, NULL, 0, jsonb_build_object('phone', goal));
	RETURN json_build_object('code', code, 'text', 'LINK ' || code, 'phone', goal, 'number', args ->> 'number', 'expiresAt', tradepost_internal.iso(made.expires_at));
END
$$;
COMMENT ON FUNCTION tradepost_edge.whatsapp_link_begin(bigint, bigint, jsonb) IS
'POST users/whatsapp: {"code", "text": what the phone is to send, "phone", "number": where to, "expiresAt"}. Body: phone, default the caller''s verified one. The code is good for ten minutes, once, from that phone. args has the
exchange''s number. Errors: TP005, TP016, TP024, TP028 linked already, TP032 five in an hour.';

CREATE OR REPLACE FUNCTION tradepost_edge.whatsapp_link_change(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
	wanted text;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}', '{language}');
	IF NOT coalesce(args -> 'body' ? 'language', false) THEN
		PERFORM tradepost_internal.refuse('language must be given', 'It is en, es, pt, or null: found out from each message.');
	END IF;
	wanted := tradepost_internal.edge_choice(args -> 'body', 'language', '{en,es,pt}');
	UPDATE tradepost_internal.phone_links l SET language = wanted WHERE l.user_id = asking.id;
	IF NOT FOUND THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_not_found@', MESSAGE = 'no phone is linked', HINT = 'POST users/whatsapp links one.';
	END IF;
	RETURN tradepost_internal.link_json(asking.id, args ->> 'number');
END
$$;
COMMENT ON FUNCTION tradepost_edge.whatsapp_link_change(bigint, bigint, jsonb) IS
'PATCH users/whatsapp: sets the language of the caller''s phone, and answers as GET does. Body: language: en, es, pt, or null. Errors: TP005, TP016, TP024, TP027 no phone is linked.';

CREATE OR REPLACE FUNCTION tradepost_edge.whatsapp_link_remove(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
	link   tradepost_internal.phone_links;
	ended  boolean;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}');
	UPDATE tradepost_internal.phone_link_codes c SET code_hash = NULL WHERE c.user_id = asking.id AND c.code_hash IS NOT NULL;
	ended := FOUND;
	SELECT l.* INTO link FROM tradepost_internal.phone_links l WHERE l.user_id = asking.id FOR UPDATE;
	IF link.user_id IS NOT NULL THEN
		PERFORM tradepost_internal.end_link(link, 'removed');
	ELSIF NOT ended THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_not_found@', MESSAGE = 'no phone is linked', HINT = 'GET users/whatsapp says what is.';
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION tradepost_edge.whatsapp_link_remove(bigint, bigint, jsonb) IS
'DELETE users/whatsapp: the caller''s phone trades no more, a code that waits for one is void, and so is what waits for a confirmation. Errors: TP005, TP016, TP024, TP027 there was neither.';
