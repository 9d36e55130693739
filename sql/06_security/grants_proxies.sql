-- Who may call what proxies read for themselves.

REVOKE ALL ON ALL ROUTINES IN SCHEMA tradepost_edge FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA tradepost_internal FROM PUBLIC;

GRANT EXECUTE ON FUNCTION
	tradepost_edge.account_tenant(bigint),
	tradepost_edge.pushes_missed(bigint, integer, bigint, bigint),
	tradepost_edge.system_metrics(bigint, bigint, jsonb),
	tradepost_edge.tier_sockets()
TO tradepost_proxy, tradepost_admin;
