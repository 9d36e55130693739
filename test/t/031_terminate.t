# 031_terminate.t
#	  pg_terminate_backend() on the matcher and on the launcher under load: trading goes on
#	  by itself, and nothing is lost.
use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);
use TradepostLoad;
use TradepostMarket;
use TradepostTest;

my $node = tradepost_node('terminate');
open_market($node, 'market');
TradepostLoad::prepare($node, 'market');

my $load = TradepostLoad->start($node, 'market', clients => 4, rate => 3000);
my @times;
for my $round (1 .. (long_run() ? 20 : 4))
{
	ok($load->progress(100), "round $round: load runs");
	my ($pid, $last, $terminated) = split /\|/,
	  $node->safe_psql('market', 'SELECT pid, last_seq, pg_terminate_backend(pid) FROM tradepost.engine_status');
	my $began = time;
	is($terminated, 't', "round $round: the matcher is told to end");

	# A decision made by another process than the one that was told.
	ok(wait_until($node, 'market', "SELECT pid <> $pid AND state = 'running' AND last_seq > $last FROM tradepost.engine_status", 't'),
		"round $round: another one goes on");
	push @times, time - $began;
}
note('from pg_terminate_backend() to decisions of the next matcher, in seconds: ' . join ', ', map { sprintf '%.2f', $_ } @times);
cmp_ok((sort { $a <=> $b } @times)[-1], '<', 10, 'no round took 10 s');

my $launcher = $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'tradepost launcher'");
$node->safe_psql('postgres', "SELECT pg_terminate_backend($launcher)");
ok(wait_until($node, 'postgres', "SELECT pid <> $launcher FROM pg_stat_activity WHERE backend_type = 'tradepost launcher'", 't'), 'another launcher comes');
ok($load->progress(300), 'trading does not stop while there is none');
my $pid = status_of($node, 'market', 'pid');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'tradepost matcher' AND datname = 'market'"),
	'1', 'and the new launcher starts no second matcher');
$node->safe_psql('market', "SELECT pg_terminate_backend($pid)");
ok(wait_until($node, 'market', "SELECT pid <> $pid AND state = 'running' FROM tradepost.engine_status", 't'), 'but looks after the one that there is');

ok($load->progress(300), 'load goes on');
$load->stop('load');
sound_ok($node, 'market', 'in the end');
TradepostLoad::kept_ok($node, 'market', 'in the end');
$node->stop;
done_testing();
