-- Waiting for the engine.  Procedures: they end the caller's transaction first, and
-- hold no snapshot while they wait.

CREATE OR REPLACE PROCEDURE tradepost.submit_order(
	account bigint, symbol text, side tradepost.side, quantity numeric, price numeric DEFAULT NULL,
	type tradepost.order_type DEFAULT 'limit', time_in_force tradepost.time_in_force DEFAULT 'day',
	client_order_id text DEFAULT NULL, expires_at timestamptz DEFAULT NULL,
	stp tradepost.stp DEFAULT 'cancel_taker', post_only boolean DEFAULT false, stop_price numeric DEFAULT NULL, oco bigint DEFAULT NULL,
	INOUT result jsonb DEFAULT NULL)
	LANGUAGE c AS 'MODULE_PATHNAME', 'tradepost_submit_order';
COMMENT ON PROCEDURE tradepost.submit_order(bigint, text, tradepost.side, numeric, numeric, tradepost.order_type, tradepost.time_in_force, text, timestamptz, tradepost.stp, boolean, numeric, bigint, jsonb) IS
'Places an order, commits, waits for the decision (10 s at most) and returns the order as it then is: a row of the view orders, decimals as strings. Not inside a transaction block.';

CREATE OR REPLACE PROCEDURE tradepost.wait_for_order(id bigint, timeout interval DEFAULT '10 seconds', INOUT result jsonb DEFAULT NULL)
	LANGUAGE c AS 'MODULE_PATHNAME', 'tradepost_wait_for_order';
COMMENT ON PROCEDURE tradepost.wait_for_order(bigint, interval, jsonb) IS
'Waits until a committed command is decided; returns the order, or for other commands the deciding event: a row of the view orders or events, decimals as strings. TP012 if it is not decided in
time.';

CREATE OR REPLACE PROCEDURE tradepost.wait_for_seq(seq bigint, timeout interval DEFAULT '10 seconds')
	LANGUAGE c AS 'MODULE_PATHNAME', 'tradepost_wait_for_seq';
COMMENT ON PROCEDURE tradepost.wait_for_seq(bigint, interval) IS 'Waits until the engine has committed the event with this seq, or a later one. TP012 if it does not in time.';
