-- What users read: the catalogue of texts, and numbers as their language writes them.

CREATE OR REPLACE FUNCTION tradepost_internal.text(key text, lang text, places jsonb DEFAULT NULL)
	RETURNS text LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'tradepost_text';
COMMENT ON FUNCTION tradepost_internal.text(text, text, jsonb) IS
'A text of extension/texts.txt in this language (en, es, pt; English for any other), its {places} filled in from an object of strings and numbers. A part in brackets is left out where a place in it is null or missing; any
other missing place, and a key that is not in the catalogue, is an error';

CREATE OR REPLACE FUNCTION tradepost_internal.shown(number numeric, lang text)
	RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	-- 1,185 could be a thousand and more in Spanish and Portuguese: 1,1850 could not.
	SELECT CASE
		WHEN lang IN ('es', 'pt') THEN replace(CASE WHEN scale(trim_scale(number)) = 3 THEN round(number, 4) ELSE trim_scale(number) END::text, '.', ',')
		ELSE trim_scale(number)::text END;
END;
COMMENT ON FUNCTION tradepost_internal.shown(numeric, text) IS
'A number as users of this language write it: decimal comma in es and pt, point in any other, nothing between thousands; typed back it reads the same, and is never asked back';

CREATE OR REPLACE FUNCTION tradepost_internal.shown_at(number numeric, lang text, places integer)
	RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE
		WHEN lang IN ('es', 'pt') THEN replace(round(number, CASE places WHEN 3 THEN 4 ELSE places END)::text, '.', ',')
		ELSE round(number, places)::text END;
END;
COMMENT ON FUNCTION tradepost_internal.shown_at(numeric, text, integer) IS 'As shown(), with so many decimal places, so that a column of them is aligned';
