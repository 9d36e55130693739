-- What users' trading came to: kept by the follower as events pass, so that a report
-- reads sums of days and hours and never a history.  Fills of accounts that no user
-- trades for are not kept.

CREATE TABLE tradepost_internal.order_sources (
	order_id bigint CONSTRAINT order_sources_pkey PRIMARY KEY,
	source   text NOT NULL CHECK (length(source) BETWEEN 1 AND 64),
	signal   bigint
);
COMMENT ON TABLE tradepost_internal.order_sources IS 'Where an order came from that nobody thought of by hand; written in the transaction that places it';
COMMENT ON COLUMN tradepost_internal.order_sources.order_id IS 'The order';
COMMENT ON COLUMN tradepost_internal.order_sources.source IS 'Source of the signal that was executed; orders without a row are manual';
COMMENT ON COLUMN tradepost_internal.order_sources.signal IS 'The signal';
COMMENT ON INDEX tradepost_internal.order_sources_pkey IS 'Source of an order';

CREATE TABLE tradepost_internal.fills (
	account     bigint NOT NULL,
	seq         bigint NOT NULL,
	maker       boolean NOT NULL,
	time        timestamptz NOT NULL,
	order_id    bigint,
	instrument  integer NOT NULL,
	kind        smallint NOT NULL,
	side        smallint NOT NULL,
	source      text NOT NULL,
	quantity    numeric NOT NULL,
	price       numeric NOT NULL,
	commission  numeric NOT NULL,
	opened      numeric NOT NULL,
	closed      numeric NOT NULL,
	opened_from numeric NOT NULL,
	closed_from numeric NOT NULL,
	CONSTRAINT fills_pkey PRIMARY KEY (account, seq, maker)
);
CREATE INDEX fills_lots ON tradepost_internal.fills (account, instrument, opened_from) WHERE opened > 0;
COMMENT ON TABLE tradepost_internal.fills IS
'Every fill of an account that a user trades for, from each side; append-only. The quantity that an account ever opened in an instrument is a line from 0, and so is what it ever closed: a fill takes a
piece of either or of both, and first in, first out means that the piece of the one line was closed by the same piece of the other';
COMMENT ON COLUMN tradepost_internal.fills.account IS 'Account';
COMMENT ON COLUMN tradepost_internal.fills.seq IS 'Event that it is';
COMMENT ON COLUMN tradepost_internal.fills.maker IS 'Whether the account was the maker; who trades with itself has both';
COMMENT ON COLUMN tradepost_internal.fills.time IS 'When it traded';
COMMENT ON COLUMN tradepost_internal.fills.order_id IS 'Order that was filled; NULL where a liquidation or the settlement of a contract stands for one';
COMMENT ON COLUMN tradepost_internal.fills.instrument IS 'Instrument';
COMMENT ON COLUMN tradepost_internal.fills.kind IS 'tradepost.event_kind: position + 1: trade, closed_out, taken_over or settled';
COMMENT ON COLUMN tradepost_internal.fills.side IS '0 bought, 1 sold';
COMMENT ON COLUMN tradepost_internal.fills.source IS 'Source of the signal that the order came from, or manual';
COMMENT ON COLUMN tradepost_internal.fills.quantity IS 'Quantity';
COMMENT ON COLUMN tradepost_internal.fills.price IS 'Price';
COMMENT ON COLUMN tradepost_internal.fills.commission IS 'Commission, in the quote asset';
COMMENT ON COLUMN tradepost_internal.fills.opened IS 'What of quantity opened or enlarged a position';
COMMENT ON COLUMN tradepost_internal.fills.closed IS 'What of it reduced one: the rest';
COMMENT ON COLUMN tradepost_internal.fills.opened_from IS 'What the account had opened in this instrument before';
COMMENT ON COLUMN tradepost_internal.fills.closed_from IS 'What it had closed before';
COMMENT ON INDEX tradepost_internal.fills_pkey IS 'An account''s fills in order; none twice';
COMMENT ON INDEX tradepost_internal.fills_lots IS 'Which fill opened a piece of the line';

CREATE TABLE tradepost_internal.fill_positions (
	account    bigint NOT NULL,
	instrument integer NOT NULL,
	position   numeric NOT NULL,
	opened     numeric NOT NULL,
	closed     numeric NOT NULL,
	CONSTRAINT fill_positions_pkey PRIMARY KEY (account, instrument)
) WITH (fillfactor = 50);
COMMENT ON TABLE tradepost_internal.fill_positions IS 'Where an account''s lines end, after its last fill';
COMMENT ON COLUMN tradepost_internal.fill_positions.account IS 'Account';
COMMENT ON COLUMN tradepost_internal.fill_positions.instrument IS 'Instrument';
COMMENT ON COLUMN tradepost_internal.fill_positions.position IS 'What its fills sum to: bought less sold';
COMMENT ON COLUMN tradepost_internal.fill_positions.opened IS 'Quantity opened so far';
COMMENT ON COLUMN tradepost_internal.fill_positions.closed IS 'Quantity closed so far';
COMMENT ON INDEX tradepost_internal.fill_positions_pkey IS 'Of an account and an instrument';

CREATE TABLE tradepost_internal.closed_trades (
	account    bigint NOT NULL,
	closing    bigint NOT NULL,
	source     text NOT NULL,
	instrument integer NOT NULL,
	side       smallint NOT NULL,
	opened_at  timestamptz NOT NULL,
	closed_at  timestamptz NOT NULL,
	quantity   numeric NOT NULL,
	gross      numeric NOT NULL,
	commission numeric NOT NULL,
	held       numeric NOT NULL,
	CONSTRAINT closed_trades_pkey PRIMARY KEY (account, closing, source)
) WITH (fillfactor = 90);
COMMENT ON TABLE tradepost_internal.closed_trades IS 'What each closing order closed, by the source of what it closed';
COMMENT ON COLUMN tradepost_internal.closed_trades.account IS 'Account';
COMMENT ON COLUMN tradepost_internal.closed_trades.closing IS 'The order that closed it; minus the event where none did';
COMMENT ON COLUMN tradepost_internal.closed_trades.source IS 'Source of the fills that had opened it';
COMMENT ON COLUMN tradepost_internal.closed_trades.instrument IS 'Instrument';
COMMENT ON COLUMN tradepost_internal.closed_trades.side IS '0 it was long, 1 short';
COMMENT ON COLUMN tradepost_internal.closed_trades.opened_at IS 'The first of the fills that had opened it';
COMMENT ON COLUMN tradepost_internal.closed_trades.closed_at IS 'The last fill of the closing order';
COMMENT ON COLUMN tradepost_internal.closed_trades.quantity IS 'Quantity closed';
COMMENT ON COLUMN tradepost_internal.closed_trades.gross IS 'Value at its closing prices less value at its opening prices, times -1 if it was short; in the quote asset';
COMMENT ON COLUMN tradepost_internal.closed_trades.commission IS 'Commission of closing it, and its share of that of opening it';
COMMENT ON COLUMN tradepost_internal.closed_trades.held IS 'Sum of quantity times microseconds between opening and closing';
COMMENT ON INDEX tradepost_internal.closed_trades_pkey IS 'What an order closed';

CREATE TABLE tradepost_internal.performance_spans (
	account    bigint NOT NULL,
	currency   integer NOT NULL,
	instrument integer NOT NULL,
	source     text NOT NULL,
	days       boolean NOT NULL,
	start      timestamptz NOT NULL,
	trades     bigint NOT NULL,
	wins       bigint NOT NULL,
	losses     bigint NOT NULL,
	profit     numeric NOT NULL,
	loss       numeric NOT NULL,
	held       numeric NOT NULL,
	gross      numeric NOT NULL,
	commission numeric NOT NULL,
	high       numeric NOT NULL,
	low        numeric NOT NULL,
	drawdown   numeric NOT NULL,
	CONSTRAINT performance_spans_pkey PRIMARY KEY (account, currency, instrument, source, days, start)
) WITH (fillfactor = 80);
COMMENT ON TABLE tradepost_internal.performance_spans IS
'closed_trades and the closing fills of each hour and of each day, UTC; as a whole, by instrument, by source, and by both. Spans follow each other without what lies in them: see performance()';
COMMENT ON COLUMN tradepost_internal.performance_spans.account IS 'Account';
COMMENT ON COLUMN tradepost_internal.performance_spans.currency IS 'Quote asset, in which the amounts are';
COMMENT ON COLUMN tradepost_internal.performance_spans.instrument IS 'Instrument; 0: all of this currency';
COMMENT ON COLUMN tradepost_internal.performance_spans.source IS 'Source of what was closed; empty: all';
COMMENT ON COLUMN tradepost_internal.performance_spans.days IS 'Whether it is a day, else an hour';
COMMENT ON COLUMN tradepost_internal.performance_spans.start IS 'Where it begins';
COMMENT ON COLUMN tradepost_internal.performance_spans.trades IS 'Trades whose closed_at lies in it';
COMMENT ON COLUMN tradepost_internal.performance_spans.wins IS 'Those of them with a net profit';
COMMENT ON COLUMN tradepost_internal.performance_spans.losses IS 'Those with a net loss';
COMMENT ON COLUMN tradepost_internal.performance_spans.profit IS 'Sum of the net profits';
COMMENT ON COLUMN tradepost_internal.performance_spans.loss IS 'Sum of the net losses, not negative';
COMMENT ON COLUMN tradepost_internal.performance_spans.held IS 'Sum of the trades'' average holding times, in whole microseconds';
COMMENT ON COLUMN tradepost_internal.performance_spans.gross IS 'Gross profit or loss of the closing fills in it';
COMMENT ON COLUMN tradepost_internal.performance_spans.commission IS 'Their commission, with the shares of what they closed';
COMMENT ON COLUMN tradepost_internal.performance_spans.high IS 'Highest net result within it, counted from its beginning; at least 0';
COMMENT ON COLUMN tradepost_internal.performance_spans.low IS 'Lowest; at most 0';
COMMENT ON COLUMN tradepost_internal.performance_spans.drawdown IS 'Largest fall from a high to a later low within it';
COMMENT ON INDEX tradepost_internal.performance_spans_pkey IS 'An account''s spans in order';
