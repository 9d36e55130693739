-- Voice notes: queued by whatsapp_inbound(), handed out to a proxy, which fetches and hears
-- them, and answered by a message.  What was heard executes and confirms nothing.

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_say(m tradepost_internal.whatsapp_messages, said text)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	PERFORM tradepost_internal.queue_whatsapp(m.user_id, m.phone, 'reply', said, format('voice:%s:%s', m.account_sid, m.message_sid));
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_say(tradepost_internal.whatsapp_messages, text) IS 'Answers a voice note by a message, once';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_unheard(m tradepost_internal.whatsapp_messages, why text)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	UPDATE tradepost_internal.whatsapp_messages x SET voice_state = 'failed', leased_until = NULL, fault = left(why, 256), action = 'none' WHERE x.account_sid = m.account_sid AND x.message_sid = m.message_sid;
	PERFORM tradepost_internal.whatsapp_say(m, CASE why WHEN 'too_long' THEN tradepost_internal.text('whatsapp_note_too_long', m.language) WHEN 'too_big' THEN tradepost_internal.text('whatsapp_note_too_long', m.language)
		WHEN 'empty' THEN tradepost_internal.text('whatsapp_note_empty', m.language) WHEN 'not_understood' THEN tradepost_internal.text('whatsapp_note_unclear', m.language)
		WHEN 'language' THEN tradepost_internal.text('whatsapp_note_language', m.language) WHEN 'not_audio' THEN tradepost_internal.text('whatsapp_note_kind', m.language) ELSE tradepost_internal.text('whatsapp_note_failed', m.language) END);
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_unheard(tradepost_internal.whatsapp_messages, text) IS 'Gives a voice note up for this reason, and tells the user what to do';

CREATE OR REPLACE FUNCTION tradepost_edge.whatsapp_voice_claim(most integer, seconds integer)
	RETURNS TABLE (account_sid text, message_sid text, media_url text, media_type text, lang text, tenant bigint, markets json)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER ROWS 10 SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	tries CONSTANT integer := 3;
	m     tradepost_internal.whatsapp_messages;
BEGIN
	-- A restored copy hears nothing.
	IF NOT EXISTS (SELECT FROM tradepost_internal.engine_state s WHERE s.instance = tradepost_internal.instance_id()) THEN
		RETURN;
	END IF;
	FOR m IN SELECT x.* FROM tradepost_internal.whatsapp_messages x WHERE x.voice_state = 'queued' OR x.voice_state = 'leased' AND x.leased_until < clock_timestamp()
		ORDER BY x.received_at LIMIT tradepost_internal.bounded('most', whatsapp_voice_claim.most, 1, 100) FOR UPDATE SKIP LOCKED
	LOOP
		IF m.attempts >= tries THEN
			-- Whoever had it was lost each time.
			PERFORM tradepost_internal.whatsapp_unheard(m, 'lost');
			CONTINUE;
		END IF;
		UPDATE tradepost_internal.whatsapp_messages x SET voice_state = 'leased', attempts = x.attempts + 1,
			leased_until = clock_timestamp() + tradepost_internal.bounded('seconds', whatsapp_voice_claim.seconds, 1, 3600) * interval '1 second'
			WHERE x.account_sid = m.account_sid AND x.message_sid = m.message_sid;
		RETURN QUERY SELECT m.account_sid, m.message_sid, m.media_url, m.media_type,
			(SELECT tradepost_internal.whatsapp_language(l, u) FROM tradepost_internal.users u LEFT JOIN tradepost_internal.phone_links l ON l.user_id = u.id WHERE u.id = m.user_id), m.tenant,
			(SELECT coalesce(json_agg(json_build_object('asset', CASE i.kind WHEN 0 THEN i.symbol ELSE a.code END, 'contract', i.contract) ORDER BY i.id), '[]')
				FROM tradepost_internal.instruments i JOIN tradepost_internal.assets a ON a.id = i.asset LEFT JOIN tradepost_internal.instrument_state s ON s.instrument = i.id
				WHERE i.tenant = m.tenant AND coalesce(s.status, 1) < 2);
	END LOOP;
END
$$;
COMMENT ON FUNCTION tradepost_edge.whatsapp_voice_claim(integer, integer) IS
'Hands out at most so many voice notes to be heard within so many seconds, oldest first, each to one proxy; whatsapp_heard() ends it. markets: what is listed, [{"asset", "contract"}], which is what the note is likely to be about. A note that was handed out three times in vain is given up, and its user told. Error: TP005';

CREATE OR REPLACE FUNCTION tradepost_edge.whatsapp_heard(account_sid text, message_sid text, transcript text, confidence numeric, fault text)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	tries CONSTANT integer := 3;
	m     tradepost_internal.whatsapp_messages;
	link  tradepost_internal.phone_links;
	u     tradepost_internal.users;
	heard text := left(btrim(coalesce(transcript, ''), E' \t\r\n'), 1000);
BEGIN
	SELECT x.* INTO m FROM tradepost_internal.whatsapp_messages x WHERE x.account_sid = whatsapp_heard.account_sid AND x.message_sid = whatsapp_heard.message_sid FOR UPDATE;
	IF coalesce(m.voice_state, 'done') NOT IN ('queued', 'leased') THEN
		RETURN json_build_object('state', m.voice_state);
	END IF;
	SELECT x.* INTO u FROM tradepost_internal.users x WHERE x.id = m.user_id;
	SELECT l.* INTO link FROM tradepost_internal.phone_links l WHERE l.tenant = m.tenant AND l.phone = m.phone AND l.user_id = m.user_id FOR UPDATE;
	IF link.user_id IS NULL THEN
		-- Unlinked meanwhile: nobody is to be told anything.
		UPDATE tradepost_internal.whatsapp_messages x SET voice_state = 'failed', leased_until = NULL, fault = 'unlinked' WHERE x.account_sid = m.account_sid AND x.message_sid = m.message_sid;
		RETURN json_build_object('state', 'failed');
	ELSIF fault IN ('fetch', 'timeout', 'crash', 'unavailable') AND m.attempts < tries THEN
		UPDATE tradepost_internal.whatsapp_messages x SET voice_state = 'queued', leased_until = NULL, fault = whatsapp_heard.fault WHERE x.account_sid = m.account_sid AND x.message_sid = m.message_sid;
		RETURN json_build_object('state', 'queued');
	ELSIF fault IS NOT NULL OR heard = '' THEN
		PERFORM tradepost_internal.whatsapp_unheard(m, coalesce(fault, 'empty'));
		RETURN json_build_object('state', 'failed');
	END IF;
	m := tradepost_internal.whatsapp_take(m, u, link, heard, true);
	UPDATE tradepost_internal.whatsapp_messages x SET voice_state = 'done', leased_until = NULL, transcript = heard, confidence = whatsapp_heard.confidence, fault = NULL, language = m.language, action = m.action
		WHERE x.account_sid = m.account_sid AND x.message_sid = m.message_sid;
	PERFORM tradepost_internal.whatsapp_say(m, tradepost_internal.text('whatsapp_heard', m.language, jsonb_build_object('transcript', heard)) || E'\n' || m.reply);
	RETURN json_build_object('state', 'done');
END
$$;
COMMENT ON FUNCTION tradepost_edge.whatsapp_heard(text, text, text, numeric, text) IS
'What was heard in a voice note, or why not: understood as if it were written, but that it executes and confirms nothing, and answered by a message, once. fault fetch, timeout, crash or unavailable: it is handed out again, three times in
all. {"state": queued, done, failed, or null: there is no such note}';
