-- What the engine lives on.  commands and command_keys are inserted by the API's
-- functions and never updated; everything else is written by the matcher alone,
-- one batch in one transaction.  No triggers, CHECKs or foreign keys here: the
-- matcher's writes would skip them, check_invariants() stands for them.

CREATE SEQUENCE tradepost_internal.command_id_seq AS bigint;
COMMENT ON SEQUENCE tradepost_internal.command_id_seq IS 'Ids of commands; an order''s id is its place command''s';

CREATE TABLE tradepost_internal.commands (
	id              bigint NOT NULL,
	account         bigint,
	order_id        bigint,
	counter_account bigint,
	created_at      timestamptz NOT NULL,
	expires_at      timestamptz,
	lifetime        bigint,
	instrument      integer,
	asset           integer,
	maker_rate      integer,
	taker_rate      integer,
	actor           oid NOT NULL,
	kind            smallint NOT NULL,
	side            smallint,
	type            smallint,
	time_in_force   smallint,
	stp             smallint,
	flags           smallint,
	quantity        numeric,
	price           numeric,
	client_order_id text,
	stop_price      numeric,
	link_id         bigint,
	parent_id       bigint,
	max_open        integer,
	children        smallint,
	CONSTRAINT commands_pkey PRIMARY KEY (id)
);
COMMENT ON TABLE tradepost_internal.commands IS 'What was asked of the engine, in the caller''s own transaction; append-only';
COMMENT ON COLUMN tradepost_internal.commands.lifetime IS 'Day orders: microseconds from acceptance to expiry';
COMMENT ON COLUMN tradepost_internal.commands.maker_rate IS 'Commission rate frozen on the order, in 1e-8';
COMMENT ON COLUMN tradepost_internal.commands.taker_rate IS 'Commission rate frozen on the order, in 1e-8';
COMMENT ON COLUMN tradepost_internal.commands.actor IS 'Database role that asked';
COMMENT ON COLUMN tradepost_internal.commands.kind IS 'tradepost.command_kind: position + 1';
COMMENT ON COLUMN tradepost_internal.commands.stop_price IS 'Stop, stop limit and take profit orders: the last price that triggers them; of an amend, the new one';
COMMENT ON COLUMN tradepost_internal.commands.link_id IS 'The earlier order that this one is linked to: one cancels the other';
COMMENT ON COLUMN tradepost_internal.commands.parent_id IS 'The later order that this one protects';
COMMENT ON COLUMN tradepost_internal.commands.max_open IS 'How many orders the account may have open or untriggered, this one included; NULL: any number';
COMMENT ON COLUMN tradepost_internal.commands.children IS 'How many orders must be waiting to protect this one when it is decided; NULL: none need be';

CREATE TABLE tradepost_internal.command_keys (
	account      bigint NOT NULL,
	key          text NOT NULL,
	command_id   bigint NOT NULL,
	request_hash bigint NOT NULL,
	CONSTRAINT command_keys_pkey PRIMARY KEY (account, key)
);
COMMENT ON TABLE tradepost_internal.command_keys IS 'Idempotency: a client''s key names one command for good; the same request again gets its id, another request an error';

CREATE TABLE tradepost_internal.events (
	seq                bigint NOT NULL,
	command_id         bigint NOT NULL,
	time               timestamptz NOT NULL,
	order_id           bigint,
	maker_order_id     bigint,
	account            bigint,
	counter_account    bigint,
	instrument         integer,
	asset              integer,
	kind               smallint NOT NULL,
	side               smallint,
	reason             smallint NOT NULL,
	decision           boolean NOT NULL,
	quantity           numeric,
	price              numeric,
	commission         numeric,
	counter_commission numeric,
	CONSTRAINT events_pkey PRIMARY KEY (seq)
);
-- A B-tree from accounts to trades would cost the matcher a quarter more; these ranges are summarized by VACUUM.
-- Without seq: what is read in the order of seq must go by the primary key, not by ranges.
CREATE INDEX events_search ON tradepost_internal.events USING brin (command_id, account int8_bloom_ops, counter_account int8_bloom_ops)
	WITH (pages_per_range = 32);
ALTER TABLE tradepost_internal.events SET (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 250000);
COMMENT ON TABLE tradepost_internal.events IS 'Everything that happened, in the one order that there is; append-only';
COMMENT ON COLUMN tradepost_internal.events.decision IS 'Whether this is its command''s decision: each command has exactly one';
COMMENT ON COLUMN tradepost_internal.events.order_id IS 'In a trade the taker''s order';
COMMENT ON COLUMN tradepost_internal.events.account IS 'In a trade the taker''s account';

-- Half of each page stays free for the new versions of its rows: HOT, so no index is touched.
CREATE TABLE tradepost_internal.orders (
	id             bigint NOT NULL,
	account        bigint NOT NULL,
	rank           bigint NOT NULL,
	created_at     timestamptz NOT NULL,
	updated_at     timestamptz NOT NULL,
	expires_at     timestamptz,
	instrument     integer NOT NULL,
	maker_rate     integer NOT NULL,
	taker_rate     integer NOT NULL,
	side           smallint NOT NULL,
	type           smallint NOT NULL,
	time_in_force  smallint NOT NULL,
	stp            smallint NOT NULL,
	flags          smallint NOT NULL,
	status         smallint NOT NULL,
	reason         smallint NOT NULL,
	quantity       numeric NOT NULL,
	price          numeric NOT NULL,
	filled         numeric NOT NULL,
	maker_notional numeric NOT NULL,
	taker_notional numeric NOT NULL,
	filled_value   numeric NOT NULL,
	commission     numeric NOT NULL,
	-- NULL in most orders, and last: a row that has none of them is stored without them (stored_table.c).
	stop_price     numeric,
	link_id        bigint,
	parent_id      bigint,
	CONSTRAINT orders_pkey PRIMARY KEY (id)
) WITH (fillfactor = 45);
CREATE INDEX orders_account ON tradepost_internal.orders (account, id);
COMMENT ON TABLE tradepost_internal.orders IS 'Current state of every order';
COMMENT ON COLUMN tradepost_internal.orders.rank IS 'seq that gave the order its place in the queue of its price, or among the untriggered; negative while it waits for the order that it protects to trade';
COMMENT ON COLUMN tradepost_internal.orders.price IS 'Limit; of a market order, and of a stop or take profit order that has triggered, the edge of the band at that moment';
COMMENT ON COLUMN tradepost_internal.orders.maker_notional IS 'Cumulative absolute value traded as maker, the base of its commission';
COMMENT ON COLUMN tradepost_internal.orders.filled_value IS 'Signed sum of what its fills were worth in the quote asset';
COMMENT ON COLUMN tradepost_internal.orders.stop_price IS 'Stop, stop limit and take profit orders: the last price that triggers them';
COMMENT ON COLUMN tradepost_internal.orders.link_id IS 'The order that it is linked to, which names this one: one cancels the other';
COMMENT ON COLUMN tradepost_internal.orders.parent_id IS 'The order that it protects: it waits until that one trades, and is never larger';

CREATE TABLE tradepost_internal.balances (
	account  bigint NOT NULL,
	asset    integer NOT NULL,
	total    numeric NOT NULL,
	reserved numeric NOT NULL,
	CONSTRAINT balances_pkey PRIMARY KEY (account, asset)
) WITH (fillfactor = 45);
COMMENT ON TABLE tradepost_internal.balances IS 'What each account holds; reserved: what its open orders need, untriggered ones nothing';

CREATE TABLE tradepost_internal.positions (
	account    bigint NOT NULL,
	instrument integer NOT NULL,
	quantity   numeric NOT NULL,
	open_bids  numeric NOT NULL,
	open_asks  numeric NOT NULL,
	CONSTRAINT positions_pkey PRIMARY KEY (account, instrument)
) WITH (fillfactor = 45);
COMMENT ON TABLE tradepost_internal.positions IS 'Signed contract positions and the open quantity on each side';

CREATE TABLE tradepost_internal.instrument_state (
	instrument     integer NOT NULL,
	status         smallint NOT NULL,
	mark           numeric NOT NULL,
	last_price     numeric,
	last_trade_seq bigint,
	updated_seq    bigint NOT NULL,
	CONSTRAINT instrument_state_pkey PRIMARY KEY (instrument)
) WITH (fillfactor = 45);
COMMENT ON TABLE tradepost_internal.instrument_state IS 'What changes while an instrument trades';

CREATE TABLE tradepost_internal.checkpoints (
	seq         bigint NOT NULL,
	time        timestamptz NOT NULL,
	open_orders bigint[] NOT NULL,
	CONSTRAINT checkpoints_pkey PRIMARY KEY (seq)
);
COMMENT ON TABLE tradepost_internal.checkpoints IS 'Ids of the orders open or untriggered after seq: recovery reads the last one and the events since, never history';

CREATE TABLE tradepost_internal.engine_state (
	singleton  boolean NOT NULL DEFAULT true,
	instance   text NOT NULL,
	last_seq   bigint NOT NULL,
	last_time  timestamptz NOT NULL,
	watermark  bigint NOT NULL,
	tail_seq   bigint NOT NULL,
	trying_id  bigint,
	trying_count integer,
	checksum   numeric NOT NULL,
	starts     bigint NOT NULL,
	CONSTRAINT engine_state_pkey PRIMARY KEY (singleton)
) WITH (fillfactor = 10);
COMMENT ON TABLE tradepost_internal.engine_state IS 'One row: how far the engine is';
COMMENT ON COLUMN tradepost_internal.engine_state.instance IS 'System identifier and database OID it was made in: a copy must not trade by itself';
COMMENT ON COLUMN tradepost_internal.engine_state.watermark IS 'Every command with a lower id is decided, or was rolled back';
COMMENT ON COLUMN tradepost_internal.engine_state.tail_seq IS 'No command at or above the watermark was decided before this seq';
COMMENT ON COLUMN tradepost_internal.engine_state.trying_id IS 'Command tried alone after an unclean end: found here at two starts, it is rejected';
COMMENT ON COLUMN tradepost_internal.engine_state.trying_count IS 'How often it was tried: once may be bad luck, such as a power cut';
COMMENT ON COLUMN tradepost_internal.engine_state.checksum IS 'The engine''s own checksum of open orders, balances and positions';
COMMENT ON COLUMN tradepost_internal.engine_state.starts IS 'How often the engine recovered';

CREATE TABLE tradepost_internal.error_dna (
	id         bigint PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY,
	time       timestamptz NOT NULL DEFAULT clock_timestamp(),
	command_id bigint,
	message    text NOT NULL
);
COMMENT ON TABLE tradepost_internal.error_dna IS 'Commands that the engine could not decide and rejected instead, with what went wrong';

COMMENT ON SEQUENCE tradepost_internal.error_dna_id_seq IS 'Ids of recorded errors';
COMMENT ON INDEX tradepost_internal.commands_pkey IS 'A command by number; where the engine reads on when the ring was full';
COMMENT ON INDEX tradepost_internal.command_keys_pkey IS 'From an accounts key to its command: what makes the key unique';
COMMENT ON INDEX tradepost_internal.events_pkey IS 'An event by seq: the one order in which events are read';
COMMENT ON INDEX tradepost_internal.events_search IS 'From a command, and from an account, to the pages where its events may lie; VACUUM makes it, so that the engine need not';
COMMENT ON INDEX tradepost_internal.orders_pkey IS 'An order by number; on a column that never changes, so that updates stay HOT';
COMMENT ON INDEX tradepost_internal.orders_account IS 'From an account to its orders; on columns that never change, so that updates stay HOT';
COMMENT ON INDEX tradepost_internal.balances_pkey IS 'From an account to its balances';
COMMENT ON INDEX tradepost_internal.positions_pkey IS 'From an account to its positions';
COMMENT ON INDEX tradepost_internal.instrument_state_pkey IS 'An instruments state';
COMMENT ON INDEX tradepost_internal.checkpoints_pkey IS 'The last checkpoint';
COMMENT ON INDEX tradepost_internal.engine_state_pkey IS 'Keeps engine_state to one row';
COMMENT ON INDEX tradepost_internal.error_dna_pkey IS 'A recorded error by number';

GRANT SELECT ON tradepost_internal.tenants, tradepost_internal.assets, tradepost_internal.instruments, tradepost_internal.accounts TO tradepost_engine;
GRANT SELECT, INSERT ON tradepost_internal.commands, tradepost_internal.events, tradepost_internal.error_dna TO tradepost_engine;
GRANT SELECT, INSERT, UPDATE ON tradepost_internal.orders, tradepost_internal.balances, tradepost_internal.positions, tradepost_internal.instrument_state,
	tradepost_internal.engine_state TO tradepost_engine;
GRANT SELECT, INSERT, DELETE ON tradepost_internal.checkpoints TO tradepost_engine;
GRANT SELECT ON tradepost_internal.command_id_seq TO tradepost_engine;
