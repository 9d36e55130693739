-- Showing what a user has left with us: the password of a MetaTrader account.

CREATE OR REPLACE FUNCTION tradepost_edge.mt5_credentials(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
	kept   tradepost_internal.mt5_accounts;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}');
	SELECT a.* INTO kept FROM tradepost_internal.mt5_accounts a WHERE a.id = tradepost_internal.edge_id(args) AND a.user_id = asking.id;
	IF kept.id IS NULL THEN
		PERFORM tradepost_internal.not_found('MT5 account', args);
	END IF;
	PERFORM tradepost_internal.require_factor(asking.id, session_id, 'mt5_credentials', args);
	PERFORM tradepost_internal.note_credential(asking, 'mt5_credentials_shown', 30, 'MT5 password shown', format('The password of MT5 account %s at %s was shown.', kept.login, kept.server),
		jsonb_build_object('account', kept.id, 'session', session_id));
	RETURN json_build_object('id', kept.id, 'login', kept.login, 'server', kept.server, 'sealed', encode(kept.sealed, 'hex'));
END
$$;
COMMENT ON FUNCTION tradepost_edge.mt5_credentials(bigint, bigint, jsonb) IS
'POST trading/mt5-accounts/:id/credentials: {"id", "login", "server", "sealed"}; the proxy opens it. Errors: TP005, TP016, TP022, TP024, TP027.';

CREATE OR REPLACE FUNCTION tradepost_edge.mt5_reseal(user_id bigint, account_id bigint, old_sealed bytea, new_sealed bytea)
	RETURNS boolean LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	UPDATE tradepost_internal.mt5_accounts a SET sealed = new_sealed WHERE a.id = account_id AND a.user_id = mt5_reseal.user_id AND a.sealed = old_sealed;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION tradepost_edge.mt5_reseal(bigint, bigint, bytea, bytea) IS 'Puts the same password, sealed under a newer key, in the place of the old; false if that has changed meanwhile';
