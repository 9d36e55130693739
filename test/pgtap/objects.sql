-- Every object has a comment; every function is safe to call from any search_path;
-- a dump keeps every table and sequence.
BEGIN;
SELECT no_plan();

CREATE TEMP VIEW own AS
SELECT d.classid, d.objid, i.type, i.identity
FROM pg_depend d
JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'tradepost'
CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) i
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e';

SELECT cmp_ok((SELECT count(*) FROM own), '>', 100::bigint, 'the extension owns its objects');
SELECT is_empty($$SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname IN ('tradepost', 'tradepost_edge', 'tradepost_internal') AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
	AND NOT EXISTS (SELECT FROM own WHERE classid = 'pg_class'::regclass AND objid = c.oid)
	AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'i')$$,
	'everything in our schemas is the extension''s');
SELECT set_eq($$SELECT DISTINCT n.nspname::text FROM own o JOIN pg_proc p ON o.classid = 'pg_proc'::regclass AND p.oid = o.objid JOIN pg_namespace n ON n.oid = p.pronamespace$$,
	ARRAY['tradepost', 'tradepost_edge', 'tradepost_internal'], 'and everything of the extension is in our schemas');

-- Comments.
SELECT is_empty($$SELECT type, identity FROM own WHERE classid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_namespace'::regclass)
	AND type <> 'toast table' AND nullif(obj_description(objid, classid::regclass::name), '') IS NULL
	AND NOT (type = 'sequence' AND EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = own.objid AND d.deptype = 'i'))$$,
	'schemas, relations and functions have a comment');
SELECT is_empty($$SELECT o.identity FROM own o JOIN pg_type t ON o.classid = 'pg_type'::regclass AND t.oid = o.objid
	WHERE t.typtype IN ('e', 'd') AND obj_description(t.oid, 'pg_type') IS NULL$$, 'types have a comment');
SELECT is_empty($$SELECT o.identity, a.attname FROM own o JOIN pg_class c ON o.classid = 'pg_class'::regclass AND c.oid = o.objid AND c.relkind = 'v'
	JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE col_description(c.oid, a.attnum) IS NULL$$, 'columns of views have a comment');
-- Indexes, triggers and policies are their table's, which is the extension's.
SELECT is_empty($$SELECT i.indexrelid::regclass FROM own o JOIN pg_index i ON o.classid = 'pg_class'::regclass AND i.indrelid = o.objid
	WHERE nullif(obj_description(i.indexrelid, 'pg_class'), '') IS NULL$$, 'indexes have a comment, those of primary keys too');
SELECT is_empty($$SELECT o.identity, t.tgname FROM own o JOIN pg_trigger t ON o.classid = 'pg_class'::regclass AND t.tgrelid = o.objid AND NOT t.tgisinternal
	WHERE nullif(obj_description(t.oid, 'pg_trigger'), '') IS NULL$$, 'triggers have a comment');
SELECT is_empty($$SELECT o.identity, p.polname FROM own o JOIN pg_policy p ON o.classid = 'pg_class'::regclass AND p.polrelid = o.objid
	WHERE nullif(obj_description(p.oid, 'pg_policy'), '') IS NULL$$, 'policies have a comment');

-- search_path: pinned, or there is nothing to look up, because the body was bound to its objects when it was made.
SELECT is_empty($$SELECT p.oid::regprocedure FROM own o JOIN pg_proc p ON o.classid = 'pg_proc'::regclass AND p.oid = o.objid JOIN pg_language l ON l.oid = p.prolang
	WHERE l.lanname NOT IN ('c', 'internal') AND NOT (l.lanname = 'sql' AND p.prosqlbody IS NOT NULL)
	AND NOT EXISTS (SELECT FROM unnest(p.proconfig) s WHERE s LIKE 'search\_path=pg\_catalog, %pg\_temp')$$, 'functions pin search_path, with pg_temp last');
SELECT is_empty($$SELECT p.oid::regprocedure FROM own o JOIN pg_proc p ON o.classid = 'pg_proc'::regclass AND p.oid = o.objid
	WHERE p.prosecdef AND NOT EXISTS (SELECT FROM unnest(p.proconfig) s WHERE s LIKE 'search\_path=%')$$, 'SECURITY DEFINER functions most of all');
SELECT is_empty($$SELECT o.identity FROM own o JOIN pg_class c ON o.classid = 'pg_class'::regclass AND c.oid = o.objid
	WHERE c.relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false)$$, 'views look with their caller''s eyes');
SELECT is_empty($$SELECT p.oid::regprocedure FROM own o JOIN pg_proc p ON o.classid = 'pg_proc'::regclass AND p.oid = o.objid
	WHERE p.pronamespace IN ('tradepost'::regnamespace, 'tradepost_edge'::regnamespace) AND p.prokind = 'f' AND p.prorettype = 'trigger'::regtype$$, 'the API has no trigger functions');

-- The edge: functions alone, each of which runs as its owner and so checks for itself.
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'tradepost_edge'::regnamespace$$, 'the edge has no relation');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'tradepost_edge'::regnamespace AND NOT p.prosecdef$$, 'its functions are SECURITY DEFINER');
SELECT is_empty($$SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
	WHERE c.oid IN ('tradepost_internal.users'::regclass, 'tradepost_internal.sessions'::regclass, 'tradepost_internal.refresh_tokens'::regclass, 'tradepost_internal.login_failures'::regclass,
		'tradepost_internal.security_events'::regclass, 'tradepost_internal.ip_blocks'::regclass,
		'tradepost_internal.tenants'::regclass, 'tradepost_internal.tiers'::regclass, 'tradepost_internal.features'::regclass, 'tradepost_internal.subscriptions'::regclass,
		'tradepost_internal.subscription_events'::regclass, 'tradepost_internal.billing_events'::regclass) AND col_description(c.oid, a.attnum) IS NULL$$, 'columns of its tables have a comment');

-- Dump.
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace IN ('tradepost'::regnamespace, 'tradepost_internal'::regnamespace) AND c.relkind IN ('r', 'p', 'S')
	AND NOT EXISTS (SELECT FROM pg_extension e WHERE e.extname = 'tradepost' AND c.oid = ANY (e.extconfig))$$, 'pg_dump keeps every table and sequence');
SELECT is_empty($$SELECT x FROM pg_extension e, unnest(e.extcondition) x WHERE e.extname = 'tradepost' AND x <> ''$$, 'and all their rows');
SELECT is((SELECT sum((xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %s', c.oid::regclass), false, true, '')))[1]::text::bigint)
	FROM pg_class c WHERE c.relnamespace = 'tradepost_internal'::regnamespace AND c.relkind = 'r'), 0::numeric, 'the install script makes no row');

-- Row security is on wherever a row is somebody's.
SELECT is_empty($$SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'account'
	WHERE c.relnamespace = 'tradepost_internal'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity$$, 'every table with an account has row security');

SELECT is_empty($$SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'tradepost_internal'::regnamespace AND c.relkind IN ('r', 'p')
	AND has_any_column_privilege('tradepost_trader', c.oid, 'SELECT') AND NOT c.relrowsecurity$$, 'and every table that traders read anything of');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'tradepost'::regnamespace AND p.prosecdef
	AND has_function_privilege('tradepost_trader', p.oid, 'EXECUTE')$$, 'no function of the API lends a trader eyes that see more');
-- Whatever belongs to a tenant says so to nobody else: its users' functions take the tenant from the caller, not from the call.
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'tradepost_edge'::regnamespace AND p.prosrc ~ 'edge_(symbol|instruments)\([^()]*(\([^()]*\)[^()]*)*\)' AND p.prosrc !~ '(tenant)'$$,
	'symbols are looked up at the caller''s tenant');

SELECT * FROM finish();
ROLLBACK;
