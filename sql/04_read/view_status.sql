-- How the engine is doing.

CREATE OR REPLACE VIEW tradepost.engine_status WITH (security_invoker = true) AS
SELECT m.state, m.pid, greatest(m.last_seq, s.last_seq) AS last_seq, greatest(m.watermark, s.watermark) AS watermark,
	m.oldest_command_age, m.pending, m.open_orders, m.batches, m.last_batch_commands, m.last_batch_time, m.restarts, m.last_error,
	m.ring_used, m.ring_overflows, m.doorbells_skipped,
	s.instance = tradepost_internal.instance_id() AS instance_ok,
	(SELECT max(c.seq) FROM tradepost_internal.checkpoints c) AS checkpoint_seq,
	s.starts, s.last_time
FROM tradepost_internal.engine_memory() m
LEFT JOIN tradepost_internal.engine_state s ON (SELECT tradepost_internal.durable());
COMMENT ON VIEW tradepost.engine_status IS 'One row: this database''s engine, from shared memory and from what it stored; for administrators and auditors';
COMMENT ON COLUMN tradepost.engine_status.state IS 'running, recovering, starting, paused (library and extension differ in version), restored (call post_restore()), poisoned, standby, off';
COMMENT ON COLUMN tradepost.engine_status.pid IS 'Process of the matcher';
COMMENT ON COLUMN tradepost.engine_status.last_seq IS 'seq of the last committed event';
COMMENT ON COLUMN tradepost.engine_status.watermark IS 'Every command with a lower id is decided, or was rolled back';
COMMENT ON COLUMN tradepost.engine_status.oldest_command_age IS 'Age of the oldest transaction that holds an undecided command: it holds the watermark back';
COMMENT ON COLUMN tradepost.engine_status.pending IS 'Committed commands that wait for their decision';
COMMENT ON COLUMN tradepost.engine_status.open_orders IS 'Orders in all books';
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
