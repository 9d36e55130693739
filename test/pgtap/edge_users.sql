-- Users of the edge: registration, logins and lockouts, refreshing, revocation, blocks, administration.
BEGIN;
SELECT no_plan();
SELECT tradepost.init();

CREATE FUNCTION pg_temp.register(email text, tier text DEFAULT NULL, first_name text DEFAULT 'Ada', last_name text DEFAULT 'Lovelace') RETURNS json LANGUAGE sql AS
$$ SELECT tradepost_edge.register($1, 'hash of ' || $1, $3, $4, $2, '192.0.2.1', 'pgTAP') $$;
CREATE FUNCTION pg_temp.login(email text, succeeded boolean, token text DEFAULT 'x') RETURNS json LANGUAGE sql AS
$$ SELECT tradepost_edge.login_done($1, (tradepost_edge.login_lookup($1, '192.0.2.1') ->> 'user')::bigint, $2, '192.0.2.1', 'pgTAP', sha256($3::bytea)) $$;
CREATE FUNCTION pg_temp.refresh(old text, new text) RETURNS json LANGUAGE sql AS
$$ SELECT tradepost_edge.refresh(sha256($1::bytea), sha256($2::bytea), '192.0.2.9', 'pgTAP 2') $$;
CREATE FUNCTION pg_temp.events(since bigint DEFAULT 0) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(kind, ' ' ORDER BY id) FROM tradepost.security_events WHERE id > since $$;

-- Registration.
SELECT is(pg_temp.register('Ada@Example.org', 'pro') -> 'user' ->> 'email', 'Ada@Example.org', 'register()');
SELECT results_eq($$SELECT email, tier, role, status, first_name, last_name FROM tradepost.users$$, $$VALUES ('Ada@Example.org', 'pro', 'user', 'active', 'Ada', 'Lovelace')$$, 'the user');
SELECT results_eq($$SELECT a.name, a.kind, a.owners FROM tradepost.accounts a JOIN tradepost.users u ON u.account = a.id$$, $$VALUES ('Ada Lovelace', 'client', '{}'::text[])$$, 'has an account, no role owns it');
SELECT results_eq($$SELECT c.kind::text, c.asset, c.quantity FROM tradepost.commands c JOIN tradepost.users u ON u.account = c.account$$, $$VALUES ('deposit', 'USD', 1000000::numeric)$$, 'with play money of an asset made for it');
SELECT is(pg_temp.register('b@example.org') -> 'user' ->> 'tier', 'free', 'no tier is free');
SELECT is((SELECT count(*) FROM tradepost.assets), 1::bigint, 'the asset is made once');
SELECT throws_ok($$SELECT pg_temp.register(' ada@EXAMPLE.org ')$$, 'TP015', 'a user with this e-mail address exists already', 'the same e-mail in other letters');
SELECT throws_ok(format('SELECT pg_temp.register(%L)', e), 'TP005', NULL, format('e-mail %s', quote_nullable(left(replace(e, E'\n', '\n'), 30))))
	FROM unnest(ARRAY['', 'x', 'x@', '@example.org', 'x@example', 'a b@example.org', 'x@exa mple.org', 'x@@example.org', 'x@example..org', '.x@example.org', 'x.@example.org', 'x@-example.org', E'x\n@example.org',
		'x"@example.org', 'x@example.org<script>', repeat('x', 65) || '@example.org', 'x@' || repeat('y', 250) || '.org', NULL]) e;
SELECT lives_ok(format('SELECT pg_temp.register(%L)', e), format('e-mail %L', e)) FROM unnest(ARRAY['x+tag@sub.example.co.uk', 'o''neil@example.org', 'ünï@exämple.org']) e;
SELECT throws_ok($$SELECT pg_temp.register('t@example.org', 'gold')$$, 'TP005', 'tier is "gold"', 'an unknown tier');
SELECT throws_ok($$SELECT pg_temp.register('t@example.org', 'free', E'a\tb')$$, 'TP005', E'firstName must have at most 100 characters, none of them a control character, not ''a\tb''', 'no name');
SELECT throws_ok($$SELECT pg_temp.register('t@example.org', 'free', 'x', repeat('y', 101))$$, 'TP005', NULL, 'a long last name');
SELECT throws_ok($$SELECT pg_temp.register('t@example.org', 'free', E'x\ty')$$, 'TP005', NULL, 'a control character in a name');
SELECT throws_ok($$SELECT tradepost_edge.register('t@example.org', '', 'x', 'y', 'free', NULL, NULL)$$, 'TP005', NULL, 'no hash');
SELECT is((SELECT count(*) FROM tradepost.users), 5::bigint, 'what is refused leaves no user');
SELECT is((SELECT count(*) FROM tradepost.accounts WHERE kind = 'client'), 5::bigint, 'and no account');
SELECT is(pg_temp.register('nameless@example.org', 'free', '', '') -> 'user' ->> 'firstName', '', 'a name need not be given');
SELECT is((SELECT a.name FROM tradepost.accounts a JOIN tradepost.users u ON u.account = a.id WHERE u.email = 'nameless@example.org'), 'nameless@example.org', 'its account then has the address''s');

-- Login.
SELECT is(tradepost_edge.login_lookup('ADA@example.org', NULL)::jsonb, '{"user": 1, "hash": "hash of Ada@Example.org", "wait": 0}', 'login_lookup() finds in any case');
SELECT is(tradepost_edge.login_lookup('nobody@example.org', NULL)::jsonb, '{"user": null, "hash": null, "wait": 0}', 'or nobody');
SELECT is(tradepost_edge.login_lookup(NULL, NULL)::jsonb, '{"user": null, "hash": null, "wait": 0}', 'nor for no e-mail');
CREATE TEMP TABLE logged AS SELECT pg_temp.login('ada@example.org', true, 'ada-1') AS j;
SELECT results_eq($$SELECT j ->> 'account' = (SELECT account::text FROM tradepost.users WHERE id = 1), j ->> 'tier', j ->> 'role', j -> 'user' ->> 'name' FROM logged$$, $$VALUES (true, 'pro', 'user', 'Ada Lovelace')$$, 'login_done()');
SELECT is((SELECT expires_at - created_at FROM tradepost_internal.sessions), '7 days'::interval, 'a session lives for 7 days');
SELECT is(pg_temp.login('ada@example.org', false)::text, NULL, 'a wrong password');
SELECT is(tradepost_edge.login_done('b@example.org', 1, true, NULL, NULL, sha256('y'))::text, NULL, 'a user by another''s e-mail');
SELECT is(tradepost_edge.login_done('nobody@example.org', NULL, true, NULL, NULL, sha256('y'))::text, NULL, 'nobody, whatever the proxy says');
SELECT is((SELECT count(*) FROM tradepost_internal.sessions), 1::bigint, 'make no session');

-- Lockout: the same for an e-mail that is somebody's and one that is nobody's.
CREATE FUNCTION pg_temp.fails(email text, times integer, later boolean DEFAULT false) RETURNS SETOF integer LANGUAGE plpgsql AS
$$
BEGIN
	UPDATE tradepost_internal.login_failures SET locked_until = clock_timestamp() WHERE later;
	FOR i IN 1..times LOOP
		PERFORM pg_temp.login(email, false);
		RETURN NEXT (tradepost_edge.login_lookup(email, NULL) ->> 'wait')::integer;
	END LOOP;
END
$$;
SELECT results_eq(format('SELECT w > 0, w <= 60 FROM pg_temp.fails(%L, 5) WITH ORDINALITY f (w, n) ORDER BY n', e), $$VALUES (false, true), (false, true), (false, true), (false, true), (true, true)$$, format('%s: the fifth failure locks for a minute', e))
	FROM unnest(ARRAY['x+tag@sub.example.co.uk', 'unknown@example.org']) e;
SELECT results_eq(format('SELECT failures, lockouts FROM tradepost_internal.login_failures WHERE email_key = %L', e), $$VALUES (0, 1)$$, 'nothing is counted while it is locked')
	FROM unnest(ARRAY['x+tag@sub.example.co.uk', 'unknown@example.org']) e, LATERAL (SELECT count(*) FROM pg_temp.fails(e, 7)) x;
SELECT is(pg_temp.login('x+tag@sub.example.co.uk', true)::text, NULL, 'not even the right password opens it');
SELECT results_eq(format('SELECT %s BETWEEN max(w) AND max(w) + 50 FROM pg_temp.fails(''unknown@example.org'', 5, true) w', s), ARRAY[true], format('then %s s', s))
	FROM unnest(ARRAY[120, 240, 480]) s;
UPDATE tradepost_internal.login_failures SET lockouts = 20, locked_until = NULL;
SELECT is((SELECT max(w) BETWEEN 86000 AND 86400 FROM pg_temp.fails('unknown@example.org', 5) w), true, 'a day at most');
UPDATE tradepost_internal.login_failures SET locked_until = NULL, failures = 4;
SELECT isnt(pg_temp.login('x+tag@sub.example.co.uk', true, 'x-1')::text, NULL, 'after it the right password opens');
SELECT is_empty($$SELECT FROM tradepost_internal.login_failures WHERE email_key = 'x+tag@sub.example.co.uk'$$, 'and all is forgotten');
UPDATE tradepost_internal.login_failures SET last_at = now() - interval '3 days' WHERE email_key = 'unknown@example.org';
SELECT lives_ok($$SELECT pg_temp.login('somebody@example.org', false)$$, 'another failure');
SELECT is_empty($$SELECT FROM tradepost_internal.login_failures WHERE email_key = 'unknown@example.org'$$, 'makes what is old be forgotten');
SELECT is((SELECT string_agg(DISTINCT kind, ' ' ORDER BY kind) FROM tradepost.security_events), 'login login_failed login_locked login_refused registered subscription_trial_started', 'it is all recorded');
SELECT ok((SELECT bool_and(risk BETWEEN 0 AND 100) FROM tradepost.security_events) AND (SELECT min(risk) FROM tradepost.security_events WHERE kind = 'login_locked') > (SELECT min(risk) FROM tradepost.security_events WHERE kind = 'login_failed'), 'with its risk');

-- Refresh.
SELECT is(pg_temp.refresh('never', 'x')::jsonb, '{"error": "TP020"}', 'an unknown token');
SELECT is(pg_temp.refresh('ada-1', 'ada-2') -> 'user' ->> 'id', '1', 'refresh()');
SELECT results_eq($$SELECT host(ip), user_agent FROM tradepost_internal.sessions WHERE id = 1$$, $$VALUES ('192.0.2.9', 'pgTAP 2')$$, 'the session knows from where');
SELECT is(pg_temp.refresh('ada-2', 'ada-3') ->> 'session', '1', 'again');
SELECT lives_ok($$SELECT tradepost_edge.caller(1, 1)$$, 'the session is in force');
SELECT is(pg_temp.refresh('ada-1', 'thief')::jsonb, '{"error": "TP020"}', 'a spent token is refused');
SELECT results_eq($$SELECT revoked_reason FROM tradepost_internal.sessions WHERE id = 1$$, $$VALUES ('token_reused')$$, 'and ends the session');
SELECT throws_ok($$SELECT tradepost_edge.caller(1, 1)$$, 'TP016', 'the session has ended or was revoked', 'for every call');
SELECT is(pg_temp.refresh('ada-3', 'ada-4')::jsonb, '{"error": "TP020"}', 'and for the token that was still good');
SELECT results_eq($$SELECT user_id, risk, detail ->> 'session' FROM tradepost.security_events WHERE kind = 'token_reused'$$, $$VALUES (1::bigint, 90::smallint, '1')$$, 'it is recorded as what it is');
SELECT results_eq($$SELECT session_id, until > now() FROM tradepost_edge.revocations()$$, $$VALUES (1::bigint, true)$$, 'revocations() has it');
UPDATE tradepost_internal.sessions SET revoked_at = now() - interval '21 minutes' WHERE id = 1;
SELECT is_empty($$SELECT * FROM tradepost_edge.revocations()$$, 'not for ever');
SELECT is(pg_temp.login('ada@example.org', true, 'old') ->> 'session' IS NOT NULL, true, 'another session');
UPDATE tradepost_internal.refresh_tokens SET expires_at = now() WHERE hash = sha256('old');
SELECT is(pg_temp.refresh('old', 'new')::jsonb, '{"error": "TP020"}', 'an expired token');

-- Sessions end.
CREATE TEMP TABLE s AS SELECT n, (pg_temp.login('b@example.org', true, 'b-' || n) ->> 'session')::bigint AS id, (SELECT id FROM tradepost.users WHERE email = 'b@example.org') AS u FROM generate_series(1, 4) n;
SELECT lives_ok(format('SELECT tradepost_edge.session_info(%s, %s)', u, id), 'a session in force') FROM s;
SELECT is((SELECT tradepost_edge.session_info(u, id)::jsonb - 'expires' FROM s WHERE n = 1), (SELECT jsonb_build_object('user', x.id, 'session', s.id, 'account', x.account, 'tier', 'free', 'role', 'user', 'tenant', 1, 'tierUntil', NULL)
	FROM s JOIN tradepost.users x ON x.id = s.u WHERE n = 1), 'session_info()');
SELECT throws_ok(format('SELECT tradepost_edge.session_info(1, %s)', id), 'TP016', NULL, 'not as another user') FROM s WHERE n = 1;
SELECT throws_ok('SELECT tradepost_edge.session_info(NULL, NULL)', 'TP016', NULL, 'nor as nobody');
SELECT throws_ok('SELECT tradepost_edge.profile(1, 99, NULL)', 'TP016', NULL, 'nor with a session that never was');
SELECT is((SELECT tradepost_edge.profile(u, id, '{}') -> 'user' ->> 'email' FROM s WHERE n = 1), 'b@example.org', 'profile()');
SELECT throws_ok(format($$SELECT tradepost_edge.profile(%s, %s, '{"query": {"x": "1"}}')$$, u, id), 'TP005', 'query parameter "x" is unknown', 'which takes nothing') FROM s WHERE n = 1;
SELECT throws_ok(format($$SELECT tradepost_edge.logout(%s, %s, '{"body": {"all": true}}')$$, u, id), 'TP005', 'field "all" is unknown', 'logout() with what it does not know') FROM s WHERE n = 1;
SELECT throws_ok(format($$SELECT tradepost_edge.logout(%s, %s, '{"body": {"everywhere": 1}}')$$, u, id), 'TP005', 'everywhere is 1, and must be true or false', 'or with a wrong type') FROM s WHERE n = 1;
SELECT throws_ok(format($$SELECT tradepost_edge.logout(%s, %s, '{"body": []}')$$, u, id), 'TP005', 'the body is array, and must be an object', 'or an array') FROM s WHERE n = 1;
SELECT is((SELECT tradepost_edge.logout(u, id, '{"body": {"refreshToken": "..."}}')::jsonb FROM s WHERE n = 1), '{"loggedOut": true, "sessionsEnded": 1}', 'logout()');
SELECT throws_ok(format('SELECT tradepost_edge.session_info(%s, %s)', u, id), 'TP016', NULL, 'ends the session') FROM s WHERE n = 1;
SELECT is(pg_temp.refresh('b-1', 'b-1-2')::jsonb, '{"error": "TP020"}', 'and its token');
SELECT lives_ok(format('SELECT tradepost_edge.session_info(%s, %s)', u, id), 'not the others') FROM s WHERE n > 1;
SELECT is((SELECT tradepost_edge.password_hash_of(u, id) FROM s WHERE n = 2), 'hash of b@example.org', 'password_hash_of()');
SELECT is((SELECT tradepost_edge.change_password(u, id, 'another hash')::jsonb FROM s WHERE n = 2), '{"changed": true, "sessionsEnded": 2}', 'change_password()');
SELECT is((SELECT tradepost_edge.password_hash_of(u, id) FROM s WHERE n = 2), 'another hash', 'changes it');
SELECT throws_ok(format('SELECT tradepost_edge.session_info(%s, %s)', u, id), 'TP016', NULL, 'and ends all sessions') FROM s WHERE n > 2;
SELECT lives_ok(format('SELECT tradepost_edge.session_info(%s, %s)', u, id), 'but the caller''s') FROM s WHERE n = 2;
SELECT throws_ok(format('SELECT tradepost_edge.change_password(%s, %s, NULL)', u, id), 'TP005', NULL, 'no new hash') FROM s WHERE n = 2;
SELECT is((SELECT tradepost_edge.logout(u, id, '{"body": {"everywhere": true}}')::jsonb FROM s WHERE n = 2), '{"loggedOut": true, "sessionsEnded": 1}', 'logout() everywhere');
UPDATE s SET id = (pg_temp.login('b@example.org', true, 'b-5') ->> 'session')::bigint WHERE n = 1;
UPDATE tradepost_internal.sessions SET expires_at = now() WHERE id = (SELECT id FROM s WHERE n = 1);
SELECT throws_ok(format('SELECT tradepost_edge.session_info(%s, %s)', u, id), 'TP016', NULL, 'a session that was not refreshed for long ends by itself') FROM s WHERE n = 1;

-- What is long past is forgotten at the next login or refresh.
SELECT results_eq($$SELECT count(*) > 1 FROM tradepost_internal.refresh_tokens WHERE session_id = 1$$, ARRAY[true], 'a session leaves tokens');
UPDATE tradepost_internal.sessions SET revoked_at = now() - interval '31 days' WHERE id = 1;
CREATE TEMP TABLE kept AS SELECT count(*) - 1 AS sessions FROM tradepost_internal.sessions WHERE user_id = 1;
SELECT isnt(pg_temp.login('ada@example.org', true, 'ada-now')::text, NULL, 'another login');
SELECT is_empty($$SELECT FROM tradepost_internal.sessions WHERE id = 1$$, 'takes the old session away');
SELECT is_empty($$SELECT FROM tradepost_internal.refresh_tokens WHERE session_id = 1$$, 'with its tokens');
SELECT is((SELECT count(*) FROM tradepost_internal.sessions WHERE user_id = 1), (SELECT sessions + 1 FROM kept), 'and no other');
SELECT is(pg_temp.refresh('ada-now', 'ada-then') -> 'user' ->> 'id', '1', 'refreshed');
UPDATE tradepost_internal.refresh_tokens SET expires_at = now() WHERE hash = sha256('ada-now');
SELECT is(pg_temp.refresh('ada-then', 'ada-later') -> 'user' ->> 'id', '1', 'and again');
SELECT is_empty($$SELECT FROM tradepost_internal.refresh_tokens WHERE hash = sha256('ada-now')$$, 'takes the expired token away');
SELECT is(pg_temp.refresh('ada-now', 'x')::jsonb, '{"error": "TP020"}', 'which is as good as unknown');

-- Administration.
UPDATE s SET id = (pg_temp.login('b@example.org', true, 'b-6') ->> 'session')::bigint WHERE n = 1;
SELECT lives_ok(format($$SELECT tradepost.set_tier(%s, 'enterprise')$$, u), 'set_tier()') FROM s WHERE n = 1;
SELECT lives_ok(format($$SELECT tradepost.set_role(%s, 'admin')$$, u), 'set_role()') FROM s WHERE n = 1;
SELECT is((SELECT tradepost_edge.session_info(u, id)::jsonb - 'expires' - 'user' - 'session' - 'account' FROM s WHERE n = 1), '{"tier": "enterprise", "role": "admin", "tenant": 1, "tierUntil": null}', 'hold at once');
SELECT throws_ok($$SELECT tradepost.set_tier(1, 'gold')$$, 'TP014', 'tier must be free, basic, pro or enterprise, not ''gold''', 'no such tier');
SELECT throws_ok($$SELECT tradepost.set_tier(1, NULL)$$, 'TP014', NULL, 'no tier');
SELECT throws_ok($$SELECT tradepost.set_tier(99, 'pro')$$, 'TP014', 'user 99 does not exist', 'no such user');
SELECT throws_ok($$SELECT tradepost.set_role(1, 'root')$$, 'TP014', NULL, 'no such role');
SELECT throws_ok($$SELECT tradepost.set_status(1, 'dead')$$, 'TP014', NULL, 'no such status');
SELECT throws_ok($$SELECT tradepost.revoke_user(99)$$, 'TP014', 'user 99 does not exist', 'revoke_user() of nobody');
SELECT is((SELECT tradepost.revoke_user(u) FROM s WHERE n = 1), 1, 'revoke_user()');
SELECT throws_ok(format('SELECT tradepost_edge.session_info(%s, %s)', u, id), 'TP016', NULL, 'ends the sessions') FROM s WHERE n = 1;
UPDATE s SET id = (pg_temp.login('b@example.org', true, 'b-7') ->> 'session')::bigint WHERE n = 1;
SELECT lives_ok(format($$SELECT tradepost.set_status(%s, 'suspended')$$, u), 'set_status()') FROM s WHERE n = 1;
SELECT throws_ok(format('SELECT tradepost_edge.session_info(%s, %s)', u, id), 'TP016', NULL, 'suspended: no session is in force') FROM s WHERE n = 1;
SELECT is(pg_temp.login('b@example.org', true, 'b-8')::text, NULL, 'and none can be made');
SELECT is(pg_temp.refresh('b-7', 'b-9')::jsonb, '{"error": "TP020"}', 'nor refreshed');
SELECT lives_ok(format($$SELECT tradepost.set_status(%s, 'active')$$, u), 'active again') FROM s WHERE n = 1;
SELECT isnt(pg_temp.login('b@example.org', true, 'b-10')::text, NULL, 'and in');

-- Blocked addresses: the time grows with each offence of a day.
SELECT results_eq($$SELECT extract(epoch FROM tradepost_edge.block_ip('198.51.100.7', 'flood') - now())::integer FROM generate_series(1, 6)$$, ARRAY[60, 300, 1800, 14400, 86400, 86400], 'block_ip()');
SELECT results_eq($$SELECT ip, until = now() + interval '1 day' FROM tradepost_edge.blocks()$$, $$VALUES ('198.51.100.7', true)$$, 'blocks()');
SELECT results_eq($$SELECT host(ip), offences, reason, in_force FROM tradepost.ip_blocks$$, $$VALUES ('198.51.100.7', 6, 'flood', true)$$, 'the view');
SELECT is(tradepost.lift_block('198.51.100.7'), true, 'lift_block()');
SELECT is(tradepost.lift_block('198.51.100.7'), false, 'once');
SELECT is_empty($$SELECT * FROM tradepost_edge.blocks()$$, 'it is lifted');
UPDATE tradepost_internal.ip_blocks SET blocked_at = now() - interval '25 hours';
SELECT is(extract(epoch FROM tradepost_edge.block_ip('198.51.100.7', NULL) - now())::integer, 60, 'after a day it begins anew');
SELECT is(extract(epoch FROM tradepost_edge.block_ip('2001:db8::1', 'by hand', 5) - now())::integer, 5, 'for so many seconds');
SELECT throws_ok($$SELECT tradepost_edge.block_ip('192.0.2.1', 'x', 0)$$, 'TP005', 'seconds must be between 1 and 31536000, not 0', 'not for none');
SELECT throws_ok($$SELECT tradepost_edge.block_ip(NULL, 'x')$$, 'TP005', NULL, 'not nobody');

SELECT lives_ok($$SELECT tradepost_edge.record_security_event('probe', 1, '192.0.2.1', 55, '{"path": "/.env"}')$$, 'record_security_event()');
SELECT results_eq($$SELECT kind, email, host(ip), risk, detail ->> 'path' FROM tradepost.security_events ORDER BY id DESC LIMIT 1$$, $$VALUES ('probe', 'Ada@Example.org', '192.0.2.1', 55::smallint, '/.env')$$, 'shows');
SELECT throws_ok($$SELECT tradepost_edge.record_security_event('probe', 1, NULL, 101)$$, 'TP005', 'risk must be between 0 and 100, not 101', 'with its bounds');
SELECT throws_ok($$SELECT tradepost_edge.record_security_event('', 1, NULL, 1)$$, 'TP005', NULL, 'and a kind');

-- As the roles that are to do it.
CREATE ROLE tp_test_proxy IN ROLE tradepost_proxy;
CREATE ROLE tp_test_admin IN ROLE tradepost_admin;
CREATE ROLE tp_test_auditor IN ROLE tradepost_auditor;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pg_temp TO PUBLIC;
SET LOCAL ROLE tp_test_proxy;
SELECT lives_ok($$SELECT tradepost_edge.register('proxy@example.org', 'h', 'P', 'Q', 'basic', NULL, NULL)$$, 'the proxy registers');
SELECT isnt(tradepost_edge.login_done('proxy@example.org', (tradepost_edge.login_lookup('proxy@example.org', NULL) ->> 'user')::bigint, true, NULL, NULL, sha256('p'))::text, NULL, 'and logs in');
SELECT throws_ok($$SELECT tradepost_edge.caller(1, 1)$$, '42501', NULL, 'reads no whole user');
SELECT throws_ok($$SELECT * FROM tradepost_internal.users$$, '42501', NULL, 'nor table');
SELECT throws_ok($$SELECT * FROM tradepost.users$$, '42501', NULL, 'nor view of them');
SELECT throws_ok($$SELECT tradepost.set_tier(1, 'free')$$, '42501', NULL, 'nor sets tiers');
SET LOCAL ROLE tp_test_admin;
SELECT lives_ok($$SELECT tradepost.set_tier(1, 'free'), (SELECT count(*) FROM tradepost.users), (SELECT count(*) FROM tradepost.security_events), (SELECT count(*) FROM tradepost.ip_blocks)$$, 'an administrator does');
SELECT throws_ok($$SELECT password_hash FROM tradepost_internal.users$$, '42501', NULL, 'and reads no hash');
SELECT throws_ok($$SELECT tradepost_edge.login_lookup('ada@example.org', NULL)$$, '42501', NULL, 'not that way either');
SELECT throws_ok($$DELETE FROM tradepost_internal.security_events$$, '42501', NULL, 'nor changes what happened');
SET LOCAL ROLE tp_test_auditor;
SELECT lives_ok($$SELECT (SELECT count(*) FROM tradepost.users), (SELECT count(*) FROM tradepost.security_events)$$, 'an auditor looks');
SELECT throws_ok($$SELECT tradepost.lift_block('192.0.2.1')$$, '42501', NULL, 'and changes nothing');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
