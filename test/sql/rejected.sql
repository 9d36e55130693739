--
-- What the engine rejects: an event, and for an order a row with status rejected and a reason.
--
\set SHOW_CONTEXT never
\set wait 'SELECT max(id) AS last_id FROM tradepost.commands \\gset \\\\ CALL tradepost.wait_for_order(:last_id) \\gset wait_'
SELECT tradepost.create_instrument('REJECT', 'spot', 'EUR', 'USD', 0.01, 1, 100) > 0 AS listed;
DO $$ BEGIN PERFORM t.open(1000, 10, 'reject_a', 'reject_b'); END $$;
:wait

-- Funds and holdings.  A bid needs price * quantity and its commission: 1 of 1000 here, and two cents of rounding.
DO $$
BEGIN
	PERFORM t.place('r-funds', 'reject_a', 'REJECT', 'buy', 10, 100);
	PERFORM t.place('r-funds-ok', 'reject_a', 'REJECT', 'buy', 10, 99.89);
	PERFORM t.place('r-funds-used', 'reject_a', 'REJECT', 'buy', 1, 99);
	PERFORM t.place('r-holdings', 'reject_b', 'REJECT', 'sell', 11, 110);
	PERFORM t.place('r-holdings-ok', 'reject_b', 'REJECT', 'sell', 10, 110);
	PERFORM t.place('r-holdings-used', 'reject_b', 'REJECT', 'sell', 1, 111);
END
$$;
:wait
SELECT * FROM t.orders('REJECT');
SELECT * FROM t.money('reject_a', 'reject_b');
SELECT kind, label, side, price, quantity, reason, decision FROM t.events('REJECT') WHERE label = 'r-funds';

-- Band, post-only, fill-or-kill, no liquidity.
DO $$
BEGIN
	PERFORM t.open(100000, 1000, 'reject_c');
	PERFORM t.place('r-band-high', 'reject_c', 'REJECT', 'buy', 1, 150.01);
	PERFORM t.place('r-band-low', 'reject_c', 'REJECT', 'buy', 1, 49.99);
	PERFORM t.place('r-band-edge', 'reject_c', 'REJECT', 'buy', 1, 50);
	PERFORM t.place('r-post', 'reject_c', 'REJECT', 'buy', 1, 110, post_only => true);
	PERFORM t.place('r-fok', 'reject_c', 'REJECT', 'buy', 11, 110, tif => 'fok');
	PERFORM tradepost.cancel_all(t.account('reject_b'));
	PERFORM t.place('r-market', 'reject_c', 'REJECT', 'buy', 1, type => 'market');
END
$$;
:wait
SELECT label, filled, status, reason FROM t.orders('REJECT') WHERE account = 'reject_c';

-- Halted: cancels and decreases pass, nothing else does.
DO $$
BEGIN
	PERFORM t.place('r-open', 'reject_c', 'REJECT', 'buy', 9, 90);
	PERFORM t.place('r-open-2', 'reject_c', 'REJECT', 'buy', 9, 89);
	PERFORM tradepost.halt_instrument('REJECT');
	PERFORM t.place('r-halted', 'reject_c', 'REJECT', 'buy', 1, 100);
	PERFORM tradepost.amend_order(t.account('reject_c'), t.id('r-open'), quantity => 8);
	PERFORM tradepost.amend_order(t.account('reject_c'), t.id('r-open'), quantity => 10);
	PERFORM tradepost.amend_order(t.account('reject_c'), t.id('r-open'), price => 91);
	PERFORM tradepost.cancel_order(t.account('reject_c'), t.id('r-open-2'));
END
$$;
:wait
SELECT status FROM tradepost.instruments WHERE symbol = 'REJECT';
DO $$
BEGIN
	PERFORM tradepost.resume_instrument('REJECT');
	PERFORM t.place('r-resumed', 'reject_c', 'REJECT', 'buy', 1, 100);
END
$$;
:wait
SELECT kind, label, price, quantity, reason, decision FROM t.events('REJECT') WHERE label IN ('r-open', 'r-open-2', 'r-halted', 'r-resumed') OR kind IN ('halted', 'resumed');
SELECT status FROM tradepost.instruments WHERE symbol = 'REJECT';

-- Withdrawals need free funds.
SELECT total, reserved, available FROM t.money('reject_a') WHERE asset = 'USD';
DO $$
BEGIN
	PERFORM tradepost.withdraw(t.account('reject_a'), 'USD', 0.09);
	PERFORM tradepost.withdraw(t.account('reject_a'), 'USD', 0.08);
END
$$;
:wait
SELECT e.kind, e.quantity, e.reason, e.decision FROM tradepost.events e WHERE e.account = t.account('reject_a') AND e.kind IN ('withdrawn', 'rejected') AND e.order_id IS NULL ORDER BY seq;

-- Marks: a step at a time.
DO $$
BEGIN
	PERFORM tradepost.set_mark('REJECT', 150.01);
	PERFORM tradepost.set_mark('REJECT', 150);
	PERFORM tradepost.set_mark('REJECT', 200);
END
$$;
:wait
SELECT kind, price, reason, decision FROM tradepost.events WHERE symbol = 'REJECT' AND (kind = 'marked' OR reason = 'mark_step') ORDER BY seq;
SELECT mark FROM tradepost.instruments WHERE symbol = 'REJECT';

-- Settled for good.
DO $$
BEGIN
	PERFORM tradepost.settle_instrument('REJECT', 100);
	PERFORM t.place('r-expired', 'reject_c', 'REJECT', 'buy', 1, 100);
	PERFORM tradepost.set_mark('REJECT', 100);
	PERFORM tradepost.halt_instrument('REJECT');
	PERFORM tradepost.resume_instrument('REJECT');
	PERFORM tradepost.settle_instrument('REJECT', 100);
END
$$;
:wait
SELECT kind, label, price, quantity, reason, decision FROM t.events('REJECT') WHERE label LIKE 'r-%' AND reason IN ('settlement', 'instrument_expired') OR label IS NULL AND reason = 'instrument_expired' OR kind = 'instrument_expired';
SELECT status, mark FROM tradepost.instruments WHERE symbol = 'REJECT';
SELECT account, asset, reserved FROM t.money('reject_a', 'reject_b', 'reject_c');

SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;
