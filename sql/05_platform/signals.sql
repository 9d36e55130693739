-- Signals as users of the edge read them: lists, one, and what a user may see of them.
--
-- A user sees the signals of their tenant whose access their tier includes.  Those of
-- other tenants and tiers, and numbers that no signal has, are answered alike: each is
-- one look-up by number with the same condition.

CREATE OR REPLACE FUNCTION tradepost_internal.signal_reach(asking tradepost_internal.users)
	RETURNS smallint[] LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	RETURN CASE WHEN tradepost_internal.has_feature(asking.id, 'signals_advanced') THEN '{0,1}' ELSE '{0}' END;
END
$$;
COMMENT ON FUNCTION tradepost_internal.signal_reach(tradepost_internal.users) IS 'What a user may see: 0 basic signals, 1 advanced ones';

CREATE OR REPLACE FUNCTION tradepost_internal.signal_json(s tradepost_internal.signals)
	RETURNS json LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT row_to_json(x) FROM (SELECT s.id, (SELECT i.symbol FROM tradepost_internal.instruments i WHERE i.id = s.instrument) AS symbol,
		(ARRAY['buy', 'sell'])[s.side + 1] AS type, trim_scale(s.entry_price)::text AS entry_price, trim_scale(s.stop_loss)::text AS stop_loss,
		trim_scale(s.take_profit)::text AS take_profit, trim_scale(s.volume)::text AS volume, trim_scale(s.confidence) AS confidence, s.reasoning,
		(ARRAY['basic', 'advanced'])[s.access + 1] AS access, s.source,
		(ARRAY['active', 'triggered', 'closed', 'expired', 'cancelled'])[s.status + 1] AS status,
		(ARRAY['hit_target', 'hit_stop', 'expired'])[s.outcome + 1] AS outcome,
		tradepost_internal.iso(s.created_at) AS created_at, tradepost_internal.iso(s.triggered_at) AS triggered_at, tradepost_internal.iso(s.closed_at) AS closed_at,
		tradepost_internal.iso(s.expires_at) AS expires_at, s.author) x;
END;
COMMENT ON FUNCTION tradepost_internal.signal_json(tradepost_internal.signals) IS 'A signal as clients see it';

CREATE OR REPLACE FUNCTION tradepost_internal.signal_number(value text)
	RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN value ~ '^[0-9]{1,18}$' THEN value::bigint END;
END;
COMMENT ON FUNCTION tradepost_internal.signal_number(text) IS 'A number as a path or a body names it; NULL if it is none';

CREATE OR REPLACE FUNCTION tradepost_internal.signal_unknown(what text, given text, hint text)
	RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION USING ERRCODE = '@tradepost_not_found@', MESSAGE = format('%s %s is unknown', what, coalesce('"' || left(given, 64) || '"', 'null')), HINT = hint;
END
$$;
COMMENT ON FUNCTION tradepost_internal.signal_unknown(text, text, text) IS 'Raises TP027: the caller has nothing of this number';

CREATE OR REPLACE FUNCTION tradepost_internal.signal_seen(asking tradepost_internal.users, given text)
	RETURNS tradepost_internal.signals LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	reach        smallint[] := tradepost_internal.signal_reach(asking);
	found_signal tradepost_internal.signals;
BEGIN
	SELECT s.* INTO found_signal FROM tradepost_internal.signals s
		WHERE s.id = tradepost_internal.signal_number(given) AND s.tenant = asking.tenant AND s.access = ANY (reach);
	IF found_signal.id IS NULL THEN
		PERFORM tradepost_internal.signal_unknown('signal', given, 'GET trading/signals lists those that you see.');
	END IF;
	RETURN found_signal;
END
$$;
COMMENT ON FUNCTION tradepost_internal.signal_seen(tradepost_internal.users, text) IS 'The signal of this number, if the user may see it; else TP027';

CREATE OR REPLACE FUNCTION tradepost_internal.signal_instrument(asking tradepost_internal.users, wanted text)
	RETURNS tradepost_internal.instruments LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	i tradepost_internal.instruments;
BEGIN
	SELECT x.* INTO i FROM tradepost_internal.instruments x WHERE x.tenant = asking.tenant AND x.symbol = wanted;
	IF i.id IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_instrument_unknown@', MESSAGE = format('symbol %s is unknown', coalesce('"' || left(wanted, 64) || '"', 'null')),
			HINT = 'GET instruments lists what is traded.';
	END IF;
	RETURN i;
END
$$;
COMMENT ON FUNCTION tradepost_internal.signal_instrument(tradepost_internal.users, text) IS 'The instrument of this symbol of the user''s tenant; else TP001';

CREATE OR REPLACE FUNCTION tradepost_internal.signal_ids(range text, of bigint, accesses smallint[], statuses smallint[], below bigint, above bigint, lines integer,
	most integer, matching text, sides smallint, confident numeric, first timestamptz, traded integer, OUT ids bigint[], OUT looked_down_to bigint)
	RETURNS record LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET jit = off
AS $$
DECLARE
	-- By place, which no index but the one of this range has in order.
	probe CONSTANT text := format('unnest($2) a (access) CROSS JOIN unnest($3) t (status) CROSS JOIN LATERAL (SELECT %%s FROM (SELECT s.* FROM tradepost_internal.signals s
		WHERE s.%I = $1 AND s.access = a.access AND s.status = t.status AND s.place < $4 AND s.place > $5 ORDER BY s.place DESC LIMIT %%s) s) p', range);
BEGIN
	looked_down_to := above;
	IF matching = '' THEN
		EXECUTE 'SELECT array_agg(x.id ORDER BY x.id DESC) FROM (SELECT p.id FROM ' || format(probe, 's.place AS id', '$6') || ' ORDER BY p.id DESC LIMIT $6) x'
			INTO ids USING of, accesses, statuses, below, above, lines;
	ELSE
		-- Each range is looked at so far and no farther; what another range has below that is left for the next page.
		EXECUTE 'WITH r AS MATERIALIZED (SELECT p.ids, p.lowest FROM '
				|| format(probe, format('array_agg(s.place ORDER BY s.place DESC) FILTER (WHERE %s) AS ids, CASE WHEN count(*) = $7 THEN min(s.place) - 1 END AS lowest', matching), '$7')
				|| ') SELECT (SELECT array_agg(x.id ORDER BY x.id DESC) FROM (SELECT i.id FROM r, unnest(r.ids[1:$6]) i (id) WHERE i.id > coalesce((SELECT max(lowest) FROM r), 0) ORDER BY i.id DESC LIMIT $6) x),
					(SELECT greatest($5, max(lowest)) FROM r)'
			INTO ids, looked_down_to USING of, accesses, statuses, below, above, lines, most, sides, confident, first, traded;
	END IF;
END
$$;
COMMENT ON FUNCTION tradepost_internal.signal_ids(text, bigint, smallint[], smallint[], bigint, bigint, integer, integer, text, smallint, numeric, timestamptz, integer) IS
'The newest signals below a number of a range, which is one of the three indexes, that have one of these accesses and statuses and match the condition, of which it looks at so many of each access and
status; and how far down it has looked: above, or higher where a range was longer';

CREATE OR REPLACE FUNCTION tradepost_edge.signals_list(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
DECLARE
	-- Looked at in one call at most, where not every signal is wanted.
	most      CONSTANT integer := 5000;
	-- Those posted in the same moment may have their numbers in another order.
	slack     CONSTANT interval := '10 seconds';
	asking    tradepost_internal.users := tradepost_edge.caller(user_id, session_id);
	query     jsonb := args -> 'query';
	reach     smallint[] := tradepost_internal.signal_reach(asking);
	lines     integer;
	below     bigint;
	oldest    bigint := 0;
	wanted    text;
	statuses  smallint[];
	sides     smallint;
	confident numeric;
	first     timestamptz;
	by_author bigint;
	traded    integer;
	range     text;
	found     record;
	found_json json;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{symbol,status,type,access,minConfidence,since,author,limit,cursor}');
	lines := tradepost_internal.edge_whole(query, 'limit', 1, 200, 50);
	below := tradepost_internal.edge_place(query);
	wanted := tradepost_internal.edge_choice(query, 'status', '{live,active,triggered,closed,expired,cancelled}');
	statuses := CASE WHEN wanted IS NULL THEN '{0,1,2,3,4}' WHEN wanted = 'live' THEN '{0,1}'
		ELSE ARRAY[array_position('{active,triggered,closed,expired,cancelled}'::text[], wanted) - 1] END;
	sides := array_position('{buy,sell}'::text[], tradepost_internal.edge_choice(query, 'type', '{buy,sell}')) - 1;
	-- Who may not see advanced ones finds none.
	wanted := tradepost_internal.edge_choice(query, 'access', '{basic,advanced}');
	reach := CASE wanted WHEN 'basic' THEN '{0}' WHEN 'advanced' THEN array_remove(reach, 0::smallint) ELSE reach END;
	confident := tradepost_internal.edge_decimal(query, 'minConfidence');
	IF confident NOT BETWEEN 0 AND 100 THEN
		PERFORM tradepost_internal.refuse(format('minConfidence is %s, and must be between 0 and 100', left(query ->> 'minConfidence', 64)), 'Without it, every confidence is listed.');
	END IF;
	first := tradepost_internal.edge_time(query, 'since');
	IF query ->> 'author' IS NOT NULL THEN
		by_author := CASE WHEN query ->> 'author' = 'me' THEN asking.id ELSE tradepost_internal.signal_number(query ->> 'author') END;
		IF by_author IS NULL THEN
			PERFORM tradepost_internal.refuse(format('author is %s, and must be the number of a user, or me', left((query -> 'author')::text, 64)), 'Signals name theirs.');
		END IF;
		-- One of another tenant, like one that never was, has posted nothing.
		by_author := coalesce((SELECT u.id FROM tradepost_internal.users u WHERE u.id = by_author AND u.tenant = asking.tenant), 0);
	END IF;
	IF query ->> 'symbol' IS NOT NULL THEN
		traded := (tradepost_internal.signal_instrument(asking, tradepost_internal.edge_text(query, 'symbol'))).id;
	END IF;
	IF first IS NOT NULL THEN
		oldest := coalesce((SELECT s.id FROM tradepost_internal.signals s WHERE s.created_at < first - slack ORDER BY s.created_at DESC LIMIT 1), 0);
	END IF;

	range := CASE WHEN by_author IS NOT NULL THEN 'author' WHEN traded IS NOT NULL THEN 'instrument' ELSE 'tenant' END;
	SELECT * INTO found FROM tradepost_internal.signal_ids(range, coalesce(by_author, traded, asking.tenant), reach, statuses, below, oldest, lines + 1,
		most / greatest(cardinality(reach) * cardinality(statuses), 1),
		concat_ws(' AND ', CASE WHEN sides IS NOT NULL THEN 's.side = $8' END, CASE WHEN confident IS NOT NULL THEN 's.confidence >= $9' END,
			CASE WHEN first IS NOT NULL THEN 's.created_at >= $10' END, CASE WHEN traded IS NOT NULL AND by_author IS NOT NULL THEN 's.instrument = $11' END),
		sides, confident, first, traded);
	SELECT array_to_json(array_agg(tradepost_internal.signal_json(s) ORDER BY f.n)) INTO found_json
		FROM unnest(found.ids[1:lines]) WITH ORDINALITY f (id, n) JOIN tradepost_internal.signals s ON s.id = f.id;
	RETURN json_build_object('signals', coalesce(found_json, '[]'),
		'nextCursor', tradepost_internal.edge_cursor(CASE WHEN cardinality(found.ids) > lines THEN found.ids[lines] WHEN found.looked_down_to > oldest THEN found.looked_down_to + 1 END));
END
$$;
COMMENT ON FUNCTION tradepost_edge.signals_list(bigint, bigint, jsonb) IS
'GET trading/signals: those that the caller''s tier includes, newest first: {"signals": [...], "nextCursor"}. Query: symbol, status (active, triggered, closed, expired, cancelled; live: the first two), type (buy,
sell), access (basic, advanced), minConfidence, since (posted at or after it), author (a user''s number, or me), limit (1 to 200, default 50), cursor. With type, minConfidence, since, or author and
symbol a page may hold fewer than limit and have a cursor: it has looked at 5000 signals. Errors: TP001, TP005, TP016.';

CREATE OR REPLACE FUNCTION tradepost_edge.signal_get(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id);
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}');
	RETURN json_build_object('signal', tradepost_internal.signal_json(tradepost_internal.signal_seen(asking, args ->> 'param')));
END
$$;
COMMENT ON FUNCTION tradepost_edge.signal_get(bigint, bigint, jsonb) IS 'GET trading/signals/:id: {"signal"}. Errors: TP005, TP016, TP027 no signal of this number is the caller''s to see.';
