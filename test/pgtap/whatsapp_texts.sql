-- What users read in a chat: every text in every language, what they are told to type is
-- understood as what it says, and nothing is longer than a message may be.
BEGIN;
SELECT no_plan();
SELECT tradepost.init();
\ir include/users.sql

SELECT tradepost.create_asset('USD'), tradepost.create_asset('EUR'), tradepost.create_asset('Wheat', 0), tradepost.create_asset('Gold', 0);
SELECT tradepost.create_instrument('Dec25-Wheat', 'future', 'Wheat', 'USD', 0.5, 5, 150, initial_margin => 15, maintenance_margin => 10, band => 50) AS wheat \gset
SELECT tradepost.create_instrument('Jan26-Gold', 'future', 'Gold', 'USD', 0.1, 1, 2000.4, initial_margin => 100, maintenance_margin => 80, band => 500);
SELECT tradepost.create_instrument('EURUSD', 'spot', 'EUR', 'USD', 0.0001, 1000, 1.185, max_price => 10, max_quantity => 100000, contract_size => 100000) AS eurusd \gset
SELECT tradepost.create_tenant('Other') AS other \gset
SELECT pg_temp.join_in('ann'), pg_temp.join_in('bob');
SELECT pg_temp.join_in('zoe', 'pro', :other);
CREATE FUNCTION pg_temp.who(name text) RETURNS tradepost_internal.users LANGUAGE sql STABLE AS $$ SELECT u FROM tradepost_internal.users u WHERE u.id = pg_temp.u(name) $$;
CREATE TEMP TABLE languages (lang text);
INSERT INTO languages VALUES ('en'), ('es'), ('pt');

-- text(), and numbers.
SELECT is(tradepost_internal.text('command_limit_buy', 'es', '{"quantity": 5, "market": "Dec25 Wheat", "price": "1,5"}'), 'Comprar 5 Dec25 Wheat a 1,5', 'places are filled in, numbers as well');
SELECT is(tradepost_internal.text('command_market', 'pt', '{"market": null}'), 'Mercado', 'an optional part is left out');
SELECT is(tradepost_internal.text('command_market', 'pt', '{"market": "X", "more": "than needed"}'), 'Mercado X', '... or not');
SELECT is(tradepost_internal.text('command_orders', l), 'Orders', 'another language is English') FROM unnest(ARRAY['fr', NULL, '']) l;
SELECT throws_ok($$SELECT tradepost_internal.text('no_such_text', 'en')$$, 'XX000', 'text "no_such_text" is not in the catalogue', 'no such text');
SELECT throws_ok($$SELECT tradepost_internal.text(NULL, 'en')$$, 'XX000', 'text "" is not in the catalogue', 'no text');
SELECT throws_ok($$SELECT tradepost_internal.text('command_cancel', 'en', '{"price": 1}')$$, 'XX000', 'text "command_cancel" needs its place "order"', 'a place is missing');
SELECT throws_ok($$SELECT tradepost_internal.text('command_cancel', 'en', '{"order": {}}')$$, 'XX000', 'place "order" must be a string, a number or null', 'a place of another kind');
SELECT throws_ok($$SELECT tradepost_internal.text('command_cancel', 'en', '[1]')$$, 'XX000', 'places of a text must be an object', 'places of another kind');
SELECT is(tradepost_internal.shown(n, 'en') || ' ' || tradepost_internal.shown(n, 'pt'), s, 'shown ' || s)
	FROM (VALUES (150.00, '150 150'), (-0.5, '-0.5 -0,5'), (1.185, '1.185 1,1850'), (1234567.25, '1234567.25 1234567,25'), (NULL, NULL)) v (n, s);
SELECT is(tradepost_internal.shown_at(1.5, 'en', 3) || ' ' || tradepost_internal.shown_at(1.5, 'es', 3) || ' ' || tradepost_internal.shown_at(2, 'es', 2), '1.500 1,5000 2,00', 'in columns');

-- What is typed is understood as what it says, in each language, and asks for nothing more.
SELECT is(p ->> 'action', v.action, format('%s: %s', l.lang, t.typed)) FROM languages l CROSS JOIN (VALUES
		('command_cancel', 'cancel'), ('command_cancel_all', 'cancel_all'), ('command_cancel_all_of', 'cancel_all'), ('command_amend', 'amend'), ('command_amend_quantity', 'amend'), ('command_amend_both', 'amend'),
		('command_market', 'market'), ('command_orders', 'orders'), ('command_trades', 'trades'), ('command_positions', 'positions'), ('command_balance', 'balance'), ('command_help', 'help'),
		('command_stop', 'stop'), ('whatsapp_choice', 'confirm')) v (key, action)
	CROSS JOIN LATERAL (SELECT tradepost_internal.text(v.key, l.lang, '{"order": 123, "price": "150", "quantity": "100", "market": "Dec25 Wheat", "code": "4821", "command": ""}') AS typed) t
	CROSS JOIN LATERAL tradepost.parse_command(t.typed, l.lang) p;
SELECT is(ARRAY[p ->> 'action', p ->> 'side', p ->> 'type', p ->> 'symbol', p ->> 'quantity', p ->> 'price', p ->> 'needs_confirmation'],
		ARRAY['order', s.side, CASE WHEN price IS NULL THEN 'market' ELSE 'limit' END, 'Dec25-Wheat', '1000', price::text, (price IS NULL)::text], format('%s: %s', l.lang, t.typed))
	FROM languages l CROSS JOIN (VALUES (0::smallint, 'buy'), (1, 'sell')) s (code, side) CROSS JOIN unnest(ARRAY[150, 150.5, 151.125, NULL]) price
	CROSS JOIN LATERAL (SELECT tradepost_internal.reply_command(l.lang, s.code::smallint, 1000, 'Dec25 Wheat', price) AS typed) t
	CROSS JOIN LATERAL tradepost.parse_command(t.typed, l.lang) p;

-- Help, the market.
SELECT is(ARRAY[p ->> 'action', p ->> 'symbol', p ->> 'quantity', p ->> 'price', p ->> 'needs_confirmation'], ARRAY['order', i.symbol, e.quantity::text, e.price::text, 'false'], format('%s: example %s', l.lang, t.typed))
	FROM languages l CROSS JOIN tradepost_internal.reply_examples(1, 10) e
	JOIN tradepost_internal.instruments i ON i.id = e.instrument
	CROSS JOIN LATERAL (SELECT tradepost_internal.reply_command(l.lang, 0::smallint, e.quantity, e.market, e.price) AS typed) t
	CROSS JOIN LATERAL tradepost.parse_command(t.typed, l.lang) p;
SELECT is((SELECT count(*) FROM tradepost_internal.reply_examples(1, 10)), 0::bigint, 'a market that is not taken up yet is no example');
INSERT INTO tradepost_internal.instrument_state (instrument, status, mark, last_price, last_trade_seq, updated_seq)
	SELECT i.id, 0, i.initial_mark, 150.5, CASE i.symbol WHEN 'Dec25-Wheat' THEN 1 ELSE 0 END, 1 FROM tradepost_internal.instruments i;
SELECT results_eq('SELECT market, quantity, price FROM tradepost_internal.reply_examples(1, 10)',
	$$VALUES ('Dec25 Wheat', 100::numeric, 150.5), ('Jan26 Gold', 100, 2000.4), ('EURUSD', 1000, 1.185)$$, 'examples: what traded last is first, quantities near 100, prices on their tick');
SELECT is(ARRAY[p ->> 'action', p ->> 'symbol', p ->> 'quantity', p ->> 'price', p ->> 'needs_confirmation'], ARRAY['order', i.symbol, e.quantity::text, e.price::text, 'false'], format('%s: example %s', l.lang, t.typed))
	FROM languages l CROSS JOIN tradepost_internal.reply_examples(1, 10) e
	JOIN tradepost_internal.instruments i ON i.id = e.instrument
	CROSS JOIN LATERAL (SELECT tradepost_internal.reply_command(l.lang, 0::smallint, e.quantity, e.market, e.price) AS typed) t
	CROSS JOIN LATERAL tradepost.parse_command(t.typed, l.lang) p;
SELECT is(tradepost_internal.reply_help(pg_temp.who('ann'), 'en'), $$*To trade, write for example*
Buy 100 Dec25 Wheat at 150.5
Sell 100 Jan26 Gold at 2000.4
Buy 1000 EURUSD at market
*To look*
Market Dec25 Wheat
Market · Trades · Positions · Balance
*Your orders*
Orders · Cancel 123 · Cancel all
Write as you like, also in a voice note: what is not clear I ask back before anything is traded.
No more messages: Stop$$, 'help');
SELECT unalike(tradepost_internal.reply_help(pg_temp.who('zoe'), 'es'), '%Wheat%', 'another tenant has no part in it');
SELECT is(tradepost_internal.reply_market(pg_temp.who('ann'), 'es', :wheat), E'*Dec25 Wheat* · último 150,5\nNo hay órdenes en el libro.\nPara operar: Comprar 100 Dec25 Wheat a 150,5', 'an empty book');
SELECT is(tradepost_internal.reply_market(pg_temp.who('zoe'), 'pt', :wheat), 'Nenhum mercado está aberto no momento.', 'another tenant''s market is none');
SELECT is((tradepost_internal.reply_table(ARRAY['Qty', 'Bid', 'é', '1,5'], 2, 'rl', 100)).block, E'```Qty Bid\n  é 1,5```', 'columns, by letters');
SELECT is(tradepost_internal.reply_table(ARRAY['a', 'b', 'c'], 1, 'l', 10), ROW(E'```a\nb```'::text, 2), 'as many rows as fit');
SELECT is(length(tradepost_internal.reply_unlinked('pt', 1)) < length(tradepost_internal.reply_unlinked(NULL, :other)), true, 'how to link, in one language or in all');

-- What was refused: what to type instead.
SELECT is(tradepost_internal.reply_error('en', v.code, v.message, '', v.symbol, v.asked::jsonb, pg_temp.who('ann')), v.reply, v.message) FROM (VALUES
	('TP001', 'symbol "Mar27-Wheat" is unknown', 'Mar27-Wheat', NULL, E'Mar27 Wheat is not listed. Nearest: Dec25 Wheat.\nFor all that is: Market'),
	('TP001', 'symbol "Mar27-Tin" is unknown', 'Mar27-Tin', NULL, E'Mar27 Tin is not listed.\nFor all that is: Market'),
	('TP005', 'price 150.3 of Dec25-Wheat is not a multiple of its tick 0.5', 'Dec25-Wheat', '{"action": "order", "side": "buy", "type": "limit", "quantity": "100", "price": "150.3"}',
		E'Dec25 Wheat trades in steps of 0.5, and 150.3 lies between two.\nNearest: 150 or 150.5.\nWrite: Buy 100 Dec25 Wheat at 150.5'),
	('TP005', 'price 150.1 of Dec25-Wheat is not a multiple of its tick 0.5', 'Dec25-Wheat', '{"action": "amend", "id": "77", "price": "150.1"}',
		E'Dec25 Wheat trades in steps of 0.5, and 150.1 lies between two.\nNearest: 150 or 150.5.\nWrite: Change 77 price 150'),
	('TP005', 'quantity 12 of Dec25-Wheat is not a multiple of its lot 5', 'Dec25-Wheat', '{"action": "order", "side": "sell", "type": "market", "quantity": "12"}',
		E'Dec25 Wheat trades in multiples of 5, and 12 is not one.\nNearest: 10 or 15.\nWrite: Sell 10 Dec25 Wheat at market'),
	('TP005', 'quantity 2 of Dec25-Wheat is not a multiple of its lot 5', 'Dec25-Wheat', NULL, E'Dec25 Wheat trades in multiples of 5, and 2 is not one.\nNearest: 5.'),
	('TP006', 'quantity 200000 of EURUSD is above its limit of 100000', 'EURUSD', NULL, 'At most 100000 EURUSD in one order, and this is 200000. Split it.'),
	('TP006', 'price 11 of EURUSD is beyond its limit of 10', 'EURUSD', NULL, '11 is beyond the highest price of EURUSD, 10.'),
	('TP005', 'price 0 of EURUSD is not above zero', 'EURUSD', NULL, 'Quantity and price must be above zero. The smallest quantity of EURUSD is 1000, the lowest price 0.0001.'),
	('TP005', 'price 0.123456789 has more than 8 decimals', 'EURUSD', NULL, 'That number is too large or has more than 8 decimals.'),
	('TP005', 'a market order takes no price, and 5 was given', NULL, '{"action": "amend", "id": "9"}', 'This order has no price to change; cancel it instead: Cancel 9'),
	('TP005', 'something new', NULL, NULL, E'This was not accepted, and nothing was done. (something new)\nFor examples: Help'),
	('TP021', 'order "55" is unknown', NULL, NULL, E'You have no order 55.\nFor those that you have: Orders'),
	('TP017', 'this needs the tier "pro" or "enterprise"; the subscription is "basic"', NULL, NULL, 'Your subscription does not include this. It takes "pro", and yours is "basic".'),
	('TP016', 'the session has ended or was revoked', NULL, NULL, 'Your account cannot trade at the moment. Please ask your broker.'),
	('TP007', 'used before', NULL, NULL, 'This was sent before, with other values. Please write it anew.'),
	('TP008', 'too many pending', NULL, NULL, 'The exchange does not answer at the moment, and nothing was done. Please try again in a minute.'),
	('57014', 'canceled', NULL, NULL, 'The exchange does not answer at the moment, and nothing was done. Please try again in a minute.')) v (code, message, symbol, asked, reply);
SELECT unalike(tradepost_internal.reply_error(l, 'TP005', 'something new', '', NULL), '%something new%', 'no English in ' || l) FROM unnest(ARRAY['es', 'pt']) l;

-- Each reason has its words: a new one without them fails here.
SELECT isnt(tradepost_internal.reason_words(r.word, l.lang), NULL, format('%s: reason %s', l.lang, r.word))
	FROM languages l CROSS JOIN (SELECT tradepost_internal.reason_text(n::smallint) AS word FROM generate_series(1, 255) n) r WHERE r.word IS NOT NULL;
SELECT is(tradepost_internal.reason_words(NULL, 'en'), NULL, 'no reason, no words');

-- Notifications of each kind.
SELECT is(tradepost_internal.notification_text(v.lang, v.kind, 'Title', 'Body', v.data::jsonb), v.told, v.told) FROM (VALUES
	('en', 'fills', '{"orderId": 7, "symbol": "Dec25-Wheat", "side": "buy", "quantity": "5", "price": "150.5", "filled": "5", "orderQuantity": "20"}', 'Bought 5 Dec25 Wheat at 150.5. Order 7: 5 of 20 filled.'),
	('es', 'fills', '{"orderId": 7, "symbol": "Dec25-Wheat", "side": "sell", "quantity": "15", "price": "150.5", "filled": "20", "orderQuantity": "20"}', 'Vendió 15 Dec25 Wheat a 150,5. La orden 7 está completa.'),
	('en', 'fills', '{"symbol": "Dec25-Wheat", "side": "sell", "quantity": "15", "price": "150.5"}',
		'Your position was reduced: Sold 15 Dec25 Wheat at 150.5. The account had fallen below the margin that its positions need.'),
	('pt', 'expiries', '{"orderId": 7, "symbol": "EURUSD", "filled": "0", "orderQuantity": "2000"}', 'A ordem 7 de EURUSD expirou. Executado: 0 de 2000.'),
	('en', 'expiries', '{"symbol": "Dec25-Wheat", "side": "sell", "quantity": "10", "price": "151"}', 'Dec25 Wheat has expired. Your position of 10 was settled at 151.'),
	('pt', 'cancels', '{"orderId": 7, "symbol": "Dec25-Wheat", "reason": "linked_order", "filled": "0", "orderQuantity": "10"}',
		'A ordem 7 de Dec25 Wheat foi cancelada. A ordem à qual estava ligada foi executada ou encerrada. Executado: 0 de 10.'),
	('en', 'signals', '{"signal": 3, "symbol": "EURUSD", "status": "closed", "outcome": "hit_target", "type": "buy", "entry_price": "1.18", "stop_loss": "1.17", "take_profit": "1.19"}',
		E'Signal 3, EURUSD: target reached.\nBuy at 1.18, stop 1.17, target 1.19'),
	('es', 'subscription', '{"tier": "pro", "status": "trial", "change": "trial_started", "periodEnd": "2026-12-05T00:00:00Z", "pendingTier": null}', '*Suscripción*: comenzó su prueba. Plan: pro, hasta el 2026-12-05.'),
	('pt', 'security', '{"event": "whatsapp_linked", "phone": "+5511999999999"}',
		'*Segurança*: um número de WhatsApp foi vinculado à sua conta: +5511999999999. Se não foi você, desvincule-o e troque sua senha.')) v (lang, kind, data, told);
-- In no language is any left to its English title, of all that the product makes.
SELECT isnt(tradepost_internal.notification_text(l.lang, 'signals', 'Title', 'Body', jsonb_build_object('signal', 1, 'symbol', 'EURUSD', 'status', s.status, 'outcome', s.outcome)), E'Title\nBody', format('%s: signal %s', l.lang, coalesce(s.outcome, s.status)))
	FROM languages l CROSS JOIN (VALUES ('active', NULL), ('triggered', NULL), ('closed', 'hit_target'), ('closed', 'hit_stop'), ('expired', 'expired'), ('expired', NULL), ('cancelled', NULL)) s (status, outcome);
SELECT isnt(tradepost_internal.notification_text(l.lang, 'subscription', 'Title', 'Body', jsonb_build_object('tier', 'pro', 'status', 'active', 'change', c.change)), E'Title\nBody', format('%s: subscription %s', l.lang, c.change))
	FROM languages l CROSS JOIN (SELECT DISTINCT m[1] AS change FROM pg_proc p CROSS JOIN regexp_matches(p.prosrc, 'change_subscription\(s, (?:CASE .*? ELSE )?''([a-z_]+)''', 'g') m) c;
SELECT isnt(tradepost_internal.notification_text(l.lang, 'security', t.title, 'Body', NULL), CASE l.lang WHEN 'en' THEN t.title || E'\nBody' ELSE tradepost_internal.text('note_security', l.lang) END, format('%s: %s', l.lang, t.title))
	FROM languages l CROSS JOIN (SELECT DISTINCT m[1] AS title FROM pg_proc p
		CROSS JOIN regexp_matches(p.prosrc, '(?:note_credential\([a-z]+, ''[a-z0-9_]+'', [0-9]+|notify_user\([a-z_]+, ''security''), ''([^'']+)''', 'g') m WHERE p.prosrc !~ 'whatsapp_linked') t;
SELECT is((SELECT count(DISTINCT m[1]) >= 8 FROM pg_proc p CROSS JOIN regexp_matches(p.prosrc, 'note_credential\([a-z]+, ''([a-z0-9_]+)''', 'g') m), true, '... and they are found');
SELECT is(tradepost_internal.notification_text('es', 'security', 'Never heard of', 'Body', NULL), tradepost_internal.text('note_security', 'es'), 'what is newer than its text, in general words');
SELECT is(tradepost_internal.notification_text('en', 'news', 'Never heard of', 'Body', NULL), E'Never heard of\nBody', '... or as it is');

-- A user who has much: nothing is longer than a message.
INSERT INTO tradepost_internal.orders (id, account, rank, created_at, updated_at, instrument, maker_rate, taker_rate, side, type, time_in_force, stp, flags, status, reason, quantity, price, filled,
		maker_notional, taker_notional, filled_value, commission)
	SELECT 9000000000000 + n, (pg_temp.who('ann')).account, n, now(), now(), :wheat, 0, 0, n % 2, 0, 1, 0, 0, 1, 0, 12345678.12345678, 12345678.12345678, 1234567.12345678, 0, 0, 0, 0 FROM generate_series(1, 300) n;
INSERT INTO tradepost_internal.fills (account, seq, maker, time, order_id, instrument, kind, side, source, quantity, price, commission, opened, closed, opened_from, closed_from)
	SELECT (pg_temp.who('ann')).account, n, false, now(), n, :wheat, 3, 0, 'manual', 12345678.12345678, 12345678.12345678, 0, 0, 0, 0, 0 FROM generate_series(1, 30) n;
SELECT tradepost.create_asset(format('Asset-%s-%s', n, repeat('x', 20))) FROM generate_series(1, 60) n;
INSERT INTO tradepost_internal.balances (account, asset, total, reserved) SELECT (pg_temp.who('ann')).account, a.id, 92233720368.54775807, 0 FROM tradepost_internal.assets a WHERE a.tenant = 1 ON CONFLICT DO NOTHING;
SELECT tradepost.create_instrument(format('Market-%s-%s', n, repeat('y', 20)), 'spot', 'EUR', 'USD', 0.0001, 100, 1) FROM generate_series(1, 60) n;
INSERT INTO tradepost_internal.instrument_state (instrument, status, mark, last_price, last_trade_seq, updated_seq) SELECT i.id, 0, 1, 92233720368.5477, 1, 1 FROM tradepost_internal.instruments i ON CONFLICT DO NOTHING;
INSERT INTO tradepost_internal.positions (account, instrument, quantity, open_bids, open_asks) SELECT (pg_temp.who('ann')).account, i.id, -12345678.5, 0, 0 FROM tradepost_internal.instruments i WHERE i.tenant = 1;
SELECT ok(length(t.reply) BETWEEN 100 AND 1500, format('%s: %s has %s letters', l.lang, t.what, length(t.reply)))
	FROM languages l CROSS JOIN LATERAL (VALUES ('orders', tradepost_internal.reply_orders(pg_temp.who('ann'), l.lang)), ('trades', tradepost_internal.reply_trades(pg_temp.who('ann'), l.lang)),
		('positions', tradepost_internal.reply_positions(pg_temp.who('ann'), l.lang)), ('balance', tradepost_internal.reply_balance(pg_temp.who('ann'), l.lang)),
		('markets', tradepost_internal.reply_market(pg_temp.who('ann'), l.lang)), ('help', tradepost_internal.reply_help(pg_temp.who('ann'), l.lang)),
		('unlinked', tradepost_internal.reply_unlinked(NULL, :other))) t (what, reply);
SELECT matches(tradepost_internal.reply_orders(pg_temp.who('ann'), 'en'), 'These are the newest 10 of 300\.', 'many orders: the newest ten, and how many there are');
SELECT is(tradepost_internal.reply_orders(pg_temp.who('bob'), 'pt'), E'Você não tem ordens abertas.\nPara enviar uma: ' || (SELECT tradepost_internal.reply_command('pt', 0::smallint, e.quantity, e.market, e.price) FROM tradepost_internal.reply_examples(1, 1) e), 'none');
SELECT is(tradepost_internal.reply_trades(pg_temp.who('bob'), 'en'), 'You have not traded yet.', 'no trades');
SELECT is(tradepost_internal.reply_positions(pg_temp.who('bob'), 'en'), 'You hold no contracts. What you own else: Balance', 'no positions');
SELECT is(tradepost_internal.reply_balance(pg_temp.who('bob'), 'en'), 'Your account is empty.', 'no money');
SELECT is(tradepost_internal.reply_order(pg_temp.who('bob'), 'en', 9000000000001), tradepost_internal.reply_order_unknown(9000000000001, 'en'), 'another''s order is unknown');
SELECT is(tradepost_internal.reply_cancel(pg_temp.who('bob'), 'en', 9000000000001, 1), tradepost_internal.reply_order_unknown(9000000000001, 'en'), '... to a cancel');
SELECT is(tradepost_internal.reply_amend(pg_temp.who('bob'), 'en', 9000000000001, 1), tradepost_internal.reply_order_unknown(9000000000001, 'en'), '... to a change');

SELECT * FROM finish();
ROLLBACK;
