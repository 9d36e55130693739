-- The words of an order, in FIX's sense.  The position of a label is the code that
-- the engine and the tables use (extension/src/command.h): only append.

CREATE TYPE tradepost.side AS ENUM ('buy', 'sell');
COMMENT ON TYPE tradepost.side IS 'Side of an order: buy (bid) or sell (ask)';

CREATE TYPE tradepost.order_type AS ENUM ('limit', 'market', 'stop', 'stop_limit', 'take_profit');
COMMENT ON TYPE tradepost.order_type IS
	'limit: trades at its price or better; market: trades at once within the price band, never rests. The others wait, untriggered, until the last trade reaches their stop_price: stop, a market order once the price has gone against it (buy: last >= stop_price, sell: last <= stop_price); stop_limit: the same, then a limit order at its price; take_profit: a market order once the price has gone its way (buy: last <= stop_price, sell: last >= stop_price)';

CREATE TYPE tradepost.time_in_force AS ENUM ('day', 'gtc', 'gtd', 'ioc', 'fok');
COMMENT ON TYPE tradepost.time_in_force IS
	'day: tradepost.order_lifetime from acceptance; gtc: until cancelled; gtd: until expires_at; ioc: what does not trade at once is cancelled; fok: all at once or nothing';

CREATE TYPE tradepost.stp AS ENUM ('cancel_taker', 'cancel_maker', 'cancel_both', 'decrement', 'none');
COMMENT ON TYPE tradepost.stp IS 'Self-trade prevention: what happens when an incoming order meets one of its own account';

CREATE TYPE tradepost.order_status AS ENUM ('open', 'partially_filled', 'filled', 'cancelled', 'expired', 'rejected', 'pending', 'untriggered');
COMMENT ON TYPE tradepost.order_status IS
	'State of an order; open and partially_filled orders are in the book. untriggered: accepted, and waits for the last trade to reach its stop_price, or for its parent to trade; it is not in the book and reserves nothing. pending: placed and not yet decided, as INSERT INTO tradepost.orders ... RETURNING shows it; the view has decided orders only';

CREATE TYPE tradepost.instrument_kind AS ENUM ('spot', 'future');
COMMENT ON TYPE tradepost.instrument_kind IS 'spot: base asset against quote asset; future: a margined contract settled in the quote asset';

CREATE TYPE tradepost.instrument_status AS ENUM ('open', 'halted', 'expired');
COMMENT ON TYPE tradepost.instrument_status IS 'open trades; halted only cancels; expired is settled for good';

CREATE TYPE tradepost.command_kind AS ENUM ('place', 'cancel', 'amend', 'cancel_all', 'deposit', 'withdraw', 'mark', 'halt', 'resume', 'list', 'settle', 'sweep');
COMMENT ON TYPE tradepost.command_kind IS 'What a command asks the engine to do (code = position + 1)';

CREATE TYPE tradepost.event_kind AS ENUM ('accepted', 'rejected', 'trade', 'cancelled', 'expired', 'amended', 'decremented', 'cancelled_all', 'deposited', 'withdrawn',
	'marked', 'halted', 'resumed', 'listed', 'instrument_expired', 'settled', 'swept', 'closed_out', 'taken_over', 'covered', 'triggered');
COMMENT ON TYPE tradepost.event_kind IS 'What happened (code = position + 1)';
