-- Who may call what credentials are made of: the proxy, which alone can seal and hash.

REVOKE ALL ON ALL ROUTINES IN SCHEMA tradepost_edge FROM PUBLIC;

GRANT EXECUTE ON FUNCTION
	tradepost_edge.api_key_add(bigint, bigint, jsonb, bytea, text),
	tradepost_edge.api_key_lookup(bytea, inet),
	tradepost_edge.api_key_remove(bigint, bigint, jsonb),
	tradepost_edge.api_keys_list(bigint, bigint, jsonb),
	tradepost_edge.code_confirm(bigint, bigint, text, jsonb, bytea),
	tradepost_edge.code_issue(bigint, bigint, text, jsonb, bytea),
	tradepost_edge.deliveries_claim(integer, integer),
	tradepost_edge.delivery_done(bigint, text),
	tradepost_edge.factor_begin(bigint, bigint, bytea),
	tradepost_edge.factor_confirm(bigint, bigint, bigint, bytea[]),
	tradepost_edge.factor_prove(bigint, bigint, text, jsonb, inet),
	tradepost_edge.factor_remove(bigint, bigint, jsonb),
	tradepost_edge.factor_reseal(bigint, bytea, bytea),
	tradepost_edge.factor_secret(bigint, boolean),
	tradepost_edge.mfa_status(bigint, bigint, jsonb),
	tradepost_edge.mt5_credentials(bigint, bigint, jsonb),
	tradepost_edge.mt5_reseal(bigint, bigint, bytea, bytea),
	tradepost_edge.profile_update(bigint, bigint, jsonb),
	tradepost_edge.recovery_codes_renew(bigint, bigint, jsonb, bytea[]),
	tradepost_edge.session_end(bigint, bigint, jsonb),
	tradepost_edge.sessions_list(bigint, bigint, jsonb),
	tradepost_edge.withdrawal_post(bigint, bigint, jsonb)
TO tradepost_proxy;
GRANT EXECUTE ON FUNCTION tradepost.remove_factor(bigint), tradepost.sealing_keys() TO tradepost_admin;
