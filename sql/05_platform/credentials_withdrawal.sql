-- Money out of the exchange, at a user's word.

CREATE OR REPLACE FUNCTION tradepost_edge.withdrawal_post(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking   tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'withdraw');
	body     jsonb := args -> 'body';
	money    text;
	wanted   numeric;
	unique_key text;
	known    boolean;
	command  bigint;
	decision tradepost.events;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}', '{asset,amount,key}');
	money := tradepost_internal.edge_text(body, 'asset');
	wanted := tradepost_internal.edge_decimal(body, 'amount');
	IF money IS NULL OR wanted IS NULL THEN
		PERFORM tradepost_internal.refuse(format('%s must be given', CASE WHEN money IS NULL THEN 'asset' ELSE 'amount' END), 'Such as {"asset": "USD", "amount": "100.50"}.');
	ELSIF wanted <= 0 THEN
		PERFORM tradepost_internal.refuse(format('amount is %s, and must be above zero', left(body ->> 'amount', 64)), 'What is withdrawn leaves the account.');
	ELSIF NOT EXISTS (SELECT FROM tradepost_internal.assets a WHERE a.tenant = asking.tenant AND a.code = money) THEN
		-- withdraw() would say so too, but with the hint of administrators, who can make one.
		RAISE EXCEPTION USING ERRCODE = '@tradepost_asset_unknown@', MESSAGE = format('asset "%s" is unknown', left(money, 64)), HINT = 'GET account/summary lists what the account has.';
	END IF;
	unique_key := coalesce(args ->> 'key', tradepost_internal.edge_text(body, 'key'));
	-- Who asks again after an answer that was lost has used its code up, and gets the same answer.
	known := EXISTS (SELECT FROM tradepost_internal.command_keys k WHERE k.account = asking.account AND k.key = unique_key);
	command := tradepost.withdraw(asking.account, money, wanted, unique_key);
	-- Behind every other check, so that no code is used up for what is refused; without one the command goes back with the rest.
	IF NOT known THEN
		PERFORM tradepost_internal.require_factor(asking.id, session_id, 'withdrawal', args);
	END IF;
	IF known THEN
		SELECT d.* INTO decision FROM tradepost.decision(command) d;
	ELSE
		PERFORM tradepost_internal.note_credential(asking, 'withdrawal', 20, 'Withdrawal', format('A withdrawal of %s %s was asked for.', trim_scale(wanted), money),
			jsonb_build_object('command', command, 'session', session_id, 'amount', trim_scale(wanted)::text, 'asset', money));
	END IF;
	RETURN json_build_object('command', command, 'asset', money, 'amount', trim_scale(wanted)::text, 'repeated', known, 'decided', decision.kind, 'reason', decision.reason);
END
$$;
COMMENT ON FUNCTION tradepost_edge.withdrawal_post(bigint, bigint, jsonb) IS
'POST account/withdrawals: asks the engine to take amount of asset out of the caller''s account: {"command", "asset", "amount", "repeated", "decided", "reason"}; decided and reason are of a request that was made before, by
its key (args.key, else of the body). Errors: TP004, TP005, TP007, TP008, TP009, TP016, TP022, TP024.';
