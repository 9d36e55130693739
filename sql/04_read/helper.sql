-- What the views and reports share: who may see what, codes as words, arguments checked.
--
-- Two ways a report may work.  As its caller: a view with security_invoker or a
-- function with a BEGIN ATOMIC body, whose names were bound when it was made, so that
-- row security applies and nobody needs USAGE on tradepost_internal.  Or as its owner:
-- SECURITY DEFINER with a pinned search_path, for what every trader may know (the
-- book, the tape), or what only administrators may call.

CREATE OR REPLACE FUNCTION tradepost_internal.sees_all()
	RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT pg_has_role(current_user, 'tradepost_admin', 'USAGE')
		OR pg_has_role(current_user, 'tradepost_auditor', 'USAGE')
		OR pg_has_role(current_user, 'tradepost_proxy', 'USAGE')
		OR pg_has_role(current_user, 'tradepost_engine', 'USAGE');
END;
COMMENT ON FUNCTION tradepost_internal.sees_all() IS
'Whether the current role sees every account: administrators, auditors, the engine, and the proxy, which shows each of its users their own';

CREATE OR REPLACE FUNCTION tradepost_internal.reason_text(reason smallint)
	RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	-- TpReason in extension/src/command.h; 18 and 19 are not in use.
	SELECT (ARRAY['insufficient_funds', 'outside_band', 'would_cross', 'cannot_fill', 'no_liquidity', 'instrument_halted',
		'instrument_expired', 'order_unknown', 'order_filled', 'order_cancelled', 'order_expired', 'order_rejected',
		'mark_step', 'exposure', 'engine_error', 'instrument_unknown', 'out_of_range', NULL, NULL,
		'requested', 'ioc', 'unfilled', 'self_trade', 'amended_below_filled', 'liquidation', 'cancel_all',
		'settlement', 'time', 'linked_order', 'too_many_orders'])[reason];
END;
COMMENT ON FUNCTION tradepost_internal.reason_text(smallint) IS 'The word for a reason code of orders and events; NULL for 0, which is none';

CREATE OR REPLACE FUNCTION tradepost_internal.round_up(amount numeric, scale integer)
	RETURNS numeric LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT ceil(amount * power(10::numeric, scale)) / power(10::numeric, scale);
END;
COMMENT ON FUNCTION tradepost_internal.round_up(numeric, integer) IS 'amount rounded up to so many decimal places, as commission and margin are';

CREATE OR REPLACE FUNCTION tradepost_internal.bounded(field text, value integer, lowest integer, highest integer)
	RETURNS integer LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF value IS NULL OR value NOT BETWEEN lowest AND highest THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_invalid_order@',
			MESSAGE = format('%s must be between %s and %s, not %s', field, lowest, highest, coalesce(value::text, 'null')),
			HINT = 'Ask for less at a time.';
	END IF;
	RETURN value;
END
$$;
COMMENT ON FUNCTION tradepost_internal.bounded(text, integer, integer, integer) IS 'value, if it is within its bounds; TP005 if not';

CREATE OR REPLACE FUNCTION tradepost_internal.instrument_id(symbol text, tenant bigint DEFAULT 1)
	RETURNS integer LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	found_id integer;
BEGIN
	SELECT i.id INTO found_id FROM tradepost_internal.instruments i WHERE i.symbol = instrument_id.symbol AND i.tenant = instrument_id.tenant;
	RETURN tradepost_internal.known_instrument(found_id, symbol);
END
$$;
COMMENT ON FUNCTION tradepost_internal.instrument_id(text, bigint) IS 'Id of the tenant''s instrument with this symbol; TP001 if there is none';

CREATE OR REPLACE FUNCTION tradepost_internal.known_instrument(instrument integer, symbol text)
	RETURNS integer LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF instrument IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_instrument_unknown@',
			MESSAGE = format('symbol %s is unknown', coalesce('"' || left(symbol, 64) || '"', 'null')),
			HINT = 'View tradepost.instruments lists what is traded.';
	END IF;
	RETURN instrument;
END
$$;
COMMENT ON FUNCTION tradepost_internal.known_instrument(integer, text) IS 'instrument; TP001, which names symbol, if it is NULL';

CREATE OR REPLACE FUNCTION tradepost_internal.visible_instrument(symbol text, tenant bigint)
	RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	-- Row security leaves a trader the instruments of its own tenants: another's symbol and one that never was are the same.
	SELECT tradepost_internal.known_instrument((
		SELECT i.id FROM tradepost_internal.instruments i
		WHERE i.symbol = visible_instrument.symbol
			AND i.tenant = coalesce(visible_instrument.tenant, CASE WHEN tradepost_internal.sees_all() THEN 1 ELSE i.tenant END)
		ORDER BY i.tenant LIMIT 1), visible_instrument.symbol);
END;
COMMENT ON FUNCTION tradepost_internal.visible_instrument(text, bigint) IS
'Id of the instrument with this symbol, of those that the current role may see; tenant NULL: the first of the role''s tenants that lists it, for roles that see all tenant 1. TP001 if there is none';

CREATE OR REPLACE FUNCTION tradepost_internal.visible_account(account bigint, visible boolean, sees_all boolean)
	RETURNS bigint LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF visible THEN
		RETURN account;
	ELSIF sees_all THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_account_unknown@',
			MESSAGE = format('account %s does not exist', coalesce(account::text, 'null')),
			HINT = 'View tradepost.accounts lists the accounts.';
	ELSE
		-- Not said which of the two, so that nobody finds out what accounts there are.
		RAISE EXCEPTION USING ERRCODE = '@tradepost_account_not_owned@',
			MESSAGE = format('account %s does not exist or is not this role''s', coalesce(account::text, 'null')),
			HINT = 'An account is shown to its owners, to members of tradepost_admin and of tradepost_auditor.';
	END IF;
END
$$;
COMMENT ON FUNCTION tradepost_internal.visible_account(bigint, boolean, boolean) IS
'account, if its row is visible; else TP002 for roles that see all, TP003 for others. The caller says so, because it alone runs as the role that asked';

CREATE OR REPLACE FUNCTION tradepost_internal.seq_at(moment timestamptz)
	RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	-- Time never goes back along seq, so that the primary key finds a time by halving, and no index on time is needed.
	lowest  bigint := (SELECT e.seq FROM tradepost_internal.events e ORDER BY e.seq LIMIT 1);
	highest bigint := (SELECT e.seq FROM tradepost_internal.events e ORDER BY e.seq DESC LIMIT 1) + 1;
	middle  bigint;
	earlier boolean;
BEGIN
	IF lowest IS NULL THEN
		RETURN 1;
	END IF;
	WHILE lowest < highest LOOP
		middle := lowest + (highest - lowest) / 2;
		SELECT e.time < moment INTO earlier FROM tradepost_internal.events e WHERE e.seq >= middle ORDER BY e.seq LIMIT 1;
		IF earlier THEN
			lowest := middle + 1;
		ELSE
			highest := middle;
		END IF;
	END LOOP;
	RETURN lowest;
END
$$;
COMMENT ON FUNCTION tradepost_internal.seq_at(timestamptz) IS 'The first seq whose event is not before this time; one past the last if there is none';
