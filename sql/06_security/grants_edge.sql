-- Who may call the edge: the proxy, and administrators who look after it.  As in
-- grants.sql, everything is taken from PUBLIC first.

REVOKE ALL ON ALL ROUTINES IN SCHEMA tradepost_edge FROM PUBLIC;

-- What makes a session, shows what one is made of, or does without: the proxy's alone.
GRANT EXECUTE ON FUNCTION
	tradepost_edge.register(text, text, text, text, text, inet, text, bigint),
	tradepost_edge.login_lookup(text, inet, bigint),
	tradepost_edge.login_done(text, bigint, boolean, inet, text, bytea, bigint, bigint),
	tradepost_edge.refresh(bytea, bytea, inet, text, bigint),
	tradepost_edge.logout(bigint, bigint, jsonb),
	tradepost_edge.password_hash_of(bigint, bigint),
	tradepost_edge.change_password(bigint, bigint, text),
	tradepost_edge.cancel_on_disconnect(bigint)
TO tradepost_proxy;

GRANT EXECUTE ON FUNCTION
	tradepost_edge.profile(bigint, bigint, jsonb),
	tradepost_edge.session_info(bigint, bigint),
	tradepost_edge.revocations(),
	tradepost_edge.changed_users(),
	tradepost_edge.place_each(bigint[], bigint[], text[], text[]),
	tradepost_edge.orders_list(bigint, bigint, jsonb),
	tradepost_edge.order_get(bigint, bigint, jsonb),
	tradepost_edge.order_cancel(bigint, bigint, jsonb),
	tradepost_edge.order_amend(bigint, bigint, jsonb),
	tradepost_edge.orders_cancel_all(bigint, bigint, jsonb),
	tradepost_edge.instruments(bigint, bigint, jsonb),
	tradepost_edge.market(bigint, bigint, jsonb),
	tradepost_edge.trades(bigint, bigint, jsonb),
	tradepost_edge.candles(bigint, bigint, jsonb),
	tradepost_edge.account_summary(bigint, bigint, jsonb),
	tradepost_edge.newest_seq(),
	tradepost_edge.events_page(bigint, integer),
	tradepost_edge.events_catchup(bigint, integer, integer[], bigint[]),
	tradepost_edge.books(integer[], integer),
	tradepost_edge.instruments_raw(),
	tradepost_edge.engine_json(),
	tradepost_edge.record_security_event(text, bigint, inet, integer, jsonb),
	tradepost_edge.block_ip(inet, text, integer),
	tradepost_edge.blocks()
TO tradepost_proxy, tradepost_admin;

-- Users are administrators' to manage and auditors' to look at; password hashes are neither's.
GRANT EXECUTE ON FUNCTION
	tradepost.set_tier(bigint, text),
	tradepost.set_role(bigint, text),
	tradepost.set_status(bigint, text),
	tradepost.revoke_user(bigint),
	tradepost.lift_block(inet)
TO tradepost_admin;
GRANT SELECT ON tradepost.users, tradepost.security_events, tradepost.ip_blocks TO tradepost_admin, tradepost_auditor;
GRANT SELECT (id, tenant, email, email_key, first_name, last_name, tier, role, account, status, created_at, password_changed_at, tier_until) ON tradepost_internal.users
TO tradepost_admin, tradepost_auditor;
GRANT SELECT ON tradepost_internal.security_events, tradepost_internal.ip_blocks, tradepost_internal.login_failures TO tradepost_admin, tradepost_auditor;
GRANT SELECT (id, user_id, created_at, last_used_at, expires_at, ip, user_agent, revoked_at, revoked_reason) ON tradepost_internal.sessions
TO tradepost_admin, tradepost_auditor;
