# TradepostEdge.pm
#	  Runs one of test/proxy's files by Node and lets its TAP through.
#
#	run(NAME, folder => 'proxy', needs => PROGRAM)	test/FOLDER/NAME.test.mjs; skipped where PROGRAM is not installed
#
# The proxy under test is the one with AddressSanitizer and UndefinedBehaviorSanitizer;
# the tests look at its exit status and at what it writes. Clusters are the files' own.
package TradepostEdge;

use strict;
use warnings;

sub run
{
	my ($name, %with) = @_;
	my $root = $ENV{TRADEPOST_ROOT};

	chomp(my $version = qx(node --version 2>/dev/null) // '');
	if ($version !~ /^v(\d+)/ || $1 < 18)
	{
		print "1..0 # SKIP Node 18 or later is not installed\n";
		exit 0;
	}
	if (!-e "$root/test/proxy/node_modules/.installed")
	{
		print "1..0 # SKIP the packages from npm are not installed\n";
		exit 0;
	}
	if ($with{needs} && !grep { -x "$_/$with{needs}" } split /:/, $ENV{PATH})
	{
		print "1..0 # SKIP $with{needs} is not installed\n";
		exit 0;
	}
	my $folder = "$root/test/" . ($with{folder} // 'proxy');
	$ENV{TRADEPOST_PROXY} //= "$ENV{TRADEPOST_BUILD}/asan/tradepost-proxy";
	$ENV{TRADEPOST_NODE_MODULES} = "$root/test/proxy/node_modules";
	chdir $folder or die "$folder: $!";
	exec 'node', '--test-reporter=../proxy/lib/reporter.mjs', '--test-reporter-destination=stdout', "$name.test.mjs" or die "node: $!";
}

1;
