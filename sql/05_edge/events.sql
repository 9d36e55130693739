-- The stream of events as the proxies read it: every worker reads every event, so that a
-- row costs little.  With each event comes what its orders now are, never behind it.

CREATE OR REPLACE FUNCTION tradepost_internal.unix_us(moment timestamptz)
	RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	-- The fraction of a double is exact to a quarter of a microsecond in our days.
	SELECT CASE WHEN isfinite(moment) THEN (date_part('epoch', moment) * 1000000)::bigint END;
END;
COMMENT ON FUNCTION tradepost_internal.unix_us(timestamptz) IS 'A time as microseconds since 1970; NULL for an infinite one';

-- Each order is looked up by itself (OFFSET 0), whatever the planner thinks of the tables' sizes.
CREATE OR REPLACE VIEW tradepost_internal.edge_events WITH (security_invoker = true) AS
SELECT e.seq, tradepost_internal.unix_us(e.time) AS time_us, e.kind, e.command_id, nullif(e.order_id, 0) AS order_id, nullif(e.maker_order_id, 0) AS maker_order_id,
	nullif(e.account, 0) AS account, nullif(e.counter_account, 0) AS counter_account, nullif(e.instrument, 0) AS instrument, e.side,
	tradepost_internal.reason_text(e.reason) AS reason, e.decision,
	trim_scale(e.quantity)::text AS quantity, trim_scale(e.price)::text AS price, trim_scale(e.commission)::text AS commission, trim_scale(e.counter_commission)::text AS counter_commission,
	o.side AS o_side, o.type AS o_type, o.tif AS o_tif, o.status AS o_status, o.quantity AS o_quantity, o.price AS o_price, o.filled AS o_filled, o.average AS o_avg, o.commission AS o_commission,
	o.client_order_id AS o_client_order_id, o.expires_us AS o_expires_us, o.created_us AS o_created_us, o.post_only AS o_post_only, o.stp AS o_stp, o.reason AS o_reason,
	m.status AS m_status, m.filled AS m_filled, m.quantity AS m_quantity, m.price AS m_price, m.side AS m_side,
	m.type AS m_type, m.tif AS m_tif, m.average AS m_avg, m.commission AS m_commission, m.client_order_id AS m_client_order_id, m.expires_us AS m_expires_us, m.created_us AS m_created_us,
	m.post_only AS m_post_only, m.stp AS m_stp, m.reason AS m_reason
FROM tradepost_internal.events e
LEFT JOIN LATERAL (SELECT o.status, o.side, o.type, o.time_in_force AS tif, o.stp, o.flags & 1 = 1 AS post_only,
		trim_scale(o.quantity)::text AS quantity, CASE o.type WHEN 0 THEN trim_scale(o.price)::text END AS price, trim_scale(o.filled)::text AS filled,
		CASE WHEN o.filled > 0 THEN (SELECT trim_scale(round(o.filled_value / (o.filled * i.multiplier), 8))::text FROM tradepost_internal.instruments i WHERE i.id = o.instrument) END AS average,
		trim_scale(o.commission)::text AS commission, (SELECT c.client_order_id FROM tradepost_internal.commands c WHERE c.id = o.id) AS client_order_id,
		tradepost_internal.unix_us(o.expires_at) AS expires_us, tradepost_internal.unix_us(o.created_at) AS created_us, tradepost_internal.reason_text(o.reason) AS reason
	FROM tradepost_internal.orders o WHERE o.id = e.order_id OFFSET 0) o ON true
LEFT JOIN LATERAL (SELECT mo.status, mo.side, mo.type, mo.time_in_force AS tif, mo.stp, mo.flags & 1 = 1 AS post_only,
		trim_scale(mo.quantity)::text AS quantity, CASE mo.type WHEN 0 THEN trim_scale(mo.price)::text END AS price, trim_scale(mo.filled)::text AS filled,
		CASE WHEN mo.filled > 0 THEN (SELECT trim_scale(round(mo.filled_value / (mo.filled * i.multiplier), 8))::text FROM tradepost_internal.instruments i WHERE i.id = mo.instrument) END AS average,
		trim_scale(mo.commission)::text AS commission, (SELECT c.client_order_id FROM tradepost_internal.commands c WHERE c.id = mo.id) AS client_order_id,
		tradepost_internal.unix_us(mo.expires_at) AS expires_us, tradepost_internal.unix_us(mo.created_at) AS created_us, tradepost_internal.reason_text(mo.reason) AS reason
	FROM tradepost_internal.orders mo WHERE mo.id = e.maker_order_id OFFSET 0) m ON true;
COMMENT ON VIEW tradepost_internal.edge_events IS 'Rows of tradepost_edge.events_page(); whoever reads it sees to it that what it shows is durable()';
COMMENT ON COLUMN tradepost_internal.edge_events.seq IS 'Place in the one order of events';
COMMENT ON COLUMN tradepost_internal.edge_events.time_us IS 'When, in microseconds since 1970';
COMMENT ON COLUMN tradepost_internal.edge_events.kind IS 'tradepost.event_kind: position + 1';
COMMENT ON COLUMN tradepost_internal.edge_events.command_id IS 'Command that the engine was deciding';
COMMENT ON COLUMN tradepost_internal.edge_events.order_id IS 'Order that it is about; in a trade the taker''s';
COMMENT ON COLUMN tradepost_internal.edge_events.maker_order_id IS 'In a trade the maker''s order';
COMMENT ON COLUMN tradepost_internal.edge_events.account IS 'Account that it is about; in a trade the taker''s';
COMMENT ON COLUMN tradepost_internal.edge_events.counter_account IS 'The other account';
COMMENT ON COLUMN tradepost_internal.edge_events.instrument IS 'Instrument';
COMMENT ON COLUMN tradepost_internal.edge_events.side IS 'Side of the order; in a trade the taker''s: 0 buy, 1 sell';
COMMENT ON COLUMN tradepost_internal.edge_events.reason IS 'Why, where it has a reason';
COMMENT ON COLUMN tradepost_internal.edge_events.decision IS 'Whether this is its command''s decision';
COMMENT ON COLUMN tradepost_internal.edge_events.quantity IS 'As events.quantity';
COMMENT ON COLUMN tradepost_internal.edge_events.price IS 'As events.price';
COMMENT ON COLUMN tradepost_internal.edge_events.commission IS 'Commission of account';
COMMENT ON COLUMN tradepost_internal.edge_events.counter_commission IS 'Commission of counter_account';
COMMENT ON COLUMN tradepost_internal.edge_events.o_side IS 'The order''s side';
COMMENT ON COLUMN tradepost_internal.edge_events.o_type IS 'The order''s type';
COMMENT ON COLUMN tradepost_internal.edge_events.o_tif IS 'The order''s time in force';
COMMENT ON COLUMN tradepost_internal.edge_events.o_status IS 'The order''s status';
COMMENT ON COLUMN tradepost_internal.edge_events.o_quantity IS 'The order''s quantity';
COMMENT ON COLUMN tradepost_internal.edge_events.o_price IS 'The order''s limit price; NULL for a market order';
COMMENT ON COLUMN tradepost_internal.edge_events.o_filled IS 'The order''s quantity filled';
COMMENT ON COLUMN tradepost_internal.edge_events.o_avg IS 'The order''s average price';
COMMENT ON COLUMN tradepost_internal.edge_events.o_commission IS 'The order''s commission so far';
COMMENT ON COLUMN tradepost_internal.edge_events.o_client_order_id IS 'The order''s client''s name for it';
COMMENT ON COLUMN tradepost_internal.edge_events.o_expires_us IS 'The order''s expiry, in microseconds since 1970';
COMMENT ON COLUMN tradepost_internal.edge_events.o_created_us IS 'The order''s acceptance, in microseconds since 1970';
COMMENT ON COLUMN tradepost_internal.edge_events.o_post_only IS 'The order''s whether it may only rest';
COMMENT ON COLUMN tradepost_internal.edge_events.o_stp IS 'The order''s self-trade prevention';
COMMENT ON COLUMN tradepost_internal.edge_events.o_reason IS 'The order''s reason of its end';
COMMENT ON COLUMN tradepost_internal.edge_events.m_status IS 'The maker order''s status';
COMMENT ON COLUMN tradepost_internal.edge_events.m_filled IS 'The maker order''s quantity filled';
COMMENT ON COLUMN tradepost_internal.edge_events.m_quantity IS 'The maker order''s quantity';
COMMENT ON COLUMN tradepost_internal.edge_events.m_price IS 'The maker order''s limit price; NULL for a market order';
COMMENT ON COLUMN tradepost_internal.edge_events.m_side IS 'The maker order''s side';
COMMENT ON COLUMN tradepost_internal.edge_events.m_type IS 'The maker order''s type';
COMMENT ON COLUMN tradepost_internal.edge_events.m_tif IS 'The maker order''s time in force';
COMMENT ON COLUMN tradepost_internal.edge_events.m_avg IS 'The maker order''s average price';
COMMENT ON COLUMN tradepost_internal.edge_events.m_commission IS 'The maker order''s commission so far';
COMMENT ON COLUMN tradepost_internal.edge_events.m_client_order_id IS 'The maker order''s client''s name for it';
COMMENT ON COLUMN tradepost_internal.edge_events.m_expires_us IS 'The maker order''s expiry, in microseconds since 1970';
COMMENT ON COLUMN tradepost_internal.edge_events.m_created_us IS 'The maker order''s acceptance, in microseconds since 1970';
COMMENT ON COLUMN tradepost_internal.edge_events.m_post_only IS 'The maker order''s whether it may only rest';
COMMENT ON COLUMN tradepost_internal.edge_events.m_stp IS 'The maker order''s self-trade prevention';
COMMENT ON COLUMN tradepost_internal.edge_events.m_reason IS 'The maker order''s reason of its end';

CREATE OR REPLACE FUNCTION tradepost_edge.events_page(after bigint, max integer)
	RETURNS TABLE (
	seq bigint, time_us bigint, kind smallint, command_id bigint, order_id bigint, maker_order_id bigint, account bigint, counter_account bigint, instrument integer, side smallint, reason text, decision boolean, quantity text, price text, commission text, counter_commission text,
	o_side smallint, o_type smallint, o_tif smallint, o_status smallint, o_quantity text, o_price text, o_filled text, o_avg text, o_commission text, o_client_order_id text, o_expires_us bigint, o_created_us bigint, o_post_only boolean, o_stp smallint, o_reason text,
	m_status smallint, m_filled text, m_quantity text, m_price text, m_side smallint, more boolean,
	m_type smallint, m_tif smallint, m_avg text, m_commission text, m_client_order_id text, m_expires_us bigint, m_created_us bigint, m_post_only boolean, m_stp smallint, m_reason text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER ROWS 1000
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
DECLARE
	lines  integer := tradepost_internal.bounded('max', max, 1, 10000);
	newest bigint;
	start  bigint;
	stop   bigint;
BEGIN
	PERFORM tradepost_internal.durable();
	newest := (SELECT e.seq FROM tradepost_internal.events e ORDER BY e.seq DESC LIMIT 1);
	start := coalesce(after, 0);
	IF newest IS NULL OR newest <= start THEN
		RETURN;
	END IF;
	-- There are no gaps, but for what retention has taken from the beginning.
	start := greatest(start, (SELECT e.seq FROM tradepost_internal.events e WHERE e.seq > start ORDER BY e.seq LIMIT 1) - 1);
	stop := least(newest, start + lines);
	RETURN QUERY
		SELECT v.seq, v.time_us, v.kind, v.command_id, v.order_id, v.maker_order_id, v.account, v.counter_account, v.instrument, v.side, v.reason, v.decision, v.quantity, v.price, v.commission, v.counter_commission,
			v.o_side, v.o_type, v.o_tif, v.o_status, v.o_quantity, v.o_price, v.o_filled, v.o_avg, v.o_commission, v.o_client_order_id, v.o_expires_us, v.o_created_us, v.o_post_only, v.o_stp, v.o_reason,
			v.m_status, v.m_filled, v.m_quantity, v.m_price, v.m_side, newest > stop,
			v.m_type, v.m_tif, v.m_avg, v.m_commission, v.m_client_order_id, v.m_expires_us, v.m_created_us, v.m_post_only, v.m_stp, v.m_reason
		FROM tradepost_internal.edge_events v WHERE v.seq > start AND v.seq <= stop ORDER BY v.seq;
END
$$;
COMMENT ON FUNCTION tradepost_edge.events_page(bigint, integer) IS
'The events after this seq, in order, at most max (1 to 10000) of them, each with the state of its order (o_) and of the maker''s (m_) as of now. more: there are others after the page''s last. Error: TP005.';

CREATE OR REPLACE FUNCTION tradepost_edge.events_catchup(after bigint, max integer, instruments integer[], accounts bigint[])
	RETURNS TABLE (
	seq bigint, time_us bigint, kind smallint, command_id bigint, order_id bigint, maker_order_id bigint, account bigint, counter_account bigint, instrument integer, side smallint, reason text, decision boolean, quantity text, price text, commission text, counter_commission text,
	o_side smallint, o_type smallint, o_tif smallint, o_status smallint, o_quantity text, o_price text, o_filled text, o_avg text, o_commission text, o_client_order_id text, o_expires_us bigint, o_created_us bigint, o_post_only boolean, o_stp smallint, o_reason text,
	m_status smallint, m_filled text, m_quantity text, m_price text, m_side smallint, more boolean,
	m_type smallint, m_tif smallint, m_avg text, m_commission text, m_client_order_id text, m_expires_us bigint, m_created_us bigint, m_post_only boolean, m_stp smallint, m_reason text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER ROWS 1000
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
DECLARE
	-- Looked at in one call at most.
	most   CONSTANT bigint := 50000;
	lines  integer := tradepost_internal.bounded('max', max, 1, 10000);
	newest bigint;
	start  bigint;
	stop   bigint;
	chosen bigint[];
BEGIN
	PERFORM tradepost_internal.durable();
	newest := coalesce((SELECT e.seq FROM tradepost_internal.events e ORDER BY e.seq DESC LIMIT 1), 0);
	start := coalesce(after, 0);
	start := greatest(start, (SELECT e.seq FROM tradepost_internal.events e WHERE e.seq > start ORDER BY e.seq LIMIT 1) - 1);
	stop := least(newest, start + most);
	-- Everybody may know of trades, marks, halts, listings, expiries; the rest is the accounts' own.
	chosen := ARRAY(SELECT e.seq FROM tradepost_internal.events e
		WHERE e.seq > start AND e.seq <= stop
			AND (e.instrument = ANY (instruments) AND e.kind IN (3, 11, 12, 13, 14, 15, 18) OR e.account = ANY (accounts) OR e.counter_account = ANY (accounts))
		ORDER BY e.seq LIMIT lines);
	IF cardinality(chosen) = lines THEN
		stop := chosen[lines];
	END IF;
	RETURN QUERY
		SELECT v.seq, v.time_us, v.kind, v.command_id, v.order_id, v.maker_order_id, v.account, v.counter_account, v.instrument, v.side, v.reason, v.decision, v.quantity, v.price, v.commission, v.counter_commission,
			v.o_side, v.o_type, v.o_tif, v.o_status, v.o_quantity, v.o_price, v.o_filled, v.o_avg, v.o_commission, v.o_client_order_id, v.o_expires_us, v.o_created_us, v.o_post_only, v.o_stp, v.o_reason,
			v.m_status, v.m_filled, v.m_quantity, v.m_price, v.m_side, newest > stop,
			v.m_type, v.m_tif, v.m_avg, v.m_commission, v.m_client_order_id, v.m_expires_us, v.m_created_us, v.m_post_only, v.m_stp, v.m_reason
		FROM unnest(chosen) WITH ORDINALITY u (seq, n) CROSS JOIN LATERAL (SELECT * FROM tradepost_internal.edge_events x WHERE x.seq = u.seq OFFSET 0) v ORDER BY u.n;
	seq := greatest(stop, coalesce(after, 0));
	kind := 0;
	more := newest > stop;
	RETURN NEXT;
END
$$;
COMMENT ON FUNCTION tradepost_edge.events_catchup(bigint, integer, integer[], bigint[]) IS
'What a client has missed since this seq: of these instruments what everybody may know (trades, marks, halts, listings, expiries), of these accounts everything; rows as events_page()''s, at most max. The last
row has kind 0 and says with seq how far this has looked, and with more whether there is something after it. Error: TP005.';
