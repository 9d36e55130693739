-- Who asks, and what the edge's functions share: arguments checked, times and lists as JSON.
--
-- Route functions take (user_id, session_id, args): args is {"param", "query", "body"}, each
-- key absent when it was not there; query values are strings; and "tenant", the number of the
-- tenant that was asked.  They run as their owner, past row security, so each begins with
-- caller(), whose tenant is the one that it looks at, or, if it is public, with edge_tenant().  Those that
-- tell the planner to go by an index (enable_seqscan) also turn JIT off, which the
-- planner's way of saying so, a huge cost, would else start for a query of a millisecond.

CREATE OR REPLACE FUNCTION tradepost_internal.require_scope(has text[], need text)
	RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	IF has IS NULL OR need = ANY (has) THEN
		RETURN;
	ELSIF need = 'login' THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_scope_missing@', MESSAGE = 'only a login may do this, not an API key', HINT = 'Log in, and send the access token.';
	END IF;
	RAISE EXCEPTION USING ERRCODE = '@tradepost_scope_missing@', MESSAGE = format('this needs the scope "%s", and the API key has: %s', need, array_to_string(has, ', ')),
		HINT = 'A key''s scopes are chosen when it is made.';
END
$$;
COMMENT ON FUNCTION tradepost_internal.require_scope(text[], text) IS 'TP024 if a session with these scopes may not do what needs this one; NULL: a login, which may';

CREATE OR REPLACE FUNCTION tradepost_edge.caller(user_id bigint, session_id bigint, need text DEFAULT 'read')
	RETURNS tradepost_internal.users LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	found_both record;
	found_user tradepost_internal.users;
BEGIN
	SELECT u AS who, s.scopes INTO found_both FROM tradepost_internal.sessions s JOIN tradepost_internal.users u ON u.id = s.user_id
		WHERE s.id = caller.session_id AND s.user_id = caller.user_id AND s.revoked_at IS NULL AND s.expires_at > now() AND u.status = 'active';
	IF NOT FOUND THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_session_revoked@', MESSAGE = 'the session has ended or was revoked', HINT = 'Log in again.';
	END IF;
	found_user := found_both.who;
	IF found_user.tier_until <= clock_timestamp() THEN
		found_user.tier := 'free';
	END IF;
	IF found_both.scopes IS NOT NULL THEN
		PERFORM tradepost_internal.require_scope(found_both.scopes, need);
		PERFORM tradepost_internal.require_feature(found_user.id, 'api_keys');
	END IF;
	RETURN found_user;
END
$$;
COMMENT ON FUNCTION tradepost_edge.caller(bigint, bigint, text) IS
'The user, if the session is theirs and in force; else TP016. tier is the one that holds now: free where the subscription has ended. need: what the caller is about to do, read, trade, withdraw, or login for what no API key may: TP024 if the session is a key''s without that scope, TP017
if its owner''s subscription has no API keys any more. What every private function begins with; granted to nobody, because the row holds the password''s hash';

CREATE OR REPLACE FUNCTION tradepost_internal.edge_tenant(user_id bigint, args jsonb)
	RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	given text := args ->> 'tenant';
BEGIN
	IF given ~ '^[0-9]{1,18}$' AND jsonb_typeof(args -> 'tenant') = 'number' THEN
		RETURN given::bigint;
	ELSIF given IS NOT NULL THEN
		PERFORM tradepost_internal.refuse(format('tenant is %s, and must be a number', left((args -> 'tenant')::text, 64)), 'The proxy gives it.');
	ELSIF user_id IS NOT NULL THEN
		RETURN coalesce((SELECT u.tenant FROM tradepost_internal.users u WHERE u.id = edge_tenant.user_id), 1);
	END IF;
	RETURN 1;
END
$$;
COMMENT ON FUNCTION tradepost_internal.edge_tenant(bigint, jsonb) IS
'Tenant that a public function is asked for: what the proxy says in args, else the user''s, else 1. Of a tenant that there is not nothing will be found. TP005 if it is no number';

CREATE OR REPLACE FUNCTION tradepost_internal.iso(moment timestamptz)
	RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
END;
COMMENT ON FUNCTION tradepost_internal.iso(timestamptz) IS 'A time as the edge shows it: ISO 8601, UTC, microseconds';

CREATE OR REPLACE FUNCTION tradepost_internal.refuse(message text, hint text)
	RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION USING ERRCODE = '@tradepost_invalid_order@', MESSAGE = message, HINT = hint;
END
$$;
COMMENT ON FUNCTION tradepost_internal.refuse(text, text) IS 'Raises TP005 with this message and hint';

CREATE OR REPLACE FUNCTION tradepost_internal.edge_takes(args jsonb, query text[], body text[] DEFAULT '{}')
	RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	name text;
BEGIN
	IF jsonb_typeof(args -> 'query') = 'object' THEN
		FOR name IN SELECT jsonb_object_keys(args -> 'query') LOOP
			IF name <> ALL (query) THEN
				PERFORM tradepost_internal.refuse(format('query parameter "%s" is unknown', left(name, 64)),
					CASE query WHEN '{}' THEN 'This takes none.' ELSE format('This takes: %s.', array_to_string(query, ', ')) END);
			END IF;
		END LOOP;
	END IF;
	IF jsonb_typeof(args -> 'body') = 'object' THEN
		FOR name IN SELECT jsonb_object_keys(args -> 'body') LOOP
			IF name <> ALL (body) THEN
				PERFORM tradepost_internal.refuse(format('field "%s" is unknown', left(name, 64)),
					CASE body WHEN '{}' THEN 'This takes no body.' ELSE format('This takes: %s.', array_to_string(body, ', ')) END);
			END IF;
		END LOOP;
	ELSIF jsonb_typeof(args -> 'body') <> 'null' THEN
		PERFORM tradepost_internal.refuse(format('the body is %s, and must be an object', jsonb_typeof(args -> 'body')),
			CASE body WHEN '{}' THEN 'This takes no body.' ELSE format('This takes: %s.', array_to_string(body, ', ')) END);
	END IF;
END
$$;
COMMENT ON FUNCTION tradepost_internal.edge_takes(jsonb, text[], text[]) IS 'TP005 if args holds a query parameter or a field of the body that is not among these, naming it';

CREATE OR REPLACE FUNCTION tradepost_internal.edge_text(part jsonb, field text)
	RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	value jsonb := part -> field;
BEGIN
	IF value IS NULL OR jsonb_typeof(value) = 'null' THEN
		RETURN NULL;
	ELSIF jsonb_typeof(value) <> 'string' THEN
		PERFORM tradepost_internal.refuse(format('%s is %s, and must be a string', field, left(value::text, 64)), format('Such as "%s": "...".', field));
	END IF;
	RETURN part ->> field;
END
$$;
COMMENT ON FUNCTION tradepost_internal.edge_text(jsonb, text) IS 'A string of the query or body; NULL if it is absent or null, TP005 if it is something else';

CREATE OR REPLACE FUNCTION tradepost_internal.edge_choice(part jsonb, field text, choices text[])
	RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	value text := lower(tradepost_internal.edge_text(part, field));
BEGIN
	IF value <> ALL (choices) THEN
		PERFORM tradepost_internal.refuse(format('%s is "%s"', field, left(part ->> field, 64)), format('It is one of: %s.', array_to_string(choices, ', ')));
	END IF;
	RETURN value;
END
$$;
COMMENT ON FUNCTION tradepost_internal.edge_choice(jsonb, text, text[]) IS 'One of these words, in any case; NULL if it is absent, TP005 if it is another';

CREATE OR REPLACE FUNCTION tradepost_internal.edge_flag(part jsonb, field text)
	RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	value text := lower(part ->> field);
BEGIN
	IF value IS NULL THEN
		RETURN false;
	ELSIF jsonb_typeof(part -> field) NOT IN ('string', 'boolean') OR value NOT IN ('true', 'false') THEN
		PERFORM tradepost_internal.refuse(format('%s is %s, and must be true or false', field, left((part -> field)::text, 64)), 'Leave it out for false.');
	END IF;
	RETURN value::boolean;
END
$$;
COMMENT ON FUNCTION tradepost_internal.edge_flag(jsonb, text) IS 'true or false, as such or as a string; false if it is absent, TP005 if it is something else';

CREATE OR REPLACE FUNCTION tradepost_internal.edge_decimal(part jsonb, field text)
	RETURNS numeric LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	value text := part ->> field;
BEGIN
	IF value IS NULL THEN
		RETURN NULL;
	ELSIF jsonb_typeof(part -> field) NOT IN ('string', 'number') OR length(value) > 64 OR value !~ '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)$' THEN
		PERFORM tradepost_internal.refuse(format('%s is %s, and must be a number or a decimal string', field, left((part -> field)::text, 64)), 'Such as "150.25".');
	END IF;
	-- A number with so long a fraction was a binary double, of which 15 digits are sure: 98.57000000000001 is 90 + 8.57.
	RETURN CASE WHEN jsonb_typeof(part -> field) = 'number' AND value LIKE '%.%' AND length(value) > 16 THEN value::double precision::numeric ELSE value::numeric END;
END
$$;
COMMENT ON FUNCTION tradepost_internal.edge_decimal(jsonb, text) IS
'A decimal, as number or string; NULL if it is absent, TP005 if it is something else. A number with a fraction of more than 15 digits, which a binary double makes, is rounded to 15; a string is taken as it is';

CREATE OR REPLACE FUNCTION tradepost_internal.edge_whole(part jsonb, field text, lowest integer, highest integer, missing integer)
	RETURNS integer LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	value text := part ->> field;
BEGIN
	IF value IS NULL THEN
		RETURN missing;
	ELSIF value !~ '^[0-9]{1,9}$' OR value::integer NOT BETWEEN lowest AND highest THEN
		PERFORM tradepost_internal.refuse(format('%s is %s, and must be a whole number between %s and %s', field, left((part -> field)::text, 64), lowest, highest),
			format('Without it, it is %s.', missing));
	END IF;
	RETURN value::integer;
END
$$;
COMMENT ON FUNCTION tradepost_internal.edge_whole(jsonb, text, integer, integer, integer) IS 'A whole number within its bounds; what is missing is missing''s value, TP005 if it is something else';

CREATE OR REPLACE FUNCTION tradepost_internal.edge_time(part jsonb, field text)
	RETURNS timestamptz LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	value text := part ->> field;
BEGIN
	IF value IS NULL THEN
		RETURN NULL;
	ELSIF value ~ '^[0-9]{1,12}$' THEN
		RETURN to_timestamp(value::bigint);
	ELSIF length(value) > 40 OR value !~* '^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]{5,15}(Z|[+-][0-9]{2}:?[0-9]{2}))?$' THEN
		PERFORM tradepost_internal.refuse(format('%s is %s, and must be an ISO 8601 time with its offset, or seconds since 1970', field, left((part -> field)::text, 64)),
			'Such as 2026-01-31T16:00:00Z.');
	END IF;
	IF length(value) = 10 THEN
		value := value || 'T00:00:00Z';
	END IF;
	RETURN value::timestamptz;
EXCEPTION WHEN data_exception THEN
	PERFORM tradepost_internal.refuse(format('%s is %s, which is no time', field, left((part -> field)::text, 64)), 'Such as 2026-01-31T16:00:00Z.');
END
$$;
COMMENT ON FUNCTION tradepost_internal.edge_time(jsonb, text) IS 'An ISO 8601 time, or seconds since 1970; NULL if it is absent, TP005 if it is something else';

CREATE OR REPLACE FUNCTION tradepost_internal.edge_symbol(part jsonb, tenant bigint DEFAULT 1)
	RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	symbol   text := tradepost_internal.edge_text(part, 'symbol');
	asset    text := tradepost_internal.edge_text(part, 'asset');
	contract text := tradepost_internal.edge_text(part, 'contract');
BEGIN
	IF symbol IS NOT NULL AND (asset IS NOT NULL OR contract IS NOT NULL) THEN
		PERFORM tradepost_internal.refuse('symbol goes without asset and contract', 'Symbol "Dec25-Wheat" is contract "Dec25" of asset "Wheat".');
	ELSIF contract IS NOT NULL AND asset IS NULL THEN
		PERFORM tradepost_internal.refuse('contract needs asset', 'Contract "Dec25" of asset "Wheat" is symbol "Dec25-Wheat".');
	END IF;
	symbol := coalesce(symbol, contract || '-' || asset, asset);
	IF symbol IS NOT NULL THEN
		PERFORM tradepost_internal.instrument_id(symbol, tenant);
	END IF;
	RETURN symbol;
END
$$;
COMMENT ON FUNCTION tradepost_internal.edge_symbol(jsonb, bigint) IS
'The symbol that symbol, or asset and contract, name; an asset alone is the spot instrument of that name. NULL if none is given; TP001 if the tenant has no such instrument';

CREATE OR REPLACE FUNCTION tradepost_internal.edge_instruments(query jsonb, tenant bigint DEFAULT 1)
	RETURNS integer[] LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	wanted_symbol   text := tradepost_internal.edge_text(query, 'symbol');
	wanted_asset    text := tradepost_internal.edge_text(query, 'asset');
	wanted_contract text := tradepost_internal.edge_text(query, 'contract');
	found_ids       integer[];
BEGIN
	IF wanted_symbol IS NULL AND wanted_asset IS NULL AND wanted_contract IS NULL THEN
		RETURN NULL;
	END IF;
	SELECT array_agg(i.id) INTO found_ids FROM tradepost_internal.instruments i JOIN tradepost_internal.assets a ON a.id = i.asset
		WHERE i.tenant = edge_instruments.tenant AND (wanted_symbol IS NULL OR i.symbol = wanted_symbol) AND (wanted_asset IS NULL OR a.code = wanted_asset)
		AND (wanted_contract IS NULL OR i.contract = wanted_contract);
	IF found_ids IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_instrument_unknown@',
			MESSAGE = format('no instrument has%s%s%s', ' symbol "' || left(wanted_symbol, 64) || '"', ' asset "' || left(wanted_asset, 64) || '"',
				' contract "' || left(wanted_contract, 64) || '"'),
			HINT = 'GET instruments lists what is traded.';
	END IF;
	RETURN found_ids;
END
$$;
COMMENT ON FUNCTION tradepost_internal.edge_instruments(jsonb, bigint) IS 'Ids of the tenant''s instruments that symbol, asset and contract of a query leave over; NULL if none of these is given, TP001 if no instrument is left';

CREATE OR REPLACE FUNCTION tradepost_internal.edge_cursor(place bigint)
	RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT rtrim(translate(encode(int8send(place), 'base64'), '+/', '-_'), '=');
END;
COMMENT ON FUNCTION tradepost_internal.edge_cursor(bigint) IS 'Where a list goes on, as an opaque text';

CREATE OR REPLACE FUNCTION tradepost_internal.edge_place(query jsonb)
	RETURNS bigint LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	cursor_text text := tradepost_internal.edge_text(query, 'cursor');
	place       bigint;
BEGIN
	IF cursor_text IS NULL THEN
		RETURN 9223372036854775807;
	END IF;
	IF cursor_text ~ '^[A-Za-z0-9_-]{11}$' THEN
		place := ('x' || encode(decode(translate(cursor_text, '-_', '+/') || '=', 'base64'), 'hex'))::bit(64)::bigint;
	END IF;
	IF place IS NULL OR place <= 0 OR tradepost_internal.edge_cursor(place) <> cursor_text THEN
		PERFORM tradepost_internal.refuse(format('cursor "%s" is not one that this list gave', left(cursor_text, 64)), 'Use nextCursor of the answer before, or leave it out to begin anew.');
	END IF;
	RETURN place;
END
$$;
COMMENT ON FUNCTION tradepost_internal.edge_place(jsonb) IS 'What cursor of a query says: the list goes on below it. TP005 if it is no cursor';
