-- Assets: currencies and other things that accounts hold.

CREATE OR REPLACE FUNCTION tradepost.create_asset(code text, scale integer DEFAULT 2, name text DEFAULT NULL, tenant bigint DEFAULT 1)
	RETURNS integer LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asset integer;
BEGIN
	PERFORM tradepost.init();
	PERFORM tradepost_internal.require_tenant(tenant);
	PERFORM tradepost_internal.require_definition(code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$',
		format('code must have 1 to 32 characters out of A-Z a-z 0-9 . _ - and begin with a letter or digit, not %s', coalesce(quote_literal(left(code, 64)), 'null')),
		'Such as USD or Wheat.');
	PERFORM tradepost_internal.require_definition(scale BETWEEN 0 AND 8,
		format('scale of asset "%s" must be between 0 and 8, not %s', code, coalesce(scale::text, 'null')),
		'It is the number of decimal places of the asset''s smallest amount: 2 for cents.');
	PERFORM tradepost_internal.require_definition(name IS NULL OR length(name) BETWEEN 1 AND 128 AND name !~ '[[:cntrl:]]',
		format('name of asset "%s" must have 1 to 128 characters, none of them a control character', code),
		'Leave it out to name it by its code.');
	INSERT INTO tradepost_internal.assets (tenant, code, name, scale)
		VALUES (create_asset.tenant, create_asset.code, coalesce(create_asset.name, create_asset.code), create_asset.scale)
		ON CONFLICT DO NOTHING RETURNING id INTO asset;
	IF asset IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_duplicate@', MESSAGE = format('asset "%s" exists already', code),
			HINT = 'View tradepost.assets lists them.';
	END IF;
	RETURN asset;
END
$$;
COMMENT ON FUNCTION tradepost.create_asset(text, integer, text, bigint) IS
'Creates an asset and returns its number. code: its name in every call. scale: decimal places of its smallest amount, 0 to 8, for good. Errors: TP014, TP015 it exists. Administrators only.';
