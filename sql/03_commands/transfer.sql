-- Money and the market's own controls: for administrators.

CREATE OR REPLACE FUNCTION tradepost.deposit(account bigint, asset text, amount numeric, key text DEFAULT NULL)
	RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_deposit';
COMMENT ON FUNCTION tradepost.deposit(bigint, text, numeric, text) IS
'Credits an account against the tenant''s external account; returns the command''s id. key makes it idempotent: the same request again returns the first id. Administrators only.';

CREATE OR REPLACE FUNCTION tradepost.withdraw(account bigint, asset text, amount numeric, key text DEFAULT NULL)
	RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_withdraw';
COMMENT ON FUNCTION tradepost.withdraw(bigint, text, numeric, text) IS
'Debits an account against the tenant''s external account, if its free funds allow; returns the command''s id. key as in deposit(). Administrators only.';

CREATE OR REPLACE FUNCTION tradepost.set_mark(symbol text, price numeric, tenant bigint DEFAULT 1)
	RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_set_mark';
COMMENT ON FUNCTION tradepost.set_mark(text, numeric, bigint) IS
'Sets the mark of a tenant''s instrument, the price that margins, bands and close-outs go by; returns the command''s id. Rejected if it moves more than mark_step. Administrators only.';

CREATE OR REPLACE FUNCTION tradepost.halt_instrument(symbol text, tenant bigint DEFAULT 1)
	RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_halt_instrument';
COMMENT ON FUNCTION tradepost.halt_instrument(text, bigint) IS 'Stops trading in an instrument: only cancels and decreases are taken until resume_instrument(). Administrators only.';

CREATE OR REPLACE FUNCTION tradepost.resume_instrument(symbol text, tenant bigint DEFAULT 1)
	RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_resume_instrument';
COMMENT ON FUNCTION tradepost.resume_instrument(text, bigint) IS 'Lets a halted instrument trade again. Administrators only.';

CREATE OR REPLACE FUNCTION tradepost.settle_instrument(symbol text, final_mark numeric, tenant bigint DEFAULT 1)
	RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_sql_settle_instrument';
COMMENT ON FUNCTION tradepost.settle_instrument(text, numeric, bigint) IS
'Expires a contract now at a final mark F: its orders are cancelled, each position is paid p * multiplier * (F - reference price) and closed. A contract whose expires_at comes settles by itself at its
mark. A spot pair is delisted: its orders are cancelled, and it never trades again. Administrators only.';

CREATE OR REPLACE FUNCTION tradepost_internal.list_instrument(instrument integer)
	RETURNS bigint LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_list_instrument';
COMMENT ON FUNCTION tradepost_internal.list_instrument(integer) IS 'Tells the engine to read an instrument''s row, new or changed; returns the command''s id';

CREATE OR REPLACE FUNCTION tradepost_internal.instance_id()
	RETURNS text LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'tradepost_instance_id';
COMMENT ON FUNCTION tradepost_internal.instance_id() IS 'System identifier and OID of this database, which a restored copy does not share';

CREATE OR REPLACE FUNCTION tradepost_internal.wake_engine()
	RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_wake_engine';
COMMENT ON FUNCTION tradepost_internal.wake_engine() IS 'Once this transaction commits: every backend reloads the configuration, and the engine looks again whether it may run';
