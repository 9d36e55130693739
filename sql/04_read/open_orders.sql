-- Which orders are open, without ever scanning the table of all orders.

CREATE OR REPLACE FUNCTION tradepost_internal.open_order_ids()
	RETURNS SETOF bigint LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER ROWS 1000
	-- The planner says "no scan" by a huge cost, which would start JIT for a look-up.
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET enable_seqscan = off SET jit = off
AS $$
	WITH checkpoint AS (SELECT c.seq, c.open_orders FROM tradepost_internal.checkpoints c ORDER BY c.seq DESC LIMIT 1)
	SELECT unnest(c.open_orders) FROM checkpoint c
	UNION
	SELECT e.order_id FROM tradepost_internal.events e WHERE e.seq > coalesce((SELECT c.seq FROM checkpoint c), 0) AND e.kind = 1
$$;
COMMENT ON FUNCTION tradepost_internal.open_order_ids() IS
'Ids that may be open or untriggered: those of the last checkpoint and those accepted since. Read by the primary keys of checkpoints and events; some of them may have closed by now';

CREATE OR REPLACE FUNCTION tradepost_internal.open_orders()
	RETURNS SETOF tradepost_internal.orders LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
	SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
BEGIN ATOMIC
	-- OFFSET 0 keeps the lookup a lookup: no estimate, however wrong, may turn it into a join that reads all orders.
	SELECT o.*
	FROM tradepost_internal.open_order_ids() AS ids (id)
	CROSS JOIN LATERAL (SELECT * FROM tradepost_internal.orders x WHERE x.id = ids.id OFFSET 0) o
	WHERE o.status IN (0, 1, 7);
END;
COMMENT ON FUNCTION tradepost_internal.open_orders() IS 'The orders that are open or untriggered, each looked up by primary key; under the row security of the caller';
