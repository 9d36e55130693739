-- Signals: the proxy calls their functions, administrators and auditors read their
-- tables, but for the sealed passwords of MetaTrader accounts.

GRANT EXECUTE ON FUNCTION
	tradepost_edge.signals_list(bigint, bigint, jsonb),
	tradepost_edge.signal_get(bigint, bigint, jsonb),
	tradepost_edge.signals_post(bigint, bigint, jsonb),
	tradepost_edge.signal_cancel(bigint, bigint, jsonb),
	tradepost_edge.signal_execute(bigint, bigint, jsonb),
	tradepost_edge.execution_get(bigint, bigint, jsonb),
	tradepost_edge.executions_list(bigint, bigint, jsonb),
	tradepost_edge.mt5_accounts_list(bigint, bigint, jsonb),
	tradepost_edge.mt5_account_add(bigint, bigint, jsonb, bytea),
	tradepost_edge.mt5_account_remove(bigint, bigint, jsonb)
TO tradepost_proxy, tradepost_admin;

GRANT SELECT ON tradepost_internal.signals, tradepost_internal.new_signals, tradepost_internal.signal_executions TO tradepost_admin, tradepost_auditor;
GRANT SELECT (id, user_id, login, server, name, created_at) ON tradepost_internal.mt5_accounts TO tradepost_admin, tradepost_auditor;
