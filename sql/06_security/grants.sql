-- Who may do what.  Everything is taken from PUBLIC first, so that a function that is
-- forgotten here is nobody's.
--
-- Traders have SELECT on the internal tables that the views read, because these run with
-- the rights of their caller; without USAGE on the schema they cannot name the tables
-- themselves, so that what a view hides of a row stays hidden.  Which rows, row security
-- decides in either case.

REVOKE ALL ON ALL ROUTINES IN SCHEMA tradepost FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA tradepost_internal FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA tradepost FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA tradepost_internal FROM PUBLIC;

-- What the views and the reports call in their caller's name.
GRANT EXECUTE ON FUNCTION
	tradepost_internal.sees_all(),
	tradepost_internal.my_accounts(),
	tradepost_internal.my_tenants(),
	tradepost_internal.durable(),
	tradepost_internal.reason_text(smallint),
	tradepost_internal.round_up(numeric, integer),
	tradepost_internal.bounded(text, integer, integer, integer),
	tradepost_internal.visible_account(bigint, boolean, boolean),
	tradepost_internal.seq_at(timestamptz),
	tradepost_internal.account_seqs(bigint, bigint, smallint[], integer),
	tradepost_internal.open_order_ids(),
	tradepost_internal.open_orders(),
	tradepost_internal.any_beyond_mark(),
	tradepost_internal.known_instrument(integer, text),
	tradepost_internal.visible_instrument(text, bigint),
	tradepost_internal.book(integer, integer),
	tradepost_internal.tape(integer, integer),
	tradepost_internal.candles(integer, text, timestamptz, timestamptz),
	tradepost_internal.market(integer[]),
	tradepost_internal.parse_spoken(text, text, jsonb),
	tradepost_internal.spoken_reference(bigint)
TO tradepost_admin, tradepost_auditor, tradepost_trader, tradepost_proxy;

-- On whose behalf the proxy acts, it says itself; nobody else may.
GRANT SET ON PARAMETER tradepost.actor TO tradepost_proxy;

-- Trading.  Whose account it is, the functions check themselves.
GRANT EXECUTE ON FUNCTION
	tradepost.place_order(bigint, text, tradepost.side, numeric, numeric, tradepost.order_type, tradepost.time_in_force, text, timestamptz, tradepost.stp, boolean, numeric, bigint),
	tradepost.place_bracket(bigint, text, tradepost.side, numeric, numeric, numeric, numeric, numeric, tradepost.time_in_force, text, timestamptz),
	tradepost.place_orders(bigint[], text[], tradepost.side[], numeric[], numeric[], tradepost.order_type[], tradepost.time_in_force[], text[], timestamptz[], tradepost.stp[], boolean[], numeric[]),
	tradepost.submit_commands(jsonb),
	tradepost.cancel_order(bigint, bigint),
	tradepost.amend_order(bigint, bigint, numeric, numeric, numeric),
	tradepost.cancel_all(bigint, text),
	tradepost.preview_order(bigint, text, tradepost.side, numeric, numeric, tradepost.order_type, tradepost.time_in_force, tradepost.stp, boolean, numeric)
TO tradepost_admin, tradepost_trader, tradepost_proxy;
GRANT EXECUTE ON PROCEDURE
	tradepost.submit_order(bigint, text, tradepost.side, numeric, numeric, tradepost.order_type, tradepost.time_in_force, text, timestamptz, tradepost.stp, boolean, numeric, bigint, jsonb),
	tradepost.wait_for_order(bigint, interval, jsonb)
TO tradepost_admin, tradepost_trader, tradepost_proxy;
GRANT INSERT ON tradepost.orders TO tradepost_admin, tradepost_trader;
-- Triggers refuse these two, whoever asks: granted so that it is they who answer, and say what to call instead.
GRANT UPDATE, DELETE ON tradepost.orders TO tradepost_admin, tradepost_trader;

-- What everybody may read: the market of its tenants, and the events under row security.
GRANT EXECUTE ON PROCEDURE tradepost.wait_for_seq(bigint, interval)
TO tradepost_admin, tradepost_auditor, tradepost_trader, tradepost_proxy;
GRANT EXECUTE ON FUNCTION
	tradepost.order_book(text, integer, bigint),
	tradepost.tape(text, integer, bigint),
	tradepost.candles(text, text, timestamptz, timestamptz, bigint),
	tradepost.events_since(bigint, integer),
	tradepost.decision(bigint),
	tradepost.parse_command(text, text, jsonb)
TO tradepost_admin, tradepost_auditor, tradepost_trader, tradepost_proxy;
GRANT SELECT ON tradepost.assets, tradepost.instruments, tradepost.market, tradepost.events
TO tradepost_admin, tradepost_auditor, tradepost_trader, tradepost_proxy;
GRANT SELECT ON tradepost_internal.assets, tradepost_internal.instruments, tradepost_internal.instrument_state, tradepost_internal.events
TO tradepost_admin, tradepost_auditor, tradepost_trader, tradepost_proxy;

-- What is an account's own.
GRANT EXECUTE ON FUNCTION
	tradepost.order_history(bigint),
	tradepost.account_ledger(bigint, bigint, integer),
	tradepost.account_summary(bigint),
	tradepost.account_trades(bigint, bigint, integer)
TO tradepost_admin, tradepost_auditor, tradepost_trader;
GRANT SELECT ON tradepost.accounts, tradepost.orders, tradepost.commands, tradepost.trades, tradepost.ledger, tradepost.positions, tradepost.balances
TO tradepost_admin, tradepost_auditor, tradepost_trader;
GRANT SELECT ON tradepost_internal.tenants, tradepost_internal.accounts, tradepost_internal.account_owners, tradepost_internal.orders,
	tradepost_internal.commands, tradepost_internal.balances, tradepost_internal.positions
TO tradepost_admin, tradepost_auditor, tradepost_trader;

-- Running the exchange.
GRANT EXECUTE ON FUNCTION
	tradepost.init(),
	tradepost.open_account(text, regrole, bigint),
	tradepost.add_owner(bigint, regrole),
	tradepost.remove_owner(bigint, regrole),
	tradepost.create_asset(text, integer, text, bigint),
	tradepost.create_instrument(text, text, text, text, numeric, numeric, numeric, text, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric,
		numeric, numeric, numeric, numeric, boolean, timestamptz, bigint, numeric),
	tradepost.set_commission(text, numeric, numeric, bigint),
	tradepost.deposit(bigint, text, numeric, text),
	tradepost.withdraw(bigint, text, numeric, text),
	tradepost.set_mark(text, numeric, bigint),
	tradepost.halt_instrument(text, bigint),
	tradepost.resume_instrument(text, bigint),
	tradepost.settle_instrument(text, numeric, bigint),
	tradepost.post_restore()
TO tradepost_admin;

-- Watching it.
GRANT EXECUTE ON FUNCTION
	tradepost.check_invariants(),
	tradepost_internal.engine_memory(),
	tradepost_internal.instance_id(),
	tradepost_internal.undecided(bigint, bigint)
TO tradepost_admin, tradepost_auditor;
GRANT SELECT ON tradepost.engine_status TO tradepost_admin, tradepost_auditor;
GRANT SELECT ON tradepost_internal.engine_state, tradepost_internal.checkpoints, tradepost_internal.error_dna, tradepost_internal.command_keys
TO tradepost_admin, tradepost_auditor;
GRANT USAGE ON SCHEMA tradepost_internal TO tradepost_admin, tradepost_auditor;
