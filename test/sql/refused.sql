--
-- What is refused in the call: nothing is written, the code is ours, and the message names
-- field, value and limit.
--
\set SHOW_CONTEXT never
\set wait 'SELECT max(id) AS last_id FROM tradepost.commands \\gset \\\\ CALL tradepost.wait_for_order(:last_id) \\gset wait_'
SELECT tradepost.create_instrument('REFUSE', 'spot', 'EUR', 'USD', 0.01, 10, 100, max_price => 500, max_quantity => 1000) > 0 AS listed;
SELECT tradepost.create_instrument('Refuse', 'future', 'Wheat', 'USD', 0.25, 1, 600, multiplier => 50, allow_negative => true, max_price => 6000) > 0 AS listed;
DO $$ BEGIN PERFORM t.open(100000, 1000, 'refuse_a'); END $$;
:wait
SELECT max(id) AS before FROM tradepost.commands \gset

-- Every argument is one of place_order's, in SQL; the rest is good.
CREATE FUNCTION t.refused_order(VARIADIC arguments text[]) RETURNS TABLE (code text, message text, hint text) LANGUAGE sql AS
$$
	SELECT r.* FROM t.refused((SELECT 'SELECT tradepost.place_order(' || string_agg(format('%s => %s', n, coalesce(given, good)), ', ') || ')'
		FROM (VALUES ('account', t.account('refuse_a')::text), ('symbol', '''REFUSE'''), ('side', '''buy'''), ('quantity', '10'), ('price', '100'),
			('type', '''limit'''), ('time_in_force', '''gtc'''), ('client_order_id', 'NULL'), ('expires_at', 'NULL'), ('stp', '''cancel_taker'''), ('post_only', 'false'),
			('stop_price', 'NULL'), ('oco', 'NULL')) v (n, good)
		LEFT JOIN LATERAL (SELECT substr(a, length(n) + 2) AS given FROM unnest(arguments) a WHERE split_part(a, '=', 1) = n) g ON true)) r
$$;

-- Unknown things, and another's.
SELECT * FROM t.refused_order('symbol=''NOSUCH''');
SELECT * FROM t.refused_order('symbol=''refuse''');
SELECT * FROM t.refused_order('symbol=NULL');
SELECT * FROM t.refused_order('account=987654321');
SELECT * FROM t.refused_order('account=NULL');
SELECT * FROM t.refused(format('SELECT tradepost.deposit(%s, ''XYZ'', 1)', t.account('refuse_a')));
SELECT * FROM t.refused('SELECT tradepost.deposit(987654321, ''USD'', 1)');
SET ROLE regress_tp_alice;
SELECT * FROM t.refused('SELECT tradepost.place_order(' || (SELECT count(*) FROM tradepost.accounts) + 1 || ', ''REFUSE'', ''buy'', 10, 100)');
RESET ROLE;

-- Quantities.
SELECT * FROM t.refused_order('quantity=NULL');
SELECT * FROM t.refused_order('quantity=0');
SELECT * FROM t.refused_order('quantity=-10');
SELECT * FROM t.refused_order('quantity=''NaN''');
SELECT * FROM t.refused_order('quantity=''Infinity''');
SELECT * FROM t.refused_order('quantity=''-Infinity''');
SELECT * FROM t.refused_order('quantity=15');
SELECT * FROM t.refused_order('quantity=10.000000001');
SELECT * FROM t.refused_order('quantity=1010');
SELECT * FROM t.refused_order('quantity=92233720368.54775808');
SELECT * FROM t.refused_order('quantity=1e100');

-- Prices.
SELECT * FROM t.refused_order('price=0');
SELECT * FROM t.refused_order('price=-1');
SELECT * FROM t.refused_order('price=''NaN''');
SELECT * FROM t.refused_order('price=''Infinity''');
SELECT * FROM t.refused_order('price=100.005');
SELECT * FROM t.refused_order('price=100.000000001');
SELECT * FROM t.refused_order('price=500.01');
SELECT * FROM t.refused_order('price=1e30');
SELECT * FROM t.refused_order('symbol=''Refuse''', 'quantity=1', 'price=-6000.25');

-- Stop prices: a price like any other, of the types that wait for one.
SELECT * FROM t.refused_order('stop_price=90');
SELECT * FROM t.refused_order('type=''market''', 'time_in_force=''ioc''', 'price=NULL', 'stop_price=90');
SELECT * FROM t.refused_order('type=''stop''', 'price=NULL');
SELECT * FROM t.refused_order('type=''stop_limit''');
SELECT * FROM t.refused_order('type=''take_profit''', 'price=NULL');
SELECT * FROM t.refused_order('type=''stop''', 'stop_price=90');
SELECT * FROM t.refused_order('type=''take_profit''', 'stop_price=90');
SELECT * FROM t.refused_order('type=''stop_limit''', 'price=NULL', 'stop_price=90');
SELECT * FROM t.refused_order('type=''stop''', 'price=NULL', 'stop_price=90.005');
SELECT * FROM t.refused_order('type=''stop''', 'price=NULL', 'stop_price=0');
SELECT * FROM t.refused_order('type=''stop''', 'price=NULL', 'stop_price=-90');
SELECT * FROM t.refused_order('type=''stop''', 'price=NULL', 'stop_price=500.01');
SELECT * FROM t.refused_order('type=''stop''', 'price=NULL', 'stop_price=''NaN''');
SELECT * FROM t.refused_order('type=''stop''', 'price=NULL', 'stop_price=''Infinity''');
SELECT * FROM t.refused_order('type=''stop''', 'price=NULL', 'stop_price=1e30');
SELECT * FROM t.refused_order('symbol=''Refuse''', 'quantity=1', 'type=''stop''', 'price=NULL', 'stop_price=-6000.25');
SELECT * FROM t.refused_order('type=''stop''', 'price=NULL', 'stop_price=90', 'time_in_force=''ioc''');
SELECT * FROM t.refused_order('type=''take_profit''', 'price=NULL', 'stop_price=90', 'time_in_force=''fok''');
SELECT * FROM t.refused_order('type=''stop_limit''', 'stop_price=90', 'post_only=true');
SELECT * FROM t.refused_order('type=''stop''', 'price=NULL', 'stop_price=90', 'quantity=15');
SELECT * FROM t.refused_order('oco=0');
SELECT * FROM t.refused_order('oco=9000000000000000000');

-- What does not go together.
SELECT * FROM t.refused_order('price=NULL');
SELECT * FROM t.refused_order('type=''market''');
SELECT * FROM t.refused_order('type=''market''', 'price=NULL', 'time_in_force=''gtc''');
SELECT * FROM t.refused_order('side=NULL');
SELECT * FROM t.refused_order('time_in_force=''gtd''');
SELECT * FROM t.refused_order('time_in_force=''gtd''', 'expires_at=''2001-01-01 00:00:00+00''');
SELECT * FROM t.refused_order('time_in_force=''gtd''', 'expires_at=''infinity''');
SELECT * FROM t.refused_order('time_in_force=''gtd''', 'expires_at=''-infinity''');
SELECT * FROM t.refused_order('expires_at=''2199-01-01 00:00:00+00''');
SELECT * FROM t.refused_order('time_in_force=''ioc''', 'post_only=true');
SELECT * FROM t.refused_order('client_order_id=''''');
SELECT * FROM t.refused_order('client_order_id=repeat(''x'', 129)');

-- Words that do not exist never reach the function.
SELECT * FROM t.refused_order('side=''hold''');

-- Money.
SELECT r.* FROM unnest(ARRAY['0', '-1', '''NaN''', '''Infinity''', '0.001', '1e11', 'NULL']) WITH ORDINALITY u (a, n),
	t.refused(format('SELECT tradepost.deposit(%s, ''USD'', %s)', t.account('refuse_a'), a)) r ORDER BY n;
SELECT r.* FROM unnest(ARRAY['0', '-1', '''NaN''']) WITH ORDINALITY u (a, n),
	t.refused(format('SELECT tradepost.withdraw(%s, ''USD'', %s)', t.account('refuse_a'), a)) r ORDER BY n;
SELECT * FROM t.refused('SELECT tradepost.set_mark(''REFUSE'', 100.001)');
SELECT * FROM t.refused('SELECT tradepost.set_mark(''REFUSE'', 0)');
SELECT * FROM t.refused('SELECT tradepost.set_mark(''NOSUCH'', 1)');
SELECT * FROM t.refused('SELECT tradepost.settle_instrument(''REFUSE'', ''NaN'')');

-- Many at once: all or none, and the error says which.
SELECT * FROM t.refused(format('SELECT tradepost.place_orders(ARRAY[%s], ARRAY[''REFUSE''], ARRAY[''buy'']::tradepost.side[], ARRAY[10, 20, 25], ARRAY[100.0])', t.account('refuse_a')));
SELECT * FROM t.refused(format('SELECT tradepost.place_orders(ARRAY[%s], ARRAY[''REFUSE'', ''REFUSE''], ARRAY[''buy'']::tradepost.side[], ARRAY[10, 20, 30], ARRAY[100.0])', t.account('refuse_a')));
SELECT r.* FROM unnest(ARRAY[
		'{}', '[1]', '[{"command": "fly"}]', '[{"account": 1, "symbl": "REFUSE"}]', '[{"command": "cancel", "account": 1}]',
		'[{"command": "cancel", "account": 1, "order_id": 1, "price": 1}]', '[{"command": "cancel", "account": 1, "order_index": 0}]',
		'[{"account": 1.5}]', '[{"account": 1, "symbol": "REFUSE", "side": "hold"}]',
		'[{"account": 1, "symbol": "REFUSE", "side": "buy", "quantity": {}}]', '[{"account": 1, "symbol": "REFUSE", "side": "buy", "post_only": 1}]',
		'[{"account": 1, "symbol": "REFUSE", "side": "buy", "quantity": "ten"}]', '[{"account": 1, "symbol": "REFUSE", "side": "buy", "quantity": "NaN"}]',
		'[{"account": 99999999999999999999}]', '[{"account": "1e3"}]', NULL]) WITH ORDINALITY u (c, n),
	t.refused(format('SELECT tradepost.submit_commands(%L)', c)) r ORDER BY n;
-- Arrays that must be given.
SELECT r.* FROM generate_series(1, 4) n, t.refused(format('SELECT tradepost.place_orders(%s, %s, %s, %s, ARRAY[100])',
	CASE n WHEN 1 THEN 'NULL' ELSE 'ARRAY[1]' END, CASE n WHEN 2 THEN 'NULL' ELSE 'ARRAY[''REFUSE'']' END, CASE n WHEN 3 THEN 'NULL' ELSE 'ARRAY[''buy'']::tradepost.side[]' END,
	CASE n WHEN 4 THEN 'NULL' ELSE 'ARRAY[10]' END)) r ORDER BY n;
-- Times: the error names the field, and its context the command.
SELECT r.* FROM unnest(ARRAY['"tomorrowish"', '"2030-13-01"', '"2030-01-01 25:00"', '""', '"294277-01-01"', '20300101', '{}', '"infinity"', '"-infinity"', '"2001-01-01T00:00:00Z"', '"' || repeat('9', 500) || '"'])
		WITH ORDINALITY u (e, n),
	t.refused(format('SELECT tradepost.submit_commands(%L)', format('[{"account": %s, "symbol": "REFUSE", "side": "buy", "quantity": 10, "price": 100, "time_in_force": "gtd", "expires_at": %s}]',
		t.account('refuse_a'), e))) r ORDER BY n;
\set SHOW_CONTEXT errors
SELECT tradepost.submit_commands(jsonb_build_array(o || '{"quantity": 10}', o || '{"quantity": 10, "time_in_force": "gtd", "expires_at": "soon"}'))
FROM (SELECT jsonb_build_object('account', t.account('refuse_a'), 'symbol', 'REFUSE', 'side', 'buy', 'price', 100) AS o) x;
\set SHOW_CONTEXT never

-- Two-phase commit would leave a command between done and undone.
BEGIN;
SELECT tradepost.place_order(t.account('refuse_a'), 'REFUSE', 'buy', 10, 100) > 0 AS placed;
PREPARE TRANSACTION 'tradepost';

-- Waiting needs the commit first.
BEGIN;
CALL tradepost.wait_for_order(1);
ROLLBACK;
CALL tradepost.wait_for_order(0);
\set VERBOSITY terse
CALL tradepost.wait_for_order(9000000000000000000, '0 s');
CALL tradepost.wait_for_seq(9000000000000000000, '0 s');
\set VERBOSITY default
CALL tradepost.wait_for_seq(1, '-1 s');

-- Nothing was written.
SELECT count(*) FROM tradepost.commands WHERE id > :before;
SELECT count(*) FROM tradepost.orders WHERE account = t.account('refuse_a');

SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;
