-- The book: from shared memory where a matcher runs, from the tables elsewhere.

CREATE OR REPLACE FUNCTION tradepost_internal.book(instrument integer, depth integer)
	RETURNS TABLE (side tradepost.side, price numeric, quantity numeric, orders bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER ROWS 20 SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	BEGIN
		RETURN QUERY SELECT b.side, trim_scale(b.price), trim_scale(b.quantity), b.orders
			FROM tradepost_internal.published_book(instrument, depth) b;
	EXCEPTION WHEN SQLSTATE '@tradepost_not_published@' THEN
		-- A standby, a paused engine, or more levels than are published: it has told so before its first row.
		RETURN QUERY
			WITH levels AS (
				SELECT o.side, o.price, sum(o.quantity - o.filled) AS quantity, count(*) AS orders
				FROM tradepost_internal.open_orders() o WHERE o.instrument = book.instrument AND o.status <> 7 GROUP BY o.side, o.price
			), ranked AS (
				SELECT l.*, row_number() OVER (PARTITION BY l.side ORDER BY CASE l.side WHEN 0 THEN -l.price ELSE l.price END) AS place FROM levels l
			)
			SELECT (ARRAY['buy', 'sell']::tradepost.side[])[r.side + 1], trim_scale(r.price), trim_scale(r.quantity), r.orders
			FROM ranked r WHERE r.place <= depth ORDER BY r.side, r.place;
	END;
END
$$;
COMMENT ON FUNCTION tradepost_internal.book(integer, integer) IS
'The best levels of an instrument''s book, bids then asks, best first: from shared memory, or from the tables where the matcher does not publish so much. Whose
instrument it is, the caller has checked';

CREATE OR REPLACE FUNCTION tradepost.order_book(symbol text, depth integer DEFAULT 10, tenant bigint DEFAULT NULL)
	RETURNS TABLE (side tradepost.side, price numeric, quantity numeric, orders bigint)
	LANGUAGE sql VOLATILE PARALLEL UNSAFE ROWS 20
BEGIN ATOMIC
	SELECT b.side, b.price, b.quantity, b.orders
	FROM tradepost_internal.book(tradepost_internal.visible_instrument(order_book.symbol, order_book.tenant),
		tradepost_internal.bounded('depth', order_book.depth, 1, 10000)) b;
END;
COMMENT ON FUNCTION tradepost.order_book(text, integer, bigint) IS
'The book as the matcher last committed it: the best price levels of each side, bids then asks, best first. price in the quote asset, quantity: what is left of all orders at that price,
orders: how many they are. Up to tradepost.book_depth levels come from shared memory; more, or on a standby, from the tables. tenant: whose instrument; NULL: the caller''s own tenant''s, for who sees all
tenant 1''s. Errors: TP001 unknown symbol, also if it is another tenant''s, TP005 depth not in 1 to 10000.';
