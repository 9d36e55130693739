-- What the provider reports of messages to phones: by callbacks, which come twice, late and
-- in any order, and in its list.  A report only ever moves a message forward, but for one
-- that the provider has given up and that may be sent again.

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_rank(status text)
	RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	-- One that was delivered has not failed, whatever was reported meanwhile.
	SELECT CASE status WHEN 'sent' THEN 1 WHEN 'failed' THEN 2 WHEN 'delivered' THEN 3 WHEN 'read' THEN 4 ELSE 0 END;
END;
COMMENT ON FUNCTION tradepost_internal.whatsapp_rank(text) IS 'How far a status of whatsapp_outbox is: none is followed by a lower one by a report';

CREATE OR REPLACE FUNCTION tradepost_internal.whatsapp_report(of_id bigint, sid text, reported text, code integer)
	RETURNS boolean LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	o    tradepost_internal.whatsapp_outbox;
	news text := CASE WHEN reported IN ('delivered', 'read') THEN reported WHEN reported IN ('failed', 'undelivered', 'canceled') THEN 'failed'
		WHEN reported IN ('accepted', 'scheduled', 'queued', 'sending', 'sent') THEN 'sent' END;
BEGIN
	SELECT x.* INTO o FROM tradepost_internal.whatsapp_outbox x WHERE x.id = of_id FOR UPDATE;
	IF o.id IS NULL THEN
		RETURN false;
	ELSIF news IS NULL OR o.attempts = 0 THEN
		RETURN true;
	ELSIF o.provider_sid IS DISTINCT FROM sid THEN
		IF coalesce(sid = ANY (o.earlier_sids), false) THEN
			-- It was given up, and is waiting to be sent again: then it need not.
			IF news NOT IN ('delivered', 'read') OR o.status <> 'queued' THEN
				RETURN true;
			END IF;
		ELSIF o.provider_sid IS NOT NULL THEN
			UPDATE tradepost_internal.whatsapp_outbox x SET earlier_sids = x.earlier_sids || sid WHERE x.id = o.id;
			RETURN true;
		END IF;
		-- The report is faster than the answer, or the answer was lost.
		UPDATE tradepost_internal.whatsapp_outbox x SET provider_sid = sid, leased_until = NULL, status = CASE WHEN x.status IN ('queued', 'sending') THEN 'sent' ELSE x.status END,
			error = NULL, error_code = NULL, ended_at = clock_timestamp() WHERE x.id = o.id RETURNING x.* INTO o;
	END IF;
	IF tradepost_internal.whatsapp_rank(news) <= tradepost_internal.whatsapp_rank(o.status) THEN
		RETURN true;
	ELSIF news = 'failed' THEN
		PERFORM tradepost_internal.whatsapp_turned_down(o, NULL, code, format('the provider reports %s', reported), NULL);
	ELSE
		UPDATE tradepost_internal.whatsapp_outbox x SET status = news, error = NULL, error_code = NULL WHERE x.id = o.id;
	END IF;
	RETURN true;
END
$$;
COMMENT ON FUNCTION tradepost_internal.whatsapp_report(bigint, text, text, integer) IS 'Notes what the provider says of a message that it has under this name; false: there is none of this number';

CREATE OR REPLACE FUNCTION tradepost_edge.whatsapp_status(account_sid text, sid text, status text, error_code integer, outbox_id bigint)
	RETURNS boolean LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	-- The name says more than the number, which is ours to be wrong about.
	RETURN tradepost_internal.whatsapp_report(coalesce((SELECT x.id FROM tradepost_internal.whatsapp_outbox x WHERE x.provider_sid = sid ORDER BY x.id LIMIT 1), outbox_id), sid, status, error_code);
END
$$;
COMMENT ON FUNCTION tradepost_edge.whatsapp_status(text, text, text, integer, bigint) IS
'POST webhooks/twilio/status, verified by the proxy: what the provider reports of the message that it has under this name; outbox_id: the number that the callback''s address carries, NULL if none. False: it is no message of
the outbox, such as the answer to a webhook';
