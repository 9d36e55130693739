-- What is thrown away when it is old.  The follower calls this every minute; pg_cron may,
-- where the follower is switched off.

CREATE OR REPLACE FUNCTION tradepost.run_retention(pushes interval DEFAULT '1 day', notifications interval DEFAULT '90 days', deliveries interval DEFAULT '30 days', most integer DEFAULT 10000, messages interval DEFAULT '30 days')
	RETURNS TABLE (what text, removed bigint) LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
	-- The oldest are at the beginning of the primary keys.
	SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET jit = off
AS $$
BEGIN
	IF most IS NULL OR most < 1 THEN
		PERFORM tradepost_internal.refuse(format('most must be above zero, not %s', coalesce(most::text, 'null')), 'It bounds how many rows of each table one call removes.');
	ELSIF least(pushes, notifications, deliveries, messages) < '0' OR pushes IS NULL OR notifications IS NULL OR deliveries IS NULL OR messages IS NULL THEN
		PERFORM tradepost_internal.refuse('ages must be given and may not be negative', 'Such as interval ''90 days''.');
	END IF;
	what := 'pushes';
	DELETE FROM tradepost_internal.pushes p USING (SELECT x.seq FROM tradepost_internal.pushes x ORDER BY x.seq LIMIT most) o
		WHERE p.seq = o.seq AND p.time < now() - run_retention.pushes;
	GET DIAGNOSTICS removed = ROW_COUNT;
	RETURN NEXT;
	what := 'notifications';
	DELETE FROM tradepost_internal.notifications n USING (SELECT x.id FROM tradepost_internal.notifications x ORDER BY x.id LIMIT most) o
		WHERE n.id = o.id AND n.time < now() - run_retention.notifications;
	GET DIAGNOSTICS removed = ROW_COUNT;
	RETURN NEXT;
	what := 'deliveries';
	DELETE FROM tradepost_internal.deliveries d USING (SELECT x.id FROM tradepost_internal.deliveries x ORDER BY x.id LIMIT most) o
		WHERE d.id = o.id AND d.created_at < now() - run_retention.deliveries;
	GET DIAGNOSTICS removed = ROW_COUNT;
	RETURN NEXT;
	what := 'whatsapp_messages';
	DELETE FROM tradepost_internal.whatsapp_messages m USING (SELECT x.account_sid, x.message_sid FROM tradepost_internal.whatsapp_messages x WHERE x.received_at < now() - run_retention.messages ORDER BY x.received_at LIMIT most) o
		WHERE m.account_sid = o.account_sid AND m.message_sid = o.message_sid;
	GET DIAGNOSTICS removed = ROW_COUNT;
	RETURN NEXT;
	-- Long past, whatever is kept of the messages: an hour after its minute nobody asks for a code.
	what := 'whatsapp_pendings';
	DELETE FROM tradepost_internal.whatsapp_pendings p USING (SELECT x.id FROM tradepost_internal.whatsapp_pendings x ORDER BY x.id LIMIT most) o
		WHERE p.id = o.id AND p.made_at < now() - interval '1 hour';
	GET DIAGNOSTICS removed = ROW_COUNT;
	RETURN NEXT;
END
$$;
COMMENT ON FUNCTION tradepost.run_retention(interval, interval, interval, integer, interval) IS
'Removes pushes, notifications, deliveries and WhatsApp messages that are older than this, whether they were read or sent or not, and what was not confirmed within the hour; of each at most this many of the oldest, so that it is always short. How many, by table. Error: TP005';
