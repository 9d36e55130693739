-- A user's profile and sessions.

CREATE OR REPLACE FUNCTION tradepost_edge.profile_update(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
	body   jsonb := args -> 'body';
	wanted tradepost_internal.users := asking;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}', '{firstName,lastName,language,timeZone}');
	IF body ? 'firstName' THEN
		wanted.first_name := tradepost_internal.require_person('firstName', tradepost_internal.edge_text(body, 'firstName'));
	END IF;
	IF body ? 'lastName' THEN
		wanted.last_name := tradepost_internal.require_person('lastName', tradepost_internal.edge_text(body, 'lastName'));
	END IF;
	IF body ? 'language' THEN
		wanted.language := tradepost_internal.edge_text(body, 'language');
		IF wanted.language IS NULL OR length(wanted.language) > 35 OR wanted.language !~ '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$' THEN
			PERFORM tradepost_internal.refuse(format('language is %s, and must be a language tag', left((body -> 'language')::text, 64)), 'Such as en, de-CH or zh-Hant.');
		END IF;
	END IF;
	IF body ? 'timeZone' THEN
		wanted.time_zone := tradepost_internal.edge_text(body, 'timeZone');
		-- The list is read from files, which takes a moment; what a zone may look like, AT TIME ZONE would not tell from POSIX's own words.
		IF wanted.time_zone IS NULL OR length(wanted.time_zone) > 64 OR NOT EXISTS (SELECT FROM pg_timezone_names z WHERE z.name = wanted.time_zone) THEN
			PERFORM tradepost_internal.refuse(format('timeZone is %s, which is no time zone', left((body -> 'timeZone')::text, 80)), 'Such as Europe/Zurich.');
		END IF;
	END IF;
	UPDATE tradepost_internal.users u SET first_name = wanted.first_name, last_name = wanted.last_name, language = wanted.language, time_zone = wanted.time_zone WHERE u.id = asking.id;
	RETURN json_build_object('user', tradepost_internal.user_json(wanted));
END
$$;
COMMENT ON FUNCTION tradepost_edge.profile_update(bigint, bigint, jsonb) IS 'PATCH auth/profile: firstName, lastName, language, timeZone; what is left out stays: {"user"}. Errors: TP005, TP016, TP024.';

CREATE OR REPLACE FUNCTION tradepost_edge.sessions_list(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}');
	RETURN json_build_object('sessions', coalesce((SELECT json_agg(json_build_object('id', s.id, 'createdAt', tradepost_internal.iso(s.created_at), 'lastUsedAt', tradepost_internal.iso(s.last_used_at),
			'expiresAt', tradepost_internal.iso(s.expires_at), 'ip', host(s.ip), 'userAgent', s.user_agent, 'current', s.id = sessions_list.session_id) ORDER BY s.last_used_at DESC, s.id DESC)
		FROM (SELECT x.* FROM tradepost_internal.sessions x WHERE x.user_id = asking.id AND x.kind = 'login' AND x.revoked_at IS NULL AND x.expires_at > now()
			ORDER BY x.last_used_at DESC, x.id DESC LIMIT 200) s), '[]'));
END
$$;
COMMENT ON FUNCTION tradepost_edge.sessions_list(bigint, bigint, jsonb) IS
'GET users/sessions: the caller''s logins that are in force, last used first, 200 at most: {"sessions": [{"id", "createdAt", "lastUsedAt", "expiresAt", "ip", "userAgent", "current"}]}. Errors: TP005, TP016, TP024.';

CREATE OR REPLACE FUNCTION tradepost_edge.session_end(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
	wanted bigint := tradepost_internal.edge_id(args);
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}');
	UPDATE tradepost_internal.sessions s SET revoked_at = clock_timestamp(), revoked_reason = 'ended_by_user'
		WHERE s.id = wanted AND s.user_id = asking.id AND s.kind = 'login' AND s.revoked_at IS NULL AND s.expires_at > now();
	IF NOT FOUND THEN
		PERFORM tradepost_internal.not_found('session', args);
	END IF;
	PERFORM tradepost_internal.tell_edge(json_build_object('revoke', wanted));
	PERFORM tradepost_internal.note_security('session_ended', asking.id, NULL, 0, jsonb_build_object('session', wanted, 'by', session_id));
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION tradepost_edge.session_end(bigint, bigint, jsonb) IS 'DELETE users/sessions/:id: ends one of the caller''s logins, its own too. Errors: TP005, TP016, TP024, TP027.';
