# 002_differential.t
#	  The engine against the second model: programs that print TAP, with fixed seeds,
#	  as they ship and (fewer streams) under the sanitizers.  They look at
#	  TRADEPOST_TEST_LONG themselves.
use strict;
use warnings;

use Test::More;
use TradepostTest;

$ENV{ASAN_OPTIONS} = 'exitcode=99';
$ENV{UBSAN_OPTIONS} = 'print_stacktrace=1:halt_on_error=1';

my @programs = grep { -x && -f } glob "$ENV{TRADEPOST_BUILD}/fuzz/*_differential $ENV{TRADEPOST_BUILD}/asan/fuzz/*_differential";

ok(@programs > 0, 'there is a differential fuzz');
tap_ok($_ =~ s{^\Q$ENV{TRADEPOST_BUILD}\E/}{}r, $_) for @programs;
done_testing();
