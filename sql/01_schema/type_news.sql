-- What the follower reads out of the events.

CREATE TYPE tradepost_internal.news AS (
	seq        bigint,
	time       timestamptz,
	account    bigint,
	order_id   bigint,
	instrument integer,
	kind       smallint,
	side       smallint,
	maker      boolean,
	quantity   numeric,
	price      numeric,
	commission numeric,
	reason     smallint
);
COMMENT ON TYPE tradepost_internal.news IS 'One account''s side of a fill, a settlement, an expiry or a cancel that its owner has not asked for; side is what the account itself bought or sold by it';
