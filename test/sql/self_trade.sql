--
-- Self-trade prevention in its five modes.
--
\set SHOW_CONTEXT never
\set wait 'SELECT max(id) AS last_id FROM tradepost.commands \\gset \\\\ CALL tradepost.wait_for_order(:last_id) \\gset wait_'
SELECT tradepost.create_instrument('SELF', 'spot', 'EUR', 'USD', 0.01, 1, 100) > 0 AS listed;
DO $$ BEGIN PERFORM t.open(1000000, 10000, 'self_a', 'self_b'); END $$;
:wait

-- Between two orders of another account stands one of the taker's own.
CREATE FUNCTION t.self_trade(mode tradepost.stp, own numeric, tif tradepost.time_in_force DEFAULT 'gtc') RETURNS void LANGUAGE sql AS
$$
	SELECT t.place(mode || '-' || tif || '-best', 'self_b', 'SELF', 'sell', 5, 99);
	SELECT t.place(mode || '-' || tif || '-own', 'self_a', 'SELF', 'sell', own, 100);
	SELECT t.place(mode || '-' || tif || '-next', 'self_b', 'SELF', 'sell', 5, 101);
	SELECT t.place(mode || '-' || tif || '-taker', 'self_a', 'SELF', 'buy', 20, 101, tif => tif, stp => mode);
	SELECT tradepost.cancel_all(t.account('self_a'));
	SELECT tradepost.cancel_all(t.account('self_b'));
$$;
DO $$ BEGIN PERFORM t.self_trade('cancel_taker', 5); END $$;
:wait
SELECT kind, label, maker, price, quantity, reason FROM t.events('SELF') WHERE label LIKE 'cancel_taker-gtc-%' AND kind <> 'accepted';
DO $$ BEGIN PERFORM t.self_trade('cancel_maker', 5); END $$;
:wait
SELECT kind, label, maker, price, quantity, reason FROM t.events('SELF') WHERE label LIKE 'cancel_maker-gtc-%' AND kind <> 'accepted';
DO $$ BEGIN PERFORM t.self_trade('cancel_both', 5); END $$;
:wait
SELECT kind, label, maker, price, quantity, reason FROM t.events('SELF') WHERE label LIKE 'cancel_both-gtc-%' AND kind <> 'accepted';
-- Decrement takes the smaller remainder off both, and is no fill.
DO $$ BEGIN PERFORM t.self_trade('decrement', 5); END $$;
:wait
SELECT kind, label, maker, price, quantity, reason FROM t.events('SELF') WHERE label LIKE 'decrement-gtc-%' AND kind <> 'accepted';
SELECT label, quantity, filled, status, reason FROM t.orders('SELF') WHERE label LIKE 'decrement-gtc-%';
DO $$ BEGIN PERFORM t.self_trade('none', 5); END $$;
:wait
SELECT kind, label, maker, price, quantity, reason FROM t.events('SELF') WHERE label LIKE 'none-gtc-%' AND kind <> 'accepted';

-- Fill-or-kill counts only what self-trade prevention would let it have: 20 of 5 + own 10 + 5.
DO $$
BEGIN
	PERFORM t.self_trade('cancel_taker', 10, 'fok');
	PERFORM t.self_trade('cancel_maker', 10, 'fok');
	PERFORM t.self_trade('cancel_both', 10, 'fok');
	PERFORM t.self_trade('decrement', 10, 'fok');
	PERFORM t.self_trade('none', 10, 'fok');
END
$$;
:wait
SELECT label, filled, status, reason FROM t.orders('SELF') WHERE label LIKE '%-fok-taker' OR label LIKE '%-fok-own';

SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;
