# TradepostLoad.pm
#	  Clients in the background (build/order-load), and what must have become of all that
#	  they were told is committed.
package TradepostLoad;

use strict;
use warnings;

use File::Path qw(make_path);
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);

my $number = 0;

# Makes the clients' own table; once in a database.
sub prepare
{
	my ($node, $database) = @_;

	$node->safe_psql($database, 'CREATE SCHEMA load; CREATE TABLE load.rows (key text NOT NULL, id bigint NOT NULL);'
		. ' CREATE TABLE load.acked (key text NOT NULL, id bigint NOT NULL)');
}

# Starts the clients.  Options: clients, batch, rate, seed.
sub start
{
	my ($class, $node, $database, %opt) = @_;
	my $self = bless { node => $node, database => $database, out => '', err => '', started => time }, $class;

	$number++;
	$self->{dir} = PostgreSQL::Test::Utils::tempdir() . "/load$number";
	make_path($self->{dir});
	$opt{seed} //= $number;
	local @ENV{ 'PGHOST', 'PGPORT', 'PGDATABASE' } = ($node->host, $node->port, $database);
	$self->{run} = IPC::Run::start([ "$ENV{TRADEPOST_BUILD}/order-load", "--dir=$self->{dir}", map { "--$_=$opt{$_}" } sort keys %opt ],
		'<', \undef, '>', \$self->{out}, '2>', \$self->{err});
	return $self;
}

# How many commands were acknowledged until now.
sub acknowledged
{
	my ($self) = @_;
	my $lines = 0;

	for my $file (glob "$self->{dir}/*.acked")
	{
		$lines += () = slurp_file($file) =~ /\n/g;
	}
	return $lines;
}

# Waits until so many more are; false: that took too long.
sub progress
{
	my ($self, $more) = @_;
	my $goal = $self->acknowledged + $more;
	my $deadline = time + ($ENV{PG_TEST_TIMEOUT_DEFAULT} || 180);

	until ($self->acknowledged >= $goal)
	{
		return 0 if time > $deadline;
		$self->{run}->pump_nb;
		if (!$self->{run}->pumpable)
		{
			diag("order-load ended: $self->{out}$self->{err}");
			return 0;
		}
		sleep 0.02;
	}
	return 1;
}

# Commands a second that are acknowledged, over so many seconds from now.
sub speed
{
	my ($self, $seconds) = @_;
	my ($before, $began) = ($self->acknowledged, time);

	sleep $seconds;
	return int(($self->acknowledged - $before) / (time - $began));
}

# Lets the clients bring their work to an end, and remembers in load.acked what they were told.
sub stop
{
	my ($self, $name) = @_;

	$self->{run}->signal('TERM');
	eval { $self->{run}->finish; };
	is($self->{run}->full_result(0), 0, "$name: the clients ended well") or diag("$self->{out}$self->{err}");
	for my $file (glob "$self->{dir}/*.acked")
	{
		(my $rows = slurp_file($file)) =~ tr/ /\t/;
		$self->{node}->safe_psql($self->{database}, "COPY load.acked FROM stdin;\n$rows\\.\n");
	}
	note("$name: " . $self->acknowledged . ' commands, ' . $self->{out} =~ s/\n/; /gr);
}

# After the clients' end and a settled market.
sub kept_ok
{
	my ($node, $database, $name) = @_;

	is($node->safe_psql($database, <<'EOF'), '', "$name: what was acknowledged is decided, once");
SELECT a.key, a.id, coalesce(d.number, 0) FROM load.acked a
LEFT JOIN (SELECT command_id, count(*) AS number FROM tradepost_internal.events WHERE decision GROUP BY command_id) d ON d.command_id = a.id
WHERE d.number IS DISTINCT FROM 1 LIMIT 10
EOF
	is($node->safe_psql($database, <<'EOF'), '', "$name: a key names one command, the one that its client was told");
SELECT coalesce(c.client_order_id, a.key), c.id, a.id
FROM (SELECT * FROM tradepost_internal.commands WHERE client_order_id IS NOT NULL) c
FULL JOIN (SELECT * FROM load.acked WHERE key <> '-') a ON a.key = c.client_order_id
WHERE c.id IS DISTINCT FROM a.id LIMIT 10
EOF
	is($node->safe_psql($database, <<'EOF'), '', "$name: orders were committed together with their clients' own rows");
SELECT c.client_order_id, c.id FROM tradepost_internal.commands c
WHERE c.client_order_id IS NOT NULL
	AND NOT EXISTS (SELECT FROM load.rows r WHERE r.key = c.client_order_id AND r.id = c.id AND r.xmin = c.xmin) LIMIT 10
EOF
	is($node->safe_psql($database, <<'EOF'), '', "$name: what was rolled back never was");
SELECT key FROM load.rows WHERE key LIKE 'never%'
UNION ALL SELECT client_order_id FROM tradepost_internal.commands WHERE client_order_id LIKE 'never%'
UNION ALL SELECT key FROM tradepost_internal.command_keys WHERE key LIKE 'never%' LIMIT 10
EOF
}

1;
