# 048_durable.t
#	  A batch commits before its WAL is flushed: nobody is told of it and no view shows it
#	  before it is on disk, and a crash in between loses nothing.
use strict;
use warnings;

use Test::More;
use TradepostCrash;
use TradepostFault;
use TradepostMarket;
use TradepostTest;

# Nothing but commits, and what the test reads, flushes the WAL here.
my $node = tradepost_node('durable', faults => 1, conf => <<'EOF');
fsync = on
restart_after_crash = on
wal_writer_delay = 10s
tradepost.doorbell = off
autovacuum = off
EOF
open_market($node, 'market');
my ($alice, $bob) = market_accounts();

sub value
{
	my ($sql) = @_;

	return $node->safe_psql('market', "SELECT $sql");
}

# What shared memory tells, as LISTEN, the waiting procedures and the books go by it.
sub told
{
	return value('last_seq FROM tradepost_internal.engine_memory()');
}

# An order whose batch has committed and is not flushed; returns its id, the WAL's end and the matcher.
sub unflushed_order
{
	my ($price) = @_;
	my $matcher = pause_matcher($node, 'market', 'batch_unflushed');
	my $told = told();
	my $order = place($node, 'market', $alice, 'sell', 1, $price);

	ok(wait_until($node, 'market', "SELECT count(*) FROM tradepost_internal.orders WHERE id = $order", '1'), 'the batch has committed');
	is(told(), $told, 'and nobody was told');
	return ($order, value('pg_current_wal_insert_lsn()'), $matcher);
}

place($node, 'market', $alice, 'sell', 1, 109);
place($node, 'market', $bob, 'buy', 1, 109);

my @readings = (
	'count(*) FROM tradepost.orders',
	'count(*) FROM tradepost.events_since(0, 10000)',
	'count(*) FROM tradepost.trades',
	'count(*) FROM tradepost.ledger',
	'count(*) FROM tradepost.balances',
	'count(*) FROM tradepost.positions',
	'count(*) FROM tradepost.market',
	"count(*) FROM tradepost.tape('EURUSD')",
	"count(*) FROM tradepost.candles('EURUSD')");

for my $reading (@readings)
{
	my ($order, $end) = unflushed_order(110);

	is(value("pg_current_wal_flush_lsn() < '$end'"), 't', 'it is not on disk yet');
	value($reading);
	is(value("pg_current_wal_flush_lsn() >= '$end'"), 't', "it is, once this is read: $reading");
	let_go($node);
	settle($node, 'market');
}

# Nobody reads, and the server dies: the command was durable, its decision was not.
my ($order, undef, $matcher) = unflushed_order(111);
kill_postmaster($node, $matcher);
let_go($node);
set_fault($node, fault_pause => '');
ok(wait_for($node, 'market', $order), 'after a crash it is decided again');
is(count_of($node, 'market', "tradepost_internal.events WHERE command_id = $order AND decision"), '1', 'once');
sound_ok($node, 'market', 'after a crash before the flush');

done_testing();
