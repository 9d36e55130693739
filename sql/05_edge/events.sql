-- The stream of events as the proxies read it: every worker reads every event, so that a
-- row costs little.  With each event comes what its orders now are, never behind it.

CREATE OR REPLACE FUNCTION tradepost_edge.events_page(after bigint, max integer)
	RETURNS TABLE (
	seq bigint, time_us bigint, kind smallint, command_id bigint, order_id bigint, maker_order_id bigint, account bigint, counter_account bigint,
	instrument integer, side smallint, reason text, decision boolean, quantity text, price text, commission text, counter_commission text, asset text,
	o_side smallint, o_type smallint, o_tif smallint, o_status smallint, o_quantity text, o_price text, o_filled text, o_avg text, o_commission text,
	o_client_order_id text, o_expires_us bigint, o_created_us bigint, o_post_only boolean, o_stp smallint, o_reason text,
	m_side smallint, m_type smallint, m_tif smallint, m_status smallint, m_quantity text, m_price text, m_filled text, m_avg text, m_commission text,
	m_client_order_id text, m_expires_us bigint, m_created_us bigint, m_post_only boolean, m_stp smallint, m_reason text,
	more boolean, o_stop_price text, o_link bigint, o_parent bigint, m_stop_price text, m_link bigint, m_parent bigint)
	LANGUAGE c STABLE PARALLEL UNSAFE SECURITY DEFINER ROWS 1000 SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'tradepost_edge_events_page';
COMMENT ON FUNCTION tradepost_edge.events_page(bigint, integer) IS
'The events after this seq, in order, at most max (1 to 10000) of them, each with the state of its order (o_) and of the maker''s (m_) as of now. Codes are as stored: kind is the position in
tradepost.event_kind + 1, the others are positions from 0; times are microseconds since 1970, numbers text. asset: what was paid in or out. more: there are others after the page''s last. Error: TP005.';

CREATE OR REPLACE FUNCTION tradepost_edge.events_catchup(after bigint, max integer, instruments integer[], accounts bigint[])
	RETURNS TABLE (
	seq bigint, time_us bigint, kind smallint, command_id bigint, order_id bigint, maker_order_id bigint, account bigint, counter_account bigint,
	instrument integer, side smallint, reason text, decision boolean, quantity text, price text, commission text, counter_commission text, asset text,
	o_side smallint, o_type smallint, o_tif smallint, o_status smallint, o_quantity text, o_price text, o_filled text, o_avg text, o_commission text,
	o_client_order_id text, o_expires_us bigint, o_created_us bigint, o_post_only boolean, o_stp smallint, o_reason text,
	m_side smallint, m_type smallint, m_tif smallint, m_status smallint, m_quantity text, m_price text, m_filled text, m_avg text, m_commission text,
	m_client_order_id text, m_expires_us bigint, m_created_us bigint, m_post_only boolean, m_stp smallint, m_reason text,
	more boolean, o_stop_price text, o_link bigint, o_parent bigint, m_stop_price text, m_link bigint, m_parent bigint)
	LANGUAGE c STABLE PARALLEL UNSAFE SECURITY DEFINER ROWS 1000 SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'tradepost_edge_events_catchup';
COMMENT ON FUNCTION tradepost_edge.events_catchup(bigint, integer, integer[], bigint[]) IS
'What a client has missed since this seq: of these instruments what everybody may know (trades, marks, halts, listings, expiries), of these accounts everything; rows as events_page()''s, at most max. The last
row has kind 0 and says with seq how far this has looked (200000 events at most), and with more whether there is something after it. Error: TP005.';

CREATE OR REPLACE FUNCTION tradepost_edge.newest_seq()
	RETURNS bigint LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
	SELECT coalesce((SELECT e.seq FROM tradepost_internal.events e WHERE (SELECT tradepost_internal.durable()) ORDER BY e.seq DESC LIMIT 1), 0)
$$;
COMMENT ON FUNCTION tradepost_edge.newest_seq() IS 'seq of the newest event; 0 if there is none';
