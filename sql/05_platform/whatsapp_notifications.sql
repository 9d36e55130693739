-- Notifications as chat messages: by kind and data, in the user's language.

CREATE OR REPLACE FUNCTION tradepost_internal.symbol_name(symbol text)
	RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT regexp_replace(symbol, '^([A-Z][a-z][a-z][0-9][0-9])-', '\1 ');
END;
COMMENT ON FUNCTION tradepost_internal.symbol_name(text) IS 'A symbol as messages name its market: Dec25 Wheat of Dec25-Wheat';

CREATE OR REPLACE FUNCTION tradepost_internal.notification_key(kind text, title text, data jsonb)
	RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE kind
		WHEN 'fills' THEN CASE
			WHEN coalesce((data ->> 'orderId')::bigint, 0) = 0 THEN 'note_closed_out'
			WHEN (data ->> 'filled')::numeric = (data ->> 'orderQuantity')::numeric THEN 'note_fill_all'
			ELSE 'note_fill' END
		WHEN 'expiries' THEN CASE WHEN coalesce((data ->> 'orderId')::bigint, 0) = 0 THEN 'note_settled' ELSE 'note_expired' END
		WHEN 'cancels' THEN 'note_cancelled'
		WHEN 'signals' THEN 'note_signal'
		WHEN 'subscription' THEN 'note_subscription'
		WHEN 'security' THEN 'security_' || coalesce(data ->> 'event', regexp_replace(lower(title), '[^a-z0-9]+', '_', 'g'))
		END;
END;
COMMENT ON FUNCTION tradepost_internal.notification_key(text, text, jsonb) IS 'The key of the text of a notification; what concerns security is told apart by its event, or else its title';

CREATE OR REPLACE FUNCTION tradepost_internal.notification_text(lang text, kind text, title text, body text, data jsonb)
	RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	of_key  text := tradepost_internal.notification_key(kind, title, data);
	market  text := tradepost_internal.symbol_name(data ->> 'symbol');
	side    text := data ->> 'side';
	became  text := coalesce(data ->> 'outcome', data ->> 'status');
	places  jsonb;
BEGIN
	IF kind IN ('fills', 'expiries', 'cancels') THEN
		places := jsonb_build_object('market', market, 'order', data ->> 'orderId',
			'done', CASE side WHEN 'buy' THEN tradepost_internal.text('done_buy', lang) WHEN 'sell' THEN tradepost_internal.text('done_sell', lang) END,
			'quantity', tradepost_internal.shown((data ->> 'quantity')::numeric, lang), 'price', tradepost_internal.shown((data ->> 'price')::numeric, lang),
			'filled', tradepost_internal.shown((data ->> 'filled')::numeric, lang), 'total', tradepost_internal.shown((data ->> 'orderQuantity')::numeric, lang),
			'reason', CASE WHEN data ->> 'reason' IS NOT NULL THEN tradepost_internal.text('reason_' || (data ->> 'reason'), lang) END);
	ELSIF kind = 'signals' THEN
		places := jsonb_build_object('signal', data ->> 'signal', 'market', market,
			'became', tradepost_internal.text('signal_' || CASE became WHEN 'closed' THEN 'expired' ELSE became END, lang),
			'side', CASE data ->> 'type' WHEN 'buy' THEN tradepost_internal.text('side_buy', lang) WHEN 'sell' THEN tradepost_internal.text('side_sell', lang) END,
			'entry', tradepost_internal.shown((data ->> 'entry_price')::numeric, lang), 'stop', tradepost_internal.shown((data ->> 'stop_loss')::numeric, lang),
			'target', tradepost_internal.shown((data ->> 'take_profit')::numeric, lang));
	ELSIF kind = 'subscription' THEN
		places := jsonb_build_object('became', tradepost_internal.text('subscription_' || (data ->> 'change'), lang), 'tier', data ->> 'tier', 'until', left(data ->> 'periodEnd', 10));
	ELSIF kind = 'security' THEN
		places := jsonb_build_object('phone', data ->> 'phone', 'amount', tradepost_internal.shown((data ->> 'amount')::numeric, lang), 'asset', data ->> 'asset',
			'scopes', (SELECT string_agg(s, ', ') FROM jsonb_array_elements_text(CASE jsonb_typeof(data -> 'scopes') WHEN 'array' THEN data -> 'scopes' END) s));
	ELSE
		RAISE EXCEPTION 'notifications of kind "%" have no text', kind;
	END IF;
	RETURN tradepost_internal.text(of_key, lang, places);
EXCEPTION WHEN internal_error OR raise_exception OR invalid_text_representation THEN
	-- A notification that is newer than its text: better in general words, or in English, than not at all.
	RETURN CASE WHEN kind = 'security' AND coalesce(lang, 'en') IN ('es', 'pt') THEN tradepost_internal.text('note_security', lang) ELSE left(concat_ws(E'\n', title, body), 1500) END;
END
$$;
COMMENT ON FUNCTION tradepost_internal.notification_text(text, text, text, text, jsonb) IS
'A notification as a chat message in this language, by its kind and data: fills, expiries, cancels, signals, security, subscription. One that has no text of its own is told as it is';
