# 011_isolation.t
#	  pg_isolation_regress: test/specs/iso_*.spec against expected/iso_*.out.
use strict;
use warnings;

use File::Basename;
use Test::More;
use TradepostTest;

my @specs = map { basename($_, '.spec') } glob "$ENV{TRADEPOST_ROOT}/test/specs/*.spec";
plan skip_all => 'no spec file' unless @specs;

# The follower tells what it does when it gets to it: off, so that what listeners hear is the sessions' doing.
my $node = tradepost_node('isolation', conf => "max_prepared_transactions = 10\ntradepost.follower = off\n");

pg_regress_ok($ENV{TRADEPOST_ISOLATION}, $node, 'isolation_regression', [], @specs);
$node->stop;
done_testing();
