--
-- Signals through the edge: posted, executed as a bracket that the engine decides, and what the market makes of both.
-- Ids differ from run to run and are not shown.
--
\set SHOW_CONTEXT never
\set wait 'SELECT max(id) AS last_id FROM tradepost.commands \\gset \\\\ CALL tradepost.wait_for_order(:last_id) \\gset wait_'
SELECT tradepost.create_instrument('SIGNAL', 'spot', 'EDGE', 'USD', 0.01, 1, 10, contract_size => 10) > 0 AS listed;
DO $$ BEGIN PERFORM t.edge_user('sia'), t.edge_user('tom'), t.edge_user('una'); END $$;
SELECT tradepost.set_tier(t.u('sia'), 'pro');
SELECT count(tradepost.deposit((SELECT account FROM tradepost.users WHERE id = t.u('una')), 'EDGE', 1000)) AS deposits;
:wait
-- The follower is asynchronous: until it has made this of the newest signal, or 3 minutes have gone.
CREATE PROCEDURE t.until(wanted text) LANGUAGE plpgsql AS $$
DECLARE
	is_now text;
BEGIN
	FOR i IN 1 .. 9000 LOOP
		SELECT concat_ws(' ', x ->> 'status', x ->> 'outcome') INTO is_now FROM (SELECT to_jsonb(tradepost_internal.signal_json(s)) AS x FROM tradepost_internal.signals s ORDER BY s.id DESC LIMIT 1) y;
		COMMIT;
		EXIT WHEN is_now = wanted;
		PERFORM pg_sleep(0.02);
	END LOOP;
	RAISE NOTICE 'the signal is %', is_now;
END
$$;
CREATE FUNCTION t.execution() RETURNS TABLE (status text, outcome text, reason text, filled text, price text, entry tradepost.order_status, stop tradepost.order_status, target tradepost.order_status) LANGUAGE sql AS $$
	SELECT e.json ->> 'status', e.json ->> 'outcome', e.json ->> 'reason', e.json ->> 'filled', e.json ->> 'averagePrice', a.status, b.status, c.status
	FROM tradepost_internal.edge_executions e, tradepost.orders a, tradepost.orders b, tradepost.orders c
	WHERE a.id = (e.json -> 'orders' ->> 'entry')::bigint AND b.id = (e.json -> 'orders' ->> 'stopLoss')::bigint AND c.id = (e.json -> 'orders' ->> 'takeProfit')::bigint ORDER BY e.id DESC LIMIT 1 $$;

SELECT jsonb_pretty(t.call('signals_post', 'sia', '{"body": {"symbol": "SIGNAL", "type": "buy", "entry_price": 10, "stop_loss": "9.5", "takeProfit": 10.5, "volume": 0.2, "confidence": 85, "reasoning": "Why."}}')
	#- '{signal,id}' #- '{signal,author}' #- '{signal,created_at}' #- '{signal,expires_at}');
SELECT max(id) AS signal FROM tradepost_internal.signals \gset
SELECT message, hint FROM t.refused('SELECT t.call(''signals_post'', ''tom'', ''{"body": {"symbol": "SIGNAL"}}'')') r;
SELECT message, hint FROM t.refused('SELECT t.call(''signals_post'', ''sia'', ''{"body": {"symbol": "SIGNAL", "type": "buy", "entry_price": 10, "stop_loss": 10.5, "take_profit": 11, "volume": 1, "confidence": 1}}'')') r;

-- Executed: the entry waits in the book, what protects it waits for it.
SELECT jsonb_pretty(t.call('signal_execute', 'tom', jsonb_build_object('body', jsonb_build_object('signalId', :signal)))
	#- '{execution,id}' #- '{execution,signal}' #- '{execution,orders}' #- '{execution,createdAt}');
:wait
SELECT * FROM t.execution();
SELECT t.call('signal_execute', 'tom', jsonb_build_object('body', jsonb_build_object('signal_id', :signal::text))) -> 'repeated' AS repeated;
SELECT code, regexp_replace(message, '\d+', 'N', 'g') AS message FROM t.refused(format('SELECT t.call(''signal_execute'', ''tom'', ''{"body": {"signalId": %s, "orderType": "market"}}'')', :signal)) r;
-- A sell at the entry triggers the signal and fills the execution.
SELECT sqlstate FROM t.each(('una', NULL, '{"symbol": "SIGNAL", "side": "sell", "price": 10, "quantity": 2}'));
:wait
CALL t.until('triggered');
SELECT * FROM t.execution();
-- A fall to the stop: somebody bids there, somebody else sells, and so does the stop.
SELECT sqlstate FROM t.each(('sia', NULL, '{"symbol": "SIGNAL", "side": "buy", "price": 9.5, "quantity": 4}'), ('una', NULL, '{"symbol": "SIGNAL", "side": "sell", "price": 9.5, "quantity": 1}'));
:wait
CALL t.until('closed hit_stop');
SELECT * FROM t.execution();

-- A sell signal to its target, the entry at market.
SELECT t.call('signals_post', 'sia', '{"body": {"signals": [{"symbol": "SIGNAL", "type": "sell", "entry_price": 9.5, "stop_loss": 10, "take_profit": 9, "volume": 0.1, "confidence": 60, "source": "model 1"}]}}') -> 'signals' -> 0 -> 'source' AS source;
SELECT max(id) AS signal FROM tradepost_internal.signals \gset
SELECT t.call('signal_execute', 'una', jsonb_build_object('body', jsonb_build_object('signalId', :signal, 'orderType', 'market', 'clientOrderId', 'una 1'))) -> 'execution' -> 'clientOrderId' AS key;
:wait
CALL t.until('triggered');
SELECT * FROM t.execution();
SELECT sqlstate FROM t.each(('sia', NULL, '{"symbol": "SIGNAL", "side": "sell", "price": 9, "quantity": 3}'),
	('tom', NULL, '{"symbol": "SIGNAL", "side": "buy", "price": 9, "quantity": 1}'));
:wait
CALL t.until('closed hit_target');
SELECT * FROM t.execution();
SELECT s.source, count(*) FROM tradepost_internal.order_sources s WHERE s.signal = :signal GROUP BY 1;

-- An entry that there is no money for takes its protection with it, and leaves nothing.
SELECT t.call('signals_post', 'sia', '{"body": {"symbol": "SIGNAL", "type": "sell", "entry_price": 9, "stop_loss": 10, "take_profit": 8, "volume": 100, "confidence": 60}}') -> 'signal' -> 'volume' AS volume;
SELECT max(id) AS signal FROM tradepost_internal.signals \gset
SELECT t.call('signal_execute', 'tom', jsonb_build_object('body', jsonb_build_object('signalId', :signal))) -> 'execution' -> 'quantity' AS quantity;
:wait
SELECT status, outcome, reason, filled, entry, stop IN ('cancelled', 'rejected') AND target IN ('cancelled', 'rejected') AS gone FROM t.execution();
SELECT t.call('signal_execute', 'tom', jsonb_build_object('body', jsonb_build_object('signalId', :signal))) -> 'repeated' AS repeated;
SELECT t.call('signal_cancel', 'sia', jsonb_build_object('param', :'signal')) -> 'signal' -> 'status' AS status;
SELECT code, replace(message, :'signal', 'N') AS message, hint FROM t.refused(format('SELECT t.call(''signal_cancel'', ''sia'', ''{"param": "%s"}'')', :signal)) r;
:wait
SELECT x ->> 'status' AS status, x ->> 'type' AS type, x ->> 'source' AS source FROM jsonb_array_elements(t.call('executions_list', 'tom', NULL) -> 'executions') x;
SELECT x ->> 'status' AS status, x ->> 'outcome' AS outcome, x ->> 'type' AS type FROM jsonb_array_elements(t.call('signals_list', 'tom', '{"query": {"symbol": "SIGNAL"}}') -> 'signals') x;
SELECT t.call('orders_cancel_all', who, NULL) IS NOT NULL AS cancelled FROM unnest('{sia,tom,una}'::text[]) who;
:wait
