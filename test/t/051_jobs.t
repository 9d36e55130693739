# 051_jobs.t
#	  schedule_jobs() with pg_cron in the server: the job is registered once, does what it
#	  should, and goes again.  Where pg_cron is not installed there is nothing to see.
use strict;
use warnings;

use Test::More;
use TradepostTest;

chomp(my $share = `"$ENV{TRADEPOST_PREFIX}/bin/pg_config" --sharedir`);
plan skip_all => 'pg_cron is not installed'
  unless -e "$share/extension/pg_cron.control";

# Without the follower, so that it is pg_cron that ends what has ended.
my $node = tradepost_node('jobs', conf => <<'EOF');
shared_preload_libraries = 'tradepost,pg_cron'
cron.database_name = 'exchange'
cron.use_background_workers = on
tradepost.follower = off
EOF
tradepost_db($node, 'exchange');
my $say = sub { return $node->safe_psql('exchange', $_[0]) };
my $jobs = 'SELECT count(*), min(schedule), min(command), bool_and(active) FROM cron.job';

like($say->('SELECT tradepost.schedule_jobs()'), qr/^pg_cron is not installed in this database/, 'without the extension it says so');
$say->('SET client_min_messages = warning; CREATE EXTENSION pg_cron');
$say->('CREATE ROLE runs_it LOGIN IN ROLE tradepost_admin');
like($say->('SET ROLE runs_it; SELECT tradepost.schedule_jobs()'), qr/^pg_cron runs tradepost.run_subscriptions\(\) every minute: job \d+$/, 'an administrator has it run');
is($say->($jobs), '1|* * * * *|SELECT tradepost.run_subscriptions()|t', 'every minute');
$say->('SELECT tradepost.schedule_jobs()');
is($say->($jobs), '1|* * * * *|SELECT tradepost.run_subscriptions()|t', 'asked twice, it is there once');

$say->(<<'SQL');
SELECT tradepost_edge.register('a@example.org', 'h', 'A', 'B', 'pro', NULL, NULL);
UPDATE tradepost_internal.subscriptions SET period_start = now() - interval '15 days', period_end = now() - interval '1 day';
SQL
my $status = 'SELECT status FROM tradepost.subscriptions';

if (long_run())
{
	ok(wait_until($node, 'exchange', $status, 'expired'), 'pg_cron ends a trial whose time is over');
	is($say->("SELECT DISTINCT status FROM cron.job_run_details WHERE status NOT IN ('starting', 'running')"), 'succeeded', 'its runs succeed');
}
else
{
	# What pg_cron would run within a minute.
	$say->($say->('SELECT command FROM cron.job'));
	is($say->($status), 'expired', 'the job ends a trial whose time is over');
}
is($say->('SELECT tradepost.schedule_jobs(false)'), 'pg_cron runs no job of ours any more', 'it goes');
is($say->('SELECT count(*) FROM cron.job'), '0', 'and is gone');
is($say->('SELECT tradepost.schedule_jobs(false)'), 'pg_cron had no job of ours', 'gone twice is no error');
$node->stop;
done_testing();
