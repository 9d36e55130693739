-- What may be subscribed to.  init() makes the first rows; administrators change them.

CREATE TABLE tradepost_internal.tiers (
	tenant           bigint REFERENCES tradepost_internal.tenants,
	tier             text NOT NULL CHECK (tier IN ('free', 'basic', 'pro', 'enterprise')),
	rank             integer NOT NULL,
	price            numeric NOT NULL CHECK (price >= 0 AND price = round(price, 2)),
	currency         text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
	support_channel  text NOT NULL,
	support_response interval,
	max_open_orders  integer CHECK (max_open_orders >= 1),
	max_api_keys     integer CHECK (max_api_keys >= 0),
	max_sockets      integer CHECK (max_sockets >= 0)
);
CREATE UNIQUE INDEX tiers_key ON tradepost_internal.tiers (tier, coalesce(tenant, 0));
COMMENT ON TABLE tradepost_internal.tiers IS 'Tiers of subscription: what each costs, its support and its limits; tier_of() is the row that holds for a tenant';
COMMENT ON COLUMN tradepost_internal.tiers.tenant IS 'Tenant that has these terms of its own; NULL: everybody else';
COMMENT ON COLUMN tradepost_internal.tiers.tier IS 'free, basic, pro or enterprise';
COMMENT ON COLUMN tradepost_internal.tiers.rank IS 'Place among the tiers, from 0: each has everything that those below it have';
COMMENT ON COLUMN tradepost_internal.tiers.price IS 'Price of a month; the tenant''s settings go before it';
COMMENT ON COLUMN tradepost_internal.tiers.currency IS 'Currency of the price; the tenant''s settings go before it';
COMMENT ON COLUMN tradepost_internal.tiers.support_channel IS 'Where help is to be had';
COMMENT ON COLUMN tradepost_internal.tiers.support_response IS 'Time within which it answers; NULL: not promised';
COMMENT ON COLUMN tradepost_internal.tiers.max_open_orders IS 'Open orders an account may have, untriggered ones included; NULL: no limit';
COMMENT ON COLUMN tradepost_internal.tiers.max_api_keys IS 'API keys a user may have; NULL: no limit';
COMMENT ON COLUMN tradepost_internal.tiers.max_sockets IS 'WebSockets a user may have open; NULL: no limit';
COMMENT ON INDEX tradepost_internal.tiers_key IS 'One row a tier and tenant';

CREATE TABLE tradepost_internal.features (
	feature     text PRIMARY KEY CHECK (feature ~ '^[a-z][a-z0-9_]{0,63}$'),
	tier        text NOT NULL CHECK (tier IN ('free', 'basic', 'pro', 'enterprise')),
	description text NOT NULL
);
COMMENT ON TABLE tradepost_internal.features IS 'What the tiers include: require_feature() goes by it';
COMMENT ON COLUMN tradepost_internal.features.feature IS 'Name of the feature';
COMMENT ON COLUMN tradepost_internal.features.tier IS 'The least tier that has it';
COMMENT ON COLUMN tradepost_internal.features.description IS 'What it is, for people';
COMMENT ON INDEX tradepost_internal.features_pkey IS 'A feature by name';

CREATE TRIGGER configuration_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON tradepost_internal.tiers
	FOR EACH STATEMENT EXECUTE FUNCTION tradepost_internal.configuration_changed();
COMMENT ON TRIGGER configuration_changed ON tradepost_internal.tiers IS 'Backends forget what they remember of the configuration';
