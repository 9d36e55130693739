-- What administrators set up, as traders read it.

CREATE OR REPLACE VIEW tradepost.accounts WITH (security_invoker = true) AS
SELECT a.id, a.tenant, a.name, a.kind,
	ARRAY(SELECT o.owner::text FROM tradepost_internal.account_owners o WHERE o.account = a.id ORDER BY o.owner) AS owners,
	a.created_at
FROM tradepost_internal.accounts a;
COMMENT ON VIEW tradepost.accounts IS 'Trading accounts: a trader''s own; all of them for administrators and auditors';
COMMENT ON COLUMN tradepost.accounts.id IS 'Number of the account, as in every call';
COMMENT ON COLUMN tradepost.accounts.tenant IS 'Broker that it belongs to';
COMMENT ON COLUMN tradepost.accounts.name IS 'Name given by open_account()';
COMMENT ON COLUMN tradepost.accounts.kind IS 'client, or the tenant''s own: house (earns commission), insurance (takes what liquidations leave), external (minus what clients paid in)';
COMMENT ON COLUMN tradepost.accounts.owners IS 'Database roles that may trade for it and see it';
COMMENT ON COLUMN tradepost.accounts.created_at IS 'When it was opened';

CREATE OR REPLACE VIEW tradepost.assets WITH (security_invoker = true) AS
SELECT a.id, a.tenant, a.code, a.name, a.scale, a.created_at
FROM tradepost_internal.assets a;
COMMENT ON VIEW tradepost.assets IS 'Currencies and other things that accounts hold and instruments trade';
COMMENT ON COLUMN tradepost.assets.id IS 'Number of the asset';
COMMENT ON COLUMN tradepost.assets.tenant IS 'Broker that it belongs to';
COMMENT ON COLUMN tradepost.assets.code IS 'Its name in every call, such as USD or Wheat';
COMMENT ON COLUMN tradepost.assets.name IS 'Name in full';
COMMENT ON COLUMN tradepost.assets.scale IS 'Decimal places of its smallest amount';
COMMENT ON COLUMN tradepost.assets.created_at IS 'When it was created';

CREATE OR REPLACE VIEW tradepost.instruments WITH (security_invoker = true) AS
SELECT i.id, i.tenant, i.symbol,
	(ARRAY['spot', 'future']::tradepost.instrument_kind[])[i.kind + 1] AS kind,
	-- Listed but not yet decided: nothing trades, as if halted.
	(ARRAY['open', 'halted', 'expired']::tradepost.instrument_status[])[coalesce(s.status, 1::smallint) + 1] AS status,
	b.code AS asset, q.code AS quote, i.contract,
	trim_scale(i.tick) AS tick, trim_scale(i.lot) AS lot, trim_scale(i.multiplier) AS multiplier,
	trim_scale(i.reference_price) AS reference_price, trim_scale(coalesce(s.mark, i.initial_mark)) AS mark,
	trim_scale(i.band) AS band, trim_scale(i.mark_step) AS mark_step,
	trim_scale(i.max_price) AS max_price, trim_scale(i.max_quantity) AS max_quantity,
	trim_scale(i.initial_margin_long) AS initial_margin_long, trim_scale(i.initial_margin_short) AS initial_margin_short,
	trim_scale(i.maintenance_margin_long) AS maintenance_margin_long, trim_scale(i.maintenance_margin_short) AS maintenance_margin_short,
	trim_scale(i.maker_rate) AS maker_rate, trim_scale(i.taker_rate) AS taker_rate,
	i.allow_negative, i.expires_at, i.created_at, trim_scale(i.contract_size) AS contract_size
FROM tradepost_internal.instruments i
JOIN tradepost_internal.assets b ON b.id = i.asset
JOIN tradepost_internal.assets q ON q.id = i.quote
LEFT JOIN tradepost_internal.instrument_state s ON s.instrument = i.id;
COMMENT ON VIEW tradepost.instruments IS 'What is listed, with its rules and its state';
COMMENT ON COLUMN tradepost.instruments.id IS 'Number of the instrument';
COMMENT ON COLUMN tradepost.instruments.tenant IS 'Broker that it belongs to';
COMMENT ON COLUMN tradepost.instruments.symbol IS 'Its name in every call; contract Dec25 of asset Wheat is Dec25-Wheat';
COMMENT ON COLUMN tradepost.instruments.kind IS 'spot or future';
COMMENT ON COLUMN tradepost.instruments.status IS 'open trades; halted only cancels (also until the engine has taken up a new one); expired is settled for good';
COMMENT ON COLUMN tradepost.instruments.asset IS 'What is traded, or what the contract is about';
COMMENT ON COLUMN tradepost.instruments.quote IS 'Asset that prices, money and commission are in';
COMMENT ON COLUMN tradepost.instruments.contract IS 'Futures: the contract''s name, such as Dec25';
COMMENT ON COLUMN tradepost.instruments.tick IS 'Every price is a multiple of it';
COMMENT ON COLUMN tradepost.instruments.lot IS 'Every quantity is a multiple of it';
COMMENT ON COLUMN tradepost.instruments.multiplier IS 'Units of the asset in 1.0 of quantity: a trade is worth quantity * multiplier * price';
COMMENT ON COLUMN tradepost.instruments.reference_price IS 'Fixed price that contract cash is kept against';
COMMENT ON COLUMN tradepost.instruments.mark IS 'Price that bands, margins and close-outs go by';
COMMENT ON COLUMN tradepost.instruments.band IS 'Largest distance of an order''s price from the mark';
COMMENT ON COLUMN tradepost.instruments.mark_step IS 'Largest change of the mark in one step';
COMMENT ON COLUMN tradepost.instruments.max_price IS 'Largest price, its sign aside';
COMMENT ON COLUMN tradepost.instruments.max_quantity IS 'Largest quantity of one order';
COMMENT ON COLUMN tradepost.instruments.initial_margin_long IS 'Money of the quote asset that 1.0 bought needs; 0 for spot';
COMMENT ON COLUMN tradepost.instruments.initial_margin_short IS 'Money of the quote asset that 1.0 sold needs; 0 for spot';
COMMENT ON COLUMN tradepost.instruments.maintenance_margin_long IS 'Equity per 1.0 held below which a long position is liquidated';
COMMENT ON COLUMN tradepost.instruments.maintenance_margin_short IS 'Equity per 1.0 sold below which a short position is liquidated';
COMMENT ON COLUMN tradepost.instruments.maker_rate IS 'Commission of new orders on what they trade as maker: 0.001 is 0.1 %';
COMMENT ON COLUMN tradepost.instruments.taker_rate IS 'Commission of new orders on what they trade as taker, and of close-outs';
COMMENT ON COLUMN tradepost.instruments.allow_negative IS 'Whether prices may be zero or negative';
COMMENT ON COLUMN tradepost.instruments.expires_at IS 'When the contract settles at its mark; NULL: never by itself';
COMMENT ON COLUMN tradepost.instruments.created_at IS 'When it was created';
COMMENT ON COLUMN tradepost.instruments.contract_size IS 'Quantity in a volume of 1.0, as signals count it';
