-- Who may call and read what: the whole matrix, so that a new object must be put into it.
BEGIN;
SELECT no_plan();

CREATE TEMP TABLE who (role name);
INSERT INTO who VALUES ('tradepost_admin'), ('tradepost_auditor'), ('tradepost_proxy'), ('tradepost_trader');

-- PUBLIC has nothing.
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace IN ('tradepost'::regnamespace, 'tradepost_edge'::regnamespace, 'tradepost_internal'::regnamespace)
	AND EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0)$$, 'no function is PUBLIC''s');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace IN ('tradepost'::regnamespace, 'tradepost_internal'::regnamespace)
	AND EXISTS (SELECT FROM aclexplode(c.relacl) a WHERE a.grantee = 0)$$, 'no relation is PUBLIC''s');
SELECT is_empty($$SELECT n.nspname FROM pg_namespace n WHERE n.nspname LIKE 'tradepost%' AND EXISTS (SELECT FROM aclexplode(n.nspacl) a WHERE a.grantee = 0)$$, 'no schema is PUBLIC''s');

-- What each role may call of the API.
SELECT results_eq($$SELECT p.proname::text COLLATE "default", string_agg(replace(w.role, 'tradepost_', '') COLLATE "default", ' ' ORDER BY w.role)
	FROM pg_proc p LEFT JOIN who w ON has_function_privilege(w.role, p.oid, 'EXECUTE') WHERE p.pronamespace = 'tradepost'::regnamespace GROUP BY p.oid, p.proname ORDER BY p.proname$$,
$$VALUES
	('account_ledger', 'admin auditor trader'),
	('account_summary', 'admin auditor trader'),
	('account_trades', 'admin auditor trader'),
	('add_owner', 'admin'),
	('amend_order', 'admin proxy trader'),
	('cancel_all', 'admin proxy trader'),
	('cancel_order', 'admin proxy trader'),
	('candles', 'admin auditor proxy trader'),
	('check_invariants', 'admin auditor'),
	('create_asset', 'admin'),
	('create_instrument', 'admin'),
	('create_tenant', 'admin'),
	('decision', 'admin auditor proxy trader'),
	('deposit', 'admin'),
	('events_since', 'admin auditor proxy trader'),
	('halt_instrument', 'admin'),
	('init', 'admin'),
	('lift_block', 'admin'),
	('open_account', 'admin'),
	('order_book', 'admin auditor proxy trader'),
	('order_history', 'admin auditor trader'),
	('parse_command', 'admin auditor proxy trader'),
	('place_bracket', 'admin proxy trader'),
	('place_order', 'admin proxy trader'),
	('place_orders', 'admin proxy trader'),
	('post_restore', 'admin'),
	('preview_order', 'admin proxy trader'),
	('remove_factor', 'admin'),
	('remove_owner', 'admin'),
	('resume_instrument', 'admin'),
	('revoke_user', 'admin'),
	('run_retention', 'admin'),
	('run_subscriptions', 'admin'),
	('schedule_jobs', 'admin'),
	('sealing_keys', 'admin'),
	('set_commission', 'admin'),
	('set_feature', 'admin'),
	('set_mark', 'admin'),
	('set_role', 'admin'),
	('set_status', 'admin'),
	('set_tenant', 'admin'),
	('set_tier', 'admin'),
	('set_tier_terms', 'admin'),
	('settle_instrument', 'admin'),
	('submit_commands', 'admin proxy trader'),
	('submit_order', 'admin proxy trader'),
	('tape', 'admin auditor proxy trader'),
	('wait_for_order', 'admin proxy trader'),
	('wait_for_seq', 'admin auditor proxy trader'),
	('withdraw', 'admin')$$, 'functions of the API');

-- What the proxy may call of the edge: all but what begins the others.  Traders and auditors: nothing.
SELECT set_eq($$SELECT p.proname::text COLLATE "default", coalesce(string_agg(replace(w.role, 'tradepost_', '') COLLATE "default", ' ' ORDER BY w.role), 'nobody')
	FROM pg_proc p LEFT JOIN who w ON has_function_privilege(w.role, p.oid, 'EXECUTE') WHERE p.pronamespace = 'tradepost_edge'::regnamespace GROUP BY p.oid, p.proname$$,
$$VALUES
	('account_summary', 'admin proxy'),
	('account_tenant', 'admin proxy'),
	('api_key_add', 'proxy'),
	('api_key_lookup', 'proxy'),
	('api_key_remove', 'proxy'),
	('api_keys_list', 'proxy'),
	('billing_event', 'proxy'),
	('block_ip', 'admin proxy'),
	('blocks', 'admin proxy'),
	('books', 'admin proxy'),
	('caller', 'nobody'),
	('cancel_on_disconnect', 'proxy'),
	('candles', 'admin proxy'),
	('change_password', 'proxy'),
	('changed_users', 'admin proxy'),
	('code_confirm', 'proxy'),
	('code_issue', 'proxy'),
	('configure_tiers', 'admin proxy'),
	('engine_json', 'admin proxy'),
	('events_catchup', 'admin proxy'),
	('events_page', 'admin proxy'),
	('execution_get', 'admin proxy'),
	('executions_list', 'admin proxy'),
	('deliveries_claim', 'proxy'),
	('delivery_done', 'proxy'),
	('factor_begin', 'proxy'),
	('factor_confirm', 'proxy'),
	('factor_prove', 'proxy'),
	('factor_remove', 'proxy'),
	('factor_reseal', 'proxy'),
	('factor_secret', 'proxy'),
	('instruments', 'admin proxy'),
	('instruments_raw', 'admin proxy'),
	('login_done', 'proxy'),
	('login_lookup', 'proxy'),
	('logout', 'proxy'),
	('market', 'admin proxy'),
	('mfa_status', 'proxy'),
	('mt5_credentials', 'proxy'),
	('mt5_reseal', 'proxy'),
	('mt5_account_add', 'admin proxy'),
	('mt5_account_remove', 'admin proxy'),
	('mt5_accounts_list', 'admin proxy'),
	('newest_push', 'admin proxy'),
	('newest_seq', 'admin proxy'),
	('notification_preferences_get', 'admin proxy'),
	('notification_preferences_set', 'admin proxy'),
	('notification_read', 'admin proxy'),
	('notifications_list', 'admin proxy'),
	('notifications_read', 'admin proxy'),
	('order_amend', 'admin proxy'),
	('order_cancel', 'admin proxy'),
	('order_get', 'admin proxy'),
	('orders_cancel_all', 'admin proxy'),
	('orders_list', 'admin proxy'),
	('password_hash_of', 'proxy'),
	('performance', 'admin proxy'),
	('place_each', 'admin proxy'),
	('profile', 'admin proxy'),
	('profile_update', 'proxy'),
	('pushes_missed', 'admin proxy'),
	('pushes_page', 'admin proxy'),
	('record_security_event', 'admin proxy'),
	('recovery_codes_renew', 'proxy'),
	('refresh', 'proxy'),
	('register', 'proxy'),
	('revocations', 'admin proxy'),
	('session_end', 'proxy'),
	('session_info', 'admin proxy'),
	('sessions_list', 'proxy'),
	('signal_cancel', 'admin proxy'),
	('signal_execute', 'admin proxy'),
	('signal_get', 'admin proxy'),
	('signals_list', 'admin proxy'),
	('signals_post', 'admin proxy'),
	('subscription_cancel', 'proxy'),
	('subscription_change', 'proxy'),
	('subscription_get', 'admin proxy'),
	('subscription_resume', 'proxy'),
	('system_metrics', 'admin proxy'),
	('tenants', 'admin proxy'),
	('tier_sockets', 'admin proxy'),
	('tiers_list', 'admin proxy'),
	('trades', 'admin proxy'),
	('whatsapp_claim', 'proxy'),
	('whatsapp_figures', 'proxy'),
	('whatsapp_heard', 'proxy'),
	('whatsapp_inbound', 'proxy'),
	('whatsapp_link_begin', 'proxy'),
	('whatsapp_link_change', 'proxy'),
	('whatsapp_link_get', 'proxy'),
	('whatsapp_link_remove', 'proxy'),
	('whatsapp_looked_up', 'proxy'),
	('whatsapp_outcome', 'proxy'),
	('whatsapp_refused', 'proxy'),
	('whatsapp_sent', 'proxy'),
	('whatsapp_status', 'proxy'),
	('whatsapp_unknown', 'proxy'),
	('whatsapp_unsent', 'proxy'),
	('whatsapp_voice_claim', 'proxy'),
	('withdrawal_post', 'proxy')$$, 'functions of the edge');
SELECT is_empty($$SELECT w.role, c.relname FROM who w, pg_class c WHERE c.oid IN ('tradepost_internal.users'::regclass, 'tradepost_internal.sessions'::regclass, 'tradepost_internal.refresh_tokens'::regclass)
	AND has_table_privilege(w.role, c.oid, 'SELECT')$$, 'no role reads users or sessions whole');
SELECT is_empty($$SELECT w.role FROM who w WHERE has_column_privilege(w.role, 'tradepost_internal.users', 'password_hash', 'SELECT')
	OR has_any_column_privilege(w.role, 'tradepost_internal.refresh_tokens', 'SELECT')$$, 'nor what a password or a token could be tried against');

-- What each role may read of the API.
SELECT results_eq($$SELECT c.relname::text COLLATE "default", string_agg(replace(w.role, 'tradepost_', '') COLLATE "default", ' ' ORDER BY w.role)
	FROM pg_class c LEFT JOIN who w ON has_table_privilege(w.role, c.oid, 'SELECT') WHERE c.relnamespace = 'tradepost'::regnamespace AND c.relkind = 'v' GROUP BY c.oid, c.relname ORDER BY c.relname$$,
$$VALUES
	('accounts', 'admin auditor trader'),
	('assets', 'admin auditor proxy trader'),
	('balances', 'admin auditor trader'),
	('commands', 'admin auditor trader'),
	('engine_status', 'admin auditor'),
	('events', 'admin auditor proxy trader'),
	('follower_status', 'admin auditor'),
	('instruments', 'admin auditor proxy trader'),
	('ip_blocks', 'admin auditor'),
	('ledger', 'admin auditor trader'),
	('market', 'admin auditor proxy trader'),
	('orders', 'admin auditor trader'),
	('positions', 'admin auditor trader'),
	('security_events', 'admin auditor'),
	('subscription_events', 'admin auditor'),
	('subscriptions', 'admin auditor'),
	('tenants', 'admin auditor'),
	('tiers', 'admin auditor'),
	('trades', 'admin auditor trader'),
	('users', 'admin auditor')$$, 'views');

-- What each role may write: orders, through the view; nothing else, anywhere.
SELECT results_eq($$SELECT c.oid::regclass::text, w.role::text COLLATE "default", p.privilege FROM pg_class c, who w, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p (privilege)
	WHERE c.relnamespace IN ('tradepost'::regnamespace, 'tradepost_edge'::regnamespace, 'tradepost_internal'::regnamespace) AND c.relkind IN ('r', 'p', 'v') AND has_table_privilege(w.role, c.oid, p.privilege) ORDER BY 1, 2, 3$$,
	$$SELECT 'tradepost.orders', r, p FROM unnest(ARRAY['tradepost_admin', 'tradepost_trader']) r, unnest(ARRAY['DELETE', 'INSERT', 'UPDATE']) p$$, 'only orders can be written');
SELECT throws_ok(s, 'TP013', NULL, 'by INSERT alone: ' || s) FROM unnest(ARRAY['UPDATE tradepost.orders SET price = 1', 'DELETE FROM tradepost.orders']) s;
SELECT is_empty($$SELECT c.oid::regclass, w.role FROM pg_class c, who w WHERE c.relnamespace = 'tradepost_internal'::regnamespace AND c.relkind = 'S'
	AND has_sequence_privilege(w.role, c.oid, 'USAGE, UPDATE')$$, 'no sequence can be drawn from');
SELECT results_eq($$SELECT w.role::text COLLATE "default", n.nspname::text COLLATE "default" FROM who w, pg_namespace n WHERE n.nspname LIKE 'tradepost%' AND has_schema_privilege(w.role, n.oid, 'USAGE') ORDER BY 2, 1$$,
	$$VALUES ('tradepost_admin', 'tradepost'), ('tradepost_auditor', 'tradepost'), ('tradepost_proxy', 'tradepost'), ('tradepost_trader', 'tradepost'),
		('tradepost_admin', 'tradepost_edge'), ('tradepost_proxy', 'tradepost_edge'),
		('tradepost_admin', 'tradepost_internal'), ('tradepost_auditor', 'tradepost_internal')$$, 'traders and the proxy cannot name internal tables');
SELECT is_empty($$SELECT w.role, n.nspname FROM who w, pg_namespace n WHERE n.nspname LIKE 'tradepost%' AND has_schema_privilege(w.role, n.oid, 'CREATE')$$, 'nobody makes objects there');

-- The roles themselves.
SELECT is_empty($$SELECT rolname FROM pg_roles WHERE rolname LIKE 'tradepost\_%' AND (rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication)$$, 'our roles are groups without powers');
SELECT set_eq($$SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'tradepost\_%' AND rolbypassrls$$, ARRAY['tradepost_engine'], 'the engine alone passes row security');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'tradepost_internal'::regnamespace AND c.relkind = 'r'
	AND has_table_privilege('tradepost_engine', c.oid, 'TRUNCATE') $$, 'the engine truncates nothing');
SELECT is_empty($$SELECT c.oid::regclass, p FROM pg_class c, unnest(ARRAY['UPDATE', 'DELETE']) p WHERE c.oid IN ('tradepost_internal.commands'::regclass, 'tradepost_internal.events'::regclass)
	AND has_table_privilege('tradepost_engine', c.oid, p)$$, 'and it changes neither commands nor events');

-- Administrators may set up and do not become the owner of anything.
CREATE ROLE tp_test_admin IN ROLE tradepost_admin;
CREATE ROLE "tp Test ""Trader" IN ROLE tradepost_trader;
CREATE ROLE tp_test_plain;
SET LOCAL ROLE tp_test_admin;
SELECT lives_ok($$SELECT tradepost.open_account('first')$$, 'an administrator opens an account, the first one with everything that it takes');
SELECT lives_ok($$SELECT tradepost.open_account('owned', '"tp Test ""Trader"')$$, 'for an owner with a difficult name');
SELECT lives_ok($$SELECT tradepost.create_asset('USD')$$, 'and creates an asset');
SELECT is((SELECT owners[1] FROM tradepost.accounts WHERE name = 'owned'), 'tp Test "Trader', 'the owner is kept by its plain name');
RESET ROLE;
SET LOCAL ROLE "tp Test ""Trader";
SELECT results_eq($$SELECT name FROM tradepost.accounts$$, ARRAY['owned'], 'and sees the account');
SELECT throws_ok($$SELECT * FROM tradepost_internal.accounts$$, '42501', NULL, 'but no table');
SELECT throws_ok($$SELECT tradepost_internal.sees_all()$$, '42501', NULL, 'nor what the views call');
RESET ROLE;
SET LOCAL ROLE tp_test_plain;
SELECT throws_ok($$SELECT * FROM tradepost.market$$, '42501', NULL, 'a role of none of ours reads nothing');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
