-- Pushes: messages to open sockets.  Anybody's transaction queues them; the follower
-- gives them numbers once they are committed, so that numbers have no gaps and never
-- become visible out of order.

CREATE OR REPLACE FUNCTION tradepost_internal.wake_follower()
	RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tradepost_wake_follower_at_commit';
COMMENT ON FUNCTION tradepost_internal.wake_follower() IS 'Wakes the follower once this transaction commits';

CREATE OR REPLACE FUNCTION tradepost_internal.push(tenant bigint, user_id bigint, tier text, channel text, event text, data json)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	INSERT INTO tradepost_internal.push_queue (tenant, user_id, tier, channel, event, data)
		VALUES (push.tenant, push.user_id, push.tier, push.channel, push.event, push.data::text);
	SELECT tradepost_internal.wake_follower();
END;
COMMENT ON FUNCTION tradepost_internal.push(bigint, bigint, text, text, text, json) IS
'Pushes a message, once this transaction commits, to the open sockets that subscribe to this channel (signals, notifications, account): of this user, or, if user_id is NULL, of everyone of the tenant whose
tier is at least this; tier NULL: every one';

CREATE OR REPLACE FUNCTION tradepost_edge.pushes_page(after bigint, max integer)
	RETURNS TABLE (seq bigint, tenant bigint, user_id bigint, tier text, channel text, event text, data text)
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
	SELECT p.seq, p.tenant, p.user_id, p.tier, p.channel, p.event, p.data
	FROM tradepost_internal.pushes p WHERE p.seq > coalesce(after, 0) ORDER BY p.seq
	LIMIT tradepost_internal.bounded('max', max, 1, 10000)
$$;
COMMENT ON FUNCTION tradepost_edge.pushes_page(bigint, integer) IS
'The pushes after this number, in order, at most max (1 to 10000) of them. If the first is not the next number, what lies between is older than is kept. Error: TP005.';

CREATE OR REPLACE FUNCTION tradepost_edge.newest_push()
	RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
	SELECT coalesce((SELECT f.push FROM tradepost_internal.follower f), 0)
$$;
COMMENT ON FUNCTION tradepost_edge.newest_push() IS 'Number of the newest push; 0 if there is none';
