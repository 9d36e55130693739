-- Everything is data: pg_dump keeps the rows of every table and the place of every
-- sequence.  Found in the catalog, so that no new table is forgotten; one by one,
-- because each call changes the same row of pg_extension.

DO $$
DECLARE
	relation regclass;
BEGIN
	FOR relation IN
		SELECT c.oid FROM pg_catalog.pg_class c
		WHERE c.relnamespace = 'tradepost_internal'::regnamespace AND c.relkind IN ('r', 'p', 'S') ORDER BY c.oid
	LOOP
		PERFORM pg_catalog.pg_extension_config_dump(relation, '');
	END LOOP;
END
$$;
