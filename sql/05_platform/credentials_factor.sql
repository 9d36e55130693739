-- The second factor: enrolled, proven, asked for, given up.
--
-- The proxy opens the sealed secret and says which step a code is of; whether that step or
-- recovery code is still good is decided here, under a lock, and a failure must be
-- remembered: so factor_prove() says in its answer what it refuses, and does not raise.
-- What it proves is one call: the call's own function takes the grant by require_factor().

CREATE OR REPLACE FUNCTION tradepost_internal.has_factor(of_user bigint)
	RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT EXISTS (SELECT FROM tradepost_internal.factors f WHERE f.user_id = of_user AND f.enrolled_at IS NOT NULL);
END;
COMMENT ON FUNCTION tradepost_internal.has_factor(bigint) IS 'Whether a user has enrolled a second factor';

CREATE OR REPLACE FUNCTION tradepost_internal.take_grant(of_user bigint, of_session bigint, for_purpose text, grant_id bigint)
	RETURNS boolean LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	DELETE FROM tradepost_internal.factor_grants g
		WHERE g.id = grant_id AND g.user_id = of_user AND g.session_id IS NOT DISTINCT FROM of_session AND g.purpose = for_purpose AND g.expires_at > clock_timestamp();
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION tradepost_internal.take_grant(bigint, bigint, text, bigint) IS 'Uses up a grant that factor_prove() gave this session for this purpose; false: there is none';

CREATE OR REPLACE FUNCTION tradepost_internal.require_factor(of_user bigint, of_session bigint, for_purpose text, args jsonb)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	IF tradepost_internal.has_factor(of_user) AND NOT tradepost_internal.take_grant(of_user, of_session, for_purpose, (args ->> 'grant')::bigint) THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_mfa_required@', MESSAGE = 'this needs a code of the second factor', HINT = 'Send it as "code": six digits of the authenticator, or a recovery code.';
	END IF;
END
$$;
COMMENT ON FUNCTION tradepost_internal.require_factor(bigint, bigint, text, jsonb) IS 'TP022 if the user has a second factor and args.grant is none that it was proven for this with';

CREATE OR REPLACE FUNCTION tradepost_edge.mfa_status(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
	factor tradepost_internal.factors;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}');
	SELECT f.* INTO factor FROM tradepost_internal.factors f WHERE f.user_id = asking.id;
	RETURN json_build_object('enrolled', factor.enrolled_at IS NOT NULL, 'pending', factor.user_id IS NOT NULL AND factor.enrolled_at IS NULL, 'enrolledAt', tradepost_internal.iso(factor.enrolled_at),
		'recoveryCodesLeft', (SELECT count(*) FROM tradepost_internal.recovery_codes r WHERE r.user_id = asking.id AND r.used_at IS NULL AND factor.enrolled_at IS NOT NULL));
END
$$;
COMMENT ON FUNCTION tradepost_edge.mfa_status(bigint, bigint, jsonb) IS 'GET mfa: {"enrolled", "pending", "enrolledAt", "recoveryCodesLeft"}. Errors: TP005, TP016, TP024.';

CREATE OR REPLACE FUNCTION tradepost_edge.factor_begin(user_id bigint, session_id bigint, secret bytea)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
BEGIN
	INSERT INTO tradepost_internal.factors AS f (user_id, secret) VALUES (asking.id, factor_begin.secret)
		ON CONFLICT ON CONSTRAINT factors_pkey DO UPDATE SET secret = factor_begin.secret, created_at = clock_timestamp(), last_step = 0 WHERE f.enrolled_at IS NULL;
	IF NOT FOUND THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_conflict@', MESSAGE = 'a second factor is enrolled already', HINT = 'DELETE mfa gives it up; then another can be enrolled.';
	END IF;
	RETURN json_build_object('email', asking.email, 'issuer', CASE asking.tenant WHEN 1 THEN 'Tradepost' ELSE (SELECT t.name FROM tradepost_internal.tenants t WHERE t.id = asking.tenant) END);
END
$$;
COMMENT ON FUNCTION tradepost_edge.factor_begin(bigint, bigint, bytea) IS
'POST mfa/enroll: keeps a new sealed secret, which is asked for nowhere until factor_confirm(): {"email", "issuer"}. Errors: TP016, TP024, TP028 a factor is enrolled.';

CREATE OR REPLACE FUNCTION tradepost_edge.factor_secret(user_id bigint, enrolled boolean)
	RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
	SELECT f.secret FROM tradepost_internal.factors f WHERE f.user_id = factor_secret.user_id AND (f.enrolled_at IS NOT NULL) = enrolled
$$;
COMMENT ON FUNCTION tradepost_edge.factor_secret(bigint, boolean) IS 'The sealed secret of a user''s factor, enrolled or still to be; NULL if there is none. Who cannot open it learns nothing by it.';

CREATE OR REPLACE FUNCTION tradepost_edge.factor_reseal(user_id bigint, old_secret bytea, new_secret bytea)
	RETURNS boolean LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	UPDATE tradepost_internal.factors f SET secret = new_secret WHERE f.user_id = factor_reseal.user_id AND f.secret = old_secret;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION tradepost_edge.factor_reseal(bigint, bytea, bytea) IS 'Puts the same secret, sealed under a newer key, in the place of the old; false if that has changed meanwhile';

CREATE OR REPLACE FUNCTION tradepost_internal.factor_fault(of_user bigint, for_purpose text, proof jsonb, from_ip inet)
	RETURNS text LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	factor tradepost_internal.factors;
	spent  boolean;
BEGIN
	-- Locked: of two that come with the same code the second finds it spent.
	SELECT f.* INTO factor FROM tradepost_internal.factors f WHERE f.user_id = of_user FOR UPDATE;
	IF factor.user_id IS NULL OR (factor.enrolled_at IS NULL) <> (for_purpose = 'enrol') THEN
		RETURN 'none';
	ELSIF proof ? 'step' THEN
		IF (proof ->> 'step')::bigint <= factor.last_step THEN
			RETURN 'step_spent';
		END IF;
		UPDATE tradepost_internal.factors f SET last_step = (proof ->> 'step')::bigint WHERE f.user_id = of_user;
		RETURN NULL;
	ELSIF proof ? 'recovery' AND for_purpose <> 'enrol' THEN
		SELECT r.used_at IS NOT NULL INTO spent FROM tradepost_internal.recovery_codes r WHERE r.user_id = of_user AND r.hash = (proof ->> 'recovery')::bytea;
		IF spent IS NOT FALSE THEN
			RETURN CASE WHEN spent THEN 'recovery_spent' ELSE 'wrong' END;
		END IF;
		UPDATE tradepost_internal.recovery_codes r SET used_at = clock_timestamp() WHERE r.user_id = of_user AND r.hash = (proof ->> 'recovery')::bytea;
		PERFORM tradepost_internal.note_security('recovery_code_used', of_user, from_ip, 40, jsonb_build_object('purpose', for_purpose,
			'left', (SELECT count(*) FROM tradepost_internal.recovery_codes r WHERE r.user_id = of_user AND r.used_at IS NULL)));
		PERFORM tradepost_internal.notify_user(of_user, 'security', 'Recovery code used', 'One of your recovery codes was used. If it was not you, change your password and enrol anew.');
		RETURN NULL;
	END IF;
	RETURN CASE proof ->> 'fault' WHEN 'clock' THEN 'clock' ELSE 'wrong' END;
END
$$;
COMMENT ON FUNCTION tradepost_internal.factor_fault(bigint, text, jsonb, inet) IS
'Uses up what a proof names, a step or a recovery code; NULL: it was good, else none, wrong, clock, step_spent or recovery_spent';

CREATE OR REPLACE FUNCTION tradepost_internal.factor_failed(asking tradepost_internal.users, in_session boolean, from_ip inet)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	most CONSTANT integer := 5;
BEGIN
	IF NOT in_session THEN
		PERFORM tradepost_internal.login_failed(asking.tenant, asking.email_key, asking.id, from_ip);
		RETURN;
	END IF;
	-- Apart from logins: else who knows no more than an e-mail address could keep its owner from a withdrawal.
	UPDATE tradepost_internal.factors f SET failures = (f.failures + 1) % most, lockouts = least(f.lockouts + (f.failures + 1) / most, 30),
		locked_until = CASE WHEN f.failures + 1 >= most THEN clock_timestamp() + least(interval '1 minute' * power(2, f.lockouts), interval '24 hours') END
		WHERE f.user_id = asking.id;
END
$$;
COMMENT ON FUNCTION tradepost_internal.factor_failed(tradepost_internal.users, boolean, inet) IS
'Counts a code that failed: at a login as a failed one, in a session by itself; the fifth locks for a minute, and each lockout until a success for twice as long, up to a day';

CREATE OR REPLACE FUNCTION tradepost_edge.factor_prove(user_id bigint, session_id bigint, purpose text, proof jsonb, ip inet)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users;
	wait   integer;
	until  timestamptz;
	fault  text;
	made   bigint;
BEGIN
	IF session_id IS NOT NULL THEN
		asking := tradepost_edge.caller(user_id, session_id, CASE purpose WHEN 'withdrawal' THEN 'withdraw' ELSE 'login' END);
	ELSIF purpose = 'login' THEN
		SELECT u.* INTO asking FROM tradepost_internal.users u WHERE u.id = factor_prove.user_id;
	END IF;
	-- Locked, so that of many that come at once none is looked at behind the fifth. In a statement of its own: a condition on the row would be looked at before it is locked.
	SELECT f.locked_until INTO until FROM tradepost_internal.factors f WHERE f.user_id = asking.id FOR UPDATE;
	IF session_id IS NULL THEN
		SELECT ceil(extract(epoch FROM f.locked_until - clock_timestamp())) INTO wait
			FROM tradepost_internal.login_failures f WHERE f.tenant = asking.tenant AND f.email_key = asking.email_key AND f.locked_until > clock_timestamp();
	ELSE
		wait := CASE WHEN until > clock_timestamp() THEN ceil(extract(epoch FROM until - clock_timestamp())) END;
	END IF;
	IF wait > 0 THEN
		RETURN json_build_object('fault', 'locked', 'wait', wait);
	END IF;
	fault := tradepost_internal.factor_fault(asking.id, purpose, proof, ip);
	IF fault IS NULL THEN
		DELETE FROM tradepost_internal.factor_grants g WHERE g.user_id = asking.id AND g.expires_at <= clock_timestamp();
		IF session_id IS NOT NULL THEN
			UPDATE tradepost_internal.factors f SET failures = 0, lockouts = 0, locked_until = NULL WHERE f.user_id = asking.id AND (f.failures > 0 OR f.lockouts > 0);
		END IF;
		INSERT INTO tradepost_internal.factor_grants (user_id, session_id, purpose) VALUES (asking.id, factor_prove.session_id, factor_prove.purpose) RETURNING factor_grants.id INTO made;
		RETURN json_build_object('grant', made);
	ELSIF fault NOT IN ('none', 'step_spent') THEN
		-- Who sends a spent step knew a right code; everything else is a guess.
		PERFORM tradepost_internal.note_security('factor_failed', asking.id, ip, 30, jsonb_build_object('fault', fault, 'purpose', purpose));
		PERFORM tradepost_internal.factor_failed(asking, session_id IS NOT NULL, ip);
	END IF;
	RETURN json_build_object('fault', fault);
END
$$;
COMMENT ON FUNCTION tradepost_edge.factor_prove(bigint, bigint, text, jsonb, inet) IS
'Proves a user''s second factor for one call: {"grant"}, good for 30 s, or {"fault": none, wrong, clock, step_spent, recovery_spent, locked, "wait"}. session_id NULL: for a login. purpose: login, enrol, withdrawal, api_key,
mt5_credentials, recovery_codes, remove. proof, by the proxy: {"step": of the code}, {"recovery": hash}, or {"fault": wrong or clock}. Five failures lock for a while that doubles. Errors: TP016, TP024.';

CREATE OR REPLACE FUNCTION tradepost_internal.set_recovery_codes(of_user bigint, hashes bytea[])
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	DELETE FROM tradepost_internal.recovery_codes r WHERE r.user_id = of_user;
	INSERT INTO tradepost_internal.recovery_codes (user_id, hash) SELECT of_user, h FROM unnest(hashes) h;
END;
COMMENT ON FUNCTION tradepost_internal.set_recovery_codes(bigint, bytea[]) IS 'A user''s recovery codes are now these; the old ones are gone';

CREATE OR REPLACE FUNCTION tradepost_edge.factor_confirm(user_id bigint, session_id bigint, grant_id bigint, hashes bytea[])
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
BEGIN
	IF NOT tradepost_internal.take_grant(asking.id, session_id, 'enrol', grant_id) THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_mfa_required@', MESSAGE = 'this needs a code of the new factor', HINT = 'Send it as "code".';
	END IF;
	UPDATE tradepost_internal.factors f SET enrolled_at = clock_timestamp() WHERE f.user_id = asking.id AND f.enrolled_at IS NULL;
	IF NOT FOUND THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_conflict@', MESSAGE = 'no enrolment is under way', HINT = 'POST mfa/enroll begins one.';
	END IF;
	PERFORM tradepost_internal.set_recovery_codes(asking.id, hashes);
	PERFORM tradepost_internal.note_credential(asking, 'factor_enrolled', 20, 'Second factor enrolled', 'Logins and withdrawals ask for a code of your authenticator from now on.');
	RETURN json_build_object('enrolled', true);
END
$$;
COMMENT ON FUNCTION tradepost_edge.factor_confirm(bigint, bigint, bigint, bytea[]) IS
'POST mfa/verify, when factor_prove() has granted it: the factor is asked for from now on, and these are the hashes of its recovery codes. Errors: TP016, TP022, TP024, TP028.';

CREATE OR REPLACE FUNCTION tradepost_edge.recovery_codes_renew(user_id bigint, session_id bigint, args jsonb, hashes bytea[])
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}');
	PERFORM tradepost_internal.require_enrolled(asking.id);
	PERFORM tradepost_internal.require_factor(asking.id, session_id, 'recovery_codes', args);
	PERFORM tradepost_internal.set_recovery_codes(asking.id, hashes);
	PERFORM tradepost_internal.note_credential(asking, 'recovery_codes_renewed', 20, 'New recovery codes', 'The recovery codes that you had are not good any more.');
	RETURN json_build_object('renewed', true);
END
$$;
COMMENT ON FUNCTION tradepost_edge.recovery_codes_renew(bigint, bigint, jsonb, bytea[]) IS 'POST mfa/recovery-codes: these instead of the old ones. Errors: TP005, TP016, TP022, TP024, TP028 no factor.';

CREATE OR REPLACE FUNCTION tradepost_internal.require_enrolled(of_user bigint)
	RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	IF NOT tradepost_internal.has_factor(of_user) THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_conflict@', MESSAGE = 'no second factor is enrolled', HINT = 'POST mfa/enroll and POST mfa/verify enrol one.';
	END IF;
END
$$;
COMMENT ON FUNCTION tradepost_internal.require_enrolled(bigint) IS 'TP028 if the user has no second factor';

CREATE OR REPLACE FUNCTION tradepost_edge.factor_remove(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}');
	PERFORM tradepost_internal.require_enrolled(asking.id);
	PERFORM tradepost_internal.require_factor(asking.id, session_id, 'remove', args);
	DELETE FROM tradepost_internal.factors f WHERE f.user_id = asking.id;
	PERFORM tradepost_internal.note_credential(asking, 'factor_removed', 50, 'Second factor removed', 'Your password alone opens your account now.');
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION tradepost_edge.factor_remove(bigint, bigint, jsonb) IS
'DELETE mfa: gives the factor and its recovery codes up. The proxy has checked the password. Errors: TP005, TP016, TP022, TP024, TP028 no factor.';

CREATE OR REPLACE FUNCTION tradepost.remove_factor(user_id bigint)
	RETURNS boolean LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	removed boolean;
BEGIN
	PERFORM tradepost_internal.require_definition(EXISTS (SELECT FROM tradepost_internal.users u WHERE u.id = remove_factor.user_id),
		format('user %s does not exist', coalesce(user_id::text, 'null')), 'View tradepost.users lists them.');
	DELETE FROM tradepost_internal.factors f WHERE f.user_id = remove_factor.user_id;
	removed := FOUND;
	PERFORM tradepost_internal.note_security('factor_removed', user_id, NULL, 50, jsonb_build_object('by', session_user));
	RETURN removed;
END
$$;
COMMENT ON FUNCTION tradepost.remove_factor(bigint) IS
'Takes the second factor from a user who has lost it and all recovery codes, once somebody has made sure who asks; false if there was none. Error: TP014. Administrators only.';
