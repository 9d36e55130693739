-- Subscriptions: one function that changes them, and what each change is.
--
--                 register                      billing: activated
--     (no row) ------------> trial -------------------------------------+
--        |                     |  \                                      v
--        | set_tier(),         |   \ cancel      cancel             +-> active --------+
--        | activated           |    v            +------------------+   |    ^         |
--        +----> active         |  cancelled <----+   resume --------+   |    | paid,   | payment failed,
--                              |     |                                  |    | renewed | a day past its end
--                 its end      |     | the period's end                 |    |         v
--                              v     v           given back             |  past_due <--+
--                             expired <---------------------------------+     |
--                                ^   \                                        | grace is over
--                                |    +-- activated --> active                |
--                                +--------------------------------------------+
--
-- The row is locked before its user's.  users.tier and users.tier_until follow in the same
-- transaction; they alone decide what a call may do, so that nothing has to run on time.

CREATE OR REPLACE FUNCTION tradepost_internal.grace()
	RETURNS interval LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT interval '7 days';
END;
COMMENT ON FUNCTION tradepost_internal.grace() IS 'How long a tier holds that should have been paid for';

CREATE OR REPLACE FUNCTION tradepost_internal.tier_rank(tier text)
	RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT array_position('{free,basic,pro,enterprise}'::text[], tier) - 1;
END;
COMMENT ON FUNCTION tradepost_internal.tier_rank(text) IS 'Place of a tier among them, from 0; NULL for what is none';

CREATE OR REPLACE FUNCTION tradepost_internal.lock_subscription(of_user bigint)
	RETURNS tradepost_internal.subscriptions LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	found_row tradepost_internal.subscriptions;
BEGIN
	INSERT INTO tradepost_internal.subscriptions (user_id, tier, status) SELECT u.id, 'free', 'active' FROM tradepost_internal.users u WHERE u.id = of_user
		ON CONFLICT DO NOTHING;
	SELECT s.* INTO found_row FROM tradepost_internal.subscriptions s WHERE s.user_id = of_user FOR UPDATE;
	RETURN found_row;
END
$$;
COMMENT ON FUNCTION tradepost_internal.lock_subscription(bigint) IS 'A user''s subscription, made where it is missing, which nobody else changes until this transaction ends; NULL if there is no such user';

CREATE OR REPLACE FUNCTION tradepost_internal.subscription_holds_until(s tradepost_internal.subscriptions)
	RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	-- Who renews is not cut off while the payment is on its way.
	SELECT CASE WHEN s.status = 'past_due' THEN s.grace_until
		WHEN s.status = 'active' AND NOT s.cancel_at_period_end AND (s.pending_tier IS NULL OR tradepost_internal.tier_rank(s.pending_tier) > tradepost_internal.tier_rank(s.tier))
			THEN s.period_end + tradepost_internal.grace()
		ELSE s.period_end END;
END;
COMMENT ON FUNCTION tradepost_internal.subscription_holds_until(tradepost_internal.subscriptions) IS
'What users.tier_until is to be. trial, cancelled and expired: the period''s end; active: the grace after it, unless a lower tier follows; past_due: the end of grace';

CREATE OR REPLACE FUNCTION tradepost_internal.change_subscription(s tradepost_internal.subscriptions, kind text, detail jsonb DEFAULT NULL)
	RETURNS tradepost_internal.subscriptions LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	old   tradepost_internal.subscriptions;
	owner tradepost_internal.users;
	told  json;
BEGIN
	SELECT x.* INTO old FROM tradepost_internal.subscriptions x WHERE x.user_id = s.user_id;
	s.changed_at := clock_timestamp();
	UPDATE tradepost_internal.subscriptions x SET tier = s.tier, status = s.status, trial_end = s.trial_end, period_start = s.period_start, period_end = s.period_end, grace_until = s.grace_until,
		cancel_at_period_end = s.cancel_at_period_end, pending_tier = s.pending_tier, price = s.price, currency = s.currency, provider = s.provider, provider_ref = s.provider_ref,
		billed_at = s.billed_at, changed_at = s.changed_at
		WHERE x.user_id = s.user_id;
	UPDATE tradepost_internal.users u SET tier = s.tier, tier_until = tradepost_internal.subscription_holds_until(s), changed_at = s.changed_at WHERE u.id = s.user_id RETURNING u.* INTO owner;
	INSERT INTO tradepost_internal.subscription_events (user_id, kind, tier, status, old_tier, old_status, detail) VALUES (s.user_id, kind, s.tier, s.status, old.tier, old.status, detail);
	PERFORM tradepost_internal.note_security('subscription_' || kind, s.user_id, NULL, 0,
		jsonb_build_object('tier', s.tier, 'status', s.status, 'oldTier', old.tier, 'oldStatus', old.status, 'by', session_user));
	told := json_build_object('tier', tradepost_internal.effective_tier(owner.tier, owner.tier_until), 'status', s.status, 'change', kind,
		'periodEnd', CASE WHEN isfinite(s.period_end) THEN tradepost_internal.iso(s.period_end) END, 'pendingTier', s.pending_tier);
	PERFORM tradepost_internal.push(owner.tenant, owner.id, NULL, 'account', 'subscription:changed', told);
	PERFORM tradepost_internal.notify_user(owner.id, 'subscription', format('Subscription: %s', replace(kind, '_', ' ')), format('Tier %s, %s.', s.tier, replace(s.status, '_', ' ')), told::jsonb);
	PERFORM tradepost_internal.tell_edge(json_build_object('user', s.user_id));
	RETURN s;
END
$$;
COMMENT ON FUNCTION tradepost_internal.change_subscription(tradepost_internal.subscriptions, text, jsonb) IS
'Makes a locked subscription what s says, the user''s tier with it; records it, and tells the user''s sockets and the proxies. The only function that changes one';

CREATE OR REPLACE FUNCTION tradepost_internal.start_trial(of_user bigint, wanted text)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	s tradepost_internal.subscriptions := tradepost_internal.lock_subscription(of_user);
BEGIN
	s.tier := wanted;
	s.status := 'trial';
	s.period_start := now();
	s.period_end := now() + interval '14 days';
	s.trial_end := s.period_end;
	PERFORM tradepost_internal.change_subscription(s, 'trial_started');
END
$$;
COMMENT ON FUNCTION tradepost_internal.start_trial(bigint, text) IS 'Begins the 14 days of a new user''s trial';

CREATE OR REPLACE FUNCTION tradepost_internal.give_tier(of_user bigint, given text)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	s tradepost_internal.subscriptions := tradepost_internal.lock_subscription(of_user);
BEGIN
	PERFORM tradepost_internal.require_definition(s.user_id IS NOT NULL, format('user %s does not exist', coalesce(of_user::text, 'null')), 'View tradepost.users lists them.');
	s.tier := given;
	s.status := 'active';
	s.period_start := now();
	s.period_end := 'infinity';
	s.grace_until := NULL;
	s.cancel_at_period_end := false;
	s.pending_tier := NULL;
	s.price := 0;
	PERFORM tradepost_internal.change_subscription(s, 'given');
END
$$;
COMMENT ON FUNCTION tradepost_internal.give_tier(bigint, text) IS 'Gives a user a tier without end, which nobody pays for; TP014 if there is no such user';

CREATE OR REPLACE VIEW tradepost.subscriptions WITH (security_invoker = true) AS
SELECT s.user_id, u.tenant, u.email, s.tier, s.status, s.trial_end, s.period_start, s.period_end, s.grace_until, s.cancel_at_period_end, s.pending_tier, s.price, s.currency, s.provider, s.provider_ref, s.created_at, s.changed_at
FROM tradepost_internal.subscriptions s JOIN tradepost_internal.users u ON u.id = s.user_id;
COMMENT ON VIEW tradepost.subscriptions IS 'What users have subscribed to; who is not here has the tier free and never had another. For administrators and auditors';
COMMENT ON COLUMN tradepost.subscriptions.user_id IS 'Number of the user';
COMMENT ON COLUMN tradepost.subscriptions.tenant IS 'Broker that the user belongs to';
COMMENT ON COLUMN tradepost.subscriptions.email IS 'The user''s e-mail address';
COMMENT ON COLUMN tradepost.subscriptions.tier IS 'Tier of the present period; of an expired subscription the last one''s';
COMMENT ON COLUMN tradepost.subscriptions.status IS 'trial, active, past_due, cancelled or expired';
COMMENT ON COLUMN tradepost.subscriptions.trial_end IS 'End of the trial; NULL: there was none';
COMMENT ON COLUMN tradepost.subscriptions.period_start IS 'Beginning of the present period';
COMMENT ON COLUMN tradepost.subscriptions.period_end IS 'Its end; infinity: never';
COMMENT ON COLUMN tradepost.subscriptions.grace_until IS 'past_due: how long the tier holds without payment';
COMMENT ON COLUMN tradepost.subscriptions.cancel_at_period_end IS 'Whether it ends with the period';
COMMENT ON COLUMN tradepost.subscriptions.pending_tier IS 'Tier that was asked for and is not there yet';
COMMENT ON COLUMN tradepost.subscriptions.price IS 'Price of the present period';
COMMENT ON COLUMN tradepost.subscriptions.currency IS 'Currency of the price';
COMMENT ON COLUMN tradepost.subscriptions.provider IS 'Payment provider that bills it';
COMMENT ON COLUMN tradepost.subscriptions.provider_ref IS 'Its name there';
COMMENT ON COLUMN tradepost.subscriptions.created_at IS 'When the user first subscribed';
COMMENT ON COLUMN tradepost.subscriptions.changed_at IS 'When it last changed';

CREATE OR REPLACE VIEW tradepost.subscription_events WITH (security_invoker = true) AS
SELECT e.id, e.time, e.user_id, u.email, e.kind, e.tier, e.status, e.old_tier, e.old_status, e.detail, e.actor
FROM tradepost_internal.subscription_events e LEFT JOIN tradepost_internal.users u ON u.id = e.user_id;
COMMENT ON VIEW tradepost.subscription_events IS 'Every change of a subscription: for administrators and auditors; nobody can change it';
COMMENT ON COLUMN tradepost.subscription_events.id IS 'Number of the event';
COMMENT ON COLUMN tradepost.subscription_events.time IS 'When it happened';
COMMENT ON COLUMN tradepost.subscription_events.user_id IS 'Whose subscription';
COMMENT ON COLUMN tradepost.subscription_events.email IS 'The user''s e-mail address';
COMMENT ON COLUMN tradepost.subscription_events.kind IS 'What happened';
COMMENT ON COLUMN tradepost.subscription_events.tier IS 'Tier after it';
COMMENT ON COLUMN tradepost.subscription_events.status IS 'Status after it';
COMMENT ON COLUMN tradepost.subscription_events.old_tier IS 'Tier before it';
COMMENT ON COLUMN tradepost.subscription_events.old_status IS 'Status before it';
COMMENT ON COLUMN tradepost.subscription_events.detail IS 'More, by kind, such as amounts';
COMMENT ON COLUMN tradepost.subscription_events.actor IS 'Database role of the session that did it';
