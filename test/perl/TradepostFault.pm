# TradepostFault.pm
#	  Faults in a server with fault injection points (tradepost_node(..., faults => 1)).
package TradepostFault;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Utils;
use Test::More;
use TradepostMarket;

our @EXPORT = qw(pause_file hold let_go pause_matcher set_fault UNITS);

# Faults are named by quantities in units of 1e-8.
use constant UNITS => 100_000_000;

# The file that a paused process waits for to vanish.
sub pause_file
{
	my ($node) = @_;

	return $node->basedir . '/pause';
}

sub hold
{
	my ($node) = @_;

	append_to_file(pause_file($node), '');
}

sub let_go
{
	my ($node) = @_;

	unlink pause_file($node);
}

# Settings for every process, the matcher included: pairs of name and value.
sub set_fault
{
	my ($node, %value) = @_;

	$node->safe_psql('postgres', "ALTER SYSTEM SET tradepost.$_ = '$value{$_}'") for sort keys %value;
	$node->reload;
}

# The matcher stops at its next passing of a point until let_go().  It is started anew, so
# that it surely knows; returns its process.
sub pause_matcher
{
	my ($node, $database, $point) = @_;

	set_fault($node, fault_pause => $point, fault_pause_file => pause_file($node));
	my $pid = restart_matcher($node, $database);
	hold($node);
	return $pid;
}

1;
