-- What traded by the minute: derived from events, so that quotes and candles need not
-- read a day of them.  Written by tradepost_internal.roll_market(), which runs when
-- somebody asks and enough has happened; what it has not rolled up yet is read from events.

CREATE TABLE tradepost_internal.market_minutes (
	instrument integer NOT NULL,
	start      timestamptz NOT NULL,
	open       numeric NOT NULL,
	high       numeric NOT NULL,
	low        numeric NOT NULL,
	close      numeric NOT NULL,
	volume     numeric NOT NULL,
	trades     bigint NOT NULL,
	CONSTRAINT market_minutes_pkey PRIMARY KEY (instrument, start)
) WITH (fillfactor = 80);
COMMENT ON TABLE tradepost_internal.market_minutes IS 'What traded in each minute, of the events up to market_rolled.seq';
COMMENT ON COLUMN tradepost_internal.market_minutes.instrument IS 'Instrument';
COMMENT ON COLUMN tradepost_internal.market_minutes.start IS 'Beginning of the minute';
COMMENT ON COLUMN tradepost_internal.market_minutes.open IS 'First price';
COMMENT ON COLUMN tradepost_internal.market_minutes.high IS 'Highest price';
COMMENT ON COLUMN tradepost_internal.market_minutes.low IS 'Lowest price';
COMMENT ON COLUMN tradepost_internal.market_minutes.close IS 'Last price';
COMMENT ON COLUMN tradepost_internal.market_minutes.volume IS 'Quantity traded';
COMMENT ON COLUMN tradepost_internal.market_minutes.trades IS 'How many trades';
COMMENT ON INDEX tradepost_internal.market_minutes_pkey IS 'An instrument''s minutes in order';

CREATE TABLE tradepost_internal.market_rolled (
	singleton boolean NOT NULL DEFAULT true CONSTRAINT market_rolled_pkey PRIMARY KEY CHECK (singleton),
	seq       bigint NOT NULL
);
COMMENT ON TABLE tradepost_internal.market_rolled IS 'One row: how far market_minutes goes';
COMMENT ON COLUMN tradepost_internal.market_rolled.singleton IS 'There is one row';
COMMENT ON COLUMN tradepost_internal.market_rolled.seq IS 'The last event that is in market_minutes';
COMMENT ON INDEX tradepost_internal.market_rolled_pkey IS 'There is one row';
