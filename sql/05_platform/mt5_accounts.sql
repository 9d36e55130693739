-- MetaTrader accounts that users have named.  Their passwords arrive sealed by the proxy,
-- whose key is not in the database; what shows them again is credentials' (mt5_credentials).
-- Nothing here can reach a terminal, and every answer says so.

CREATE OR REPLACE FUNCTION tradepost_internal.mt5_json(a tradepost_internal.mt5_accounts)
	RETURNS json LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT row_to_json(x) FROM (SELECT a.id, a.login, a.server, a.name, 'not_connected' AS terminal, tradepost_internal.iso(a.created_at) AS "createdAt") x;
END;
COMMENT ON FUNCTION tradepost_internal.mt5_json(tradepost_internal.mt5_accounts) IS 'A MetaTrader account as its user sees it: without its password';

CREATE OR REPLACE FUNCTION tradepost_edge.mt5_accounts_list(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id);
	found  json;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}');
	SELECT array_to_json(array_agg(tradepost_internal.mt5_json(a) ORDER BY a.id)) INTO found FROM tradepost_internal.mt5_accounts a WHERE a.user_id = asking.id;
	RETURN json_build_object('accounts', coalesce(found, '[]'));
END
$$;
COMMENT ON FUNCTION tradepost_edge.mt5_accounts_list(bigint, bigint, jsonb) IS
'GET trading/mt5-accounts: {"accounts": [{"id", "login", "server", "name", "terminal", "createdAt"}]}; terminal is not_connected. Errors: TP005, TP016.';

CREATE OR REPLACE FUNCTION tradepost_edge.mt5_account_add(user_id bigint, session_id bigint, args jsonb, sealed bytea)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	most   CONSTANT integer := 20;
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
	body   jsonb := args -> 'body';
	a      tradepost_internal.mt5_accounts;
	number text;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}', '{login,server,name}');
	number := body ->> 'login';
	IF number IS NULL OR jsonb_typeof(body -> 'login') NOT IN ('string', 'number') OR number !~ '^[0-9]{1,12}$' THEN
		PERFORM tradepost_internal.refuse(format('login is %s, and must be 1 to 12 digits', coalesce(left((body -> 'login')::text, 64), 'missing')), 'It is the account''s number at the broker.');
	END IF;
	a.server := tradepost_internal.edge_text(body, 'server');
	IF a.server IS NULL OR a.server !~ '^[A-Za-z0-9][A-Za-z0-9 ._:-]{0,63}$' THEN
		PERFORM tradepost_internal.refuse(format('server must have 1 to 64 characters out of A-Z a-z 0-9 . _ : - and spaces, and begin with a letter or digit, not %s',
			coalesce(quote_literal(left(a.server, 80)), 'null')), 'Such as MetaQuotes-Demo.');
	END IF;
	a.name := tradepost_internal.require_person('name', coalesce(tradepost_internal.edge_text(body, 'name'), ''));
	IF sealed IS NULL OR length(sealed) NOT BETWEEN 1 AND 4096 THEN
		PERFORM tradepost_internal.refuse('password must be given', 'The proxy seals it before it stores it.');
	END IF;
	-- One at a time, so that the count holds.
	PERFORM FROM tradepost_internal.users u WHERE u.id = asking.id FOR NO KEY UPDATE;
	IF EXISTS (SELECT FROM tradepost_internal.mt5_accounts x WHERE x.user_id = asking.id AND x.login = number AND x.server = a.server) THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_duplicate@', MESSAGE = format('MT5 account %s at %s is there already', number, a.server), HINT = 'Remove it first to give another password.';
	ELSIF (SELECT count(*) FROM tradepost_internal.mt5_accounts x WHERE x.user_id = asking.id) >= most THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_limit_reached@', MESSAGE = format('there are %s MT5 accounts, and the limit is %s', most, most), HINT = 'Remove one that you do not use.';
	END IF;
	INSERT INTO tradepost_internal.mt5_accounts AS x (user_id, login, server, name, sealed) VALUES (asking.id, number, a.server, a.name, mt5_account_add.sealed) RETURNING x.* INTO a;
	PERFORM tradepost_internal.note_security('mt5_account_added', asking.id, NULL, 0, jsonb_build_object('id', a.id, 'login', a.login, 'server', a.server));
	RETURN json_build_object('account', tradepost_internal.mt5_json(a));
END
$$;
COMMENT ON FUNCTION tradepost_edge.mt5_account_add(bigint, bigint, jsonb, bytea) IS
'POST trading/mt5-accounts: {"account"}. Body: login (1 to 12 digits), server, name; the password has been taken out and comes sealed. Errors: TP005, TP015, TP016, TP024, TP030 twenty are there.';

CREATE OR REPLACE FUNCTION tradepost_edge.mt5_account_remove(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
	a      tradepost_internal.mt5_accounts;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}');
	DELETE FROM tradepost_internal.mt5_accounts x WHERE x.id = tradepost_internal.signal_number(args ->> 'param') AND x.user_id = asking.id RETURNING x.* INTO a;
	IF a.id IS NULL THEN
		PERFORM tradepost_internal.signal_unknown('MT5 account', args ->> 'param', 'GET trading/mt5-accounts lists yours.');
	END IF;
	PERFORM tradepost_internal.note_security('mt5_account_removed', asking.id, NULL, 0, jsonb_build_object('id', a.id, 'login', a.login, 'server', a.server));
	RETURN json_build_object('removed', true, 'account', a.id);
END
$$;
COMMENT ON FUNCTION tradepost_edge.mt5_account_remove(bigint, bigint, jsonb) IS 'DELETE trading/mt5-accounts/:id: {"removed": true, "account": its number}; its password is gone. Errors: TP005, TP016, TP024, TP027.';
