-- One account's trades and postings, newest first, a page at a time.
--
-- No index leads from an account to its events one by one: the engine would pay for it
-- with every trade.  events_search tells in which ranges of pages they may lie.

CREATE OR REPLACE FUNCTION tradepost_internal.account_seqs(account bigint, before bigint, kinds smallint[], lines integer)
	RETURNS bigint[] LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
	oldest bigint := (SELECT e.seq FROM tradepost_internal.events e ORDER BY e.seq LIMIT 1);
	top    bigint := 1 + (SELECT e.seq FROM tradepost_internal.events e ORDER BY e.seq DESC LIMIT 1);
	bottom bigint;
	span   bigint := 2000;
	found  bigint[] := '{}';
BEGIN
	-- An account that trades much is done with the first of these steps back in time. The later ones are so
	-- large that the plan, made for each with its bounds, goes by events_search.
	top := least(top, before);
	WHILE top > oldest AND cardinality(found) < lines LOOP
		bottom := greatest(oldest, top - span);
		found := found || ARRAY(
			SELECT x.seq
			FROM (
				SELECT e.seq FROM tradepost_internal.events e
				WHERE e.seq >= bottom AND e.seq < top AND e.account = account_seqs.account AND e.kind = ANY (kinds)
				UNION
				SELECT e.seq FROM tradepost_internal.events e
				WHERE e.seq >= bottom AND e.seq < top AND e.counter_account = account_seqs.account AND e.kind = ANY (kinds)
			) x
			ORDER BY x.seq DESC LIMIT lines - cardinality(found));
		top := bottom;
		span := span * 4;
	END LOOP;
	RETURN found;
END
$$;
COMMENT ON FUNCTION tradepost_internal.account_seqs(bigint, bigint, smallint[], integer) IS
'The last seqs below before, newest first and lines at most, of events of these kinds that have the account on either side; before NULL: from the newest on. Whose account it is, the caller has checked';

CREATE OR REPLACE FUNCTION tradepost.account_trades(account bigint, before bigint DEFAULT NULL, max integer DEFAULT 100)
	RETURNS SETOF tradepost.trades LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
	SELECT t.*
	FROM unnest(tradepost_internal.account_seqs(
		tradepost_internal.visible_account(account_trades.account,
			EXISTS (SELECT FROM tradepost_internal.accounts x WHERE x.id = account_trades.account), tradepost_internal.sees_all()),
		account_trades.before, ARRAY[3, 18, 19]::smallint[], tradepost_internal.bounded('max', account_trades.max, 1, 1000))) s (seq)
	JOIN tradepost.trades t ON t.seq = s.seq
	ORDER BY t.seq DESC;
END;
COMMENT ON FUNCTION tradepost.account_trades(bigint, bigint, integer) IS
'An account''s fills on either side, newest first, at most max of them: rows of the view trades. For the next page give the last row''s seq as before. Errors: TP002 no such account, TP003 not the
caller''s, TP005 if max is not in 1 to 1000.';

CREATE OR REPLACE FUNCTION tradepost.account_ledger(account bigint, before bigint DEFAULT NULL, max integer DEFAULT 100)
	RETURNS SETOF tradepost.ledger LANGUAGE sql STABLE PARALLEL SAFE ROWS 300
BEGIN ATOMIC
	SELECT p.*
	FROM tradepost.ledger p
	WHERE p.account = (SELECT account_ledger.account) AND p.seq = ANY ((SELECT tradepost_internal.account_seqs(
		tradepost_internal.visible_account(account_ledger.account,
			EXISTS (SELECT FROM tradepost_internal.accounts x WHERE x.id = account_ledger.account), tradepost_internal.sees_all()),
		account_ledger.before, ARRAY[3, 9, 10, 16, 18, 19, 20]::smallint[], tradepost_internal.bounded('max', account_ledger.max, 1, 1000)))::bigint[])
	ORDER BY p.seq DESC, p.what, p.asset;
END;
COMMENT ON FUNCTION tradepost.account_ledger(bigint, bigint, integer) IS
'The postings of an account''s last events, newest first, of at most max events, those that moved nothing included: rows of the view ledger. For the next page give the last row''s seq as before. What the house earns of others''
trades is not in it, but in the view. Errors: TP002 no such account, TP003 not the caller''s, TP005 if max is not in 1 to 1000.';
