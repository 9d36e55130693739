-- GET trading/performance: what a user's trading came to, from the sums that the follower keeps.

CREATE OR REPLACE FUNCTION tradepost_internal.performance_rows(of_account bigint, of_currency integer, of_instrument integer, of_source text, since timestamptz, until timestamptz, by_hours boolean)
	RETURNS SETOF tradepost_internal.performance_spans LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 500
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
	-- Whole days as such, and hours where they end: so many rows at most as there are days, and 46.
	first timestamptz := CASE WHEN by_hours THEN until ELSE least(date_trunc('day', since + interval '1 day' - interval '1 microsecond', 'UTC'), until) END;
	last  timestamptz := CASE WHEN by_hours THEN until ELSE greatest(date_trunc('day', until, 'UTC'), first) END;
BEGIN
	RETURN QUERY SELECT s.* FROM tradepost_internal.performance_spans s
		WHERE s.account = of_account AND s.currency = of_currency AND s.instrument = of_instrument AND s.source = of_source AND NOT s.days AND s.start >= since AND s.start < first;
	IF first < last THEN
		RETURN QUERY SELECT s.* FROM tradepost_internal.performance_spans s
			WHERE s.account = of_account AND s.currency = of_currency AND s.instrument = of_instrument AND s.source = of_source AND s.days AND s.start >= first AND s.start < last;
	END IF;
	IF last < until THEN
		RETURN QUERY SELECT s.* FROM tradepost_internal.performance_spans s
			WHERE s.account = of_account AND s.currency = of_currency AND s.instrument = of_instrument AND s.source = of_source AND NOT s.days AND s.start >= last AND s.start < until;
	END IF;
END
$$;
COMMENT ON FUNCTION tradepost_internal.performance_rows(bigint, integer, integer, text, timestamptz, timestamptz, boolean) IS
'The spans between two full hours: days, and hours where it begins or ends within one; or hours alone. Instrument 0 and source empty stand for all';

CREATE OR REPLACE FUNCTION tradepost_internal.performance_keys(of_account bigint)
	RETURNS TABLE (currency integer, instrument integer, source text) LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
	-- From one key to the next by the primary key: spans are many, keys are few.
	RETURN QUERY WITH RECURSIVE keys (currency, instrument, source) AS (
		(SELECT s.currency, s.instrument, s.source FROM tradepost_internal.performance_spans s WHERE s.account = of_account ORDER BY s.account, s.currency, s.instrument, s.source LIMIT 1)
		UNION ALL
		SELECT n.* FROM keys k CROSS JOIN LATERAL (SELECT s.currency, s.instrument, s.source FROM tradepost_internal.performance_spans s
			WHERE s.account = of_account AND (s.currency, s.instrument, s.source) > (k.currency, k.instrument, k.source) ORDER BY s.account, s.currency, s.instrument, s.source LIMIT 1) n)
	SELECT k.currency, k.instrument, k.source FROM keys k;
END
$$;
COMMENT ON FUNCTION tradepost_internal.performance_keys(bigint) IS 'What sums there are of an account: by currency, instrument (0: all) and source (empty: all)';

CREATE OR REPLACE FUNCTION tradepost_internal.decimal_text(value numeric, places integer DEFAULT 8)
	RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT trim_scale(round(value, places))::text;
END;
COMMENT ON FUNCTION tradepost_internal.decimal_text(numeric, integer) IS 'A number as the edge shows it, with at most so many decimals';

CREATE OR REPLACE FUNCTION tradepost_internal.performance_of(of_account bigint, of_currency integer, of_instrument integer, of_source text, since timestamptz, until timestamptz)
	RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp SET jit = off
AS $$
DECLARE
	points   CONSTANT integer := 500;
	first    timestamptz;
	by_hours boolean;
	t        record;
	d        record;
	curve    json;
BEGIN
	-- Where there is something: all may be ten years or an afternoon.
	SELECT min(r.start) INTO first FROM tradepost_internal.performance_rows(of_account, of_currency, of_instrument, of_source, since, until, false) r;
	by_hours := least(until, date_trunc('hour', clock_timestamp(), 'UTC') + interval '1 hour') - greatest(first, since) <= interval '20 days';

	SELECT coalesce(sum(r.trades), 0) AS trades, coalesce(sum(r.wins), 0) AS wins, coalesce(sum(r.losses), 0) AS losses, coalesce(sum(r.profit), 0) AS profit, coalesce(sum(r.loss), 0) AS loss,
		coalesce(sum(r.held), 0) AS held, coalesce(sum(r.gross), 0) AS gross, coalesce(sum(r.commission), 0) AS commission, coalesce(max(greatest(r.drawdown, r.peak - r.before - r.low)), 0) AS drawdown,
		array_to_json(array_agg(json_build_object('time', tradepost_internal.iso(r.ends), 'equity', tradepost_internal.decimal_text(r.before + r.net),
			'drawdown', tradepost_internal.decimal_text(greatest(r.peak, r.before + r.high) - r.before - r.net)) ORDER BY r.start) FILTER (WHERE r.n = r.of OR r.n * points / r.of <> (r.n - 1) * points / r.of)) AS curve
	INTO t
	FROM (SELECT y.*, greatest(max(y.before + y.high) OVER (ORDER BY y.start ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS peak
		FROM (SELECT x.*, x.gross - x.commission AS net, sum(x.gross - x.commission) OVER w - (x.gross - x.commission) AS before, row_number() OVER w AS n, count(*) OVER () AS of,
				least(x.start + CASE WHEN x.days THEN interval '1 day' ELSE interval '1 hour' END, until, clock_timestamp()) AS ends
			FROM tradepost_internal.performance_rows(of_account, of_currency, of_instrument, of_source, greatest(since, date_trunc('hour', first, 'UTC')), until, by_hours) x WINDOW w AS (ORDER BY x.start)) y) r;

	SELECT x.days, x.total / nullif(x.days, 0) AS mean, sqrt((x.days * x.squares - x.total * x.total) / nullif(x.days * (x.days - 1), 0)) AS deviation, sqrt(x.bad_squares / nullif(x.days, 0)) AS downside
	INTO d
	FROM (SELECT extract(epoch FROM max(y.day) - min(y.day)) / 86400 + 1 AS days, sum(y.net) AS total, sum(y.net * y.net) AS squares, sum(least(y.net, 0) * least(y.net, 0)) AS bad_squares
		FROM (SELECT date_trunc('day', r.start, 'UTC') AS day, sum(r.gross - r.commission) AS net
			FROM tradepost_internal.performance_rows(of_account, of_currency, of_instrument, of_source, since, until, false) r GROUP BY 1) y) x;

	RETURN jsonb_build_object(
		'trades', t.trades, 'wins', t.wins, 'losses', t.losses,
		'winRate', tradepost_internal.decimal_text(t.wins / nullif(t.trades, 0), 6),
		'profitFactor', tradepost_internal.decimal_text(t.profit / nullif(t.loss, 0), 6),
		'expectancy', tradepost_internal.decimal_text((t.profit - t.loss) / nullif(t.trades, 0)),
		'averageWin', tradepost_internal.decimal_text(t.profit / nullif(t.wins, 0)),
		'averageLoss', tradepost_internal.decimal_text(t.loss / nullif(t.losses, 0)),
		'grossPnl', tradepost_internal.decimal_text(t.gross), 'commission', tradepost_internal.decimal_text(t.commission), 'netPnl', tradepost_internal.decimal_text(t.gross - t.commission),
		'averageHoldingSeconds', tradepost_internal.decimal_text(t.held / nullif(t.trades, 0) / 1000000, 3),
		'maxDrawdown', tradepost_internal.decimal_text(t.drawdown),
		'sharpe', tradepost_internal.decimal_text(d.mean / nullif(d.deviation, 0) * sqrt(365::numeric), 6),
		'sortino', tradepost_internal.decimal_text(d.mean / nullif(d.downside, 0) * sqrt(365::numeric), 6),
		'equityCurve', coalesce(t.curve, '[]'));
END
$$;
COMMENT ON FUNCTION tradepost_internal.performance_of(bigint, integer, integer, text, timestamptz, timestamptz) IS 'The figures of performance(), of spans between two full hours';

CREATE OR REPLACE FUNCTION tradepost_internal.performance_summary(of_account bigint, of_currency integer, of_instrument integer, of_source text, since timestamptz, until timestamptz,
	OUT trades bigint, OUT win_rate text, OUT net text)
	RETURNS record LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	SELECT coalesce(sum(r.trades), 0)::bigint, tradepost_internal.decimal_text(sum(r.wins) / nullif(sum(r.trades), 0), 6), tradepost_internal.decimal_text(coalesce(sum(r.gross - r.commission), 0))
	INTO trades, win_rate, net
	FROM tradepost_internal.performance_rows(of_account, of_currency, of_instrument, of_source, since, until, false) r;
END
$$;
COMMENT ON FUNCTION tradepost_internal.performance_summary(bigint, integer, integer, text, timestamptz, timestamptz) IS 'Three figures of one instrument or source';

CREATE OR REPLACE FUNCTION tradepost_edge.performance(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp SET jit = off
AS $$
DECLARE
	parts  CONSTANT integer := 50;
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id);
	query  jsonb := args -> 'query';
	period text;
	since  timestamptz;
	until  timestamptz;
	symbol text;
	wanted integer;
	of_source text;
	wanted_code text;
	money  integer;
	asset  integer;
	by_symbol json;
	by_source json;
BEGIN
	PERFORM tradepost_internal.require_feature(asking.id, 'performance');
	PERFORM tradepost_internal.edge_takes(args, '{period,since,until,symbol,source,currency}');
	period := tradepost_internal.edge_choice(query, 'period', '{1d,7d,30d,90d,1y,all}');
	since := tradepost_internal.edge_time(query, 'since');
	until := tradepost_internal.edge_time(query, 'until');
	of_source := tradepost_internal.edge_text(query, 'source');
	wanted_code := tradepost_internal.edge_text(query, 'currency');
	symbol := tradepost_internal.edge_text(query, 'symbol');
	IF period IS NOT NULL AND (since IS NOT NULL OR until IS NOT NULL) THEN
		PERFORM tradepost_internal.refuse('period goes without since and until', 'A period ends now.');
	ELSIF since >= until THEN
		PERFORM tradepost_internal.refuse(format('since %s is not before until %s', tradepost_internal.iso(since), tradepost_internal.iso(until)), 'Leave until out for now.');
	ELSIF of_source = '' OR length(of_source) > 64 THEN
		PERFORM tradepost_internal.refuse(format('source must have 1 to 64 characters, not %s', length(of_source)), 'Such as manual.');
	END IF;
	period := CASE WHEN since IS NULL AND until IS NULL THEN coalesce(period, '30d') END;
	-- Full hours: what there are sums of.
	until := coalesce(date_trunc('hour', until + interval '1 hour' - interval '1 microsecond', 'UTC'), date_trunc('hour', clock_timestamp(), 'UTC') + interval '1 hour');
	since := coalesce(date_trunc('hour', since, 'UTC'),
		date_trunc('hour', clock_timestamp() - (CASE period WHEN '1d' THEN '1 day' WHEN '7d' THEN '7 days' WHEN '30d' THEN '30 days' WHEN '90d' THEN '90 days' WHEN '1y' THEN '365 days' END)::interval, 'UTC'),
		'2000-01-01T00:00:00Z');
	IF symbol IS NOT NULL THEN
		wanted := tradepost_internal.instrument_id(symbol, asking.tenant);
		money := (SELECT i.quote FROM tradepost_internal.instruments i WHERE i.id = wanted);
	ELSIF wanted_code IS NULL THEN
		-- The one that it trades most in.
		SELECT k.currency INTO money FROM tradepost_internal.performance_keys(asking.account) k
			CROSS JOIN LATERAL tradepost_internal.performance_summary(asking.account, k.currency, 0, '', since, until) x
			WHERE k.instrument = 0 AND k.source = '' ORDER BY x.trades DESC, k.currency LIMIT 1;
	END IF;
	IF wanted_code IS NOT NULL THEN
		SELECT a.id INTO asset FROM tradepost_internal.assets a WHERE a.tenant = asking.tenant AND a.code = wanted_code;
		IF asset IS NULL THEN
			RAISE EXCEPTION USING ERRCODE = '@tradepost_asset_unknown@', MESSAGE = format('currency "%s" is unknown', left(wanted_code, 64)), HINT = 'It is the asset that prices are in, such as USD.';
		ELSIF asset <> money THEN
			PERFORM tradepost_internal.refuse(format('currency is "%s", and %s is priced in "%s"', left(wanted_code, 64), symbol, (SELECT a.code FROM tradepost_internal.assets a WHERE a.id = money)),
				'Leave one of symbol and currency out.');
		END IF;
		money := asset;
	END IF;
	IF wanted IS NULL THEN
		SELECT json_agg(json_build_object('symbol', x.symbol, 'trades', x.trades, 'winRate', x.win_rate, 'netPnl', x.net) ORDER BY x.symbol) INTO by_symbol
		FROM (SELECT i.symbol, s.* FROM tradepost_internal.performance_keys(asking.account) k
			JOIN tradepost_internal.instruments i ON i.id = k.instrument
			CROSS JOIN LATERAL tradepost_internal.performance_summary(asking.account, money, k.instrument, k.source, since, until) s
			WHERE k.currency = money AND k.source = coalesce(of_source, '') AND s.trades > 0 ORDER BY i.symbol LIMIT parts) x;
	END IF;
	IF of_source IS NULL THEN
		SELECT json_agg(json_build_object('source', x.source, 'trades', x.trades, 'winRate', x.win_rate, 'netPnl', x.net) ORDER BY x.source) INTO by_source
		FROM (SELECT k.source, s.* FROM tradepost_internal.performance_keys(asking.account) k
			CROSS JOIN LATERAL tradepost_internal.performance_summary(asking.account, money, k.instrument, k.source, since, until) s
			WHERE k.currency = money AND k.instrument = coalesce(wanted, 0) AND k.source <> '' AND s.trades > 0 ORDER BY k.source LIMIT parts) x;
	END IF;
	RETURN json_build_object('performance', (json_build_object('period', period, 'since', tradepost_internal.iso(nullif(since, '2000-01-01T00:00:00Z')), 'until', tradepost_internal.iso(until),
			'symbol', symbol, 'source', of_source, 'currency', (SELECT a.code FROM tradepost_internal.assets a WHERE a.id = money))::jsonb
		|| tradepost_internal.performance_of(asking.account, money, coalesce(wanted, 0), coalesce(of_source, ''), since, until)
		|| jsonb_build_object('bySymbol', by_symbol, 'bySource', by_source)));
END
$$;
COMMENT ON FUNCTION tradepost_edge.performance(bigint, bigint, jsonb) IS
'GET trading/performance: {"performance": {...}}, what the caller''s closed trades came to. Feature performance (TP017). Query: period (1d, 7d, 30d, the default, 90d, 1y, all; it ends now), or since and until, both
rounded outwards to full hours, UTC; symbol; source (of the signal that was traded; manual: of none); currency (of the prices; by default the symbol''s, or the one with most trades).
Lots are matched first in, first out by account and instrument, over all fills since the account has a user; a spot sale of what was deposited opens a short lot. Commission belongs to a piece of a fill by its
quantity, to 1e-8. A trade is what one closing order closed of lots of one source; a close-out or settlement is an order of its own. It belongs to the time of its order''s last fill, and to the source of what it closed.
Amounts are decimal strings in currency; a figure that would divide by zero is null.
grossPnl: sum, over what was closed in the period, of quantity * contract multiplier * (closing price - opening price), negated for shorts. commission: of the closing fills, and the share of the opening fills that was
closed. netPnl = grossPnl - commission. trades, wins, losses: trades whose last fill lies in the period, those with net > 0, with net < 0. winRate = wins / trades (of 1). profitFactor = sum of the wins'' net / sum of the
losses'' -net. expectancy = sum of all trades'' net / trades. averageWin, averageLoss (not negative): those sums by wins, losses. averageHoldingSeconds: mean over trades of the mean time, weighted by quantity, between
opening and closing fill. equity: running sum of the net result of each closing fill, from 0 at since. maxDrawdown: largest fall of equity from an earlier high, or from 0, as a positive amount.
sharpe = mean / standard deviation (of the sample) of the daily net results * sqrt(365); sortino = mean / sqrt(mean of min(daily, 0)^2) * sqrt(365); over all days, UTC, from the first with a closing fill in the period
to the last, days without one counting as 0; the riskless rate is 0 and the capital constant, so that it cancels out. equityCurve: at most 500 points {"time", "equity", "drawdown"} at the ends of hours (if the whole
is not longer than 20 days) or days in which something was closed. bySymbol, bySource: {"symbol" or "source", "trades", "winRate", "netPnl"}, at most 50 each, null where the query names one.
Errors: TP001, TP004, TP005, TP016, TP017.';
