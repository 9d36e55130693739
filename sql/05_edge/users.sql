-- Users: registration, profile, password, and what administrators do to them.

CREATE OR REPLACE FUNCTION tradepost_internal.email_key(email text)
	RETURNS text LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- Other encodings have no normal forms.
	RETURN lower(CASE WHEN getdatabaseencoding() = 'UTF8' THEN normalize(btrim(email), NFC) ELSE btrim(email) END);
END
$$;
COMMENT ON FUNCTION tradepost_internal.email_key(text) IS 'An e-mail address as users are looked up by it: without blanks around it, in lower case and normal form';

CREATE OR REPLACE FUNCTION tradepost_internal.effective_tier(tier text, until timestamptz)
	RETURNS text LANGUAGE sql VOLATILE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN until > clock_timestamp() THEN tier ELSE 'free' END;
END;
COMMENT ON FUNCTION tradepost_internal.effective_tier(text, timestamptz) IS 'The tier that holds now, of users.tier and users.tier_until: free once its time is over';

CREATE OR REPLACE FUNCTION tradepost_internal.with_tier(u tradepost_internal.users)
	RETURNS tradepost_internal.users LANGUAGE plpgsql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	u.tier := tradepost_internal.effective_tier(u.tier, u.tier_until);
	RETURN u;
END
$$;
COMMENT ON FUNCTION tradepost_internal.with_tier(tradepost_internal.users) IS 'The user with the tier that holds now, as caller() gives it';

CREATE OR REPLACE FUNCTION tradepost_internal.tier_seconds(u tradepost_internal.users)
	RETURNS bigint LANGUAGE sql VOLATILE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN isfinite(u.tier_until) AND u.tier_until > clock_timestamp() THEN ceil(extract(epoch FROM u.tier_until))::bigint END;
END;
COMMENT ON FUNCTION tradepost_internal.tier_seconds(tradepost_internal.users) IS 'When the tier ends, in whole seconds since 1970; NULL: never, or it has ended and is free now';

CREATE OR REPLACE FUNCTION tradepost_internal.user_json(u tradepost_internal.users)
	RETURNS json LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT row_to_json(x) FROM (SELECT u.id, u.email, u.first_name AS "firstName", u.last_name AS "lastName", btrim(u.first_name || ' ' || u.last_name) AS name,
		u.tier, u.role, u.account, u.email_verified_at IS NOT NULL AS "emailVerified", u.phone, u.language, u.time_zone AS "timeZone", tradepost_internal.iso(u.created_at) AS "createdAt") x;
END;
COMMENT ON FUNCTION tradepost_internal.user_json(tradepost_internal.users) IS 'A user as clients see one; tier is shown as it is: give it what caller() or with_tier() returns';

CREATE OR REPLACE FUNCTION tradepost_internal.session_json(u tradepost_internal.users, session_id bigint, expires_at timestamptz)
	RETURNS json LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT row_to_json(x) FROM (SELECT tradepost_internal.user_json(tradepost_internal.with_tier(u)) AS "user", session_id AS session, u.account,
		(tradepost_internal.with_tier(u)).tier, tradepost_internal.tier_seconds(u) AS "tierUntil", u.role, u.tenant, tradepost_internal.iso(expires_at) AS expires) x;
END;
COMMENT ON FUNCTION tradepost_internal.session_json(tradepost_internal.users, bigint, timestamptz) IS 'What login_done() and refresh() answer with';

CREATE OR REPLACE FUNCTION tradepost_internal.tell_edge(message json)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT pg_notify('tradepost_edge', message::text);
END;
COMMENT ON FUNCTION tradepost_internal.tell_edge(json) IS
'Tells every proxy, once this transaction commits, on channel tradepost_edge: {"revoke": session}, {"revoke_user": user}, {"user": user} whose tier, its end, role or status changed, {"block": ip, "until": seconds
since 1970}, {"unblock": ip}, {"tenant": id} whose hosts or settings changed, {"whatsapp": 1}: there is something in the outbox of WhatsApp';

CREATE OR REPLACE FUNCTION tradepost_internal.note_security(kind text, user_id bigint, ip inet, risk integer, detail jsonb DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	INSERT INTO tradepost_internal.security_events (kind, user_id, ip, risk, detail) VALUES (note_security.kind, note_security.user_id, note_security.ip, note_security.risk, note_security.detail);
END;
COMMENT ON FUNCTION tradepost_internal.note_security(text, bigint, inet, integer, jsonb) IS 'Adds a security event';

CREATE OR REPLACE FUNCTION tradepost_internal.require_person(field text, value text)
	RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	IF value IS NULL OR length(btrim(value)) > 100 OR value ~ '[[:cntrl:]]' THEN
		PERFORM tradepost_internal.refuse(format('%s must have at most 100 characters, none of them a control character, not %s', field, coalesce(quote_literal(left(value, 120)), 'null')),
			'It is shown to people.');
	END IF;
	RETURN btrim(value);
END
$$;
COMMENT ON FUNCTION tradepost_internal.require_person(text, text) IS 'A person''s name, empty where it is not given, if it can be one; else TP005';

CREATE OR REPLACE FUNCTION tradepost_internal.open_demo_account(u tradepost_internal.users)
	RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	-- Who gives no name is known by the address.
	opened  bigint := tradepost.open_account(left(coalesce(nullif(btrim(u.first_name || ' ' || u.last_name), ''), u.email), 128), NULL, u.tenant);
	settings jsonb := (SELECT t.settings FROM tradepost_internal.tenants t WHERE t.id = u.tenant);
	balance numeric := coalesce((settings ->> 'demoBalance')::numeric, current_setting('tradepost.demo_balance')::numeric);
	money   text := coalesce(settings ->> 'demoAsset', current_setting('tradepost.demo_asset'));
BEGIN
	IF balance > 0 AND money <> '' THEN
		IF NOT EXISTS (SELECT FROM tradepost_internal.assets a WHERE a.tenant = u.tenant AND a.code = money) THEN
			BEGIN
				PERFORM tradepost.create_asset(money, 2, NULL, u.tenant);
			EXCEPTION WHEN SQLSTATE '@tradepost_duplicate@' THEN
				NULL; -- Somebody else's registration has just made it.
			END;
		END IF;
		PERFORM tradepost.deposit(opened, money, balance, 'demo-user-' || u.id);
	END IF;
	RETURN opened;
END
$$;
COMMENT ON FUNCTION tradepost_internal.open_demo_account(tradepost_internal.users) IS
'Opens an account for a new user, with demoBalance of demoAsset of the tenant''s settings, else tradepost.demo_balance of tradepost.demo_asset; the asset is created where it is missing';

CREATE OR REPLACE FUNCTION tradepost_edge.register(email text, password_hash text, first_name text, last_name text, tier text, ip inet, user_agent text, tenant bigint DEFAULT 1)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	made     tradepost_internal.users;
	settings jsonb;
BEGIN
	PERFORM tradepost.init();
	SELECT t.settings INTO settings FROM tradepost_internal.tenants t WHERE t.id = register.tenant;
	IF NOT FOUND THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_not_found@', MESSAGE = format('tenant %s is unknown', coalesce(tenant::text, 'null')), HINT = 'Tenant 1 is the default one.';
	ELSIF settings ->> 'registration' = 'closed' THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_not_allowed@', MESSAGE = 'registration is closed', HINT = 'Ask the broker for an account.';
	ELSIF email IS NULL OR length(btrim(email)) > 254 OR btrim(email) !~ '^[^[:space:][:cntrl:]@"(),:;<>\[\\\]]{1,64}@[^[:space:][:cntrl:]@"(),:;<>\[\\\]_]+[.][^[:space:][:cntrl:]@"(),:;<>\[\\\]_.]{2,}$'
		OR btrim(email) ~ '[.]{2}|^[.]|[.]@|@[.-]'
	THEN
		PERFORM tradepost_internal.refuse(format('email %s is not an e-mail address of at most 254 characters', coalesce(quote_literal(left(email, 80)), 'null')), 'Such as ada@example.org.');
	ELSIF tier IS NOT NULL AND tier NOT IN ('free', 'basic', 'pro', 'enterprise') THEN
		PERFORM tradepost_internal.refuse(format('tier is "%s"', left(tier, 64)), 'It is one of: free, basic, pro, enterprise.');
	ELSIF tier = 'enterprise' THEN
		PERFORM tradepost_internal.refuse('tier "enterprise" has no trial', 'Register with another one, and change it then.');
	ELSIF coalesce(password_hash, '') = '' THEN
		PERFORM tradepost_internal.refuse('password_hash must be given', 'The proxy makes it.');
	END IF;
	INSERT INTO tradepost_internal.users (tenant, email, email_key, password_hash, first_name, last_name)
		VALUES (register.tenant, btrim(register.email), tradepost_internal.email_key(register.email), register.password_hash,
			tradepost_internal.require_person('firstName', register.first_name), tradepost_internal.require_person('lastName', register.last_name))
		ON CONFLICT ON CONSTRAINT users_email_key_key DO NOTHING RETURNING * INTO made;
	IF made.id IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_duplicate@', MESSAGE = 'a user with this e-mail address exists already', HINT = 'Log in, or register with another address.';
	END IF;
	made.account := tradepost_internal.open_demo_account(made);
	UPDATE tradepost_internal.users u SET account = made.account WHERE u.id = made.id;
	IF tier <> 'free' THEN
		PERFORM tradepost_internal.start_trial(made.id, tier);
		SELECT u.* INTO made FROM tradepost_internal.users u WHERE u.id = made.id;
	END IF;
	PERFORM tradepost_internal.note_security('registered', made.id, register.ip, 0, jsonb_build_object('tier', made.tier, 'userAgent', left(register.user_agent, 256)));
	RETURN json_build_object('user', tradepost_internal.user_json(made));
END
$$;
COMMENT ON FUNCTION tradepost_edge.register(text, text, text, text, text, inet, text, bigint) IS
'Makes a user of a tenant with an account of play money: {"user"}. password_hash: made by the proxy. tier: free if NULL; basic and pro begin with a trial of 14 days; enterprise has none. Errors: TP005, TP013 the tenant takes no
registrations, TP027 no such tenant, TP015 the e-mail is taken, which the proxy does not tell its
client.';

CREATE OR REPLACE FUNCTION tradepost_edge.profile(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id);
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}');
	RETURN json_build_object('user', tradepost_internal.user_json(asking));
END
$$;
COMMENT ON FUNCTION tradepost_edge.profile(bigint, bigint, jsonb) IS 'GET auth/profile: {"user"}. Errors: TP005, TP016.';

CREATE OR REPLACE FUNCTION tradepost_edge.password_hash_of(user_id bigint, session_id bigint)
	RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
BEGIN
	RETURN asking.password_hash;
END
$$;
COMMENT ON FUNCTION tradepost_edge.password_hash_of(bigint, bigint) IS 'The hash that the old password must match before it is changed. Errors: TP016, TP024.';

CREATE OR REPLACE FUNCTION tradepost_edge.change_password(user_id bigint, session_id bigint, new_hash text)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
	ended  integer;
BEGIN
	IF coalesce(new_hash, '') = '' THEN
		PERFORM tradepost_internal.refuse('new_hash must be given', 'The proxy makes it.');
	END IF;
	UPDATE tradepost_internal.users u SET password_hash = new_hash, password_changed_at = now() WHERE u.id = asking.id;
	ended := tradepost_internal.revoke_sessions(asking.id, 'password_changed', session_id);
	PERFORM tradepost_internal.note_security('password_changed', asking.id, NULL, 10, jsonb_build_object('sessionsEnded', ended));
	RETURN json_build_object('changed', true, 'sessionsEnded', ended);
END
$$;
COMMENT ON FUNCTION tradepost_edge.change_password(bigint, bigint, text) IS
'Sets the caller''s password and ends all sessions but the caller''s: {"changed": true, "sessionsEnded": n}. The proxy has checked the old one. Errors: TP016, TP024.';

CREATE OR REPLACE VIEW tradepost.users WITH (security_invoker = true) AS
SELECT u.id, u.tenant, u.email, u.first_name, u.last_name, CASE WHEN u.tier_until > clock_timestamp() THEN u.tier ELSE 'free' END AS tier, u.role, u.account, u.status, u.created_at, u.password_changed_at,
	CASE WHEN u.tier_until > clock_timestamp() THEN u.tier_until ELSE 'infinity' END AS tier_until
FROM tradepost_internal.users u;
COMMENT ON VIEW tradepost.users IS 'Users of the proxy, without their passwords'' hashes; for administrators and auditors';
COMMENT ON COLUMN tradepost.users.id IS 'Number of the user';
COMMENT ON COLUMN tradepost.users.tenant IS 'Broker that the user belongs to';
COMMENT ON COLUMN tradepost.users.email IS 'E-mail address as it was given';
COMMENT ON COLUMN tradepost.users.first_name IS 'First name';
COMMENT ON COLUMN tradepost.users.last_name IS 'Last name';
COMMENT ON COLUMN tradepost.users.tier IS 'Tier that the user has now: free, basic, pro or enterprise; more is in tradepost.subscriptions';
COMMENT ON COLUMN tradepost.users.tier_until IS 'Until when, if nothing happens; infinity: for good';
COMMENT ON COLUMN tradepost.users.role IS 'user or admin';
COMMENT ON COLUMN tradepost.users.account IS 'Account that the user trades for';
COMMENT ON COLUMN tradepost.users.status IS 'active or suspended';
COMMENT ON COLUMN tradepost.users.created_at IS 'When the user registered';
COMMENT ON COLUMN tradepost.users.password_changed_at IS 'When the password was last set';

CREATE OR REPLACE FUNCTION tradepost_internal.change_user(user_id bigint, new_tier text, new_role text, new_status text)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	PERFORM tradepost_internal.require_definition(new_tier IN ('free', 'basic', 'pro', 'enterprise') IS NOT FALSE,
		format('tier must be free, basic, pro or enterprise, not %s', quote_literal(left(new_tier, 64))), NULL);
	PERFORM tradepost_internal.require_definition(new_role IN ('user', 'admin') IS NOT FALSE,
		format('role must be user or admin, not %s', quote_literal(left(new_role, 64))), NULL);
	PERFORM tradepost_internal.require_definition(new_status IN ('active', 'suspended') IS NOT FALSE,
		format('status must be active or suspended, not %s', quote_literal(left(new_status, 64))), NULL);
	-- First, because a subscription is locked before its user.
	IF new_tier IS NOT NULL THEN
		PERFORM tradepost_internal.give_tier(user_id, new_tier);
	END IF;
	UPDATE tradepost_internal.users u SET role = coalesce(new_role, u.role), status = coalesce(new_status, u.status), changed_at = clock_timestamp()
		WHERE u.id = user_id;
	PERFORM tradepost_internal.require_definition(FOUND, format('user %s does not exist', coalesce(user_id::text, 'null')), 'View tradepost.users lists them.');
	PERFORM tradepost_internal.note_security('user_changed', user_id, NULL, 0, jsonb_strip_nulls(jsonb_build_object('tier', new_tier, 'role', new_role, 'status', new_status, 'by', session_user)));
	PERFORM tradepost_internal.tell_edge(json_build_object('user', user_id));
END
$$;
COMMENT ON FUNCTION tradepost_internal.change_user(bigint, text, text, text) IS 'Sets what is not NULL of a user, records it and tells the proxies; TP014';

CREATE OR REPLACE FUNCTION tradepost_edge.changed_users()
	RETURNS TABLE (user_id bigint, tier text, role text, tier_until bigint)
	LANGUAGE sql VOLATILE PARALLEL SAFE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
	SELECT u.id, tradepost_internal.effective_tier(u.tier, u.tier_until), u.role, tradepost_internal.tier_seconds(u) FROM tradepost_internal.users u WHERE u.changed_at > now() - interval '20 minutes' ORDER BY u.id
$$;
COMMENT ON FUNCTION tradepost_edge.changed_users() IS
'Users whose tier, role or status was changed in the last 20 minutes, which is longer than an access token lives: what a proxy loads when it connects and when it hears of a change. tier_until: when the tier
ends, in seconds since 1970; NULL: never';

CREATE OR REPLACE FUNCTION tradepost.set_tier(user_id bigint, tier text)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	PERFORM tradepost_internal.require_definition(tier IS NOT NULL, 'tier must be free, basic, pro or enterprise, not null', 'View tradepost.users shows what it is.');
	PERFORM tradepost_internal.change_user(user_id, tier, NULL, NULL);
END
$$;
COMMENT ON FUNCTION tradepost.set_tier(bigint, text) IS
'Gives a user a tier, without end and without payment: free, basic, pro or enterprise. The database goes by it at once, each proxy within a second. Error: TP014. Administrators only.';

CREATE OR REPLACE FUNCTION tradepost.set_role(user_id bigint, role text)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	PERFORM tradepost_internal.require_definition(role IS NOT NULL, 'role must be user or admin, not null', 'View tradepost.users shows what it is.');
	PERFORM tradepost_internal.change_user(user_id, NULL, role, NULL);
END
$$;
COMMENT ON FUNCTION tradepost.set_role(bigint, text) IS 'Makes a user of the proxy an admin or a plain user there. It gives no database role. Error: TP014. Administrators only.';

CREATE OR REPLACE FUNCTION tradepost.set_status(user_id bigint, status text)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	PERFORM tradepost_internal.require_definition(status IS NOT NULL, 'status must be active or suspended, not null', 'View tradepost.users shows what it is.');
	PERFORM tradepost_internal.change_user(user_id, NULL, NULL, status);
	IF status = 'suspended' THEN
		PERFORM tradepost_internal.revoke_sessions(user_id, 'suspended', NULL);
	END IF;
END
$$;
COMMENT ON FUNCTION tradepost.set_status(bigint, text) IS
'Suspends a user, which ends all sessions and lets no login through, or makes a suspended one active again. Open orders stay. Error: TP014. Administrators only.';

CREATE OR REPLACE FUNCTION tradepost.revoke_user(user_id bigint)
	RETURNS integer LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	ended integer;
BEGIN
	PERFORM tradepost_internal.require_definition(EXISTS (SELECT FROM tradepost_internal.users u WHERE u.id = user_id),
		format('user %s does not exist', coalesce(user_id::text, 'null')), 'View tradepost.users lists them.');
	ended := tradepost_internal.revoke_sessions(user_id, 'revoked', NULL) + tradepost_internal.end_keys(user_id, NULL);
	PERFORM tradepost_internal.note_security('user_revoked', user_id, NULL, 0, jsonb_build_object('sessionsEnded', ended, 'by', session_user));
	RETURN ended;
END
$$;
COMMENT ON FUNCTION tradepost.revoke_user(bigint) IS 'Ends all sessions and API keys of a user, on every proxy within a second; returns how many. The user may log in again. Error: TP014. Administrators only.';
