# TradepostCrash.pm
#	  Processes of a server that end without a word, and the server's way back.
package TradepostCrash;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);
use TradepostTest;

our @EXPORT = qw(kill_postmaster kill_process wait_for_server);

my $limit = $ENV{PG_TEST_TIMEOUT_DEFAULT} || 180;

# Waits until a process is gone.
sub gone
{
	my ($pid) = @_;
	my $deadline = time + $limit;

	while (kill 0, $pid)
	{
		die "process $pid does not end" if time > $deadline;
		sleep 0.01;
	}
}

sub children_of
{
	my ($parent) = @_;
	my @children;

	for my $stat (glob '/proc/[0-9]*/stat')
	{
		open(my $file, '<', $stat) or next;
		my $line = <$file> // next;
		push @children, $1 if $line =~ /\A(\d+) \(.*\) \w (\d+)/s && $2 == $parent;
	}
	return @children;
}

# The postmaster dies; its children follow when they notice, and until the last one has, a
# new postmaster refuses to start.  It stands still while they are counted.  Further
# arguments are children that would not notice, because a fault pauses them.
sub kill_postmaster
{
	my ($node, @paused) = @_;
	my ($pid) = slurp_file($node->data_dir . '/postmaster.pid') =~ /\A(\d+)/;

	kill 'STOP', $pid;
	my @children = children_of($pid);
	$node->kill9;
	kill 'KILL', @paused;
	gone($_) for $pid, @children;
	$node->start;
}

# One process that a query names dies: the postmaster starts everything anew.
sub kill_process
{
	my ($node, $database, $query) = @_;
	my $pid = $node->safe_psql($database, $query);

	die "no process: $query" unless $pid =~ /\A\d+\z/;
	kill 'KILL', $pid;
	gone($pid);
	wait_for_server($node, $database);
	return $pid;
}

sub wait_for_server
{
	my ($node, $database) = @_;

	return wait_until($node, $database, 'SELECT 1', '1');
}

1;
