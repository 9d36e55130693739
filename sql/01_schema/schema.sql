-- Schemas and roles.  tradepost is the API; tradepost_internal holds the tables
-- and is nobody's to write but the engine's.  Roles are cluster-wide: they may
-- exist already, from another database or from a restore.

CREATE SCHEMA tradepost;
COMMENT ON SCHEMA tradepost IS 'Tradepost''s API: commands, views and reports of the exchange';

CREATE SCHEMA tradepost_internal;
COMMENT ON SCHEMA tradepost_internal IS 'Tradepost''s tables and helpers: read through schema tradepost, written by the engine alone';

DO $$
DECLARE
	r text;
BEGIN
	FOREACH r IN ARRAY ARRAY['tradepost_admin', 'tradepost_proxy', 'tradepost_trader', 'tradepost_auditor', 'tradepost_engine'] LOOP
		IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = r) THEN
			EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', r);
		END IF;
	END LOOP;
	ALTER ROLE tradepost_engine BYPASSRLS;
END
$$;

GRANT USAGE ON SCHEMA tradepost TO tradepost_admin, tradepost_proxy, tradepost_trader, tradepost_auditor, tradepost_engine;
GRANT USAGE ON SCHEMA tradepost_internal TO tradepost_engine;
