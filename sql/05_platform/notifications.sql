-- Notifications: what a user is told, kept in a list, pushed to open sockets, and put
-- into the outboxes, each as the user prefers.

CREATE OR REPLACE FUNCTION tradepost_internal.notification_wanted(user_id bigint, kind text, channel text)
	RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT coalesce((SELECT p.enabled FROM tradepost_internal.notification_preferences p
			WHERE p.user_id = notification_wanted.user_id AND p.kind = notification_wanted.kind AND p.channel = notification_wanted.channel),
		notification_wanted.channel = 'whatsapp' OR notification_wanted.kind <> 'cancels' AND (notification_wanted.channel <> 'email' OR notification_wanted.kind = 'security'));
END;
COMMENT ON FUNCTION tradepost_internal.notification_wanted(bigint, text, text) IS
'Whether a user wants notifications of this kind by this channel; without a word everything by whatsapp, everything but cancels inapp and by websocket, by email what concerns security';

CREATE OR REPLACE FUNCTION tradepost_internal.notification_json(id bigint, kind text, title text, body text, data jsonb, moment timestamptz, read_at timestamptz)
	RETURNS json LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT row_to_json(x) FROM (SELECT notification_json.id, notification_json.kind, notification_json.title, notification_json.body, notification_json.data,
		notification_json.read_at IS NOT NULL AS read, tradepost_internal.iso(notification_json.read_at) AS "readAt", tradepost_internal.iso(notification_json.moment) AS "createdAt") x;
END;
COMMENT ON FUNCTION tradepost_internal.notification_json(bigint, text, text, text, jsonb, timestamptz, timestamptz) IS 'A notification as clients see it';

CREATE OR REPLACE FUNCTION tradepost_internal.notify_users(user_ids bigint[], kinds text[], titles text[], bodies text[], datas jsonb[])
	RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	told bigint;
BEGIN
	WITH asked AS (
		SELECT n.place, u.id AS user_id, u.tenant, u.email, u.email_verified_at, n.kind, n.title, n.body, n.data,
			tradepost_internal.notification_wanted(u.id, n.kind, 'inapp') AS inapp,
			tradepost_internal.notification_wanted(u.id, n.kind, 'websocket') AS websocket,
			tradepost_internal.notification_wanted(u.id, n.kind, 'email') AS email_too,
			clock_timestamp() AS moment
		FROM ROWS FROM (unnest(user_ids), unnest(kinds), unnest(titles), unnest(bodies), unnest(datas)) WITH ORDINALITY n (user_id, kind, title, body, data, place)
		JOIN tradepost_internal.users u ON u.id = n.user_id
	), numbered AS (
		SELECT a.*, CASE WHEN a.inapp THEN nextval('tradepost_internal.notifications_id_seq') END AS id
		FROM (SELECT * FROM asked ORDER BY place) a
	), kept AS (
		INSERT INTO tradepost_internal.notifications (id, user_id, time, kind, title, body, data)
		SELECT n.id, n.user_id, n.moment, n.kind, n.title, n.body, n.data FROM numbered n WHERE n.inapp ORDER BY n.id
	), posted AS (
		INSERT INTO tradepost_internal.deliveries (user_id, channel, recipient, subject, body, data)
		SELECT n.user_id, 'email', n.email, n.title, n.body, n.data FROM numbered n WHERE n.email_too AND n.email_verified_at IS NOT NULL ORDER BY n.place
	), pushed AS (
		INSERT INTO tradepost_internal.push_queue (tenant, user_id, channel, event, data)
		SELECT n.tenant, n.user_id, 'notifications', 'notification:created',
			tradepost_internal.notification_json(n.id, n.kind, n.title, n.body, n.data, n.moment, NULL)::text
		FROM numbered n WHERE n.websocket ORDER BY n.place
	)
	SELECT count(*) INTO told FROM numbered n WHERE n.inapp OR n.websocket OR n.email_too AND n.email_verified_at IS NOT NULL;
	PERFORM tradepost_internal.queue_notifications(user_ids, kinds, titles, bodies, datas);
	PERFORM tradepost_internal.wake_follower();
	RETURN told;
END
$$;
COMMENT ON FUNCTION tradepost_internal.notify_users(bigint[], text[], text[], text[], jsonb[]) IS
'Tells many users at once, in this order: one element each of user, kind (fills, expiries, cancels, signals, security, subscription), title, body and data. How many were told inapp, by websocket or by mail, which goes to verified addresses alone; WhatsApp goes to linked phones';

CREATE OR REPLACE FUNCTION tradepost_internal.notify_user(user_id bigint, kind text, title text, body text, data jsonb DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT tradepost_internal.notify_users(ARRAY[notify_user.user_id], ARRAY[notify_user.kind], ARRAY[notify_user.title], ARRAY[notify_user.body], ARRAY[notify_user.data]);
END;
COMMENT ON FUNCTION tradepost_internal.notify_user(bigint, text, text, text, jsonb) IS
'Tells a user, once this transaction commits, by the channels that the user prefers for this kind: fills, expiries, cancels, signals, security, subscription. title is one line, body a sentence, data the same for programs';

CREATE OR REPLACE FUNCTION tradepost_edge.notifications_list(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET jit = off
AS $$
DECLARE
	asking   tradepost_internal.users := tradepost_edge.caller(user_id, session_id);
	query    jsonb := args -> 'query';
	lines    integer;
	below    bigint;
	unread   boolean;
	wanted   text;
	count_of bigint;
	ids      bigint[];
	found    json[];
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{unread,kind,limit,cursor}');
	unread := tradepost_internal.edge_flag(query, 'unread');
	wanted := tradepost_internal.edge_choice(query, 'kind', '{fills,expiries,cancels,signals,security,subscription}');
	lines := tradepost_internal.edge_whole(query, 'limit', 1, 200, 50);
	below := tradepost_internal.edge_place(query);
	IF unread THEN
		SELECT array_agg(x.id), array_agg(x.json) INTO ids, found
		FROM (SELECT n.id, tradepost_internal.notification_json(n.id, n.kind, n.title, n.body, n.data, n.time, n.read_at) AS json
			FROM tradepost_internal.notifications n WHERE n.user_id = asking.id AND n.id < below AND n.read_at IS NULL AND (wanted IS NULL OR n.kind = wanted)
			ORDER BY n.user_id DESC, n.id DESC LIMIT lines + 1) x;
	ELSE
		SELECT array_agg(x.id), array_agg(x.json) INTO ids, found
		FROM (SELECT n.id, tradepost_internal.notification_json(n.id, n.kind, n.title, n.body, n.data, n.time, n.read_at) AS json
			FROM tradepost_internal.notifications n WHERE n.user_id = asking.id AND n.id < below AND (wanted IS NULL OR n.kind = wanted)
			ORDER BY n.user_id DESC, n.id DESC LIMIT lines + 1) x;
	END IF;
	SELECT count(*) INTO count_of FROM (SELECT FROM tradepost_internal.notifications n WHERE n.user_id = asking.id AND n.read_at IS NULL LIMIT 10000) x;
	RETURN json_build_object('notifications', coalesce(array_to_json(found[1:lines]), '[]'), 'unread', count_of,
		'nextCursor', tradepost_internal.edge_cursor(CASE WHEN cardinality(ids) > lines THEN ids[lines] END));
END
$$;
COMMENT ON FUNCTION tradepost_edge.notifications_list(bigint, bigint, jsonb) IS
'GET notifications: the caller''s, newest first: {"notifications": [{"id", "kind", "title", "body", "data", "read", "readAt", "createdAt"}], "unread", "nextCursor"}; unread counts to 10000. Query: unread, kind (fills,
expiries, cancels, signals, security, subscription), limit (1 to 200, default 50), cursor. Errors: TP005, TP016.';

CREATE OR REPLACE FUNCTION tradepost_internal.mark_read(asking tradepost_internal.users, ids bigint[])
	RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	marked bigint[];
BEGIN
	WITH done AS (
		UPDATE tradepost_internal.notifications n SET read_at = clock_timestamp()
		WHERE n.user_id = asking.id AND n.read_at IS NULL AND (ids IS NULL OR n.id = ANY (ids)) RETURNING n.id)
	SELECT array_agg(d.id ORDER BY d.id) INTO marked FROM done d;
	IF marked IS NOT NULL THEN
		-- The user's other windows.
		PERFORM tradepost_internal.push(asking.tenant, asking.id, NULL, 'notifications', 'notification:read', CASE WHEN ids IS NULL THEN json_build_object('all', true)
			ELSE json_build_object('ids', marked) END);
	END IF;
	RETURN coalesce(cardinality(marked), 0);
END
$$;
COMMENT ON FUNCTION tradepost_internal.mark_read(tradepost_internal.users, bigint[]) IS 'Marks these of a user''s notifications as read, or, without ids, all; how many were not yet';

CREATE OR REPLACE FUNCTION tradepost_edge.notifications_read(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
	body   jsonb := args -> 'body';
	ids    bigint[];
	every  boolean;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}', '{ids,all}');
	every := tradepost_internal.edge_flag(body, 'all');
	IF every = (body -> 'ids' IS NOT NULL) THEN
		PERFORM tradepost_internal.refuse('one of ids and all must be given', 'Such as {"ids": [12, 13]} or {"all": true}.');
	ELSIF NOT every THEN
		IF jsonb_typeof(body -> 'ids') <> 'array' THEN
			PERFORM tradepost_internal.refuse(format('ids is %s, and must be a list of numbers', left((body -> 'ids')::text, 64)), 'Such as {"ids": [12, 13]}.');
		ELSIF jsonb_array_length(body -> 'ids') > 1000 THEN
			PERFORM tradepost_internal.refuse(format('ids has %s elements, and at most 1000 can be marked at once', jsonb_array_length(body -> 'ids')), 'Use {"all": true}, or several requests.');
		ELSIF EXISTS (SELECT FROM jsonb_array_elements_text(body -> 'ids') x WHERE coalesce(x, '') !~ '^[0-9]{1,18}$') THEN
			PERFORM tradepost_internal.refuse(format('ids has an element %s, which is no number of a notification',
				(SELECT left(x::text, 64) FROM jsonb_array_elements(body -> 'ids') x WHERE coalesce(x #>> '{}', '') !~ '^[0-9]{1,18}$' LIMIT 1)), 'GET notifications lists yours.');
		END IF;
		ids := ARRAY(SELECT x::bigint FROM jsonb_array_elements_text(body -> 'ids') x);
	END IF;
	RETURN json_build_object('marked', tradepost_internal.mark_read(asking, ids));
END
$$;
COMMENT ON FUNCTION tradepost_edge.notifications_read(bigint, bigint, jsonb) IS
'POST notifications/read: {"marked"}, how many of these of the caller''s were unread. Body: ids, or all true. Numbers that are not the caller''s count for nothing. Errors: TP005, TP016.';

CREATE OR REPLACE FUNCTION tradepost_edge.notification_read(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
	given  text := args ->> 'param';
	wanted bigint := CASE WHEN given ~ '^[0-9]{1,18}$' THEN given::bigint END;
	answer json;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}', '{read}');
	IF args -> 'body' -> 'read' IS NULL OR NOT tradepost_internal.edge_flag(args -> 'body', 'read') THEN
		PERFORM tradepost_internal.refuse('read must be true', 'What was read stays read.');
	END IF;
	IF NOT EXISTS (SELECT FROM tradepost_internal.notifications n WHERE n.id = wanted AND n.user_id = asking.id) THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_not_found@', MESSAGE = format('notification %s is unknown', coalesce('"' || left(given, 64) || '"', 'null')),
			HINT = 'GET notifications lists yours.';
	END IF;
	PERFORM tradepost_internal.mark_read(asking, ARRAY[wanted]);
	SELECT tradepost_internal.notification_json(n.id, n.kind, n.title, n.body, n.data, n.time, n.read_at) INTO answer FROM tradepost_internal.notifications n WHERE n.id = wanted;
	RETURN json_build_object('notification', answer);
END
$$;
COMMENT ON FUNCTION tradepost_edge.notification_read(bigint, bigint, jsonb) IS
'PATCH notifications/:id with {"read": true}: {"notification"}, now read. Errors: TP005, TP016, TP027 the caller has no such notification.';

CREATE OR REPLACE FUNCTION tradepost_internal.preferences_json(of_user bigint)
	RETURNS json LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT json_build_object('preferences', (SELECT json_object_agg(k.kind, (SELECT json_object_agg(c.channel, tradepost_internal.notification_wanted(of_user, k.kind, c.channel) ORDER BY c.place)
			FROM unnest(ARRAY['inapp', 'websocket', 'email', 'whatsapp']) WITH ORDINALITY c (channel, place)) ORDER BY k.place)
		FROM unnest(ARRAY['fills', 'expiries', 'cancels', 'signals', 'security', 'subscription']) WITH ORDINALITY k (kind, place)));
END;
COMMENT ON FUNCTION tradepost_internal.preferences_json(bigint) IS 'A user''s preferences as clients see them';

CREATE OR REPLACE FUNCTION tradepost_edge.notification_preferences_get(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking tradepost_internal.users := tradepost_edge.caller(user_id, session_id);
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}');
	RETURN tradepost_internal.preferences_json(asking.id);
END
$$;
COMMENT ON FUNCTION tradepost_edge.notification_preferences_get(bigint, bigint, jsonb) IS
'GET notifications/preferences: {"preferences": {"fills": {"inapp", "websocket", "email", "whatsapp"}, ...}}, each true or false. Errors: TP005, TP016.';

CREATE OR REPLACE FUNCTION tradepost_edge.notification_preferences_set(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	asking    tradepost_internal.users := tradepost_edge.caller(user_id, session_id, 'login');
	wishes    jsonb := args -> 'body' -> 'preferences';
	wish_kind text;
	wish      jsonb;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}', '{preferences}');
	IF coalesce(jsonb_typeof(wishes), '') <> 'object' THEN
		PERFORM tradepost_internal.refuse('preferences must be an object', 'Such as {"preferences": {"fills": {"email": true}}}.');
	END IF;
	FOR wish_kind, wish IN SELECT * FROM jsonb_each(wishes) LOOP
		IF wish_kind NOT IN ('fills', 'expiries', 'cancels', 'signals', 'security', 'subscription') THEN
			PERFORM tradepost_internal.refuse(format('kind "%s" is unknown', left(wish_kind, 64)), 'It is one of: fills, expiries, cancels, signals, security, subscription.');
		ELSIF jsonb_typeof(wish) <> 'object' THEN
			PERFORM tradepost_internal.refuse(format('%s is %s, and must be an object', wish_kind, left(wish::text, 64)), 'Such as {"email": true}.');
		ELSIF EXISTS (SELECT FROM jsonb_object_keys(wish) c WHERE c NOT IN ('inapp', 'websocket', 'email', 'whatsapp')) THEN
			PERFORM tradepost_internal.refuse(format('channel "%s" of %s is unknown', (SELECT left(c, 64) FROM jsonb_object_keys(wish) c WHERE c NOT IN ('inapp', 'websocket', 'email', 'whatsapp') LIMIT 1), wish_kind),
				'It is one of: inapp, websocket, email, whatsapp.');
		ELSIF EXISTS (SELECT FROM jsonb_each(wish) c WHERE jsonb_typeof(c.value) <> 'boolean') THEN
			PERFORM tradepost_internal.refuse(format('%s of %s must be true or false', (SELECT c.key FROM jsonb_each(wish) c WHERE jsonb_typeof(c.value) <> 'boolean' LIMIT 1), wish_kind),
				'Such as {"preferences": {"fills": {"email": true}}}.');
		END IF;
		INSERT INTO tradepost_internal.notification_preferences AS p (user_id, kind, channel, enabled)
			SELECT asking.id, wish_kind, c.key, c.value::boolean FROM jsonb_each(wish) c ORDER BY c.key
			ON CONFLICT ON CONSTRAINT notification_preferences_pkey DO UPDATE SET enabled = excluded.enabled WHERE p.enabled <> excluded.enabled;
	END LOOP;
	RETURN tradepost_internal.preferences_json(asking.id);
END
$$;
COMMENT ON FUNCTION tradepost_edge.notification_preferences_set(bigint, bigint, jsonb) IS
'PATCH notifications/preferences: changes what is named, and answers as GET does. Body: {"preferences": {"fills": {"inapp", "websocket", "email", "whatsapp"}, ...}}, each true or false. Errors: TP005, TP016.';
