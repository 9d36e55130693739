-- Signals: what is refused, who sees what, lists that read little, outcomes against a
-- recomputation that knows nothing of watches; MetaTrader accounts.
BEGIN;
SELECT no_plan();
SELECT tradepost.init();
SELECT tradepost.create_asset('USD'), tradepost.create_asset('EUR'), tradepost.create_asset('Oil', 0);
SELECT tradepost.create_instrument('EURUSD', 'spot', 'EUR', 'USD', 0.0001, 1000, 1.185, max_price => 10, max_quantity => 10000000, contract_size => 100000) AS eurusd \gset
SELECT tradepost.create_instrument('GBPUSD', 'spot', 'EUR', 'USD', 0.0001, 1000, 1.3, contract_size => 100000) AS gbpusd \gset
SELECT tradepost.create_instrument('Apr26-Oil', 'future', 'Oil', 'USD', 0.01, 1, 0, contract => 'Apr26', multiplier => 1000, mark => 20, band => 60, max_price => 300, initial_margin => 5000, maintenance_margin => 4000,
	allow_negative => true) AS oil \gset
SELECT tradepost.create_tenant('Other') AS other \gset
SELECT tradepost.create_asset('USD', 2, NULL, :other), tradepost.create_asset('EUR', 2, NULL, :other);
SELECT tradepost.create_instrument('EURUSD', 'spot', 'EUR', 'USD', 0.0001, 1000, 1.185, contract_size => 100000, tenant => :other),
	tradepost.create_instrument('XAUUSD', 'spot', 'EUR', 'USD', 0.01, 1, 4000, tenant => :other);

\ir include/users.sql
CREATE FUNCTION pg_temp.good(change jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS
$$ SELECT '{"symbol": "EURUSD", "type": "buy", "entry_price": 1.1850, "stop_loss": 1.1800, "take_profit": 1.1900, "volume": 0.1, "confidence": 85, "reasoning": "Momentum."}'::jsonb || change $$;
CREATE FUNCTION pg_temp.post(who text, change jsonb DEFAULT '{}') RETURNS bigint LANGUAGE sql AS
$$ SELECT (pg_temp.call('signals_post', who, pg_temp.body(pg_temp.good(change))) -> 'signal' ->> 'id')::bigint $$;
CREATE FUNCTION pg_temp.ids(who text, query jsonb DEFAULT '{}') RETURNS bigint[] LANGUAGE sql AS
$$ SELECT array_agg((x ->> 'id')::bigint) FROM jsonb_array_elements(pg_temp.call('signals_list', who, pg_temp.query(query)) -> 'signals') x $$;
SELECT pg_temp.join_in(name, tier) FROM (VALUES ('pia', 'pro'), ('eve', 'enterprise'), ('bob', 'basic'), ('fay', 'free')) v (name, tier);
SELECT pg_temp.join_in('zoe', 'pro', :other);

-- Posting one.
CREATE TEMP TABLE posted AS SELECT pg_temp.call('signals_post', 'pia', pg_temp.body(pg_temp.good())) -> 'signal' AS j;
SELECT is((SELECT j - '{id,author,created_at,expires_at}'::text[] FROM posted), '{"symbol": "EURUSD", "type": "buy", "entry_price": "1.185", "stop_loss": "1.18", "take_profit": "1.19", "volume": "0.1",
	"confidence": 85, "reasoning": "Momentum.", "access": "basic", "source": "manual", "status": "active", "outcome": null, "triggered_at": null, "closed_at": null}', 'the signal of the example');
SELECT is((SELECT (j ->> 'expires_at')::timestamptz - (j ->> 'created_at')::timestamptz FROM posted), '24 hours'::interval, 'lives for 24 hours');
SELECT is((SELECT (j ->> 'author')::bigint FROM posted), pg_temp.u('pia'), 'its author');
SELECT is(pg_temp.call('signal_get', 'fay', pg_temp.param(id)) -> 'signal', j, 'everybody of the tenant reads it') FROM (SELECT j, (j ->> 'id')::bigint AS id FROM posted) p;
SELECT is((pg_temp.call('signals_post', 'eve', pg_temp.body('{"symbol": "EURUSD", "type": "SELL", "entryPrice": "1.1850", "stopLoss": "1.19", "takeProfit": "1.18", "volume": "0.01", "confidence": 99.5, "access": "advanced",
	"source": "model 7", "expiresAt": "2100-01-01T00:00:00Z"}'::jsonb || jsonb_build_object('expiresAt', now() + interval '29 days'))) -> 'signal') - '{id,author,created_at,expires_at}'::text[],
	'{"symbol": "EURUSD", "type": "sell", "entry_price": "1.185", "stop_loss": "1.19", "take_profit": "1.18", "volume": "0.01", "confidence": 99.5, "reasoning": null, "access": "advanced", "source": "model 7",
	"status": "active", "outcome": null, "triggered_at": null, "closed_at": null}', 'a sell, other spellings, an advanced one');
SELECT results_eq('SELECT p.tenant, p.user_id, p.tier, p.channel, p.event, p.data::jsonb ->> ''type'' FROM tradepost_internal.push_queue p WHERE p.channel = ''signals'' ORDER BY p.id',
	$$VALUES (1::bigint, NULL::bigint, NULL, 'signals', 'signal:created', 'buy'), (1, NULL, 'pro', 'signals', 'signal:created', 'sell')$$, 'both are pushed, the advanced one from pro up');

-- What is refused, each with its own words.
CREATE FUNCTION pg_temp.refused(change text, code text, message text) RETURNS text LANGUAGE sql AS
$$ SELECT throws_ok(format('SELECT pg_temp.call(''signals_post'', ''pia'', pg_temp.body(pg_temp.good(%L)))', change), code, message, 'refused: ' || left(change, 80)) $$;
SELECT pg_temp.refused(change, code, message) FROM (VALUES
	('{"stop_loss": 1.1900}', 'TP005', 'stop_loss 1.19 of a buy signal must be below entry_price 1.185'),
	('{"stop_loss": 1.1850}', 'TP005', 'stop_loss 1.185 of a buy signal must be below entry_price 1.185'),
	('{"take_profit": 1.1849}', 'TP005', 'take_profit 1.1849 of a buy signal must be above entry_price 1.185'),
	('{"type": "sell"}', 'TP005', 'stop_loss 1.18 of a sell signal must be above entry_price 1.185'),
	('{"type": "sell", "stop_loss": 1.19}', 'TP005', 'take_profit 1.19 of a sell signal must be below entry_price 1.185'),
	('{"type": "hold"}', 'TP005', 'type is "hold"'),
	('{"type": null}', 'TP005', 'type must be given'),
	('{"symbol": "XAUUSD"}', 'TP001', 'symbol "XAUUSD" is unknown'),
	('{"symbol": "eurusd"}', 'TP001', 'symbol "eurusd" is unknown'),
	('{"symbol": null}', 'TP005', 'symbol must be given'),
	('{"symbol": 7}', 'TP005', 'symbol is 7, and must be a string'),
	('{"entry_price": null}', 'TP005', 'entry_price must be given'),
	('{"entry_price": 1.18501}', 'TP005', 'entry_price 1.18501 of EURUSD is not a multiple of its tick 0.0001'),
	('{"entry_price": "abc"}', 'TP005', 'entry_price is "abc", and must be a number or a decimal string'),
	('{"entry_price": true}', 'TP005', 'entry_price is true, and must be a number or a decimal string'),
	('{"stop_loss": 0}', 'TP005', 'stop_loss 0 of EURUSD is not above zero'),
	('{"stop_loss": -1.18}', 'TP005', 'stop_loss -1.18 of EURUSD is not above zero'),
	('{"take_profit": 10.0001}', 'TP005', 'take_profit 10.0001 of EURUSD is beyond its limit of 10'),
	('{"entryPrice": 1.1850}', 'TP005', 'entry_price and entryPrice are the same, and both were given'),
	('{"volume": 0}', 'TP005', 'volume 0 is not above zero'),
	('{"volume": -0.1}', 'TP005', 'volume -0.1 is not above zero'),
	('{"volume": 0.015}', 'TP005', 'volume 0.015 of EURUSD is a quantity of 1500, which is not a multiple of its lot 1000'),
	('{"volume": 100.01}', 'TP005', 'volume 100.01 of EURUSD is a quantity of 10001000, above its limit of 10000000'),
	('{"volume": null}', 'TP005', 'volume must be given'),
	('{"volume": "NaN"}', 'TP005', 'volume is "NaN", and must be a number or a decimal string'),
	('{"confidence": 101}', 'TP005', 'confidence is 101, and must be between 0 and 100, with two decimals at most'),
	('{"confidence": -1}', 'TP005', 'confidence is -1, and must be between 0 and 100, with two decimals at most'),
	('{"confidence": 50.001}', 'TP005', 'confidence is 50.001, and must be between 0 and 100, with two decimals at most'),
	('{"confidence": null}', 'TP005', 'confidence must be given'),
	('{"access": "secret"}', 'TP005', 'access is "secret"'),
	('{"source": ""}', 'TP005', 'source must have 1 to 64 characters, none of them a control character, and no space at its ends, not ""'),
	('{"source": " x"}', 'TP005', NULL),
	('{"source": "a\nb"}', 'TP005', NULL),
	('{"expires_at": "2020-01-01T00:00:00Z"}', 'TP005', 'expires_at 2020-01-01T00:00:00.000000Z is in the past'),
	('{"expires_at": "2999-01-01T00:00:00Z"}', 'TP005', 'expires_at 2999-01-01T00:00:00.000000Z is more than 30 days ahead'),
	('{"expires_at": "tomorrow"}', 'TP005', NULL),
	('{"status": "closed"}', 'TP005', 'field "status" is unknown'),
	('{"author": 1}', 'TP005', 'field "author" is unknown'),
	('{"tenant": 2}', 'TP005', 'field "tenant" is unknown')
) v (change, code, message);
SELECT throws_ok(format('SELECT pg_temp.call(''signals_post'', ''pia'', pg_temp.body(pg_temp.good(%L)))', jsonb_build_object('source', repeat('x', 65))), 'TP005', NULL, 'a long source');
SELECT throws_ok(format('SELECT pg_temp.call(''signals_post'', ''pia'', pg_temp.body(pg_temp.good(%L)))', jsonb_build_object('reasoning', repeat('x', 4001))), 'TP005',
	'reasoning has 4001 characters, and may have 4000 at most', 'long reasoning');
SELECT throws_ok($$SELECT pg_temp.call('signals_post', 'pia', '{"body": null}')$$, 'TP005', 'symbol must be given', 'nothing');
SELECT throws_ok($$SELECT pg_temp.call('signals_post', 'pia', pg_temp.body(pg_temp.good()) || '{"query": {"x": "1"}}')$$, 'TP005', 'query parameter "x" is unknown', 'a query');
SELECT throws_ok(format('SELECT pg_temp.call(''signals_post'', %L, pg_temp.body(pg_temp.good()))', who), 'TP017', NULL, who || ' may not post') FROM unnest('{bob,fay}'::text[]) who;
SELECT throws_ok($$SELECT tradepost_edge.signals_post(pg_temp.u('pia'), pg_temp.s('eve'), pg_temp.body(pg_temp.good()))$$, 'TP016', NULL, 'another''s session');
SELECT throws_ok(format('SELECT tradepost_edge.%I(%s, 999, ''{}'')', f, pg_temp.u('pia')), 'TP016', NULL, f || ' without a session')
	FROM unnest('{signals_list,signal_get,signals_post,signal_cancel,signal_execute,execution_get,executions_list,mt5_accounts_list,mt5_account_remove}'::text[]) f;
SELECT is((SELECT count(*) FROM tradepost_internal.signals), 2::bigint, 'what is refused is not there');

-- Batches are all or none.
CREATE FUNCTION pg_temp.batch(items jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT pg_temp.call('signals_post', 'pia', pg_temp.body(jsonb_build_object('signals', items))) -> 'signals' $$;
SELECT throws_ok($$SELECT pg_temp.batch(jsonb_build_array(pg_temp.good(), pg_temp.good(), pg_temp.good('{"confidence": 101}'), pg_temp.good()))$$, 'TP005',
	'signals[2]: confidence is 101, and must be between 0 and 100, with two decimals at most', 'one bad one is named');
SELECT throws_ok($$SELECT pg_temp.batch(jsonb_build_array(pg_temp.good(), 7))$$, 'TP005', 'signals[1]: a signal is number, and must be an object', 'one that is none');
SELECT throws_ok($$SELECT pg_temp.batch(jsonb_build_array(pg_temp.good('{"symbol": "NONE"}')))$$, 'TP001', 'signals[0]: symbol "NONE" is unknown', 'an unknown symbol');
SELECT throws_ok($$SELECT pg_temp.batch('[]')$$, 'TP005', 'signals is an array of 0, and must be an array of 1 to 500', 'an empty batch');
SELECT throws_ok($$SELECT pg_temp.batch((SELECT jsonb_agg(pg_temp.good()) FROM generate_series(1, 501)))$$, 'TP005', 'signals is an array of 501, and must be an array of 1 to 500', 'a batch too large');
SELECT throws_ok($$SELECT pg_temp.batch('"x"')$$, 'TP005', 'signals is string, and must be an array of 1 to 500', 'no batch');
SELECT throws_ok($$SELECT pg_temp.call('signals_post', 'pia', pg_temp.body(pg_temp.good('{"signals": []}')))$$, 'TP005', NULL, 'one and a batch');
SELECT is((SELECT count(*) FROM tradepost_internal.signals), 2::bigint, 'nothing of them is there');
SELECT is((SELECT array_agg(x ->> 'confidence' ORDER BY n) FROM jsonb_array_elements(pg_temp.batch((SELECT jsonb_agg(pg_temp.good(jsonb_build_object('confidence', n % 100))) FROM generate_series(1, 500) n)))
	WITH ORDINALITY y (x, n)), ARRAY(SELECT (n % 100)::text FROM generate_series(1, 500) n), 'a full batch, in its order');

-- Who sees what.
SELECT is(pg_temp.post('pia', '{"access": "advanced"}') IS NOT NULL, true, 'an advanced one');
SELECT max(id) AS advanced FROM tradepost_internal.signals \gset
SELECT is(pg_temp.post('zoe') IS NOT NULL, true, 'one of another tenant');
SELECT max(id) AS foreign FROM tradepost_internal.signals \gset
SELECT is((pg_temp.ids(who, '{"limit": "1"}'))[1], expected::bigint, who || ' sees newest') FROM (VALUES ('pia', :advanced), ('eve', :advanced), ('bob', :advanced - 1), ('fay', :advanced - 1), ('zoe', :foreign)) v (who, expected);
SELECT is(pg_temp.ids('fay', '{"access": "advanced"}'), NULL, 'who may not see advanced ones finds none');
SELECT throws_ok(format('SELECT pg_temp.call(%L, %L, %L)', f, who, args), 'TP027', format('signal "%s" is unknown', id), format('%s of %s: %s', f, id, who))
	FROM (VALUES ('bob', :advanced), ('fay', :advanced), ('pia', :foreign), ('zoe', :advanced), ('pia', 99999999), ('bob', 99999999)) v (who, id),
	LATERAL (VALUES ('signal_get', pg_temp.param(id)), ('signal_cancel', pg_temp.param(id)), ('signal_execute', pg_temp.body(jsonb_build_object('signalId', id)))) w (f, args);
SELECT throws_ok(format('SELECT pg_temp.call(%L, %L, %L)', 'signal_get', 'pia', jsonb_build_object('param', id)), 'TP027', NULL, 'no number: ' || id) FROM unnest(ARRAY['', 'x', '-1', '1e3', repeat('9', 30)]) id;
SELECT throws_ok(format('SELECT pg_temp.call(''signal_cancel'', ''eve'', pg_temp.param(%s))', :advanced), 'TP027', NULL, 'nobody cancels another''s');
SELECT tradepost.set_tier(pg_temp.u('eve'), 'basic');
SELECT throws_ok(format('SELECT pg_temp.call(''signal_get'', ''eve'', pg_temp.param(%s))', :advanced), 'TP027', NULL, 'a downgrade counts at once');
SELECT tradepost.set_tier(pg_temp.u('eve'), 'pro');

-- Lists.
SELECT throws_ok(format('SELECT pg_temp.ids(''pia'', %L)', q), 'TP005', NULL, 'query ' || q) FROM unnest(ARRAY['{"status": "x"}', '{"type": "x"}', '{"access": "x"}', '{"minConfidence": "101"}', '{"minConfidence": "x"}', '{"since": "x"}',
	'{"author": "x"}', '{"limit": "0"}', '{"limit": "201"}', '{"cursor": "x"}', '{"tenant": "2"}']) q;
SELECT throws_ok($$SELECT pg_temp.ids('pia', '{"symbol": "XAUUSD"}')$$, 'TP001', 'symbol "XAUUSD" is unknown', 'another tenant''s symbol');
SELECT is(pg_temp.ids('pia', jsonb_build_object('author', pg_temp.u('zoe')::text)), NULL, 'another tenant''s author has posted nothing');
SELECT is(pg_temp.ids('eve', '{"author": "me"}'), ARRAY[2::bigint], 'one''s own');
SELECT is(cardinality(pg_temp.ids('pia', '{"since": "2100-01-01T00:00:00Z"}')), NULL, 'nothing since the future');

-- 100,000 of them: a list reads as many as it may look at, by an index, whatever is asked.
CREATE FUNCTION pg_temp.fill(n bigint) RETURNS void LANGUAGE sql AS
$$
	INSERT INTO tradepost_internal.signals (tenant, author, posted_seq, created_at, expires_at, instrument, side, access, status, outcome, entry_price, stop_loss, take_profit, volume, confidence, source,
			triggered_seq, triggered_at, closed_at)
		SELECT 1, pg_temp.u((ARRAY['pia', 'eve'])[1 + i % 2]), 0, now() - (n - i) * interval '10 seconds', now() + interval '1 day',
			(SELECT min(id) FROM tradepost_internal.instruments) + i % 2, i / 2 % 2, i / 4 % 2, status, CASE status WHEN 2 THEN i % 2 WHEN 3 THEN 2 END,
			1.1, 1.1 + (2 * (i / 2 % 2) - 1) * 0.01, 1.1 - (2 * (i / 2 % 2) - 1) * 0.01, 0.1, i % 101, 'model', CASE WHEN status IN (1, 2) THEN 1 END, CASE WHEN status IN (1, 2) THEN now() END,
			CASE WHEN status > 1 THEN now() END
		FROM (SELECT i, (ARRAY[0, 1, 2, 2, 2, 3, 4])[1 + i % 7] AS status FROM generate_series(1, n) i) x
$$;
DELETE FROM tradepost_internal.new_signals;
DELETE FROM tradepost_internal.signals;
SELECT pg_temp.fill(100000);
CREATE FUNCTION pg_temp.costs(who text, query jsonb) RETURNS TABLE (seq_scans bigint, fetched bigint) LANGUAGE plpgsql AS
$$
DECLARE
	t     CONSTANT oid := 'tradepost_internal.signals'::regclass;
	scans bigint := pg_stat_get_xact_numscans(t) ;
	seqs  bigint := pg_stat_get_xact_tuples_returned(t);
	rows  bigint := pg_stat_get_xact_tuples_fetched(t);
BEGIN
	PERFORM pg_temp.ids(who, query);
	RETURN QUERY SELECT pg_stat_get_xact_tuples_returned(t) - seqs, pg_stat_get_xact_tuples_fetched(t) - rows;
END
$$;
SELECT results_eq(format('SELECT seq_scans, fetched <= %s FROM pg_temp.costs(%L, %L)', most, who, q), 'VALUES (0::bigint, true)', format('%s lists %s: no scan, at most %s rows', who, q, most))
	FROM (VALUES ('pia', '{}', 600), ('pia', '{"limit": "200"}', 2300), ('fay', '{}', 400), ('pia', '{"status": "live"}', 300), ('bob', '{"status": "active", "symbol": "EURUSD"}', 120), ('pia', '{"symbol": "GBPUSD"}', 600),
		('pia', '{"minConfidence": "100"}', 5100), ('pia', '{"minConfidence": "85", "type": "buy", "status": "closed"}', 5100), ('fay', '{"minConfidence": "100", "status": "cancelled", "symbol": "EURUSD"}', 5100),
		('pia', '{"author": "me"}', 600), ('pia', '{"author": "me", "symbol": "GBPUSD"}', 5100), ('pia', format('{"since": "%s"}', to_char(now() AT TIME ZONE 'UTC' - interval '5 days', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')), 5300)) v (who, q, most);
-- All pages together are what a plain query finds.
CREATE FUNCTION pg_temp.pages(who text, query jsonb) RETURNS bigint[] LANGUAGE plpgsql AS
$$
DECLARE
	found bigint[] := '{}';
	page  jsonb;
	next  text;
BEGIN
	LOOP
		page := pg_temp.call('signals_list', who, pg_temp.query(query || CASE WHEN next IS NULL THEN '{}' ELSE jsonb_build_object('cursor', next) END));
		found := found || ARRAY(SELECT (x ->> 'id')::bigint FROM jsonb_array_elements(page -> 'signals') x);
		EXIT WHEN page ->> 'nextCursor' IS NULL OR page ->> 'nextCursor' = next OR cardinality(found) > 100000;
		next := page ->> 'nextCursor';
	END LOOP;
	RETURN found;
END
$$;
SELECT is(md5(pg_temp.pages(who, q::jsonb || '{"limit": "200"}')::text), md5(found::text), format('%s: pages of %s', who, q)) FROM (VALUES
	('fay', '{"status": "triggered", "symbol": "EURUSD"}', ARRAY(SELECT s.id FROM tradepost_internal.signals s WHERE s.tenant = 1 AND s.access = 0 AND s.status = 1 AND s.instrument = :eurusd ORDER BY s.id DESC)),
	('pia', '{"minConfidence": "100"}', ARRAY(SELECT s.id FROM tradepost_internal.signals s WHERE s.tenant = 1 AND s.confidence >= 100 ORDER BY s.id DESC)),
	('fay', '{"minConfidence": "97.5", "type": "sell", "status": "live"}', ARRAY(SELECT s.id FROM tradepost_internal.signals s WHERE s.tenant = 1 AND s.access = 0 AND s.confidence >= 98 AND s.side = 1 AND s.status < 2 ORDER BY s.id DESC)),
	('eve', '{"author": "me", "symbol": "EURUSD", "status": "expired"}', ARRAY(SELECT s.id FROM tradepost_internal.signals s WHERE s.author = pg_temp.u('eve') AND s.instrument = :eurusd AND s.status = 3 ORDER BY s.id DESC)),
	('pia', format('{"type": "buy", "since": "%s"}', to_char(now() AT TIME ZONE 'UTC' - interval '1 day', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
		ARRAY(SELECT s.id FROM tradepost_internal.signals s WHERE s.tenant = 1 AND s.side = 0 AND s.created_at >= now() - interval '1 day' ORDER BY s.id DESC))) v (who, q, found);
DELETE FROM tradepost_internal.new_signals;
DELETE FROM tradepost_internal.signals;
DELETE FROM tradepost_internal.push_queue;

-- Outcomes.  Trades as the matcher would write them, taken up in rounds as the follower would.
CREATE FUNCTION pg_temp.trade(of integer, traded numeric, at timestamptz DEFAULT clock_timestamp()) RETURNS bigint LANGUAGE sql AS
$$
	INSERT INTO tradepost_internal.events (seq, command_id, time, instrument, kind, reason, decision, quantity, price)
		SELECT coalesce(max(e.seq), 0) + 1, 1, at, of, 3, 0, false, 1, traded FROM tradepost_internal.events e RETURNING seq
$$;
CREATE TEMP TABLE cursor_of (seq bigint);
INSERT INTO cursor_of VALUES (0);
CREATE FUNCTION pg_temp.judge(after bigint, upto bigint) RETURNS void LANGUAGE sql AS
$$
	SELECT tradepost_internal.judge_signals(after, upto, array_agg(x.instrument), array_agg(x.low), array_agg(x.high))
	FROM (SELECT e.instrument, min(e.price) AS low, max(e.price) AS high FROM tradepost_internal.events e WHERE e.seq > after AND e.seq <= upto AND e.kind = 3 GROUP BY 1) x
$$;
CREATE FUNCTION pg_temp.round(upto bigint DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
	last bigint := coalesce(upto, (SELECT max(e.seq) FROM tradepost_internal.events e));
BEGIN
	PERFORM pg_temp.judge((SELECT seq FROM cursor_of), last);
	UPDATE cursor_of SET seq = last;
	INSERT INTO tradepost_internal.follower (seq, push) VALUES (last, 0) ON CONFLICT (singleton) DO UPDATE SET seq = last;
END
$$;
CREATE FUNCTION pg_temp.state(id bigint) RETURNS text LANGUAGE sql AS
$$ SELECT concat_ws(' ', x ->> 'status', x ->> 'outcome') FROM (SELECT to_jsonb(tradepost_internal.signal_json(s)) AS x FROM tradepost_internal.signals s WHERE s.id = state.id) y $$;
SELECT pg_temp.trade(:eurusd, 1.1840) AS first_trade \gset
SELECT pg_temp.post('pia') AS a, pg_temp.post('pia', '{"type": "sell", "stop_loss": 1.19, "take_profit": 1.18, "access": "advanced"}') AS b \gset
SELECT pg_temp.round();
SELECT is(pg_temp.state(:a), 'active', 'a trade before it was posted does not count');
SELECT pg_temp.trade(:eurusd, 1.1851), pg_temp.trade(:gbpusd, 1.17), pg_temp.round();
SELECT is(ARRAY[pg_temp.state(:a), pg_temp.state(:b)], ARRAY['active', 'triggered'], 'the entry of the sell is reached, that of the buy is not; another symbol does not count');
SELECT pg_temp.trade(:eurusd, 1.1850), pg_temp.round();
SELECT is(ARRAY[pg_temp.state(:a), pg_temp.state(:b)], ARRAY['triggered', 'triggered'], 'at the entry is reached');
SELECT pg_temp.trade(:eurusd, 1.1801), pg_temp.trade(:eurusd, 1.1899), pg_temp.round();
SELECT is(ARRAY[pg_temp.state(:a), pg_temp.state(:b)], ARRAY['triggered', 'triggered'], 'a tick before stop and target nothing has ended');
SELECT pg_temp.trade(:eurusd, 1.1900) AS at_last, pg_temp.round() \gset
SELECT is(ARRAY[pg_temp.state(:a), pg_temp.state(:b)], ARRAY['closed hit_target', 'closed hit_stop'], 'target of the one, stop of the other');
SELECT results_eq(format('SELECT s.triggered_seq < s.closed_seq, s.closed_seq, s.closed_at = (SELECT e.time FROM tradepost_internal.events e WHERE e.seq = s.closed_seq) FROM tradepost_internal.signals s WHERE s.id IN (%s, %s)', :a, :b),
	format('SELECT true, %s::bigint, true UNION ALL SELECT true, %s, true', :at_last, :at_last), 'by that trade, at its time');
SELECT pg_temp.trade(:eurusd, 1.1700), pg_temp.round();
SELECT is(pg_temp.state(:a), 'closed hit_target', 'what has ended stays so');
SELECT results_eq('SELECT p.data::jsonb ->> ''id'', p.data::jsonb ->> ''status'', p.tier FROM tradepost_internal.push_queue p WHERE p.event = ''signal:updated'' ORDER BY p.id',
	format($$VALUES ('%2$s', 'triggered', 'pro'), ('%1$s', 'triggered', NULL), ('%1$s', 'closed', NULL), ('%2$s', 'closed', 'pro')$$, :a, :b), 'each change was pushed once');
SELECT results_eq(format('SELECT n.user_id, n.title FROM tradepost_internal.notifications n WHERE n.kind = ''signals'' ORDER BY n.id'),
	format($$SELECT pg_temp.u('pia'), t FROM unnest(ARRAY['Signal %2$s EURUSD: entry reached', 'Signal %1$s EURUSD: entry reached', 'Signal %1$s EURUSD: hit its target', 'Signal %2$s EURUSD: hit its stop']) t$$, :a, :b), 'and its author told');
SELECT pg_temp.post('pia') AS a \gset
SELECT pg_temp.trade(:eurusd, 1.1700), pg_temp.round();
SELECT is(pg_temp.state(:a), 'closed hit_stop', 'a fall through entry and stop in one trade');
SELECT pg_temp.post('pia') AS a \gset
SELECT pg_temp.trade(:eurusd, 1.1950), pg_temp.trade(:eurusd, 1.1849), pg_temp.trade(:eurusd, 1.1905), pg_temp.trade(:eurusd, 1.1700), pg_temp.round();
SELECT is(pg_temp.state(:a), 'closed hit_target', 'in the order of the trades, within one round');
SELECT pg_temp.post('pia', '{"symbol": "Apr26-Oil", "volume": 1, "entry_price": -5, "stop_loss": -10, "take_profit": 1}') AS a \gset
SELECT pg_temp.trade(:oil, -5), pg_temp.trade(:oil, -9.99), pg_temp.trade(:oil, -10), pg_temp.round();
SELECT is(pg_temp.state(:a), 'closed hit_stop', 'below zero too');

-- Expiry: trades from its time on do not count, those before do, also if they are read later.
SELECT pg_temp.post('pia') AS a, pg_temp.post('pia', '{"type": "sell", "entry_price": 1.3, "stop_loss": 1.4, "take_profit": 1.2}') AS b, pg_temp.post('pia') AS c \gset
UPDATE tradepost_internal.signals s SET created_at = now() - interval '1 hour', expires_at = now() - interval '9 minutes' WHERE s.id IN (:a, :b);
SELECT pg_temp.trade(:eurusd, 1.1840, now() - interval '9 minutes');
SELECT pg_temp.round();
SELECT is(ARRAY[pg_temp.state(:a), pg_temp.state(:b), pg_temp.state(:c)], ARRAY['active', 'active', 'triggered'], 'a trade at the time that it expires comes too late');
SELECT tradepost_internal.expire_signals();
SELECT is(ARRAY[pg_temp.state(:a), pg_temp.state(:b), pg_temp.state(:c)], ARRAY['expired expired', 'expired expired', 'triggered'], 'and ends it');
SELECT is((SELECT closed_at = expires_at FROM tradepost_internal.signals WHERE id = :a), true, 'at its time');
SELECT pg_temp.post('pia') AS a \gset
UPDATE tradepost_internal.signals s SET created_at = now() - interval '1 hour', expires_at = now() - interval '5 minutes' WHERE s.id = :a;
SELECT pg_temp.trade(:eurusd, 1.1840, now() - interval '6 minutes');
SELECT tradepost_internal.expire_signals();
SELECT is(pg_temp.state(:a), 'active', 'what has traded before and was not read yet comes first');
SELECT pg_temp.round(), tradepost_internal.expire_signals();
SELECT is((SELECT concat_ws(' ', pg_temp.state(s.id), s.triggered_at = now() - interval '6 minutes') FROM tradepost_internal.signals s WHERE id = :a), 'expired expired t', 'it was triggered, then it expired');

-- Cancelled.
SELECT pg_temp.post('pia') AS a, pg_temp.post('pia') AS b \gset
SELECT is(pg_temp.call('signal_cancel', 'pia', pg_temp.param(:a)) -> 'signal' ->> 'status', 'cancelled', 'before the follower has seen it');
SELECT pg_temp.round();
SELECT is(pg_temp.call('signal_cancel', 'pia', pg_temp.param(:b)) -> 'signal' ->> 'status', 'cancelled', 'and after');
SELECT pg_temp.trade(:eurusd, 1.1840), pg_temp.round();
SELECT is(ARRAY[pg_temp.state(:a), pg_temp.state(:b)], ARRAY['cancelled', 'cancelled'], 'they watch nothing any more');
SELECT throws_ok(format('SELECT pg_temp.call(''signal_cancel'', ''pia'', pg_temp.param(%s))', :a), 'TP028', format('signal %s is cancelled already', :a), 'once');
SELECT pg_temp.post('pia') AS a \gset
SELECT tradepost.set_tier(pg_temp.u('pia'), 'basic');
SELECT is(pg_temp.call('signal_cancel', 'pia', pg_temp.param(:a)) -> 'signal' ->> 'status', 'cancelled', 'an author whose tier has ended may still withdraw');
SELECT tradepost.set_tier(pg_temp.u('pia'), 'pro');
SELECT tradepost.set_role(pg_temp.u('bob'), 'admin');
SELECT pg_temp.post('pia') AS a \gset
SELECT is(pg_temp.call('signal_cancel', 'bob', pg_temp.param(:a)) -> 'signal' ->> 'status', 'cancelled', 'and an administrator of the tenant');
SELECT pg_temp.post('zoe') AS a \gset
SELECT throws_ok(format('SELECT pg_temp.call(''signal_cancel'', ''bob'', pg_temp.param(%s))', :a), 'TP027', NULL, 'of no other');

-- At random: 3000 signals, 6000 trades in rounds of any size, some signals seen late; against a recomputation.
DELETE FROM tradepost_internal.new_signals;
DELETE FROM tradepost_internal.signals;
SELECT setseed(0.42);
CREATE TEMP TABLE walk AS SELECT n, (ARRAY[:eurusd, :gbpusd, :oil])[1 + (random() * 2)::integer] AS instrument, now() + n * interval '1 second' AS time, random() - 0.5 AS step FROM generate_series(1, 6000) n;
CREATE FUNCTION pg_temp.play() RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
	begun bigint := (SELECT max(e.seq) FROM tradepost_internal.events e);
	done  integer := 0;
	upto  integer;
	late  bigint;
BEGIN
	WHILE done < 6000 LOOP
		upto := least(done + 1 + (random() * 200)::integer, 6000);
		-- Posted before these trades, or among the last ones and seen late.
		late := (SELECT c.seq FROM cursor_of c) - (random() * 60)::integer * (random() < 0.3)::integer;
		WITH made AS (
			INSERT INTO tradepost_internal.signals (tenant, author, posted_seq, created_at, expires_at, instrument, side, access, entry_price, stop_loss, take_profit, volume, confidence, source)
				SELECT 1, 1, greatest(late, begun), now(), now() + (done + (random() * 4000)::integer) * interval '1 second', x.instrument, x.side, 0, x.entry, x.entry - d * (1 + (random() * 40)::integer), x.entry + d * (1 + (random() * 40)::integer), 1, 50, 'x'
				FROM (SELECT w.instrument, (random() < 0.5)::integer AS side, 100 + (random() * 60)::integer - 30 AS entry FROM walk w WHERE w.n % 60 = done % 60) x, LATERAL (SELECT CASE x.side WHEN 0 THEN 1 ELSE -1 END AS d) y
				RETURNING id
		) INSERT INTO tradepost_internal.new_signals SELECT id FROM made;
		INSERT INTO tradepost_internal.events (seq, command_id, time, instrument, kind, reason, decision, quantity, price)
			SELECT begun + p.n, 1, p.time, p.instrument, CASE WHEN p.n % 7 = 0 THEN 18 ELSE 3 END, 0, false, 1, p.price
			FROM (SELECT w.*, 100 + round((sum(w.step) OVER (PARTITION BY w.instrument ORDER BY w.n))::numeric * 2) AS price FROM walk w) p WHERE p.n > done AND p.n <= upto;
		PERFORM tradepost_internal.judge_signals((SELECT c.seq FROM cursor_of c), begun + upto, array_agg(x.instrument), array_agg(x.low), array_agg(x.high))
			FROM (SELECT e.instrument, min(e.price) AS low, max(e.price) AS high FROM tradepost_internal.events e WHERE e.seq > (SELECT c.seq FROM cursor_of c) AND e.seq <= begun + upto GROUP BY 1) x;
		UPDATE cursor_of SET seq = begun + upto;
		UPDATE tradepost_internal.follower SET seq = begun + upto;
		IF random() < 0.2 THEN
			PERFORM tradepost_internal.expire_signals();
		END IF;
		done := upto;
	END LOOP;
END
$$;
SELECT pg_temp.play();
SELECT cmp_ok((SELECT count(*) FROM tradepost_internal.signals), '>', 2000::bigint, 'signals at random');
CREATE TEMP VIEW recomputed AS
SELECT s.id, t.seq AS triggered, c.seq AS closed, CASE WHEN c.seq IS NULL THEN CASE WHEN (s.status IN (2, 3)) THEN 2 END WHEN s.side = 0 AND c.price >= s.take_profit OR s.side = 1 AND c.price <= s.take_profit THEN 0 ELSE 1 END AS outcome
FROM tradepost_internal.signals s
LEFT JOIN LATERAL (SELECT e.seq FROM tradepost_internal.events e WHERE e.seq > s.posted_seq AND e.instrument = s.instrument AND e.kind IN (3, 18) AND e.time < s.expires_at
	AND CASE s.side WHEN 0 THEN e.price <= s.entry_price ELSE e.price >= s.entry_price END ORDER BY e.seq LIMIT 1) t ON true
LEFT JOIN LATERAL (SELECT e.seq, e.price FROM tradepost_internal.events e WHERE e.seq >= t.seq AND e.instrument = s.instrument AND e.kind IN (3, 18) AND e.time < s.expires_at
	AND CASE s.side WHEN 0 THEN e.price <= s.stop_loss OR e.price >= s.take_profit ELSE e.price >= s.stop_loss OR e.price <= s.take_profit END ORDER BY e.seq LIMIT 1) c ON true;
SELECT is_empty('SELECT s.id, s.status, s.triggered_seq, r.triggered, s.closed_seq, r.closed, s.outcome, r.outcome FROM tradepost_internal.signals s JOIN recomputed r ON r.id = s.id
	WHERE (s.triggered_seq, s.closed_seq, s.outcome) IS DISTINCT FROM (r.triggered, r.closed, r.outcome)', 'triggered, closed and decided by the trades that a recomputation finds');
SELECT results_eq('SELECT DISTINCT s.status::integer, s.outcome::integer FROM tradepost_internal.signals s ORDER BY 1, 2', 'VALUES (0, NULL::integer), (1, NULL), (2, 0), (2, 1), (3, 2)', 'all that can become of one has');
SELECT is_empty('SELECT s.id FROM tradepost_internal.signals s WHERE s.status IN (2, 3) AND s.closed_at > s.expires_at', 'nothing ends after its time');
CREATE TEMP TABLE before AS SELECT s.* FROM tradepost_internal.signals s;
SELECT tradepost_internal.judge_signals(0, max(e.seq), ARRAY[:eurusd, :gbpusd, :oil], ARRAY[-1000, -1000, -1000], ARRAY[1000, 1000, 1000]) FROM tradepost_internal.events e;
SELECT is_empty('SELECT * FROM before EXCEPT SELECT * FROM tradepost_internal.signals', 'judging everything again changes nothing');
-- A round that hits nothing reads none of them.
DO $$ BEGIN PERFORM pg_temp.fill(50000); UPDATE tradepost_internal.signals s SET watch_low = 1, watch_high = 1000 WHERE s.status IN (0, 1); END $$;
CREATE FUNCTION pg_temp.judging(low numeric, high numeric) RETURNS TABLE (seq_rows bigint, fetched boolean) LANGUAGE plpgsql AS
$$
DECLARE
	t    CONSTANT oid := 'tradepost_internal.signals'::regclass;
	seqs bigint := pg_stat_get_xact_tuples_returned(t);
	rows bigint := pg_stat_get_xact_tuples_fetched(t);
BEGIN
	PERFORM tradepost_internal.judge_signals(0, 1, (SELECT array_agg(id) FROM tradepost_internal.instruments WHERE tenant = 1), ARRAY[low, low, low], ARRAY[high, high, high]);
	RETURN QUERY SELECT pg_stat_get_xact_tuples_returned(t) - seqs, pg_stat_get_xact_tuples_fetched(t) - rows <= 6;
END
$$;
SELECT results_eq('SELECT * FROM pg_temp.judging(2, 999)', 'VALUES (0::bigint, true)', 'a round that reaches no watch looks at the nearest one of each side and instrument');

-- MetaTrader accounts.
CREATE FUNCTION pg_temp.add(who text, body jsonb, sealed bytea DEFAULT '\x5ea1ed') RETURNS jsonb LANGUAGE sql AS $$ SELECT tradepost_edge.mt5_account_add(pg_temp.u(who), pg_temp.s(who), pg_temp.body(body), sealed)::jsonb $$;
SELECT is((pg_temp.add('fay', '{"login": 5012345, "server": "MetaQuotes-Demo", "name": "mine"}') -> 'account') - '{id,createdAt}'::text[],
	'{"login": "5012345", "server": "MetaQuotes-Demo", "name": "mine", "terminal": "not_connected"}', 'an account');
SELECT is(pg_temp.add('fay', '{"login": "5012345", "server": "Other-Demo"}') -> 'account' ->> 'name', '', 'the same number at another server, without a name');
SELECT throws_ok($$SELECT pg_temp.add('fay', '{"login": "5012345", "server": "MetaQuotes-Demo"}')$$, 'TP015', 'MT5 account 5012345 at MetaQuotes-Demo is there already', 'twice');
SELECT throws_ok(format('SELECT pg_temp.add(''fay'', %L)', body), 'TP005', NULL, 'refused: ' || body) FROM unnest(ARRAY['{"server": "x"}', '{"login": "abc", "server": "x"}', '{"login": -1, "server": "x"}', '{"login": 1.5, "server": "x"}',
	'{"login": true, "server": "x"}', '{"login": "1234567890123", "server": "x"}', '{"login": 1}', '{"login": 1, "server": ""}', '{"login": 1, "server": "a/b"}', '{"login": 1, "server": "x", "name": "a\tb"}',
	'{"login": 1, "server": "x", "password": "secret"}', '{"login": 1, "server": "x", "user_id": 1}']) body;
SELECT throws_ok($$SELECT pg_temp.add('fay', '{"login": 1, "server": "x"}', NULL)$$, 'TP005', 'password must be given', 'no password');
SELECT is(jsonb_array_length(pg_temp.call('mt5_accounts_list', 'fay') -> 'accounts'), 2, 'listed');
SELECT is((pg_temp.call('mt5_accounts_list', 'fay') -> 'accounts')::text LIKE '%seal%', false, 'without anything of the password');
SELECT is(pg_temp.call('mt5_accounts_list', 'bob') -> 'accounts', '[]', 'one''s own only');
SELECT min(id) AS mt5 FROM tradepost_internal.mt5_accounts \gset
SELECT throws_ok(format('SELECT pg_temp.call(''mt5_account_remove'', ''bob'', pg_temp.param(%s))', id), 'TP027', format('MT5 account "%s" is unknown', id), 'another''s and none are the same') FROM (VALUES (:mt5), (99999)) v (id);
SELECT pg_temp.post('pia') AS a \gset
SELECT throws_ok(format('SELECT pg_temp.call(''signal_execute'', ''fay'', pg_temp.body(''{"signalId": %s, "mt5AccountId": %s}''))', :a, :mt5), 'TP029',
	format('no MetaTrader terminal is connected for MT5 account %s (5012345 at MetaQuotes-Demo)', :mt5), 'handing a signal to one says the truth');
SELECT throws_ok(format('SELECT pg_temp.call(''signal_execute'', ''bob'', pg_temp.body(''{"signalId": %s, "mt5AccountId": %s}''))', :a, id), 'TP027', format('MT5 account "%s" is unknown', id), 'another''s and none are the same')
	FROM (VALUES (:mt5), (99999)) v (id);
SELECT is((SELECT count(*) FROM tradepost_internal.signal_executions), 0::bigint, 'nothing is left of that');
SELECT is(pg_temp.call('mt5_account_remove', 'fay', pg_temp.param(:mt5)), format('{"removed": true, "account": %s}', :mt5)::jsonb, 'removed');
SELECT lives_ok(format('SELECT pg_temp.add(''bob'', ''{"login": %s, "server": "x"}'')', n), 'account ' || n) FROM generate_series(1, 20) n;
SELECT throws_ok($$SELECT pg_temp.add('bob', '{"login": 21, "server": "x"}')$$, 'TP030', 'there are 20 MT5 accounts, and the limit is 20', 'one too many');

-- What executing refuses before it places anything.
SELECT throws_ok(format('SELECT pg_temp.call(''signal_execute'', ''fay'', pg_temp.body(%L))', replace(body, 'ID', :'a')), code, message, 'refused: ' || body) FROM (VALUES
	('{}', 'TP005', 'signalId must be given'),
	('{"signalId": ID, "signal_id": ID}', 'TP005', 'signalId and signal_id are the same, and both were given'),
	('{"signalId": "x"}', 'TP027', 'signal "x" is unknown'),
	('{"signalId": ID, "volume": 0}', 'TP005', 'volume 0 is not above zero'),
	('{"signalId": ID, "volume": 0.0001}', 'TP005', 'volume 0.0001 of EURUSD is a quantity of 10, which is not a multiple of its lot 1000'),
	('{"signalId": ID, "orderType": "stop"}', 'TP005', 'orderType is "stop"'),
	('{"signalId": ID, "clientOrderId": ""}', 'TP005', 'clientOrderId has 0 bytes, and must have 1 to 128'),
	('{"signalId": ID, "clientOrderId": 7}', 'TP005', 'clientOrderId is 7, and must be a string'),
	('{"signalId": ID, "account": 1}', 'TP005', 'field "account" is unknown')) v (body, code, message);
SELECT throws_ok(format('SELECT pg_temp.call(''signal_execute'', ''fay'', pg_temp.body(%L))', jsonb_build_object('signalId', :a, 'clientOrderId', repeat('x', 129))), 'TP005', 'clientOrderId has 129 bytes, and must have 1 to 128', 'a long key');
SELECT throws_ok(format('SELECT pg_temp.call(''signal_execute'', ''fay'', pg_temp.body(''{"signalId": %s}''))', s.id), 'TP028', NULL, 'one that has ended') FROM (SELECT id FROM tradepost_internal.signals WHERE status > 1 AND access = 0 LIMIT 1) s;
UPDATE tradepost_internal.signals SET expires_at = clock_timestamp() WHERE id = :a;
SELECT throws_ok(format('SELECT pg_temp.call(''signal_execute'', ''fay'', pg_temp.body(''{"signalId": %s}''))', :a), 'TP028', NULL, 'one whose time is over, before the follower has noticed');
SELECT is((SELECT count(*) FROM tradepost_internal.signal_executions), 0::bigint, 'nothing was executed');
SELECT throws_ok(format('SELECT pg_temp.call(''execution_get'', ''fay'', ''{"param": "%s"}'')', id), 'TP027', format('execution "%s" is unknown', id), 'an execution that is none') FROM unnest('{1,x}'::text[]) id;
-- Keys: what each scope may do, and whose signals a model's are.
INSERT INTO tradepost_internal.api_keys (user_id, name, hash, hint, scopes) VALUES (pg_temp.u('pia'), 'model', sha256('key'), 'tpk_', '{trade}');
UPDATE tradepost_internal.sessions SET kind = 'key', key_id = (SELECT max(id) FROM tradepost_internal.api_keys), scopes = '{trade}' WHERE id = pg_temp.s('pia');
SELECT is(pg_temp.call('signals_post', 'pia', pg_temp.body(pg_temp.good())) -> 'signal' ->> 'source', 'api', 'a signal that comes by a key says so');
SELECT throws_ok($$SELECT pg_temp.call('execution_get', 'pia', '{"param": "1"}')$$, 'TP027', NULL, 'a key that may trade sees its executions');
SELECT throws_ok($$SELECT pg_temp.call('signals_list', 'pia')$$, 'TP024', NULL, 'and no list');
SELECT throws_ok($$SELECT pg_temp.add('pia', '{"login": 1, "server": "x"}')$$, 'TP024', NULL, 'MetaTrader accounts take a login');
SELECT throws_ok($$SELECT pg_temp.call('mt5_account_remove', 'pia', '{"param": "1"}')$$, 'TP024', NULL, 'both ways');
UPDATE tradepost_internal.sessions SET scopes = '{read}' WHERE id = pg_temp.s('pia');
SELECT throws_ok(format('SELECT pg_temp.call(%L, ''pia'', %L)', f, args), 'TP024', NULL, 'a key that may only read: ' || f) FROM (VALUES ('signals_post', pg_temp.body(pg_temp.good())), ('signal_cancel', pg_temp.param(1)),
	('signal_execute', pg_temp.body('{"signalId": 1}'))) v (f, args);
SELECT throws_ok($$SELECT pg_temp.call('execution_get', 'pia', '{"param": "1"}')$$, 'TP027', NULL, 'reads executions');
SELECT lives_ok($$SELECT pg_temp.call('signals_list', 'pia')$$, 'and lists');
UPDATE tradepost_internal.sessions SET scopes = '{withdraw}' WHERE id = pg_temp.s('pia');
SELECT throws_ok(format('SELECT pg_temp.call(%L, ''pia'', ''{"param": "1"}'')', f), 'TP024', NULL, 'a key that may only withdraw: ' || f) FROM unnest('{execution_get,signal_get}'::text[]) f;
UPDATE tradepost_internal.sessions SET kind = 'login', key_id = NULL, scopes = NULL WHERE id = pg_temp.s('pia');
SELECT throws_ok($$SELECT pg_temp.call('executions_list', 'fay', pg_temp.query('{"signal": "x"}'))$$, 'TP005', NULL, 'executions of no signal');

SELECT * FROM finish();
ROLLBACK;
