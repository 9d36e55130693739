-- What can be defined, and with what error the rest is refused.
BEGIN;
SELECT no_plan();

-- init(): once, whoever calls it.
SELECT lives_ok('SELECT tradepost.init()', 'init()');
SELECT lives_ok('SELECT tradepost.init()', 'init() again');
SELECT results_eq($$SELECT name, kind FROM tradepost.accounts ORDER BY id$$, $$VALUES ('house', 'house'), ('insurance', 'insurance'), ('external', 'external')$$, 'the tenant''s own accounts');
SELECT results_eq($$SELECT t.id, h.kind, i.kind, e.kind FROM tradepost_internal.tenants t JOIN tradepost_internal.accounts h ON h.id = t.house_account
	JOIN tradepost_internal.accounts i ON i.id = t.insurance_account JOIN tradepost_internal.accounts e ON e.id = t.external_account$$,
	$$VALUES (1::bigint, 'house', 'insurance', 'external')$$, 'tenant 1 knows them');
SELECT is(nextval(pg_get_serial_sequence('tradepost_internal.tenants', 'id')), 2::bigint, 'the next tenant is 2');
SELECT is((SELECT instance FROM tradepost_internal.engine_state), tradepost_internal.instance_id(), 'the engine''s state belongs to this database');
SELECT is(tradepost.post_restore(), 'nothing to do: the engine of this database is on', 'nothing to restore');

-- Accounts.
SELECT cmp_ok(tradepost.open_account('Ada Lovelace'), '>', 3::bigint, 'open_account() returns its number');
SELECT cmp_ok(tradepost.open_account('Ada Lovelace'), '>', 4::bigint, 'names may repeat');
SELECT throws_ok($$SELECT tradepost.open_account(NULL)$$, 'TP014', 'name of an account must have 1 to 128 characters, none of them a control character, not null', 'account without name');
SELECT throws_ok($$SELECT tradepost.open_account('')$$, 'TP014', NULL, 'account with an empty name');
SELECT throws_ok($$SELECT tradepost.open_account(E'a\nb')$$, 'TP014', NULL, 'account with a control character');
SELECT throws_ok($$SELECT tradepost.open_account(repeat('x', 129))$$, 'TP014', NULL, 'account with a long name');
SELECT throws_ok($$SELECT tradepost.open_account('x', NULL, 99)$$, 'TP014', 'tenant 99 does not exist', 'account of an unknown tenant');
SELECT throws_ok($$SELECT tradepost.open_account('x', 'no_such_role_here')$$, '42704', NULL, 'account of an unknown role');
SELECT throws_ok($$SELECT tradepost.open_account('x', 4294967295::oid::regrole)$$, 'TP014', NULL, 'account of a role number that nobody has');
SELECT throws_ok($$SELECT tradepost.add_owner(999, 'tradepost_trader')$$, 'TP002', 'account 999 does not exist', 'owner of an unknown account');
SELECT throws_ok($$SELECT tradepost.add_owner(NULL, 'tradepost_trader')$$, 'TP002', NULL, 'owner of no account');
SELECT throws_ok($$SELECT tradepost.add_owner(4, NULL)$$, 'TP014', 'owner must be a role, not null', 'no owner');
SELECT lives_ok($$SELECT tradepost.add_owner(4, 'tradepost_trader'), tradepost.add_owner(4, 'tradepost_trader')$$, 'adding an owner twice is one');
SELECT is((SELECT owners::text FROM tradepost.accounts WHERE id = 4), '{tradepost_trader}', 'it shows');
SELECT lives_ok($$SELECT tradepost.remove_owner(4, 'tradepost_trader')$$, 'removed');
SELECT throws_ok($$SELECT tradepost.remove_owner(4, 'tradepost_trader')$$, 'TP014', 'role tradepost_trader is not an owner of account 4', 'it was one once only');
SELECT throws_ok($$SELECT tradepost.remove_owner(999, 'tradepost_trader')$$, 'TP002', NULL, 'removed from an unknown account');

-- Assets.
SELECT lives_ok($$SELECT tradepost.create_asset(c, s) FROM (VALUES ('USD', 2), ('JPY', 0), ('BTC', 8), ('Wheat', 0), ('EUR', 2), ('Oil', 0)) v (c, s)$$, 'assets');
SELECT results_eq($$SELECT code, name, scale FROM tradepost.assets WHERE code = 'USD'$$, $$VALUES ('USD', 'USD', 2)$$, 'named by its code');
SELECT throws_ok($$SELECT tradepost.create_asset('USD')$$, 'TP015', 'asset "USD" exists already', 'twice');
SELECT throws_ok($$SELECT tradepost.create_asset('usd', 9)$$, 'TP014', 'scale of asset "usd" must be between 0 and 8, not 9', 'scale 9');
SELECT throws_ok($$SELECT tradepost.create_asset('usd', -1)$$, 'TP014', 'scale of asset "usd" must be between 0 and 8, not -1', 'scale -1');
SELECT throws_ok($$SELECT tradepost.create_asset('usd', NULL)$$, 'TP014', 'scale of asset "usd" must be between 0 and 8, not null', 'scale null');
SELECT throws_ok(format('SELECT tradepost.create_asset(%L)', c), 'TP014', NULL, format('code %L', replace(c, E'\n', ' '))) FROM unnest(ARRAY['', ' ', 'a b', 'a''b', '-a', 'ä', E'a\n', repeat('x', 33), NULL]) c;
SELECT throws_ok($$SELECT tradepost.create_asset('X', 2, '')$$, 'TP014', NULL, 'an empty name');
SELECT throws_ok($$SELECT tradepost.create_asset('X', 2, 'x', 99)$$, 'TP014', 'tenant 99 does not exist', 'asset of an unknown tenant');

-- Instruments: what is left out.
SELECT lives_ok($$SELECT tradepost.create_instrument('EURUSD', 'spot', 'EUR', 'USD', 0.0001, 100, 1.1)$$, 'a spot pair');
SELECT results_eq($$SELECT kind::text, status::text, mark, band, mark_step, max_price, max_quantity, multiplier, maker_rate, taker_rate, initial_margin_long, allow_negative FROM tradepost.instruments WHERE symbol = 'EURUSD'$$,
	$$VALUES ('spot', 'halted', 1.1, 0.55, 0.55, 11::numeric, 8181818100::numeric, 1::numeric, 0.001, 0.001, 0::numeric, false)$$, 'its defaults; halted until the engine has it');
SELECT lives_ok($$SELECT tradepost.create_instrument('Dec25-Wheat', 'future', 'Wheat', 'USD', 0.25, 1, 601.25, multiplier => 50, expires_at => '2199-12-15')$$, 'a contract');
SELECT results_eq($$SELECT contract, mark, band, mark_step, max_price, max_quantity, initial_margin_long, initial_margin_short, maintenance_margin_long, maintenance_margin_short FROM tradepost.instruments WHERE symbol = 'Dec25-Wheat'$$,
	$$VALUES ('Dec25', 601.25, 300.5, 300.5, 6012.5, 299376::numeric, 3006.25, 3006.25, 2254.6875, 2254.6875)$$, 'its defaults');
SELECT lives_ok($$SELECT tradepost.create_instrument('Apr26-Oil', 'future', 'Oil', 'USD', 0.01, 1, 0, contract => 'Apr26', multiplier => 1000, mark => -37.63, band => 60, max_price => 300,
	initial_margin => 5000, initial_margin_short => 6000, maintenance_margin => 4000, allow_negative => true, maker_rate => 0, taker_rate => 0.00000001)$$, 'a contract below zero');
SELECT results_eq($$SELECT mark, initial_margin_short, maintenance_margin_long, maintenance_margin_short, taker_rate FROM tradepost.instruments WHERE symbol = 'Apr26-Oil'$$,
	$$VALUES (-37.63, 6000::numeric, 4000::numeric, 4500::numeric, 0.00000001)$$, 'margins by side');
SELECT lives_ok($$SELECT tradepost.create_instrument('BTCJPY', 'spot', 'BTC', 'JPY', 1000, 0.001, 10000000)$$, 'a tick that makes a lot whole');
SELECT lives_ok($$SELECT tradepost.create_instrument('TINY', 'spot', 'BTC', 'USD', 0.01, 1, 0.01)$$, 'a price of one tick has a band of one');
SELECT results_eq($$SELECT band, max_price FROM tradepost.instruments WHERE symbol = 'TINY'$$, $$VALUES (0.01, 0.1)$$, 'its defaults');
SELECT lives_ok($$SELECT tradepost.create_instrument('HUGE', 'spot', 'EUR', 'USD', 1, 0.01, 80000000000)$$, 'a price near the limit');
SELECT results_eq($$SELECT max_price, max_quantity * max_price <= 90000000000 FROM tradepost.instruments WHERE symbol = 'HUGE'$$, $$VALUES (90000000000::numeric, true)$$, 'is capped');
SELECT lives_ok($$SELECT tradepost.create_instrument('Perpetual', 'future', 'Oil', 'USD', 0.01, 1, 70)$$, 'a contract need not have a name of its own');
SELECT is((SELECT count(*) FROM tradepost.commands WHERE kind = 'list'), 7::bigint, 'the engine is told of each');

-- Instruments: what is refused.  The arguments given replace those of a good definition.
CREATE FUNCTION pg_temp.refused(kind text, arguments jsonb, code text, message text) RETURNS text LANGUAGE sql AS
$$
	SELECT throws_ok('SELECT tradepost.create_instrument(' || string_agg(format('%I => %L', key, value), ', ') || ')', code, message, kind || ': ' || arguments)
	FROM jsonb_each_text(CASE kind WHEN 'spot' THEN '{"symbol": "X", "kind": "spot", "asset": "EUR", "quote": "USD", "tick": "0.01", "lot": "1", "reference_price": "100"}'::jsonb
		ELSE '{"symbol": "Jan26-Wheat", "kind": "future", "asset": "Wheat", "quote": "USD", "tick": "0.25", "lot": "1", "reference_price": "600", "multiplier": "50"}' END || arguments)
$$;
SELECT pg_temp.refused(kind, arguments::jsonb, code, message) FROM (VALUES
	('spot', '{"symbol": "EURUSD"}', 'TP015', 'instrument "EURUSD" exists already'),
	('spot', '{"symbol": ""}', 'TP014', NULL),
	('spot', '{"symbol": null}', 'TP014', 'symbol must have 1 to 32 characters out of A-Z a-z 0-9 . _ / - and begin with a letter or digit, not null'),
	('spot', '{"symbol": "a b"}', 'TP014', 'symbol must have 1 to 32 characters out of A-Z a-z 0-9 . _ / - and begin with a letter or digit, not ''a b'''),
	('spot', '{"symbol": "x''; DROP TABLE x"}', 'TP014', NULL),
	('spot', '{"symbol": "012345678901234567890123456789012"}', 'TP014', NULL),
	('spot', '{"kind": "option"}', 'TP014', 'kind of instrument "X" must be spot or future, not ''option'''),
	('spot', '{"kind": null}', 'TP014', NULL),
	('spot', '{"asset": "XYZ"}', 'TP004', 'asset "XYZ" is unknown'),
	('spot', '{"quote": "usd"}', 'TP004', 'quote "usd" is unknown'),
	('spot', '{"quote": null}', 'TP004', 'quote null is unknown'),
	('spot', '{"asset": "USD"}', 'TP014', 'asset and quote must differ, and both are "USD"'),
	('spot', '{"tenant": "7"}', 'TP014', 'tenant 7 does not exist'),
	('spot', '{"tick": "0"}', 'TP014', 'tick must be above 0, not 0'),
	('spot', '{"tick": "-0.01"}', 'TP014', 'tick must be above 0, not -0.01'),
	('spot', '{"tick": "NaN"}', 'TP014', 'tick must be a number below 92000000000, its sign aside, not NaN'),
	('spot', '{"tick": null}', 'TP014', 'tick must be a number below 92000000000, its sign aside, not null'),
	('spot', '{"tick": "0.000000001"}', 'TP014', 'tick must be a multiple of 0.00000001, not 0.000000001'),
	('spot', '{"tick": "0.001"}', 'TP014', 'tick * lot * multiplier is 0.001, which must be a multiple of 0.01, the smallest amount of asset "USD"'),
	('spot', '{"lot": "0"}', 'TP014', 'lot must be above 0, not 0'),
	('spot', '{"lot": "Infinity"}', 'TP014', 'lot must be a number below 92000000000, its sign aside, not Infinity'),
	('spot', '{"lot": "0.001", "tick": "10"}', 'TP014', 'lot must be a multiple of 0.01, the asset''s smallest amount, not 0.001'),
	('spot', '{"multiplier": "2"}', 'TP014', 'multiplier must be 1 for spot, not 2'),
	('spot', '{"multiplier": "0"}', 'TP014', 'multiplier must be above 0, not 0'),
	('spot', '{"multiplier": null}', 'TP014', NULL),
	('spot', '{"reference_price": "0"}', 'TP014', 'reference_price must be above 0, not 0'),
	('spot', '{"reference_price": "-5"}', 'TP014', 'reference_price must be above 0, not -5'),
	('spot', '{"reference_price": "100.005"}', 'TP014', 'reference_price must be a multiple of tick 0.01, not 100.005'),
	('spot', '{"reference_price": "92000000000"}', 'TP014', 'reference_price must be a number below 92000000000, its sign aside, not 92000000000'),
	('spot', '{"reference_price": null}', 'TP014', NULL),
	('spot', '{"mark": "100.001"}', 'TP014', 'mark must be a multiple of tick 0.01, not 100.001'),
	('spot', '{"mark": "0"}', 'TP014', 'mark must be above 0, not 0'),
	('spot', '{"mark": "NaN"}', 'TP014', NULL),
	('spot', '{"band": "0"}', 'TP014', 'band must be above 0, not 0'),
	('spot', '{"band": "0.005"}', 'TP014', 'band must be a multiple of tick 0.01, not 0.005'),
	('spot', '{"mark_step": "-1"}', 'TP014', 'mark_step must be above 0, not -1'),
	('spot', '{"mark_step": "0.011"}', 'TP014', 'mark_step must be a multiple of tick 0.01, not 0.011'),
	('spot', '{"max_price": "99.99"}', 'TP014', 'max_price must be at least 100, the larger of reference_price and mark, not 99.99'),
	('spot', '{"max_price": "0"}', 'TP014', 'max_price must be above 0, not 0'),
	('spot', '{"max_price": "200.001"}', 'TP014', 'max_price must be a multiple of tick 0.01, not 200.001'),
	('spot', '{"max_quantity": "0.5"}', 'TP014', 'max_quantity must be a multiple of lot 1, not 0.5'),
	('spot', '{"max_quantity": "0"}', 'TP014', 'max_quantity must be above 0, not 0'),
	('spot', '{"max_quantity": "90000001"}', 'TP014', 'max_quantity * multiplier * max_price is 90000001000, and may be 90000000000 at most'),
	('spot', '{"lot": "1000000000"}', 'TP014', NULL),
	('spot', '{"maker_rate": "-0.001"}', 'TP014', 'maker_rate must be a multiple of 0.00000001 between 0 and 1, not -0.001'),
	('spot', '{"taker_rate": "1.01"}', 'TP014', 'taker_rate must be a multiple of 0.00000001 between 0 and 1, not 1.01'),
	('spot', '{"taker_rate": "0.000000001"}', 'TP014', NULL),
	('spot', '{"taker_rate": "NaN"}', 'TP014', NULL),
	('spot', '{"taker_rate": null}', 'TP014', NULL),
	('spot', '{"allow_negative": "true"}', 'TP014', 'allow_negative must be false for spot'),
	('spot', '{"allow_negative": null}', 'TP014', 'allow_negative must be true or false, not null'),
	('spot', '{"contract": "Dec25"}', 'TP014', 'contract must be null for spot'),
	('spot', '{"expires_at": "2199-01-01"}', 'TP014', 'expires_at must be null for spot'),
	('spot', '{"initial_margin": "10"}', 'TP014', 'initial_margin must be left out for spot, which is paid in full'),
	('spot', '{"maintenance_margin_short": "10"}', 'TP014', 'maintenance_margin_short must be left out for spot, which is paid in full'),
	('future', '{"asset": "USD"}', 'TP014', 'asset and quote must differ, and both are "USD"'),
	('future', '{"reference_price": "0"}', 'TP014', 'reference_price must be above 0, not 0'),
	('future', '{"reference_price": "0", "allow_negative": "true"}', 'TP014', 'initial_margin must be above 0, not 0'),
	('future', '{"initial_margin": "0"}', 'TP014', 'initial_margin must be above 0, not 0'),
	('future', '{"initial_margin": "-1"}', 'TP014', 'initial_margin must be above 0, not -1'),
	('future', '{"initial_margin": "0.000000001"}', 'TP014', NULL),
	('future', '{"maintenance_margin": "0"}', 'TP014', 'maintenance_margin must be above 0, not 0'),
	('future', '{"maintenance_margin": "3001"}', 'TP014', 'maintenance_margin must be at most the initial margin: 3001 of 3000 long, 3001 of 3000 short'),
	('future', '{"initial_margin_short": "100", "maintenance_margin_short": "101"}', 'TP014', 'maintenance_margin must be at most the initial margin: 2250 of 3000 long, 101 of 100 short'),
	('future', '{"contract": "Feb26"}', 'TP014', 'symbol of contract "Feb26" of asset "Wheat" must be "Feb26-Wheat", not "Jan26-Wheat"'),
	('future', '{"contract": "Jan 26"}', 'TP014', NULL),
	('future', '{"contract": ""}', 'TP014', NULL),
	('future', '{"expires_at": "2001-01-01"}', 'TP014', NULL),
	('future', '{"expires_at": "infinity"}', 'TP014', NULL),
	('future', '{"multiplier": "0.001"}', 'TP014', 'tick * lot * multiplier is 0.00025, which must be a multiple of 0.01, the smallest amount of asset "USD"'),
	('future', '{"multiplier": "500000000"}', 'TP014', 'max_price must be at least 600, the larger of reference_price and mark, not 180')
) v (kind, arguments, code, message);
SELECT is((SELECT count(*) FROM tradepost.instruments), 7::bigint, 'what is refused leaves nothing');

-- Commission.
SELECT lives_ok($$SELECT tradepost.set_commission('EURUSD', 0, 0.0005)$$, 'set_commission()');
SELECT results_eq($$SELECT maker_rate, taker_rate FROM tradepost.instruments WHERE symbol = 'EURUSD'$$, $$VALUES (0::numeric, 0.0005)$$, 'it shows');
SELECT throws_ok($$SELECT tradepost.set_commission('NOSUCH', 0, 0)$$, 'TP001', 'symbol "NOSUCH" is unknown', 'of an unknown symbol');
SELECT throws_ok($$SELECT tradepost.set_commission('EURUSD', 0, 0, 2)$$, 'TP001', NULL, 'of another tenant''s symbol');
SELECT throws_ok($$SELECT tradepost.set_commission('EURUSD', -1, 0)$$, 'TP014', 'maker_rate must be a multiple of 0.00000001 between 0 and 1, not -1', 'negative');
SELECT throws_ok($$SELECT tradepost.set_commission('EURUSD', 0, NULL)$$, 'TP014', 'taker_rate must be a multiple of 0.00000001 between 0 and 1, not null', 'null');

-- No more than there is room for: the engine keeps each in shared memory.
SELECT tradepost.create_instrument('N' || n, 'spot', 'EUR', 'USD', 0.01, 1, 100) IS NOT NULL
FROM generate_series(1, current_setting('tradepost.max_instruments')::integer - (SELECT count(*)::integer FROM tradepost.instruments)) n OFFSET 10000;
SELECT throws_ok($$SELECT tradepost.create_instrument('OneMore', 'spot', 'EUR', 'USD', 0.01, 1, 100)$$, 'TP014',
	format('instrument "OneMore" would be one more than tradepost.max_instruments, which is %s', current_setting('tradepost.max_instruments')), 'one too many');

-- Every refusal has a hint.
CREATE FUNCTION pg_temp.hint(statement text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'not refused';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN hint;
END
$$;
SELECT isnt(pg_temp.hint(s), '', s) FROM unnest(ARRAY[
	$$SELECT tradepost.open_account('')$$, $$SELECT tradepost.create_asset('')$$, $$SELECT tradepost.create_asset('USD')$$, $$SELECT tradepost.add_owner(999, 'tradepost_trader')$$,
	$$SELECT tradepost.create_instrument('X', 'spot', 'XYZ', 'USD', 1, 1, 1)$$, $$SELECT tradepost.create_instrument('X', 'spot', 'USD', 'USD', 1, 1, 1)$$,
	$$SELECT tradepost.create_instrument('X', 'spot', 'EUR', 'USD', 1, 1, 0)$$, $$SELECT tradepost.set_commission('X', 0, 0)$$, $$SELECT tradepost.order_book('X')$$,
	$$SELECT tradepost.order_book('EURUSD', 0)$$, $$SELECT tradepost.candles('EURUSD', '3m')$$, $$SELECT tradepost.account_summary(999)$$]) s;

SELECT * FROM finish();
ROLLBACK;
