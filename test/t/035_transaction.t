# 035_transaction.t
#	  Commands belong to the caller's transaction: with its rows or not at all, savepoints
#	  and exception blocks included; PREPARE TRANSACTION is refused.
#
# That this holds over a kill -9 too is part of 030_kill.t.
use strict;
use warnings;

use Test::More;
use TradepostMarket;
use TradepostSession;
use TradepostTest;

my $node = tradepost_node('transaction', conf => "max_prepared_transactions = 5\n");
open_market($node, 'market');
my ($alice, $bob) = market_accounts();
my $session = TradepostSession->new($node, 'market');

# Orders are told apart by their client_order_id.
sub order
{
	my ($key) = @_;

	return place_sql($alice, 'buy', 1, 90, "client_order_id => '$key'");
}

# Which of these keys were decided, in their order.
sub decided
{
	my (@keys) = @_;
	my $list = join ', ', map { "'$_'" } @keys;

	settle($node, 'market');
	return $node->safe_psql('market', "SELECT coalesce(string_agg(client_order_id, ' ' ORDER BY id), '') FROM tradepost.orders WHERE client_order_id IN ($list)");
}

$session->query('CREATE TABLE own (key text)');

# Together or not at all.
$session->query('BEGIN; INSERT INTO own VALUES (1); SELECT ' . order('kept') . "; SELECT " . order('kept too'));
is(decided('kept', 'kept too'), '', 'not before the commit');
$session->query('COMMIT');
is(decided('kept', 'kept too'), 'kept kept too', 'after it');
$session->query('BEGIN; INSERT INTO own VALUES (2); SELECT ' . order('rolled back') . '; ROLLBACK');
$session->query('BEGIN; INSERT INTO own VALUES (3); SELECT ' . order('failed') . '; SELECT 1 / 0; COMMIT');
is(decided('rolled back', 'failed'), '', 'what is rolled back, or fails, never was');
is($node->safe_psql('market', 'SELECT string_agg(key, \' \') FROM own'), '1', 'as with the rows beside it');

# Its key is free again, for another request too.
$session->query('SELECT ' . place_sql($alice, 'buy', 2, 90, "client_order_id => 'failed'"));
is(decided('failed'), 'failed', 'a key that was rolled back is free');

# Savepoints.
$session->query('BEGIN; SELECT ' . order('s1') . '; SAVEPOINT a; SELECT ' . order('s2') . '; SAVEPOINT b; SELECT ' . order('s3')
	. '; RELEASE b; ROLLBACK TO a; SELECT ' . order('s4') . '; SAVEPOINT c; SELECT ' . order('s5') . '; RELEASE c; COMMIT');
is(decided(map { "s$_" } 1 .. 5), 's1 s4 s5', 'savepoints: what they roll back never was, what they release is there');
$session->query('BEGIN; SAVEPOINT a; SELECT ' . order('t1') . '; SAVEPOINT b; SELECT ' . order('t2') . '; RELEASE b; ROLLBACK TO a; SAVEPOINT d; SELECT ' . order('t3')
	. '; ROLLBACK TO d; COMMIT');
is(decided(map { "t$_" } 1 .. 3), '', 'savepoints: one that rolls back takes the released ones inside with it');
$session->query('BEGIN; SAVEPOINT a; SELECT ' . order('u1') . '; SELECT 1 / 0; ROLLBACK TO a; SELECT ' . order('u2') . '; COMMIT');
is(decided('u1', 'u2'), 'u2', 'savepoints: after an error');

# Exception blocks of PL/pgSQL, in a loop, and in a procedure that commits between.
$session->query(<<"EOF");
DO \$\$
BEGIN
	FOR n IN 1 .. 6 LOOP
		BEGIN
			PERFORM tradepost.place_order($alice, 'EURUSD', 'buy', 1, 90, client_order_id => 'block ' || n);
			INSERT INTO own VALUES ('block ' || n);
			IF n % 2 = 0 THEN
				RAISE EXCEPTION 'not this one';
			END IF;
		EXCEPTION WHEN raise_exception THEN
			NULL;
		END;
		IF n % 3 = 0 THEN
			COMMIT;
		END IF;
	END LOOP;
END
\$\$
EOF
is(decided(map { "block $_" } 1 .. 6), 'block 1 block 3 block 5', 'exception blocks');
is($node->safe_psql('market', "SELECT string_agg(key, ' ' ORDER BY key) FROM own WHERE key LIKE 'block%'"), 'block 1 block 3 block 5', 'and the rows beside them');

# A refused command in a block harms nothing around it.
$session->query(<<"EOF");
DO \$\$
BEGIN
	PERFORM tradepost.place_order($alice, 'EURUSD', 'buy', 1, 90, client_order_id => 'v1');
	BEGIN
		PERFORM tradepost.place_order($alice, 'EURUSD', 'buy', -1, 90, client_order_id => 'v2');
	EXCEPTION WHEN SQLSTATE 'TP005' THEN
		PERFORM tradepost.place_order($alice, 'EURUSD', 'buy', 1, 90, client_order_id => 'v3');
	END;
END
\$\$
EOF
is(decided('v1', 'v2', 'v3'), 'v1 v3', 'a refused command, caught');

# PREPARE TRANSACTION.
$session->query("BEGIN; SELECT " . order('prepared') . "; PREPARE TRANSACTION 'with command'");
like($session->error, qr/ERROR:  TP010: cannot PREPARE/, 'PREPARE with a command is refused');
is($node->safe_psql('market', 'SELECT count(*) FROM pg_prepared_xacts'), '0', 'and leaves no prepared transaction');
is(decided('prepared'), '', 'nor a command');
$session->query("BEGIN; UPDATE tradepost_internal.accounts SET name = name; PREPARE TRANSACTION 'with configuration'");
like($session->error, qr/ERROR:  TP010: cannot PREPARE/, 'PREPARE with a change of the configuration is refused');
$session->query("BEGIN; INSERT INTO own VALUES ('prepared'); PREPARE TRANSACTION 'without'");
is($session->error, '', 'PREPARE without either is not');
$session->query("BEGIN; SAVEPOINT a; SELECT " . order('rolled back, then prepared') . "; ROLLBACK TO a; PREPARE TRANSACTION 'without any more'");
is($session->error, '', 'nor one whose command was rolled back');
settle($node, 'market');
is(status_of($node, 'market', "oldest_command_age = '0'"), 't', 'which the engine does not wait for');
$session->query("COMMIT PREPARED 'without'");
$session->query("COMMIT PREPARED 'without any more'");
is($session->error, '', 'both can be committed');
is(decided('rolled back, then prepared'), '', 'what was rolled back before never was');

$session->quit;
sound_ok($node, 'market', 'in the end');
$node->stop;
done_testing();
