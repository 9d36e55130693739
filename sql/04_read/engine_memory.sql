-- What shared memory knows: published by the matcher after each commit.

CREATE OR REPLACE FUNCTION tradepost_internal.published_book(instrument integer, depth integer,
	OUT side tradepost.side, OUT price numeric, OUT quantity numeric, OUT orders bigint)
	RETURNS SETOF record LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE ROWS 20 AS 'MODULE_PATHNAME', 'tradepost_published_book';
COMMENT ON FUNCTION tradepost_internal.published_book(integer, integer) IS
'The book''s best levels as the matcher last committed them, bids then asks, best first. NULL rows never; no row for an empty book; TP011 if this server''s matcher does not publish (a standby, a paused engine) or depth is above tradepost.book_depth';

CREATE OR REPLACE FUNCTION tradepost_internal.engine_memory(
	OUT state text, OUT pid integer, OUT last_seq bigint, OUT watermark bigint, OUT oldest_command_age interval, OUT pending bigint,
	OUT undecided_age interval, OUT open_orders bigint, OUT batches bigint, OUT last_batch_commands integer, OUT last_batch_time interval,
	OUT restarts bigint, OUT last_error text, OUT ring_used integer, OUT ring_overflows bigint, OUT doorbells_skipped bigint)
	RETURNS record LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_engine_memory';
COMMENT ON FUNCTION tradepost_internal.engine_memory() IS
'What shared memory knows of this database''s engine. state: running, recovering, starting, paused (version), restored, poisoned, standby, off';

CREATE OR REPLACE FUNCTION tradepost_internal.durable()
	RETURNS boolean LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'tradepost_durable';
COMMENT ON FUNCTION tradepost_internal.durable() IS
'True, once every batch of the engine that the caller''s snapshot may show is on disk. Every view of what the engine writes asks it, so that nobody sees what a crash could take back';

CREATE OR REPLACE FUNCTION tradepost_internal.my_accounts()
	RETURNS bigint[] LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'tradepost_my_accounts';
COMMENT ON FUNCTION tradepost_internal.my_accounts() IS 'Accounts that the current role owns, directly or as a member: what row security lets it see';

CREATE OR REPLACE FUNCTION tradepost_internal.my_tenants()
	RETURNS bigint[] LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'tradepost_my_tenants';
COMMENT ON FUNCTION tradepost_internal.my_tenants() IS 'Tenants of the accounts that the current role owns: whose market row security lets it see';

CREATE OR REPLACE FUNCTION tradepost_internal.order_hash(id bigint, account bigint, instrument integer, side smallint, price numeric, quantity numeric, filled numeric, rank bigint,
	stop_price numeric, link_id bigint, parent_id bigint)
	RETURNS numeric LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'tradepost_order_hash';
COMMENT ON FUNCTION tradepost_internal.order_hash(bigint, bigint, integer, smallint, numeric, numeric, numeric, bigint, numeric, bigint, bigint) IS 'An open or untriggered order''s part of the engine''s checksum (their sum modulo 2^64); only the last three arguments may be NULL';

CREATE OR REPLACE FUNCTION tradepost_internal.balance_hash(account bigint, asset integer, total numeric, reserved numeric)
	RETURNS numeric LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'tradepost_balance_hash';
COMMENT ON FUNCTION tradepost_internal.balance_hash(bigint, integer, numeric, numeric) IS 'A balance''s part of the engine''s checksum';

CREATE OR REPLACE FUNCTION tradepost_internal.position_hash(account bigint, instrument integer, quantity numeric, open_bids numeric, open_asks numeric)
	RETURNS numeric LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'tradepost_position_hash';
COMMENT ON FUNCTION tradepost_internal.position_hash(bigint, integer, numeric, numeric, numeric) IS 'A position''s part of the engine''s checksum';

CREATE OR REPLACE FUNCTION tradepost.preview_order(
	account bigint, symbol text, side tradepost.side, quantity numeric, price numeric DEFAULT NULL,
	type tradepost.order_type DEFAULT 'limit', time_in_force tradepost.time_in_force DEFAULT 'day',
	stp tradepost.stp DEFAULT 'cancel_taker', post_only boolean DEFAULT false, stop_price numeric DEFAULT NULL)
	RETURNS jsonb LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_preview_order';
COMMENT ON FUNCTION tradepost.preview_order(bigint, text, tradepost.side, numeric, numeric, tradepost.order_type, tradepost.time_in_force, tradepost.stp, boolean, numeric) IS
'What an order would get now: accepted, reason, filled, resting, cancelled, fills, average_price, commission, requirement (margin and reserves it needs), free_funds before it; decimals as
strings. reason, in the words of the events: why it would be rejected, or, if accepted, why what is cancelled of it would be (ioc, unfilled, self_trade). The matcher answers from its own book;
nothing changes and nothing is promised.';
