-- What all credentials share: their changes are noted, and their owner is told.

CREATE OR REPLACE FUNCTION tradepost_internal.note_credential(u tradepost_internal.users, kind text, risk integer, title text, body text, detail jsonb DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	PERFORM tradepost_internal.note_security(kind, u.id, NULL, risk, detail);
	PERFORM tradepost_internal.notify_user(u.id, 'security', title, body, detail);
END
$$;
COMMENT ON FUNCTION tradepost_internal.note_credential(tradepost_internal.users, text, integer, text, text, jsonb) IS 'Notes a change of a user''s credentials, and tells the user';
