-- Placing orders: each call inserts command rows in the caller's transaction.

CREATE OR REPLACE FUNCTION tradepost.place_order(
	account bigint, symbol text, side tradepost.side, quantity numeric, price numeric DEFAULT NULL,
	type tradepost.order_type DEFAULT 'limit', time_in_force tradepost.time_in_force DEFAULT 'day',
	client_order_id text DEFAULT NULL, expires_at timestamptz DEFAULT NULL,
	stp tradepost.stp DEFAULT 'cancel_taker', post_only boolean DEFAULT false, stop_price numeric DEFAULT NULL, oco bigint DEFAULT NULL)
	RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_place_order';
COMMENT ON FUNCTION tradepost.place_order(bigint, text, tradepost.side, numeric, numeric, tradepost.order_type, tradepost.time_in_force, text, timestamptz, tradepost.stp, boolean, numeric, bigint) IS
'Places an order and returns its id. The order is decided after this transaction commits; CALL tradepost.wait_for_order(id) waits for it.
price and quantity: on the instrument''s tick and lot; price in the quote asset, for limit and stop_limit orders only. client_order_id: up to 128 bytes, unique per account; the same request
again returns the first id, another request under it raises TP007. expires_at: for gtd only.
stop_price: for stop, stop_limit and take_profit orders only, the price of the last trade that triggers them; risk is checked then. oco: an order of the same account and instrument, one of the two untriggered: when either
trades, triggers or ends, the other is cancelled (linked_order). NULL means not given, as in every other way to place an order: type, time_in_force, stp and
post_only then have their default. Errors: class TP, see extension/errcodes.txt.';

CREATE OR REPLACE FUNCTION tradepost.place_orders(
	accounts bigint[], symbols text[], sides tradepost.side[], quantities numeric[], prices numeric[] DEFAULT NULL,
	types tradepost.order_type[] DEFAULT NULL, times_in_force tradepost.time_in_force[] DEFAULT NULL,
	client_order_ids text[] DEFAULT NULL, expire_times timestamptz[] DEFAULT NULL,
	stps tradepost.stp[] DEFAULT NULL, post_onlys boolean[] DEFAULT NULL, stop_prices numeric[] DEFAULT NULL)
	RETURNS bigint[] LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_place_orders';
COMMENT ON FUNCTION tradepost.place_orders(bigint[], text[], tradepost.side[], numeric[], numeric[], tradepost.order_type[], tradepost.time_in_force[], text[], timestamptz[], tradepost.stp[], boolean[], numeric[]) IS
'Places many orders in one call, all or none; returns their ids in order. quantities says how many; each other array has as many elements, or one that holds for all; from prices on it may be
NULL. A NULL element means not given, as in place_order(). The fast way in. At most 100000 a call.';

CREATE OR REPLACE FUNCTION tradepost.submit_commands(commands jsonb)
	RETURNS bigint[] LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_submit_commands';
COMMENT ON FUNCTION tradepost.submit_commands(jsonb) IS
'Places, cancels and amends in one call, decided in the order given, all or none; returns the command ids. commands: an array of objects with "command" (place, cancel, amend, cancel_all;
place if absent) and the arguments of place_order, cancel_order, amend_order and cancel_all by name. A cancel or amend names its order by order_id, by client_order_id, or by order_index: the
position (from 0) in this array of the place that makes it. A place that is linked may name an earlier place of this array by oco_index instead of oco, and an order that protects another names it by
parent_index: a later place of this array. It must be a stop, stop_limit or take_profit order, waits until that one trades, is never larger, and ends with it if it never trades. Decimals as strings or numbers; null means not given. Unknown fields are refused; an error''s context says which command, counted
from 1. At most 100000 a call.';

CREATE OR REPLACE FUNCTION tradepost.place_bracket(
	account bigint, symbol text, side tradepost.side, quantity numeric, price numeric, stop_loss numeric, take_profit numeric,
	stop_loss_limit numeric DEFAULT NULL, time_in_force tradepost.time_in_force DEFAULT 'gtc',
	client_order_id text DEFAULT NULL, expires_at timestamptz DEFAULT NULL)
	RETURNS bigint[] LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_place_bracket';
COMMENT ON FUNCTION tradepost.place_bracket(bigint, text, tradepost.side, numeric, numeric, numeric, numeric, numeric, tradepost.time_in_force, text, timestamptz) IS
'Places an entry and the orders that protect it, all or none, and returns three ids: the entry''s, the stop''s or NULL, the take profit''s or NULL. price NULL: the entry is a market order (gtc is day then). stop_loss and
take_profit: stop prices of orders of the opposite side, gtc, one cancelling the other; either may be NULL, not both. stop_loss_limit makes the stop a stop_limit order at this price. A buy needs stop_loss < price <
take_profit and stop_loss_limit <= stop_loss, a sell the reverse (TP005). The two wait until the entry trades and end with it if it never does; what is left of the entry is cancelled when one of them triggers, and
neither sells more than was bought. client_order_id as in place_order(), for the three together. Decided after commit, the protecting orders first: if one of them is rejected, so is the entry. The limit of open orders of
the account''s user counts all three.';

CREATE OR REPLACE FUNCTION tradepost.cancel_order(account bigint, order_id bigint)
	RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_cancel_order';
COMMENT ON FUNCTION tradepost.cancel_order(bigint, bigint) IS
'Asks to cancel an open or untriggered order; returns the command''s id. Decided after commit: rejected with a reason if the order is no longer open by then.';

CREATE OR REPLACE FUNCTION tradepost.amend_order(account bigint, order_id bigint, quantity numeric DEFAULT NULL, price numeric DEFAULT NULL, stop_price numeric DEFAULT NULL)
	RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_amend_order';
COMMENT ON FUNCTION tradepost.amend_order(bigint, bigint, numeric, numeric, numeric) IS
'Asks to change an open order; returns the command''s id. quantity is the new total, filled part included: at or below what is filled it cancels. Less at the same price keeps the place in
the queue; a new price or more quantity goes to the back and may trade. A refused amend changes nothing. stop_price: of untriggered orders only,
which stay in place unless it changes, and may trigger by it. Tick, lot and limits are checked in the call (TP005, TP006) once the order can be seen:
placed in this transaction, or committed; else the engine checks them, and rejects with out_of_range.';

CREATE OR REPLACE FUNCTION tradepost.cancel_all(account bigint, symbol text DEFAULT NULL)
	RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_sql_cancel_all';
COMMENT ON FUNCTION tradepost.cancel_all(bigint, text) IS 'Asks to cancel all open and untriggered orders of an account, or those in one instrument; returns the command''s id.';
