-- What payment providers tell, and what time does to subscriptions.

CREATE OR REPLACE FUNCTION tradepost_internal.billing_change(s tradepost_internal.subscriptions, of_tenant bigint, kind text, body jsonb, INOUT reason text DEFAULT NULL)
	RETURNS text LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	wanted text := tradepost_internal.edge_choice(body, 'tier', '{basic,pro,enterprise}');
	beyond timestamptz := tradepost_internal.edge_time(body, 'periodEnd');
	begins timestamptz := tradepost_internal.edge_time(body, 'periodStart');
	terms  tradepost_internal.tiers;
	over   CONSTANT boolean := s.status = 'expired' OR s.tier = 'free';
	detail jsonb := jsonb_strip_nulls(jsonb_build_object('provider', s.provider, 'reference', s.provider_ref, 'amount', body -> 'amount', 'currency', body -> 'currency'));
BEGIN
	IF kind IN ('subscription.activated', 'subscription.renewed') AND beyond IS NULL THEN
		PERFORM tradepost_internal.refuse('periodEnd must be given', 'It is the end of what was paid for.');
	ELSIF beyond <= now() AND kind <> 'subscription.cancelled' THEN
		PERFORM tradepost_internal.refuse(format('periodEnd %s is past', body -> 'periodEnd'), 'It is the end of what was paid for.');
	ELSIF begins >= beyond THEN
		PERFORM tradepost_internal.refuse('periodStart must be before periodEnd', 'Leave it out where the period goes on.');
	END IF;
	CASE kind
	WHEN 'subscription.activated' THEN
		IF wanted IS NULL THEN
			PERFORM tradepost_internal.refuse('tier must be given', 'It is one of: basic, pro, enterprise.');
		END IF;
		terms := tradepost_internal.tier_of(of_tenant, wanted);
		-- Paid up for the rest of a period, its beginning stays: proration goes by it.
		s.period_start := coalesce(begins, CASE WHEN NOT over AND s.status <> 'trial' AND s.period_end = beyond THEN s.period_start END, now());
		s.tier := wanted;
		s.status := 'active';
		s.period_end := beyond;
		s.price := terms.price;
		s.currency := terms.currency;
		s.grace_until := NULL;
		s.cancel_at_period_end := false;
		s.pending_tier := NULL;
		PERFORM tradepost_internal.change_subscription(s, 'activated', detail);
	WHEN 'subscription.renewed' THEN
		IF s.tier = 'free' THEN
			reason := 'there is no subscription to renew';
		ELSIF NOT over AND s.status <> 'trial' AND beyond <= s.period_end THEN
			reason := 'the period does not end later';
		ELSE
			wanted := coalesce(wanted, CASE WHEN NOT over AND tradepost_internal.tier_rank(s.pending_tier) < tradepost_internal.tier_rank(s.tier) THEN s.pending_tier END, s.tier);
			terms := tradepost_internal.tier_of(of_tenant, wanted);
			s.period_start := coalesce(begins, CASE WHEN over OR s.status = 'trial' THEN now() ELSE least(s.period_end, now()) END);
			s.pending_tier := CASE WHEN tradepost_internal.tier_rank(s.pending_tier) > tradepost_internal.tier_rank(wanted) THEN s.pending_tier END;
			s.tier := wanted;
			s.status := 'active';
			s.period_end := beyond;
			s.price := terms.price;
			s.currency := terms.currency;
			s.grace_until := NULL;
			s.cancel_at_period_end := false;
			PERFORM tradepost_internal.change_subscription(s, 'renewed', detail);
		END IF;
	WHEN 'payment.failed' THEN
		IF over OR s.status IN ('trial', 'cancelled') OR NOT isfinite(s.period_end) THEN
			reason := 'nothing of this subscription is to be paid';
		ELSIF s.status = 'past_due' THEN
			-- Each try that fails does not give another week.
			PERFORM tradepost_internal.change_subscription(s, 'payment_failed_again', detail);
		ELSE
			s.status := 'past_due';
			s.grace_until := now() + tradepost_internal.grace();
			PERFORM tradepost_internal.change_subscription(s, 'payment_failed', detail);
		END IF;
	WHEN 'payment.succeeded' THEN
		IF s.status = 'trial' OR s.tier = 'free' OR over AND beyond IS NULL THEN
			reason := 'there is no subscription that it could be for';
		ELSIF over THEN
			s.status := 'active';
			s.period_start := coalesce(begins, now());
			s.period_end := beyond;
			s.price := (tradepost_internal.tier_of(of_tenant, s.tier)).price;
			s.grace_until := NULL;
			s.cancel_at_period_end := false;
			PERFORM tradepost_internal.change_subscription(s, 'paid', detail);
		ELSIF s.status = 'past_due' THEN
			s.status := 'active';
			s.grace_until := NULL;
			IF coalesce(beyond, s.period_end) <= now() THEN
				-- It was for the period that has begun since.
				beyond := s.period_end + interval '1 month';
				s.period_start := s.period_end;
			ELSIF beyond > s.period_end THEN
				s.period_start := coalesce(begins, s.period_end);
			END IF;
			s.period_end := greatest(s.period_end, beyond);
			PERFORM tradepost_internal.change_subscription(s, 'paid', detail);
		ELSE
			s.grace_until := NULL;
			PERFORM tradepost_internal.change_subscription(s, 'paid', detail);
		END IF;
	ELSE
		IF over THEN
			reason := 'there is no subscription to cancel';
		ELSIF NOT isfinite(s.period_end) THEN
			reason := 'the subscription was given, and is not billed';
		ELSIF tradepost_internal.edge_flag(body, 'immediately') OR coalesce(beyond, s.period_end) <= now() THEN
			s.status := 'expired';
			s.period_start := least(s.period_start, now());
			s.period_end := now();
			s.grace_until := NULL;
			s.pending_tier := NULL;
			s.cancel_at_period_end := false;
			PERFORM tradepost_internal.change_subscription(s, 'ended', detail);
		ELSE
			s.status := 'cancelled';
			s.period_end := least(s.period_end, beyond);
			s.pending_tier := NULL;
			s.cancel_at_period_end := true;
			PERFORM tradepost_internal.change_subscription(s, 'cancelled', detail);
		END IF;
	END CASE;
END
$$;
COMMENT ON FUNCTION tradepost_internal.billing_change(tradepost_internal.subscriptions, bigint, text, jsonb, text) IS 'Does what a provider''s event tells to a locked subscription; returns why nothing was to be done, or NULL';

CREATE OR REPLACE FUNCTION tradepost_edge.billing_event(provider text, event_id text, body jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	kind    text;
	given   text;
	happens timestamptz;
	asked   tradepost_internal.users;
	s       tradepost_internal.subscriptions;
	known   tradepost_internal.billing_events;
	reason  text;
	told    jsonb;
BEGIN
	IF coalesce(length(provider) NOT BETWEEN 1 AND 64, true) OR coalesce(length(event_id) NOT BETWEEN 1 AND 255, true) THEN
		PERFORM tradepost_internal.refuse('provider must have 1 to 64 characters, and the event''s id 1 to 255', 'Together they name an event.');
	ELSIF jsonb_typeof(body) IS DISTINCT FROM 'object' THEN
		PERFORM tradepost_internal.refuse('an event must be a JSON object', 'Such as {"type": "subscription.renewed", "user": 7, "periodEnd": "2026-12-31T00:00:00Z"}.');
	END IF;
	PERFORM tradepost_internal.edge_takes(jsonb_build_object('body', body), '{}', '{id,type,provider,occurredAt,user,tenant,tier,periodStart,periodEnd,reference,amount,currency,immediately}');
	kind := tradepost_internal.edge_choice(body, 'type', '{subscription.activated,subscription.renewed,subscription.cancelled,payment.failed,payment.succeeded}');
	given := body ->> 'user';
	happens := tradepost_internal.edge_time(body, 'occurredAt');
	IF kind IS NULL THEN
		PERFORM tradepost_internal.refuse('type must be given', 'It is one of: subscription.activated, subscription.renewed, subscription.cancelled, payment.failed, payment.succeeded.');
	ELSIF length(tradepost_internal.edge_text(body, 'reference')) > 255 THEN
		PERFORM tradepost_internal.refuse('reference must have at most 255 characters', 'It is the provider''s name of the subscription.');
	END IF;
	-- Who comes second with the same event waits here until the first is done.
	INSERT INTO tradepost_internal.billing_events AS b (provider, event_id, body) VALUES (billing_event.provider, billing_event.event_id, billing_event.body) ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		SELECT b.* INTO known FROM tradepost_internal.billing_events b WHERE b.provider = billing_event.provider AND b.event_id = billing_event.event_id;
		IF known.body <> billing_event.body THEN
			RAISE EXCEPTION USING ERRCODE = '@tradepost_key_reused@', MESSAGE = format('event "%s" of "%s" was told before with another body', left(event_id, 64), left(provider, 64)), HINT = 'Use a new id for a new event.';
		END IF;
		RETURN (known.answer || '{"repeated": true}')::json;
	END IF;
	IF given ~ '^[0-9]{1,18}$' THEN
		SELECT u.* INTO asked FROM tradepost_internal.users u WHERE u.id = given::bigint AND (body ->> 'tenant' IS NULL OR u.tenant::text = body ->> 'tenant');
		s := tradepost_internal.lock_subscription(asked.id);
	END IF;
	IF s.user_id IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_not_found@', MESSAGE = format('user %s is unknown', coalesce('"' || left(given, 64) || '"', 'null')), HINT = 'It is the number that the user was registered with.';
	END IF;
	s.status := (tradepost_internal.subscription_of(s.user_id)).status;
	IF happens < s.billed_at THEN
		reason := 'a later event was told before';
	ELSE
		s.provider := billing_event.provider;
		s.provider_ref := coalesce(body ->> 'reference', s.provider_ref);
		-- A provider's clock that is ahead must not make all that follows too old.
		s.billed_at := CASE WHEN happens IS NULL THEN s.billed_at ELSE least(happens, clock_timestamp()) END;
		reason := tradepost_internal.billing_change(s, asked.tenant, kind, body);
	END IF;
	SELECT x.* INTO s FROM tradepost_internal.subscriptions x WHERE x.user_id = asked.id;
	told := jsonb_build_object('applied', reason IS NULL, 'reason', reason, 'repeated', false, 'user', asked.id, 'tier', s.tier, 'status', s.status,
		'periodEnd', CASE WHEN isfinite(s.period_end) THEN tradepost_internal.iso(s.period_end) END);
	UPDATE tradepost_internal.billing_events b SET answer = told WHERE b.provider = billing_event.provider AND b.event_id = billing_event.event_id;
	RETURN told::json;
END
$$;
COMMENT ON FUNCTION tradepost_edge.billing_event(text, text, jsonb) IS
'POST webhooks/billing, its signature checked by the proxy. body: type, user, and by type: subscription.activated (tier, periodEnd, reference, periodStart), subscription.renewed (periodEnd, tier), payment.failed (a week of grace),
payment.succeeded (periodEnd), subscription.cancelled (with the period, at periodEnd, or immediately); all may have occurredAt, tenant, amount and currency. {"applied", "reason" why not, "repeated", "user", "tier", "status", "periodEnd"}.
The same event again is answered as the first time, and an event that happened before the last one applied changes nothing. Errors: TP005, TP007 the id was used for another event, TP027 no such user.';

CREATE OR REPLACE FUNCTION tradepost.run_subscriptions()
	RETURNS integer LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	-- In one transaction; the next call does the rest.
	most    CONSTANT integer := 1000;
	-- As a value, which the index can be searched by.
	moment  CONSTANT timestamptz := clock_timestamp();
	s       tradepost_internal.subscriptions;
	changed integer := 0;
BEGIN
	FOR s IN
		SELECT x.* FROM tradepost_internal.subscriptions x
		WHERE x.status <> 'expired' AND CASE x.status WHEN 'past_due' THEN x.grace_until ELSE x.period_end END <= moment
			AND (x.status <> 'active' OR tradepost_internal.tier_rank(x.pending_tier) < tradepost_internal.tier_rank(x.tier) OR x.period_end <= moment - interval '1 day')
		ORDER BY CASE x.status WHEN 'past_due' THEN x.grace_until ELSE x.period_end END LIMIT most FOR UPDATE SKIP LOCKED
	LOOP
		BEGIN
			IF s.status = 'active' AND tradepost_internal.tier_rank(s.pending_tier) < tradepost_internal.tier_rank(s.tier) THEN
				s.tier := s.pending_tier;
				s.pending_tier := NULL;
				s.price := (tradepost_internal.tier_of((SELECT u.tenant FROM tradepost_internal.users u WHERE u.id = s.user_id), s.tier)).price;
				PERFORM tradepost_internal.change_subscription(s, 'downgraded');
			ELSIF s.status = 'active' AND s.period_end + tradepost_internal.grace() > clock_timestamp() THEN
				s.status := 'past_due';
				s.grace_until := s.period_end + tradepost_internal.grace();
				PERFORM tradepost_internal.change_subscription(s, 'renewal_overdue');
			ELSE
				s.period_end := tradepost_internal.subscription_holds_until(s);
				-- What waits for a payment still does.
				s.pending_tier := CASE WHEN s.status = 'trial' OR tradepost_internal.tier_rank(s.pending_tier) > tradepost_internal.tier_rank(s.tier) THEN s.pending_tier END;
				s.status := 'expired';
				s.grace_until := NULL;
				s.cancel_at_period_end := false;
				PERFORM tradepost_internal.change_subscription(s, 'expired');
			END IF;
			changed := changed + 1;
		EXCEPTION WHEN OTHERS THEN
			-- One that cannot be changed keeps no other waiting; it is tried again, and said again.
			RAISE WARNING 'subscription of user % was not changed: %', s.user_id, SQLERRM;
		END;
	END LOOP;
	RETURN changed;
END
$$;
COMMENT ON FUNCTION tradepost.run_subscriptions() IS
'What time does to subscriptions: trials and cancelled ones expire, scheduled downgrades come, what was not renewed for a day is past due, and expires a week after its period. Returns how many were changed, at most 1000 a call. Tiers end by
themselves: this records and tells it. The follower calls it once a second; schedule_jobs() has pg_cron do so too. Administrators only.';

CREATE OR REPLACE FUNCTION tradepost.schedule_jobs(wanted boolean DEFAULT true)
	RETURNS text LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	name CONSTANT text := 'tradepost subscriptions';
	job  bigint;
BEGIN
	IF NOT EXISTS (SELECT FROM pg_extension e WHERE e.extname = 'pg_cron') THEN
		RETURN 'pg_cron is not installed in this database: the follower alone runs tradepost.run_subscriptions()';
	ELSIF NOT wanted THEN
		EXECUTE 'SELECT count(*) FROM (SELECT cron.unschedule(j.jobid) FROM cron.job j WHERE j.jobname = $1 AND j.database = current_database()) x' INTO job USING name;
		RETURN CASE job WHEN 0 THEN 'pg_cron had no job of ours' ELSE 'pg_cron runs no job of ours any more' END;
	END IF;
	EXECUTE 'SELECT cron.schedule($1, $2, $3)' INTO job USING name, '* * * * *', 'SELECT tradepost.run_subscriptions()';
	RETURN format('pg_cron runs tradepost.run_subscriptions() every minute: job %s', job);
END
$$;
COMMENT ON FUNCTION tradepost.schedule_jobs(boolean) IS
'Has pg_cron run run_subscriptions() every minute, where it is installed in this database, and says what it did; false: not any more. May be called again. Administrators only.';
