-- Tenants: brokers that share the database and see nothing of each other.

CREATE OR REPLACE FUNCTION tradepost_internal.require_hosts(hosts text[], but_tenant bigint)
	RETURNS text[] LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	host  text;
	taken text;
	clean text[] := '{}';
BEGIN
	PERFORM tradepost_internal.require_definition(hosts IS NOT NULL AND cardinality(hosts) <= 64, 'hosts must be an array of at most 64 host names', 'An empty one is for a tenant that is named by header or token alone.');
	FOREACH host IN ARRAY hosts LOOP
		host := lower(host);
		PERFORM tradepost_internal.require_definition(host ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?([.][a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$' AND length(host) <= 253,
			format('host %s is not a host name', coalesce(quote_literal(left(host, 80)), 'null')), 'Such as trade.example.org, without scheme and port.');
		clean := clean || CASE WHEN host = ANY (clean) THEN '{}' ELSE ARRAY[host] END;
	END LOOP;
	SELECT h INTO taken FROM tradepost_internal.tenants t, unnest(t.hosts) h WHERE h = ANY (clean) AND t.id IS DISTINCT FROM but_tenant LIMIT 1;
	IF taken IS NOT NULL THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_duplicate@', MESSAGE = format('host "%s" is another tenant''s', taken), HINT = 'A request is for the one tenant that its host names.';
	END IF;
	RETURN clean;
END
$$;
COMMENT ON FUNCTION tradepost_internal.require_hosts(text[], bigint) IS 'These host names in lower case, if they are some and no other tenant''s; TP014, TP015. The caller has locked the table of tenants';

CREATE OR REPLACE FUNCTION tradepost_internal.require_settings(settings jsonb)
	RETURNS jsonb LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	known CONSTANT text[] := '{demoAsset,demoBalance,registration,rateLimits,prices,currency}';
	rates CONSTANT text[] := '{auth,api_anonymous,api_free,api_basic,api_pro,api_enterprise,orders_free,orders_basic,orders_pro,orders_enterprise,signals,webhooks}';
	name  text;
	value jsonb;
BEGIN
	PERFORM tradepost_internal.require_definition(jsonb_typeof(settings) = 'object', 'settings must be a JSON object', format('It takes: %s.', array_to_string(known, ', ')));
	FOR name, value IN SELECT * FROM jsonb_each(settings) LOOP
		PERFORM tradepost_internal.require_definition(name = ANY (known), format('setting "%s" is unknown', left(name, 64)), format('There are: %s.', array_to_string(known, ', ')));
		CASE name
		WHEN 'demoAsset' THEN
			PERFORM tradepost_internal.require_definition(jsonb_typeof(value) = 'string' AND value #>> '{}' ~ '^([A-Za-z0-9][A-Za-z0-9._-]{0,31})?$',
				format('demoAsset must be the code of an asset, not %s', left(value::text, 64)), 'Empty: new accounts get no play money.');
		WHEN 'demoBalance' THEN
			PERFORM tradepost_internal.require_definition(CASE WHEN jsonb_typeof(value) IN ('number', 'string') AND value #>> '{}' ~ '^[0-9]{1,9}([.][0-9]{1,2})?$' THEN (value #>> '{}')::numeric <= 900000000 ELSE false END,
				format('demoBalance must be an amount between 0 and 900000000 with at most 2 decimal places, not %s', left(value::text, 64)), 'New accounts get it of demoAsset.');
		WHEN 'registration' THEN
			PERFORM tradepost_internal.require_definition(value IN ('"open"', '"closed"'), format('registration must be open or closed, not %s', left(value::text, 64)), 'closed: nobody registers.');
		WHEN 'currency' THEN
			PERFORM tradepost_internal.require_definition(jsonb_typeof(value) = 'string' AND value #>> '{}' ~ '^[A-Z]{3}$', format('currency must have three capital letters, not %s', left(value::text, 64)), 'Such as USD: it is what prices are in.');
		ELSE
			PERFORM tradepost_internal.require_definition(jsonb_typeof(value) = 'object', format('%s must be a JSON object, not %s', name, left(value::text, 64)), NULL);
		END CASE;
	END LOOP;
	FOR name, value IN SELECT * FROM jsonb_each(settings -> 'rateLimits') LOOP
		PERFORM tradepost_internal.require_definition(name = ANY (rates), format('rate limit "%s" is unknown', left(name, 64)), format('There are: %s.', array_to_string(rates, ', ')));
		PERFORM tradepost_internal.require_definition(jsonb_typeof(value) = 'string' AND value #>> '{}' ~ '^(off|[1-9][0-9]{0,6}/[1-9][0-9]{0,6})$',
			format('rate limit %s must be count/seconds or off, not %s', name, left(value::text, 64)), 'Such as 100/60.');
	END LOOP;
	PERFORM tradepost_internal.require_prices(coalesce(settings -> 'prices', '{}'));
	RETURN settings;
END
$$;
COMMENT ON FUNCTION tradepost_internal.require_settings(jsonb) IS 'The settings, if a tenant can have them; TP014, which names the key, the value and what it may be';

CREATE OR REPLACE FUNCTION tradepost_internal.require_prices(prices jsonb)
	RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	name  text;
	value jsonb;
BEGIN
	PERFORM tradepost_internal.require_definition(jsonb_typeof(prices) = 'object', 'prices must be a JSON object', 'Such as {"basic": 49}.');
	FOR name, value IN SELECT * FROM jsonb_each(prices) LOOP
		PERFORM tradepost_internal.require_definition(name IN ('basic', 'pro', 'enterprise'), format('price of "%s" is of no tier that has one', left(name, 64)), 'There are: basic, pro, enterprise.');
		PERFORM tradepost_internal.require_definition(jsonb_typeof(value) IN ('number', 'string') AND value #>> '{}' ~ '^[0-9]{1,9}([.][0-9]{1,2})?$',
			format('price of %s must be an amount with at most 2 decimal places, not %s', name, left(value::text, 64)), 'Such as 49 or "49.50".');
	END LOOP;
END
$$;
COMMENT ON FUNCTION tradepost_internal.require_prices(jsonb) IS 'TP014 unless these are prices of tiers';

CREATE OR REPLACE FUNCTION tradepost.create_tenant(name text, hosts text[] DEFAULT '{}', settings jsonb DEFAULT '{}')
	RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	made bigint;
BEGIN
	PERFORM tradepost.init();
	PERFORM tradepost_internal.require_definition(name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$',
		format('name of a tenant must have 1 to 63 characters out of A-Z a-z 0-9 . _ - and begin with a letter or digit, not %s', coalesce(quote_literal(left(name, 80)), 'null')),
		'Header X-Tenant names it.');
	-- Names and hosts are compared by one session at a time.
	LOCK TABLE tradepost_internal.tenants IN SHARE ROW EXCLUSIVE MODE;
	IF EXISTS (SELECT FROM tradepost_internal.tenants t WHERE lower(t.name) = lower(create_tenant.name)) THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_duplicate@', MESSAGE = format('tenant "%s" exists already', name), HINT = 'View tradepost.tenants lists them.';
	END IF;
	hosts := tradepost_internal.require_hosts(hosts, NULL);
	made := nextval(pg_get_serial_sequence('tradepost_internal.tenants', 'id'));
	PERFORM tradepost_internal.make_tenant(made, name);
	UPDATE tradepost_internal.tenants t SET hosts = create_tenant.hosts, settings = tradepost_internal.require_settings(create_tenant.settings) WHERE t.id = made;
	PERFORM tradepost_internal.note_security('tenant_created', NULL, NULL, 0, jsonb_build_object('tenant', made, 'name', name, 'by', session_user));
	PERFORM tradepost_internal.tell_edge(json_build_object('tenant', made));
	RETURN made;
END
$$;
COMMENT ON FUNCTION tradepost.create_tenant(text, text[], jsonb) IS
'Makes a tenant with its house, insurance and external accounts, and returns its number. It has no assets and no instruments yet. name: what header X-Tenant gives. hosts: host names whose requests are for it. settings: see
set_tenant(). Errors: TP014, TP015 the name or a host is taken. Administrators only.';

CREATE OR REPLACE FUNCTION tradepost.set_tenant(id bigint, hosts text[] DEFAULT NULL, settings jsonb DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	LOCK TABLE tradepost_internal.tenants IN SHARE ROW EXCLUSIVE MODE;
	PERFORM tradepost_internal.require_tenant(id);
	IF hosts IS NOT NULL THEN
		hosts := tradepost_internal.require_hosts(hosts, id);
	END IF;
	IF settings IS NOT NULL THEN
		settings := tradepost_internal.require_settings(settings);
	END IF;
	UPDATE tradepost_internal.tenants t SET hosts = coalesce(set_tenant.hosts, t.hosts), settings = coalesce(set_tenant.settings, t.settings) WHERE t.id = set_tenant.id;
	PERFORM tradepost_internal.note_security('tenant_changed', NULL, NULL, 0, jsonb_strip_nulls(jsonb_build_object('tenant', id, 'hosts', hosts, 'settings', settings, 'by', session_user)));
	PERFORM tradepost_internal.tell_edge(json_build_object('tenant', id));
END
$$;
COMMENT ON FUNCTION tradepost.set_tenant(bigint, text[], jsonb) IS
'Replaces the hosts and the settings of a tenant; NULL leaves them. settings: demoAsset and demoBalance (play money of new accounts), registration (open or closed), rateLimits ({"api_free": "100/900", ...}, count/seconds or off, by the names
of the proxy''s RATE_LIMIT_ settings in lower case), prices ({"basic": 49, ...} a month), currency (of the prices); what is missing is as the server has it. Each proxy goes by them within a second. Errors: TP014 with key and value, TP015 a
host is another''s. Administrators only.';

CREATE OR REPLACE FUNCTION tradepost_edge.tenants()
	RETURNS TABLE (id bigint, name text, hosts text[], settings jsonb)
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER ROWS 10 SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
	SELECT t.id, t.name, t.hosts, t.settings FROM tradepost_internal.tenants t ORDER BY t.id
$$;
COMMENT ON FUNCTION tradepost_edge.tenants() IS 'Which tenant a request is for: what a proxy loads when it connects and when {"tenant": id} comes on channel tradepost_edge';

CREATE OR REPLACE VIEW tradepost.tenants WITH (security_invoker = true) AS
SELECT t.id, t.name, t.hosts, t.settings, t.house_account, t.insurance_account, t.external_account, t.created_at
FROM tradepost_internal.tenants t;
COMMENT ON VIEW tradepost.tenants IS 'Brokers that share this database; for administrators and auditors';
COMMENT ON COLUMN tradepost.tenants.id IS 'Number of the tenant, as calls name it';
COMMENT ON COLUMN tradepost.tenants.name IS 'Its name, as header X-Tenant gives it';
COMMENT ON COLUMN tradepost.tenants.hosts IS 'Host names whose requests are for it';
COMMENT ON COLUMN tradepost.tenants.settings IS 'What it wants otherwise than the server''s settings';
COMMENT ON COLUMN tradepost.tenants.house_account IS 'Account that its commission is credited to';
COMMENT ON COLUMN tradepost.tenants.insurance_account IS 'Account that takes what a liquidation leaves; it may go negative';
COMMENT ON COLUMN tradepost.tenants.external_account IS 'The other side of deposits and withdrawals: minus what clients hold here';
COMMENT ON COLUMN tradepost.tenants.created_at IS 'When it was made';
