-- What leaves by mail or message: the outbox, as the proxy's delivery empties it.  A row
-- is one worker's while its lease lasts, and is tried again after a growing while, so
-- every message leaves at least once; receivers know one that comes twice by its number.

CREATE OR REPLACE FUNCTION tradepost_edge.deliveries_claim(most integer, seconds integer)
	RETURNS TABLE (id bigint, message json)
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER ROWS 10 SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
	WITH due AS (
		SELECT d.id FROM tradepost_internal.deliveries d
		WHERE d.sent_at IS NULL AND d.failed_at IS NULL AND d.next_at <= now() AND (d.leased_until IS NULL OR d.leased_until <= clock_timestamp())
		ORDER BY d.next_at LIMIT most FOR UPDATE SKIP LOCKED
	), claimed AS (
		UPDATE tradepost_internal.deliveries d SET leased_until = clock_timestamp() + interval '1 second' * seconds, attempts = d.attempts + 1
		FROM due WHERE d.id = due.id RETURNING d.*
	)
	SELECT c.id, json_build_object('id', 'delivery-' || c.id, 'kind', 'notification', 'channel', c.channel, 'to', c.recipient, 'subject', c.subject, 'body', c.body, 'data', c.data,
		'user', c.user_id, 'language', u.language, 'createdAt', tradepost_internal.iso(c.created_at))
	FROM claimed c JOIN tradepost_internal.users u ON u.id = c.user_id ORDER BY c.id
$$;
COMMENT ON FUNCTION tradepost_edge.deliveries_claim(integer, integer) IS 'Messages that are due, this many at most, for the caller alone for so many seconds, in which it says by delivery_done() what became of them';

CREATE OR REPLACE FUNCTION tradepost_edge.delivery_done(id bigint, fault text)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	most CONSTANT integer := 8;
BEGIN
	UPDATE tradepost_internal.deliveries d SET leased_until = NULL, error = left(fault, 500),
		sent_at = CASE WHEN fault IS NULL THEN clock_timestamp() END,
		failed_at = CASE WHEN fault IS NOT NULL AND d.attempts >= most THEN clock_timestamp() END,
		next_at = clock_timestamp() + interval '30 seconds' * power(2, d.attempts)
		WHERE d.id = delivery_done.id AND d.sent_at IS NULL;
END
$$;
COMMENT ON FUNCTION tradepost_edge.delivery_done(bigint, text) IS
'What became of a message: sent if fault is NULL, else it is tried again after 1, 2, 4 ... minutes, eight times in all.';
