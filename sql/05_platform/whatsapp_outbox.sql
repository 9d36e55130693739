-- What is put into the outbox of WhatsApp, in the transaction of what it tells, and what
-- there is to see of it.

CREATE OR REPLACE FUNCTION tradepost_internal.wake_sender()
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT tradepost_internal.tell_edge(json_build_object('whatsapp', 1));
END;
COMMENT ON FUNCTION tradepost_internal.wake_sender() IS 'Wakes the proxies'' senders once this transaction commits';

CREATE OR REPLACE FUNCTION tradepost_internal.queue_whatsapp(user_id bigint, phone text, kind text, body text, event_key text DEFAULT NULL)
	RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	u    tradepost_internal.users;
	link tradepost_internal.phone_links;
	made bigint;
BEGIN
	SELECT x.* INTO u FROM tradepost_internal.users x WHERE x.id = queue_whatsapp.user_id;
	SELECT l.* INTO link FROM tradepost_internal.phone_links l WHERE l.tenant = coalesce(u.tenant, 1) AND l.phone = queue_whatsapp.phone;
	IF link.opted_out_at IS NOT NULL AND queue_whatsapp.kind <> 'reply' THEN
		RETURN NULL;
	END IF;
	INSERT INTO tradepost_internal.whatsapp_outbox AS o (tenant, phone, user_id, kind, body, lang, event_key)
		VALUES (coalesce(u.tenant, 1), queue_whatsapp.phone, queue_whatsapp.user_id, queue_whatsapp.kind, left(queue_whatsapp.body, 1600),
			tradepost_internal.whatsapp_language(link, u), queue_whatsapp.event_key)
		ON CONFLICT ON CONSTRAINT whatsapp_outbox_event_key_key DO NOTHING RETURNING o.id INTO made;
	IF made IS NOT NULL THEN
		PERFORM tradepost_internal.wake_sender();
	END IF;
	RETURN made;
END
$$;
COMMENT ON FUNCTION tradepost_internal.queue_whatsapp(bigint, text, text, text, text) IS
'Puts a message to a phone into the outbox, to leave once this transaction commits: its number, NULL if the phone has opted out (kind reply goes out all the same) or if the event of this key is there already';

CREATE OR REPLACE FUNCTION tradepost_internal.queue_notifications(user_ids bigint[], kinds text[], titles text[], bodies text[], datas jsonb[])
	RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	queued bigint;
BEGIN
	-- Most are of users without a phone: nothing is rendered for them.
	IF NOT EXISTS (SELECT FROM tradepost_internal.phone_links l WHERE l.user_id = ANY (user_ids)) THEN
		RETURN 0;
	END IF;
	WITH asked AS (
		SELECT n.place, u AS who, l AS link, n.kind, n.title, n.body, n.data,
			CASE WHEN n.data ->> 'orderId' ~ '^[0-9]{1,18}$' THEN (n.data ->> 'orderId')::bigint END AS order_id,
			CASE WHEN n.data ->> 'seq' ~ '^[0-9]{1,18}$' THEN (n.data ->> 'seq')::bigint END AS seq
		FROM ROWS FROM (unnest(user_ids), unnest(kinds), unnest(titles), unnest(bodies), unnest(datas)) WITH ORDINALITY n (user_id, kind, title, body, data, place)
		JOIN tradepost_internal.phone_links l ON l.user_id = n.user_id
		JOIN tradepost_internal.users u ON u.id = n.user_id
		WHERE l.opted_out_at IS NULL AND tradepost_internal.notification_wanted(n.user_id, n.kind, 'whatsapp')
	), kept AS (
		INSERT INTO tradepost_internal.whatsapp_outbox AS o (tenant, phone, user_id, kind, body, lang, event_key, order_id, seq, data)
		SELECT (a.who).tenant, (a.link).phone, (a.who).id, a.kind, left(t.text, 1600), t.lang,
			CASE WHEN a.order_id IS NOT NULL AND a.seq IS NOT NULL THEN format('order %s %s %s %s', (a.who).id, a.order_id, a.seq, a.kind) END, a.order_id, a.seq, CASE a.kind WHEN 'fills' THEN a.data END
		FROM asked a
		CROSS JOIN LATERAL (SELECT tradepost_internal.whatsapp_language(a.link, a.who) AS lang OFFSET 0) g
		CROSS JOIN LATERAL (SELECT g.lang, tradepost_internal.notification_text(g.lang, a.kind, a.title, a.body, a.data) AS text OFFSET 0) t
		WHERE t.text <> '' AND NOT EXISTS (SELECT FROM tradepost_internal.whatsapp_messages m WHERE m.order_id = a.order_id AND m.told_seq >= a.seq)
		ORDER BY a.place
		ON CONFLICT ON CONSTRAINT whatsapp_outbox_event_key_key DO NOTHING
		RETURNING 1
	)
	SELECT count(*) INTO queued FROM kept;
	IF queued > 0 THEN
		PERFORM tradepost_internal.wake_sender();
	END IF;
	RETURN queued;
END
$$;
COMMENT ON FUNCTION tradepost_internal.queue_notifications(bigint[], text[], text[], text[], jsonb[]) IS
'The part of notify_users() that goes to linked phones: each in its user''s language, if the user wants the kind there and what it tells of an order has not been the answer to a message. How many were queued';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_rest_of_fills(data jsonb, lang text, of_user bigint, told bigint)
	RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	rest  record;
	price text;
BEGIN
	SELECT sum(f.quantity) AS quantity, sum(f.quantity * f.price) AS value, sum(f.commission) AS commission INTO rest
	FROM tradepost_internal.users u JOIN tradepost_internal.fills f ON f.account = u.account
	WHERE u.id = of_user AND f.order_id = (data ->> 'orderId')::bigint AND f.seq > told AND f.seq BETWEEN (data ->> 'firstSeq')::bigint AND (data ->> 'seq')::bigint;
	price := trim_scale(round(rest.value / nullif(rest.quantity, 0), 8))::text;
	data := data || jsonb_build_object('quantity', trim_scale(rest.quantity)::text, 'price', price, 'commission', trim_scale(rest.commission)::text);
	RETURN left(tradepost_internal.notification_text(lang, 'fills',
		format('%s %s %s at %s', CASE data ->> 'side' WHEN 'buy' THEN 'Bought' ELSE 'Sold' END, data ->> 'quantity', data ->> 'symbol', price), '', data), 1600);
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_rest_of_fills(jsonb, text, bigint, bigint) IS 'The text of a message about several fills of an order without those up to this event, which were told';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_forget_told(order_id bigint, seq bigint)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	-- What is not there yet, and what is told in part, the claim judges.
	DELETE FROM tradepost_internal.whatsapp_outbox o WHERE o.order_id = whatsapp_forget_told.order_id AND o.seq <= whatsapp_forget_told.seq AND o.status = 'queued' AND o.attempts = 0;
END;
COMMENT ON FUNCTION tradepost_internal.whatsapp_forget_told(bigint, bigint) IS 'Takes out of the outbox what was to be told of an order up to this event, which an answer tells';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_figures()
	RETURNS json LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
	SELECT row_to_json(x) FROM (
		SELECT w.queued, w.sending, w.oldest AS "oldestSeconds", l.failed AS "failedToday", l.dropped AS "droppedToday",
			tradepost_internal.iso(s.paused_until) AS "pausedUntil", CASE WHEN s.paused_until IS NOT NULL THEN s.reason END AS "pauseReason",
			(SELECT count(*) FROM tradepost_internal.phone_links k) AS phones, (SELECT count(*) FROM tradepost_internal.phone_links k WHERE k.opted_out_at IS NOT NULL) AS "optedOut"
		FROM (SELECT count(*) FILTER (WHERE o.status = 'queued') AS queued, count(*) FILTER (WHERE o.status = 'sending') AS sending,
				coalesce(floor(extract(epoch FROM clock_timestamp() - min(o.created_at))), 0)::bigint AS oldest
			FROM tradepost_internal.whatsapp_outbox o WHERE o.status IN ('queued', 'sending')) w
		CROSS JOIN (SELECT count(*) FILTER (WHERE o.status = 'failed') AS failed, count(*) FILTER (WHERE o.status = 'dropped') AS dropped
			FROM tradepost_internal.whatsapp_outbox o WHERE o.status IN ('failed', 'dropped') AND o.ended_at > now() - interval '1 day') l
		LEFT JOIN tradepost_internal.whatsapp_sender s ON s.paused_until > clock_timestamp()) x
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_figures() IS 'The outbox of WhatsApp in numbers, for system_metrics() and the proxies';

CREATE OR REPLACE FUNCTION tradepost_edge.whatsapp_figures()
	RETURNS json LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
	SELECT tradepost_internal.whatsapp_figures()
$$;
COMMENT ON FUNCTION tradepost_edge.whatsapp_figures() IS
'What a proxy shows of the outbox of WhatsApp: {"queued", "sending", "oldestSeconds", "failedToday", "droppedToday", "pausedUntil", "pauseReason", "phones", "optedOut"}';
