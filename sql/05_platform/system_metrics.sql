-- How the installation is doing, for who pays for knowing: the proxy adds its own figures.
--
-- The engine and the database are everybody's, so theirs are shown to users of every
-- tenant: numbers, and the texts of the proxies' own statements, which hold no values.
-- Subscriptions are counted for the asker's tenant alone.

CREATE OR REPLACE FUNCTION tradepost_internal.slow_statements(most integer)
	RETURNS json LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	home  name := (SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements');
	found json;
BEGIN
	IF home IS NULL THEN
		RETURN NULL;
	END IF;
	EXECUTE format($sql$
		SELECT coalesce(json_agg(x), '[]') FROM (
			SELECT left(regexp_replace(s.query, '\s+', ' ', 'g'), 200) AS statement, sum(s.calls) AS calls, round((sum(s.total_exec_time) / sum(s.calls))::numeric, 3) AS "meanMs",
				round(max(s.max_exec_time)::numeric, 3) AS "maxMs", round(sum(s.total_exec_time)::numeric, 1) AS "totalMs", sum(s.rows) AS rows,
				round(sum(s.shared_blks_hit) / nullif(sum(s.shared_blks_hit + s.shared_blks_read), 0), 4) AS "cacheHitRatio"
			FROM %I.pg_stat_statements s
			WHERE s.dbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) AND s.query LIKE '%%tradepost_edge.%%' AND pg_has_role(s.userid, 'tradepost_proxy', 'MEMBER')
				AND NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.oid = s.userid)
			GROUP BY 1 ORDER BY sum(s.total_exec_time) DESC LIMIT %s) x
	$sql$, home, most) INTO found;
	RETURN found;
EXCEPTION WHEN object_not_in_prerequisite_state THEN
	-- Created, but not loaded at the server's start.
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION tradepost_internal.slow_statements(integer) IS 'The proxies'' statements that took most of the time, by pg_stat_statements: an array; NULL where that is not loaded';

CREATE OR REPLACE FUNCTION tradepost_internal.database_figures()
	RETURNS json LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
	SELECT row_to_json(x) FROM (SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS standby,
		floor(extract(epoch FROM clock_timestamp() - pg_postmaster_start_time()))::bigint AS uptime, pg_database_size(d.datid) AS "sizeBytes",
		d.numbackends AS connections, current_setting('max_connections')::integer AS "maxConnections",
		d.xact_commit AS commits, d.xact_rollback AS rollbacks, d.deadlocks, d.temp_bytes AS "temporaryBytes",
		round(d.blks_hit::numeric / nullif(d.blks_hit + d.blks_read, 0), 4) AS "cacheHitRatio",
		tradepost_internal.slow_statements(20) AS statements
	FROM pg_stat_database d WHERE d.datname = current_database()) x
$$;
COMMENT ON FUNCTION tradepost_internal.database_figures() IS 'The database''s figures for system_metrics()';

CREATE OR REPLACE FUNCTION tradepost_internal.subscription_figures(of_tenant bigint)
	RETURNS json LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
	SELECT json_build_object(
		'users', (SELECT count(*) FROM tradepost_internal.users u WHERE u.tenant = of_tenant),
		'byTier', (SELECT json_object_agg(t.tier, coalesce(c.users, 0) ORDER BY t.n)
			FROM unnest('{free,basic,pro,enterprise}'::text[]) WITH ORDINALITY t (tier, n)
			LEFT JOIN (SELECT tradepost_internal.effective_tier(u.tier, u.tier_until) AS tier, count(*) AS users FROM tradepost_internal.users u WHERE u.tenant = of_tenant GROUP BY 1) c ON c.tier = t.tier),
		'byStatus', (SELECT json_object_agg(t.status, coalesce(c.subscriptions, 0) ORDER BY t.n)
			FROM unnest('{trial,active,past_due,cancelled,expired}'::text[]) WITH ORDINALITY t (status, n)
			LEFT JOIN (SELECT s.status, count(*) AS subscriptions FROM tradepost_internal.subscriptions s JOIN tradepost_internal.users u ON u.id = s.user_id WHERE u.tenant = of_tenant GROUP BY 1) c
			ON c.status = t.status))
$$;
COMMENT ON FUNCTION tradepost_internal.subscription_figures(bigint) IS 'A tenant''s users by the tier that they have now, and its subscriptions by status';

CREATE OR REPLACE FUNCTION tradepost_edge.system_metrics(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id);
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}');
	PERFORM tradepost_internal.require_feature(asking.id, 'system_metrics');
	RETURN json_build_object('time', tradepost_internal.iso(clock_timestamp()), 'engine', tradepost_edge.engine_json(),
		'follower', (SELECT row_to_json(x) FROM (SELECT f.state, f.seq, f.lag, f.push, f.queued, f.restarts, f.rounds, f.events,
			extract(epoch FROM f.last_round_time)::float8 AS "lastRoundTime" FROM tradepost.follower_status f) x),
		'database', tradepost_internal.database_figures(), 'subscriptions', tradepost_internal.subscription_figures(asking.tenant));
END
$$;
COMMENT ON FUNCTION tradepost_edge.system_metrics(bigint, bigint, jsonb) IS
'GET system/metrics: {"time", "engine", "follower", "database", "subscriptions" of the caller''s tenant}, to which the proxy adds "edge". statements of the database are the proxies'' slowest, null without pg_stat_statements. Feature
system_metrics. Errors: TP005, TP016, TP017.';
