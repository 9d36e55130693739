-- The edge: what tradepost-proxy calls on behalf of users who have no database role.
-- A schema of its own, so that one look at its grants says what the proxy can do.

CREATE SCHEMA tradepost_edge;
COMMENT ON SCHEMA tradepost_edge IS 'What tradepost-proxy calls: one function a route, which checks its caller and answers with JSON';

GRANT USAGE ON SCHEMA tradepost_edge TO tradepost_admin, tradepost_proxy;
