-- How the engine is doing.

CREATE OR REPLACE FUNCTION tradepost_internal.undecided(watermark bigint, tail_seq bigint, OUT commands bigint, OUT since timestamptz)
	RETURNS record LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	-- What lies above the watermark is little beside all there is, which the planner does not know.
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET enable_seqscan = off
AS $$
DECLARE
	first bigint;
BEGIN
	SELECT count(*), min(u.id) INTO commands, first
	FROM (
		SELECT c.id FROM tradepost_internal.commands c WHERE c.id >= watermark
		EXCEPT
		SELECT e.command_id FROM tradepost_internal.events e WHERE e.seq >= tail_seq AND e.decision
	) u;
	since := (SELECT c.created_at FROM tradepost_internal.commands c WHERE c.id = first);
END
$$;
COMMENT ON FUNCTION tradepost_internal.undecided(bigint, bigint) IS
'By the tables: how many commands are undecided, and when the first of them was asked. Arguments: what engine_state says';

CREATE OR REPLACE VIEW tradepost.engine_status WITH (security_invoker = true) AS
SELECT m.state, m.pid, greatest(m.last_seq, s.last_seq) AS last_seq, greatest(m.watermark, s.watermark) AS watermark,
	greatest(m.oldest_command_age, w.undecided_age) AS watermark_age, m.oldest_command_age, w.pending, w.undecided_age, m.open_orders, m.batches, m.last_batch_commands, m.last_batch_time, m.restarts, m.last_error,
	m.ring_used, m.ring_overflows, m.doorbells_skipped,
	s.instance = tradepost_internal.instance_id() AS instance_ok,
	(SELECT max(c.seq) FROM tradepost_internal.checkpoints c) AS checkpoint_seq,
	s.starts, s.last_time
FROM tradepost_internal.engine_memory() m
LEFT JOIN tradepost_internal.engine_state s ON (SELECT tradepost_internal.durable())
-- An engine that is off has not counted what an earlier server left: only the tables tell. Else the function, being strict, is not run.
LEFT JOIN LATERAL tradepost_internal.undecided(CASE WHEN m.state <> 'running' THEN s.watermark END, s.tail_seq) t ON true
CROSS JOIN LATERAL (
	SELECT CASE m.state WHEN 'running' THEN m.pending ELSE coalesce(t.commands, 0) END AS pending,
		CASE m.state WHEN 'running' THEN m.undecided_age ELSE coalesce(greatest('0', clock_timestamp() - t.since), '0') END AS undecided_age) w;
COMMENT ON VIEW tradepost.engine_status IS 'One row: this database''s engine, from shared memory and from what it stored; for administrators and auditors';
COMMENT ON COLUMN tradepost.engine_status.state IS 'running, recovering, starting, paused (library and extension differ in version), restored (call post_restore()), poisoned, standby, off';
COMMENT ON COLUMN tradepost.engine_status.pid IS 'Process of the matcher';
COMMENT ON COLUMN tradepost.engine_status.last_seq IS 'seq of the last committed event';
COMMENT ON COLUMN tradepost.engine_status.watermark IS 'Every command with a lower id is decided, or was rolled back';
COMMENT ON COLUMN tradepost.engine_status.watermark_age IS 'How long the watermark has waited for what it waits for: the larger of oldest_command_age and undecided_age; 0 if it waits for nothing';
COMMENT ON COLUMN tradepost.engine_status.oldest_command_age IS 'Age of the oldest transaction that is not committed yet and holds a command: it holds the watermark back; 0 if there is none';
COMMENT ON COLUMN tradepost.engine_status.pending IS 'Committed commands that wait for their decision';
COMMENT ON COLUMN tradepost.engine_status.undecided_age IS 'Since when the oldest of these waits; 0 if none does. It grows while the matcher stands still, for whatever reason';
COMMENT ON COLUMN tradepost.engine_status.open_orders IS 'Orders in all books, and those that wait for their trigger';
COMMENT ON COLUMN tradepost.engine_status.batches IS 'Batches committed since the server started';
COMMENT ON COLUMN tradepost.engine_status.last_batch_commands IS 'Commands in the last batch';
COMMENT ON COLUMN tradepost.engine_status.last_batch_time IS 'How long the last batch took, commit included';
COMMENT ON COLUMN tradepost.engine_status.restarts IS 'How often the matcher was restarted since the server started';
COMMENT ON COLUMN tradepost.engine_status.last_error IS 'What ended it last';
COMMENT ON COLUMN tradepost.engine_status.ring_used IS 'Commands in the ring now';
COMMENT ON COLUMN tradepost.engine_status.ring_overflows IS 'How often the ring was full and the matcher read the table instead';
COMMENT ON COLUMN tradepost.engine_status.doorbells_skipped IS 'Notifications left out because some listener has let the queue fill up';
COMMENT ON COLUMN tradepost.engine_status.instance_ok IS 'Whether the stored market belongs to this database: false in a restored copy until post_restore(); NULL before the first account';
COMMENT ON COLUMN tradepost.engine_status.checkpoint_seq IS 'seq of the last checkpoint: recovery reads the events after it';
COMMENT ON COLUMN tradepost.engine_status.starts IS 'How often the engine has recovered in its life';
COMMENT ON COLUMN tradepost.engine_status.last_time IS 'Time of the last decision';
