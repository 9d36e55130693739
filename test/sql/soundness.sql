--
-- check_invariants() notices: each damage is done by hand, seen, and rolled back.
--
\set SHOW_CONTEXT never
\set wait 'SELECT max(id) AS last_id FROM tradepost.commands \\gset \\\\ CALL tradepost.wait_for_order(:last_id) \\gset wait_'
SELECT tradepost.create_instrument('SOUND', 'spot', 'EUR', 'USD', 0.01, 1, 100) > 0 AS listed;
SELECT tradepost.create_instrument('Dec26-Wheat', 'future', 'Wheat', 'USD', 0.25, 1, 600, multiplier => 50) > 0 AS listed;
DO $$
BEGIN
	PERFORM t.open(100000, 1000, 'sound_a', 'sound_b');
	PERFORM t.place('sound-1', 'sound_a', 'SOUND', 'sell', 5, 100);
	PERFORM t.place('sound-2', 'sound_b', 'SOUND', 'buy', 3, 100);
	PERFORM t.place('sound-3', 'sound_b', 'SOUND', 'buy', 3, 99);
	PERFORM t.place('sound-4', 'sound_a', 'Dec26-Wheat', 'sell', 2, 600);
	PERFORM t.place('sound-5', 'sound_b', 'Dec26-Wheat', 'buy', 1, 600);
	PERFORM t.stop('sound-6', 'sound_b', 'SOUND', 'sell', 1, 'stop', 90);
	PERFORM t.stop('sound-7', 'sound_b', 'SOUND', 'sell', 1, 'take_profit', 120, oco => 'sound-6');
	PERFORM tradepost.place_bracket(t.account('sound_b'), 'SOUND', 'buy', 1, 98, 91, 121, client_order_id => 'sound-8');
	PERFORM tradepost.place_bracket(t.account('sound_b'), 'SOUND', 'buy', 1, 100, 91, 121, client_order_id => 'sound-9');
END
$$;
:wait
SELECT name, holds FROM tradepost.check_invariants() ORDER BY name;

-- What one statement of damage breaks.
CREATE FUNCTION t.broken(damage text, OUT damage_done text, OUT noticed text[]) LANGUAGE plpgsql AS
$$
BEGIN
	damage_done := damage;
	BEGIN
		EXECUTE damage;
		noticed := ARRAY(SELECT c.name FROM tradepost.check_invariants() c WHERE NOT c.holds ORDER BY c.name);
		RAISE EXCEPTION USING ERRCODE = 'XX999';
	EXCEPTION WHEN SQLSTATE 'XX999' THEN
		NULL;
	END;
END
$$;
\x on
SELECT b.* FROM unnest(ARRAY[
	'UPDATE tradepost_internal.balances SET total = total + 1 WHERE account = (SELECT t.account(''sound_a'')) AND total > 1000',
	'UPDATE tradepost_internal.balances SET reserved = reserved + 1 WHERE account = (SELECT t.account(''sound_b'')) AND reserved > 0',
	'UPDATE tradepost_internal.positions SET quantity = quantity + 1 WHERE account = (SELECT t.account(''sound_a'')) AND quantity <> 0',
	'UPDATE tradepost_internal.positions SET open_asks = 0 WHERE account = (SELECT t.account(''sound_a'')) AND open_asks > 0',
	'UPDATE tradepost_internal.orders SET price = 101 WHERE id = (SELECT t.id(''sound-3''))',
	'UPDATE tradepost_internal.orders SET filled = 6, status = 2 WHERE id = (SELECT t.id(''sound-1''))',
	'UPDATE tradepost_internal.orders SET status = 3 WHERE id = (SELECT t.id(''sound-3''))',
	'UPDATE tradepost_internal.orders SET price = 101 WHERE id = (SELECT t.id(''sound-1''))',
	'UPDATE tradepost_internal.orders SET rank = rank + 1 WHERE id = (SELECT t.id(''sound-3''))',
	'UPDATE tradepost_internal.orders SET commission = commission + 0.01 WHERE id = (SELECT t.id(''sound-2''))',
	'DELETE FROM tradepost_internal.orders WHERE id = (SELECT t.id(''sound-2''))',
	'DELETE FROM tradepost_internal.commands WHERE id = (SELECT t.id(''sound-2''))',
	'DELETE FROM tradepost_internal.events WHERE kind = 3 AND order_id = (SELECT t.id(''sound-2''))',
	'DELETE FROM tradepost_internal.events WHERE decision AND command_id = (SELECT t.id(''sound-2''))',
	'UPDATE tradepost_internal.events SET decision = true WHERE kind = 3 AND order_id = (SELECT t.id(''sound-2''))',
	'UPDATE tradepost_internal.events SET quantity = quantity + 1 WHERE kind = 3 AND order_id = (SELECT t.id(''sound-2''))',
	'UPDATE tradepost_internal.events SET price = 98 WHERE kind = 3 AND order_id = (SELECT t.id(''sound-2''))',
	'UPDATE tradepost_internal.events SET commission = commission + 1 WHERE kind = 3 AND order_id = (SELECT t.id(''sound-2''))',
	'UPDATE tradepost_internal.events SET account = 987654321 WHERE kind = 1 AND order_id = (SELECT t.id(''sound-2''))',
	'UPDATE tradepost_internal.events SET time = time - interval ''1 day'' WHERE kind = 1 AND order_id = (SELECT t.id(''sound-2''))',
	'UPDATE tradepost_internal.orders SET stop_price = 101 WHERE id = (SELECT t.id(''sound-6''))',
	'UPDATE tradepost_internal.orders SET filled = 1 WHERE id = (SELECT t.id(''sound-6''))',
	'UPDATE tradepost_internal.orders SET status = 7, rank = 1 WHERE id = (SELECT t.id(''sound-3''))',
	'UPDATE tradepost_internal.orders SET status = 0, price = 120 WHERE id = (SELECT t.id(''sound-7''))',
	'UPDATE tradepost_internal.orders SET status = 3, reason = 20 WHERE id = (SELECT t.id(''sound-7''))',
	'UPDATE tradepost_internal.orders SET link_id = NULL WHERE id = (SELECT t.id(''sound-7''))',
	'UPDATE tradepost_internal.orders SET link_id = (SELECT t.id(''sound-1'')) WHERE id = (SELECT t.id(''sound-7''))',
	'UPDATE tradepost_internal.orders SET rank = -rank WHERE parent_id = (SELECT t.id(''sound-8''))',
	'UPDATE tradepost_internal.orders SET rank = -rank WHERE parent_id = (SELECT t.id(''sound-9''))',
	'UPDATE tradepost_internal.orders SET quantity = 2 WHERE parent_id = (SELECT t.id(''sound-9''))',
	'UPDATE tradepost_internal.orders SET status = 3 WHERE id = (SELECT t.id(''sound-8''))',
	'UPDATE tradepost_internal.orders SET parent_id = 1 WHERE parent_id = (SELECT t.id(''sound-8''))',
	'UPDATE tradepost_internal.engine_state SET checksum = checksum + 1',
	'UPDATE tradepost_internal.engine_state SET last_seq = last_seq + 1',
	'INSERT INTO tradepost_internal.checkpoints SELECT max(seq), max(time), ''{}'' FROM tradepost_internal.events',
	'DELETE FROM tradepost_internal.accounts WHERE name = ''sound_a''',
	'SELECT 1'
]) WITH ORDINALITY u (damage, n), t.broken(damage) b ORDER BY n;
\x off
SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;
