-- What became of the command that a message gave: told in the webhook's answer where the
-- engine is quick enough, else by a message.  Whatever was told says of which event it
-- knew, so that nothing of it is told a second time.

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_decided(command bigint)
	RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT command < (SELECT s.watermark FROM tradepost_internal.engine_state s) OR EXISTS (SELECT FROM tradepost_internal.orders o WHERE o.id = command)
		OR EXISTS (SELECT FROM tradepost_internal.events e WHERE e.command_id = command AND e.decision);
END;
COMMENT ON FUNCTION tradepost_internal.whatsapp_decided(bigint) IS 'Whether the engine has decided a command, which was committed';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_result(m tradepost_internal.whatsapp_messages, u tradepost_internal.users)
	RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	PERFORM tradepost_internal.durable();
	RETURN CASE m.action WHEN 'order' THEN tradepost_internal.reply_order(u, m.language, m.order_id)
		WHEN 'amend' THEN tradepost_internal.reply_amend(u, m.language, m.order_id, m.command_id)
		ELSE tradepost_internal.reply_cancel(u, m.language, m.order_id, m.command_id) END;
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_result(tradepost_internal.whatsapp_messages, tradepost_internal.users) IS 'What became of a message''s command, as its user reads it; STABLE: all of one moment';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_tell(m tradepost_internal.whatsapp_messages)
	RETURNS tradepost_internal.whatsapp_messages LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	seen record;
BEGIN
	-- One statement, one snapshot: the reply knows of the events up to seq, and of none after it.
	SELECT tradepost_internal.whatsapp_result(m, u) AS result, (SELECT max(e.seq) FROM tradepost_internal.events e) AS seq INTO seen FROM tradepost_internal.users u WHERE u.id = m.user_id;
	UPDATE tradepost_internal.whatsapp_messages x SET reply = seen.result, outcome_told_at = clock_timestamp(), told_seq = seen.seq
		WHERE x.account_sid = m.account_sid AND x.message_sid = m.message_sid RETURNING x.* INTO m;
	PERFORM tradepost_internal.whatsapp_forget_told(m.order_id, m.told_seq);
	RETURN m;
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_tell(tradepost_internal.whatsapp_messages) IS 'Makes the outcome of a message''s decided command its reply; what it says is taken out of the outbox, as far as it is still there';

CREATE OR REPLACE FUNCTION tradepost_edge.whatsapp_outcome(account_sid text, message_sid text)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	m tradepost_internal.whatsapp_messages;
BEGIN
	SELECT x.* INTO m FROM tradepost_internal.whatsapp_messages x WHERE x.account_sid = whatsapp_outcome.account_sid AND x.message_sid = whatsapp_outcome.message_sid FOR UPDATE;
	IF m.command_id IS NOT NULL AND m.outcome_told_at IS NULL AND m.answered_at IS NULL THEN
		IF tradepost_internal.whatsapp_decided(m.command_id) THEN
			m := tradepost_internal.whatsapp_tell(m);
		ELSE
			-- From here on the first reply is what the message is answered, however often it comes.
			UPDATE tradepost_internal.whatsapp_messages x SET answered_at = clock_timestamp() WHERE x.account_sid = m.account_sid AND x.message_sid = m.message_sid;
		END IF;
	END IF;
	RETURN json_build_object('reply', m.reply);
END
$$;
COMMENT ON FUNCTION tradepost_edge.whatsapp_outcome(text, text) IS
'The reply to a message, {"reply"}, with what became of its command, if that is decided by now; else the first reply, which then stands for good, and the outcome is told by a message. What the proxy calls once it has waited, decided or not.
null: there is no such message, or no reply to it';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_overdue_outcomes()
	RETURNS integer LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	-- A proxy that has waited says so (answered_at); one that was lost does not.
	patience CONSTANT interval := '15 seconds';
	m        tradepost_internal.whatsapp_messages;
	first    text;
	told     integer := 0;
BEGIN
	-- A restored copy tells nobody anything.
	IF NOT EXISTS (SELECT FROM tradepost_internal.engine_state s WHERE s.instance = tradepost_internal.instance_id()) THEN
		RETURN 0;
	END IF;
	FOR m IN SELECT x.* FROM tradepost_internal.whatsapp_messages x WHERE x.command_id IS NOT NULL AND x.outcome_told_at IS NULL AND (x.answered_at IS NOT NULL OR x.received_at < clock_timestamp() - patience)
		ORDER BY x.received_at LIMIT 100 FOR UPDATE SKIP LOCKED
	LOOP
		CONTINUE WHEN NOT tradepost_internal.whatsapp_decided(m.command_id);
		first := m.reply;
		m := tradepost_internal.whatsapp_tell(m);
		PERFORM tradepost_internal.queue_whatsapp(m.user_id, m.phone, 'reply', m.reply, format('outcome:%s:%s', m.account_sid, m.message_sid));
		-- The same message again is answered as it was.
		UPDATE tradepost_internal.whatsapp_messages x SET reply = first WHERE x.account_sid = m.account_sid AND x.message_sid = m.message_sid;
		told := told + 1;
	END LOOP;
	RETURN told;
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_overdue_outcomes() IS
'Puts into the outbox, once, what became of commands whose webhook was answered before they were decided; how many. What the proxies'' claim and the follower''s clock call; nothing in a restored copy';
