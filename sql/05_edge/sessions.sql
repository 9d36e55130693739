-- Logins, refreshes and their end.
--
-- What must be remembered of a call that fails (a wrong password, a token that comes
-- twice) must commit, so these functions say in their answer what they refuse, and do
-- not raise.

CREATE OR REPLACE FUNCTION tradepost_internal.revoke_sessions(of_user bigint, why text, but_session bigint)
	RETURNS integer LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	ended bigint[];
BEGIN
	WITH revoked AS (
		UPDATE tradepost_internal.sessions s SET revoked_at = clock_timestamp(), revoked_reason = why
		WHERE s.user_id = of_user AND s.kind = 'login' AND s.revoked_at IS NULL AND s.expires_at > now() AND s.id IS DISTINCT FROM but_session
		RETURNING s.id
	)
	SELECT array_agg(r.id ORDER BY r.id) INTO ended FROM revoked r;
	IF but_session IS NULL THEN
		PERFORM tradepost_internal.tell_edge(json_build_object('revoke_user', of_user));
	ELSE
		PERFORM tradepost_internal.tell_edge(json_build_object('revoke', e)) FROM unnest(ended) e;
	END IF;
	RETURN coalesce(cardinality(ended), 0);
END
$$;
COMMENT ON FUNCTION tradepost_internal.revoke_sessions(bigint, text, bigint) IS 'Ends all logins of a user but this one (NULL: all), and tells the proxies; returns how many. API keys stay: end_keys()';

CREATE OR REPLACE FUNCTION tradepost_edge.login_lookup(email text, ip inet, tenant bigint DEFAULT 1)
	RETURNS json LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	key    text := tradepost_internal.email_key(left(email, 254));
	wait   integer := 0;
	wanted tradepost_internal.users;
BEGIN
	SELECT ceil(extract(epoch FROM f.locked_until - clock_timestamp())) INTO wait
		FROM tradepost_internal.login_failures f WHERE f.tenant = login_lookup.tenant AND f.email_key = key AND f.locked_until > clock_timestamp();
	SELECT u.* INTO wanted FROM tradepost_internal.users u WHERE u.tenant = login_lookup.tenant AND u.email_key = key;
	RETURN json_build_object('user', wanted.id, 'hash', wanted.password_hash, 'wait', coalesce(wait, 0));
END
$$;
COMMENT ON FUNCTION tradepost_edge.login_lookup(text, inet, bigint) IS
'What a login to this tenant needs: {"user": id or null, "hash": of the password or null, "wait": seconds that logins with this e-mail are locked for, whether it is anybody''s or not}. Where user is null the proxy checks the
password against a hash of its own, so that both take the same time.';

CREATE OR REPLACE FUNCTION tradepost_internal.login_failed(failed_tenant bigint, failed_key text, failed_user bigint, from_ip inet)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	most   CONSTANT integer := 5;
	counts tradepost_internal.login_failures;
BEGIN
	INSERT INTO tradepost_internal.login_failures AS f (tenant, email_key, failures) VALUES (failed_tenant, failed_key, 1)
		ON CONFLICT ON CONSTRAINT login_failures_pkey DO UPDATE SET failures = f.failures + 1, last_at = clock_timestamp() WHERE f.locked_until IS NULL OR f.locked_until <= clock_timestamp()
		RETURNING f.* INTO counts;
	-- During a lockout nothing is counted.
	IF counts.email_key IS NULL THEN
		RETURN;
	END IF;
	PERFORM tradepost_internal.note_security('login_failed', failed_user, from_ip, least(20 + 10 * counts.failures + 10 * counts.lockouts, 80), jsonb_build_object('failures', counts.failures));
	IF counts.failures >= most THEN
		UPDATE tradepost_internal.login_failures f
			SET failures = 0, lockouts = least(f.lockouts + 1, 30), locked_until = clock_timestamp() + least(interval '1 minute' * power(2, f.lockouts), interval '24 hours')
			WHERE f.tenant = failed_tenant AND f.email_key = failed_key RETURNING f.* INTO counts;
		PERFORM tradepost_internal.note_security('login_locked', failed_user, from_ip, least(50 + 10 * counts.lockouts, 90), jsonb_build_object('lockouts', counts.lockouts));
		IF failed_user IS NOT NULL THEN
			PERFORM tradepost_internal.tell_edge(json_build_object('user', failed_user));
		END IF;
	END IF;
	-- What is long past makes room, a little at a time.
	DELETE FROM tradepost_internal.login_failures f WHERE (f.tenant, f.email_key) IN (
		SELECT x.tenant, x.email_key FROM tradepost_internal.login_failures x WHERE x.last_at < now() - interval '2 days' ORDER BY x.last_at LIMIT 10 FOR UPDATE SKIP LOCKED);
END
$$;
COMMENT ON FUNCTION tradepost_internal.login_failed(bigint, text, bigint, inet) IS 'Counts a failed login: the fifth locks the e-mail at this tenant for a minute, and each lockout until a success for twice as long, up to a day';

CREATE OR REPLACE FUNCTION tradepost_internal.forget_sessions(of_user bigint)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	old bigint[] := ARRAY(SELECT s.id FROM tradepost_internal.sessions s WHERE s.user_id = of_user AND s.kind = 'login' AND least(s.revoked_at, s.expires_at) < now() - interval '30 days' LIMIT 100);
BEGIN
	DELETE FROM tradepost_internal.refresh_tokens t WHERE t.session_id = ANY (old);
	DELETE FROM tradepost_internal.sessions s WHERE s.id = ANY (old);
END
$$;
COMMENT ON FUNCTION tradepost_internal.forget_sessions(bigint) IS 'Removes a user''s sessions that ended 30 days ago, with their tokens; what happened in them stays in security_events';

CREATE OR REPLACE FUNCTION tradepost_edge.login_done(email text, user_id bigint, succeeded boolean, ip inet, user_agent text, refresh_hash bytea, tenant bigint DEFAULT 1, factor bigint DEFAULT NULL)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	key    text := tradepost_internal.email_key(left(email, 254));
	wanted tradepost_internal.users;
	made   tradepost_internal.sessions;
BEGIN
	SELECT u.* INTO wanted FROM tradepost_internal.users u WHERE u.id = login_done.user_id AND u.tenant = login_done.tenant AND u.email_key = key;
	IF succeeded IS NOT TRUE OR wanted.id IS NULL THEN
		PERFORM tradepost_internal.login_failed(coalesce(login_done.tenant, 0), coalesce(key, ''), wanted.id, ip);
		RETURN NULL;
	ELSIF wanted.status <> 'active' OR EXISTS (SELECT FROM tradepost_internal.login_failures f WHERE f.tenant = wanted.tenant AND f.email_key = key AND f.locked_until > clock_timestamp()) THEN
		-- The right password, but it opens nothing; locked meanwhile by others' attempts, or suspended.
		PERFORM tradepost_internal.note_security('login_refused', wanted.id, ip, 50, jsonb_build_object('status', wanted.status));
		RETURN NULL;
	ELSIF tradepost_internal.has_factor(wanted.id) AND NOT tradepost_internal.take_grant(wanted.id, NULL, 'login', factor) THEN
		RETURN json_build_object('error', '@tradepost_mfa_required@');
	END IF;
	DELETE FROM tradepost_internal.login_failures f WHERE f.tenant = wanted.tenant AND f.email_key = key;
	PERFORM tradepost_internal.forget_sessions(wanted.id);
	INSERT INTO tradepost_internal.sessions (user_id, expires_at, ip, user_agent)
		VALUES (wanted.id, now() + interval '7 days', login_done.ip, left(login_done.user_agent, 256)) RETURNING * INTO made;
	INSERT INTO tradepost_internal.refresh_tokens (hash, session_id, expires_at) VALUES (refresh_hash, made.id, made.expires_at);
	PERFORM tradepost_internal.note_security('login', wanted.id, ip, 0, jsonb_build_object('session', made.id));
	RETURN tradepost_internal.session_json(wanted, made.id, made.expires_at);
END
$$;
COMMENT ON FUNCTION tradepost_edge.login_done(text, bigint, boolean, inet, text, bytea, bigint, bigint) IS
'The end of a login. succeeded: whether the password matched. Makes a session with this first refresh token (SHA-256) and answers {"user", "session", "account", "tier", "tierUntil": seconds since 1970 or null, "role", "tenant", "expires"}; NULL if it failed, which is
counted against the e-mail, whoever''s it is; {"error": "TP022"} where a second factor is enrolled and factor is no grant of factor_prove().';

CREATE OR REPLACE FUNCTION tradepost_edge.refresh(old_hash bytea, new_hash bytea, ip inet, user_agent text, tenant bigint DEFAULT NULL)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	refused CONSTANT json := '{"error":"@tradepost_refresh_invalid@"}';
	token   tradepost_internal.refresh_tokens;
	current tradepost_internal.sessions;
	wanted  tradepost_internal.users;
BEGIN
	-- Locked, so that of two that come at once the second finds it spent.
	SELECT t.* INTO token FROM tradepost_internal.refresh_tokens t WHERE t.hash = old_hash FOR UPDATE;
	IF token.hash IS NULL OR tenant <> (SELECT u.tenant FROM tradepost_internal.sessions s JOIN tradepost_internal.users u ON u.id = s.user_id WHERE s.id = token.session_id) THEN
		-- Another tenant's is not known to this one, and stays as it is.
		PERFORM tradepost_internal.note_security('refresh_unknown', NULL, ip, 30);
		RETURN refused;
	END IF;
	SELECT s.* INTO current FROM tradepost_internal.sessions s WHERE s.id = token.session_id FOR UPDATE;
	SELECT u.* INTO wanted FROM tradepost_internal.users u WHERE u.id = current.user_id;
	IF token.spent_at IS NOT NULL THEN
		-- One of two holders has stolen it: neither goes on.
		IF current.revoked_at IS NULL THEN
			UPDATE tradepost_internal.sessions s SET revoked_at = clock_timestamp(), revoked_reason = 'token_reused' WHERE s.id = current.id;
			PERFORM tradepost_internal.tell_edge(json_build_object('revoke', current.id));
		END IF;
		PERFORM tradepost_internal.note_security('token_reused', wanted.id, ip, 90, jsonb_build_object('session', current.id, 'spentAt', tradepost_internal.iso(token.spent_at)));
		RETURN refused;
	ELSIF token.expires_at <= now() OR current.revoked_at IS NOT NULL OR current.expires_at <= now() OR wanted.status <> 'active' THEN
		RETURN refused;
	END IF;
	UPDATE tradepost_internal.refresh_tokens t SET spent_at = clock_timestamp() WHERE t.hash = old_hash;
	UPDATE tradepost_internal.sessions s SET last_used_at = now(), expires_at = now() + interval '7 days', ip = refresh.ip, user_agent = left(refresh.user_agent, 256)
		WHERE s.id = current.id RETURNING * INTO current;
	-- Tokens that are past their time are refused without being known.
	DELETE FROM tradepost_internal.refresh_tokens t WHERE t.session_id = current.id AND t.expires_at <= now();
	INSERT INTO tradepost_internal.refresh_tokens (hash, session_id, expires_at) VALUES (new_hash, current.id, current.expires_at);
	RETURN tradepost_internal.session_json(wanted, current.id, current.expires_at);
END
$$;
COMMENT ON FUNCTION tradepost_edge.refresh(bytea, bytea, inet, text, bigint) IS
'Spends a refresh token and hands out the next (both as SHA-256): an answer as login_done()''s, or {"error": "TP020"}. A token that was spent before ends its whole session. tenant: the one that was asked; another''s token is
unknown to it. NULL: any.';

CREATE OR REPLACE FUNCTION tradepost_edge.logout(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking     tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
	everywhere boolean;
	ended      integer := 1;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}', '{everywhere,refreshToken}');
	everywhere := tradepost_internal.edge_flag(args -> 'body', 'everywhere');
	IF everywhere THEN
		ended := tradepost_internal.revoke_sessions(asking.id, 'logout', NULL);
	ELSE
		UPDATE tradepost_internal.sessions s SET revoked_at = clock_timestamp(), revoked_reason = 'logout' WHERE s.id = logout.session_id;
		PERFORM tradepost_internal.tell_edge(json_build_object('revoke', session_id));
	END IF;
	PERFORM tradepost_internal.note_security('logout', asking.id, NULL, 0, jsonb_build_object('session', session_id, 'sessionsEnded', ended));
	RETURN json_build_object('loggedOut', true, 'sessionsEnded', ended);
END
$$;
COMMENT ON FUNCTION tradepost_edge.logout(bigint, bigint, jsonb) IS
'POST auth/logout: ends the caller''s session, or with everywhere in the body all of the user''s: {"loggedOut": true, "sessionsEnded": n}. refreshToken may be there and says nothing. Errors: TP005, TP016.';

CREATE OR REPLACE FUNCTION tradepost_edge.session_info(user_id bigint, session_id bigint)
	RETURNS json LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id);
BEGIN
	RETURN json_build_object('user', asking.id, 'session', session_id, 'account', asking.account, 'tier', asking.tier, 'tierUntil', tradepost_internal.tier_seconds(asking),
		'role', asking.role, 'tenant', asking.tenant, 'expires', tradepost_internal.iso((SELECT s.expires_at FROM tradepost_internal.sessions s WHERE s.id = session_info.session_id)));
END
$$;
COMMENT ON FUNCTION tradepost_edge.session_info(bigint, bigint) IS 'Who a socket belongs to: {"user", "session", "account", "tier", "tierUntil": seconds since 1970 or null, "role", "tenant", "expires"}. Error: TP016.';

CREATE OR REPLACE FUNCTION tradepost_edge.revocations()
	RETURNS TABLE (session_id bigint, until timestamptz)
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
	SELECT s.id, s.revoked_at + interval '20 minutes' FROM tradepost_internal.sessions s WHERE s.revoked_at > now() - interval '20 minutes' ORDER BY s.id
$$;
COMMENT ON FUNCTION tradepost_edge.revocations() IS 'Sessions revoked in the last 20 minutes, which is longer than an access token lives: what a proxy loads when it connects';
