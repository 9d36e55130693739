-- Placing for many users in one call.

CREATE OR REPLACE FUNCTION tradepost_edge.place_each(users bigint[], sessions bigint[], keys text[], orders text[])
	RETURNS TABLE (n integer, id bigint, repeated boolean, sqlstate text, message text, hint text)
	LANGUAGE c VOLATILE PARALLEL UNSAFE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'tradepost_place_each';
COMMENT ON FUNCTION tradepost_edge.place_each(bigint[], bigint[], text[], text[]) IS
'POST orders and orders/batch: places each order for its own user, and answers with a row for each, in order: id, or sqlstate, message and hint of what it was refused for, which does not hurt the others. sessions
goes with users; keys: Idempotency-Key or NULL, which wins over clientOrderId; orders: JSON objects with symbol or asset and contract, side, price, quantity or amount, type, timeInForce, clientOrderId,
expiresAt, postOnly, stp, stopPrice, oco. repeated: the key was there before, id is the first one''s. At most 10000 a call. What concerns all (TP008 too many pending) is raised.';
