# 061_market.t
#	  The demo market of `make run`: opens, trades, shows what became of it, goes on where
#	  it was, ends when told to; the same seed gives the same market.
use strict;
use warnings;

use IPC::Run;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use TradepostTest;

my $market = "$ENV{TRADEPOST_BUILD}/market";
my $node = tradepost_node('market');

tradepost_db($node, $_) for 'one', 'two';
$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;

sub market
{
	my ($database, @arguments) = @_;
	my ($out, $err) = ('', '');

	local $ENV{PGDATABASE} = $database;
	IPC::Run::run([ $market, @arguments ], '<', \undef, '>', \$out, '2>', \$err);
	return ($? >> 8, $out, $err);
}

# Twice with one seed.
my @summaries;
for my $database ('one', 'two')
{
	my ($status, $out, $err) = market($database, '--orders=3000', '--seed=42', '--json');

	is($status, 0, "$database: exit status") or diag($err);
	push @summaries, decode_json($out);
	delete $summaries[-1]{$_} for 'seconds', 'orders_per_second';
}
is_deeply($summaries[1], $summaries[0], 'the same seed gives the same market');
is($summaries[0]{orders}, 3000, 'orders');
cmp_ok($summaries[0]{trades}, '>', 300, 'trades');
ok($summaries[0]{invariants}, 'invariants hold');
for my $instrument (@{ $summaries[0]{instruments} })
{
	ok($instrument->{trades} > 0 && defined $instrument->{bid} && defined $instrument->{ask}, "$instrument->{symbol} trades and has two sides");
}
is($node->safe_psql('one', "SELECT string_agg(symbol, ' ' ORDER BY symbol COLLATE \"C\") FROM tradepost.instruments"),
	'BTCUSD Dec25-Gold Dec25-Oil Dec25-Silver Dec25-Wheat EURUSD Jan26-Gold', 'instruments');
is($node->safe_psql('one', "SELECT count(*) FROM tradepost.instruments WHERE kind = 'future' AND expires_at > now() + interval '6 months'"), '5',
	'contracts expire well ahead');
is($node->safe_psql('one', "SELECT string_agg(symbol, ' ') FROM tradepost.instruments WHERE allow_negative"), 'Dec25-Oil', 'oil may be negative');

# It goes on with what is there.
my $accounts = $node->safe_psql('one', "SELECT count(*), sum(b.total) FROM tradepost.accounts a JOIN tradepost.balances b ON b.account = a.id WHERE a.kind = 'external' AND b.asset = 'USD'");
{
	my ($status, $out, $err) = market('one', '--orders=1000', '--seed=42', '--once');

	is($status, 0, 'again: exit status') or diag($err);
	like($out, qr/^The demo market is open already/, 'again: says so');
	like($out, qr/^1,000 of 1,000 orders, [\d,]+ trades, /m, 'again: progress');
	like($out, qr/─ Dec25-Wheat ─.*last/, 'again: ladders');
	like($out, qr/^Tape/m, 'again: tape');
	like($out, qr/^  Maker Alder /m, 'again: accounts');
	like($out, qr/check_invariants\(\): (\d+) of \1 hold/, 'again: invariants');
	like($out, qr/psql -h \S+ -p @{[ $node->port ]} -U \S+ one$/m, 'again: how to connect');
}
is($node->safe_psql('one', "SELECT count(*), sum(b.total) FROM tradepost.accounts a JOIN tradepost.balances b ON b.account = a.id WHERE a.kind = 'external' AND b.asset = 'USD'"),
	$accounts, 'again: nobody gets play money twice');
is($node->safe_psql('one', 'SELECT count(*) FROM tradepost.orders'), '4000', 'again: orders of both runs');

# Its gentle flow goes on until it is told to stop, over a restart of the server too.
{
	my ($out, $err) = ('', '');
	local $ENV{PGDATABASE} = 'two';
	my $handle = IPC::Run::start([ $market, '--orders=100' ], '<', \undef, '>', \$out, '2>', \$err);
	my $orders = "SELECT count(*) > 3100 FROM tradepost.orders";

	ok(wait_until($node, 'two', $orders, 't'), 'gentle flow');
	$node->restart;
	my $before = $node->safe_psql('two', 'SELECT count(*) FROM tradepost.orders');
	ok(wait_until($node, 'two', "SELECT count(*) > $before FROM tradepost.orders", 't'), 'gentle flow after a restart of the server');
	$handle->signal('INT');
	$handle->finish;
	is($handle->full_result(0), 0, 'SIGINT: exit status') or diag($err);
	like($out, qr/The market was told to stop/, 'SIGINT: says so');
}

$node->stop;
done_testing();
