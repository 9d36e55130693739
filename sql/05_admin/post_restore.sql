-- A restored copy comes up with its engine off: it must not trade, message or execute
-- beside the original.  This is the administrator's word that it is to take over.

CREATE OR REPLACE FUNCTION tradepost.post_restore()
	RETURNS text LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	here  text := tradepost_internal.instance_id();
	there text;
	last  bigint;
BEGIN
	SELECT s.instance INTO there FROM tradepost_internal.engine_state s FOR UPDATE;
	IF there IS NULL THEN
		RETURN 'nothing was restored: this exchange has no account yet';
	ELSIF there = here THEN
		RETURN 'nothing to do: the engine of this database is on';
	END IF;
	-- Ids are never drawn twice, also when the dump of the sequence is older than that of the rows.
	SELECT greatest(max(c.id), (SELECT s.watermark - 1 FROM tradepost_internal.engine_state s)) INTO last FROM tradepost_internal.commands c;
	PERFORM setval('tradepost_internal.command_id_seq', last)
		FROM tradepost_internal.command_id_seq q WHERE last >= q.last_value AND last > 0;
	UPDATE tradepost_internal.engine_state SET instance = here;
	-- What the dump had to send, the original may have sent since: the sender looks it up at the provider first.
	UPDATE tradepost_internal.whatsapp_outbox o SET status = 'sending', attempts = greatest(o.attempts, 1), leased_until = NULL, sure_at = clock_timestamp() WHERE o.status IN ('queued', 'sending');
	PERFORM tradepost_internal.wake_engine();
	RETURN format('the engine of this database is on: it was %s, it is %s', there, here);
END
$$;
COMMENT ON FUNCTION tradepost.post_restore() IS
'Turns the engine on in a database restored from a dump, or copied: until then it stays off there, so that no copy trades beside the original. Says what it did; does nothing in a database that
needs it not. Administrators only.';
