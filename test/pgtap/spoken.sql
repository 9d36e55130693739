-- parse_command(): its answer's shape, its reference, its errors.  What it understands, test/spoken has.
BEGIN;
SELECT no_plan();

SELECT tradepost.create_asset(c, 2) FROM unnest('{USD,EUR,Wheat,Gold}'::text[]) c;
SELECT tradepost.create_instrument('Dec25-Wheat', 'future', 'Wheat', 'USD', 0.25, 1, 150, contract => 'Dec25');
SELECT tradepost.create_instrument('EUR/USD', 'spot', 'EUR', 'USD', 0.0001, 100, 1.1);
SELECT tradepost.create_tenant('Other');
SELECT tradepost.create_asset('Cocoa', 2, tenant => 2), tradepost.create_asset('USD', 2, tenant => 2);
SELECT tradepost.create_instrument('Dec25-Cocoa', 'future', 'Cocoa', 'USD', 1, 1, 9000, contract => 'Dec25', tenant => 2);

SELECT is(tradepost.parse_command('Buy 100 Dec25 Wheat at 150', NULL, '{"assets": ["Wheat"], "today": "2025-11-03", "last": {"Dec25-Wheat": "150"}}'),
	'{"action": "order", "lang": "en", "side": "buy", "type": "limit", "quantity": "100", "price": "150", "contract": "Dec25", "asset": "Wheat", "symbol": "Dec25-Wheat",
	"id": null, "code": null, "confidence": 1.00, "needs_confirmation": false, "alternatives": [], "question": null}'::jsonb, 'an order, with every key');
SELECT is(tradepost.parse_command('Bid 1000 Dec25 Wheat 145', NULL, '{"assets": ["Wheat"], "today": "2025-11-03", "last": {"Dec25-Wheat": 150}}'),
	'{"action": "order", "lang": "en", "side": "buy", "type": "limit", "quantity": "145", "price": "1000", "contract": "Dec25", "asset": "Wheat", "symbol": "Dec25-Wheat",
	"id": null, "code": null, "confidence": 0.70, "needs_confirmation": true, "question": null, "alternatives": [{"action": "order", "side": "buy", "type": "limit", "quantity": "1000", "price": "145",
	"contract": "Dec25", "asset": "Wheat", "symbol": "Dec25-Wheat", "id": null}]}'::jsonb, 'a quote that is likelier the other way round');
SELECT is(tradepost.parse_command('compra 10 dic25 trigo a mercado', 'es', '{"assets": ["Wheat"], "today": "2025-11-03"}') - '{confidence,alternatives,question,id,code}'::text[],
	'{"action": "order", "lang": "es", "side": "buy", "type": "market", "quantity": "10", "price": null, "contract": "Dec25", "asset": "Wheat", "symbol": "Dec25-Wheat", "needs_confirmation": true}'::jsonb,
	'a market order has no price and is confirmed');
SELECT is(tradepost.parse_command('comprar 10 trigo dez25 por 150', 'pt-BR', '{"assets": ["Wheat"], "today": "2025-11-03"}') ->> 'symbol', 'Dec25-Wheat', 'a region''s language');
SELECT matches(tradepost.parse_command('Buy 100 Dec25 Wheat', NULL, '{"assets": ["Wheat"], "today": "2025-11-03"}') ->> 'question', 'price', 'what is missing is asked for');
SELECT is(tradepost.parse_command('Buy 100 Dec25 Wheat at 0', NULL, '{"assets": ["Wheat"], "today": "2025-11-03"}') ->> 'action', 'error', 'what cannot be');
SELECT is(tradepost.parse_command('Buy 1 Jan20 Wheat at 150', NULL, '{"assets": ["Wheat", "Gold"], "today": "2025-11-03", "last": {"Jan20-Gold": "150"}}') ->> 'action', 'error', 'a contract that is over');
SELECT is(tradepost.parse_command('Buy 1 Jan20 Wheat at 150', NULL, '{"assets": ["Wheat", "Gold"], "today": "2025-11-03", "last": {"Jan20-Wheat": "150"}}') ->> 'action', 'order', '... is not, as long as it is traded');
SELECT is(tradepost.parse_command(NULL), NULL, 'nothing said');
SELECT is(tradepost.parse_command(repeat('Buy 100 Dec25 Wheat at 150 ', 1000)) ->> 'action', 'none', 'nobody orders in a letter');

-- The reference: given, of the database, of both.
SELECT is(tradepost.parse_command('Buy 100 Dec25 Wheat at 150', NULL, '{"assets": ["Wheat"], "today": "2026-01-01"}') ->> 'action', 'error', 'a contract that is over');
SELECT is(tradepost.parse_command('Buy 100 Dec99 Wheat at 150') ->> 'symbol', 'Dec99-Wheat', 'the assets of the database');
SELECT is(tradepost.parse_command('Buy 100 Dec99 Wheat at 150', NULL, '{"assets": ["Gold"]}') ->> 'action', 'error', 'only those that are given');
SELECT is(tradepost.parse_command('Buy 100 Dec25 Wheat at 150', NULL, '{"today": "2025-11-03"}') -> 'needs_confirmation', 'false'::jsonb, 'near the mark');
SELECT is(tradepost.parse_command('Buy 100 Dec25 Wheat at 190', NULL, '{"today": "2025-11-03"}') -> 'needs_confirmation', 'true'::jsonb, 'far from the mark');
SELECT is(tradepost.parse_command('Buy 100 Dec25 Wheat at 190', NULL, '{"today": "2025-11-03", "far_percent": 50}') -> 'needs_confirmation', 'false'::jsonb, 'how far, the reference says');
SELECT is(tradepost.parse_command('Buy 100 Dec25 Wheat at 150', NULL, '{"today": "2025-11-03", "large": "99"}') -> 'needs_confirmation', 'true'::jsonb, 'how much, too');
SELECT is(tradepost.parse_command('Buy 100 EUR/USD at 1.1') ->> 'symbol', 'EUR/USD', 'spot has no contract');
SELECT is(tradepost.parse_command('Buy 100.5 pounds-euros at 1.1', NULL, '{"assets": ["Pounds-Euros"], "spot": ["Pounds-Euros"], "today": "2025-11-03"}') ->> 'quantity', '100.5', 'nor lots');
SELECT is(tradepost_internal.spoken_reference(1) -> 'assets', '["EUR/USD", "Wheat"]'::jsonb, 'the assets of a tenant');
SELECT is(tradepost_internal.spoken_reference(2) -> 'last', '{"Dec25-Cocoa": "9000"}'::jsonb, 'the marks of another');
SELECT is(tradepost_internal.spoken_reference() ->> 'today', (now() AT TIME ZONE 'UTC')::date::text, 'today');

-- A trader goes by its own tenants' markets.
CREATE ROLE spoken_trader LOGIN IN ROLE tradepost_trader;
SELECT tradepost.open_account('Speaker', 'spoken_trader', 2);
SET ROLE spoken_trader;
SELECT is(tradepost.parse_command('Buy 1 Dec99 Cocoa at 9000') ->> 'action', 'order', 'of its tenant');
SELECT is(tradepost.parse_command('Buy 1 Dec99 Wheat at 150') ->> 'action', 'error', 'of none of its tenants');
RESET ROLE;

-- Errors.
SELECT throws_ok($$SELECT tradepost.parse_command('x', 'fr')$$, 'TP005', 'lang must be en, es or pt, not "fr"', 'another language');
SELECT throws_ok($$SELECT tradepost.parse_command('x', 'e')$$, 'TP005', NULL, 'half a language');
SELECT throws_ok($$SELECT tradepost.parse_command('x', 'english')$$, 'TP005', NULL, 'a language by its name');
SELECT throws_ok($$SELECT tradepost.parse_command('x', NULL, '[]')$$, 'TP005', 'reference must be an object', 'a reference that is none');
SELECT throws_ok($$SELECT tradepost.parse_command('x', NULL, '{"assets": "Wheat"}')$$, 'TP005', '"assets" of reference must be an array of names', 'assets');
SELECT throws_ok($$SELECT tradepost.parse_command('x', NULL, '{"assets": [1]}')$$, 'TP005', '"assets" of reference must hold strings', 'an asset');
SELECT throws_ok($$SELECT tradepost.parse_command('x', NULL, '{"last": 1}')$$, 'TP005', '"last" of reference must be an object of prices', 'last prices');
SELECT throws_ok($$SELECT tradepost.parse_command('x', NULL, '{"last": {"a": []}}')$$, 'TP005', 'a price of reference must be a number', 'a last price');
SELECT throws_ok(format('SELECT tradepost.parse_command(%L, NULL, %L)', 'x', jsonb_build_object('today', d)), 'TP005', '"today" of reference must be a date of this century', d)
	FROM unnest('{today,1999-01-01,2025-13-01,2025-1}'::text[]) d;
SELECT throws_ok($$SELECT tradepost.parse_command('x', NULL, '{"far_percent": "1"}')$$, 'TP005', NULL, 'far_percent');
SELECT throws_ok($$SELECT tradepost.parse_command('x', NULL, '{"large": true}')$$, 'TP005', NULL, 'large');

SELECT * FROM finish();
ROLLBACK;
