-- The first rows.  Not in the install script: a dump restores CREATE EXTENSION first
-- and the rows after it, and rows made twice would collide.

CREATE OR REPLACE FUNCTION tradepost_internal.make_tenant(id bigint, name text)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	house     bigint;
	insurance bigint;
	outside   bigint;
BEGIN
	INSERT INTO tradepost_internal.accounts (tenant, name, kind) VALUES (make_tenant.id, 'house', 'house') RETURNING accounts.id INTO house;
	INSERT INTO tradepost_internal.accounts (tenant, name, kind) VALUES (make_tenant.id, 'insurance', 'insurance') RETURNING accounts.id INTO insurance;
	INSERT INTO tradepost_internal.accounts (tenant, name, kind) VALUES (make_tenant.id, 'external', 'external') RETURNING accounts.id INTO outside;
	INSERT INTO tradepost_internal.tenants (id, name, house_account, insurance_account, external_account)
		VALUES (make_tenant.id, make_tenant.name, house, insurance, outside);
END
$$;
COMMENT ON FUNCTION tradepost_internal.make_tenant(bigint, text) IS 'The rows of a tenant: its house, insurance and external accounts, and itself';

CREATE OR REPLACE FUNCTION tradepost_internal.make_tiers()
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	INSERT INTO tradepost_internal.tiers (tier, rank, price, currency, support_channel, support_response, max_open_orders, max_api_keys, max_sockets) VALUES
		('free', 0, 0, 'USD', 'community', NULL, 100, 0, 5),
		('basic', 1, 49, 'USD', 'email', '24 hours', 500, 0, 10),
		('pro', 2, 199, 'USD', 'priority', '4 hours', 5000, 10, 25),
		('enterprise', 3, 999, 'USD', 'dedicated', '1 hour', NULL, 100, 100);
	INSERT INTO tradepost_internal.features (feature, tier, description) VALUES
		('basic_access', 'free', 'Market data, orders, account'),
		('signals_basic', 'free', 'Basic signals'),
		('email_support', 'basic', 'Support by e-mail'),
		('signals_advanced', 'pro', 'Advanced signals'),
		('signals_publish', 'pro', 'Publishing signals'),
		('performance', 'pro', 'Performance reports'),
		('api_keys', 'pro', 'Access by API key'),
		('priority_support', 'pro', 'Priority support'),
		('system_metrics', 'enterprise', 'Metrics of the system'),
		('dedicated_support', 'enterprise', 'Dedicated support'),
		('custom_integration', 'enterprise', 'Custom integration');
END;
COMMENT ON FUNCTION tradepost_internal.make_tiers() IS 'The rows of the tiers and of their features';

CREATE OR REPLACE FUNCTION tradepost.init()
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	IF EXISTS (SELECT FROM tradepost_internal.engine_state) THEN
		RETURN;
	END IF;
	-- Two first calls at once: the second waits here and then finds the first one's rows.
	LOCK TABLE tradepost_internal.tenants IN SHARE ROW EXCLUSIVE MODE;
	IF EXISTS (SELECT FROM tradepost_internal.engine_state) THEN
		RETURN;
	END IF;

	-- Tenant 1 is the default of every call, whatever its sequence has come to through calls that rolled back.
	PERFORM tradepost_internal.make_tenant(1, 'default');
	PERFORM tradepost_internal.make_tiers();
	PERFORM setval(pg_get_serial_sequence('tradepost_internal.tenants', 'id'), 1);
	INSERT INTO tradepost_internal.engine_state (instance, last_seq, last_time, watermark, tail_seq, checksum, starts)
		VALUES (tradepost_internal.instance_id(), 0, '2000-01-01 00:00:00+00', 1, 1, 0, 0);
END
$$;
COMMENT ON FUNCTION tradepost.init() IS
'Makes the first rows: tenant 1 with its house, insurance and external accounts, the tiers and their features, and the engine''s state. Does nothing where they exist. open_account(), create_asset() and create_instrument()
call it by themselves. Administrators only.';

CREATE OR REPLACE FUNCTION tradepost_internal.require_definition(holds boolean, message text, hint text)
	RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF holds IS NOT TRUE THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_invalid_definition@', MESSAGE = message,
			HINT = coalesce(hint, 'The comment of tradepost.create_instrument() says what each field is.');
	END IF;
END
$$;
COMMENT ON FUNCTION tradepost_internal.require_definition(boolean, text, text) IS 'TP014 with this message and hint unless it holds';

CREATE OR REPLACE FUNCTION tradepost_internal.require_value(field text, value numeric)
	RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	-- NaN is above all numbers, so that it fails the comparison too.
	PERFORM tradepost_internal.require_definition(value > -92000000000 AND value < 92000000000,
		format('%s must be a number below 92000000000, its sign aside, not %s', field, coalesce(value::text, 'null')),
		'Money, prices and quantities are kept in 64 bits, in units of 0.00000001.');
	PERFORM tradepost_internal.require_definition(value = trunc(value, 8),
		format('%s must be a multiple of 0.00000001, not %s', field, value),
		'Money, prices and quantities have at most 8 decimal places.');
END
$$;
COMMENT ON FUNCTION tradepost_internal.require_value(text, numeric) IS 'TP014 unless the engine can hold value exactly; field names it in the message';

CREATE OR REPLACE FUNCTION tradepost_internal.require_tenant(tenant bigint)
	RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	PERFORM tradepost_internal.require_definition(
		EXISTS (SELECT FROM tradepost_internal.tenants t WHERE t.id = require_tenant.tenant),
		format('tenant %s does not exist', coalesce(tenant::text, 'null')),
		'Tenant 1 is the default one.');
END
$$;
COMMENT ON FUNCTION tradepost_internal.require_tenant(bigint) IS 'TP014 unless this tenant exists';
