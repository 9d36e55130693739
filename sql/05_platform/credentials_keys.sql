-- API keys: what programs of a user come in with.  A key acts in a session of its own, so
-- that everything that asks caller() works for it, within its scopes.

CREATE OR REPLACE FUNCTION tradepost_internal.api_key_json(k tradepost_internal.api_keys)
	RETURNS json LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT row_to_json(x) FROM (SELECT k.id, k.name, k.hint, k.scopes, k.addresses AS ips, tradepost_internal.iso(k.created_at) AS "createdAt",
		CASE WHEN isfinite(k.expires_at) THEN tradepost_internal.iso(k.expires_at) END AS "expiresAt", tradepost_internal.iso(k.last_used_at) AS "lastUsedAt", host(k.last_ip) AS "lastIp") x;
END;
COMMENT ON FUNCTION tradepost_internal.api_key_json(tradepost_internal.api_keys) IS 'A key as its owner sees it';

CREATE OR REPLACE FUNCTION tradepost_internal.edge_texts(part jsonb, field text, most integer)
	RETURNS text[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	value jsonb := part -> field;
BEGIN
	IF value IS NULL OR jsonb_typeof(value) = 'null' THEN
		RETURN NULL;
	ELSIF jsonb_typeof(value) <> 'array' OR EXISTS (SELECT FROM jsonb_array_elements(CASE jsonb_typeof(value) WHEN 'array' THEN value ELSE '[]' END) e WHERE jsonb_typeof(e) <> 'string') THEN
		PERFORM tradepost_internal.refuse(format('%s is %s, and must be an array of strings', field, left(value::text, 64)), format('Such as "%s": ["..."].', field));
	ELSIF jsonb_array_length(value) > most THEN
		PERFORM tradepost_internal.refuse(format('%s has %s elements, and may have %s', field, jsonb_array_length(value), most), 'Leave some out.');
	END IF;
	RETURN ARRAY(SELECT jsonb_array_elements_text(value));
END
$$;
COMMENT ON FUNCTION tradepost_internal.edge_texts(jsonb, text, integer) IS 'An array of so many strings at most; NULL if it is absent or null, TP005 if it is something else';

CREATE OR REPLACE FUNCTION tradepost_internal.key_scopes(body jsonb)
	RETURNS text[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	every CONSTANT text[] := '{read,trade,withdraw}';
	given text[] := tradepost_internal.edge_texts(body, 'scopes', 3);
BEGIN
	IF coalesce(cardinality(given), 0) = 0 THEN
		PERFORM tradepost_internal.refuse('scopes must name at least one', 'They are: read, trade, withdraw.');
	ELSIF NOT given <@ every THEN
		PERFORM tradepost_internal.refuse(format('scopes has "%s"', left((SELECT g FROM unnest(given) g WHERE g <> ALL (every) LIMIT 1), 64)), 'They are: read, trade, withdraw.');
	END IF;
	RETURN ARRAY(SELECT e FROM unnest(every) e WHERE e = ANY (given));
END
$$;
COMMENT ON FUNCTION tradepost_internal.key_scopes(jsonb) IS 'Field scopes of a new key, each once, in their order; TP005 if there is none, or another';

CREATE OR REPLACE FUNCTION tradepost_internal.key_addresses(body jsonb)
	RETURNS inet[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	texts text[] := tradepost_internal.edge_texts(body, 'ips', 32);
	given text;
	read  inet[] := '{}';
BEGIN
	FOREACH given IN ARRAY coalesce(texts, '{}') LOOP
		BEGIN
			read := read || network(given::inet)::inet;
		EXCEPTION WHEN data_exception THEN
			PERFORM tradepost_internal.refuse(format('ips has "%s", which is neither an address nor a network', left(given, 64)), 'Such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32.');
		END;
	END LOOP;
	RETURN read;
END
$$;
COMMENT ON FUNCTION tradepost_internal.key_addresses(jsonb) IS 'Field ips of a new key: addresses and networks, none for any; TP005 if one is neither';

CREATE OR REPLACE FUNCTION tradepost_internal.require_key_room(u tradepost_internal.users)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	most integer := tradepost_internal.tier_limit(u.tenant, u.tier, 'api_keys');
	have integer;
BEGIN
	-- Locked, so that of two that come at once the second counts the first.
	PERFORM FROM tradepost_internal.users x WHERE x.id = u.id FOR NO KEY UPDATE;
	SELECT count(*) INTO have FROM tradepost_internal.api_keys k WHERE k.user_id = u.id AND k.ended_at IS NULL AND k.expires_at > now();
	IF have >= most THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_limit_reached@', MESSAGE = format('the tier "%s" includes %s API keys, and there are %s', u.tier, most, have),
			HINT = 'End one that is not needed: DELETE users/api-keys/:id.';
	END IF;
END
$$;
COMMENT ON FUNCTION tradepost_internal.require_key_room(tradepost_internal.users) IS 'TP030 if the user has as many keys as the tier includes; ended ones do not count';

CREATE OR REPLACE FUNCTION tradepost_edge.api_key_add(user_id bigint, session_id bigint, args jsonb, hash bytea, hint text)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
	body   jsonb := args -> 'body';
	made   tradepost_internal.api_keys;
BEGIN
	PERFORM tradepost_internal.require_feature(asking.id, 'api_keys');
	PERFORM tradepost_internal.edge_takes(args, '{}', '{name,scopes,ips,expiresAt}');
	made.name := btrim(tradepost_internal.edge_text(body, 'name'));
	IF coalesce(length(made.name), 0) NOT BETWEEN 1 AND 100 OR made.name ~ '[[:cntrl:]]' THEN
		PERFORM tradepost_internal.refuse('name must have 1 to 100 characters, none of them a control character', 'It is for you to know the key by.');
	END IF;
	made.scopes := tradepost_internal.key_scopes(body);
	made.addresses := tradepost_internal.key_addresses(body);
	made.expires_at := coalesce(tradepost_internal.edge_time(body, 'expiresAt'), 'infinity');
	IF made.expires_at <= now() THEN
		PERFORM tradepost_internal.refuse(format('expiresAt is %s, which has passed', tradepost_internal.iso(made.expires_at)), 'Leave it out for a key that does not end by itself.');
	END IF;
	PERFORM tradepost_internal.require_key_room(asking);
	PERFORM tradepost_internal.require_factor(asking.id, session_id, 'api_key', args);
	INSERT INTO tradepost_internal.api_keys (user_id, name, hash, hint, scopes, addresses, expires_at)
		VALUES (asking.id, made.name, api_key_add.hash, api_key_add.hint, made.scopes, made.addresses, made.expires_at) RETURNING * INTO made;
	INSERT INTO tradepost_internal.sessions (user_id, kind, key_id, scopes, expires_at) VALUES (asking.id, 'key', made.id, made.scopes, made.expires_at) RETURNING sessions.id INTO made.session_id;
	UPDATE tradepost_internal.api_keys k SET session_id = made.session_id WHERE k.id = made.id;
	PERFORM tradepost_internal.note_credential(asking, 'api_key_made', 20, 'New API key', format('The API key "%s" was made, for: %s.', made.name, array_to_string(made.scopes, ', ')),
		jsonb_build_object('key', made.id, 'scopes', made.scopes));
	RETURN json_build_object('apiKey', tradepost_internal.api_key_json(made));
END
$$;
COMMENT ON FUNCTION tradepost_edge.api_key_add(bigint, bigint, jsonb, bytea, text) IS
'POST users/api-keys: {"apiKey"}; the key itself is known to the proxy alone. Body: name, scopes (read, trade, withdraw), ips (addresses and networks), expiresAt. Errors: TP005, TP016, TP017, TP022, TP024, TP030.';

CREATE OR REPLACE FUNCTION tradepost_edge.api_keys_list(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}');
	RETURN json_build_object('apiKeys', coalesce((SELECT json_agg(tradepost_internal.api_key_json(k) ORDER BY k.id DESC)
		FROM tradepost_internal.api_keys k WHERE k.user_id = asking.id AND k.ended_at IS NULL), '[]'));
END
$$;
COMMENT ON FUNCTION tradepost_edge.api_keys_list(bigint, bigint, jsonb) IS 'GET users/api-keys: {"apiKeys": [...]}, newest first, expired ones too; a lower tier still sees and ends them. Errors: TP005, TP016, TP024.';

CREATE OR REPLACE FUNCTION tradepost_internal.edge_id(args jsonb)
	RETURNS bigint LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	IF args ->> 'param' ~ '^[0-9]{1,18}$' THEN
		RETURN args ->> 'param';
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION tradepost_internal.edge_id(jsonb) IS 'The number that the path names; NULL if it is none';

CREATE OR REPLACE FUNCTION tradepost_internal.not_found(what text, args jsonb)
	RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION USING ERRCODE = '@tradepost_not_found@', MESSAGE = format('%s %s is unknown', what, coalesce('"' || left(args ->> 'param', 64) || '"', 'null')), HINT = 'It may be another''s, or have ended.';
END
$$;
COMMENT ON FUNCTION tradepost_internal.not_found(text, jsonb) IS 'Raises TP027: another''s and what never was are the same to the caller';

CREATE OR REPLACE FUNCTION tradepost_internal.end_keys(of_user bigint, only_key bigint)
	RETURNS integer LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	ended bigint[];
BEGIN
	WITH gone AS (
		UPDATE tradepost_internal.api_keys k SET ended_at = clock_timestamp()
		WHERE k.user_id = of_user AND k.ended_at IS NULL AND (only_key IS NULL OR k.id = only_key) RETURNING k.session_id
	), revoked AS (
		UPDATE tradepost_internal.sessions s SET revoked_at = clock_timestamp(), revoked_reason = 'key_ended' WHERE s.id IN (SELECT g.session_id FROM gone g) RETURNING s.id
	)
	SELECT array_agg(r.id ORDER BY r.id) INTO ended FROM revoked r;
	PERFORM tradepost_internal.tell_edge(json_build_object('revoke', e)) FROM unnest(ended) e;
	RETURN coalesce(cardinality(ended), 0);
END
$$;
COMMENT ON FUNCTION tradepost_internal.end_keys(bigint, bigint) IS 'Ends one key of a user, NULL: all, on every proxy; returns how many';

CREATE OR REPLACE FUNCTION tradepost_edge.api_key_remove(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
	wanted bigint := coalesce(tradepost_internal.edge_id(args), 0);
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}');
	IF tradepost_internal.end_keys(asking.id, wanted) = 0 THEN
		PERFORM tradepost_internal.not_found('API key', args);
	END IF;
	PERFORM tradepost_internal.note_credential(asking, 'api_key_ended', 0, 'API key ended', 'An API key of yours was ended.', jsonb_build_object('key', wanted));
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION tradepost_edge.api_key_remove(bigint, bigint, jsonb) IS 'DELETE users/api-keys/:id: ends a key at once, on every proxy within a second. Errors: TP005, TP016, TP024, TP027.';

CREATE OR REPLACE FUNCTION tradepost_edge.api_key_lookup(hash bytea, ip inet)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	key    tradepost_internal.api_keys;
	asking tradepost_internal.users;
BEGIN
	SELECT k.* INTO key FROM tradepost_internal.api_keys k WHERE k.hash = api_key_lookup.hash;
	IF key.id IS NULL OR key.ended_at IS NOT NULL OR key.expires_at <= now() THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_session_revoked@',
			MESSAGE = CASE WHEN key.id IS NULL THEN 'the API key is not one of ours' WHEN key.ended_at IS NOT NULL THEN 'the API key was ended' ELSE format('the API key expired at %s', tradepost_internal.iso(key.expires_at)) END,
			HINT = 'POST users/api-keys makes another.';
	END IF;
	-- The account's own troubles, then the subscription's, then the key's.
	asking := tradepost_edge.caller(key.user_id, key.session_id, key.scopes[1]);
	IF cardinality(key.addresses) > 0 AND NOT EXISTS (SELECT FROM unnest(key.addresses) a WHERE ip <<= a) THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_address_not_allowed@', MESSAGE = format('the API key may not be used from %s', coalesce(host(ip), 'an unknown address')),
			HINT = 'The addresses that may were chosen when the key was made.';
	END IF;
	UPDATE tradepost_internal.api_keys k SET last_used_at = now(), last_ip = api_key_lookup.ip
		WHERE k.id = key.id AND (k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute' OR k.last_ip IS DISTINCT FROM api_key_lookup.ip);
	RETURN json_build_object('user', asking.id, 'session', key.session_id, 'account', asking.account, 'tier', asking.tier, 'tierUntil', tradepost_internal.tier_seconds(asking), 'role', 'user', 'tenant', asking.tenant,
		'scopes', key.scopes, 'expires', CASE WHEN isfinite(key.expires_at) THEN tradepost_internal.iso(key.expires_at) END);
END
$$;
COMMENT ON FUNCTION tradepost_edge.api_key_lookup(bytea, inet) IS
'Who an API key acts for: {"user", "session", "account", "tier", "tierUntil", "role", "tenant", "scopes", "expires"}. No key is an administrator''s: role is user. hash: as api_key_add() was given. Errors: TP016 unknown, ended,
expired, or its owner suspended; TP017 the subscription has no API keys; TP025 not from this address.';
