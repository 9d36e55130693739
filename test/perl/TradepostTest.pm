# TradepostTest.pm
#	  What the tests in test/t share: servers with the extension, and programs that
#	  print TAP themselves.
#
# docker/stack/prove.sh sets the environment that this rests on: TRADEPOST_ROOT,
# TRADEPOST_BUILD, TRADEPOST_OUT, TRADEPOST_PREFIX, TRADEPOST_FAULTS_PREFIX.
package TradepostTest;

use strict;
use warnings;

use Exporter 'import';
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use TAP::Parser;
use Test::More;
use Time::HiRes qw(sleep);

our @EXPORT = qw(tradepost_node tradepost_db tap_ok tap_text_ok pg_regress_ok long_run wait_until);

# A started server that preloads the extension.
#	faults => 1		with fault injection points
#	conf => text	appended to its configuration
#	start => 0		only initialised
sub tradepost_node
{
	my ($name, %opt) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name,
		install_path => $opt{faults} ? $ENV{TRADEPOST_FAULTS_PREFIX} : $ENV{TRADEPOST_PREFIX});

	$node->init(%{ $opt{init} // {} }, extra => [ '--no-locale', '--encoding=UTF8' ]);
	# Cluster turns fsync off: the tests pull no power plug, and kill -9 needs none.
	$node->append_conf('postgresql.conf', <<"EOF");
shared_preload_libraries = 'tradepost'
tradepost.max_databases = 64
max_worker_processes = 140
max_connections = 100
shared_buffers = 128MB
log_line_prefix = '%m [%p] %q%a '
EOF
	$node->append_conf('postgresql.conf', $opt{conf}) if defined $opt{conf};
	$node->start if $opt{start} // 1;
	return $node;
}

# A new database with the extension in it.
sub tradepost_db
{
	my ($node, $database, @extensions) = @_;
	$node->safe_psql('postgres', qq(CREATE DATABASE "$database"));
	$node->safe_psql($database, "SET client_min_messages = warning; CREATE EXTENSION $_")
	  for 'tradepost', @extensions;
	return $database;
}

# Runs a command whose standard output is TAP, as one subtest of ours.
sub tap_ok
{
	my ($name, @command) = @_;
	my ($out, $err) = ('', '');

	IPC::Run::run(\@command, '<', \undef, '>', \$out, '2>', \$err);
	my $status = $?;
	return tap_text_ok($name, $out, $status, $err);
}

# TAP that somebody has printed already, with the exit status and standard error.
sub tap_text_ok
{
	my ($name, $text, $status, $err) = @_;

	return subtest $name => sub {
		my $parser = TAP::Parser->new({ tap => $text });
		my $tests = 0;

		while (my $result = $parser->next)
		{
			if ($result->is_test)
			{
				my $description = $result->description =~ s/^- //r;

				# An input that is a number is no name that Test::More takes in silence.
				$description = "input $description" if $description =~ /\A[\d\s]+\z/;
				$tests++;
				if ($result->has_skip)
				{
				  SKIP: { skip(($description ? "$description: " : '') . $result->explanation, 1); }
				}
				else
				{
					ok($result->is_ok, $description);
				}
			}
			elsif ($result->is_plan && $result->has_skip)
			{
				plan skip_all => $result->explanation;
			}
			# Diagnostics of what failed; the chatter of what passed stays out.
			elsif (($result->is_comment || $result->is_unknown) && $parser->failed)
			{
				diag($result->as_string);
			}
		}
		# A program that dies halfway printed only good lines: its plan tells.
		ok($tests > 0 && $parser->is_good_plan, 'ran all tests that it planned')
		  or diag("ran $tests, planned " . ($parser->tests_planned // 'nothing'));
		is($status, 0, 'exit status');
		diag($err) if $err =~ /\S/ && (!Test::More->builder->is_passing || $status != 0);
	};
}

# Runs pg_regress or pg_isolation_regress in a directory where it finds sql/, specs/
# and expected/ whatever its version, against a server of ours; one test a file.
sub pg_regress_ok
{
	my ($program, $node, $database, $conf, @tests) = @_;
	my $dir = "$ENV{TRADEPOST_OUT}/$database";
	my ($out, $err) = ('', '');
	my %seen;

	mkdir $dir;
	symlink("$ENV{TRADEPOST_ROOT}/test/$_", "$dir/$_") for 'sql', 'specs';
	symlink("$ENV{TRADEPOST_ROOT}/expected", "$dir/expected");

	my @command = ($program, "--bindir=$ENV{TRADEPOST_PREFIX}/bin", '--host=' . $node->host, '--port=' . $node->port,
		'--user=' . (getpwuid($<))[0], "--dbname=$database", '--load-extension=tradepost', @$conf, @tests);
	IPC::Run::run(\@command, '<', \undef, '>', \$out, '2>', \$err, init => sub { chdir $dir or die "$dir: $!" });
	my $status = $?;

	# 15 says "test name ... ok", later ones print TAP.
	for (split /\n/, $out)
	{
		if (/^(?:test|parallel group|\s+)?\s*(\w+)\s+\.\.\. (ok|FAILED)/)
		{
			ok($2 eq 'ok', $1);
			$seen{$1} = 1;
		}
		elsif (/^(not )?ok \d+\s+[-+] (\w+)/)
		{
			ok(!$1, $2);
			$seen{$2} = 1;
		}
	}
	is(scalar(keys %seen), scalar(@tests), 'every test ran');
	is($status, 0, "exit status") or diag("$out$err");
	if ($status != 0 && -s "$dir/regression.diffs")
	{
		my $diffs = slurp_file("$dir/regression.diffs");
		diag(length($diffs) > 20000 ? substr($diffs, 0, 20000) . "\n(more in $dir/regression.diffs)" : $diffs);
	}
}

# Are the long loops wanted?
sub long_run
{
	return $ENV{TRADEPOST_TEST_LONG} ? 1 : 0;
}

# Polls until the query gives what is expected; slow machines only make it slower.
sub wait_until
{
	my ($node, $database, $query, $expected) = @_;

	# A server in recovery sends psql away, maybe before it has read the query: IPC::Run dies of that.
	for my $try (1 .. 1000)
	{
		my $reached = eval { $node->poll_query_until($database, $query, $expected) };

		return $reached if $@ eq '';
		die $@ if $@ !~ /Broken pipe/;
		sleep 0.1;
	}
	die "psql was sent away before it had read: $query";
}

1;
