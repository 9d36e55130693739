# 090_stack.t
#	  make start, stop, status: what a newcomer's first minutes rest on.
#
# The servers here run as this test's user in a directory of their own, on ports that
# were free a moment ago.
use strict;
use warnings;

use File::Path qw(make_path);
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TradepostTest;

my $dir = "$ENV{TRADEPOST_OUT}/stack";
my $port = PostgreSQL::Test::Cluster::get_free_port();
local $ENV{TRADEPOST_RUN_DIR} = "$dir/run";
local $ENV{TRADEPOST_PGPORT} = $port;
my $http = PostgreSQL::Test::Cluster::get_free_port();
local $ENV{TRADEPOST_PORT} = $http;
make_path($dir);

sub stack
{
	my @args = @_;
	my $out = '';
	# Servers must not inherit a pipe: whoever reads it would wait for them.
	my $status = system("'$ENV{TRADEPOST_ROOT}/docker/stack/stack.sh' @args > '$dir/out' 2>&1 < /dev/null");

	return ($status >> 8, slurp_file("$dir/out"));
}

# As a user would: source the environment, then psql.
sub psql
{
	my ($sql) = @_;
	my ($out, $err);

	IPC::Run::run([ 'sh', '-c', '. "$0/env" && exec psql -XAtq -v ON_ERROR_STOP=1', $ENV{TRADEPOST_RUN_DIR} ], '<', \$sql, '>', \$out, '2>', \$err);
	chomp $out;
	return $err =~ /\S/ ? $err : $out;
}

sub pid
{
	my ($name) = @_;
	my $pid = slurp_file("$ENV{TRADEPOST_RUN_DIR}/" . ($name // 'postgres') . '.pid');
	chomp $pid;
	return $pid;
}

# As a newcomer would, at the URL of the environment.
sub http_get
{
	my ($path) = @_;
	my ($out, $err);

	IPC::Run::run([ 'sh', '-c', '. "$0/env" && exec curl -sS -m 20 "$TRADEPOST_URL$1"', $ENV{TRADEPOST_RUN_DIR}, $path ], '>', \$out, '2>', \$err);
	return "$out$err";
}

my ($code, $out) = stack('status');
isnt($code, 0, 'status fails when nothing runs');
($code, $out) = stack('stop');
is($code, 0, 'stop of nothing is fine');

($code, $out) = stack('start');
is($code, 0, 'start') or diag($out);
like($out, qr/psql/, 'start says how to connect');
like($out, qr{http://127\.0\.0\.1:$http\b}, 'start says where the proxy is');
like(http_get('/health'), qr/"status":"ok"/, 'the proxy answers');
like(http_get('/health/detailed'), qr/"database":\{"status":"up"/, 'and reaches the database');
unlike(http_get('/health/detailed'), qr/"part":"secrets"/, 'with secrets of its own');
is(sprintf('%03o', (stat "$ENV{TRADEPOST_RUN_DIR}/proxy/proxy.env")[2] & 0777), '600', 'which nobody else can read');
like(http_get('/'), qr/<html/i, 'and has a page');
my $first = pid();
($code, $out) = stack('status');
is($code, 0, 'status');
like($out, qr/postgres: running, pid $first\b/, 'status names the pid');
my $proxy = pid('proxy');
like($out, qr/proxy: running, pid $proxy, port $http\b/, 'and the one of the proxy');
($code, $out) = stack('status', 'json');
like($out, qr/^\{"running":true,.*"pgport":$port,.*\}$/, 'status in JSON');
is(psql('SELECT current_database(), current_user, inet_server_addr()'), 'tradepost|tradepost_demo|127.0.0.1', 'the environment connects');
is(psql("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"), 'f', 'not as superuser');
is(psql("SELECT pg_has_role('tradepost_admin', 'USAGE')"), 't', 'but as one who may use the whole API');
is(psql("SELECT extname FROM pg_extension WHERE extname = 'tradepost'"), 'tradepost', 'the extension is there');

psql('CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)');
($code, $out) = stack('start');
is($code, 0, 'a second start');
is(pid(), $first, 'changes nothing');
is(pid('proxy'), $proxy, 'of the proxy neither');

# The power goes: the postmaster dies and leaves its pid files.
kill 'KILL', $first;
for (1 .. 600)
{
	last unless kill 0, $first;
	select undef, undef, undef, 0.1;
}
($code, $out) = stack('status');
isnt($code, 0, 'status sees the crash');
($code, $out) = stack('start');
is($code, 0, 'start after a crash') or diag($out);
is(psql('SELECT n FROM kept'), '1', 'recovers and keeps the data');
is(pid('proxy'), $proxy, 'the proxy has stayed');
for (1 .. 600)
{
	last if http_get('/health') =~ /"status":"ok"/;
	select undef, undef, undef, 0.1;
}
like(http_get('/health'), qr/"status":"ok"/, 'and has found the database again');

($code, $out) = stack('stop');
is($code, 0, 'stop');
ok(!-e "$ENV{TRADEPOST_RUN_DIR}/postgres.pid", 'no pid file is left');
ok(!kill(0, $proxy), 'the proxy has ended');
($code, $out) = stack('stop');
is($code, 0, 'a second stop');

# A pid file whose number is some other program's by now.
append_to_file("$ENV{TRADEPOST_RUN_DIR}/postgres.pid", "$$\n");
($code, $out) = stack('status');
isnt($code, 0, "another program's pid is not taken for ours");
($code, $out) = stack('start');
is($code, 0, 'start past a stale pid file') or diag($out);
is(psql('SELECT n FROM kept'), '1', 'with its data');
($code, $out) = stack('reset');
is($code, 0, 'reset') or diag($out);
ok(!-e "$ENV{TRADEPOST_RUN_DIR}/data", 'removes the data');
ok(!-e "$ENV{TRADEPOST_RUN_DIR}/proxy", 'and the secrets');
done_testing();
