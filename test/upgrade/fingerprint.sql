-- fingerprint.sql
--	  Everything that defines an extension's objects, one line a fact, in one order:
--	  two databases hold the same extension exactly if this prints the same.
--	  psql -v ext=NAME.  No OID, no column number (a dropped column leaves a gap),
--	  no option that the server keeps for itself.
\set QUIET on
\pset format unaligned
\pset tuples_only on
SET search_path = pg_catalog, pg_temp;

CREATE TEMP VIEW ext_member AS
	SELECT d.classid, d.objid, i.type AS kind, i.identity
	FROM pg_depend d
	JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
	CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) i
	WHERE e.extname = :'ext';
CREATE TEMP VIEW ext_relation AS
	SELECT c.*, m.identity FROM ext_member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND m.objid = c.oid;

CREATE TEMP VIEW fact AS
	SELECT 'object' AS what, kind AS a, identity AS b, coalesce(obj_description(objid, (SELECT relname FROM pg_class WHERE oid = classid)), '') AS c
		FROM ext_member
	UNION ALL
	SELECT 'extension', extname, extversion, (SELECT string_agg(t::regclass || ' ' || quote_literal(extcondition[n]), '; ' ORDER BY t::regclass::text)
			FROM unnest(extconfig) WITH ORDINALITY u(t, n))
		FROM pg_extension WHERE extname = :'ext'
	UNION ALL
	SELECT 'function', m.identity, coalesce(array_to_string(p.proconfig, ','), ''), CASE WHEN p.prokind = 'a' THEN 'aggregate' ELSE pg_get_functiondef(p.oid) END
		FROM ext_member m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
	UNION ALL
	SELECT 'relation', identity, concat_ws(' ', relkind, relpersistence, relrowsecurity, relforcerowsecurity, relreplident, array_to_string(reloptions, ',')),
			CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid) ELSE coalesce(pg_get_partkeydef(oid), '') END
		FROM ext_relation
	UNION ALL
	SELECT 'column', r.identity, format('%s %s', row_number() OVER (PARTITION BY r.oid ORDER BY a.attnum), a.attname),
			concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, a.attstorage, a.attcollation::regcollation,
				pg_get_expr(d.adbin, d.adrelid), col_description(r.oid, a.attnum),
				(SELECT string_agg(o, ',' ORDER BY o) FROM unnest(a.attoptions) o WHERE o NOT LIKE 'pg\_%'))
		FROM ext_relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
		LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
	UNION ALL
	SELECT 'constraint', r.identity, n.conname, pg_get_constraintdef(n.oid) FROM ext_relation r JOIN pg_constraint n ON n.conrelid = r.oid
	UNION ALL
	SELECT 'constraint', m.identity, n.conname, pg_get_constraintdef(n.oid)
		FROM ext_member m JOIN pg_constraint n ON m.classid = 'pg_type'::regclass AND n.contypid = m.objid
	UNION ALL
	SELECT 'index', r.identity, '', pg_get_indexdef(i.indexrelid) FROM ext_relation r JOIN pg_index i ON i.indrelid = r.oid
	UNION ALL
	SELECT 'trigger', r.identity, t.tgname, concat_ws(' ', t.tgenabled, pg_get_triggerdef(t.oid))
		FROM ext_relation r JOIN pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal
	UNION ALL
	SELECT 'policy', r.identity, p.polname, concat_ws(' ', p.polcmd, p.polpermissive, (SELECT string_agg(x::regrole::text, ',' ORDER BY x::regrole::text) FROM unnest(p.polroles) x WHERE x <> 0),
			pg_get_expr(p.polqual, r.oid), '/', pg_get_expr(p.polwithcheck, r.oid))
		FROM ext_relation r JOIN pg_policy p ON p.polrelid = r.oid
	UNION ALL
	SELECT 'sequence', r.identity, '', concat_ws(' ', s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle)
		FROM ext_relation r JOIN pg_sequence s ON s.seqrelid = r.oid
	UNION ALL
	SELECT 'label', m.identity, '', string_agg(l.enumlabel, ',' ORDER BY l.enumsortorder)
		FROM ext_member m JOIN pg_enum l ON m.classid = 'pg_type'::regclass AND l.enumtypid = m.objid GROUP BY m.identity
	UNION ALL
	-- Privileges; what nobody granted or revoked is the default, written out.
	SELECT 'grant', o.kind || ' ' || o.identity, CASE WHEN x.grantee = 0 THEN 'public' ELSE x.grantee::regrole::text END,
			string_agg(x.privilege_type || CASE WHEN x.is_grantable THEN '*' ELSE '' END, ',' ORDER BY x.privilege_type)
		FROM (SELECT m.kind, m.identity, coalesce(p.proacl, acldefault('f', p.proowner)) AS acl
				FROM ext_member m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
			UNION ALL
			SELECT r.relkind::text, r.identity, coalesce(r.relacl, acldefault(CASE r.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", r.relowner)) FROM ext_relation r
			UNION ALL
			SELECT 'column', r.identity || '.' || a.attname, a.attacl FROM ext_relation r JOIN pg_attribute a ON a.attrelid = r.oid WHERE a.attacl IS NOT NULL
			UNION ALL
			SELECT m.kind, m.identity, coalesce(s.nspacl, acldefault('n', s.nspowner))
				FROM ext_member m JOIN pg_namespace s ON m.classid = 'pg_namespace'::regclass AND m.objid = s.oid
			UNION ALL
			SELECT m.kind, m.identity, coalesce(t.typacl, acldefault('T', t.typowner))
				FROM ext_member m JOIN pg_type t ON m.classid = 'pg_type'::regclass AND m.objid = t.oid) o
		CROSS JOIN LATERAL aclexplode(o.acl) x
		GROUP BY 2, 3;

SELECT what, a, b, c FROM fact ORDER BY what COLLATE "C", a COLLATE "C", b COLLATE "C", c COLLATE "C";
