-- The outbox of WhatsApp as a proxy's sender empties it.
--
--	queued --claim--> sending --sent--> sent --callbacks--> delivered --> read
--	   ^ |               | |               |
--	   | +--> dropped    | +--> failed <---+
--	   +-----refused-----+                 |
--	   +------a callback: too fast, or a template is wanted
--
-- A row is sending from before its request leaves until it is known what came of it.  If
-- that gets lost (the proxy, the connection), the row is given out again as unknown: the
-- sender looks it up in the provider's list, and sends it anew only when the list, some
-- while later, does not have it.  To one phone nothing leaves before what is older.

CREATE OR REPLACE FUNCTION tradepost_internal.jittered(seconds double precision)
	RETURNS interval LANGUAGE sql VOLATILE PARALLEL SAFE
BEGIN ATOMIC
	SELECT interval '1 second' * seconds * (1 + random() / 4);
END;
COMMENT ON FUNCTION tradepost_internal.jittered(double precision) IS 'So many seconds and up to a quarter more, so that not everybody comes back at once';

CREATE OR REPLACE FUNCTION tradepost_internal.pause_sender(least_seconds integer, first_seconds integer, why text)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	INSERT INTO tradepost_internal.whatsapp_sender AS s (paused_until, pauses, reason)
		VALUES (clock_timestamp() + tradepost_internal.jittered(greatest(least_seconds, first_seconds)), 1, left(why, 500))
		-- What several requests under way are told is one pause.
		ON CONFLICT ON CONSTRAINT whatsapp_sender_pkey DO UPDATE SET reason = excluded.reason,
			pauses = s.pauses + CASE WHEN s.paused_until <= clock_timestamp() THEN 1 ELSE 0 END,
			paused_until = greatest(s.paused_until, clock_timestamp() + tradepost_internal.jittered(greatest(least_seconds,
				CASE WHEN s.paused_until <= clock_timestamp() THEN least(first_seconds * power(2, least(s.pauses, 20)), 3600) ELSE 0 END)));
END
$$;
COMMENT ON FUNCTION tradepost_internal.pause_sender(integer, integer, text) IS 'Lets all messages wait: least_seconds at least, and first_seconds doubled for each pause in a row, an hour at most';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_one_line(body text)
	RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	-- The provider refuses line ends, tabs and runs of blanks in a variable, and templates above 1024 characters.
	SELECT left(btrim(regexp_replace(regexp_replace(replace(body, '```', ''), '[[:space:]]*[\n\r]+[[:space:]]*', ' | ', 'g'), '[[:space:]]+', ' ', 'g'), ' |'), 900);
END;
COMMENT ON FUNCTION tradepost_internal.whatsapp_one_line(text) IS 'A message as the variable of a template: one line';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_drop(of_id bigint, why text)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	UPDATE tradepost_internal.whatsapp_outbox o SET status = 'dropped', error = why, leased_until = NULL, ended_at = clock_timestamp() WHERE o.id = of_id;
END;
COMMENT ON FUNCTION tradepost_internal.whatsapp_drop(bigint, text) IS 'Takes a message out of the outbox unsent, and says why';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_unwanted(o tradepost_internal.whatsapp_outbox, link tradepost_internal.phone_links)
	RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	RETURN CASE
		WHEN o.created_at < now() - interval '1 day' THEN 'could not be sent for a day'
		WHEN o.kind = 'reply' THEN NULL
		WHEN link.opted_out_at IS NOT NULL THEN 'the phone has opted out'
		-- A phone is told that it was unlinked.
		WHEN o.kind <> 'security' AND link.user_id IS DISTINCT FROM o.user_id THEN 'the phone is not the user''s any more'
		WHEN EXISTS (SELECT FROM tradepost_internal.whatsapp_messages m WHERE m.order_id = o.order_id AND m.told_seq >= o.seq) THEN 'an answer has told it'
	END;
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_unwanted(tradepost_internal.whatsapp_outbox, tradepost_internal.phone_links) IS 'Why a message that is queued need not leave any more; NULL: it must';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_window(of_tenant bigint, of_phone text)
	RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	-- A minute less than the provider's, whose clock and ours differ.
	since timestamptz := now() - interval '23 hours 59 minutes';
BEGIN
	-- One number answers for all tenants.
	IF EXISTS (SELECT FROM tradepost_internal.phone_links l WHERE l.tenant = of_tenant AND l.phone = of_phone) THEN
		RETURN EXISTS (SELECT FROM tradepost_internal.tenants t JOIN tradepost_internal.phone_links l ON l.tenant = t.id AND l.phone = of_phone WHERE l.last_inbound_at > since);
	END IF;
	RETURN EXISTS (SELECT FROM tradepost_internal.whatsapp_messages m WHERE m.phone = of_phone AND m.received_at > since);
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_window(bigint, text) IS 'Whether a phone has written within 24 hours, so that free text may be sent to it';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_take(of_phone text, seconds integer, templates jsonb, OUT o tradepost_internal.whatsapp_outbox, OUT content text, OUT window_open boolean)
	RETURNS record LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	link tradepost_internal.phone_links;
	why  text;
	head bigint;
	told bigint;
BEGIN
	LOOP
		SELECT x.id INTO head FROM tradepost_internal.whatsapp_outbox x WHERE x.phone = of_phone AND x.status IN ('queued', 'sending') ORDER BY x.id LIMIT 1;
		SELECT x.* INTO o FROM tradepost_internal.whatsapp_outbox x WHERE x.id = head AND x.status IN ('queued', 'sending') FOR UPDATE SKIP LOCKED;
		IF o.id IS NULL OR o.next_at > clock_timestamp()
			-- A younger one may be under way: one that was refused by a callback comes again before it.
			OR EXISTS (SELECT FROM tradepost_internal.whatsapp_outbox x WHERE x.phone = of_phone AND x.status = 'sending' AND x.leased_until > clock_timestamp()) THEN
			o := NULL;
			RETURN;
		ELSIF o.status = 'sending' THEN
			UPDATE tradepost_internal.whatsapp_outbox x SET leased_until = clock_timestamp() + interval '1 second' * seconds WHERE x.id = o.id;
			RETURN;
		END IF;
		SELECT l.* INTO link FROM tradepost_internal.phone_links l WHERE l.tenant = o.tenant AND l.phone = o.phone;
		why := tradepost_internal.whatsapp_unwanted(o, link);
		IF why IS NULL THEN
			IF EXISTS (SELECT FROM tradepost_internal.whatsapp_messages m WHERE m.order_id = o.order_id AND m.command_id IS NOT NULL AND m.outcome_told_at IS NULL
					AND m.received_at > clock_timestamp() - interval '15 seconds') THEN
				-- Its answer is being made, and may tell the same.
				o := NULL;
				RETURN;
			END IF;
			told := (SELECT max(m.told_seq) FROM tradepost_internal.whatsapp_messages m WHERE m.order_id = o.order_id);
			IF told >= (o.data ->> 'firstSeq')::bigint THEN
				UPDATE tradepost_internal.whatsapp_outbox x SET body = tradepost_internal.whatsapp_rest_of_fills(o.data, o.lang, o.user_id, told) WHERE x.id = o.id RETURNING x.body INTO o.body;
			END IF;
			window_open := NOT o.template AND tradepost_internal.whatsapp_window(o.tenant, o.phone);
			content := CASE WHEN NOT window_open THEN coalesce(templates ->> o.lang, templates ->> 'en', (SELECT min(t.value) FROM jsonb_each_text(templates) t)) END;
			EXIT WHEN window_open OR content IS NOT NULL;
			why := 'the phone has not written for 24 hours, and there is no template';
		END IF;
		PERFORM tradepost_internal.whatsapp_drop(o.id, why);
	END LOOP;
	UPDATE tradepost_internal.whatsapp_outbox x SET status = 'sending', attempts = x.attempts + 1, template = content IS NOT NULL, sending_at = clock_timestamp(),
		sure_at = clock_timestamp() + interval '30 seconds', leased_until = clock_timestamp() + interval '1 second' * seconds
		WHERE x.id = o.id;
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_take(text, integer, jsonb) IS
'Gives out the oldest message to a phone, as it was before; drops what need not or cannot be sent. content: the template, if it must be one. All NULL: there is nothing now';

CREATE OR REPLACE FUNCTION tradepost_edge.whatsapp_claim(most integer, seconds integer, templates jsonb)
	RETURNS TABLE (id bigint, phone text, body text, lang text, attempts integer, window_open boolean, unknown boolean, content text, template boolean, created bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER ROWS 32 SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	candidate text;
	taken     record;
	o         tradepost_internal.whatsapp_outbox;
	given     integer := 0;
BEGIN
	PERFORM tradepost_internal.bounded('most', most, 1, 1000), tradepost_internal.bounded('seconds', seconds, 1, 3600);
	-- A restored copy sends nothing beside the original until post_restore().
	IF EXISTS (SELECT FROM tradepost_internal.engine_state s WHERE s.instance <> tradepost_internal.instance_id())
		OR EXISTS (SELECT FROM tradepost_internal.whatsapp_sender s WHERE s.paused_until > clock_timestamp()) THEN
		RETURN;
	END IF;
	PERFORM tradepost_internal.whatsapp_overdue_outcomes();
	-- One claim at a time, so that each sees what the one before has given out: two of a phone are never under way at once.
	PERFORM pg_advisory_xact_lock(hashtextextended('tradepost whatsapp_claim', 0));
	FOR candidate IN
		WITH RECURSIVE heads AS (
			(SELECT x.phone, x.id, x.next_at, x.leased_until FROM tradepost_internal.whatsapp_outbox x WHERE x.status IN ('queued', 'sending') ORDER BY x.phone, x.id LIMIT 1)
			UNION ALL
			SELECT n.phone, n.id, n.next_at, n.leased_until FROM heads h CROSS JOIN LATERAL (
				SELECT x.phone, x.id, x.next_at, x.leased_until FROM tradepost_internal.whatsapp_outbox x WHERE x.status IN ('queued', 'sending') AND x.phone > h.phone ORDER BY x.phone, x.id LIMIT 1) n)
		SELECT h.phone FROM heads h WHERE h.next_at <= clock_timestamp() AND (h.leased_until IS NULL OR h.leased_until <= clock_timestamp()) ORDER BY h.id
	LOOP
		EXIT WHEN given >= most;
		SELECT * INTO taken FROM tradepost_internal.whatsapp_take(candidate, seconds, templates);
		o := taken.o;
		IF o.id IS NOT NULL THEN
			given := given + 1;
			id := o.id;
			phone := o.phone;
			unknown := o.status = 'sending';
			-- As what it would have been sent: what is looked up is what was sent.
			content := taken.content;
			template := CASE WHEN unknown THEN o.template ELSE content IS NOT NULL END;
			body := CASE WHEN template THEN tradepost_internal.whatsapp_one_line(o.body) ELSE o.body END;
			lang := o.lang;
			attempts := o.attempts + CASE WHEN unknown THEN 0 ELSE 1 END;
			window_open := taken.window_open;
			created := floor(extract(epoch FROM o.created_at));
			RETURN NEXT;
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION tradepost_edge.whatsapp_claim(integer, integer, jsonb) IS
'Messages that are due, one a phone and this many at most, for the caller alone for so many seconds, in which it says what became of each. templates: the content SIDs by language, {"en": ...}. content: to be sent as this
template with body as its variable, else body as it is. unknown: it may have been sent already, as a template or not: whatsapp_looked_up() decides. created: seconds since 1970. Nothing during a pause, and in a restored copy. Error: TP005';

CREATE OR REPLACE FUNCTION tradepost_edge.whatsapp_sent(id bigint, sid text)
	RETURNS boolean LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	o tradepost_internal.whatsapp_outbox;
BEGIN
	SELECT x.* INTO o FROM tradepost_internal.whatsapp_outbox x WHERE x.id = whatsapp_sent.id FOR UPDATE;
	IF o.id IS NULL OR o.provider_sid = sid OR sid = ANY (o.earlier_sids) THEN
		-- A callback was faster.
		RETURN o.id IS NOT NULL;
	ELSIF EXISTS (SELECT FROM tradepost_internal.whatsapp_outbox x WHERE x.provider_sid = sid) THEN
		RETURN false;
	ELSIF o.provider_sid IS NOT NULL OR o.status NOT IN ('queued', 'sending') THEN
		UPDATE tradepost_internal.whatsapp_outbox x SET earlier_sids = x.earlier_sids || sid WHERE x.id = o.id;
		RETURN true;
	END IF;
	UPDATE tradepost_internal.whatsapp_outbox x SET status = 'sent', provider_sid = sid, leased_until = NULL, error = NULL, error_code = NULL, ended_at = clock_timestamp() WHERE x.id = o.id;
	UPDATE tradepost_internal.whatsapp_sender s SET pauses = 0 WHERE s.pauses > 0 AND s.paused_until <= clock_timestamp();
	RETURN true;
END
$$;
COMMENT ON FUNCTION tradepost_edge.whatsapp_sent(bigint, text) IS 'The provider has taken a message, under this name. False: there is no such message, or the name is another''s, so nothing is known';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_fault(http integer, code integer)
	RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE
		-- Too fast for this phone.
		WHEN code = 63018 THEN 'phone'
		-- The day's limit; too many at once; too many queued.
		WHEN code = 63038 THEN 'day'
		WHEN code IN (20429, 21611, 14107) OR http = 429 THEN 'all'
		WHEN code = 63016 THEN 'template'
		WHEN code = 21610 THEN 'opted out'
		-- Wrong credentials, a suspended account, a number that is not ours: no message's fault.
		WHEN code IN (20003, 20005, 20006, 20404, 21212, 21606, 63007) OR code IS NULL AND (http IN (401, 403, 404, 407) OR http BETWEEN 300 AND 399) THEN 'setup'
		-- The channel's own failure.
		WHEN code IN (63010, 63012) THEN 'later'
		ELSE 'final' END;
END;
COMMENT ON FUNCTION tradepost_internal.whatsapp_fault(integer, integer) IS
'What an error of the provider asks for, by the status of its answer and its own code: to wait with this phone, with all, with all for long (day), until somebody has corrected the settings (setup), to try later, to send a
template, to note that the phone has opted out, or nothing more (final)';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_turned_down(o tradepost_internal.whatsapp_outbox, http integer, code integer, why text, retry_after integer)
	RETURNS text LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	most  CONSTANT integer := 8;
	fault text := tradepost_internal.whatsapp_fault(http, code);
	again timestamptz := clock_timestamp();
	-- A provider that asks for years is not obeyed.
	least_seconds integer := least(greatest(coalesce(retry_after, 0), 0), 3600);
BEGIN
	IF fault = 'template' AND o.template OR fault = 'later' AND o.faults + 1 >= most THEN
		fault := 'final';
	END IF;
	CASE fault
	WHEN 'phone' THEN
		again := again + tradepost_internal.jittered(greatest(least_seconds, least(2 * power(2, least(o.waits, 20)), 3600)));
	WHEN 'later' THEN
		again := again + tradepost_internal.jittered(least(5 * power(4, o.faults), 3600));
	WHEN 'all' THEN
		PERFORM tradepost_internal.pause_sender(least_seconds, 1, why);
	WHEN 'day' THEN
		-- It is told by a callback, after the provider has taken the message: a pause is none in a row then, but the message has waited before.
		PERFORM tradepost_internal.pause_sender(greatest(least_seconds, least(60 * power(2, least(o.waits, 6)), 3600)::integer), 60, why);
	WHEN 'setup' THEN
		PERFORM tradepost_internal.pause_sender(least_seconds, 15, why);
	WHEN 'template' THEN
		NULL;
	ELSE
		IF fault = 'opted out' THEN
			UPDATE tradepost_internal.phone_links l SET opted_out_at = coalesce(l.opted_out_at, clock_timestamp()) WHERE l.phone = o.phone;
		END IF;
		UPDATE tradepost_internal.whatsapp_outbox x SET status = 'failed', faults = x.faults + 1, leased_until = NULL, error_code = code, error = left(why, 500), ended_at = clock_timestamp() WHERE x.id = o.id;
		RETURN 'failed';
	END CASE;
	UPDATE tradepost_internal.whatsapp_outbox x SET status = 'queued', template = x.template OR fault = 'template', leased_until = NULL, next_at = again, ended_at = NULL,
		earlier_sids = CASE WHEN x.provider_sid IS NULL THEN x.earlier_sids ELSE x.earlier_sids || x.provider_sid END, provider_sid = NULL,
		waits = x.waits + CASE WHEN fault IN ('phone', 'day') THEN 1 ELSE 0 END, faults = x.faults + CASE WHEN fault = 'later' THEN 1 ELSE 0 END, error_code = code, error = left(why, 500)
		WHERE x.id = o.id;
	PERFORM tradepost_internal.wake_sender();
	RETURN fault;
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_turned_down(tradepost_internal.whatsapp_outbox, integer, integer, text, integer) IS
'Does what an error of the provider asks for, and says which: phone, all, day, setup, later, template, or failed. The message was certainly not delivered';

CREATE OR REPLACE FUNCTION tradepost_edge.whatsapp_refused(id bigint, http integer, code integer, why text, retry_after integer)
	RETURNS text LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	o tradepost_internal.whatsapp_outbox;
BEGIN
	SELECT x.* INTO o FROM tradepost_internal.whatsapp_outbox x WHERE x.id = whatsapp_refused.id AND x.status = 'sending' FOR UPDATE;
	RETURN CASE WHEN o.id IS NOT NULL THEN tradepost_internal.whatsapp_turned_down(o, http, code, why, retry_after) END;
END
$$;
COMMENT ON FUNCTION tradepost_edge.whatsapp_refused(bigint, integer, integer, text, integer) IS
'The provider has answered that it does not take a message: its HTTP status and own code, in words, and how many seconds it wants to be left alone. Says what follows: phone, all, day, setup, later (it is tried again), template,
failed; NULL: something else has settled it';

CREATE OR REPLACE FUNCTION tradepost_edge.whatsapp_unsent(id bigint, why text)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	UPDATE tradepost_internal.whatsapp_outbox o SET status = 'queued', leased_until = NULL, attempts = o.attempts - 1, error = left(why, 500) WHERE o.id = whatsapp_unsent.id AND o.status = 'sending';
	IF FOUND AND why IS NOT NULL THEN
		PERFORM tradepost_internal.pause_sender(0, 1, why);
	END IF;
END
$$;
COMMENT ON FUNCTION tradepost_edge.whatsapp_unsent(bigint, text) IS 'A message has certainly not left: the provider could not be reached, and all messages wait for a little; why NULL: the proxy ends';

CREATE OR REPLACE FUNCTION tradepost_edge.whatsapp_unknown(id bigint, why text, answered boolean)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
	-- The provider's own failure is answered at once, and tried later and later; silence is asked about soon.
	UPDATE tradepost_internal.whatsapp_outbox o SET leased_until = NULL, faults = o.faults + 1, error = left(why, 500),
		sure_at = CASE WHEN answered THEN clock_timestamp() + interval '5 seconds' ELSE o.sure_at END,
		next_at = clock_timestamp() + CASE WHEN answered THEN tradepost_internal.jittered(least(5 * power(4, o.faults), 3600)) ELSE interval '1 second' END
		WHERE o.id = whatsapp_unknown.id AND o.status = 'sending'
$$;
COMMENT ON FUNCTION tradepost_edge.whatsapp_unknown(bigint, text, boolean) IS
'Nobody knows whether the provider has taken a message: it is looked up before it is sent again. answered: the request ended with an answer, so that the provider''s list will soon be right';

CREATE OR REPLACE FUNCTION tradepost_edge.whatsapp_looked_up(id bigint, hits jsonb)
	RETURNS text LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	most CONSTANT integer := 8;
	o    tradepost_internal.whatsapp_outbox;
	hit  record;
BEGIN
	SELECT x.* INTO o FROM tradepost_internal.whatsapp_outbox x WHERE x.id = whatsapp_looked_up.id AND x.status = 'sending' FOR UPDATE;
	IF o.id IS NULL THEN
		RETURN 'settled';
	END IF;
	SELECT f.sid, f.status, f.code INTO hit FROM jsonb_to_recordset(hits) f (sid text, status text, code integer, at bigint)
	-- Some minutes less: the provider has a clock of its own.
	WHERE to_timestamp(f.at) > o.created_at - interval '5 minutes' AND NOT coalesce(f.sid = ANY (o.earlier_sids), false)
		AND NOT EXISTS (SELECT FROM tradepost_internal.whatsapp_outbox x WHERE x.provider_sid = f.sid)
		AND NOT EXISTS (SELECT FROM tradepost_internal.whatsapp_outbox x WHERE x.phone = o.phone AND x.earlier_sids IS NOT NULL AND f.sid = ANY (x.earlier_sids))
	ORDER BY f.at, f.sid LIMIT 1;
	IF FOUND THEN
		PERFORM tradepost_edge.whatsapp_sent(o.id, hit.sid);
		PERFORM tradepost_internal.whatsapp_report(o.id, hit.sid, hit.status, hit.code);
		RETURN 'sent';
	ELSIF o.created_at < now() - interval '1 day' OR hits IS NOT NULL AND o.faults >= most AND clock_timestamp() >= o.sure_at THEN
		UPDATE tradepost_internal.whatsapp_outbox x SET status = 'failed', leased_until = NULL, ended_at = clock_timestamp(),
			error = CASE WHEN hits IS NULL THEN 'whether it was sent could not be found out for a day' ELSE x.error END WHERE x.id = o.id;
		RETURN 'failed';
	ELSIF hits IS NULL OR clock_timestamp() < o.sure_at THEN
		UPDATE tradepost_internal.whatsapp_outbox x SET leased_until = NULL,
			next_at = CASE WHEN hits IS NULL THEN clock_timestamp() + tradepost_internal.jittered(5) ELSE least(o.sure_at, clock_timestamp() + interval '5 seconds') END WHERE x.id = o.id;
		RETURN 'wait';
	END IF;
	-- It was not taken: as if it had never been given out, it is judged anew.
	UPDATE tradepost_internal.whatsapp_outbox x SET status = 'queued', leased_until = NULL, next_at = '-infinity' WHERE x.id = o.id;
	RETURN 'send';
END
$$;
COMMENT ON FUNCTION tradepost_edge.whatsapp_looked_up(bigint, jsonb) IS
'What the provider''s list has of a message that was given out as unknown: those with its text to its phone, [{"sid", "status", "code", "at": seconds since 1970}], or NULL: it could not be asked. What follows: sent: this is
it; send: it was not taken, and can be claimed anew; wait: nothing is sure yet; failed: given up; settled: something else was faster';
