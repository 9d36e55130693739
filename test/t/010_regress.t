# 010_regress.t
#	  pg_regress: test/sql/*.sql in the order of test/schedule, against expected/.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use TradepostTest;

my $schedule = "$ENV{TRADEPOST_ROOT}/test/schedule";
my @tests = map { /^test:\s*(.*?)\s*$/ ? split(/\s+/, $1) : () } split /\n/, slurp_file($schedule);
my $node = tradepost_node('regress');

pg_regress_ok($ENV{PG_REGRESS}, $node, 'regression', [ '--max-connections=1' ], @tests);
$node->stop;
done_testing();
