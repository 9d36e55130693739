-- Placing orders: each call inserts command rows in the caller's transaction.

CREATE OR REPLACE FUNCTION tradepost.place_order(
	account bigint, symbol text, side tradepost.side, quantity numeric, price numeric DEFAULT NULL,
	type tradepost.order_type DEFAULT 'limit', time_in_force tradepost.time_in_force DEFAULT 'day',
	client_order_id text DEFAULT NULL, expires_at timestamptz DEFAULT NULL,
	stp tradepost.stp DEFAULT 'cancel_taker', post_only boolean DEFAULT false)
	RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_place_order';
COMMENT ON FUNCTION tradepost.place_order(bigint, text, tradepost.side, numeric, numeric, tradepost.order_type, tradepost.time_in_force, text, timestamptz, tradepost.stp, boolean) IS
'Places an order and returns its id. The order is decided after this transaction commits; CALL tradepost.wait_for_order(id) waits for it.
price and quantity: on the instrument''s tick and lot; price in the quote asset, NULL for market orders. client_order_id: up to 128 bytes, unique per account; the same request
again returns the first id, another request under it raises TP007. expires_at: for gtd only. NULL means not given, as in every other way to place an order: type, time_in_force, stp and
post_only then have their default. Errors: class TP, see extension/errcodes.txt.';

CREATE OR REPLACE FUNCTION tradepost.place_orders(
	accounts bigint[], symbols text[], sides tradepost.side[], quantities numeric[], prices numeric[] DEFAULT NULL,
	types tradepost.order_type[] DEFAULT NULL, times_in_force tradepost.time_in_force[] DEFAULT NULL,
	client_order_ids text[] DEFAULT NULL, expire_times timestamptz[] DEFAULT NULL,
	stps tradepost.stp[] DEFAULT NULL, post_onlys boolean[] DEFAULT NULL)
	RETURNS bigint[] LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_place_orders';
COMMENT ON FUNCTION tradepost.place_orders(bigint[], text[], tradepost.side[], numeric[], numeric[], tradepost.order_type[], tradepost.time_in_force[], text[], timestamptz[], tradepost.stp[], boolean[]) IS
'Places many orders in one call, all or none; returns their ids in order. quantities says how many; each other array has as many elements, or one that holds for all; from prices on it may be
NULL. A NULL element means not given, as in place_order(). The fast way in. At most 100000 a call.';

CREATE OR REPLACE FUNCTION tradepost.submit_commands(commands jsonb)
	RETURNS bigint[] LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_submit_commands';
COMMENT ON FUNCTION tradepost.submit_commands(jsonb) IS
'Places, cancels and amends in one call, decided in the order given, all or none; returns the command ids. commands: an array of objects with "command" (place, cancel, amend, cancel_all;
place if absent) and the arguments of place_order, cancel_order, amend_order and cancel_all by name. A cancel or amend names its order by order_id, by client_order_id, or by order_index: the
position (from 0) in this array of the place that makes it. Decimals as strings or numbers; null means not given. Unknown fields are refused; an error''s context says which command, counted
from 1. At most 100000 a call.';

CREATE OR REPLACE FUNCTION tradepost.cancel_order(account bigint, order_id bigint)
	RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_cancel_order';
COMMENT ON FUNCTION tradepost.cancel_order(bigint, bigint) IS
'Asks to cancel an order; returns the command''s id. Decided after commit: rejected with a reason if the order is no longer open by then.';

CREATE OR REPLACE FUNCTION tradepost.amend_order(account bigint, order_id bigint, quantity numeric DEFAULT NULL, price numeric DEFAULT NULL)
	RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_amend_order';
COMMENT ON FUNCTION tradepost.amend_order(bigint, bigint, numeric, numeric) IS
'Asks to change an open order; returns the command''s id. quantity is the new total, filled part included: at or below what is filled it cancels. Less at the same price keeps the place in
the queue; a new price or more quantity goes to the back and may trade. A refused amend changes nothing. Tick, lot and limits are checked in the call (TP005, TP006) once the order can be seen:
placed in an earlier statement of this transaction, or committed; else the engine checks them, and rejects with out_of_range.';

CREATE OR REPLACE FUNCTION tradepost.cancel_all(account bigint, symbol text DEFAULT NULL)
	RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_sql_cancel_all';
COMMENT ON FUNCTION tradepost.cancel_all(bigint, text) IS 'Asks to cancel all open orders of an account, or those in one instrument; returns the command''s id.';
