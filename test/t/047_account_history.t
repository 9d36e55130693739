# 047_account_history.t
#	  An account's trades and postings, page by page, are those of the views, however old or
#	  rare they are and whichever way they are found.
use strict;
use warnings;

use Test::More;
use TradepostMarket;
use TradepostTest;

my $node = tradepost_node('account_history', conf => "autovacuum = off\n");
open_market($node, 'market');
my ($alice, $bob, $carol, $dave) = market_accounts();

sub sql
{
	return $node->safe_psql('market', $_[0]);
}

# One row, and one more after each page, until a page is empty.
sub pages
{
	my ($function, $account, $max, $order) = @_;

	return "WITH RECURSIVE page (number, rows, before) AS (
		SELECT 1, p.rows, p.last FROM (SELECT array_agg(t::text ORDER BY $order) AS rows, min(t.seq) AS last FROM tradepost.$function($account, NULL, $max) t) p
		UNION ALL
		SELECT page.number + 1, p.rows, p.last FROM page,
			LATERAL (SELECT array_agg(t::text ORDER BY $order) AS rows, min(t.seq) AS last FROM tradepost.$function($account, page.before, $max) t) p
		WHERE page.before IS NOT NULL)
	SELECT coalesce(string_agg(r.row, E'\\n' ORDER BY page.number, r.n), '') FROM page, unnest(page.rows) WITH ORDINALITY r (row, n)";
}

sub same_ok
{
	my ($name) = @_;

	for my $account ($alice, $bob, $carol, $dave, 1 .. 3)
	{
		for my $max ($account == $carol || $account == $dave ? (97, 1000) : (1, 1000))
		{
			is(sql(pages('account_trades', $account, $max, 't.seq DESC')),
				sql("SELECT coalesce(string_agg(t::text, E'\\n' ORDER BY t.seq DESC), '') FROM tradepost.trades t WHERE $account IN (t.taker_account, t.maker_account)"),
				"$name: trades of account $account by $max");
			# The house's commission is of others' events.
			next if $account == 1;
			is(sql(pages('account_ledger', $account, $max, 't.seq DESC, t.what, t.asset')),
				sql("SELECT coalesce(string_agg(t::text, E'\\n' ORDER BY t.seq DESC, t.what, t.asset), '') FROM tradepost.ledger t WHERE t.account = $account"),
				"$name: postings of account $account by $max");
		}
	}
}

# Alice and Bob traded once, long before Carol and Dave did nothing else.
place($node, 'market', $alice, 'sell', 2, 100);
place($node, 'market', $bob, 'buy', 2, 100);
# With oneself: on both sides of one event.
place($node, 'market', $bob, 'buy', 1, 100);
place($node, 'market', $bob, 'sell', 1, 99, "stp => 'none'");
settle($node, 'market');
my $flow = "DO \$\$ BEGIN FOR i IN 1..600 LOOP PERFORM " . place_sql($carol, 'sell', 1, 101) . ", " . place_sql($dave, 'buy', 1, 101) . "; END LOOP; END \$\$";
sql($flow) for 1 .. 4;
settle($node, 'market');
is(sql("SELECT count(*) > 2000 FROM tradepost.trades"), 't', 'a history');
is(sql("SELECT count(*) FROM tradepost.account_trades($alice)"), '1', 'somebody who traded once');
is(sql("SELECT count(*) FROM tradepost.account_trades($bob) t WHERE t.taker_account = t.maker_account"), '1', 'and somebody who did so with himself');

same_ok('before VACUUM');
sql('VACUUM tradepost_internal.events');
same_ok('after VACUUM');
# The way by events_search, which so small a table does not need.
sql("ALTER DATABASE market SET enable_indexscan = off");
is(sql("SELECT count(*) FROM tradepost.account_trades($alice)"), '1', 'without scans of the primary key');
same_ok('by ranges of pages');
sql("ALTER DATABASE market RESET enable_indexscan");

# Who may ask, and for what.
sql("CREATE ROLE trader LOGIN IN ROLE tradepost_trader; CREATE ROLE auditor LOGIN IN ROLE tradepost_auditor; SELECT tradepost.add_owner($bob, 'trader')");
for my $function ('account_trades', 'account_ledger')
{
	for my $case ([ 'trader', $bob, qr/\A[1-9]/ ], [ 'auditor', $alice, qr/\A[1-9]/ ], [ 'trader', $alice, qr/ERROR:  TP003/ ], [ 'trader', 999, qr/ERROR:  TP003/ ],
		[ 'auditor', 999, qr/ERROR:  TP002/ ], [ 'auditor', 'NULL', qr/ERROR:  TP002/ ], [ 'auditor', "$alice, NULL, 0", qr/ERROR:  TP005/ ],
		[ 'auditor', "$alice, NULL, 1001", qr/ERROR:  TP005/ ], [ 'auditor', "$alice, NULL, NULL", qr/ERROR:  TP005/ ], [ 'auditor', "$alice, 1", qr/\A0/ ],
		[ 'auditor', "$alice, -9223372036854775808", qr/\A0/ ], [ 'auditor', "$alice, 9223372036854775807", qr/\A[1-9]/ ])
	{
		my ($role, $arguments, $expected) = @$case;
		my ($status, $out, $err) = $node->psql('market', "\\set VERBOSITY verbose\nSET ROLE $role; SELECT count(*) FROM tradepost.$function($arguments)");

		like("$out$err", $expected, "$role: $function($arguments)");
	}
	is(sql("SET ROLE trader; SELECT count(*) FROM tradepost.$function($bob) t WHERE t::text LIKE '%,$alice,%'"), '0', "$function: the other side stays hidden");
}
sound_ok($node, 'market', 'in the end');
$node->stop;
done_testing();
