-- Who may call what of the outbox of WhatsApp; the rest is for functions that run as their
-- owner.  What users were told is theirs: nobody reads the table.

REVOKE ALL ON ALL ROUTINES IN SCHEMA tradepost_edge FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA tradepost_internal FROM PUBLIC;

GRANT EXECUTE ON FUNCTION
	tradepost_edge.whatsapp_claim(integer, integer, jsonb),
	tradepost_edge.whatsapp_sent(bigint, text),
	tradepost_edge.whatsapp_refused(bigint, integer, integer, text, integer),
	tradepost_edge.whatsapp_unsent(bigint, text),
	tradepost_edge.whatsapp_unknown(bigint, text, boolean),
	tradepost_edge.whatsapp_looked_up(bigint, jsonb),
	tradepost_edge.whatsapp_status(text, text, text, integer, bigint),
	tradepost_edge.whatsapp_figures()
TO tradepost_proxy;
