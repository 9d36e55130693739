-- How the follower is doing.

CREATE OR REPLACE FUNCTION tradepost_internal.follower_memory(
	OUT state text, OUT pid integer, OUT last_seq bigint, OUT restarts bigint, OUT rounds bigint, OUT events bigint, OUT kept bigint, OUT last_round_time interval, OUT last_error text)
	RETURNS record LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_follower_memory';
COMMENT ON FUNCTION tradepost_internal.follower_memory() IS 'What shared memory knows of this database''s follower';

CREATE OR REPLACE VIEW tradepost.follower_status WITH (security_invoker = true) AS
SELECT m.state, m.pid, coalesce(f.seq, 0) AS seq, greatest(m.last_seq - coalesce(f.seq, 0), 0) AS lag, coalesce(f.push, 0) AS push,
	(SELECT count(*) FROM (SELECT FROM tradepost_internal.push_queue q LIMIT 100000) x) AS queued,
	m.restarts, m.rounds, m.events, m.kept, m.last_round_time, m.last_error, f.updated_at
FROM tradepost_internal.follower_memory() m
LEFT JOIN tradepost_internal.follower f ON true;
COMMENT ON VIEW tradepost.follower_status IS 'One row: this database''s follower, which sends pushes and notifications and keeps users'' fills; for administrators and auditors';
COMMENT ON COLUMN tradepost.follower_status.state IS 'running; starting; waiting (the engine does not run, or is being started); off (tradepost.follower); standby';
COMMENT ON COLUMN tradepost.follower_status.pid IS 'Process of the follower';
COMMENT ON COLUMN tradepost.follower_status.seq IS 'The last event that it has read; everything that follows from events up to it is done';
COMMENT ON COLUMN tradepost.follower_status.lag IS 'Events that it has not read yet';
COMMENT ON COLUMN tradepost.follower_status.push IS 'Number of the newest push';
COMMENT ON COLUMN tradepost.follower_status.queued IS 'Pushes that wait for their number; counted to 100000';
COMMENT ON COLUMN tradepost.follower_status.restarts IS 'How often it was started again since the server started';
COMMENT ON COLUMN tradepost.follower_status.rounds IS 'Rounds in which there was something to do';
COMMENT ON COLUMN tradepost.follower_status.events IS 'Events read since the server started';
COMMENT ON COLUMN tradepost.follower_status.kept IS 'What of them concerned a user''s account';
COMMENT ON COLUMN tradepost.follower_status.last_round_time IS 'How long the last such round took';
COMMENT ON COLUMN tradepost.follower_status.last_error IS 'What ended it last';
COMMENT ON COLUMN tradepost.follower_status.updated_at IS 'When its cursor moved last';
