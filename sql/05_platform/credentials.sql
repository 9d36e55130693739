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

CREATE OR REPLACE FUNCTION tradepost.sealing_keys()
	RETURNS TABLE (key_id text, kind text, records bigint)
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER ROWS 10 SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
	-- The format's number, the length of the id, the id: proxy/src/seal.h.
	SELECT convert_from(substr(x.sealed, 3, get_byte(x.sealed, 1)), 'UTF8'), x.kind, count(*)
	FROM (SELECT f.secret AS sealed, 'second_factor' AS kind FROM tradepost_internal.factors f UNION ALL SELECT a.sealed, 'mt5_account' FROM tradepost_internal.mt5_accounts a) x
	GROUP BY 1, 2 ORDER BY 1, 2
$$;
COMMENT ON FUNCTION tradepost.sealing_keys() IS
'Under which keys of the proxies'' SECRETS_KEY_FILE secrets are sealed, and how many: a key that is not listed here may leave the file. Administrators only.';
