--
-- Who sees what, and who may do what.
--
\set SHOW_CONTEXT never
\set wait 'SELECT max(id) AS last_id FROM tradepost.commands \\gset \\\\ CALL tradepost.wait_for_order(:last_id) \\gset wait_'
SELECT tradepost.create_instrument('SECRET', 'spot', 'EUR', 'USD', 0.01, 1, 100) > 0 AS listed;
DO $$
BEGIN
	PERFORM t.open(100000, 1000, 'sec_alice', 'sec_bob');
	PERFORM tradepost.add_owner(t.account('sec_alice'), 'regress_tp_alice');
	PERFORM tradepost.add_owner(t.account('sec_bob'), 'regress_tp_bob');
END
$$;
:wait
SELECT t.account('sec_alice') AS alice, t.account('sec_bob') AS bob \gset

-- Bob makes, Alice takes; then each in the other role, so that both sides of a trade are tried.
SET ROLE regress_tp_bob;
SELECT tradepost.place_order(:bob, 'SECRET', 'sell', 5, 100, client_order_id => 'bob-1') > 0 AS placed;
SET ROLE regress_tp_alice;
SELECT tradepost.place_order(:alice, 'SECRET', 'buy', 3, 100, client_order_id => 'alice-1') > 0 AS placed;
SELECT tradepost.place_order(:alice, 'SECRET', 'buy', 4, 99, client_order_id => 'alice-2') > 0 AS placed;
SET ROLE regress_tp_bob;
SELECT tradepost.place_order(:bob, 'SECRET', 'sell', 1, 99, client_order_id => 'bob-2') > 0 AS placed;
RESET ROLE;
:wait

-- A trader sees its own.
SET ROLE regress_tp_alice;
SELECT name, owners FROM tradepost.accounts;
SELECT client_order_id, symbol, side, quantity, filled, status FROM tradepost.orders ORDER BY id;
SELECT kind, client_order_id FROM tradepost.commands ORDER BY id;
SELECT asset, total, reserved, available FROM tradepost.balances ORDER BY asset;
SELECT symbol, quantity FROM tradepost.positions;
-- A trade, but not with whom, nor under which order, nor what that paid.
SELECT side, price, quantity, taker_account = :alice AS taker_is_me, maker_account = :alice AS maker_is_me, taker_order_id IS NULL AS taker_order_hidden, maker_order_id IS NULL AS maker_order_hidden,
	taker_commission, maker_commission FROM tradepost.trades ORDER BY seq;
SELECT kind, command_id IS NULL AS command_hidden, account = :alice AS mine, order_id IS NULL AS order_hidden, counter_account = :alice AS counter_mine, maker_order_id IS NULL AS maker_hidden,
	side, price, quantity, commission, counter_commission FROM tradepost.events_since(0, 10000) WHERE symbol = 'SECRET' OR kind = 'deposited' ORDER BY seq;
SELECT asset, amount, what FROM tradepost.ledger ORDER BY seq, asset, what, amount;
SELECT count(*) FROM tradepost.ledger WHERE account <> :alice;
SELECT tradepost.account_summary(:alice) ->> 'name' AS name;
SELECT count(*) AS own_history FROM tradepost.order_history((SELECT id FROM tradepost.orders WHERE client_order_id = 'alice-1'));
SELECT count(*) AS visible FROM tradepost.order_history((SELECT min(id) - 1 FROM tradepost.orders));
-- What everybody may know.
SELECT side, price, quantity FROM tradepost.order_book('SECRET');
SELECT price, quantity, side FROM tradepost.tape('SECRET');
SELECT last_price, bid, ask, volume_24h FROM tradepost.market WHERE symbol = 'SECRET';
SELECT sum(volume) FROM tradepost.candles('SECRET', '1d');
SELECT symbol, quote, status FROM tradepost.instruments WHERE symbol = 'SECRET';
-- What is another's.
SELECT * FROM t.refused(format('SELECT tradepost.account_summary(%s)', :bob));
SELECT * FROM t.refused('SELECT tradepost.account_summary(987654321)');
SELECT * FROM t.refused(format('SELECT tradepost.place_order(%s, ''SECRET'', ''buy'', 1, 100)', :bob));
SELECT * FROM t.refused('SELECT tradepost.place_order(987654321, ''SECRET'', ''buy'', 1, 100)');
SELECT * FROM t.refused(format('SELECT tradepost.place_orders(ARRAY[%s, %s], ARRAY[''SECRET''], ARRAY[''buy'']::tradepost.side[], ARRAY[1, 1], ARRAY[100])', :alice, :bob));
SELECT * FROM t.refused(format('SELECT tradepost.submit_commands(''[{"account": %s, "symbol": "SECRET", "side": "buy", "quantity": 1, "price": 100}]'')', :bob));
SELECT * FROM t.refused(format('SELECT tradepost.cancel_order(%s, 1)', :bob));
SELECT * FROM t.refused(format('SELECT tradepost.amend_order(%s, 1, 1)', :bob));
SELECT * FROM t.refused(format('SELECT tradepost.cancel_all(%s)', :bob));
SELECT * FROM t.refused(format('SELECT tradepost.preview_order(%s, ''SECRET'', ''buy'', 1, 100)', :bob));
SELECT * FROM t.refused(format('INSERT INTO tradepost.orders (account, symbol, side, quantity, price) VALUES (%s, ''SECRET'', ''buy'', 1, 100)', :bob));
\set VERBOSITY sqlstate
CALL tradepost.submit_order(:bob, 'SECRET', 'buy', 1, 100);
\set VERBOSITY default
-- Naming another's order under one's own account: it is unknown.
RESET ROLE;
SELECT t.id('bob-1') AS bobs_order \gset
SET ROLE regress_tp_alice;
CALL tradepost.wait_for_order(:bobs_order, '0 s') \gset w_
\echo :{?w_result}
SELECT tradepost.cancel_order(:alice, :bobs_order) AS id \gset
RESET ROLE;
CALL tradepost.wait_for_order(:id) \gset
SELECT reason FROM tradepost.decision(:id);
SELECT status FROM tradepost.orders WHERE id = :bobs_order;

-- What is for administrators, auditors or nobody.
SET ROLE regress_tp_alice;
SELECT u.n, r.message FROM unnest(ARRAY['SELECT tradepost.init()', 'SELECT tradepost.open_account(''x'')', 'SELECT tradepost.add_owner(1, ''regress_tp_alice'')', 'SELECT tradepost.remove_owner(1, ''regress_tp_alice'')',
		'SELECT tradepost.create_asset(''X'')', 'SELECT tradepost.create_instrument(''X'', ''spot'', ''EUR'', ''USD'', 1, 1, 1)', 'SELECT tradepost.set_commission(''SECRET'', 0, 0)',
		'SELECT tradepost.deposit(1, ''USD'', 1)', 'SELECT tradepost.withdraw(1, ''USD'', 1)', 'SELECT tradepost.set_mark(''SECRET'', 1)', 'SELECT tradepost.halt_instrument(''SECRET'')',
		'SELECT tradepost.resume_instrument(''SECRET'')', 'SELECT tradepost.settle_instrument(''SECRET'', 1)', 'SELECT tradepost.post_restore()', 'SELECT tradepost.check_invariants()',
		'SELECT * FROM tradepost.engine_status', 'SELECT * FROM tradepost_internal.orders', 'SELECT * FROM tradepost_internal.events', 'SELECT tradepost_internal.list_instrument(1)',
		'SELECT tradepost_internal.wake_engine()', 'INSERT INTO tradepost_internal.commands (id) VALUES (1)', 'SELECT nextval(''tradepost_internal.command_id_seq'')']) WITH ORDINALITY u (s, n), t.refused(u.s) r ORDER BY n;

-- Ownership by group, and taken away again; a session that traded before feels it at once.
RESET ROLE;
GRANT regress_tp_bob TO regress_tp_alice;
SET ROLE regress_tp_alice;
SELECT name FROM tradepost.accounts ORDER BY name;
SELECT tradepost.place_order(:bob, 'SECRET', 'sell', 1, 120, client_order_id => 'by-group') > 0 AS placed;
RESET ROLE;
REVOKE regress_tp_bob FROM regress_tp_alice;
SET ROLE regress_tp_alice;
SELECT name FROM tradepost.accounts ORDER BY name;
SELECT * FROM t.refused(format('SELECT tradepost.place_order(%s, ''SECRET'', ''buy'', 1, 100)', :bob));
RESET ROLE;
SELECT tradepost.add_owner(:bob, 'regress_tp_alice');
SET ROLE regress_tp_alice;
SELECT name FROM tradepost.accounts ORDER BY name;
SELECT tradepost.place_order(:bob, 'SECRET', 'sell', 1, 121, client_order_id => 'by-owner') > 0 AS placed;
RESET ROLE;
SELECT tradepost.remove_owner(:bob, 'regress_tp_alice');
SET ROLE regress_tp_alice;
SELECT name FROM tradepost.accounts ORDER BY name;
SELECT * FROM t.refused(format('SELECT tradepost.place_order(%s, ''SECRET'', ''buy'', 1, 100)', :bob));
-- A function that somebody else wrote cannot lend its owner's eyes to a caller: views look with the caller's.
RESET ROLE;
CREATE FUNCTION t.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END $$;
SET ROLE regress_tp_alice;
SELECT client_order_id FROM tradepost.orders WHERE t.leak(client_order_id) AND symbol = 'SECRET' ORDER BY id;
RESET ROLE;
:wait

-- Administrators and auditors see everything; auditors change nothing.
SET ROLE regress_tp_admin;
SELECT count(DISTINCT account) FROM tradepost.orders WHERE symbol = 'SECRET';
SELECT taker_account = :alice AS taker, maker_account = :bob AS maker, taker_commission, maker_commission FROM tradepost.trades WHERE symbol = 'SECRET' ORDER BY seq LIMIT 1;
SELECT state FROM tradepost.engine_status;
SELECT count(*) FROM tradepost.check_invariants() WHERE NOT holds;
SELECT tradepost.open_account('sec_new') > 0 AS opened;
SELECT tradepost.deposit(:alice, 'USD', 1) > 0 AS deposited;
SELECT * FROM t.refused('UPDATE tradepost_internal.balances SET total = 1');
SELECT * FROM t.refused('DELETE FROM tradepost_internal.events');
SET ROLE regress_tp_auditor;
SELECT count(DISTINCT account) FROM tradepost.orders WHERE symbol = 'SECRET';
SELECT taker_account = :alice AS taker, maker_account = :bob AS maker, taker_commission, maker_commission FROM tradepost.trades WHERE symbol = 'SECRET' ORDER BY seq LIMIT 1;
SELECT state FROM tradepost.engine_status;
SELECT count(*) FROM tradepost.check_invariants() WHERE NOT holds;
SELECT tradepost.account_summary(:alice) ->> 'name' AS name;
SELECT u.n, r.message FROM unnest(ARRAY[format('SELECT tradepost.place_order(%s, ''SECRET'', ''buy'', 1, 100)', :alice), 'SELECT tradepost.deposit(1, ''USD'', 1)', 'SELECT tradepost.open_account(''x'')',
		'INSERT INTO tradepost.orders (account) VALUES (1)', 'UPDATE tradepost_internal.balances SET total = 1', 'DELETE FROM tradepost_internal.events', 'TRUNCATE tradepost_internal.events']) WITH ORDINALITY u (s, n), t.refused(u.s) r ORDER BY n;

-- The proxy hears everything, reads the market, calls the API, and has no table.
SET ROLE regress_tp_proxy;
SELECT count(*) FILTER (WHERE account IS NOT NULL) > 0 AS accounts, count(*) FILTER (WHERE kind = 'trade' AND maker_order_id IS NOT NULL AND order_id IS NOT NULL) > 0 AS both_sides FROM tradepost.events_since(0, 10000);
SELECT count(*) FROM tradepost.order_book('SECRET');
SELECT u.n, r.code, r.message FROM unnest(ARRAY[format('SELECT tradepost.place_order(%s, ''SECRET'', ''buy'', 1, 100)', :alice), 'SELECT * FROM tradepost.orders', 'SELECT * FROM tradepost.balances',
		'SELECT tradepost.deposit(1, ''USD'', 1)', 'SELECT * FROM tradepost_internal.events']) WITH ORDINALITY u (s, n), t.refused(u.s) r ORDER BY n;
SET ROLE regress_tp_nobody;
SELECT u.n, r.message FROM unnest(ARRAY['SELECT * FROM tradepost.market', 'SELECT tradepost.order_book(''SECRET'')', 'SELECT tradepost.events_since(0)']) WITH ORDINALITY u (s, n), t.refused(u.s) r ORDER BY n;
RESET ROLE;
:wait

SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;
