# 034_poison.t
#	  Commands that make their batch fail, or crash the matcher: rejected, logged, and the
#	  market goes on; their neighbours in the batch are not harmed.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);
use TradepostFault;
use TradepostMarket;
use TradepostSession;
use TradepostTest;

my $node = tradepost_node('poison', faults => 1, conf => "restart_after_crash = on\n");
open_market($node, 'market');
my ($alice, $bob) = market_accounts();

# A quantity is what names a poisoned command.
my ($failing, $crashing) = (7, 13);
set_fault($node, fault_error => $failing * UNITS, fault_crash => $crashing * UNITS);
restart_matcher($node, 'market');

# One batch of bids; returns their ids.  The server may go down before it has answered: then
# the same is asked again, with the same keys.
my $batches = 0;
sub place_batch
{
	my ($price, @quantities) = @_;
	my $list = join ', ', @quantities;
	my ($status, $out);

	$batches++;
	for (1 .. 600)
	{
		($status, $out) = $node->psql('market', <<"EOF");
SELECT tradepost.place_orders(ARRAY[$alice], ARRAY['EURUSD'], ARRAY['buy']::tradepost.side[], q, ARRAY[$price], times_in_force => ARRAY['gtc']::tradepost.time_in_force[],
	client_order_ids => ARRAY(SELECT 'batch $batches, ' || n FROM generate_series(1, cardinality(q)) n)) FROM (SELECT ARRAY[$list]::numeric[] AS q) x
EOF
		last if defined $status && $status == 0 && $out =~ /\A\{/;
		sleep 0.1;
	}
	return split /,/, $out =~ tr/{}//dr;
}

sub rejected_ok
{
	my ($name, $batch, $message, %poisoned) = @_;

	ok(wait_for($node, 'market', $_), "$name: $_ is decided") for @$batch;
	for my $id (@$batch)
	{
		is(state_of($node, 'market', $id), $poisoned{$id} ? 'rejected engine_error' : 'open', "$name: $id");
	}
	for my $id (keys %poisoned)
	{
		is(count_of($node, 'market', "tradepost_internal.error_dna WHERE command_id = $id"), '1', "$name: $id has an error_dna row");
		like($node->safe_psql('market', "SELECT message FROM tradepost_internal.error_dna WHERE command_id = $id"), $message, "$name: which says what happened");
		like(slurp_file($node->logfile), qr/command $id brought the matcher down/, "$name: $id in the server's log");
	}
}

# A command that makes its batch fail: the matcher alone goes down.
{
	my $postmaster = slurp_file($node->data_dir . '/postmaster.pid');
	my $witness = TradepostSession->new($node, 'market');
	my @batch = place_batch(90, 1, $failing, 2);

	rejected_ok('failing', \@batch, qr/injected failure/, $batch[1] => 1);
	sound_ok($node, 'market', 'failing');
	is($witness->query('SELECT 1'), '1', 'failing: nobody else noticed');
	$witness->quit;
	like(status_of($node, 'market', 'last_error'), qr/injected failure/, 'engine_status tells the last error');

	my $pid = status_of($node, 'market', 'pid');
	place($node, 'market', $bob, 'sell', 3, 90);
	settle($node, 'market');
	is(state_of($node, 'market', $_), 'filled', 'failing: what stood beside it trades') for @batch[ 0, 2 ];
	is(status_of($node, 'market', 'pid'), $pid, 'failing: the matcher stays up afterwards');
}

# One that crashes it: the whole server starts anew each time it is tried.
{
	my @batch = place_batch(91, 1, $crashing, 2);

	rejected_ok('crashing', \@batch, qr/crashed/, $batch[1] => 1);
	sound_ok($node, 'market', 'crashing');
	place($node, 'market', $bob, 'sell', 3, 91);
	settle($node, 'market');
	is(state_of($node, 'market', $_), 'filled', 'crashing: what stood beside it trades') for @batch[ 0, 2 ];
}

# Several of both, and one that comes while the others are tried.
{
	my @batch = place_batch(92, $failing, 1, $crashing, $failing, 2);

	rejected_ok('several', \@batch, qr/injected failure|crashed/, map { $_ => 1 } @batch[ 0, 2, 3 ]);
	sound_ok($node, 'market', 'several');
}

# Poison that is there when the server starts.
{
	my $sleeper = TradepostSession->new($node, 'market');
	my $id = $sleeper->query('BEGIN; SELECT ' . place_sql($alice, 'buy', $failing, 93));
	my $innocent = place($node, 'market', $alice, 'buy', 1, 93);

	settle($node, 'market');
	$sleeper->query('COMMIT');
	$sleeper->quit;
	$node->restart;
	rejected_ok('after a restart', [ $id, $innocent ], qr/injected failure|crashed/, $id => 1);
	sound_ok($node, 'market', 'after a restart');
}

is(count_of($node, 'market', 'tradepost_internal.error_dna'), '6', 'nothing else was taken for poison');
$node->stop;
done_testing();
