--
-- Spot money: settlement, commission, deposits and withdrawals, the ledger.
--
\set SHOW_CONTEXT never
\set wait 'SELECT max(id) AS last_id FROM tradepost.commands \\gset \\\\ CALL tradepost.wait_for_order(:last_id) \\gset wait_'
SELECT tradepost.create_asset('GBP') > 0 AS gbp, tradepost.create_asset('OUNCE', 3) > 0 AS ounce;
SELECT tradepost.create_instrument('GOLDGBP', 'spot', 'OUNCE', 'GBP', 0.10, 0.1, 1500, maker_rate => 0.001, taker_rate => 0.002) > 0 AS listed;
DO $$
BEGIN
	PERFORM tradepost.open_account('spot_a');
	PERFORM tradepost.open_account('spot_b');
	PERFORM tradepost.deposit(t.account('spot_a'), 'GBP', 10000);
	PERFORM tradepost.deposit(t.account('spot_b'), 'OUNCE', 10);
END
$$;
:wait
-- The other side of a deposit is the tenant's external account.
SELECT b.asset, b.total FROM tradepost.balances b JOIN tradepost.accounts a ON a.id = b.account WHERE a.kind IN ('house', 'external') AND b.asset IN ('GBP', 'OUNCE') ORDER BY 1, 2;

-- A bid reserves its value and the commission at the dearer rate, and two smallest amounts: 3 * 1500.10 * 1.002 = 4509.3006, so 4509.31 and 0.02.
DO $$ BEGIN PERFORM t.place('s-bid', 'spot_a', 'GOLDGBP', 'buy', 3, 1500.1); END $$;
:wait
SELECT * FROM t.money('spot_a', 'spot_b');
SELECT quantity, price, status FROM t.orders('GOLDGBP');

-- Slices: each pays the rise of the rounded total, so the sum is what one trade had paid.
-- What it paid and what is reserved are together what the whole may cost: 2.1 * 1500.10 * 0.001 + 0.9 * 1500.10 * 0.002 = 5.85039, so 5.86 and 0.02, less 3.16, with 0.9 * 1500.10.
DO $$
BEGIN
	FOR i IN 1..7 LOOP
		PERFORM t.place('s-ask-' || i, 'spot_b', 'GOLDGBP', 'sell', 0.3, 1500);
	END LOOP;
END
$$;
:wait
SELECT * FROM t.trades('GOLDGBP');
SELECT * FROM t.orders('GOLDGBP');
SELECT * FROM t.money('spot_a', 'spot_b');
SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;

-- Price improvement comes back: a dearer bid pays the maker's price only.
DO $$
BEGIN
	PERFORM tradepost.cancel_order(t.account('spot_a'), t.id('s-bid'));
	PERFORM t.place('s-ask-low', 'spot_b', 'GOLDGBP', 'sell', 1, 1400);
	PERFORM t.place('s-bid-high', 'spot_a', 'GOLDGBP', 'buy', 1, 1600);
END
$$;
:wait
SELECT taker_order, maker_order, side, price, quantity, taker_commission, maker_commission FROM t.trades('GOLDGBP') OFFSET 7;
SELECT * FROM t.money('spot_a', 'spot_b');

-- New rates are for new orders.
DO $$
BEGIN
	PERFORM t.place('s-ask-old-rate', 'spot_b', 'GOLDGBP', 'sell', 1, 1500);
	PERFORM tradepost.set_commission('GOLDGBP', 0, 0);
	PERFORM t.place('s-bid-new-rate', 'spot_a', 'GOLDGBP', 'buy', 1, 1500);
END
$$;
:wait
SELECT taker_order, maker_order, taker_commission, maker_commission FROM t.trades('GOLDGBP') OFFSET 8;
SELECT maker_rate, taker_rate FROM tradepost.instruments WHERE symbol = 'GOLDGBP';

-- A withdrawal, as far as funds are free.
DO $$ BEGIN PERFORM tradepost.withdraw(t.account('spot_b'), 'GBP', 1000); PERFORM tradepost.withdraw(t.account('spot_b'), 'OUNCE', 100); END $$;
:wait
SELECT * FROM t.money('spot_a', 'spot_b');

-- The ledger is every posting: its sums are the balances, and each event's postings cancel out.
SELECT a.name, l.asset, l.what, sum(l.amount), count(*) FROM tradepost.ledger l JOIN tradepost.accounts a ON a.id = l.account
WHERE l.asset IN ('GBP', 'OUNCE') GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT a.name, l.asset, l.amount, l.what, l.symbol FROM tradepost.ledger l JOIN tradepost.accounts a ON a.id = l.account
WHERE l.seq = (SELECT min(seq) FROM tradepost.trades WHERE symbol = 'GOLDGBP') ORDER BY 4, 2, 3;
SELECT count(*) FROM (SELECT FROM tradepost.ledger WHERE what <> 'settlement' GROUP BY seq, asset HAVING sum(amount) <> 0) unbalanced;
SELECT count(*) FROM (SELECT account, asset, sum(amount) AS total FROM tradepost.ledger GROUP BY account, asset) l
FULL JOIN tradepost.balances b USING (account, asset) WHERE coalesce(l.total, 0) <> coalesce(b.total, 0);

SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;
