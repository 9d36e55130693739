# 042_standby.t
#	  A streaming standby shows the market and changes nothing; promoted, it trades by itself.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use Test::More;
use TradepostFollower;
use TradepostMarket;
use TradepostTest;

my $primary = tradepost_node('primary', init => { allows_streaming => 1 });
open_market($primary, 'market');
my ($alice, $bob) = market_accounts();
add_users($primary, 'market', $alice);
my $sell = place($primary, 'market', $alice, 'sell', 5, 101);
place($primary, 'market', $bob, 'buy', 4, $_) for 90, 90, 91;
settle($primary, 'market');
$primary->backup('base');

my $standby = PostgreSQL::Test::Cluster->new('standby', install_path => $ENV{TRADEPOST_PREFIX});
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
place($primary, 'market', $bob, 'buy', 2, 101);
settle($primary, 'market');
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));

my $book = "SELECT string_agg(concat_ws(' ', side, price, quantity, orders), ', ') FROM tradepost.order_book('EURUSD')";
is($standby->safe_psql('market', $book), 'buy 91 4 1, buy 90 8 2, sell 101 3 1', 'the book, from the tables');
is($standby->safe_psql('market', $book), $primary->safe_psql('market', $book), 'as on the primary');
like(status_of($standby, 'market', 'state'), qr/standby|off/, 'no engine runs there');
is($standby->safe_psql('market', "SELECT state || ' ' || coalesce(pid, 0) FROM tradepost.follower_status"), 'standby 0', 'and no follower');
is($standby->safe_psql('market', 'SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds'), '', 'the invariants hold');
my ($status, $out, $err) = $standby->psql('market', "\\set VERBOSITY verbose\nSELECT " . place_sql($bob, 'buy', 1, 90));
like($err, qr/ERROR:  (25006|TP009)/, 'orders are refused');

# The primary dies; the standby takes over.
$primary->stop('immediate');
$standby->promote;
ok(wait_until($standby, 'market', 'SELECT state FROM tradepost.engine_status', 'running'), 'promoted: the engine runs by itself');
my $buy = place($standby, 'market', $bob, 'buy', 3, 101);
ok(wait_for($standby, 'market', $buy), 'promoted: it decides');
is(state_of($standby, 'market', $_), 'filled', 'promoted: it trades with what the primary had') for $buy, $sell;
sound_ok($standby, 'market', 'promoted');
followed_ok($standby, 'market', 'promoted');
$standby->stop;
done_testing();
