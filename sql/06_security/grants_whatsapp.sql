-- WhatsApp: the proxy alone, which has checked Twilio's signature, says who wrote and what
-- was heard.  Administrators and auditors read what was written and done, but for codes.

REVOKE ALL ON ALL ROUTINES IN SCHEMA tradepost_edge FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA tradepost_internal FROM PUBLIC;

GRANT EXECUTE ON FUNCTION
	tradepost_edge.whatsapp_heard(text, text, text, numeric, text),
	tradepost_edge.whatsapp_inbound(jsonb),
	tradepost_edge.whatsapp_link_begin(bigint, bigint, jsonb),
	tradepost_edge.whatsapp_link_change(bigint, bigint, jsonb),
	tradepost_edge.whatsapp_link_get(bigint, bigint, jsonb),
	tradepost_edge.whatsapp_link_remove(bigint, bigint, jsonb),
	tradepost_edge.whatsapp_outcome(text, text),
	tradepost_edge.whatsapp_voice_claim(integer, integer)
TO tradepost_proxy;

GRANT SELECT ON tradepost_internal.phone_links, tradepost_internal.whatsapp_messages TO tradepost_admin, tradepost_auditor;
GRANT SELECT (id, tenant, phone, user_id, choice_group, command, shown, made_at, expires_at, consumed_at, rejected_at) ON tradepost_internal.whatsapp_pendings TO tradepost_admin, tradepost_auditor;
GRANT SELECT (user_id, tenant, phone, expires_at, tries, sent, sent_since) ON tradepost_internal.phone_link_codes TO tradepost_admin, tradepost_auditor;
