# 040_extension.t
#	  CREATE, DROP and ALTER EXTENSION under a running engine, and reload.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use TradepostMarket;
use TradepostSession;
use TradepostTest;

my $node = tradepost_node('extension');
open_market($node, 'market');
my ($alice, $bob) = market_accounts();

sub matchers
{
	return "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'tradepost matcher' AND datname = 'market'";
}

# DROP that is rolled back: as if nothing had been.
{
	my $session = TradepostSession->new($node, 'market');

	place($node, 'market', $alice, 'buy', 1, 90);
	$session->query('BEGIN; DROP EXTENSION tradepost CASCADE; ROLLBACK');
	is($session->error, '', 'DROP EXTENSION, rolled back');
	like($session->query('SELECT ' . place_sql($alice, 'buy', 1, 91)), qr/\A\d+\z/, 'the same session places orders');
	$session->quit;
	sound_ok($node, 'market', 'after a DROP that was rolled back');
}

# DROP while a session has a command in its hands: they wait for each other as for any table.
{
	my $session = TradepostSession->new($node, 'market');
	my $admin = TradepostSession->new($node, 'market');

	$session->query('BEGIN; SELECT ' . place_sql($alice, 'buy', 1, 92));
	$admin->send('DROP EXTENSION tradepost CASCADE');
	ok(wait_until($node, 'postgres', 'SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = \'Lock\' AND pid = ' . $admin->pid, '1'), 'DROP waits for a command');
	$session->query('COMMIT');
	$admin->finish;
	is($admin->error =~ /ERROR/ ? $admin->error : '', '', 'and then drops');
	$session->query('SELECT tradepost.place_order(1, \'EURUSD\', \'buy\', 1, 1)');
	like($session->error, qr/ERROR:  (3F000|42883)/, 'nobody places orders then');
	ok(wait_until($node, 'postgres', matchers(), '0'), 'the matcher ends');
	$_->quit for $session, $admin;
}

# Made anew: another market, which knows nothing of the one before.
$node->safe_psql('market', 'BEGIN; CREATE EXTENSION tradepost; ROLLBACK');
$node->safe_psql('market', 'CREATE EXTENSION tradepost');
open_market($node, 'market');
is(count_of($node, 'market', 'tradepost.orders'), '0', 'made anew: no orders');
my $id = place($node, 'market', $alice, 'buy', 1, 90);
$node->safe_psql('market', "CALL tradepost.wait_for_order($id)");
is(state_of($node, 'market', $id), 'open', 'made anew: it trades, and waiters are told the truth');
sound_ok($node, 'market', 'made anew');
is($node->safe_psql('market', 'SELECT count(*) FROM tradepost.order_book(\'EURUSD\')'), '1', 'made anew: the old books are gone');

# Both in one transaction.
$node->safe_psql('market', 'BEGIN; DROP EXTENSION tradepost CASCADE; CREATE EXTENSION tradepost; COMMIT');
open_market($node, 'market');
place($node, 'market', $bob, 'buy', 1, 90);
sound_ok($node, 'market', 'dropped and made in one transaction');

# Another version than the library's: paused until they agree.
$node->safe_psql('market', "UPDATE pg_extension SET extversion = '0.5' WHERE extname = 'tradepost'");
$node->safe_psql('market', 'SELECT pg_terminate_backend(pid) FROM tradepost.engine_status');
ok(wait_until($node, 'market', 'SELECT state FROM tradepost.engine_status', 'paused'), 'extension and library differ: paused');
like(slurp_file($node->logfile), qr/tradepost is paused: extension and library differ in version/, 'and the log says so');
my $waits = place($node, 'market', $alice, 'buy', 1, 90);
is($node->safe_psql('market', "SELECT count(*) FROM tradepost.order_book('EURUSD')"), '1', 'the book is read from the tables meanwhile');
is(count_of($node, 'market', "tradepost_internal.events WHERE command_id = $waits"), '0', 'nothing is decided meanwhile');
$node->safe_psql('market', "UPDATE pg_extension SET extversion = '1.0' WHERE extname = 'tradepost'");
ok(wait_for($node, 'market', $waits), 'they agree again: it goes on');
sound_ok($node, 'market', 'after the pause');

# Reload.
$node->append_conf('postgresql.conf', 'tradepost.batch_size = 3');
$node->reload;
ok(wait_until($node, 'market', <<"EOF", '3'), 'a reload changes the size of batches');
SELECT last_batch_commands FROM tradepost.engine_status, (SELECT count(tradepost.place_orders(ARRAY[$alice], ARRAY['EURUSD'], ARRAY['buy']::tradepost.side[],
	array_fill(1::numeric, ARRAY[300]), ARRAY[90])) FROM generate_series(1, 1)) x
EOF
sound_ok($node, 'market', 'after a reload');
$node->stop;
done_testing();
