--
-- Contracts: margin, marks, equity, liquidation, settlement.
--
\set SHOW_CONTEXT never
\set wait 'SELECT max(id) AS last_id FROM tradepost.commands \\gset \\\\ CALL tradepost.wait_for_order(:last_id) \\gset wait_'
SELECT tradepost.create_asset('CHF') > 0 AS chf, tradepost.create_asset('Rye', 0) > 0 AS rye, tradepost.create_asset('Crude', 0) > 0 AS crude;
SELECT tradepost.create_instrument('Dec25-Rye', 'future', 'Rye', 'CHF', 0.25, 1, 600, multiplier => 50, expires_at => '2199-12-15 00:00:00+00') > 0 AS listed;
SELECT tradepost.create_instrument('Apr26-Crude', 'future', 'Crude', 'CHF', 0.01, 1, 20, multiplier => 100, initial_margin => 500, maintenance_margin => 400,
	allow_negative => true, band => 100, max_price => 1000, maker_rate => 0, taker_rate => 0) > 0 AS listed;
SELECT symbol, contract, asset, initial_margin_long, maintenance_margin_short FROM tradepost.instruments WHERE quote = 'CHF' ORDER BY symbol;
CREATE FUNCTION t.positions(VARIADIC names text[]) RETURNS TABLE (account text, symbol text, quantity numeric, open_bids numeric, open_asks numeric,
	mark numeric, mark_value numeric, margin numeric, maintenance numeric) LANGUAGE sql STABLE AS
$$
	SELECT a.name, p.symbol, p.quantity, p.open_bids, p.open_asks, p.mark, p.mark_value, p.margin, p.maintenance
	FROM tradepost.positions p JOIN tradepost.accounts a ON a.id = p.account WHERE a.name = ANY (names) ORDER BY array_position(names, a.name), p.symbol
$$;
DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['fut_a', 'fut_b', 'fut_c'] LOOP
		PERFORM tradepost.open_account(name);
		PERFORM tradepost.deposit(t.account(name), 'CHF', 20000);
	END LOOP;
END
$$;
:wait

-- Margin is 3000 a contract here: six at most, with their commission (600 * 50 * 0.001 = 30 each, and 0.02).
DO $$
BEGIN
	PERFORM t.place('f-too-much', 'fut_a', 'Dec25-Rye', 'buy', 7, 600);
	PERFORM t.place('f-bid', 'fut_a', 'Dec25-Rye', 'buy', 4, 600);
	PERFORM t.place('f-both-sides', 'fut_a', 'Dec25-Rye', 'sell', 4, 620);
END
$$;
:wait
SELECT label, quantity, status, reason FROM t.orders('Dec25-Rye');
SELECT * FROM t.positions('fut_a');
SELECT * FROM t.money('fut_a');

-- A bid above the mark would lose the difference at once: 1 * 50 * 10 = 500 less available.
DO $$ BEGIN PERFORM t.place('f-above', 'fut_b', 'Dec25-Rye', 'buy', 1, 610); END $$;
:wait
SELECT * FROM t.positions('fut_b');
SELECT * FROM t.money('fut_b');

-- Trades move cash by quantity * 50 * (600 - price), less commission.
DO $$
BEGIN
	PERFORM tradepost.cancel_all(t.account('fut_b'));
	PERFORM t.place('f-hit', 'fut_b', 'Dec25-Rye', 'sell', 2, 590);
	PERFORM t.place('f-lift', 'fut_b', 'Dec25-Rye', 'buy', 1, 625);
END
$$;
:wait
SELECT * FROM t.trades('Dec25-Rye');
SELECT * FROM t.positions('fut_a', 'fut_b');
SELECT * FROM t.money('fut_a', 'fut_b');
SELECT symbol, last_price, open_interest FROM tradepost.market WHERE symbol = 'Dec25-Rye';

-- A new mark changes every equity, and no cash.
DO $$ BEGIN PERFORM tradepost.set_mark('Dec25-Rye', 620); END $$;
:wait
SELECT account, quantity, mark, mark_value FROM t.positions('fut_a', 'fut_b');
SELECT account, total, equity, available FROM t.money('fut_a', 'fut_b');

-- Negative prices, where the instrument has them: April 2020.
DO $$
BEGIN
	PERFORM t.place('f-oil-bid', 'fut_b', 'Apr26-Crude', 'buy', 2, -37.63);
	PERFORM t.place('f-oil-ask', 'fut_c', 'Apr26-Crude', 'sell', 2, -40);
END
$$;
:wait
SELECT * FROM t.trades('Apr26-Crude');
SELECT * FROM t.money('fut_b', 'fut_c');
SELECT average_price, commission FROM t.orders('Apr26-Crude');

-- Below maintenance: orders cancelled, the position closed out in the book as far as it goes, the rest taken over, the deficit covered.
DO $$
BEGIN
	PERFORM tradepost.cancel_all(t.account('fut_a'));
	PERFORM tradepost.open_account('fut_weak');
	PERFORM tradepost.deposit(t.account('fut_weak'), 'CHF', 13000);
	PERFORM tradepost.deposit(t.account('fut_c'), 'CHF', 50000);
	PERFORM t.place('f-weak', 'fut_weak', 'Dec25-Rye', 'buy', 4, 620);
	PERFORM t.place('f-strong', 'fut_c', 'Dec25-Rye', 'sell', 4, 620);
	PERFORM t.place('f-weak-open', 'fut_weak', 'Apr26-Crude', 'buy', 1, -70);
	PERFORM t.place('f-thin', 'fut_a', 'Dec25-Rye', 'buy', 1, 540);
END
$$;
:wait
SELECT * FROM t.positions('fut_weak');
SELECT * FROM t.money('fut_weak');
DO $$ BEGIN PERFORM tradepost.set_mark('Dec25-Rye', 545); END $$;
:wait
SELECT e.kind, a.name AS account, c.name AS counter_account, e.symbol, e.asset, e.side, e.price, e.quantity, e.commission, e.counter_commission, e.reason
FROM tradepost.events e LEFT JOIN tradepost.accounts a ON a.id = e.account LEFT JOIN tradepost.accounts c ON c.id = e.counter_account
WHERE e.command_id = (SELECT max(id) FROM tradepost.commands) ORDER BY e.seq;
SELECT * FROM t.positions('fut_a', 'fut_weak', 'fut_c', 'insurance');
SELECT * FROM t.money('fut_weak', 'insurance');
SELECT a.name, l.asset, l.what, l.amount FROM tradepost.ledger l JOIN tradepost.accounts a ON a.id = l.account WHERE l.what = 'cover' ORDER BY l.seq, 4;

-- Settlement: everything open goes, everybody gets position * 50 * (final mark - 600), positions are zero.
DO $$
BEGIN
	PERFORM t.place('f-open-at-end', 'fut_c', 'Dec25-Rye', 'sell', 1, 560);
	PERFORM tradepost.settle_instrument('Dec25-Rye', 550);
END
$$;
:wait
SELECT e.kind, a.name AS account, c.client_order_id AS label, e.side, e.price, e.quantity, e.reason, e.decision
FROM tradepost.events e LEFT JOIN tradepost.accounts a ON a.id = e.account LEFT JOIN tradepost.commands c ON c.id = e.order_id
WHERE e.command_id = (SELECT max(id) FROM tradepost.commands) ORDER BY e.seq;
SELECT * FROM t.positions('fut_a', 'fut_b', 'fut_c', 'insurance');
SELECT * FROM t.money('fut_a', 'fut_b', 'fut_c', 'fut_weak', 'insurance');
SELECT sum(amount) FROM tradepost.ledger WHERE what = 'settlement' AND symbol = 'Dec25-Rye';
SELECT status, mark FROM tradepost.instruments WHERE symbol = 'Dec25-Rye';

SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;
