-- Pushes, notifications and preferences: what goes where, what is refused; reports that read
-- sums and no history; what is thrown away.
BEGIN;
SELECT no_plan();
SELECT tradepost.init();

\ir include/users.sql
SELECT pg_temp.join_in('ada'), pg_temp.join_in('bob'), pg_temp.join_in('eve', 'free');
-- What the subscriptions have told is not what is looked at here.
DELETE FROM tradepost_internal.notifications;
DELETE FROM tradepost_internal.push_queue;
DELETE FROM tradepost_internal.deliveries;

-- Pushes get their numbers from the follower's functions alone, one after the other.
SELECT tradepost_internal.push(1, NULL, 'pro', 'signals', 'signal:created', json_build_object('n', n)) FROM generate_series(1, 5) n;
SELECT is((SELECT count(*) FROM tradepost_edge.pushes_page(0, 100)), 0::bigint, 'a push has no number at first');
SELECT is(tradepost_internal.follow_pushes(3), 3::bigint, 'three at a time');
SELECT is(tradepost_internal.follow_pushes(3), 5::bigint, 'the rest');
SELECT is(tradepost_internal.follow_pushes(3), NULL, 'no more');
SELECT results_eq($$SELECT seq, tenant, user_id, tier, channel, event, data FROM tradepost_edge.pushes_page(3, 100)$$,
	$$VALUES (4::bigint, 1::bigint, NULL::bigint, 'pro', 'signals', 'signal:created', '{"n" : 4}'), (5, 1, NULL, 'pro', 'signals', 'signal:created', '{"n" : 5}')$$, 'pushes_page()');
SELECT is(tradepost_edge.newest_push(), 5::bigint, 'newest_push()');
SELECT throws_ok($$SELECT * FROM tradepost_edge.pushes_page(0, 10001)$$, 'TP005', 'max must be between 1 and 10000, not 10001', 'too large a page');
SAVEPOINT taken_back;
SELECT tradepost_internal.push(1, NULL, NULL, 'signals', 'never', '{}');
ROLLBACK TO taken_back;
SELECT is(tradepost_internal.follow_pushes(3), NULL, 'what is rolled back is no push');

-- Notifications, by the channels that are preferred.
SELECT tradepost_internal.notify_user(pg_temp.u('ada'), 'fills', 'Bought', 'Order 1.', '{"orderId": 1}');
SELECT tradepost_internal.notify_user(pg_temp.u('ada'), 'security', 'Login', 'From somewhere else.');
SELECT results_eq($$SELECT kind, title, body, data, read_at IS NULL FROM tradepost_internal.notifications WHERE user_id = pg_temp.u('ada') ORDER BY id$$,
	$$VALUES ('fills', 'Bought', 'Order 1.', '{"orderId": 1}'::jsonb, true), ('security', 'Login', 'From somewhere else.', NULL, true)$$, 'notifications are kept');
SELECT results_eq($$SELECT user_id, tier, channel, event, data::json ->> 'title', (data::json ->> 'id')::bigint FROM tradepost_internal.push_queue ORDER BY id$$,
	$$SELECT pg_temp.u('ada'), NULL::text, 'notifications', 'notification:created', n.title, n.id FROM tradepost_internal.notifications n ORDER BY n.id$$, 'and pushed to the user alone');
SELECT is_empty($$SELECT * FROM tradepost_internal.deliveries$$, 'no mail goes to an address that nobody has proved to read');
UPDATE tradepost_internal.users SET email_verified_at = now() WHERE id = pg_temp.u('ada');
SELECT tradepost_internal.notify_user(pg_temp.u('ada'), k, k, 'x') FROM unnest(ARRAY['fills', 'expiries', 'signals', 'security', 'subscription']) k;
SELECT results_eq($$SELECT channel, recipient, subject, body, attempts, sent_at IS NULL FROM tradepost_internal.deliveries ORDER BY id$$, $$VALUES ('email', 'ada@example.org', 'security', 'x', 0, true)$$,
	'by mail, without a word, security alone');
DELETE FROM tradepost_internal.push_queue;
SELECT is(pg_temp.call('notification_preferences_get', 'ada') -> 'preferences' -> 'fills', '{"inapp": true, "websocket": true, "email": false, "whatsapp": true}', 'preferences, untouched');
SELECT is(pg_temp.call('notification_preferences_set', 'ada', pg_temp.body('{"preferences": {"fills": {"inapp": false, "email": true}, "signals": {"websocket": false}}}')) -> 'preferences',
	'{"fills": {"inapp": false, "websocket": true, "email": true, "whatsapp": true}, "expiries": {"inapp": true, "websocket": true, "email": false, "whatsapp": true},
	"cancels": {"inapp": false, "websocket": false, "email": false, "whatsapp": true}, "signals": {"inapp": true, "websocket": false, "email": false, "whatsapp": true},
	"security": {"inapp": true, "websocket": true, "email": true, "whatsapp": true}, "subscription": {"inapp": true, "websocket": true, "email": false, "whatsapp": true}}'::jsonb, 'preferences, changed');
SELECT is(pg_temp.call('notification_preferences_get', 'bob') -> 'preferences' -> 'fills', '{"inapp": true, "websocket": true, "email": false, "whatsapp": true}', 'not another''s');
SELECT tradepost_internal.notify_users(ARRAY[u, u], ARRAY['fills', 'signals'], ARRAY['a', 'b'], ARRAY['A', 'B'], ARRAY[NULL, '{"x": 1}']::jsonb[]) FROM pg_temp.u('ada') u;
SELECT results_eq($$SELECT data::json ->> 'title', data::json ->> 'id' FROM tradepost_internal.push_queue$$, $$VALUES ('a', NULL)$$, 'pushed, not kept');
SELECT is((SELECT count(*) FROM tradepost_internal.notifications WHERE title IN ('a', 'b')), 1::bigint, 'kept, not pushed');
SELECT is((SELECT count(*) FROM tradepost_internal.deliveries WHERE subject = 'a'), 1::bigint, 'and by mail');
SELECT lives_ok($$SELECT tradepost_internal.notify_user(999999, 'fills', 'x', 'x')$$, 'a user that there is not is nobody');
SELECT throws_ok(format('SELECT pg_temp.call(%L, %L, %L)', 'notification_preferences_set', 'ada', pg_temp.body(b)), 'TP005', m, m) FROM (VALUES
	('{}'::jsonb, 'preferences must be an object'), ('{"preferences": []}', 'preferences must be an object'), ('{"preferences": {"gossip": {}}}', 'kind "gossip" is unknown'),
	('{"preferences": {"fills": true}}', 'fills is true, and must be an object'), ('{"preferences": {"fills": {"pigeon": true}}}', 'channel "pigeon" of fills is unknown'),
	('{"preferences": {"fills": {"email": "yes"}}}', 'email of fills must be true or false'), ('{"preferences": {}, "user_id": 1}', 'field "user_id" is unknown')) v (b, m);

-- Reading them.
DELETE FROM tradepost_internal.notification_preferences;
DELETE FROM tradepost_internal.notifications;
SELECT tradepost_internal.notify_user(pg_temp.u('ada'), CASE n % 2 WHEN 0 THEN 'fills' ELSE 'signals' END, 't' || n, 'b') FROM generate_series(1, 7) n;
SELECT tradepost_internal.notify_user(pg_temp.u('bob'), 'fills', 'bob''s', 'b');
CREATE FUNCTION pg_temp.titles(answer jsonb) RETURNS text LANGUAGE sql AS $$ SELECT coalesce(string_agg(x ->> 'title', ' ' ORDER BY o), '') FROM jsonb_array_elements(answer -> 'notifications') WITH ORDINALITY t (x, o) $$;
CREATE TEMP TABLE page AS SELECT pg_temp.call('notifications_list', 'ada', pg_temp.query('{"limit": "3"}')) AS j;
SELECT is(pg_temp.titles(j), 't7 t6 t5', 'newest first') FROM page;
SELECT is((j ->> 'unread')::int, 7, 'unread') FROM page;
SELECT is(pg_temp.titles(pg_temp.call('notifications_list', 'ada', pg_temp.query(jsonb_build_object('cursor', j ->> 'nextCursor')))), 't4 t3 t2 t1', 'the next page') FROM page;
SELECT is(pg_temp.call('notifications_list', 'ada') -> 'nextCursor', 'null'::jsonb, 'and no more');
SELECT is(pg_temp.titles(pg_temp.call('notifications_list', 'ada', pg_temp.query('{"kind": "fills"}'))), 't6 t4 t2', 'by kind');
SELECT is((SELECT array_agg(k ORDER BY k) FROM page, jsonb_object_keys(j -> 'notifications' -> 0) k), ARRAY['body', 'createdAt', 'data', 'id', 'kind', 'read', 'readAt', 'title'], 'what one is made of');
CREATE FUNCTION pg_temp.id(title text) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT id FROM tradepost_internal.notifications n WHERE n.title = $1 $$;
DELETE FROM tradepost_internal.push_queue;
SELECT is(pg_temp.call('notifications_read', 'ada', pg_temp.body(jsonb_build_object('ids', ARRAY[pg_temp.id('t7'), pg_temp.id('t5'), pg_temp.id('bob''s'), 1]))) ->> 'marked', '2', 'marked as read: one''s own alone');
SELECT results_eq($$SELECT user_id, event, data::jsonb FROM tradepost_internal.push_queue$$,
	$$SELECT pg_temp.u('ada'), 'notification:read', jsonb_build_object('ids', ARRAY[pg_temp.id('t5'), pg_temp.id('t7')])$$, 'and one''s other windows are told');
SELECT is(pg_temp.titles(pg_temp.call('notifications_list', 'ada', pg_temp.query('{"unread": "true"}'))), 't6 t4 t3 t2 t1', 'unread alone');
SELECT is(pg_temp.call('notification_read', 'ada', jsonb_build_object('param', pg_temp.id('t6')::text, 'body', '{"read": true}'::jsonb)) -> 'notification' ->> 'read', 'true', 'one');
SELECT is(pg_temp.call('notification_read', 'ada', jsonb_build_object('param', pg_temp.id('t6')::text, 'body', '{"read": true}'::jsonb)) -> 'notification' ->> 'read', 'true', 'again');
SELECT throws_ok(format('SELECT pg_temp.call(%L, %L, %L)', 'notification_read', 'ada', jsonb_build_object('param', p, 'body', '{"read": true}'::jsonb)), 'TP027', format('notification "%s" is unknown', p),
	'another''s, and one that never was: ' || p) FROM unnest(ARRAY[pg_temp.id('bob''s')::text, '999999', 'x', '-1', repeat('9', 30)]) p;
SELECT is(pg_temp.call('notifications_read', 'ada', pg_temp.body('{"all": true}')) ->> 'marked', '4', 'all');
SELECT is(pg_temp.call('notifications_list', 'ada') ->> 'unread', '0', 'none is unread');
SELECT is(pg_temp.call('notifications_list', 'bob') ->> 'unread', '1', 'bob''s still is');
SELECT throws_ok(format('SELECT pg_temp.call(%L, %L, %L)', f, 'ada', a), 'TP005', m, m) FROM (VALUES
	('notifications_read', pg_temp.body('{}'), 'one of ids and all must be given'), ('notifications_read', pg_temp.body('{"ids": [1], "all": true}'), 'one of ids and all must be given'),
	('notifications_read', pg_temp.body('{"ids": 1}'), 'ids is 1, and must be a list of numbers'), ('notifications_read', pg_temp.body('{"ids": [1, "x"]}'), 'ids has an element "x", which is no number of a notification'),
	('notifications_read', pg_temp.body('{"ids": [null]}'), 'ids has an element null, which is no number of a notification'),
	('notifications_read', pg_temp.body(jsonb_build_object('ids', array_fill(1, ARRAY[1001]))), 'ids has 1001 elements, and at most 1000 can be marked at once'),
	('notification_read', '{"param": "1", "body": {"read": false}}', 'read must be true'), ('notification_read', '{"param": "1"}', 'read must be true'),
	('notifications_list', pg_temp.query('{"kind": "gossip"}'), 'kind is "gossip"'), ('notifications_list', pg_temp.query('{"limit": "201"}'), 'limit is "201", and must be a whole number between 1 and 200')) v (f, a, m);

-- A report reads one row a day, whatever there is to be summed: not by the clock, by the rows that it fetches.
CREATE FUNCTION pg_temp.spans(account bigint, instrument integer, source text) RETURNS void LANGUAGE sql AS
$$
	INSERT INTO tradepost_internal.performance_spans
	SELECT account, 1, instrument, source, d.days, d.start, 3, 2, 1, 10, 4, 1000000, 7, 1, 6, -1, 2
	FROM (SELECT true AS days, generate_series(timestamptz '2024-01-01Z', '2026-09-30Z', '1 day') AS start UNION ALL SELECT false, generate_series(timestamptz '2024-01-01Z', '2026-09-30 23:00Z', '1 hour')) d
$$;
SELECT tradepost.create_instrument('EURUSD', 'spot', 'EUR', 'USD', 0.01, 1, 100) FROM tradepost.create_asset('EUR');
SELECT pg_temp.spans(u.account, i, s) FROM tradepost_internal.users u, (VALUES (0), (1)) x (i), (VALUES (''), ('manual'), ('model')) y (s) WHERE u.tier = 'pro';
ANALYZE tradepost_internal.performance_spans;
CREATE FUNCTION pg_temp.fetched(VARIADIC relations regclass[]) RETURNS bigint LANGUAGE sql VOLATILE AS $$ SELECT sum(pg_stat_get_xact_tuples_fetched(r) + pg_stat_get_xact_tuples_returned(r)) FROM unnest(relations) r $$;
CREATE FUNCTION pg_temp.reads(query jsonb, OUT spans bigint, OUT history bigint, OUT answer jsonb) LANGUAGE plpgsql AS
$$
BEGIN
	spans := pg_temp.fetched('tradepost_internal.performance_spans');
	history := pg_temp.fetched('tradepost_internal.fills', 'tradepost_internal.closed_trades', 'tradepost_internal.events');
	answer := pg_temp.call('performance', 'ada', pg_temp.query(query)) -> 'performance';
	spans := pg_temp.fetched('tradepost_internal.performance_spans') - spans;
	history := pg_temp.fetched('tradepost_internal.fills', 'tradepost_internal.closed_trades', 'tradepost_internal.events') - history;
END
$$;
SELECT cmp_ok((SELECT count(*) FROM tradepost_internal.performance_spans), '>', 290000::bigint, 'years of many users'' trades');
CREATE TEMP TABLE report AS SELECT r.* FROM pg_temp.reads('{"period": "all", "symbol": "EURUSD", "source": "model"}') r;
SELECT cmp_ok(spans, '<', 4 * 1004::bigint, 'all of it: ' || spans || ' rows') FROM report;
SELECT is(history, 0::bigint, 'and nothing of the history') FROM report;
SELECT is(answer ->> 'trades', (3 * 1004)::text, 'trades are summed') FROM report;
SELECT is(answer ->> 'netPnl', (6 * 1004)::text, 'results too') FROM report;
SELECT is(answer ->> 'maxDrawdown', '2', 'a fall within a span') FROM report;
SELECT is(jsonb_array_length(answer -> 'equityCurve'), 500, 'at most 500 points') FROM report;
SELECT is(answer -> 'equityCurve' -> -1 ->> 'equity', (6 * 1004)::text, 'the last of which is the end') FROM report;
SELECT cmp_ok(spans, '<', 500::bigint, 'with days and hours at its edges: ' || spans || ' rows') FROM pg_temp.reads('{"since": "2026-03-03T05:00:00Z", "until": "2026-05-03T07:00:00Z", "symbol": "EURUSD", "source": "model"}');
SELECT cmp_ok(spans, '<', 12 * 1004::bigint, 'with its parts by symbol and source: ' || spans || ' rows') FROM pg_temp.reads('{"period": "all"}');
CREATE TEMP TABLE parts AS SELECT answer AS a FROM pg_temp.reads('{"period": "all"}');
SELECT is(a -> 'bySource', '[{"source": "manual", "trades": 3012, "winRate": "0.666667", "netPnl": "6024"}, {"source": "model", "trades": 3012, "winRate": "0.666667", "netPnl": "6024"}]', 'by source') FROM parts;
SELECT is(a -> 'bySymbol', '[{"symbol": "EURUSD", "trades": 3012, "winRate": "0.666667", "netPnl": "6024"}]', 'by symbol') FROM parts;
SELECT throws_ok($$SELECT pg_temp.call('performance', 'eve')$$, 'TP017', NULL, 'not for a free user');
SELECT throws_ok(format('SELECT pg_temp.call(%L, %L, %L)', 'performance', 'ada', pg_temp.query(q)), c, m, m) FROM (VALUES
	('{"period": "2d"}'::jsonb, 'TP005', 'period is "2d"'), ('{"period": "7d", "since": "2026-01-01"}', 'TP005', 'period goes without since and until'),
	('{"since": "2026-01-02", "until": "2026-01-01"}', 'TP005', 'since 2026-01-02T00:00:00.000000Z is not before until 2026-01-01T00:00:00.000000Z'),
	('{"symbol": "NONE"}', 'TP001', 'symbol "NONE" is unknown'), ('{"source": ""}', 'TP005', 'source must have 1 to 64 characters, not 0'), ('{"currency": "NIL"}', 'TP004', 'currency "NIL" is unknown'),
	('{"currency": "EUR", "symbol": "EURUSD"}', 'TP005', 'currency is "EUR", and EURUSD is priced in "USD"'), ('{"account": "1"}', 'TP005', 'query parameter "account" is unknown')) v (q, c, m);

-- A list is as long as its page.
INSERT INTO tradepost_internal.notifications (user_id, kind, title, body, read_at) SELECT CASE n % 2 WHEN 0 THEN pg_temp.u('ada') ELSE pg_temp.u('bob') END, 'fills', 'x', 'x', now() FROM generate_series(1, 20000) n;
ANALYZE tradepost_internal.notifications;
CREATE TEMP TABLE before AS SELECT pg_temp.fetched('tradepost_internal.notifications') AS n;
SELECT is(jsonb_array_length(pg_temp.call('notifications_list', 'ada', pg_temp.query('{"limit": "20"}')) -> 'notifications'), 20, 'a long list');
SELECT cmp_ok(pg_temp.fetched('tradepost_internal.notifications') - n, '<', 60::bigint, 'a page of notifications reads a page') FROM before;

-- What is old goes, a bounded number at a time.
SELECT results_eq($$SELECT what, removed FROM tradepost.run_retention()$$, $$VALUES ('pushes', 0::bigint), ('notifications', 0), ('deliveries', 0), ('whatsapp_messages', 0), ('whatsapp_pendings', 0)$$, 'nothing is old');
UPDATE tradepost_internal.pushes SET time = now() - interval '25 hours' WHERE seq <= 3;
UPDATE tradepost_internal.notifications SET time = now() - interval '91 days' WHERE id < pg_temp.id('t6');
UPDATE tradepost_internal.deliveries SET created_at = now() - interval '31 days';
SELECT results_eq($$SELECT what, removed FROM tradepost.run_retention(most => 2)$$, $$VALUES ('pushes', 2::bigint), ('notifications', 2), ('deliveries', 2), ('whatsapp_messages', 0), ('whatsapp_pendings', 0)$$, 'two at a time');
SELECT results_eq($$SELECT what, removed FROM tradepost.run_retention()$$, $$VALUES ('pushes', 1::bigint), ('notifications', 3), ('deliveries', 0), ('whatsapp_messages', 0), ('whatsapp_pendings', 0)$$, 'the rest');
SELECT is(tradepost_edge.newest_push(), 5::bigint, 'numbers go on');
INSERT INTO tradepost_internal.pushes (seq, time, tenant, channel, event, data) SELECT -n, now() - interval '25 hours', 1, 'signals', 'x', '{}' FROM generate_series(1, 30000) n;
SELECT lives_ok($$SELECT tradepost_internal.follow_clock(true)$$, 'a minute is over');
SELECT is(count(*), 0::bigint, 'the follower removes what a busy minute brought') FROM tradepost_internal.pushes p WHERE p.seq < 0;
SELECT throws_ok($$SELECT * FROM tradepost.run_retention(most => 0)$$, 'TP005', 'most must be above zero, not 0', 'none at a time');
SELECT throws_ok($$SELECT * FROM tradepost.run_retention(pushes => '-1 day')$$, 'TP005', 'ages must be given and may not be negative', 'from the future');

SELECT * FROM finish();
ROLLBACK;
