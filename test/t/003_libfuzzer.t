# 003_libfuzzer.t
#	  A short run of each libFuzzer target, bounded in runs rather than in time, so
#	  that the same seed does the same on any machine.
use strict;
use warnings;

use File::Basename;
use File::Path qw(make_path);
use IPC::Run;
use Test::More;
use TradepostTest;

my @programs = grep { -x && -f } glob "$ENV{TRADEPOST_BUILD}/fuzz/*_libfuzzer";
my $runs = $ENV{TRADEPOST_FUZZ_RUNS} // (long_run() ? 2_000_000 : 20_000);

plan skip_all => 'no libFuzzer target was built (it needs clang with its run-time library)' unless @programs;

for my $program (@programs)
{
	my $name = basename($program);
	my $dir = "$ENV{TRADEPOST_OUT}/$name";
	my $out = '';

	make_path($dir);
	my $ok = IPC::Run::run([ $program, "-runs=$runs", '-seed=1', '-max_len=4096', '-timeout=300', "-artifact_prefix=$dir/" ],
		'<', \undef, '>&', \$out);
	ok($ok, "$name, $runs runs") or diag(substr($out, -8000));
}
done_testing();
