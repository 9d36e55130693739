-- Who may call what of pushes, notifications and performance; the rest is for
-- functions that run as their owner.

REVOKE ALL ON ALL ROUTINES IN SCHEMA tradepost FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA tradepost_edge FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA tradepost_internal FROM PUBLIC;

GRANT EXECUTE ON FUNCTION
	tradepost_edge.pushes_page(bigint, integer),
	tradepost_edge.newest_push(),
	tradepost_edge.notifications_list(bigint, bigint, jsonb),
	tradepost_edge.notifications_read(bigint, bigint, jsonb),
	tradepost_edge.notification_read(bigint, bigint, jsonb),
	tradepost_edge.notification_preferences_get(bigint, bigint, jsonb),
	tradepost_edge.notification_preferences_set(bigint, bigint, jsonb),
	tradepost_edge.performance(bigint, bigint, jsonb)
TO tradepost_proxy, tradepost_admin;

-- What users were told is theirs; what they traded administrators and auditors may see.
GRANT SELECT ON tradepost_internal.follower, tradepost_internal.order_sources, tradepost_internal.fills, tradepost_internal.fill_positions, tradepost_internal.closed_trades,
	tradepost_internal.performance_spans
TO tradepost_admin, tradepost_auditor;

-- The follower's own role calls these, which run as their owner.
GRANT EXECUTE ON FUNCTION
	tradepost_internal.follow(integer),
	tradepost_internal.follow_pushes(integer),
	tradepost_internal.follow_clock(boolean)
TO tradepost_engine;

GRANT EXECUTE ON FUNCTION
	tradepost.run_retention(interval, interval, interval, integer, interval)
TO tradepost_admin;
GRANT EXECUTE ON FUNCTION
	tradepost_internal.follower_memory()
TO tradepost_admin, tradepost_auditor;
GRANT SELECT ON tradepost.follower_status TO tradepost_admin, tradepost_auditor;
GRANT SELECT (id) ON tradepost_internal.push_queue TO tradepost_admin, tradepost_auditor;
