--
-- Tiers and subscriptions: what each includes, how one begins, changes and ends, to the cent and to the second.
--
\set SHOW_CONTEXT never
CREATE FUNCTION t.sub_user(name text, tier text DEFAULT NULL, OUT u bigint, OUT s bigint) LANGUAGE plpgsql AS
$$
BEGIN
	u := (tradepost_edge.register(name || '@example.net', 'h', name, 'Sub', tier, NULL, NULL) -> 'user' ->> 'id')::bigint;
	s := (tradepost_edge.login_done(name || '@example.net', u, true, NULL, NULL, sha256(('sub ' || name)::bytea)) ->> 'session')::bigint;
END
$$;
-- A user's row and subscription as they stand; times as distances from now, in days.
CREATE FUNCTION t.days(at timestamptz) RETURNS numeric LANGUAGE sql STABLE AS $$ SELECT CASE WHEN isfinite(at) THEN round(extract(epoch FROM at - now()) / 86400, 2) END $$;
CREATE FUNCTION t.sub(of_user bigint) RETURNS TABLE (tier text, holds_for numeric, status text, period numeric, ends_in numeric, grace numeric, pending text, price numeric, caller_has text) LANGUAGE sql VOLATILE AS
$$
	SELECT x.tier, t.days(u.tier_until), x.status, CASE WHEN isfinite(x.period_end) THEN round(extract(epoch FROM x.period_end - x.period_start) / 86400, 2) END, t.days(x.period_end), t.days(x.grace_until), x.pending_tier, x.price, (tradepost_internal.with_tier(u)).tier
	FROM tradepost_internal.users u LEFT JOIN tradepost_internal.subscriptions x ON x.user_id = u.id WHERE u.id = of_user
$$;
CREATE FUNCTION t.sub_events(of_user bigint) RETURNS TABLE (kind text, was text, "is" text, detail jsonb) LANGUAGE sql STABLE AS
$$ SELECT e.kind, e.old_tier || ' ' || e.old_status, e.tier || ' ' || e.status, e.detail FROM tradepost.subscription_events e WHERE e.user_id = of_user ORDER BY e.id $$;
-- A call of the edge; of its answer what does not depend on the time.
CREATE FUNCTION t.sub_call(function text, u bigint, s bigint, body jsonb DEFAULT NULL) RETURNS jsonb LANGUAGE plpgsql AS
$$
DECLARE
	answer jsonb;
BEGIN
	EXECUTE format('SELECT tradepost_edge.%I($1, $2, $3)', function) INTO answer USING u, s, jsonb_strip_nulls(jsonb_build_object('body', body));
	RETURN (answer || jsonb_build_object('subscription', ((answer -> 'subscription') - '{features,limits,support,trialEnd,periodStart,periodEnd,holdsUntil}'::text[]) #- '{pending,effectiveAt}'))
		|| CASE WHEN answer ? 'effectiveAt' THEN jsonb_build_object('effectiveAt', t.days((answer ->> 'effectiveAt')::timestamptz)) ELSE '{}' END;
END
$$;
CREATE FUNCTION t.bill(id text, type text, of_user bigint, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS
$$ SELECT tradepost_edge.billing_event('regress', id, jsonb_build_object('type', type, 'user', of_user) || more)::jsonb - '{user,periodEnd}'::text[] $$;
CREATE FUNCTION t.in_days(days integer) RETURNS text LANGUAGE sql STABLE AS $$ SELECT tradepost_internal.iso(now() + days * interval '1 day') $$;

-- What each tier includes.
SELECT tier, rank, price, currency, support_channel, support_response, max_open_orders, max_api_keys, max_sockets, adds FROM tradepost.tiers WHERE tenant IS NULL ORDER BY rank;
SELECT x ->> 'tier' AS tier, x ->> 'price' AS price, x -> 'features' AS features, x -> 'limits' AS limits, x -> 'support' AS support FROM json_array_elements(tradepost_edge.tiers_list(NULL, NULL, '{}') -> 'tiers') x;
SELECT w, tradepost_internal.tier_limit(1, t, w), tradepost_internal.tier_limit(NULL, t, w) AS without_tenant, t FROM unnest(ARRAY['open_orders', 'api_keys', 'sockets', 'wishes']) WITH ORDINALITY x (w, n), unnest(ARRAY['free', 'enterprise']) t ORDER BY n, t;

-- Registering: 14 days of what was asked for, but not of the highest.
SELECT * FROM t.refused('SELECT t.sub_user(''x'', ''enterprise'')');
SELECT * FROM t.refused('SELECT t.sub_user(''x'', ''gold'')');
SELECT u AS fay, s AS sfay FROM t.sub_user('fay') \gset
SELECT u AS tom, s AS stom FROM t.sub_user('tom', 'basic') \gset
SELECT u AS pat, s AS spat FROM t.sub_user('pat', 'pro') \gset
SELECT s.status, s.tier, s.trial_end = s.period_end AS to_its_end, s.period_end - s.period_start AS days, u.tier_until = s.period_end AS holds FROM tradepost_internal.subscriptions s JOIN tradepost_internal.users u ON u.id = s.user_id WHERE s.user_id IN (:fay, :tom, :pat) ORDER BY s.user_id;
SELECT jsonb_pretty(tradepost_edge.subscription_get(:fay, :sfay, '{}')::jsonb);
SELECT (x -> 'subscription') - '{features,limits,support,trialEnd,periodStart,periodEnd,holdsUntil}'::text[] AS trial, x #> '{subscription,trialEnd}' = x #> '{subscription,periodEnd}' AS ends FROM (SELECT tradepost_edge.subscription_get(:pat, :spat, '{}')::jsonb AS x) y;
SELECT r.code, r.message FROM t.refused(format('SELECT tradepost_edge.subscription_get(%s, %s, ''{"query": {"user": "1"}}'')', :fay, :sfay)) r;
SELECT r.code, r.message FROM t.refused(format('SELECT tradepost_edge.subscription_get(%s, %s, ''{}'')', :fay, :spat)) r;

-- require_feature(): every feature by every tier; whom it refuses it tells what it takes.
CREATE FUNCTION t.feature(u bigint, feature text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	state text;
	told  text;
	more  text;
	hint  text;
BEGIN
	PERFORM tradepost_internal.require_feature(u, feature);
	RETURN 'yes';
EXCEPTION WHEN SQLSTATE 'TP017' THEN
	GET STACKED DIAGNOSTICS told = MESSAGE_TEXT, more = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN regexp_replace(told || ' ' || more || ' ' || hint, '\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', 'TIME', 'g');
END
$$;
CREATE FUNCTION t.features(u bigint) RETURNS TABLE (feature text, free text, basic text, pro text, enterprise text) LANGUAGE plpgsql AS
$$
DECLARE
	f   text;
	has text[];
	g   text;
BEGIN
	FOR f IN SELECT x.feature FROM tradepost_internal.features x ORDER BY tradepost_internal.tier_rank(x.tier), x.feature LOOP
		has := '{}';
		FOREACH g IN ARRAY ARRAY['free', 'basic', 'pro', 'enterprise'] LOOP
			PERFORM tradepost.set_tier(u, g);
			has := has || CASE WHEN (t.feature(u, f) = 'yes') = tradepost_internal.has_feature(u, f) THEN left(t.feature(u, f), 32) ELSE 'they differ' END;
		END LOOP;
		RETURN QUERY SELECT f, has[1], has[2], has[3], has[4];
	END LOOP;
END
$$;
SELECT * FROM t.features(:fay);
SELECT tradepost.set_tier(:fay, 'free');
SELECT t.feature(:fay, x) FROM unnest(ARRAY['email_support', 'performance', 'system_metrics']) x;
SELECT t.feature(:pat, x) FROM unnest(ARRAY['performance', 'system_metrics']) x;
SELECT r.code, r.message FROM unnest(ARRAY['987654321, ''performance''', 'NULL, ''performance''', ':fay, ''no_such''', ':fay, NULL']) WITH ORDINALITY u (x, n), t.refused(format('SELECT tradepost_internal.require_feature(%s)', replace(u.x, ':fay', :'fay'))) r ORDER BY n;
SELECT tradepost_internal.has_feature(987654321, 'performance') AS nobody, tradepost_internal.has_feature(NULL, 'performance') AS unknown;
-- It looks at the row as it is now, within a statement and a transaction too: a subscription that ended a second ago has ended.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT t.feature(:pat, 'performance');
UPDATE tradepost_internal.users SET tier_until = clock_timestamp() - interval '1 second' WHERE id = :pat;
SELECT t.feature(:pat, 'performance'), t.feature(:pat, 'basic_access') AS basic, (tradepost_edge.profile(:pat, :spat, '{}') -> 'user') ->> 'tier' AS profile, tradepost_edge.session_info(:pat, :spat) ->> 'tier' AS socket,
	tradepost_edge.session_info(:pat, :spat) ->> 'tierUntil' AS until, (SELECT tier FROM tradepost_edge.changed_users() WHERE user_id = :pat) AS told, (SELECT tier FROM tradepost.users WHERE id = :pat) AS listed;
UPDATE tradepost_internal.users SET tier_until = clock_timestamp() + interval '1 hour' WHERE id = :pat;
SELECT t.feature(:pat, 'performance');
ROLLBACK;
SELECT tradepost.set_feature('performance', 'basic');
SELECT t.feature(:tom, 'performance');
SELECT tradepost.set_feature('performance', 'pro');
SELECT t.feature(:tom, 'performance');
SELECT r.code, r.message FROM unnest(ARRAY['set_feature(''x'', ''pro'')', 'set_feature(''performance'', ''gold'')', 'set_tier_terms(''gold'', ''{}'')', 'set_tier_terms(''pro'', ''[]'')', 'set_tier_terms(''pro'', ''{"colour": 1}'')', 'set_tier_terms(''pro'', ''{"price": -1}'')',
	'set_tier_terms(''pro'', ''{"maxOpenOrders": 0}'')', 'set_tier_terms(''pro'', ''{"maxSockets": "5"}'')', 'set_tier_terms(''pro'', ''{"price": null}'')', 'set_tier_terms(''pro'', ''{}'', 987654321)']) WITH ORDINALITY u (x, n), t.refused('SELECT tradepost.' || x) r ORDER BY n;

-- Proration, to the cent: by the seconds that are left.
SELECT label, p.* FROM (VALUES
	(1, 'half of 30 days', 49, 199, '2026-01-01', '2026-01-31', '2026-01-16 00:00:00'),
	(2, 'a third', 49, 999, '2026-01-01', '2026-01-31', '2026-01-21 00:00:00'),
	(3, 'a second', 199, 999, '2026-01-01', '2026-01-31', '2026-01-30 23:59:59'),
	(4, 'part of a second', 199, 999, '2026-01-01', '2026-01-31', '2026-01-30 23:59:59.5'),
	(5, 'all of it', 49, 199, '2026-01-01', '2026-01-31', '2026-01-01 00:00:00'),
	(6, 'before it', 49, 199, '2026-01-01', '2026-01-31', '2025-12-31 00:00:00'),
	(7, 'past it', 49, 199, '2026-01-01', '2026-01-31', '2026-02-01 00:00:00'),
	(8, 'downwards', 999, 49, '2026-02-01', '2026-03-01', '2026-02-11 06:30:15'),
	(9, 'cents', 49.99, 199.99, '2026-02-01', '2026-03-01', '2026-02-11 06:30:15'),
	(10, 'no period', 49, 199, '2026-01-01', '2026-01-01', '2026-01-01 00:00:00')) v (n, label, old, new, since, until, at),
	tradepost_internal.proration(old, new, (since || '+00')::timestamptz, (until || '+00')::timestamptz, (at || '+00')::timestamptz) p ORDER BY n;

-- From a trial: upwards and the same tier are to be paid whole; downwards goes at once, and the trial goes on.
SELECT t.sub_call('subscription_change', :tom, :stom, '{"tier": "pro", "preview": true}');
SELECT t.sub_call('subscription_change', :tom, :stom, '{"tier": "Basic", "preview": "true"}') - 'subscription';
SELECT * FROM t.sub_events(:tom);
SELECT t.sub_call('subscription_change', :tom, :stom, '{"subscriptionTier": "enterprise"}');
SELECT t.feature(:tom, 'performance');
SELECT t.sub_call('subscription_resume', :tom, :stom) #> '{subscription,pending}' AS dropped;
SELECT t.sub_call('subscription_change', :pat, :spat, '{"tier": "basic"}');
SELECT * FROM t.sub_events(:pat);

-- Paid for: 30 days of basic for tom, of which the first ten are made to have gone.
BEGIN;
SELECT t.bill('act-1', 'subscription.activated', :tom, jsonb_build_object('tier', 'basic', 'periodStart', t.in_days(-10), 'periodEnd', t.in_days(20), 'reference', 'sub_1', 'amount', '49.00'));
SELECT * FROM t.sub(:tom);
SELECT t.sub_call('subscription_change', :tom, :stom, '{"tier": "pro", "preview": true}') - 'subscription' AS upwards;
SELECT t.sub_call('subscription_change', :tom, :stom, '{"tier": "pro"}') AS asked;
SELECT t.feature(:tom, 'performance') AS not_yet;
SELECT t.bill('act-2', 'subscription.activated', :tom, jsonb_build_object('tier', 'pro', 'periodEnd', t.in_days(20)));
SELECT * FROM t.sub(:tom);
SELECT t.feature(:tom, 'performance') AS now;
SELECT t.sub_call('subscription_change', :tom, :stom, '{"tier": "basic", "preview": true}') - 'subscription' AS later, t.sub_call('subscription_change', :tom, :stom, '{"tier": "basic", "immediately": true, "preview": true}') - 'subscription' AS at_once,
	t.sub_call('subscription_change', :tom, :stom, '{"tier": "free", "immediately": true, "preview": true}') - 'subscription' AS all_back;
SELECT t.sub_call('subscription_change', :tom, :stom, '{"tier": "basic"}') AS scheduled;
SELECT * FROM t.sub(:tom);
SELECT t.sub_call('subscription_resume', :tom, :stom) #> '{subscription,pending}' AS not_any_more;
SELECT t.sub_call('subscription_change', :tom, :stom, '{"tier": "basic"}') ->> 'status' AS scheduled;
SELECT kind, was, "is", detail FROM t.sub_events(:tom) OFFSET 3;
COMMIT;
-- A month later: the lower tier comes by itself; nothing is due before.
SELECT tradepost.run_subscriptions() AS nothing;
CREATE FUNCTION t.pass(of_user bigint, days numeric) RETURNS void LANGUAGE sql AS
$$
	UPDATE tradepost_internal.subscriptions SET period_start = period_start - days * interval '1 day', period_end = period_end - days * interval '1 day', grace_until = grace_until - days * interval '1 day',
		trial_end = trial_end - days * interval '1 day', billed_at = billed_at - days * interval '1 day' WHERE user_id = of_user;
	UPDATE tradepost_internal.users SET tier_until = tier_until - days * interval '1 day' WHERE id = of_user;
$$;
BEGIN;
SELECT t.pass(:tom, 20.001);
SELECT t.feature(:tom, 'performance') AS over, t.sub_call('subscription_get', :tom, :stom) #> '{subscription,status}' AS status;
SELECT tradepost.run_subscriptions();
SELECT tier, status, pending, price, caller_has FROM t.sub(:tom);
SELECT t.feature(:tom, 'email_support') AS basic, t.feature(:tom, 'performance') AS pro;
SELECT tradepost.run_subscriptions() AS nothing_yet;
-- Not renewed for a day: past due; the tier holds for the rest of the week.
SELECT t.pass(:tom, 1);
SELECT tradepost.run_subscriptions();
SELECT * FROM t.sub(:tom);
SELECT t.feature(:tom, 'email_support') AS still;
SELECT r.code, r.message FROM t.refused(format('SELECT t.sub_call(''subscription_change'', %s, %s, ''{"tier": "pro"}'')', :tom, :stom)) r;
-- Renewed after all, at the price of today, from where the last period ended.
SELECT tradepost.set_tier_terms('basic', '{"price": 59}');
SELECT t.bill('ren-1', 'subscription.renewed', :tom, jsonb_build_object('periodEnd', t.in_days(29)));
SELECT * FROM t.sub(:tom);
SELECT tradepost.set_tier_terms('basic', '{"price": "49.00"}');
SELECT t.bill('ren-2', 'subscription.renewed', :tom, jsonb_build_object('periodEnd', t.in_days(28))) AS not_shorter;
-- A payment fails: a week of grace, which a second failure does not prolong; then it is paid.
SELECT t.bill('fail-1', 'payment.failed', :tom);
SELECT * FROM t.sub(:tom);
SELECT t.pass(:tom, 3);
SELECT t.bill('fail-2', 'payment.failed', :tom) ->> 'status' AS again;
SELECT status, grace, holds_for FROM t.sub(:tom);
-- Cancelling does not make the open payment good.
SELECT t.sub_call('subscription_cancel', :tom, :stom) #> '{subscription,status}' AS cancelled;
SELECT t.sub_call('subscription_resume', :tom, :stom) #> '{subscription,status}' AS resumed;
SELECT t.bill('paid-1', 'payment.succeeded', :tom);
SELECT * FROM t.sub(:tom);
SELECT t.bill('fail-3', 'payment.failed', :tom) ->> 'status' AS once_more;
SELECT t.pass(:tom, 7);
SELECT t.feature(:tom, 'email_support') AS grace_is_over, t.sub_call('subscription_get', :tom, :stom) #> '{subscription}' AS seen;
SELECT tradepost.run_subscriptions();
SELECT status, tier, grace, caller_has FROM t.sub(:tom);
SELECT tradepost.run_subscriptions() AS nothing;
SELECT t.bill('fail-4', 'payment.failed', :tom) AS late, t.bill('paid-2', 'payment.succeeded', :tom) AS unclear, t.bill('can-0', 'subscription.cancelled', :tom) AS nothing_left;
SELECT t.bill('paid-3', 'payment.succeeded', :tom, jsonb_build_object('periodEnd', t.in_days(30))) AS paid_late;
SELECT * FROM t.sub(:tom);
SELECT kind, was, "is" FROM t.sub_events(:tom) OFFSET 9;
COMMIT;

-- Cancelled: to the end of the period and not a second longer; resumed before it.
BEGIN;
SELECT t.sub_call('subscription_cancel', :tom, :stom);
SELECT t.sub_call('subscription_cancel', :tom, :stom) #> '{subscription,status}' AS the_same, (SELECT count(*) FROM t.sub_events(:tom) WHERE kind = 'cancelled') AS told;
SELECT * FROM t.sub(:tom);
SELECT r.code, regexp_replace(r.message, '\d{4}-.*Z', 'TIME') AS message, r.hint FROM unnest(ARRAY['basic', 'free', 'pro']) WITH ORDINALITY x (tier, n), t.refused(format('SELECT t.sub_call(''subscription_change'', %s, %s, ''{"tier": "%s", "preview": true}'')', :tom, :stom, x.tier)) r ORDER BY n;
SELECT t.sub_call('subscription_resume', :tom, :stom) #> '{subscription,status}' AS resumed;
SELECT r.code, r.message FROM t.refused(format('SELECT t.sub_call(''subscription_resume'', %s, %s)', :tom, :stom)) r;
SELECT t.sub_call('subscription_change', :tom, :stom, '{"tier": "free"}') - 'subscription' AS to_free;
SELECT status, ends_in, holds_for FROM t.sub(:tom);
SELECT t.pass(:tom, 29.9);
SELECT t.feature(:tom, 'email_support') AS just_before;
SELECT t.pass(:tom, 0.1 + 1.0 / 86400);
SELECT t.feature(:tom, 'email_support') AS just_after;
SELECT r.code, r.message FROM t.refused(format('SELECT t.sub_call(''subscription_resume'', %s, %s)', :tom, :stom)) r;
SELECT tradepost.run_subscriptions();
SELECT r.code, r.message FROM t.refused(format('SELECT t.sub_call(''subscription_cancel'', %s, %s)', :tom, :stom)) r;
SELECT t.sub_call('subscription_change', :tom, :stom, '{"tier": "basic"}') - 'subscription' AS anew;
SELECT status, tier, pending, caller_has FROM t.sub(:tom);
COMMIT;

-- A trial ends; what waits for a payment still waits.
BEGIN;
SELECT t.sub_call('subscription_change', :pat, :spat, '{"tier": "basic"}') ->> 'status' AS asked;
SELECT t.pass(:pat, 14.001);
SELECT t.feature(:pat, 'email_support');
SELECT tradepost.run_subscriptions();
SELECT tier, status, pending, caller_has FROM t.sub(:pat);
SELECT t.bill('act-3', 'subscription.activated', :pat, jsonb_build_object('tier', 'basic', 'periodEnd', t.in_days(30)));
SELECT * FROM t.sub(:pat);
-- At once: the credit is said.
SELECT t.sub_call('subscription_change', :pat, :spat, '{"tier": "free", "immediately": true}');
SELECT tier, status, holds_for, caller_has FROM t.sub(:pat);
SELECT t.feature(:pat, 'email_support');
COMMIT;

-- What an administrator gives has no end, and no bill.
SELECT tradepost.set_tier(:pat, 'enterprise');
SELECT * FROM t.sub(:pat);
SELECT r.code, r.message, r.hint FROM unnest(ARRAY['cancel', 'resume']) WITH ORDINALITY x (f, n), t.refused(format('SELECT t.sub_call(''subscription_%s'', %s, %s)', x.f, :pat, :spat)) r ORDER BY n;
SELECT r.code, r.message, r.hint FROM unnest(ARRAY['enterprise', 'pro', 'free']) WITH ORDINALITY x (tier, n), t.refused(format('SELECT t.sub_call(''subscription_change'', %s, %s, ''{"tier": "%s"}'')', :pat, :spat, x.tier)) r ORDER BY n;
SELECT t.bill('x-1', 'payment.failed', :pat) AS failed, t.bill('x-2', 'subscription.cancelled', :pat) AS cancelled, t.bill('x-3', 'subscription.renewed', :pat, jsonb_build_object('periodEnd', t.in_days(30))) AS renewed;
SELECT t.sub_call('subscription_change', :pat, :spat, '{"tier": "pro", "immediately": true}') - 'subscription' AS lower;
SELECT * FROM t.sub(:pat);
SELECT t.sub_call('subscription_change', :pat, :spat, '{"tier": "free", "immediately": true}') ->> 'status' AS ended;

-- Billing: each event counts once; what makes no sense is said.
SELECT tradepost_edge.billing_event('regress', 'once', jsonb_build_object('type', 'subscription.activated', 'user', :pat, 'tier', 'pro', 'periodEnd', '2999-01-01T00:00:00Z', 'occurredAt', '2026-02-01T00:00:00Z'))::jsonb - 'user' AS first;
SELECT tradepost_edge.billing_event('regress', 'once', jsonb_build_object('type', 'subscription.activated', 'user', :pat, 'tier', 'pro', 'periodEnd', '2999-01-01T00:00:00Z', 'occurredAt', '2026-02-01T00:00:00Z'))::jsonb - 'user' AS again;
SELECT tradepost_edge.billing_event('another', 'once', jsonb_build_object('type', 'subscription.cancelled', 'user', :pat, 'occurredAt', '2026-01-31T00:00:00Z'))::jsonb - 'user' AS older;
SELECT r.code, regexp_replace(r.message, '"\d+"', 'N') AS message FROM unnest(ARRAY[
	$$'regress', 'once', '{"type": "payment.failed", "user": 1}'$$, $$'', 'e', '{}'$$, $$'regress', NULL, '{}'$$, $$'regress', 'e', NULL$$, $$'regress', 'e', '[]'$$, $$'regress', 'e', '{}'$$, $$'regress', 'e', '{"type": "refund"}'$$,
	$$'regress', 'e', '{"type": "payment.failed"}'$$, $$'regress', 'e', '{"type": "payment.failed", "user": 987654321}'$$, $$'regress', 'e', '{"type": "payment.failed", "user": "x"}'$$, $$'regress', 'e', '{"type": "payment.failed", "user": :pat, "tenant": 2}'$$,
	$$'regress', 'e', '{"type": "payment.failed", "user": :pat, "admin": true}'$$, $$'regress', 'e', '{"type": "subscription.activated", "user": :pat, "tier": "pro"}'$$, $$'regress', 'e', '{"type": "subscription.activated", "user": :pat, "periodEnd": "2999-01-01"}'$$,
	$$'regress', 'e', '{"type": "subscription.activated", "user": :pat, "tier": "free", "periodEnd": "2999-01-01"}'$$, $$'regress', 'e', '{"type": "subscription.activated", "user": :pat, "tier": "pro", "periodEnd": "2020-01-01"}'$$,
	$$'regress', 'e', '{"type": "subscription.activated", "user": :pat, "tier": "pro", "periodEnd": "2999-01-01", "periodStart": "2999-01-02"}'$$, $$'regress', 'e', '{"type": "subscription.renewed", "user": :pat}'$$]) WITH ORDINALITY u (x, n),
	t.refused(format('SELECT tradepost_edge.billing_event(%s)', replace(u.x, ':pat', :'pat'))) r ORDER BY n;
SELECT count(*) AS left_by_what_was_refused FROM tradepost_internal.billing_events WHERE event_id = 'e';
SELECT r.code, r.message FROM unnest(ARRAY['{}', '{"tier": "gold"}', '{"tier": 1}', '{"tier": "pro", "subscriptionTier": "pro"}', '{"tier": "pro", "price": 1}', '{"tier": "pro", "preview": "maybe"}', '{"tier": "pro"}']) WITH ORDINALITY x (b, n),
	t.refused(format('SELECT t.sub_call(''subscription_change'', %s, %s, %L)', :pat, :spat, b)) r ORDER BY n;
-- An API key may look, but not change.
SELECT tradepost_edge.api_key_add(:pat, :spat, '{"body": {"name": "k", "scopes": ["read", "trade"]}}', sha256('key of pat'), 'hint') IS NOT NULL AS made;
SELECT max(id) AS keyed FROM tradepost_internal.sessions WHERE user_id = :pat \gset
SELECT t.sub_call('subscription_get', :pat, :keyed) #>> '{subscription,tier}' AS tier;
SELECT r.code, r.message FROM unnest(ARRAY['change', 'cancel', 'resume']) WITH ORDINALITY x (f, n), t.refused(format('SELECT t.sub_call(''subscription_%s'', %s, %s, ''{}'')', x.f, :pat, :keyed)) r ORDER BY n;

-- Every change was recorded, pushed to the user's sockets, noted for the user and told to the proxies.
SELECT count(*) AS events, count(*) = (SELECT count(*) FROM tradepost.security_events s WHERE s.user_id IN (:fay, :tom, :pat) AND s.kind LIKE 'subscription\_%') AS audited,
	count(*) = (SELECT count(*) FROM (SELECT user_id, event FROM tradepost_internal.pushes UNION ALL SELECT user_id, event FROM tradepost_internal.push_queue) p WHERE p.user_id IN (:fay, :tom, :pat) AND p.event = 'subscription:changed') AS pushed,
	count(*) = (SELECT count(*) FROM tradepost_internal.notifications n WHERE n.user_id IN (:fay, :tom, :pat) AND n.kind = 'subscription') AS noted
FROM tradepost.subscription_events e WHERE e.user_id IN (:fay, :tom, :pat);
SET ROLE regress_tp_admin;
SELECT tier, status FROM tradepost.subscriptions WHERE user_id = :pat;
SELECT r.code, r.message FROM unnest(ARRAY['DELETE FROM tradepost_internal.subscription_events', 'UPDATE tradepost_internal.subscriptions SET tier = ''pro''', 'UPDATE tradepost.subscription_events SET kind = ''x''', 'SELECT tradepost_edge.billing_event(''a'', ''b'', ''{}'')',
	'SELECT tradepost_internal.give_tier(1, ''pro'')']) WITH ORDINALITY u (s, n), t.refused(u.s) r ORDER BY n;
SET ROLE regress_tp_alice;
SELECT r.code, r.message FROM unnest(ARRAY['SELECT * FROM tradepost.subscriptions', 'SELECT * FROM tradepost.tiers', 'SELECT tradepost.run_subscriptions()', 'SELECT tradepost.schedule_jobs()', 'SELECT tradepost.set_tier_terms(''pro'', ''{"price": 0}'')']) WITH ORDINALITY u (s, n), t.refused(u.s) r ORDER BY n;
RESET ROLE;
-- Prices from the proxy's settings; a tenant's own terms, and its settings before them.
SELECT tradepost_edge.configure_tiers('{"basic": "49.50", "pro": 199}');
SELECT tradepost_edge.configure_tiers('{"basic": "49.50"}');
SELECT count(*) FROM tradepost.security_events WHERE kind = 'prices_changed';
SELECT r.code, r.message FROM unnest(ARRAY['{"gold": 1}', '{"pro": "x"}', '[]']) x, t.refused(format('SELECT tradepost_edge.configure_tiers(%L)', x)) r;
SELECT tradepost_edge.configure_tiers('{"basic": "49"}');
SELECT id AS acme FROM tradepost.tenants WHERE name = 'Acme' \gset
SELECT tradepost.set_tier_terms('basic', '{"price": 30, "maxOpenOrders": 7, "maxApiKeys": null, "supportHours": null, "supportChannel": "phone"}', :acme), tradepost.set_tier_terms('pro', '{"maxSockets": 3}', :acme);
SELECT x ->> 'tier' AS tier, x ->> 'price' AS price, x -> 'limits' AS limits, x -> 'support' AS support FROM json_array_elements(tradepost_edge.tiers_list(NULL, NULL, json_build_object('tenant', :acme)::jsonb) -> 'tiers') x;
SELECT tradepost_internal.tier_limit(:acme, 'basic', 'open_orders') AS theirs, tradepost_internal.tier_limit(1, 'basic', 'open_orders') AS ours, tradepost_internal.tier_limit(:acme, 'free', 'open_orders') AS as_everybody;
-- One that cannot be changed keeps no other waiting, and is tried again.
SELECT u AS sue FROM t.sub_user('sue', 'pro') \gset
SELECT u AS ted FROM t.sub_user('ted', 'pro') \gset
BEGIN;
CREATE FUNCTION t.stumble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'stumbled'; END $$;
CREATE TRIGGER stumble BEFORE INSERT ON tradepost_internal.subscription_events FOR EACH ROW WHEN (NEW.kind = 'expired' AND NEW.tier = 'pro') EXECUTE FUNCTION t.stumble();
UPDATE tradepost_internal.subscriptions SET tier = 'basic' WHERE user_id = :ted;
SELECT t.pass(:sue, 20), t.pass(:ted, 15);
SET LOCAL client_min_messages = error;
SELECT tradepost.run_subscriptions();
SELECT tier, status, caller_has FROM t.sub(:sue) UNION ALL SELECT tier, status, caller_has FROM t.sub(:ted);
DROP TRIGGER stumble ON tradepost_internal.subscription_events;
SELECT tradepost.run_subscriptions();
SELECT tier, status, caller_has FROM t.sub(:sue);
ROLLBACK;
-- A provider whose clock was ahead once is heard afterwards.
SELECT u AS una FROM t.sub_user('una', 'pro') \gset
SELECT tradepost_edge.billing_event('ahead', '1', jsonb_build_object('type', 'subscription.activated', 'user', :una, 'tier', 'pro', 'periodEnd', '2999-01-01T00:00:00Z', 'occurredAt', '2998-01-01T00:00:00Z'))::jsonb - 'user' AS ahead;
SELECT tradepost_edge.billing_event('ahead', '2', jsonb_build_object('type', 'payment.failed', 'user', :una, 'occurredAt', clock_timestamp()))::jsonb - 'user' AS after;
-- pg_cron is not here.
SELECT tradepost.schedule_jobs();
