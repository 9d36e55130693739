-- Instruments: what may be traded, and by which rules.  A definition that passes here is
-- one whose every price, quantity and product the engine can hold exactly.

CREATE OR REPLACE FUNCTION tradepost_internal.asset_id(field text, code text, tenant bigint, OUT id integer, OUT scale integer)
	RETURNS record LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	SELECT a.id, a.scale INTO id, scale FROM tradepost_internal.assets a WHERE a.tenant = asset_id.tenant AND a.code = asset_id.code;
	IF id IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_asset_unknown@', MESSAGE = format('%s %s is unknown', field, coalesce('"' || left(code, 64) || '"', 'null')),
			HINT = 'tradepost.create_asset() makes one.';
	END IF;
END
$$;
COMMENT ON FUNCTION tradepost_internal.asset_id(text, text, bigint) IS 'Number and scale of an asset; TP004 if there is none, with field naming it in the message';

CREATE OR REPLACE FUNCTION tradepost_internal.require_commission(maker_rate numeric, taker_rate numeric)
	RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	rate record;
BEGIN
	FOR rate IN SELECT * FROM (VALUES ('maker_rate', maker_rate), ('taker_rate', taker_rate)) v (field, value) LOOP
		PERFORM tradepost_internal.require_definition(rate.value BETWEEN 0 AND 1 AND rate.value = trunc(rate.value, 8),
			format('%s must be a multiple of 0.00000001 between 0 and 1, not %s', rate.field, coalesce(rate.value::text, 'null')),
			'0.001 is 0.1 percent of what is traded.');
	END LOOP;
END
$$;
COMMENT ON FUNCTION tradepost_internal.require_commission(numeric, numeric) IS 'TP014 unless both commission rates are possible';

CREATE OR REPLACE FUNCTION tradepost_internal.check_instrument(i tradepost_internal.instruments)
	RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	base_scale  integer := (SELECT a.scale FROM tradepost_internal.assets a WHERE a.id = i.asset);
	quote_scale integer := (SELECT a.scale FROM tradepost_internal.assets a WHERE a.id = i.quote);
	highest     CONSTANT numeric := 90000000000;
	item        record;
BEGIN
	FOR item IN SELECT * FROM (VALUES ('tick', i.tick), ('lot', i.lot), ('multiplier', i.multiplier), ('band', i.band), ('mark_step', i.mark_step),
		('max_price', i.max_price), ('max_quantity', i.max_quantity), ('contract_size', i.contract_size)) v (field, value)
	LOOP
		PERFORM tradepost_internal.require_value(item.field, item.value);
		PERFORM tradepost_internal.require_definition(item.value > 0, format('%s must be above 0, not %s', item.field, trim_scale(item.value)), NULL);
	END LOOP;
	PERFORM tradepost_internal.require_definition(i.asset <> i.quote,
		format('asset and quote must differ, and both are "%s"', (SELECT a.code FROM tradepost_internal.assets a WHERE a.id = i.quote)),
		'The price of a thing in itself is always 1.');
	PERFORM tradepost_internal.require_definition(mod(i.tick * i.lot * i.multiplier, power(10::numeric, -quote_scale)) = 0,
		format('tick * lot * multiplier is %s, which must be a multiple of %s, the smallest amount of asset "%s"',
			trim_scale(i.tick * i.lot * i.multiplier), trim_scale(power(10::numeric, -quote_scale)), (SELECT a.code FROM tradepost_internal.assets a WHERE a.id = i.quote)),
		'Then the value of a trade never needs rounding. Choose a larger tick or lot, or a quote asset with more decimal places.');

	FOR item IN SELECT * FROM (VALUES ('reference_price', i.reference_price), ('mark', i.initial_mark)) v (field, value) LOOP
		PERFORM tradepost_internal.require_value(item.field, item.value);
		PERFORM tradepost_internal.require_definition(mod(item.value, i.tick) = 0,
			format('%s must be a multiple of tick %s, not %s', item.field, trim_scale(i.tick), trim_scale(item.value)), NULL);
		PERFORM tradepost_internal.require_definition(i.allow_negative OR item.value > 0,
			format('%s must be above 0, not %s', item.field, trim_scale(item.value)), 'A future may have prices of zero and below with allow_negative.');
	END LOOP;
	FOR item IN SELECT * FROM (VALUES ('band', i.band), ('mark_step', i.mark_step), ('max_price', i.max_price)) v (field, value) LOOP
		PERFORM tradepost_internal.require_definition(mod(item.value, i.tick) = 0,
			format('%s must be a multiple of tick %s, not %s', item.field, trim_scale(i.tick), trim_scale(item.value)), NULL);
	END LOOP;
	PERFORM tradepost_internal.require_definition(i.max_price >= greatest(abs(i.reference_price), abs(i.initial_mark)),
		format('max_price must be at least %s, the larger of reference_price and mark, not %s',
			trim_scale(greatest(abs(i.reference_price), abs(i.initial_mark))), trim_scale(i.max_price)), NULL);
	PERFORM tradepost_internal.require_definition(i.max_quantity >= i.lot AND mod(i.max_quantity, i.lot) = 0,
		format('max_quantity must be a multiple of lot %s, not %s', trim_scale(i.lot), i.max_quantity), NULL);
	PERFORM tradepost_internal.require_definition(i.max_quantity * i.multiplier * i.max_price <= highest,
		format('max_quantity * multiplier * max_price is %s, and may be %s at most', trim_scale(i.max_quantity * i.multiplier * i.max_price), highest),
		'It is the value of the largest order. Lower max_quantity or max_price.');

	IF i.kind = 0 THEN
		PERFORM tradepost_internal.require_definition(i.multiplier = 1, format('multiplier must be 1 for spot, not %s', i.multiplier), NULL);
		PERFORM tradepost_internal.require_definition(mod(i.lot, power(10::numeric, -base_scale)) = 0,
			format('lot must be a multiple of %s, the asset''s smallest amount, not %s', trim_scale(power(10::numeric, -base_scale)), i.lot), NULL);
		PERFORM tradepost_internal.require_definition(NOT i.allow_negative, 'allow_negative must be false for spot', NULL);
		PERFORM tradepost_internal.require_definition(i.contract IS NULL, 'contract must be null for spot', NULL);
		PERFORM tradepost_internal.require_definition(i.expires_at IS NULL, 'expires_at must be null for spot', NULL);
		FOR item IN SELECT * FROM (VALUES ('initial_margin', i.initial_margin_long), ('initial_margin_short', i.initial_margin_short),
			('maintenance_margin', i.maintenance_margin_long), ('maintenance_margin_short', i.maintenance_margin_short)) v (field, value)
		LOOP
			PERFORM tradepost_internal.require_definition(item.value = 0, format('%s must be left out for spot, which is paid in full', item.field), NULL);
		END LOOP;
		RETURN;
	END IF;

	FOR item IN SELECT * FROM (VALUES ('initial_margin', i.initial_margin_long), ('initial_margin_short', i.initial_margin_short),
		('maintenance_margin', i.maintenance_margin_long), ('maintenance_margin_short', i.maintenance_margin_short)) v (field, value)
	LOOP
		PERFORM tradepost_internal.require_value(item.field, item.value);
		PERFORM tradepost_internal.require_definition(item.value > 0, format('%s must be above 0, not %s', item.field, trim_scale(item.value)),
			'It is money of the quote asset per 1.0 of quantity. With a reference_price of 0 it has no default.');
	END LOOP;
	PERFORM tradepost_internal.require_definition(i.maintenance_margin_long <= i.initial_margin_long AND i.maintenance_margin_short <= i.initial_margin_short,
		format('maintenance_margin must be at most the initial margin: %s of %s long, %s of %s short',
			trim_scale(i.maintenance_margin_long), trim_scale(i.initial_margin_long), trim_scale(i.maintenance_margin_short), trim_scale(i.initial_margin_short)),
		'Else a new position would be liquidated at once.');
	PERFORM tradepost_internal.require_definition(i.contract IS NULL OR i.contract ~ '^[A-Za-z0-9][A-Za-z0-9._]{0,15}$',
		format('contract must have 1 to 16 characters out of A-Z a-z 0-9 . _ and begin with a letter or digit, not %s', quote_literal(left(i.contract, 64))),
		'Such as Dec25.');
	PERFORM tradepost_internal.require_definition(i.expires_at IS NULL OR isfinite(i.expires_at) AND i.expires_at > clock_timestamp(),
		format('expires_at must be in the future, not %s', i.expires_at), 'Leave it out for a contract that never expires by itself.');
END
$$;
COMMENT ON FUNCTION tradepost_internal.check_instrument(tradepost_internal.instruments) IS 'TP014 unless the engine can run an instrument like this';

CREATE OR REPLACE FUNCTION tradepost.create_instrument(
	symbol text, kind text, asset text, quote text, tick numeric, lot numeric, reference_price numeric,
	contract text DEFAULT NULL, multiplier numeric DEFAULT 1, mark numeric DEFAULT NULL, band numeric DEFAULT NULL, mark_step numeric DEFAULT NULL,
	max_price numeric DEFAULT NULL, max_quantity numeric DEFAULT NULL, initial_margin numeric DEFAULT NULL, maintenance_margin numeric DEFAULT NULL,
	initial_margin_short numeric DEFAULT NULL, maintenance_margin_short numeric DEFAULT NULL,
	maker_rate numeric DEFAULT 0.001, taker_rate numeric DEFAULT 0.001, allow_negative boolean DEFAULT false,
	expires_at timestamptz DEFAULT NULL, tenant bigint DEFAULT 1, contract_size numeric DEFAULT 1)
	RETURNS integer LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	i       tradepost_internal.instruments;
	highest CONSTANT numeric := 90000000000;
	most    integer;
	field   record;
BEGIN
	PERFORM tradepost.init();
	most := current_setting('tradepost.max_instruments')::integer;
	PERFORM tradepost_internal.require_tenant(tenant);
	PERFORM tradepost_internal.require_definition(symbol ~ '^[A-Za-z0-9][A-Za-z0-9._/-]{0,31}$',
		format('symbol must have 1 to 32 characters out of A-Z a-z 0-9 . _ / - and begin with a letter or digit, not %s', coalesce(quote_literal(left(symbol, 64)), 'null')),
		'Such as Dec25-Wheat or EURUSD.');
	PERFORM tradepost_internal.require_definition(kind IN ('spot', 'future'),
		format('kind of instrument "%s" must be spot or future, not %s', symbol, coalesce(quote_literal(left(kind, 64)), 'null')), NULL);
	PERFORM tradepost_internal.require_definition(allow_negative IS NOT NULL, 'allow_negative must be true or false, not null', NULL);
	-- What the defaults below are made from must make sense before them.
	FOR field IN SELECT * FROM (VALUES ('tick', tick, true), ('lot', lot, true), ('multiplier', multiplier, true), ('reference_price', reference_price, false)) v (name, value, positive)
	LOOP
		PERFORM tradepost_internal.require_value(field.name, field.value);
		PERFORM tradepost_internal.require_definition(field.value > 0 OR NOT field.positive, format('%s must be above 0, not %s', field.name, trim_scale(field.value)), NULL);
	END LOOP;
	FOR field IN SELECT * FROM (VALUES ('mark', mark), ('band', band), ('mark_step', mark_step), ('max_price', max_price), ('max_quantity', max_quantity),
		('initial_margin', initial_margin), ('maintenance_margin', maintenance_margin),
		('initial_margin_short', initial_margin_short), ('maintenance_margin_short', maintenance_margin_short)) v (name, value) WHERE v.value IS NOT NULL
	LOOP
		PERFORM tradepost_internal.require_value(field.name, field.value);
	END LOOP;
	PERFORM tradepost_internal.require_definition(max_price IS NULL OR max_price > 0, format('max_price must be above 0, not %s', max_price), NULL);

	i.tenant := tenant;
	i.symbol := symbol;
	i.kind := CASE kind WHEN 'spot' THEN 0 ELSE 1 END;
	i.asset := (tradepost_internal.asset_id('asset', asset, tenant)).id;
	i.quote := (tradepost_internal.asset_id('quote', quote, tenant)).id;
	i.contract := contract;
	i.tick := tick;
	i.lot := lot;
	i.multiplier := multiplier;
	i.reference_price := reference_price;
	i.initial_mark := coalesce(mark, reference_price);
	i.band := coalesce(band, greatest(tick, div(abs(reference_price), 2 * tick) * tick));
	i.mark_step := coalesce(mark_step, i.band);
	i.max_price := coalesce(max_price, least(10 * greatest(abs(i.reference_price), abs(i.initial_mark), i.band),
		div(highest, tick * greatest(1, multiplier * lot)) * tick));
	i.max_quantity := coalesce(max_quantity, div(highest, lot * greatest(1, multiplier * greatest(i.max_price, tick))) * lot);
	i.initial_margin_long := coalesce(initial_margin, CASE i.kind WHEN 1 THEN tradepost_internal.round_up(abs(reference_price) * multiplier / 10, 8) ELSE 0 END);
	i.initial_margin_short := coalesce(initial_margin_short, i.initial_margin_long);
	i.maintenance_margin_long := coalesce(maintenance_margin, trunc(i.initial_margin_long * 0.75, 8));
	i.maintenance_margin_short := coalesce(maintenance_margin_short, CASE WHEN initial_margin_short IS NULL THEN i.maintenance_margin_long ELSE trunc(i.initial_margin_short * 0.75, 8) END);
	i.maker_rate := maker_rate;
	i.taker_rate := taker_rate;
	i.allow_negative := allow_negative;
	i.expires_at := expires_at;
	i.contract_size := contract_size;
	-- Dec25-Wheat is contract Dec25 of asset Wheat.
	IF i.kind = 1 AND contract IS NULL AND length(symbol) > length(asset) + 1 AND right(symbol, length(asset) + 1) = '-' || asset THEN
		i.contract := left(symbol, -(length(asset) + 1));
	END IF;
	PERFORM tradepost_internal.require_commission(maker_rate, taker_rate);
	PERFORM tradepost_internal.check_instrument(i);
	PERFORM tradepost_internal.require_definition(i.contract IS NULL OR symbol = i.contract || '-' || asset,
		format('symbol of contract "%s" of asset "%s" must be "%s-%s", not "%s"', i.contract, asset, i.contract, asset, symbol),
		'Leave contract out to have it taken from the symbol.');

	-- The engine has room in shared memory for so many; counted and inserted by one session at a time.
	LOCK TABLE tradepost_internal.instruments IN SHARE ROW EXCLUSIVE MODE;
	IF EXISTS (SELECT FROM tradepost_internal.instruments x WHERE x.tenant = i.tenant AND x.symbol = i.symbol) THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_duplicate@', MESSAGE = format('instrument "%s" exists already', symbol),
			HINT = 'View tradepost.instruments lists them; set_commission() and set_mark() change one.';
	END IF;
	PERFORM tradepost_internal.require_definition((SELECT count(*) FROM tradepost_internal.instruments) < most,
		format('instrument "%s" would be one more than tradepost.max_instruments, which is %s', symbol, most),
		'Raise tradepost.max_instruments and restart the server.');
	i.id := nextval(pg_get_serial_sequence('tradepost_internal.instruments', 'id'));
	i.created_at := now();
	INSERT INTO tradepost_internal.instruments VALUES (i.*);
	PERFORM tradepost_internal.list_instrument(i.id);
	RETURN i.id;
END
$$;
COMMENT ON FUNCTION tradepost.create_instrument(text, text, text, text, numeric, numeric, numeric, text, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, boolean, timestamptz, bigint, numeric) IS
'Lists an instrument and returns its number; it trades from this transaction''s commit on. kind: spot (asset against quote) or future (a contract on asset, margined and settled in quote; contract
Dec25 of asset Wheat has symbol Dec25-Wheat). asset and quote differ. tick, lot: prices and quantities are multiples of them; tick * lot * multiplier is a multiple of the quote asset''s smallest amount. multiplier: units
of asset in 1.0 of quantity. reference_price: the fixed price that contract cash is kept against. mark: the first one, default reference_price. band: largest distance of an order''s price from the
mark, default half of reference_price. mark_step: largest change of the mark at once, default band. max_price: default ten times the largest of reference_price, mark and band. max_quantity: of one
order, default what keeps quantity * multiplier * max_price within 90000000000. initial_margin: money per 1.0 of quantity, default 10 % of reference_price * multiplier; maintenance_margin: default
75 % of it; with _short: of short positions, default the same. maker_rate, taker_rate: commission, 0.001 is 0.1 %. allow_negative: prices of zero and below. expires_at: when the contract settles
at its mark. contract_size: quantity in a volume of 1.0, as signals count it, such as 100000 for a currency pair. Errors: TP004 unknown asset, TP014 with field, value and limit, TP015 it exists. Administrators only.';

CREATE OR REPLACE FUNCTION tradepost.set_commission(symbol text, maker_rate numeric, taker_rate numeric, tenant bigint DEFAULT 1)
	RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	changed integer;
BEGIN
	PERFORM tradepost_internal.require_commission(maker_rate, taker_rate);
	UPDATE tradepost_internal.instruments i SET maker_rate = set_commission.maker_rate, taker_rate = set_commission.taker_rate
		WHERE i.symbol = set_commission.symbol AND i.tenant = set_commission.tenant RETURNING i.id INTO changed;
	IF changed IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_instrument_unknown@', MESSAGE = format('symbol %s is unknown', coalesce('"' || left(symbol, 64) || '"', 'null')),
			HINT = 'View tradepost.instruments lists what is traded.';
	END IF;
	RETURN tradepost_internal.list_instrument(changed);
END
$$;
COMMENT ON FUNCTION tradepost.set_commission(text, numeric, numeric, bigint) IS
'Sets the commission rates of an instrument''s new orders, and of its close-outs; returns the command''s id. Orders keep the rates that they were placed with. 0.001 is 0.1 %. Errors: TP001 unknown
symbol, TP014. Administrators only.';
