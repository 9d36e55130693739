--
-- Two brokers on one database: what each of them has, the other neither sees nor finds out, from any role and by any
-- function; the same name is another thing at each.
--
\set SHOW_CONTEXT never
\set wait 'SELECT max(id) AS last_id FROM tradepost.commands \\gset \\\\ CALL tradepost.wait_for_order(:last_id) \\gset wait_'
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_tp_carol, regress_tp_dave, regress_tp_eve;
RESET client_min_messages;
CREATE ROLE regress_tp_carol IN ROLE tradepost_trader;
CREATE ROLE regress_tp_dave IN ROLE tradepost_trader;
CREATE ROLE regress_tp_eve IN ROLE tradepost_trader;

-- Making them.
SELECT tradepost.create_tenant('Acme', '{Trade.Acme.example,trade.acme.example}', '{"demoAsset": "CHF", "demoBalance": 5000, "prices": {"pro": "149.50"}, "currency": "CHF", "rateLimits": {"api_free": "10/60", "signals": "off"}}') AS acme \gset
SELECT name, hosts, settings ->> 'demoAsset' AS demo, house_account <> insurance_account AND insurance_account <> external_account AS three FROM tradepost.tenants ORDER BY id;
SELECT kind, name FROM tradepost.accounts WHERE tenant = :acme ORDER BY id;
SELECT u.s, r.code, r.message, r.hint FROM unnest(ARRAY[
	$$''$$, $$'a b'$$, $$NULL$$, $$repeat('x', 64)$$, $$'ACME'$$, $$'default'$$, $$'b', '{"http://b.example"}'$$, $$'b', '{b.example:80}'$$, $$'b', '{NULL}'$$, $$'b', NULL$$, $$'b', '{trade.ACME.example}'$$,
	$$'b', '{}', '[]'$$, $$'b', '{}', NULL$$, $$'b', '{}', '{"color": 1}'$$, $$'b', '{}', '{"demoAsset": 1}'$$, $$'b', '{}', '{"demoAsset": "a b"}'$$, $$'b', '{}', '{"demoBalance": -1}'$$, $$'b', '{}', '{"demoBalance": 1000000000}'$$,
	$$'b', '{}', '{"demoBalance": "1e3"}'$$, $$'b', '{}', '{"registration": "maybe"}'$$, $$'b', '{}', '{"rateLimits": 5}'$$, $$'b', '{}', '{"rateLimits": {"api": "1/1"}}'$$, $$'b', '{}', '{"rateLimits": {"api_free": "0/60"}}'$$,
	$$'b', '{}', '{"prices": {"free": 1}}'$$, $$'b', '{}', '{"prices": {"pro": 1.234}}'$$, $$'b', '{}', '{"prices": {"pro": -1}}'$$, $$'b', '{}', '{"currency": "usd"}'$$]) WITH ORDINALITY u (s, n),
	t.refused(format('SELECT tradepost.create_tenant(%s)', u.s)) r ORDER BY n;
SELECT r.* FROM unnest(ARRAY['SELECT tradepost.set_tenant(987654321)', 'SELECT tradepost.set_tenant(1, ''{trade.acme.example}'')', 'SELECT tradepost.set_tenant(1, NULL, ''{"x": 1}'')',
	'SELECT tradepost.create_asset(''X'', 2, NULL, 987654321)', 'SELECT tradepost.open_account(''x'', NULL, NULL)']) WITH ORDINALITY u (s, n), t.refused(u.s) r ORDER BY n;
SELECT tradepost.set_tenant(1, '{main.example}', '{}');
SELECT name, hosts, settings FROM tradepost_edge.tenants() ORDER BY id;
SELECT kind, detail ->> 'name' AS name, detail ? 'by' AS who FROM tradepost.security_events WHERE kind LIKE 'tenant%' ORDER BY id;

-- The same symbols at both, at other prices; and one that only one of them has.
SELECT tradepost.create_asset('USD', 2, 'Dollar of Acme', :acme) > 0 AS usd, tradepost.create_asset('EUR', 2, NULL, :acme) > 0 AS eur,
	tradepost.create_instrument('TWIN', 'spot', 'EUR', 'USD', 0.01, 1, 100) > 0 AS ours, tradepost.create_instrument('TWIN', 'spot', 'EUR', 'USD', 0.01, 1, 500, tenant => :acme) > 0 AS theirs,
	tradepost.create_instrument('MAIN-ONLY', 'spot', 'EUR', 'USD', 0.01, 1, 100) > 0 AS only_ours, tradepost.create_instrument('ACME-ONLY', 'spot', 'EUR', 'USD', 0.01, 1, 500, tenant => :acme) > 0 AS only_theirs;
SELECT r.* FROM unnest(ARRAY['tenant => ' || :acme || ', asset => ''Wheat''', 'tenant => 987654321, asset => ''EUR''']) WITH ORDINALITY u (s, n),
	t.refused(format('SELECT tradepost.create_instrument(''X'', ''spot'', quote => ''USD'', tick => 1, lot => 1, reference_price => 1, %s)', u.s)) r ORDER BY n;
DO $$
DECLARE
	acme bigint := (SELECT id FROM tradepost.tenants WHERE name = 'Acme');
	opened bigint;
	r text;
BEGIN
	PERFORM t.open(100000, 1000, 'ten_alice', 'ten_dave');
	PERFORM tradepost.add_owner(t.account('ten_alice'), 'regress_tp_alice');
	PERFORM tradepost.add_owner(t.account('ten_dave'), 'regress_tp_dave');
	FOREACH r IN ARRAY ARRAY['carol', 'dave', 'other'] LOOP
		opened := tradepost.open_account('acme_' || r, CASE WHEN r <> 'other' THEN ('regress_tp_' || r)::regrole END, acme);
		PERFORM tradepost.deposit(opened, 'USD', 100000);
		PERFORM tradepost.deposit(opened, 'EUR', 1000);
	END LOOP;
	PERFORM t.place('twin-1', 'ten_alice', 'TWIN', 'sell', 5, 101), t.place('twin-2', 'ten_dave', 'TWIN', 'buy', 2, 101);
	PERFORM t.place('twin-3', 'acme_other', 'TWIN', 'sell', 7, 505), t.place('twin-4', 'acme_carol', 'TWIN', 'buy', 3, 505), t.place('twin-5', 'acme_carol', 'TWIN', 'buy', 1, 490);
	PERFORM t.place('only-1', 'acme_other', 'ACME-ONLY', 'sell', 1, 500), t.place('only-2', 'acme_carol', 'ACME-ONLY', 'buy', 1, 500);
	PERFORM t.place('only-3', 'ten_alice', 'MAIN-ONLY', 'buy', 1, 100), t.place('only-4', 'ten_dave', 'MAIN-ONLY', 'sell', 1, 100);
END
$$;
:wait
-- Each broker's commission is its own.
SELECT t.name AS tenant, l.symbol, l.asset, sum(l.amount) AS earned FROM tradepost.ledger l JOIN tradepost.tenants t ON t.house_account = l.account WHERE l.symbol IN ('TWIN', 'ACME-ONLY', 'MAIN-ONLY') GROUP BY t.id, t.name, l.symbol, l.asset ORDER BY t.id, l.symbol;
SELECT a.name, b.asset, b.total FROM tradepost.balances b JOIN tradepost.accounts a ON a.id = b.account WHERE a.name IN ('acme_carol', 'acme_other') ORDER BY a.name, b.asset;

-- What a trader of each sees, one who has accounts at both, and one who has none.
CREATE FUNCTION t.sees(symbols text[] DEFAULT '{TWIN,ACME-ONLY,MAIN-ONLY}') RETURNS TABLE (what text, seen text) LANGUAGE sql AS
$$
	SELECT 'accounts', (SELECT string_agg(a.name, ' ' ORDER BY a.name) FROM tradepost.accounts a WHERE a.name ~ '^(ten|acme)_')
	UNION ALL SELECT 'assets', (SELECT string_agg(DISTINCT a.name, ', ' ORDER BY a.name) FROM tradepost.assets a WHERE a.code = 'USD')
	UNION ALL SELECT 'instruments', (SELECT string_agg(i.symbol || ' ' || i.reference_price || ' ' || i.status, ', ' ORDER BY i.symbol, i.reference_price) FROM tradepost.instruments i WHERE i.symbol = ANY (symbols))
	UNION ALL SELECT 'market', (SELECT string_agg(m.symbol || ' ' || m.last_price, ', ' ORDER BY m.symbol, m.last_price) FROM tradepost.market m WHERE m.symbol = ANY (symbols))
	UNION ALL SELECT 'listed', (SELECT string_agg(e.symbol, ', ' ORDER BY e.seq) FROM tradepost.events e WHERE e.kind = 'listed' AND e.symbol = ANY (symbols))
	UNION ALL SELECT 'nameless', (SELECT count(*)::text FROM tradepost.events e WHERE e.symbol IS NULL AND e.asset IS NULL AND e.kind NOT IN ('cancelled_all', 'swept', 'rejected') AND e.kind IN ('listed', 'marked', 'halted', 'resumed'))
	UNION ALL SELECT 'trades', (SELECT string_agg(t.symbol || ' ' || t.price, ', ' ORDER BY t.seq) FROM tradepost.trades t WHERE t.symbol = ANY (symbols))
	UNION ALL SELECT 'orders', (SELECT string_agg(o.client_order_id, ' ' ORDER BY o.client_order_id) FROM tradepost.orders o WHERE o.symbol = ANY (symbols))
	UNION ALL SELECT 'ledger', (SELECT string_agg(DISTINCT l.symbol, ' ' ORDER BY l.symbol) FROM tradepost.ledger l WHERE l.symbol = ANY (symbols))
	UNION ALL SELECT 'book', (SELECT string_agg(b.side || ' ' || b.price, ', ' ORDER BY b.side, b.price) FROM tradepost.order_book('TWIN') b)
	UNION ALL SELECT 'tape', (SELECT string_agg(b.price::text, ', ' ORDER BY b.seq) FROM tradepost.tape('TWIN') b)
	UNION ALL SELECT 'candles', (SELECT string_agg(b.volume::text, ', ') FROM tradepost.candles('TWIN', '1d') b)
$$;
SET ROLE regress_tp_alice;
SELECT * FROM t.sees();
SET ROLE regress_tp_carol;
SELECT * FROM t.sees();
SET ROLE regress_tp_dave;
SELECT * FROM t.sees();
-- Who trades at both says which one is meant; without, it is the first.
SELECT b.price FROM tradepost.order_book('TWIN', 10, :acme) b WHERE b.side = 'sell';
SELECT b.price FROM tradepost.order_book('TWIN', tenant => 1) b WHERE b.side = 'sell';
SELECT b.price FROM tradepost.order_book('ACME-ONLY') b;
SELECT price FROM tradepost.tape('ACME-ONLY');
SET ROLE regress_tp_eve;
SELECT count(*) FROM tradepost.instruments;
SELECT count(*) FROM tradepost.assets;
SELECT count(*) FROM tradepost.market;
SELECT count(*) FROM tradepost.events;
RESET ROLE;

-- Another's symbol and one that never was: the same answer, to the letter.
CREATE FUNCTION t.alike(one text, other text, VARIADIC calls text[]) RETURNS TABLE (call text, code text, message text, alike boolean) LANGUAGE sql AS
$$
	SELECT regexp_replace(c.s, '\m\d+\M', 'N', 'g'), a.code, replace(a.message, one, 'X'), (a.code, replace(a.message, one, 'X'), a.hint) IS NOT DISTINCT FROM (b.code, replace(b.message, other, 'X'), b.hint)
	FROM unnest(calls) WITH ORDINALITY c (s, n), t.refused(replace(c.s, 'X', one)) a, t.refused(replace(c.s, 'X', other)) b ORDER BY c.n
$$;
SELECT t.account('ten_alice') AS alice, t.account('acme_carol') AS carol \gset
SET ROLE regress_tp_alice;
SELECT * FROM t.alike('ACME-ONLY', 'NEVER-WAS', 'SELECT tradepost.order_book(''X'')', 'SELECT tradepost.order_book(''X'', 10, 1)', 'SELECT tradepost.order_book(''X'', 10, 2)', 'SELECT tradepost.tape(''X'')',
	'SELECT tradepost.tape(''X'', 5, 2)', 'SELECT tradepost.candles(''X'')', 'SELECT tradepost.candles(''X'', ''1h'', NULL, NULL, 2)',
	format('SELECT tradepost.place_order(%s, ''X'', ''buy'', 1, 100)', t.account('ten_alice')), format('SELECT tradepost.cancel_all(%s, ''X'')', t.account('ten_alice')),
	format('SELECT tradepost.preview_order(%s, ''X'', ''buy'', 1, 100)', t.account('ten_alice')),
	format('SELECT tradepost.place_orders(ARRAY[%s], ARRAY[''X''], ARRAY[''buy'']::tradepost.side[], ARRAY[1], ARRAY[100])', t.account('ten_alice')),
	format('SELECT tradepost.place_bracket(%s, ''X'', ''buy'', 1, 100, 90, 110)', t.account('ten_alice')),
	format('SELECT tradepost.submit_commands(''[{"account": %s, "symbol": "X", "side": "buy", "quantity": 1, "price": 100}]'')', t.account('ten_alice')),
	format('INSERT INTO tradepost.orders (account, symbol, side, quantity, price) VALUES (%s, ''X'', ''buy'', 1, 100)', t.account('ten_alice')));
-- A tenant that is not there, and one that is not the caller's.
SELECT * FROM t.alike('2', '987654321', 'SELECT tradepost.order_book(''TWIN'', 10, X)', 'SELECT tradepost.tape(''TWIN'', 10, X)', 'SELECT tradepost.candles(''TWIN'', ''1h'', NULL, NULL, X)');
-- Accounts and orders.
SELECT * FROM t.alike(:'carol', '987654321', 'SELECT tradepost.account_summary(X)', 'SELECT tradepost.account_trades(X)', 'SELECT tradepost.account_ledger(X)', 'SELECT tradepost.place_order(X, ''TWIN'', ''buy'', 1, 100)',
	'SELECT tradepost.cancel_all(X)', 'SELECT tradepost.preview_order(X, ''TWIN'', ''buy'', 1, 100)');
RESET ROLE;
SELECT t.id('twin-5') AS carols \gset
SET ROLE regress_tp_alice;
SELECT count(*) FROM tradepost.decision(:carols);
SELECT count(*) FROM tradepost.order_history(:carols);
SELECT tradepost.cancel_order(:alice, :carols) AS one, tradepost.cancel_order(:alice, 987654321987) AS two \gset
SELECT tradepost.amend_order(:alice, :carols, 5) AS three, tradepost.amend_order(:alice, 987654321987, 5) AS four \gset
RESET ROLE;
:wait
SELECT reason FROM unnest(ARRAY[:one, :two, :three, :four]) WITH ORDINALITY u (id, n), tradepost.decision(u.id) ORDER BY n;
-- A function of the caller's own cannot look over the shoulder of what hides the rest.
CREATE TABLE t.peeked (what text);
GRANT INSERT ON t.peeked TO PUBLIC;
CREATE FUNCTION t.peek(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN INSERT INTO t.peeked VALUES ($1); RETURN true; END $$;
SET ROLE regress_tp_carol;
SELECT count(*) FROM tradepost.market WHERE t.peek('market ' || symbol || ' ' || mark);
SELECT count(*) FROM tradepost.instruments WHERE t.peek('instrument ' || symbol || ' ' || mark);
SELECT count(*) FROM tradepost.assets WHERE t.peek('asset ' || code || ' ' || name);
SELECT count(*) > 0 AS some FROM tradepost.events WHERE t.peek('event ' || symbol);
RESET ROLE;
SELECT DISTINCT what FROM t.peeked ORDER BY what;
SET ROLE regress_tp_carol;
SELECT r.code, r.message FROM unnest(ARRAY['SELECT * FROM tradepost.tenants', 'SELECT tradepost.create_tenant(''x'')', 'SELECT tradepost.set_tenant(2)', 'SELECT * FROM tradepost_edge.tenants()', 'SELECT * FROM tradepost.users', 'SELECT * FROM tradepost.subscriptions',
	'SELECT tradepost_internal.book(1, 1)']) WITH ORDINALITY u (s, n), t.refused(u.s) r ORDER BY n;
RESET ROLE;

-- Administrators and auditors see all; a symbol is the first tenant's unless they say whose.
SET ROLE regress_tp_auditor;
SELECT tenant = 1 AS ours, symbol, last_price FROM tradepost.market WHERE symbol IN ('TWIN', 'ACME-ONLY', 'MAIN-ONLY') ORDER BY symbol, last_price;
SELECT price FROM tradepost.order_book('TWIN') WHERE side = 'sell';
SELECT r.code, r.message FROM t.refused('SELECT tradepost.order_book(''ACME-ONLY'')') r;
SELECT price FROM tradepost.tape('ACME-ONLY', 10, :acme);
SET ROLE regress_tp_admin;
SELECT tradepost.set_mark('TWIN', 102) > 0 AS ours, tradepost.set_mark('TWIN', 510, :acme) > 0 AS theirs, tradepost.halt_instrument('TWIN', :acme) > 0 AS halted, tradepost.set_commission('TWIN', 0, 0, :acme) > 0 AS commission;
SELECT u.s, r.code, r.message FROM unnest(ARRAY['set_mark(''ACME-ONLY'', 500)', 'set_mark(''MAIN-ONLY'', 100, 2)', 'set_mark(''TWIN'', 100, NULL)', 'halt_instrument(''ACME-ONLY'')', 'resume_instrument(''MAIN-ONLY'', 2)', 'settle_instrument(''MAIN-ONLY'', 100, 2)',
	'halt_instrument(''TWIN'', 987654321)']) WITH ORDINALITY u (s, n), t.refused('SELECT tradepost.' || u.s) r ORDER BY n;
RESET ROLE;
:wait
SET ROLE regress_tp_alice;
SELECT symbol, mark, status, maker_rate FROM tradepost.instruments WHERE symbol = 'TWIN';
SELECT kind, price FROM tradepost.events WHERE symbol = 'TWIN' AND kind IN ('marked', 'halted') ORDER BY seq;
SET ROLE regress_tp_carol;
SELECT symbol, mark, status, maker_rate FROM tradepost.instruments WHERE symbol = 'TWIN';
SELECT kind, price FROM tradepost.events WHERE symbol = 'TWIN' AND kind IN ('marked', 'halted') ORDER BY seq;
RESET ROLE;
SELECT tradepost.resume_instrument('TWIN', :acme) > 0 AS resumed;
:wait

-- Users: one address is another user at each tenant, with another password, session and lockout.
CREATE FUNCTION t.tenant_user(name text, tenant bigint, tier text DEFAULT NULL, OUT u bigint, OUT s bigint) LANGUAGE plpgsql AS
$$
BEGIN
	u := (tradepost_edge.register(name || '@example.com', 'hash of ' || name || ' at ' || tenant, name, 'At ' || tenant, tier, NULL, NULL, tenant) -> 'user' ->> 'id')::bigint;
	s := (tradepost_edge.login_done(name || '@example.com', u, true, NULL, NULL, sha256((name || tenant)::bytea), tenant) ->> 'session')::bigint;
END
$$;
SELECT u AS ann1, s AS sann1 FROM t.tenant_user('ann', 1, 'pro') \gset
SELECT u AS ann2, s AS sann2 FROM t.tenant_user('ann', :acme) \gset
SELECT u AS bea2, s AS sbea2 FROM t.tenant_user('bea', :acme, 'pro') \gset
:wait
SELECT u.email, t.name, u.tier, b.asset, b.total FROM tradepost.users u JOIN tradepost.tenants t ON t.id = u.tenant JOIN tradepost.balances b ON b.account = u.account WHERE u.email LIKE '%@example.com' ORDER BY u.id;
SELECT r.code, r.message FROM unnest(ARRAY['1', '2', '987654321', 'NULL']) WITH ORDINALITY u (s, n), t.refused(format('SELECT tradepost_edge.register(''ANN@example.com'', ''h'', ''x'', ''y'', NULL, NULL, NULL, %s)', s)) r ORDER BY n;
SELECT l ->> 'hash' AS hash, (l ->> 'user')::bigint = :ann1 AS first, (l ->> 'user')::bigint = :ann2 AS second FROM unnest(ARRAY[1, :acme, 987654321]) WITH ORDINALITY u (x, n), tradepost_edge.login_lookup('ann@example.com', NULL, x) l ORDER BY n;
SELECT l ->> 'hash' AS hash FROM unnest(ARRAY[1, :acme]) WITH ORDINALITY u (x, n), tradepost_edge.login_lookup('bea@example.com', NULL, x) l ORDER BY n;
-- A user of one logs in to no other.
SELECT tradepost_edge.login_done('ann@example.com', :ann2, true, NULL, NULL, sha256('x'), 1) IS NULL AS refused, tradepost_edge.login_done('ann@example.com', :ann1, true, NULL, NULL, sha256('x'), :acme) IS NULL AS refused_too,
	tradepost_edge.login_done('bea@example.com', :bea2, true, NULL, NULL, sha256('x')) IS NULL AS by_default;
SELECT count(tradepost_edge.login_done('ann@example.com', :ann2, false, NULL, NULL, sha256('x'), :acme)) FROM generate_series(1, 5);
SELECT u.x = 1 AS ours, (l ->> 'wait')::integer > 0 AS locked FROM unnest(ARRAY[1, :acme]) WITH ORDINALITY u (x, n), tradepost_edge.login_lookup('ann@example.com', NULL, x) l ORDER BY n;
SELECT tradepost_edge.login_done('ann@example.com', :ann1, true, NULL, NULL, sha256('ann1 again'), 1) ->> 'tenant' AS still;
-- Nor does its refresh token, which stays as good as it was.
SELECT tradepost_edge.refresh(sha256('bea2'), sha256('bea2-2'), NULL, NULL, 1) AS refused;
SELECT tradepost_edge.refresh(sha256('never'), sha256('bea2-2'), NULL, NULL, 1) AS the_same;
SELECT j ->> 'tier' AS tier, (j ->> 'tenant')::bigint = :acme AS theirs, (j ->> 'tierUntil')::bigint > extract(epoch FROM now()) AS until FROM tradepost_edge.refresh(sha256('bea2'), sha256('bea2-2'), NULL, NULL, :acme) j;
SELECT (j ->> 'tenant')::bigint = :acme AS theirs FROM tradepost_edge.session_info(:bea2, :sbea2) j;
SELECT tradepost.set_tenant(:acme, NULL, '{"registration": "closed", "currency": "CHF"}');
SELECT * FROM t.refused('SELECT t.tenant_user(''zoe'', 2)');
SELECT tradepost.set_tenant(:acme, NULL, '{"registration": "open", "demoBalance": 0, "currency": "CHF", "prices": {"pro": "149.50"}}');
SELECT u AS cleo2, s AS scleo2 FROM t.tenant_user('cleo', :acme) \gset
:wait
SELECT count(*) FROM tradepost.balances b JOIN tradepost.users u ON u.account = b.account WHERE u.id = :cleo2;

-- The edge's public functions: of the tenant that the proxy says, else the user's, else the first.
CREATE FUNCTION t.shown(function text, u bigint, args jsonb) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	answer jsonb;
BEGIN
	EXECUTE format('SELECT tradepost_edge.%I($1, NULL, $2)', function) INTO answer USING u, args;
	RETURN (SELECT string_agg((x ->> 'symbol') || coalesce(' ' || coalesce(x ->> 'price', x ->> 'mark', x ->> 'volume'), ''), ', ' ORDER BY x ->> 'symbol', x ->> 'price', x ->> 'id')
		FROM jsonb_array_elements(coalesce(answer -> 'instruments', answer -> 'markets', answer -> 'trades')) x WHERE x ->> 'symbol' IN ('TWIN', 'ACME-ONLY', 'MAIN-ONLY'));
END
$$;
SELECT f, a.what, t.shown(f, a.u, a.args) FROM unnest(ARRAY['instruments', 'market', 'trades']) WITH ORDINALITY x (f, n), (VALUES (1, 'no tenant', NULL, '{}'::jsonb), (2, 'first', NULL, '{"tenant": 1}'), (3, 'second', NULL, '{"tenant": 2}'), (4, 'by user', :bea2, '{}'),
	(5, 'nobody''s', NULL, '{"tenant": 987654321}')) a (n, what, u, args) ORDER BY x.n, a.n;
SELECT c -> 'candles' -> 0 ->> 'close' AS close FROM unnest(ARRAY[1, 2]) WITH ORDINALITY u (x, n), tradepost_edge.candles(NULL, NULL, jsonb_build_object('param', 'TWIN', 'tenant', x)) c ORDER BY n;
SELECT r.code, r.message FROM unnest(ARRAY['"2"', '{}', '1.5', '-1']) WITH ORDINALITY u (x, n), t.refused(format('SELECT tradepost_edge.market(NULL, NULL, ''{"tenant": %s}'')', x)) r ORDER BY n;
SELECT * FROM t.alike('ACME-ONLY', 'NEVER-WAS', 'SELECT tradepost_edge.market(NULL, NULL, ''{"tenant": 1, "query": {"symbol": "X"}}'')', 'SELECT tradepost_edge.instruments(NULL, NULL, ''{"query": {"symbol": "X"}}'')',
	'SELECT tradepost_edge.trades(NULL, NULL, ''{"query": {"symbol": "X"}}'')', 'SELECT tradepost_edge.candles(NULL, NULL, ''{"param": "X"}'')');
SELECT symbol, mark, tenant = 1 AS ours FROM tradepost_edge.instruments_raw() WHERE symbol IN ('TWIN', 'ACME-ONLY', 'MAIN-ONLY') ORDER BY symbol, tenant;
SELECT t.id = 1 AS ours, x ->> 'tier' AS tier, x ->> 'price' AS price, x ->> 'currency' AS currency FROM unnest(ARRAY[1, :acme]) WITH ORDINALITY t (id, n), json_array_elements(tradepost_edge.tiers_list(NULL, NULL, json_build_object('tenant', t.id)::jsonb) -> 'tiers') x ORDER BY t.n, (x ->> 'price')::numeric;

-- Private functions: of the caller's tenant, whatever the call says.
SELECT n, sqlstate, message FROM tradepost_edge.place_each(ARRAY[:ann1, :bea2, :ann1, :bea2, :ann1, :bea2], ARRAY[:sann1, :sbea2, :sann1, :sbea2, :sbea2, :sann1], ARRAY['ann', 'bea', NULL, NULL, NULL, NULL],
	ARRAY['{"symbol": "TWIN", "side": "buy", "price": 60, "quantity": 1, "timeInForce": "gtc"}', '{"symbol": "ACME-ONLY", "side": "buy", "price": 400, "quantity": 1, "timeInForce": "gtc"}', '{"symbol": "ACME-ONLY", "side": "buy", "price": 400, "quantity": 1}',
		'{"symbol": "MAIN-ONLY", "side": "buy", "price": 90, "quantity": 1}', '{"symbol": "TWIN", "side": "buy", "price": 60, "quantity": 1}', '{"symbol": "TWIN", "side": "buy", "price": 400, "quantity": 1}']);
:wait
SELECT t.id('ann') AS anns, t.id('bea') AS beas \gset
SELECT jsonb_array_length(j -> 'orders') AS orders, j -> 'orders' -> 0 ->> 'symbol' AS symbol FROM unnest(ARRAY[:ann1, :bea2], ARRAY[:sann1, :sbea2]) WITH ORDINALITY x (u, s, n), LATERAL (SELECT tradepost_edge.orders_list(u, s, '{"tenant": 1}')::jsonb AS j) y ORDER BY n;
SELECT * FROM t.alike(:'beas', '987654321', format('SELECT tradepost_edge.order_get(%s, %s, ''{"param": "X"}'')', :ann1, :sann1), format('SELECT tradepost_edge.order_cancel(%s, %s, ''{"param": "X"}'')', :ann1, :sann1),
	format('SELECT tradepost_edge.order_amend(%s, %s, ''{"param": "X", "body": {"quantity": 2}}'')', :ann1, :sann1));
SELECT * FROM t.alike('ACME-ONLY', 'NEVER-WAS', format('SELECT tradepost_edge.orders_list(%s, %s, ''{"query": {"symbol": "X"}, "tenant": 2}'')', :ann1, :sann1), format('SELECT tradepost_edge.orders_cancel_all(%s, %s, ''{"body": {"symbol": "X"}, "tenant": 2}'')', :ann1, :sann1),
	format('SELECT tradepost_edge.trades(%s, %s, ''{"query": {"symbol": "X", "mine": "true"}, "tenant": 2}'')', :ann1, :sann1));
SELECT r.* FROM t.refused(format('SELECT tradepost_edge.profile(%s, %s, ''{}'')', :ann1, :sbea2)) r;

-- Whatever has a number: a stranger's at the other tenant, one of the same user name's, and one that never was are the same.
SELECT (tradepost_edge.signals_post(:bea2, :sbea2, '{"body": {"symbol": "TWIN", "type": "buy", "entry_price": 500, "stop_loss": 490, "take_profit": 520, "volume": 1, "confidence": 50}}') -> 'signal' ->> 'id') AS signal2 \gset
SELECT (tradepost_edge.signal_execute(:bea2, :sbea2, jsonb_build_object('body', jsonb_build_object('signalId', :signal2))) -> 'execution' ->> 'id') AS execution2 \gset
SELECT tradepost_edge.mt5_account_add(:bea2, :sbea2, '{"body": {"login": "1", "server": "Acme-Live"}}', '\x00') -> 'account' ->> 'id' AS terminal2 \gset
SELECT tradepost_edge.api_key_add(:bea2, :sbea2, '{"body": {"name": "k", "scopes": ["read"]}}', sha256('key of bea'), 'hint') -> 'apiKey' ->> 'id' AS key2 \gset
:wait
SELECT min(id) AS note2 FROM tradepost_internal.notifications WHERE user_id = :bea2 \gset
SELECT c.what, a.code, a.message ~ '987654321|X' AS told, (a.code, replace(a.message, c.id, 'X')) IS NOT DISTINCT FROM (b.code, replace(b.message, '987654321', 'X')) AS alike
FROM (VALUES (1, 'signal_get', :'signal2'), (2, 'signal_cancel', :'signal2'), (3, 'execution_get', :'execution2'), (4, 'mt5_account_remove', :'terminal2'), (5, 'api_key_remove', :'key2'), (6, 'session_end', :'sbea2')) c (n, what, id),
	t.refused(format('SELECT tradepost_edge.%I(%s, %s, ''{"param": "%s"}'')', c.what, :ann1, :sann1, c.id)) a, t.refused(format('SELECT tradepost_edge.%I(%s, %s, ''{"param": "987654321"}'')', c.what, :ann1, :sann1)) b ORDER BY c.n;
SELECT * FROM t.alike(:'signal2', '987654321', format('SELECT tradepost_edge.signal_execute(%s, %s, ''{"body": {"signalId": X}}'')', :ann1, :sann1));
SELECT jsonb_array_length(j -> 'signals') AS signals FROM unnest(ARRAY[:ann1, :bea2], ARRAY[:sann1, :sbea2]) WITH ORDINALITY x (u, s, n), LATERAL (SELECT tradepost_edge.signals_list(u, s, '{"query": {"symbol": "TWIN"}, "tenant": 2}')::jsonb AS j) y ORDER BY n;
-- The other's own is still there.
SELECT j -> 'signal' ->> 'status' IN ('active', 'triggered') AS there FROM tradepost_edge.signal_get(:bea2, :sbea2, jsonb_build_object('param', :'signal2')) j;
SELECT json_array_length(tradepost_edge.api_keys_list(:bea2, :sbea2, '{}') -> 'apiKeys') AS keys, json_array_length(tradepost_edge.mt5_accounts_list(:bea2, :sbea2, '{}') -> 'accounts') AS terminals;
SELECT count(*) AS pushed_across FROM tradepost_internal.pushes p JOIN tradepost_internal.users u ON u.id = p.user_id WHERE u.tenant <> p.tenant;

SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;
DROP ROLE regress_tp_carol, regress_tp_dave, regress_tp_eve;
