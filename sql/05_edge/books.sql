-- What the proxies keep in memory: instruments, books; and the engine's figures.

CREATE OR REPLACE FUNCTION tradepost_edge.books(instruments integer[], depth integer)
	RETURNS TABLE (instrument integer, seq bigint, side smallint, price text, quantity text, orders bigint)
	LANGUAGE c VOLATILE PARALLEL UNSAFE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'tradepost_edge_books';
COMMENT ON FUNCTION tradepost_edge.books(integer[], integer) IS
'The best levels of these books, all of one moment: bids (side 0) then asks (1), best first, as the matcher published them after event seq: exactly the events up to it are in them. An empty book is one row with
side NULL. depth: 1 to 10000, no more than tradepost.book_depth come. TP011 if no matcher publishes here, TP005.';

CREATE OR REPLACE FUNCTION tradepost_edge.instruments_raw()
	RETURNS TABLE (id integer, symbol text, asset text, contract text, kind integer, status integer, tick text, lot text, multiplier text, quote text, mark text, last text, tenant bigint)
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
	SELECT i.id, i.symbol, b.code, i.contract, i.kind::integer, coalesce(s.status, 1)::integer, trim_scale(i.tick)::text, trim_scale(i.lot)::text, trim_scale(i.multiplier)::text,
		q.code, trim_scale(coalesce(s.mark, i.initial_mark))::text, CASE WHEN s.last_trade_seq > 0 THEN trim_scale(s.last_price)::text END, i.tenant
	FROM tradepost_internal.instruments i
	JOIN tradepost_internal.assets b ON b.id = i.asset
	JOIN tradepost_internal.assets q ON q.id = i.quote
	LEFT JOIN tradepost_internal.instrument_state s ON s.instrument = i.id
	WHERE (SELECT tradepost_internal.durable())
	ORDER BY i.id
$$;
COMMENT ON FUNCTION tradepost_edge.instruments_raw() IS
'Instruments for the proxy''s memory. kind: 0 spot, 1 future; status: 0 open, 1 halted (or not taken up yet), 2 expired; last: price of the last trade, NULL before the first;
tenant: whose it is: a symbol is another instrument at each tenant';

CREATE OR REPLACE FUNCTION tradepost_edge.engine_json()
	RETURNS json LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
	SELECT row_to_json(x) FROM (SELECT s.state, s.last_seq AS seq, s.watermark, s.pending, extract(epoch FROM s.undecided_age)::float8 AS "undecidedAge",
		extract(epoch FROM s.oldest_command_age)::float8 AS "oldestCommandAge",
		s.open_orders AS "openOrders", s.batches, s.last_batch_commands AS "lastBatchCommands", extract(epoch FROM s.last_batch_time)::float8 AS "lastBatchTime",
		s.restarts, s.starts, s.last_error IS NOT NULL AS "hadError", s.ring_used AS "ringUsed", s.ring_overflows AS "ringOverflows",
		s.doorbells_skipped AS "doorbellsSkipped", s.instance_ok AS "instanceOk", s.checkpoint_seq AS "checkpointSeq", tradepost_internal.iso(s.last_time) AS "lastTime",
		pg_is_in_recovery() AS standby, current_setting('server_version') AS server
	FROM tradepost.engine_status s) x
$$;
COMMENT ON FUNCTION tradepost_edge.engine_json() IS 'The engine''s figures, as in tradepost.engine_status, for /health/detailed and /metrics: times in seconds. Not the text of an error, which is the administrators''';
