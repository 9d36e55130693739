# 041_database.t
#	  Databases with engines: several at once, dropped, renamed, copied; more than there are
#	  places for; and a server that does not preload the library.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use TradepostMarket;
use TradepostSession;
use TradepostTest;

my $node = tradepost_node('database', conf => "tradepost.max_databases = 5\n");
my ($alice, $bob) = (market_accounts())[ 0, 1 ];

# Two at once: nothing of one is seen in the other.
open_market($node, $_) for 'one', 'two';
for my $database ('one', 'two')
{
	place($node, $database, $alice, 'sell', 5, 100);
	place($node, $database, $bob, 'buy', $database eq 'one' ? 2 : 3, 100);
}
sound_ok($node, $_, "two engines, $_") for 'one', 'two';
is($node->safe_psql('one', "SELECT quantity FROM tradepost.order_book('EURUSD')"), '3', 'the book of one');
is($node->safe_psql('two', "SELECT quantity FROM tradepost.order_book('EURUSD')"), '2', 'the book of the other');

# A copy of a database that trades must not trade by itself.
$node->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE one');
ok(wait_until($node, 'copy', 'SELECT state FROM tradepost.engine_status', 'restored'), 'a copy: its engine is off');
my ($status, $out, $err) = $node->psql('copy', '\set VERBOSITY verbose' . "\nSELECT " . place_sql($bob, 'buy', 1, 100));
like($err, qr/ERROR:  TP009.*post_restore/s, 'a copy: orders are refused');
place($node, 'one', $bob, 'buy', 1, 99);
sound_ok($node, 'one', 'the original');
like($node->safe_psql('copy', 'SELECT tradepost.post_restore()'), qr/is on/, 'post_restore()');
is($node->safe_psql('copy', 'SELECT tradepost.post_restore()'), 'nothing to do: the engine of this database is on', 'once is enough');
place($node, 'copy', $bob, 'buy', 1, 100);
sound_ok($node, 'copy', 'the copy, after post_restore()');
is($node->safe_psql('copy', "SELECT quantity FROM tradepost.order_book('EURUSD')"), '2', 'the copy trades where the original stood');
is($node->safe_psql('one', "SELECT quantity FROM tradepost.order_book('EURUSD') WHERE side = 'sell'"), '3', 'the original does not see it');

# Renamed.
$node->safe_psql('postgres', 'ALTER DATABASE two RENAME TO deux');
place($node, 'deux', $bob, 'buy', 1, 100);
sound_ok($node, 'deux', 'renamed');

# DROP that cannot be, because somebody else is connected; then one that can.
{
	my $session = TradepostSession->new($node, 'deux');
	($status, $out, $err) = $node->psql('postgres', 'DROP DATABASE deux');
	like($err, qr/being accessed by other users/, 'DROP DATABASE with a session in it fails');
	unlike($err, qr/2 other sessions/, 'because of that session alone');
	ok(wait_until($node, 'deux', 'SELECT state FROM tradepost.engine_status', 'running'), 'and the engine comes back');
	$session->quit;
}
place($node, 'deux', $bob, 'buy', 1, 99);
sound_ok($node, 'deux', 'after the DROP that failed');
$node->safe_psql('postgres', 'DROP DATABASE deux');
$node->safe_psql('postgres', 'DROP DATABASE copy WITH (FORCE)');

# Places are given back, over and over.
for my $round (1 .. 7)
{
	open_market($node, 'fleeting');
	place($node, 'fleeting', $alice, 'buy', 1, 90);
	ok(settle($node, 'fleeting'), "fleeting $round trades");
	$node->safe_psql('postgres', 'DROP DATABASE fleeting');
}

# More databases than places.
my $refused;
for my $n (1 .. 6)
{
	$node->safe_psql('postgres', "CREATE DATABASE many_$n");
	($status, $out, $err) = $node->psql("many_$n", "\\set VERBOSITY verbose\nSET client_min_messages = warning; CREATE EXTENSION tradepost;"
		. " SELECT tradepost.open_account('x'); SELECT tradepost.create_asset('USD'); SELECT tradepost.deposit(4, 'USD', 1)");
	if ($err =~ /ERROR/)
	{
		$refused = $err;
		last;
	}
}
like($refused // 'not refused', qr/ERROR:  TP009.*already has engines in 5 databases.*HINT:  Raise tradepost\.max_databases/s, 'one more than there are places for is told so');
place($node, 'one', $bob, 'buy', 1, 98);
sound_ok($node, 'one', 'the others do not suffer');
$node->stop;

# Without the library.
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''\n");
$node->adjust_conf('postgresql.conf', $_, undef) for 'tradepost.max_databases';
$node->start;
($status, $out, $err) = $node->psql('one', "\\set VERBOSITY verbose\nSELECT " . place_sql($bob, 'buy', 1, 100));
like($err, qr/ERROR:  TP009.*not in shared_preload_libraries/s, 'not preloaded: told so');
is($node->safe_psql('one', 'SELECT count(*) > 0 FROM tradepost.orders'), 't', 'not preloaded: what is there can be read');
is($node->safe_psql('one', "SELECT count(*) > 0 FROM tradepost.order_book('EURUSD')"), 't', 'not preloaded: the book too');
$node->safe_psql('postgres', 'CREATE DATABASE late');
$node->safe_psql('late', 'SET client_min_messages = warning; CREATE EXTENSION tradepost');
($status, $out, $err) = $node->psql('late', "\\set VERBOSITY verbose\nSELECT tradepost.deposit(4, 'USD', 1)");
like($err, qr/ERROR:  TP009.*not in shared_preload_libraries.*HINT/s, 'not preloaded: a new extension is of no use, and says so');
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'tradepost'\n");
$node->restart;
place($node, 'one', $bob, 'buy', 1, 97);
sound_ok($node, 'one', 'preloaded again');
$node->stop;
done_testing();
