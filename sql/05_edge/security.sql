-- Security events and blocked addresses.

CREATE OR REPLACE FUNCTION tradepost_edge.record_security_event(kind text, user_id bigint, ip inet, risk integer, detail jsonb DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	IF kind IS NULL OR length(kind) NOT BETWEEN 1 AND 64 THEN
		PERFORM tradepost_internal.refuse(format('kind must have 1 to 64 characters, not %s', coalesce(length(kind)::text, 'null')), 'Such as login_failed.');
	END IF;
	PERFORM tradepost_internal.note_security(kind, user_id, ip, tradepost_internal.bounded('risk', risk, 0, 100), detail);
END
$$;
COMMENT ON FUNCTION tradepost_edge.record_security_event(text, bigint, inet, integer, jsonb) IS 'Adds a security event; risk is 0 (routine) to 100 (surely an attack). Error: TP005.';

CREATE OR REPLACE FUNCTION tradepost_edge.block_ip(ip inet, reason text, seconds integer DEFAULT NULL)
	RETURNS timestamptz LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	steps CONSTANT integer[] := ARRAY[60, 300, 1800, 14400, 86400];
	made  tradepost_internal.ip_blocks;
BEGIN
	IF ip IS NULL THEN
		PERFORM tradepost_internal.refuse('ip must be given', 'Such as 192.0.2.1.');
	END IF;
	INSERT INTO tradepost_internal.ip_blocks AS b (ip, until, reason)
		VALUES (block_ip.ip, now() + interval '1 second' * coalesce(tradepost_internal.bounded('seconds', coalesce(seconds, steps[1]), 1, 31536000), 0), left(coalesce(block_ip.reason, 'unspecified'), 256))
		ON CONFLICT ON CONSTRAINT ip_blocks_pkey DO UPDATE SET
			offences = CASE WHEN b.blocked_at > now() - interval '1 day' THEN b.offences + 1 ELSE 1 END,
			until = greatest(CASE WHEN b.lifted_at IS NULL THEN b.until END, now() + interval '1 second' * coalesce(seconds,
				steps[least(CASE WHEN b.blocked_at > now() - interval '1 day' THEN b.offences + 1 ELSE 1 END, cardinality(steps))])),
			blocked_at = now(), reason = excluded.reason, lifted_at = NULL
		RETURNING b.* INTO made;
	PERFORM tradepost_internal.note_security('ip_blocked', NULL, made.ip, least(40 + 10 * made.offences, 100),
		jsonb_build_object('reason', made.reason, 'offences', made.offences, 'until', tradepost_internal.iso(made.until)));
	PERFORM tradepost_internal.tell_edge(json_build_object('block', host(made.ip), 'until', ceil(extract(epoch FROM made.until))::bigint));
	RETURN made.until;
END
$$;
COMMENT ON FUNCTION tradepost_edge.block_ip(inet, text, integer) IS
'Blocks an address on every proxy, and returns until when: for so many seconds, or for 1 min, 5 min, 30 min, 4 h and 24 h with each offence of a day. Error: TP005.';

CREATE OR REPLACE FUNCTION tradepost_edge.blocks()
	RETURNS TABLE (ip text, until timestamptz)
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
	SELECT host(b.ip), b.until FROM tradepost_internal.ip_blocks b WHERE b.until > now() AND b.lifted_at IS NULL ORDER BY b.ip
$$;
COMMENT ON FUNCTION tradepost_edge.blocks() IS 'Addresses that are blocked now: what a proxy loads when it connects';

CREATE OR REPLACE FUNCTION tradepost.lift_block(ip inet)
	RETURNS boolean LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	lifted boolean;
BEGIN
	UPDATE tradepost_internal.ip_blocks b SET lifted_at = now() WHERE b.ip = lift_block.ip AND b.lifted_at IS NULL AND b.until > now();
	lifted := FOUND;
	IF lifted THEN
		PERFORM tradepost_internal.note_security('ip_unblocked', NULL, lift_block.ip, 0, jsonb_build_object('by', session_user));
	END IF;
	-- Told in any case: a proxy may block by itself while the database is away.
	PERFORM tradepost_internal.tell_edge(json_build_object('unblock', host(lift_block.ip)));
	RETURN lifted;
END
$$;
COMMENT ON FUNCTION tradepost.lift_block(inet) IS 'Lifts the block of an address on every proxy; false if there was none in force. Administrators only.';

CREATE OR REPLACE VIEW tradepost.ip_blocks WITH (security_invoker = true) AS
SELECT b.ip, b.blocked_at, b.until, b.offences, b.reason, b.lifted_at, b.lifted_at IS NULL AND b.until > now() AS in_force
FROM tradepost_internal.ip_blocks b;
COMMENT ON VIEW tradepost.ip_blocks IS 'Addresses that the proxies refuse or refused; lift_block() lifts one. For administrators and auditors';
COMMENT ON COLUMN tradepost.ip_blocks.ip IS 'Address';
COMMENT ON COLUMN tradepost.ip_blocks.blocked_at IS 'When it was last blocked';
COMMENT ON COLUMN tradepost.ip_blocks.until IS 'Until when';
COMMENT ON COLUMN tradepost.ip_blocks.offences IS 'Blocks of the last day: the time grows with them';
COMMENT ON COLUMN tradepost.ip_blocks.reason IS 'Why';
COMMENT ON COLUMN tradepost.ip_blocks.lifted_at IS 'When an administrator lifted it';
COMMENT ON COLUMN tradepost.ip_blocks.in_force IS 'Whether it is blocked now';

CREATE OR REPLACE VIEW tradepost.security_events WITH (security_invoker = true) AS
SELECT e.id, e.time, e.kind, e.user_id, u.email, e.ip, e.risk, e.detail
FROM tradepost_internal.security_events e LEFT JOIN tradepost_internal.users u ON u.id = e.user_id;
COMMENT ON VIEW tradepost.security_events IS 'Logins, failures, revocations, blocks: for administrators and auditors; nobody can change them';
COMMENT ON COLUMN tradepost.security_events.id IS 'Number of the event';
COMMENT ON COLUMN tradepost.security_events.time IS 'When it happened';
COMMENT ON COLUMN tradepost.security_events.kind IS 'What happened';
COMMENT ON COLUMN tradepost.security_events.user_id IS 'User that it is about, where one is known';
COMMENT ON COLUMN tradepost.security_events.email IS 'The user''s e-mail address';
COMMENT ON COLUMN tradepost.security_events.ip IS 'Address that it came from';
COMMENT ON COLUMN tradepost.security_events.risk IS '0: routine, 100: surely an attack';
COMMENT ON COLUMN tradepost.security_events.detail IS 'More, by kind';
