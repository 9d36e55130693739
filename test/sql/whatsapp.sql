--
-- WhatsApp: phones that are linked, messages that do what they say once, what waits for its confirmation, and what
-- nobody gets done by writing or by speaking.
--
\set SHOW_CONTEXT never
\set wait 'SELECT max(id) AS last_id FROM tradepost.commands \\gset \\\\ CALL tradepost.wait_for_order(:last_id) \\gset wait_'
SELECT tradepost.create_instrument('Dec28-Wheat', 'future', 'Wheat', 'USD', 0.25, 1, 150, contract => 'Dec28', initial_margin => 1, maintenance_margin => 0.5, band => 100) > 0 AS wheat,
	tradepost.create_instrument('Jan29-Wheat', 'future', 'Wheat', 'USD', 0.25, 1, 152, contract => 'Jan29', initial_margin => 1, maintenance_margin => 0.5) > 0 AS later;
DO $$ BEGIN PERFORM t.edge_user('wanda'), t.edge_user('willi'), t.edge_user('maker'); END $$;
:wait
CREATE SEQUENCE t.sid;
-- What a message is answered; what differs from run to run is replaced: codes by CODE, numbers of orders by N.
CREATE FUNCTION t.masked(said text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT regexp_replace(regexp_replace(said, '(YES|SÍ|SIM) [0-9]{4}', '\1 CODE', 'g'), '((?:[Oo]rder|[Oo]rden|[Oo]rdem|Cancel|Cancelar|Change|under) )[0-9]+', '\1N', 'g') $$;
CREATE FUNCTION t.write(phone text, body text, kind text DEFAULT 'text', sid text DEFAULT NULL, more jsonb DEFAULT '{}') RETURNS json LANGUAGE sql AS
$$ SELECT tradepost_edge.whatsapp_inbound(jsonb_build_object('tenant', 1, 'accountSid', 'AC1', 'messageSid', coalesce(sid, 'SM' || nextval('t.sid')), 'phone', phone, 'body', body, 'kind', kind) || more) $$;
-- What waits for its confirmation waits for an hour, so that a slow machine changes nothing.
CREATE FUNCTION t.says(body text, phone text DEFAULT '+15550001001', kind text DEFAULT 'text') RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	said text := t.masked(t.write(phone, body, kind) ->> 'reply');
BEGIN
	UPDATE tradepost_internal.whatsapp_pendings SET expires_at = clock_timestamp() + interval '1 hour' WHERE consumed_at IS NULL AND rejected_at IS NULL AND expires_at > clock_timestamp();
	RETURN said;
END
$$;
-- What became of the last message's command.
CREATE FUNCTION t.outcome() RETURNS text LANGUAGE sql AS $$ SELECT t.masked(tradepost_edge.whatsapp_outcome('AC1', 'SM' || currval('t.sid')) ->> 'reply') $$;
CREATE FUNCTION t.code(nth integer DEFAULT 0) RETURNS text LANGUAGE sql AS $$ SELECT p.code FROM tradepost_internal.whatsapp_pendings p ORDER BY p.id DESC OFFSET nth LIMIT 1 $$;
CREATE FUNCTION t.mine() RETURNS TABLE (side tradepost.side, symbol text, type tradepost.order_type, quantity numeric, price numeric, status tradepost.order_status) LANGUAGE sql AS
$$ SELECT o.side, o.symbol, o.type, o.quantity, o.price, o.status FROM tradepost.orders o JOIN tradepost.users u ON u.account = o.account WHERE u.email = 'wanda@example.org' ORDER BY o.id $$;

-- A phone that is nobody's gets help alone, whatever it says.
SELECT t.says(w) FROM unnest(ARRAY['Buy 1 Dec28 Wheat at 150', 'hola', 'YES 1234', 'STOP', '', '123456', 'LINK 123456']) w;
SELECT t.says('x', '+5511999990001');
SELECT action, count(*), count(user_id) FROM tradepost_internal.whatsapp_messages GROUP BY action ORDER BY action;

-- Linked by a code that its user has asked for: good from that phone alone, five tries, ten minutes, once.
SELECT t.call('whatsapp_link_get', 'wanda', '{"number": "+15550009999"}');
SELECT * FROM t.refused($$SELECT t.call('whatsapp_link_begin', 'wanda', '{}')$$);
SELECT r.* FROM unnest(ARRAY['{"phone": "123"}', '{"phone": "+0123456789"}', '{"phone": "+41 44x668"}', '{"phone": 41446681800}', '{"phone": "+1234567890123456"}', '{"fax": 1}']::jsonb[]) b, t.refused(format('SELECT t.call(''whatsapp_link_begin'', ''wanda'', %L)', jsonb_build_object('body', b))) r;
SELECT t.call('whatsapp_link_begin', 'wanda', '{"number": "+15550009999", "body": {"phone": "+1 (555) 000-1001"}}') AS begun \gset
SELECT regexp_replace(:'begun'::jsonb ->> 'text', '[0-9]{6}$', '000000') AS text, :'begun'::jsonb ->> 'phone' AS phone, :'begun'::jsonb ->> 'number' AS number, length(:'begun'::jsonb ->> 'code') AS digits;
SELECT t.call('whatsapp_link_get', 'wanda', '{}') -> 'pending' ->> 'phone' AS waits_for;
SELECT t.says('LINK 000000'), t.says(:'begun'::jsonb ->> 'text', '+15550001002');
SELECT t.says('link 000-001'), t.says('vincular 000002'), t.says('000 003'), t.says('LINK 000004'), t.says('LINK 000005'), t.says(:'begun'::jsonb ->> 'text');
SELECT t.call('whatsapp_link_begin', 'wanda', '{"body": {"phone": "+15550001001"}}') ->> 'code' AS code \gset
UPDATE tradepost_internal.phone_link_codes SET expires_at = clock_timestamp() WHERE user_id = t.u('wanda');
SELECT t.says('LINK ' || :'code');
SELECT t.call('whatsapp_link_begin', 'wanda', '{"body": {"phone": "+15550001001"}}') ->> 'code' AS code \gset
SELECT t.says(format('  Link: %s-%s!', left(:'code', 3), right(:'code', 3))), t.says('LINK ' || :'code');
SELECT (t.call('whatsapp_link_get', 'wanda', '{"number": "+15550009999"}') -> 'link') - '{linkedAt,lastMessageAt}'::text[] AS link;
SELECT * FROM t.refused($$SELECT t.call('whatsapp_link_begin', 'wanda', '{"body": {"phone": "+15550001001"}}')$$);
SELECT t.call('whatsapp_link_begin', 'wanda', '{"body": {"phone": "+15550001003"}}') ->> 'phone' AS another;
SELECT count(*) FROM (SELECT t.call('whatsapp_link_begin', 'wanda', '{"body": {"phone": "+15550001003"}}')) x;
SELECT code, message FROM t.refused($$SELECT t.call('whatsapp_link_begin', 'wanda', '{"body": {"phone": "+15550001003"}}')$$);
SELECT kind, title, data - 'phone' AS data FROM tradepost_internal.notifications WHERE user_id = t.u('wanda') AND kind = 'security' ORDER BY id;

-- What is plain is done, and what became of it is the better reply.
SELECT t.says('Buy 10 Dec28 Wheat at 150');
:wait
SELECT t.outcome(), t.outcome();
SELECT t.says('Cancel 999999'), t.says('buy 10 Mar28 Rye at 150'), t.says('buy 10 Dec28 wheat at 150.1'), t.says('buy 10'), t.says('I will not buy 10 Dec28 wheat at 150'), t.says('nice weather');
SELECT t.says(format('change %s price 149', (SELECT max(id) FROM tradepost.orders)));
:wait
SELECT t.outcome();
SELECT w, split_part(t.says(w), E'\n', 1) AS first_line FROM unnest(ARRAY['orders', 'market', 'market wheat', 'market dec28 wheat', 'trades', 'positions', 'balance', 'help']) w;
SELECT t.says(format('cancel %s', (SELECT max(id) FROM tradepost.orders)));
:wait
SELECT t.outcome();
SELECT * FROM t.mine();

-- The same message again: the same answer, and nothing done.
SELECT t.write('+15550001001', 'Buy 11 Dec28 Wheat at 149', sid => 'SMonce') ->> 'repeated' AS repeated;
:wait
SELECT t.masked(tradepost_edge.whatsapp_outcome('AC1', 'SMonce') ->> 'reply') AS told;
SELECT x ->> 'repeated' AS repeated, x ->> 'command' AS command, t.masked(x ->> 'reply') AS reply FROM t.write('+15550001001', 'Buy 12 Dec28 Wheat at 149', sid => 'SMonce') x;
SELECT count(*) FROM t.mine() WHERE quantity IN (11, 12);
-- Where the webhook was answered before the decision, that answer stands, and the outcome leaves by a message, once.
BEGIN;
SELECT t.masked(t.write('+15550001001', 'Buy 13 Dec28 Wheat at 148', sid => 'SMslow') ->> 'reply') AS reply;
SELECT t.masked(tradepost_edge.whatsapp_outcome('AC1', 'SMslow') ->> 'reply') AS undecided;
COMMIT;
:wait
SELECT t.masked(tradepost_edge.whatsapp_outcome('AC1', 'SMslow') ->> 'reply') AS still, x ->> 'command' AS command FROM t.write('+15550001001', 'Buy 13 Dec28 Wheat at 148', sid => 'SMslow') x;
SELECT tradepost_internal.whatsapp_overdue_outcomes(), tradepost_internal.whatsapp_overdue_outcomes();
SELECT kind, t.masked(body) AS body FROM tradepost_internal.whatsapp_outbox WHERE event_key = 'outcome:AC1:SMslow';
SELECT t.masked(t.write('+15550001001', 'x', sid => 'SMslow') ->> 'reply') AS again;

-- Always confirmed: market orders, bare quotes, far prices, large orders, cancel all.
SELECT t.masked(t.write('+15550001001', 'buy 5 Dec28 wheat at market') ->> 'reply') AS says;
SELECT command, shown, round(extract(epoch FROM expires_at - made_at)) AS seconds FROM tradepost_internal.whatsapp_pendings;
SELECT sqlstate FROM tradepost_edge.place_each(ARRAY[t.u('maker'), t.u('maker')], ARRAY[t.s('maker'), t.s('maker')], '{NULL,NULL}',
	ARRAY['{"symbol": "Dec28-Wheat", "side": "sell", "price": "151", "quantity": 3, "timeInForce": "gtc"}', '{"symbol": "Dec28-Wheat", "side": "sell", "price": "152", "quantity": 3, "timeInForce": "gtc"}']);
:wait
SELECT t.says('buy 5 Dec28 wheat at market'), t.says('buy 9 Dec28 wheat at market');
SELECT t.says('bid 140 Dec28 wheat 20'), t.says('buy 5 Dec28 wheat at 120'), t.says('buy 5 Dec28 wheat at 20'), t.says('buy 20000 Dec28 wheat at 150'), t.says('cancel all'), t.says('cancel all wheat orders');
-- A bare yes among several is asked back.
SELECT (SELECT count(*) FROM regexp_matches(t.says('yes'), 'CODE', 'g')) AS lines;
SELECT t.says('no'), t.says('yes'), t.says('no');
SELECT t.says('buy 5 Dec28 wheat at market');
SELECT t.says('yes ' || t.code());
:wait
SELECT t.outcome();
SELECT t.says('yes ' || t.code()), t.says('yes');
-- One that waits is what a bare yes means; a button says its code.
SELECT t.says('buy 1 Dec28 wheat at 120'), t.says('Yes.');
:wait
SELECT t.says('buy 2 Dec28 wheat at 120'), t.says('YES ' || t.code(), kind => 'button');
:wait
SELECT t.says('buy 3 Dec28 wheat at 120');
UPDATE tradepost_internal.whatsapp_pendings SET expires_at = clock_timestamp() WHERE code = t.code();
SELECT t.says('yes ' || t.code()), t.says('yes');
-- What has just lapsed may be what a bare yes means: it is asked back.
SELECT t.says('buy 3 Dec28 wheat at 120.25');
UPDATE tradepost_internal.whatsapp_pendings SET expires_at = clock_timestamp() WHERE code = t.code(1);
SELECT t.says('yes'), t.says('no');
UPDATE tradepost_internal.whatsapp_pendings SET expires_at = clock_timestamp() - interval '1 hour' WHERE consumed_at IS NULL AND rejected_at IS NULL;
-- Two readings: one of them, and the other is void.
SELECT t.says('bid 150 Dec28 wheat 10'), t.says('no');
SELECT t.says('bid 10 Dec28 wheat 150');
SELECT t.says('yes'), t.says('yes ' || t.code(1)), t.says('yes ' || t.code());
:wait
-- Five wrong codes in a row void what waits, in any order with a right one between.
SELECT t.says('buy 4 Dec28 wheat at 120');
SELECT t.says('yes 0001'), t.says('yes 0002'), t.says('yes 0003'), t.says('yes 0004');
SELECT t.says('yes ' || t.code());
:wait
SELECT t.says('buy 6 Dec28 wheat at 120');
SELECT t.says('yes 0001'), t.says('yes 0002'), t.says('yes 0003'), t.says('yes 0004'), t.says('yes 0005'), t.says('yes ' || t.code()), t.says('yes');
-- What is confirmed is checked like everything else.
SELECT t.says('buy 7 Dec28 wheat at 120');
SELECT tradepost.halt_instrument('Jan29-Wheat') > 0 AS halted, tradepost.set_tier_terms('free', '{"maxOpenOrders": 1}');
SELECT t.says('yes ' || t.code());
:wait
SELECT t.outcome(), tradepost.set_tier_terms('free', '{"maxOpenOrders": null}');
SELECT * FROM t.mine();
SELECT t.says('cancel all'), t.says('yes');
:wait
SELECT t.outcome(), (SELECT count(*) FROM t.mine() WHERE status = 'open') AS open;
SELECT t.says('cancel all');

-- In the user's language: the message's, else the last one's, else the account's; or the one that was chosen.
SELECT t.says('comprar 1 trigo dic28 a 120'), t.says('NO'), t.says('comprar 1 trigo dez28 a 150,25');
:wait
SELECT t.outcome(), t.says('¿qué?');
SELECT t.call('whatsapp_link_change', 'wanda', '{"body": {"language": "pt"}}') -> 'link' ->> 'language' AS chosen, split_part(t.says('mercado'), E'\n', 1) AS said;
SELECT r.* FROM unnest(ARRAY['{}', '{"language": "de"}', '{"language": 1}', '[]']::jsonb[]) b, t.refused(format('SELECT t.call(''whatsapp_link_change'', ''wanda'', %L)', jsonb_build_object('body', b))) r;
SELECT t.call('whatsapp_link_change', 'wanda', '{"body": {"language": null}}') -> 'link' ->> 'language' AS chosen;

-- No more messages, and messages again; answers in any case.
SELECT t.says('stop'), (t.call('whatsapp_link_get', 'wanda', '{}') -> 'link' ->> 'optedOut')::boolean AS out, split_part(t.says('orders'), E'\n', 1) AS said;
SELECT t.says(w), (t.call('whatsapp_link_get', 'wanda', '{}') -> 'link' ->> 'optedOut')::boolean AS out FROM unnest(ARRAY['Start', 'parar', 'alta!', 'stop', 'começar']) w;

-- Voice: queued, handed out to one, heard; it executes and confirms nothing.
SELECT t.says('', kind => 'voice'), t.says('', kind => 'other');
CREATE FUNCTION t.speak(sid text) RETURNS text LANGUAGE sql AS $$ SELECT t.write('+15550001001', '', 'voice', sid, '{"voice": true, "mediaUrl": "https://api.twilio.com/note", "mediaType": "audio/ogg"}')::text $$;
CREATE FUNCTION t.hear(sid text, said text, fault text DEFAULT NULL) RETURNS TABLE (state text, answer text) LANGUAGE plpgsql AS
$$
BEGIN
	PERFORM FROM tradepost_edge.whatsapp_voice_claim(10, 3600);
	state := tradepost_edge.whatsapp_heard('AC1', sid, said, 0.9, fault) ->> 'state';
	answer := (SELECT t.masked(o.body) FROM tradepost_internal.whatsapp_outbox o WHERE o.event_key = 'voice:AC1:' || sid);
	RETURN NEXT;
END
$$;
SELECT t.speak('SMv1');
SELECT media_url, media_type, lang, tenant FROM tradepost_edge.whatsapp_voice_claim(10, 3600);
SELECT count(*) FROM tradepost_edge.whatsapp_voice_claim(10, 3600);
SELECT * FROM t.hear('SMv1', 'buy ten december twenty eight wheat at one fifty');
SELECT * FROM t.hear('SMv1', 'once more');
SELECT t.speak('SMv2'), t.speak('SMv3'), t.speak('SMv4'), t.speak('SMv5'), t.speak('SMv6'), t.speak('SMv7'), t.speak('SMv8') IS NOT NULL AS spoken;
SELECT * FROM t.hear('SMv2', 'yes');
SELECT * FROM t.hear('SMv3', 'stop');
SELECT * FROM t.hear('SMv4', 'link 123456');
SELECT count(*) FROM t.mine();
SELECT state, left(answer, 40) AS answer FROM t.hear('SMv5', 'market');
SELECT * FROM t.hear('SMv6', NULL, 'too_long');
SELECT * FROM t.hear('SMv7', '  ');
SELECT * FROM t.hear('SMv8', NULL, 'fetch') UNION ALL SELECT * FROM t.hear('SMv8', NULL, 'fetch') UNION ALL SELECT * FROM t.hear('SMv8', NULL, 'fetch') UNION ALL SELECT * FROM t.hear('SMv8', 'orders');
SELECT t.speak('SMv9');
UPDATE tradepost_internal.whatsapp_messages SET attempts = 3, voice_state = 'leased', leased_until = clock_timestamp() WHERE message_sid = 'SMv9';
SELECT * FROM t.hear('SMv9', 'orders');
SELECT tradepost_edge.whatsapp_heard('AC1', 'nobody', 'orders', 1, NULL), tradepost_edge.whatsapp_outcome('AC1', 'nobody');
-- A note's question arrives when it may: a bare yes is not its answer, its code is.
SELECT t.says('yes');
SELECT t.says('yes ' || (SELECT code FROM tradepost_internal.whatsapp_pendings WHERE command ? 'spoken'));
:wait
SELECT t.outcome();

-- A user who is suspended, who has no account; another user's phone, another phone of the user.
SELECT tradepost.set_status(t.u('wanda'), 'suspended');
SELECT t.says('buy 1 Dec28 wheat at 150'), t.says('help'), t.says('', kind => 'voice');
SELECT t.speak('SMv10');
SELECT tradepost.set_status(t.u('wanda'), 'active');
UPDATE tradepost_internal.users SET account = NULL WHERE id = t.u('willi');
DO $$ BEGIN PERFORM tradepost_edge.login_done('wanda@example.org', t.u('wanda'), true, NULL, NULL, sha256('wanda again')); END $$;
SELECT t.call('whatsapp_link_begin', 'willi', '{"body": {"phone": "+15550001001"}}') ->> 'code' AS code \gset
SELECT t.says('buy 1 Dec28 wheat at 120');
SELECT t.says('LINK ' || :'code'), t.says('yes ' || t.code()), t.says('orders');
SELECT t.call('whatsapp_link_get', 'wanda', '{}') -> 'link' AS lost, count(*) FROM tradepost_internal.phone_links;
SELECT title, data - 'phone' AS data FROM tradepost_internal.notifications WHERE user_id IN (t.u('wanda'), t.u('willi')) AND kind = 'security' ORDER BY id;
SELECT t.call('whatsapp_link_remove', 'willi', '{}'), t.says('orders');
SELECT * FROM t.refused($$SELECT t.call('whatsapp_link_remove', 'willi', '{}')$$);
SELECT * FROM t.refused($$SELECT t.call('whatsapp_link_change', 'willi', '{"body": {"language": "es"}}')$$);

-- What is no message is refused by name; what is a message of hostile content is not.
SELECT code, message FROM unnest(ARRAY['null', '[]', '{}', '{"accountSid": "AC1"}', '{"accountSid": "AC1", "messageSid": "a b", "phone": "+15550001001"}', '{"accountSid": "AC1", "messageSid": "SM", "phone": "15550001001"}',
	'{"accountSid": "AC1", "messageSid": "SM", "phone": "whatsapp:+15550001001"}', '{"accountSid": "AC1", "messageSid": "SM", "phone": "+15550001001", "kind": "fax"}',
	'{"accountSid": "AC1", "messageSid": "SM", "phone": "+15550001001", "body": 7}', '{"accountSid": "AC1", "messageSid": "SM", "phone": "+15550001001", "tenant": "one"}']) a, t.refused(format('SELECT tradepost_edge.whatsapp_inbound(%L)', a));
SELECT code, message FROM t.refused($$SELECT t.write('+15550001001', repeat('x', 4097))$$);
SELECT code FROM t.refused($$SELECT tradepost_edge.whatsapp_inbound('{"body": "a\u0000b"}')$$);
SELECT t.call('whatsapp_link_begin', 'maker', '{"body": {"phone": "+15550001001"}}') ->> 'code' AS code \gset
SELECT t.says('LINK ' || :'code');
SELECT t.says(repeat('x', 4096)), t.says(repeat(U&'\+01F4B0', 4096)), t.says(E'\x01\x02\x7f'), t.says(E'buy 1\nDec28 wheat\nat 150; DROP TABLE users'), t.says(E'''); SELECT 1; --');
SELECT count(*) FROM tradepost_internal.whatsapp_messages WHERE body = repeat('x', 4096);

-- Tenants: the same phone may be linked in each, and trades there.
SELECT tradepost.create_tenant('whatsapp-two') AS two \gset
SELECT tradepost_edge.register('wanda@example.org', 'h', 'Second', 'Wanda', 'free', NULL, NULL, :two) -> 'user' ->> 'id' AS u2 \gset
SELECT tradepost_edge.login_done('wanda@example.org', :u2, true, NULL, NULL, sha256('second wanda'), :two) ->> 'session' AS s2 \gset
SELECT tradepost_edge.whatsapp_link_begin(:u2, :s2, jsonb_build_object('tenant', :two, 'body', jsonb_build_object('phone', '+15550001001'))) ->> 'code' AS code \gset
SELECT t.says('LINK ' || :'code');
SELECT t.masked(t.write('+15550001001', 'LINK ' || :'code', more => jsonb_build_object('tenant', :two)) ->> 'reply') AS linked, t.masked(t.write('+15550001001', 'market', more => jsonb_build_object('tenant', :two)) ->> 'reply') AS market,
	t.masked(t.write('+15550001001', 'buy 1 Dec28 wheat at 150', more => jsonb_build_object('tenant', :two)) ->> 'reply') AS not_listed;
SELECT l.tenant = 1 AS first, u.email FROM tradepost_internal.phone_links l JOIN tradepost_internal.users u ON u.id = l.user_id ORDER BY 1 DESC;

-- What is old goes; a copy that was restored tells, hears and confirms nothing.
BEGIN;
UPDATE tradepost_internal.whatsapp_messages SET received_at = received_at - interval '31 days' WHERE message_sid IN ('SMonce', 'SMslow');
SELECT * FROM tradepost.run_retention() WHERE what LIKE 'whatsapp%' ORDER BY what COLLATE "C";
SELECT count(*) FROM tradepost_internal.whatsapp_messages WHERE message_sid IN ('SMonce', 'SMslow');
ROLLBACK;
SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;
-- A restored copy, of which the engine is off, tells and hears nothing.
BEGIN;
UPDATE tradepost_internal.whatsapp_messages SET outcome_told_at = NULL, answered_at = received_at WHERE message_sid = 'SMslow';
UPDATE tradepost_internal.whatsapp_messages SET voice_state = 'queued', attempts = 0 WHERE message_sid = 'SMv1';
UPDATE tradepost_internal.engine_state SET instance = 'another';
SELECT tradepost_internal.whatsapp_overdue_outcomes() AS told, (SELECT count(*) FROM tradepost_edge.whatsapp_voice_claim(10, 60)) AS claimed;
ROLLBACK;
