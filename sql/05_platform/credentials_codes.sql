-- Codes that prove an e-mail address or a telephone number.  The proxy makes and sends
-- them; here is only their hash.  A wrong code must be remembered, so code_confirm() says
-- in its answer what it refuses, and does not raise.

CREATE OR REPLACE FUNCTION tradepost_internal.edge_phone(body jsonb)
	RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	given text := regexp_replace(tradepost_internal.edge_text(body, 'phone'), '[ ().-]', '', 'g');
BEGIN
	IF given IS NULL OR given !~ '^[+][1-9][0-9]{6,14}$' THEN
		PERFORM tradepost_internal.refuse(format('phone must be a number with its country''s code, of at most 15 digits, not %s', left(coalesce((body -> 'phone')::text, 'null'), 64)), 'Such as +41 44 668 18 00.');
	END IF;
	RETURN given;
END
$$;
COMMENT ON FUNCTION tradepost_internal.edge_phone(jsonb) IS 'Field phone as E.164 writes it; TP005 if it can be no number';

CREATE OR REPLACE FUNCTION tradepost_edge.code_issue(user_id bigint, session_id bigint, kind text, args jsonb, hash bytea)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	most   CONSTANT integer := 5;
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
	goal   text;
	made   tradepost_internal.verification_codes;
BEGIN
	IF kind = 'phone' THEN
		PERFORM tradepost_internal.edge_takes(args, '{}', '{phone}');
		goal := tradepost_internal.edge_phone(args -> 'body');
	ELSE
		PERFORM tradepost_internal.edge_takes(args, '{}');
		goal := asking.email;
	END IF;
	IF kind = 'email' AND asking.email_verified_at IS NOT NULL OR kind = 'phone' AND asking.phone = goal THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_conflict@', MESSAGE = CASE kind WHEN 'email' THEN 'the e-mail address is verified already' ELSE 'the phone number is verified already' END,
			HINT = 'Nothing needs to be done.';
	END IF;
	INSERT INTO tradepost_internal.verification_codes AS v (user_id, kind, target, hash, expires_at)
		VALUES (asking.id, code_issue.kind, goal, code_issue.hash, clock_timestamp() + interval '10 minutes')
		ON CONFLICT ON CONSTRAINT verification_codes_pkey DO UPDATE SET target = excluded.target, hash = excluded.hash, expires_at = excluded.expires_at, tries = 0,
			sent = CASE WHEN v.sent_since > clock_timestamp() - interval '1 hour' THEN v.sent + 1 ELSE 1 END,
			sent_since = CASE WHEN v.sent_since > clock_timestamp() - interval '1 hour' THEN v.sent_since ELSE clock_timestamp() END
		RETURNING v.* INTO made;
	IF made.sent > most THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_too_often@', MESSAGE = format('%s codes were asked for within an hour', most),
			DETAIL = format('retry_after=%s', ceil(extract(epoch FROM made.sent_since + interval '1 hour' - clock_timestamp()))), HINT = 'Wait, then ask again.';
	END IF;
	RETURN json_build_object('to', goal, 'language', asking.language, 'expiresAt', tradepost_internal.iso(made.expires_at));
END
$$;
COMMENT ON FUNCTION tradepost_edge.code_issue(bigint, bigint, text, jsonb, bytea) IS
'POST users/email/verify and users/phone: a code for the caller''s e-mail address, or for the phone of the body, is under way for 10 minutes: {"to", "language", "expiresAt"}. kind: email or phone. Errors: TP005, TP016,
TP024, TP028 verified already, TP032 five in an hour.';

CREATE OR REPLACE FUNCTION tradepost_edge.code_confirm(user_id bigint, session_id bigint, kind text, args jsonb, hash bytea)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	most   CONSTANT integer := 5;
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
	code   tradepost_internal.verification_codes;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}');
	SELECT v.* INTO code FROM tradepost_internal.verification_codes v WHERE v.user_id = asking.id AND v.kind = code_confirm.kind FOR UPDATE;
	IF code.hash IS NULL THEN
		RETURN json_build_object('fault', CASE WHEN code.user_id IS NULL THEN 'none' ELSE 'spent' END);
	ELSIF code.tries >= most THEN
		RETURN json_build_object('fault', 'tries');
	ELSIF code.expires_at <= clock_timestamp() THEN
		RETURN json_build_object('fault', 'expired');
	ELSIF code.hash <> code_confirm.hash THEN
		UPDATE tradepost_internal.verification_codes v SET tries = v.tries + 1 WHERE v.user_id = asking.id AND v.kind = code_confirm.kind;
		PERFORM tradepost_internal.note_security('code_wrong', asking.id, NULL, 20, jsonb_build_object('kind', kind));
		RETURN json_build_object('fault', CASE WHEN code.tries + 1 >= most THEN 'tries' ELSE 'wrong' END, 'left', most - code.tries - 1);
	END IF;
	UPDATE tradepost_internal.verification_codes v SET hash = NULL WHERE v.user_id = asking.id AND v.kind = code_confirm.kind;
	IF kind = 'email' THEN
		UPDATE tradepost_internal.users u SET email_verified_at = clock_timestamp() WHERE u.id = asking.id RETURNING u.* INTO asking;
	ELSE
		UPDATE tradepost_internal.users u SET phone = code.target, phone_verified_at = clock_timestamp() WHERE u.id = asking.id RETURNING u.* INTO asking;
	END IF;
	PERFORM tradepost_internal.note_security(kind || '_verified', asking.id, NULL, 0);
	RETURN json_build_object('user', tradepost_internal.user_json(asking));
END
$$;
COMMENT ON FUNCTION tradepost_edge.code_confirm(bigint, bigint, text, jsonb, bytea) IS
'POST users/email/confirm and users/phone/confirm: {"user"}, or {"fault": none, spent, expired, wrong, tries, "left": tries}; the fifth wrong code ends it. Errors: TP005, TP016, TP024.';
