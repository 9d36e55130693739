# 012_pgtap.t
#	  The pgTAP files in test/pgtap, each in a database of its own.
use strict;
use warnings;

use File::Basename;
use Test::More;
use TradepostTest;

my @files = glob "$ENV{TRADEPOST_ROOT}/test/pgtap/*.sql";
plan skip_all => 'no pgTAP file' unless @files;

my $node = tradepost_node('pgtap');

for my $file (@files)
{
	my $name = basename($file, '.sql');

	tradepost_db($node, $name, 'pgtap');
	tap_ok("pgtap $name", "$ENV{TRADEPOST_PREFIX}/bin/psql", '-XAtq', '-v', 'ON_ERROR_STOP=1', '-P', 'pager=off',
		'-h', $node->host, '-p', $node->port, '-d', $name, '-f', $file);
}
$node->stop;
done_testing();
