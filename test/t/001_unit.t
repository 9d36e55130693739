# 001_unit.t
#	  The unit tests of the pure parts: C programs that print TAP, as they ship and
#	  under the sanitizers.
use strict;
use warnings;

use Test::More;
use TradepostTest;

# A sanitizer's finding must fail the program, whatever it was about to return.
$ENV{ASAN_OPTIONS} = 'abort_on_error=0:exitcode=99:detect_stack_use_after_return=1';
$ENV{UBSAN_OPTIONS} = 'print_stacktrace=1:halt_on_error=1';

my @programs = grep { -x && -f } glob "$ENV{TRADEPOST_BUILD}/unit/* $ENV{TRADEPOST_BUILD}/asan/unit/*";

ok(@programs > 0, 'there are unit tests');
for my $program (@programs)
{
	tap_ok($program =~ s{^\Q$ENV{TRADEPOST_BUILD}\E/}{}r, $program);
}
done_testing();
