# 020_upgrade.t
#	  The install and update scripts: a database that was made fresh, one that was upgraded
#	  and one that was restored hold the same extension.
#
# While there is one version of Tradepost, a made-up extension, assembled by the same
# script, shows that the machinery works; each later migration A--B.sql is then
# tested from the install script of A, frozen as test/upgrade/tradepost--A.sql.
use strict;
use warnings;

use File::Basename;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use TradepostTest;

my $root = $ENV{TRADEPOST_ROOT};
my $node = tradepost_node('upgrade');

sub fingerprint
{
	my ($database, $extension) = @_;
	my ($out, $err);

	IPC::Run::run([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-v', "ext=$extension", '-d', $node->connstr($database), '-f', "$root/test/upgrade/fingerprint.sql" ],
		'<', \undef, '>', \$out, '2>', \$err)
	  or die "fingerprint: $err";
	return $out;
}

# Compares and shows only the lines that differ.
sub same
{
	my ($got, $expected, $name) = @_;
	my %left = map { $_ => 1 } split /\n/, $got;
	my %right = map { $_ => 1 } split /\n/, $expected;

	ok($got eq $expected, $name)
	  or diag(join "\n", (map { "+ $_" } grep { !$right{$_} } sort keys %left), (map { "- $_" } grep { !$left{$_} } sort keys %right));
}

sub restored
{
	my ($from, $to) = @_;
	my $file = "$ENV{TRADEPOST_OUT}/$from.dump";

	command_ok([ 'pg_dump', '-Fc', '-f', $file, '-d', $node->connstr($from) ], "pg_dump of $from");
	$node->safe_psql('postgres', "CREATE DATABASE $to");
	command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr($to), $file ], "pg_restore into $to");
}

# The made-up extension.
$node->safe_psql('postgres', "CREATE DATABASE $_") for qw(fixture_fresh fixture_upgraded);
$node->safe_psql('fixture_fresh', 'CREATE EXTENSION tradepost_fixture');
$node->safe_psql('fixture_upgraded', "CREATE EXTENSION tradepost_fixture VERSION '0.9'");
is($node->safe_psql('fixture_upgraded', "SELECT fixture.add_note('kept'), fixture.version()"), '1|0.9', 'the old version works');
isnt(fingerprint('fixture_upgraded', 'tradepost_fixture'), fingerprint('fixture_fresh', 'tradepost_fixture'), 'the old version differs');
$node->safe_psql('fixture_upgraded', 'ALTER EXTENSION tradepost_fixture UPDATE');
is($node->safe_psql('fixture_upgraded', "SELECT fixture.add_note('new', 'grim'), fixture.version()"), '2|1.0', 'the new version works');
restored('fixture_upgraded', 'fixture_restored');

my $fresh = fingerprint('fixture_fresh', 'tradepost_fixture');
cmp_ok(scalar(split /\n/, $fresh), '>', 30, 'the fingerprint says a lot');
same(fingerprint('fixture_upgraded', 'tradepost_fixture'), $fresh, 'made-up extension: upgraded = fresh');
same(fingerprint('fixture_restored', 'tradepost_fixture'), $fresh, 'made-up extension: restored = fresh');
is($node->safe_psql('fixture_restored', "SELECT string_agg(body, ',' ORDER BY id), fixture.add_note('third') FROM fixture.note"),
	'kept,new|3', 'rows and sequence came along');
my ($code, undef, $stderr) = $node->psql('fixture_fresh', '\set VERBOSITY verbose' . "\nSELECT fixture.refuse()");
like($stderr, qr/TP013: +refused/, 'SQLSTATEs were filled in');

# Ours.
tradepost_db($node, 'fresh');
restored('fresh', 'restored');
my $ours = fingerprint('fresh', 'tradepost');
same(fingerprint('restored', 'tradepost'), $ours, 'restored = fresh');

for my $migration (glob "$root/migrations/*--*.sql")
{
	my ($from) = basename($migration) =~ /^(.*)--/;

	$node->safe_psql('postgres', qq(CREATE DATABASE "upgraded_$from"));
	$node->safe_psql("upgraded_$from", "SET client_min_messages = warning; CREATE EXTENSION tradepost VERSION '$from'; ALTER EXTENSION tradepost UPDATE");
	same(fingerprint("upgraded_$from", 'tradepost'), $ours, "upgraded from $from = fresh");
}

$node->stop;
done_testing();
