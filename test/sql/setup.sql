--
-- What the other files use: roles, assets, and helpers in schema t that name
-- orders by their client_order_id and accounts by their name, so that no output depends
-- on numbers, on times, or on what ran before.
--
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_tp_alice, regress_tp_bob, regress_tp_admin, regress_tp_auditor, regress_tp_proxy, regress_tp_nobody;
RESET client_min_messages;
CREATE ROLE regress_tp_alice IN ROLE tradepost_trader;
CREATE ROLE regress_tp_bob IN ROLE tradepost_trader;
CREATE ROLE regress_tp_admin IN ROLE tradepost_admin;
CREATE ROLE regress_tp_auditor IN ROLE tradepost_auditor;
CREATE ROLE regress_tp_proxy IN ROLE tradepost_proxy;
CREATE ROLE regress_tp_nobody;

-- CREATE EXTENSION alone is a working exchange: the first account makes its first rows.
SELECT count(*) FROM tradepost_internal.engine_state;
SELECT name, holds FROM tradepost.check_invariants() WHERE NOT holds;

CREATE SCHEMA t;

CREATE FUNCTION t.account(name text) RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT a.id FROM tradepost.accounts a WHERE a.name = $1 AND a.kind <> 'house' $$;

CREATE FUNCTION t.id(label text) RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT c.id FROM tradepost.commands c WHERE c.client_order_id = label $$;

-- Opens accounts with this much USD and EUR.
CREATE FUNCTION t.open(usd numeric, eur numeric, VARIADIC names text[]) RETURNS void LANGUAGE sql AS
$$
	SELECT tradepost.open_account(n) FROM unnest(names) n;
	SELECT tradepost.deposit(t.account(n), 'USD', usd) FROM unnest(names) n WHERE usd > 0;
	SELECT tradepost.deposit(t.account(n), 'EUR', eur) FROM unnest(names) n WHERE eur > 0;
$$;

CREATE FUNCTION t.place(label text, account text, symbol text, side tradepost.side, quantity numeric, price numeric DEFAULT NULL,
	tif tradepost.time_in_force DEFAULT 'gtc', type tradepost.order_type DEFAULT 'limit', stp tradepost.stp DEFAULT 'cancel_taker',
	post_only boolean DEFAULT false, expires_at timestamptz DEFAULT NULL) RETURNS void LANGUAGE sql AS
$$ SELECT tradepost.place_order(t.account(account), symbol, side, quantity, price, type, CASE type WHEN 'market' THEN 'day' ELSE tif END, label, expires_at, stp, post_only) $$;

CREATE FUNCTION t.orders(symbol text) RETURNS TABLE (label text, account text, side tradepost.side, quantity numeric, price numeric, filled numeric,
	remaining numeric, average_price numeric, commission numeric, status tradepost.order_status, reason text) LANGUAGE sql STABLE AS
$$
	SELECT o.client_order_id, a.name, o.side, o.quantity, o.price, o.filled, o.remaining, o.average_price, o.commission, o.status, o.reason
	FROM tradepost.orders o JOIN tradepost.accounts a ON a.id = o.account WHERE o.symbol = $1 ORDER BY o.id
$$;

CREATE FUNCTION t.trades(symbol text) RETURNS TABLE (kind tradepost.event_kind, taker text, maker text, taker_order text, maker_order text, side tradepost.side,
	price numeric, quantity numeric, taker_commission numeric, maker_commission numeric) LANGUAGE sql STABLE AS
$$
	SELECT x.kind, ta.name, ma.name, tc.client_order_id, mc.client_order_id, x.side, x.price, x.quantity, x.taker_commission, x.maker_commission
	FROM tradepost.trades x
	LEFT JOIN tradepost.accounts ta ON ta.id = x.taker_account LEFT JOIN tradepost.accounts ma ON ma.id = x.maker_account
	LEFT JOIN tradepost.commands tc ON tc.id = x.taker_order_id LEFT JOIN tradepost.commands mc ON mc.id = x.maker_order_id
	WHERE x.symbol = $1 ORDER BY x.seq
$$;

-- Every event of an instrument; those of orders with their label.
CREATE FUNCTION t.events(symbol text) RETURNS TABLE (kind tradepost.event_kind, label text, maker text, side tradepost.side, price numeric, quantity numeric,
	reason text, decision boolean) LANGUAGE sql STABLE AS
$$
	SELECT e.kind, c.client_order_id, m.client_order_id, e.side, e.price, e.quantity, e.reason, e.decision
	FROM tradepost.events e LEFT JOIN tradepost.commands c ON c.id = e.order_id LEFT JOIN tradepost.commands m ON m.id = e.maker_order_id
	WHERE e.symbol = $1 ORDER BY e.seq
$$;

CREATE FUNCTION t.money(VARIADIC names text[]) RETURNS TABLE (account text, asset text, total numeric, reserved numeric, available numeric, equity numeric) LANGUAGE sql STABLE AS
$$
	SELECT a.name, b.asset, b.total, b.reserved, b.available, b.equity FROM tradepost.balances b JOIN tradepost.accounts a ON a.id = b.account
	WHERE a.name = ANY (names) ORDER BY array_position(names, a.name), b.asset
$$;

-- What a statement is refused with, and what it would tell the user; account numbers and the time left out.
CREATE FUNCTION t.refused(statement text, OUT code text, OUT message text, OUT hint text) LANGUAGE plpgsql AS
$$
BEGIN
	EXECUTE statement;
	message := 'not refused';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
	message := regexp_replace(message, 'account \d+', 'account N');
	hint := regexp_replace(hint, 'It is now .*', 'It is now ...');
END
$$;

SELECT tradepost.create_asset('USD', 2, 'US dollar') > 0 AS usd, tradepost.create_asset('EUR') > 0 AS eur, tradepost.create_asset('Wheat', 0) > 0 AS wheat;
SELECT count(*) FROM tradepost_internal.engine_state;
SELECT kind, name, owners FROM tradepost.accounts ORDER BY id;

GRANT USAGE ON SCHEMA t TO PUBLIC;
