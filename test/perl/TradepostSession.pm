# TradepostSession.pm
#	  A psql that stays connected, so that a test can hold transactions open in several
#	  sessions at once.
#
# PostgreSQL::Test::Cluster has one too, but another one in every version.
package TradepostSession;

use strict;
use warnings;

use IPC::Run;
use Test::More;

my $marker = 0;

# Options: a hash of settings for the session.
sub new
{
	my ($class, $node, $database, %settings) = @_;
	my $self = bless { in => '', out => '', err => '' }, $class;

	local $ENV{PGOPTIONS} = join ' ', map { "-c $_=$settings{$_}" } sort keys %settings;
	$self->{timer} = IPC::Run::timeout($ENV{PG_TEST_TIMEOUT_DEFAULT} || 180);
	$self->{run} = IPC::Run::start([ $node->installed_command('psql'), '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $node->connstr($database), '-f', '-' ],
		'<', \$self->{in}, '>', \$self->{out}, '2>', \$self->{err}, $self->{timer});
	$self->{pid} = $self->query('SELECT pg_backend_pid()');
	return $self;
}

# Process of the server that works for it.
sub pid
{
	return $_[0]{pid};
}

# Hands over a statement, and does not wait.
sub send
{
	my ($self, $sql) = @_;

	$marker++;
	$self->{marker} = "tradepost session $marker";
	$self->{in} .= "$sql;\n\\echo $self->{marker}\n\\warn $self->{marker}\n";
	$self->{timer}->start;
	$self->{run}->pump_nb;
}

# Has what was handed over come to its end?
sub done
{
	my ($self) = @_;

	$self->{run}->pump_nb if $self->{run}->pumpable;
	return 1 if index($self->{out}, "$self->{marker}\n") >= 0 && index($self->{err}, "$self->{marker}\n") >= 0;
	return !$self->{run}->pumpable;
}

# Waits for its end; returns what it printed.
sub finish
{
	my ($self) = @_;

	$self->{run}->pump until $self->done;
	$self->{timer}->reset;
	(my $out = $self->{out}) =~ s/\n?\Q$self->{marker}\E\n?//;
	($self->{error} = $self->{err}) =~ s/\Q$self->{marker}\E\n?//;
	$self->{out} = $self->{err} = '';
	return $out;
}

# What the last statement printed to standard error.
sub error
{
	return $_[0]{error};
}

sub query
{
	my ($self, $sql) = @_;

	$self->send($sql);
	return $self->finish;
}

sub quit
{
	my ($self) = @_;

	$self->{in} .= "\\q\n";
	eval { $self->{run}->finish; };
}

# The client's end, without a goodbye to the server.
sub kill_client
{
	my ($self) = @_;

	$self->{run}->kill_kill;
}

1;
