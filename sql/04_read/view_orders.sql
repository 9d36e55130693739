-- Orders and commands.  INSERT and COPY into the view orders place orders.

CREATE OR REPLACE VIEW tradepost.orders WITH (security_invoker = true) AS
SELECT o.id, o.account, i.symbol,
	(ARRAY['buy', 'sell']::tradepost.side[])[o.side + 1] AS side,
	(ARRAY['limit', 'market', 'stop', 'stop_limit', 'take_profit']::tradepost.order_type[])[o.type + 1] AS type,
	(ARRAY['day', 'gtc', 'gtd', 'ioc', 'fok']::tradepost.time_in_force[])[o.time_in_force + 1] AS time_in_force,
	trim_scale(o.quantity) AS quantity,
	CASE WHEN o.type IN (0, 3) THEN trim_scale(o.price) END AS price,
	trim_scale(o.filled) AS filled,
	CASE WHEN o.status IN (0, 1, 7) THEN trim_scale(o.quantity - o.filled) ELSE 0 END AS remaining,
	CASE WHEN o.filled > 0 THEN trim_scale(round(o.filled_value / (o.filled * i.multiplier), 8)) END AS average_price,
	trim_scale(o.commission) AS commission,
	(ARRAY['open', 'partially_filled', 'filled', 'cancelled', 'expired', 'rejected', 'pending', 'untriggered']::tradepost.order_status[])[o.status + 1] AS status,
	tradepost_internal.reason_text(o.reason) AS reason,
	c.client_order_id,
	(ARRAY['cancel_taker', 'cancel_maker', 'cancel_both', 'decrement', 'none']::tradepost.stp[])[o.stp + 1] AS stp,
	o.flags & 1 = 1 AS post_only,
	o.expires_at, o.created_at, o.updated_at,
	trim_scale(o.stop_price) AS stop_price, o.link_id AS linked_order, o.parent_id AS parent_order
FROM tradepost_internal.orders o
-- Outer joins, so that a query that needs neither side reads orders alone.
LEFT JOIN tradepost_internal.instruments i ON i.id = o.instrument
LEFT JOIN tradepost_internal.commands c ON c.id = o.id
WHERE (SELECT tradepost_internal.durable());
COMMENT ON VIEW tradepost.orders IS
'Every order in its present state: a trader''s own; all of them for administrators and auditors. INSERT and COPY place orders as place_order() does, in its defaults and errors too: give account,
symbol, side, quantity and what else is wanted of price, type, time_in_force, client_order_id, expires_at, stp, post_only and stop_price; NULL means not given; the other columns are the engine''s, and
refused (TP005). RETURNING shows what was placed: id, defaults that were applied, status pending; of a client_order_id that was known the first order''s id, without a status.
UPDATE and DELETE are refused (TP013): amend_order() and cancel_order() do that. So is MERGE, by PostgreSQL itself before version 17, from then on as the UPDATE or DELETE that it is.';
COMMENT ON COLUMN tradepost.orders.id IS 'Number of the order: its place command''s';
COMMENT ON COLUMN tradepost.orders.account IS 'Account that it trades for';
COMMENT ON COLUMN tradepost.orders.symbol IS 'Instrument';
COMMENT ON COLUMN tradepost.orders.side IS 'buy or sell';
COMMENT ON COLUMN tradepost.orders.type IS 'limit, market, stop, stop_limit or take_profit';
COMMENT ON COLUMN tradepost.orders.time_in_force IS 'How long it lives: day, gtc, gtd, ioc, fok';
COMMENT ON COLUMN tradepost.orders.quantity IS 'Its whole quantity, the filled part included';
COMMENT ON COLUMN tradepost.orders.price IS 'Limit price in the quote asset; NULL for the types that trade at market';
COMMENT ON COLUMN tradepost.orders.filled IS 'Quantity traded so far';
COMMENT ON COLUMN tradepost.orders.remaining IS 'Quantity that may still trade: 0 once the order is closed';
COMMENT ON COLUMN tradepost.orders.average_price IS 'Average price of what was filled, to 8 decimals';
COMMENT ON COLUMN tradepost.orders.commission IS 'Commission paid so far, in the quote asset';
COMMENT ON COLUMN tradepost.orders.status IS 'open and partially_filled are in the book; untriggered waits for its trigger; the others are closed. An order is here once it is decided: until then RETURNING alone shows it, as pending';
COMMENT ON COLUMN tradepost.orders.reason IS 'Why it was rejected, cancelled or expired';
COMMENT ON COLUMN tradepost.orders.client_order_id IS 'The client''s own name for it, unique in its account';
COMMENT ON COLUMN tradepost.orders.stp IS 'What happens when it meets an order of its own account';
COMMENT ON COLUMN tradepost.orders.post_only IS 'Whether it may only rest: rejected where it would trade at once';
COMMENT ON COLUMN tradepost.orders.expires_at IS 'When it expires; NULL: not by itself';
COMMENT ON COLUMN tradepost.orders.created_at IS 'When the engine decided it';
COMMENT ON COLUMN tradepost.orders.updated_at IS 'When it last changed';
COMMENT ON COLUMN tradepost.orders.stop_price IS 'Price of the last trade that triggers it; NULL for a limit or market order';
COMMENT ON COLUMN tradepost.orders.linked_order IS 'The order that it is linked to: when one of the two trades, triggers or ends, the other is cancelled';
COMMENT ON COLUMN tradepost.orders.parent_order IS 'The order that it protects: it waits until that one trades, and ends with it if it never does';

CREATE OR REPLACE FUNCTION tradepost_internal.orders_insert()
	RETURNS trigger LANGUAGE c AS 'MODULE_PATHNAME', 'tradepost_orders_insert';
COMMENT ON FUNCTION tradepost_internal.orders_insert() IS 'Checks one inserted order and keeps it for the end of the statement';

CREATE OR REPLACE FUNCTION tradepost_internal.orders_flush()
	RETURNS trigger LANGUAGE c AS 'MODULE_PATHNAME', 'tradepost_orders_flush';
COMMENT ON FUNCTION tradepost_internal.orders_flush() IS 'Places what its statement has inserted, in order';

CREATE OR REPLACE FUNCTION tradepost_internal.orders_refuse()
	RETURNS trigger LANGUAGE c AS 'MODULE_PATHNAME', 'tradepost_orders_refuse';
COMMENT ON FUNCTION tradepost_internal.orders_refuse() IS 'Says what to call instead of UPDATE and DELETE';

CREATE OR REPLACE TRIGGER tradepost_orders_insert INSTEAD OF INSERT ON tradepost.orders
	FOR EACH ROW EXECUTE FUNCTION tradepost_internal.orders_insert();
COMMENT ON TRIGGER tradepost_orders_insert ON tradepost.orders IS 'Each row is an order to place';

CREATE OR REPLACE TRIGGER tradepost_orders_flush AFTER INSERT ON tradepost.orders
	FOR EACH STATEMENT EXECUTE FUNCTION tradepost_internal.orders_flush();
COMMENT ON TRIGGER tradepost_orders_flush ON tradepost.orders IS 'All rows of a statement become commands at its end';

-- Two, because a view is only updatable with the one, and only the other fires when no row is found.
CREATE OR REPLACE TRIGGER tradepost_orders_refuse INSTEAD OF UPDATE OR DELETE ON tradepost.orders
	FOR EACH ROW EXECUTE FUNCTION tradepost_internal.orders_refuse();
COMMENT ON TRIGGER tradepost_orders_refuse ON tradepost.orders IS 'Orders are changed by amend_order() and cancel_order()';

CREATE OR REPLACE TRIGGER tradepost_orders_refuse_statement BEFORE UPDATE OR DELETE ON tradepost.orders
	FOR EACH STATEMENT EXECUTE FUNCTION tradepost_internal.orders_refuse();
COMMENT ON TRIGGER tradepost_orders_refuse_statement ON tradepost.orders IS 'The same, whether or not a row is found';

CREATE OR REPLACE VIEW tradepost.commands WITH (security_invoker = true) AS
SELECT c.id, c.account,
	(ARRAY['place', 'cancel', 'amend', 'cancel_all', 'deposit', 'withdraw', 'mark', 'halt', 'resume', 'list', 'settle', 'sweep']::tradepost.command_kind[])[c.kind] AS kind,
	(SELECT i.symbol FROM tradepost_internal.instruments i WHERE i.id = c.instrument) AS symbol,
	(SELECT a.code FROM tradepost_internal.assets a WHERE a.id = c.asset) AS asset,
	nullif(c.order_id, 0) AS order_id,
	(ARRAY['buy', 'sell']::tradepost.side[])[c.side + 1] AS side,
	trim_scale(c.quantity) AS quantity, trim_scale(c.price) AS price,
	c.client_order_id, pg_get_userbyid(c.actor) AS actor, c.created_at,
	trim_scale(c.stop_price) AS stop_price, nullif(c.link_id, 0) AS linked_order, nullif(c.parent_id, 0) AS parent_order
FROM tradepost_internal.commands c;
COMMENT ON VIEW tradepost.commands IS 'What was asked of the engine: by a trader''s accounts; everything for administrators and auditors. What became of it is in events';
COMMENT ON COLUMN tradepost.commands.id IS 'Number of the command; a place command''s is its order''s';
COMMENT ON COLUMN tradepost.commands.account IS 'Account that it is for, where it is for one';
COMMENT ON COLUMN tradepost.commands.kind IS 'What it asks for';
COMMENT ON COLUMN tradepost.commands.symbol IS 'Instrument that it is about';
COMMENT ON COLUMN tradepost.commands.asset IS 'Deposits and withdrawals: what is paid';
COMMENT ON COLUMN tradepost.commands.order_id IS 'Cancels and amends: the order';
COMMENT ON COLUMN tradepost.commands.side IS 'Side of the order to place';
COMMENT ON COLUMN tradepost.commands.quantity IS 'Quantity of an order, new total of an amend, amount of a deposit or withdrawal';
COMMENT ON COLUMN tradepost.commands.price IS 'Limit price, or the mark to set';
COMMENT ON COLUMN tradepost.commands.client_order_id IS 'The client''s own name for an order, or a transfer''s key';
COMMENT ON COLUMN tradepost.commands.actor IS 'Database role that asked';
COMMENT ON COLUMN tradepost.commands.created_at IS 'When it was asked';
COMMENT ON COLUMN tradepost.commands.stop_price IS 'Stop price of an order, or an amend''s new one';
COMMENT ON COLUMN tradepost.commands.linked_order IS 'The earlier order that the order to place is linked to';
COMMENT ON COLUMN tradepost.commands.parent_order IS 'The later order that the order to place protects';
