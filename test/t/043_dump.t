# 043_dump.t
#	  pg_dump and restore, into another database of the same cluster and into another
#	  cluster: nothing trades there until post_restore(), then it is the same market.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use TradepostLoad;
use TradepostMarket;
use TradepostSession;
use TradepostTest;

my $node = tradepost_node('dumped');
open_market($node, 'market');
TradepostLoad::prepare($node, 'market');
my ($alice, $bob) = market_accounts();

# A user with an API key: tables that reference each other.
$node->safe_psql('market', <<'SQL');
SELECT tradepost_edge.register('bot@example.com', 'hash', 'Bo', 'Tt', 'pro', '192.0.2.1', 'test');
SELECT tradepost_edge.login_done('bot@example.com', u.id, true, '192.0.2.1', 'test', sha256('refresh')) FROM tradepost.users u WHERE u.email = 'bot@example.com';
SELECT tradepost_edge.api_key_add(s.user_id, s.id, '{"body": {"name": "bot", "scopes": ["trade"]}}', sha256('key'), 'tpk_bo') FROM tradepost_internal.sessions s;
SQL

# A market with history, and commands that are committed in another order than drawn.
my $load = TradepostLoad->start($node, 'market', clients => 3, rate => 4000);
ok($load->progress(2000), 'load runs');
my $late = TradepostSession->new($node, 'market');
my $late_id = $late->query('BEGIN; SELECT ' . place_sql($alice, 'buy', 1, 80));

# Dumped twice: while it trades, and at rest.
my $dir = PostgreSQL::Test::Utils::tempdir();
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/trading", '-d', $node->connstr('market') ], 'pg_dump of a market that trades');
ok($load->progress(500), 'which went on meanwhile');
$late->query('COMMIT');
$late->quit;
$load->stop('load');
sound_ok($node, 'market', 'the original');
$node->command_checks_all([ 'pg_dump', '-Fc', '-f', "$dir/resting", '-d', $node->connstr('market') ],
	0, [qr/^$/], [qr/^$/], 'pg_dump of one at rest, which warns of no order in which it could not be restored');

sub orders
{
	my ($where, $database) = @_;

	return $where->safe_psql($database, 'SELECT md5(string_agg(o::text, \',\' ORDER BY o.instrument, o.side, o.price, o.rank)), count(*) FROM tradepost_internal.open_orders() o');
}

my $other = tradepost_node('restored');
for my $case ([ 'another cluster', $other ], [ 'the same cluster', $node ])
{
	my ($name, $where) = @$case;

	for my $state ('resting', 'trading')
	{
		my $database = "restored_$state";

		$where->safe_psql('postgres', "CREATE DATABASE $database");
		$where->command_ok([ 'pg_restore', '--exit-on-error', '-d', $where->connstr($database), "$dir/$state" ], "$name, $state: pg_restore");
		ok(wait_until($where, $database, 'SELECT state FROM tradepost.engine_status', 'restored'), "$name, $state: the engine is off");
		my ($status, $out, $err) = $where->psql($database, "\\set VERBOSITY verbose\nSELECT " . place_sql($alice, 'buy', 1, 90));
		like($err, qr/ERROR:  TP009.*post_restore/s, "$name, $state: orders are refused");
		my $last_seq = $where->safe_psql($database, 'SELECT max(seq) FROM tradepost_internal.events');
		is(orders($where, $database), orders($node, 'market'), "$name, $state: the same open orders, each with its rank") if $state eq 'resting';

		is($where->safe_psql($database, 'SELECT count(*) FROM tradepost_internal.sessions s JOIN tradepost_internal.api_keys k ON k.session_id = s.id AND k.id = s.key_id'),
			'1', "$name, $state: the API key and its session");

		$where->safe_psql($database, 'SELECT tradepost.post_restore()');
		ok(wait_until($where, $database, 'SELECT state FROM tradepost.engine_status', 'running'), "$name, $state: post_restore() turns it on");
		my $known = $node->safe_psql('market', 'SELECT max(id) FROM tradepost_internal.commands');
		my $id = place($where, $database, $bob, 'sell', 1, 140);
		ok(wait_for($where, $database, $id), "$name, $state: it decides");
		cmp_ok($id, '>', $where->safe_psql($database, "SELECT max(id) FROM tradepost_internal.commands WHERE id <> $id"), "$name, $state: ids do not collide");
		sound_ok($where, $database, "$name, $state");
		is($where->safe_psql($database, "SELECT count(*) FROM tradepost_internal.commands WHERE id = $late_id"), $state eq 'resting' ? '1' : '0', "$name, $state: what was not committed is not there");
		my $more = TradepostLoad->start($where, $database, clients => 2, rate => 4000, seed => 900 + ($state eq 'resting' ? 1 : 2) + ($where == $node ? 10 : 0));
		ok($more->progress(500), "$name, $state: trading goes on");
		$more->{run}->signal('TERM');
		$more->{run}->finish;
		sound_ok($where, $database, "$name, $state, later");
	}
}
is($node->safe_psql('market', 'SELECT state FROM tradepost.engine_status'), 'running', 'the original runs all the while');
$_->stop for $node, $other;
done_testing();
