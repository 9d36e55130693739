-- What a user may do to a subscription: look at it, change the tier, cancel, resume.
--
-- Money stays outside: what must be paid first is only said, and noted as pending, until
-- billing_event() tells that it was.

CREATE OR REPLACE FUNCTION tradepost_internal.proration(old_price numeric, new_price numeric, period_start timestamptz, period_end timestamptz, at timestamptz,
	OUT credit numeric, OUT charge numeric, OUT amount numeric)
	RETURNS record LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	whole CONSTANT numeric := floor(extract(epoch FROM period_end - period_start));
	rest  CONSTANT numeric := greatest(0, least(whole, floor(extract(epoch FROM period_end - at))));
BEGIN
	credit := CASE WHEN whole > 0 THEN round(old_price * rest / whole, 2) ELSE 0 END;
	charge := CASE WHEN whole > 0 THEN round(new_price * rest / whole, 2) ELSE 0 END;
	amount := charge - credit;
END
$$;
COMMENT ON FUNCTION tradepost_internal.proration(numeric, numeric, timestamptz, timestamptz, timestamptz) IS
'What a change of tier within a period costs. With r whole seconds left of the period''s w: credit = old price * r / w for what will not be used, charge = new price * r / w for what will, each rounded to cents, amount =
charge - credit; negative: money back';

CREATE OR REPLACE FUNCTION tradepost_internal.conflict(message text, hint text)
	RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION USING ERRCODE = '@tradepost_conflict@', MESSAGE = message, HINT = hint;
END
$$;
COMMENT ON FUNCTION tradepost_internal.conflict(text, text) IS 'Raises TP028 with this message and hint';

CREATE OR REPLACE FUNCTION tradepost_internal.subscription_of(of_user bigint)
	RETURNS tradepost_internal.subscriptions LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	found_row tradepost_internal.subscriptions;
BEGIN
	SELECT s.* INTO found_row FROM tradepost_internal.subscriptions s WHERE s.user_id = of_user;
	IF found_row.user_id IS NULL THEN
		found_row.user_id := of_user;
		found_row.tier := 'free';
		found_row.status := 'active';
		found_row.period_end := 'infinity';
		found_row.cancel_at_period_end := false;
		found_row.price := 0;
	ELSIF tradepost_internal.subscription_holds_until(found_row) <= clock_timestamp() THEN
		-- It is over, whether run_subscriptions() has been here or not.
		found_row.status := 'expired';
	END IF;
	RETURN found_row;
END
$$;
COMMENT ON FUNCTION tradepost_internal.subscription_of(bigint) IS 'A user''s subscription as it is now; who has no row has the tier free';

CREATE OR REPLACE FUNCTION tradepost_internal.subscription_json(u tradepost_internal.users)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	s       CONSTANT tradepost_internal.subscriptions := tradepost_internal.subscription_of(u.id);
	tier    CONSTANT text := CASE s.status WHEN 'expired' THEN 'free' ELSE s.tier END;
	terms   CONSTANT json := tradepost_internal.tier_json(tradepost_internal.tier_of(u.tenant, tier));
	later   CONSTANT boolean := s.status IN ('active', 'past_due') AND tradepost_internal.tier_rank(s.pending_tier) < tradepost_internal.tier_rank(s.tier);
BEGIN
	RETURN json_build_object('tier', tier, 'status', s.status, 'trial', s.status = 'trial', 'trialEnd', tradepost_internal.iso(s.trial_end), 'periodStart', tradepost_internal.iso(s.period_start),
		'periodEnd', CASE WHEN isfinite(s.period_end) THEN tradepost_internal.iso(s.period_end) END,
		'holdsUntil', CASE WHEN isfinite(tradepost_internal.subscription_holds_until(s)) THEN tradepost_internal.iso(tradepost_internal.subscription_holds_until(s)) END,
		'cancelAtPeriodEnd', s.cancel_at_period_end,
		'pending', CASE WHEN s.pending_tier IS NOT NULL THEN json_build_object('tier', s.pending_tier, 'status', CASE WHEN later THEN 'scheduled' ELSE 'payment_required' END,
			'effectiveAt', CASE WHEN later THEN tradepost_internal.iso(s.period_end) END) END,
		'price', terms -> 'price', 'currency', terms -> 'currency', 'features', terms -> 'features', 'limits', terms -> 'limits', 'support', terms -> 'support');
END
$$;
COMMENT ON FUNCTION tradepost_internal.subscription_json(tradepost_internal.users) IS 'A user''s subscription as its owner sees it, with what the tier includes';

CREATE OR REPLACE FUNCTION tradepost_edge.subscription_get(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id);
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}');
	RETURN json_build_object('subscription', tradepost_internal.subscription_json(asking));
END
$$;
COMMENT ON FUNCTION tradepost_edge.subscription_get(bigint, bigint, jsonb) IS
'GET users/subscription: {"subscription": {"tier" that holds now, "status", "trial", "trialEnd", "periodStart", "periodEnd", "holdsUntil", "cancelAtPeriodEnd", "pending", "price", "currency", "features", "limits", "support"}}. Errors: TP005,
TP016.';

CREATE OR REPLACE FUNCTION tradepost_internal.plan_change(s tradepost_internal.subscriptions, of_tenant bigint, wanted text, at_once boolean,
	OUT outcome text, OUT credit numeric, OUT charge numeric, OUT amount numeric, OUT price numeric, OUT currency text, OUT effective_at timestamptz)
	RETURNS record LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	terms CONSTANT tradepost_internal.tiers := tradepost_internal.tier_of(of_tenant, wanted);
	held  CONSTANT text := CASE s.status WHEN 'expired' THEN 'free' ELSE s.tier END;
	step  CONSTANT integer := terms.rank - tradepost_internal.tier_rank(held);
	-- Something is left of what was paid.
	paid  CONSTANT boolean := s.status IN ('active', 'past_due', 'cancelled') AND s.price > 0 AND isfinite(s.period_end) AND s.period_end > now() AND s.currency = terms.currency;
	until CONSTANT text := CASE WHEN isfinite(s.period_end) THEN tradepost_internal.iso(s.period_end) END;
BEGIN
	price := terms.price;
	currency := terms.currency;
	credit := 0;
	charge := 0;
	IF step = 0 AND s.status = 'cancelled' THEN
		PERFORM tradepost_internal.conflict(format('the subscription "%s" is cancelled and ends at %s', held, until), 'POST users/subscription/resume keeps it.');
	ELSIF step = 0 AND (s.status <> 'trial' OR wanted = 'free') THEN
		PERFORM tradepost_internal.conflict(format('the tier is "%s" already', held), CASE WHEN s.pending_tier IS NOT NULL AND wanted <> 'free' THEN 'POST users/subscription/resume drops the change that is pending.' ELSE 'GET users/subscription shows it.' END);
	ELSIF step < 0 AND s.status = 'trial' AND wanted <> 'free' THEN
		outcome := 'changed';
		effective_at := now();
	ELSIF step < 0 AND at_once THEN
		outcome := 'changed';
		effective_at := now();
		IF paid THEN
			SELECT p.credit, p.charge INTO credit, charge FROM tradepost_internal.proration(s.price, terms.price, s.period_start, s.period_end, now()) p;
		END IF;
	ELSIF step < 0 AND until IS NULL THEN
		PERFORM tradepost_internal.conflict(format('the subscription "%s" has no end that the change could wait for', held), 'With "immediately": true it is made at once.');
	ELSIF step < 0 AND s.status = 'cancelled' THEN
		PERFORM tradepost_internal.conflict(format('the subscription "%s" is cancelled and ends at %s', held, until), 'POST users/subscription/resume keeps it; then it can be changed.');
	ELSIF step < 0 THEN
		outcome := 'scheduled';
		effective_at := s.period_end;
	ELSIF s.status = 'past_due' THEN
		PERFORM tradepost_internal.conflict(format('the last payment for the subscription "%s" is open', held), 'It can be changed once that is paid.');
	ELSE
		charge := terms.price;
		IF paid THEN
			SELECT p.credit, p.charge INTO credit, charge FROM tradepost_internal.proration(s.price, terms.price, s.period_start, s.period_end, now()) p;
		END IF;
		outcome := CASE WHEN charge > credit THEN 'payment_required' ELSE 'changed' END;
		effective_at := CASE WHEN charge <= credit THEN now() END;
	END IF;
	amount := charge - credit;
END
$$;
COMMENT ON FUNCTION tradepost_internal.plan_change(tradepost_internal.subscriptions, bigint, text, boolean) IS
'What a change of tier would come to. outcome: changed at once, scheduled for the period''s end, or payment_required first. Upwards it is paid for what is left of the period, or for a whole one where none is paid; downwards it waits,
unless at_once. TP028 where it cannot be';

CREATE OR REPLACE FUNCTION tradepost_internal.money_text(amount numeric)
	RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT to_char(amount, 'FM9999999990.00');
END;
COMMENT ON FUNCTION tradepost_internal.money_text(numeric) IS 'An amount of money with its cents';

CREATE OR REPLACE FUNCTION tradepost_edge.subscription_change(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking  tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
	body    jsonb := args -> 'body';
	wanted  text;
	preview boolean;
	at_once boolean;
	s       tradepost_internal.subscriptions;
	plan    record;
	detail  jsonb;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}', '{tier,subscriptionTier,preview,immediately}');
	IF body ? 'tier' AND body ? 'subscriptionTier' THEN
		PERFORM tradepost_internal.refuse('tier and subscriptionTier are the same, and both were given', 'Give one of them.');
	END IF;
	wanted := coalesce(tradepost_internal.edge_choice(body, 'tier', '{free,basic,pro,enterprise}'), tradepost_internal.edge_choice(body, 'subscriptionTier', '{free,basic,pro,enterprise}'));
	IF wanted IS NULL THEN
		PERFORM tradepost_internal.refuse('tier must be given', 'It is one of: free, basic, pro, enterprise.');
	END IF;
	preview := tradepost_internal.edge_flag(body, 'preview');
	at_once := tradepost_internal.edge_flag(body, 'immediately');
	IF NOT preview THEN
		PERFORM tradepost_internal.lock_subscription(asking.id);
	END IF;
	s := tradepost_internal.subscription_of(asking.id);
	plan := tradepost_internal.plan_change(s, asking.tenant, wanted, at_once);
	IF NOT preview THEN
		detail := jsonb_build_object('tier', wanted, 'credit', tradepost_internal.money_text(plan.credit), 'charge', tradepost_internal.money_text(plan.charge),
			'amount', tradepost_internal.money_text(plan.amount), 'currency', plan.currency);
		IF plan.outcome = 'payment_required' THEN
			s.pending_tier := wanted;
			-- The row says expired from here on, if it was over; nothing else of it changes.
			PERFORM tradepost_internal.change_subscription(s, 'change_requested', detail);
		ELSIF plan.outcome = 'scheduled' AND wanted = 'free' THEN
			s.status := 'cancelled';
			s.cancel_at_period_end := true;
			s.pending_tier := NULL;
			IF s.period_end <= now() THEN
				s.status := 'expired';
				s.grace_until := NULL;
				s.period_end := now();
			END IF;
			PERFORM tradepost_internal.change_subscription(s, 'cancelled', detail);
		ELSIF plan.outcome = 'scheduled' THEN
			s.pending_tier := wanted;
			PERFORM tradepost_internal.change_subscription(s, 'downgrade_scheduled', detail);
		ELSIF wanted = 'free' THEN
			s.status := 'expired';
			s.period_start := least(s.period_start, now());
			s.period_end := now();
			s.grace_until := NULL;
			s.pending_tier := NULL;
			s.cancel_at_period_end := false;
			PERFORM tradepost_internal.change_subscription(s, 'ended', detail);
		ELSE
			IF s.status = 'expired' OR s.tier = 'free' THEN
				-- A tier that costs nothing has no period to pay for.
				s.status := 'active';
				s.period_start := now();
				s.period_end := 'infinity';
				s.grace_until := NULL;
			ELSIF s.status = 'cancelled' THEN
				s.status := 'active';
			END IF;
			s.tier := wanted;
			s.price := CASE WHEN isfinite(s.period_end) AND s.status <> 'trial' THEN plan.price ELSE 0 END;
			s.currency := plan.currency;
			s.pending_tier := NULL;
			s.cancel_at_period_end := false;
			PERFORM tradepost_internal.change_subscription(s, CASE WHEN plan.amount <= 0 AND plan.credit > 0 THEN 'downgraded' ELSE 'changed' END, detail);
		END IF;
	END IF;
	RETURN json_build_object('status', plan.outcome, 'preview', preview, 'tier', wanted, 'credit', tradepost_internal.money_text(plan.credit), 'charge', tradepost_internal.money_text(plan.charge),
		'amount', tradepost_internal.money_text(plan.amount), 'currency', plan.currency, 'effectiveAt', tradepost_internal.iso(plan.effective_at),
		'subscription', tradepost_internal.subscription_json(asking));
END
$$;
COMMENT ON FUNCTION tradepost_edge.subscription_change(bigint, bigint, jsonb) IS
'POST users/subscription: body tier (or subscriptionTier), preview (only say what it would come to), immediately (a lower tier at once instead of at the period''s end). {"status": changed, scheduled or payment_required (which it stays until
billing tells that it is paid), "preview", "tier", "credit", "charge", "amount" = charge - credit, "currency", "effectiveAt", "subscription"}; amounts as in proration(). Errors: TP005, TP016, TP024, TP028 it cannot be changed so now.';

CREATE OR REPLACE FUNCTION tradepost_edge.subscription_cancel(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
	s      tradepost_internal.subscriptions;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}', '{}');
	PERFORM tradepost_internal.lock_subscription(asking.id);
	s := tradepost_internal.subscription_of(asking.id);
	IF s.status = 'expired' OR s.tier = 'free' THEN
		PERFORM tradepost_internal.conflict('there is no subscription to cancel: the tier is "free"', 'GET users/subscription shows it.');
	ELSIF NOT isfinite(s.period_end) THEN
		PERFORM tradepost_internal.conflict(format('the subscription "%s" has no end of a period', s.tier), 'POST users/subscription with tier "free" and "immediately": true ends it at once.');
	ELSIF s.status <> 'cancelled' THEN
		s.status := 'cancelled';
		s.cancel_at_period_end := true;
		s.pending_tier := NULL;
		IF s.period_end <= now() THEN
			-- Nothing is left that was paid for.
			s.status := 'expired';
			s.period_end := now();
			s.grace_until := NULL;
		END IF;
		PERFORM tradepost_internal.change_subscription(s, 'cancelled');
	END IF;
	RETURN json_build_object('subscription', tradepost_internal.subscription_json(asking));
END
$$;
COMMENT ON FUNCTION tradepost_edge.subscription_cancel(bigint, bigint, jsonb) IS
'POST users/subscription/cancel: the caller''s subscription ends with its period, at once where that is over: {"subscription"}. Again: the same answer. Errors: TP005, TP016, TP024, TP028 there is none that could.';

CREATE OR REPLACE FUNCTION tradepost_edge.subscription_resume(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
	s      tradepost_internal.subscriptions;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}', '{}');
	PERFORM tradepost_internal.lock_subscription(asking.id);
	s := tradepost_internal.subscription_of(asking.id);
	IF s.status = 'expired' AND s.tier <> 'free' THEN
		PERFORM tradepost_internal.conflict(format('the subscription "%s" is over', s.tier), 'POST users/subscription begins another.');
	ELSIF s.status <> 'cancelled' AND s.pending_tier IS NULL THEN
		PERFORM tradepost_internal.conflict('nothing is cancelled or pending', 'GET users/subscription shows it.');
	END IF;
	IF s.status = 'cancelled' AND s.grace_until <= now() THEN
		PERFORM tradepost_internal.conflict(format('the last payment for the subscription "%s" is open', s.tier), 'POST users/subscription begins another, once this one is over.');
	ELSIF s.status = 'cancelled' THEN
		s.status := CASE WHEN s.grace_until IS NOT NULL THEN 'past_due' WHEN s.trial_end = s.period_end THEN 'trial' ELSE 'active' END;
	END IF;
	s.cancel_at_period_end := false;
	s.pending_tier := NULL;
	PERFORM tradepost_internal.change_subscription(s, 'resumed');
	RETURN json_build_object('subscription', tradepost_internal.subscription_json(asking));
END
$$;
COMMENT ON FUNCTION tradepost_edge.subscription_resume(bigint, bigint, jsonb) IS
'POST users/subscription/resume: takes back a cancellation whose period is not over, or a change that is pending: {"subscription"}. Errors: TP005, TP016, TP024, TP028 there is nothing to take back.';
