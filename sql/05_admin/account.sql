-- Accounts and who owns them.  An account is a row; its balances begin with the first
-- deposit.  An owner is a database role, kept by name so that a dump restores elsewhere.

CREATE OR REPLACE FUNCTION tradepost_internal.role_name(role regrole)
	RETURNS name LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	-- The plain name: regrole's own text would quote it.
	found_name name := (SELECT r.rolname FROM pg_roles r WHERE r.oid = role);
BEGIN
	PERFORM tradepost_internal.require_definition(found_name IS NOT NULL, format('role %s does not exist', role::oid),
		'Name a role that can log in, or a group of them.');
	RETURN found_name;
END
$$;
COMMENT ON FUNCTION tradepost_internal.role_name(regrole) IS 'Name of a role, as account_owners keeps it; TP014 if there is no such role';

CREATE OR REPLACE FUNCTION tradepost.open_account(name text, owner regrole DEFAULT NULL, tenant bigint DEFAULT 1)
	RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	opened bigint;
BEGIN
	PERFORM tradepost.init();
	PERFORM tradepost_internal.require_tenant(tenant);
	PERFORM tradepost_internal.require_definition(length(name) BETWEEN 1 AND 128 AND name !~ '[[:cntrl:]]',
		format('name of an account must have 1 to 128 characters, none of them a control character, not %s', coalesce(quote_literal(left(name, 160)), 'null')),
		'It is shown to people; calls name accounts by number.');
	INSERT INTO tradepost_internal.accounts (tenant, name) VALUES (open_account.tenant, open_account.name) RETURNING id INTO opened;
	IF owner IS NOT NULL THEN
		INSERT INTO tradepost_internal.account_owners (account, owner) VALUES (opened, tradepost_internal.role_name(open_account.owner));
	END IF;
	RETURN opened;
END
$$;
COMMENT ON FUNCTION tradepost.open_account(text, regrole, bigint) IS
'Opens a trading account and returns its number. owner: a role that may trade for it and see it, once it is a member of tradepost_trader; more with add_owner(). It holds nothing until
deposit(). Error: TP014. Administrators only.';

CREATE OR REPLACE FUNCTION tradepost.add_owner(account bigint, owner regrole)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	found_kind text := (SELECT a.kind FROM tradepost_internal.accounts a WHERE a.id = account);
	added      bigint;
BEGIN
	IF found_kind IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_account_unknown@', MESSAGE = format('account %s does not exist', coalesce(account::text, 'null')),
			HINT = 'tradepost.open_account() makes one.';
	END IF;
	PERFORM tradepost_internal.require_definition(owner IS NOT NULL, 'owner must be a role, not null', 'Name a role that can log in, or a group of them.');
	INSERT INTO tradepost_internal.account_owners (account, owner) VALUES (add_owner.account, tradepost_internal.role_name(add_owner.owner))
		ON CONFLICT DO NOTHING;
	-- Backends remember an account's owners, and hear of changes to them alone: this one changes no row.
	GET DIAGNOSTICS added = ROW_COUNT;
	IF added > 0 THEN
		UPDATE tradepost_internal.account_owners o SET owner = o.owner WHERE false;
	END IF;
END
$$;
COMMENT ON FUNCTION tradepost.add_owner(bigint, regrole) IS
'Lets a role, and members of it, trade for an account and see it. Does nothing if it may already. Errors: TP002 no such account, TP014. Administrators only.';

CREATE OR REPLACE FUNCTION tradepost.remove_owner(account bigint, owner regrole)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM tradepost_internal.accounts a WHERE a.id = remove_owner.account) THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_account_unknown@', MESSAGE = format('account %s does not exist', coalesce(account::text, 'null')),
			HINT = 'tradepost.open_account() makes one.';
	END IF;
	DELETE FROM tradepost_internal.account_owners o
		WHERE o.account = remove_owner.account AND o.owner = tradepost_internal.role_name(remove_owner.owner);
	PERFORM tradepost_internal.require_definition(FOUND, format('role %s is not an owner of account %s', coalesce(owner::text, 'null'), account),
		'View tradepost.accounts shows the owners.');
END
$$;
COMMENT ON FUNCTION tradepost.remove_owner(bigint, regrole) IS
'Takes an account away from a role: it neither sees it nor trades for it any more. Its open orders stay. Errors: TP002 no such account, TP014 not an owner. Administrators only.';
