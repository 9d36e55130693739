-- Users by a short name, each with one session, and calls of the edge's functions in their
-- names. Included inside a transaction by the files that need users.
CREATE FUNCTION pg_temp.join_in(name text, tier text DEFAULT 'pro', tenant bigint DEFAULT 1) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
	id bigint := (tradepost_edge.register(name || '@example.org', 'h', name, 'Tester', NULL, NULL, NULL, tenant) -> 'user' ->> 'id')::bigint;
BEGIN
	IF tier <> 'free' THEN
		PERFORM tradepost.set_tier(id, tier);
	END IF;
	INSERT INTO tradepost_internal.sessions (user_id, expires_at) VALUES (id, now() + interval '1 day');
END
$$;
CREATE FUNCTION pg_temp.u(name text) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT id FROM tradepost_internal.users WHERE email = name || '@example.org' $$;
CREATE FUNCTION pg_temp.s(name text) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT max(id) FROM tradepost_internal.sessions WHERE user_id = pg_temp.u(name) $$;
CREATE FUNCTION pg_temp.call(function text, who text, args jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE plpgsql AS
$$
DECLARE
	answer jsonb;
BEGIN
	EXECUTE format('SELECT tradepost_edge.%I($1, $2, $3)', function) INTO answer USING pg_temp.u(who), pg_temp.s(who), args;
	RETURN answer;
END
$$;
CREATE FUNCTION pg_temp.body(body jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('body', body) $$;
CREATE FUNCTION pg_temp.query(query jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('query', query) $$;
CREATE FUNCTION pg_temp.param(id bigint) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('param', id::text) $$;
