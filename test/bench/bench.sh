#!/bin/bash
# bench.sh
#	  Starts a private PostgreSQL with the extension, measures it, removes it again.
#
# Called by `make bench` when everything is built; writes build/bench.json.  The server
# is a copy below /var/tmp (BENCH_DIR), reached by its own socket: it needs no port
# and touches nothing that runs.
#
#	QUICK=1			under three minutes, and rougher
#	BENCH_LONG=1	the restart with 10 million closed and 100,000 open orders; takes long
#	ONLY=a,b		some of: orders matcher latency book platform restart edge
#	BENCH_KEEP_LOG=f	copy the server's log there before it goes
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../../docker/stack/lib.sh"

need_gb=8 flags=()
if [ "${QUICK:-}" = 1 ]; then need_gb=4 flags+=(--quick); fi
if [ "${BENCH_LONG:-}" = 1 ]; then need_gb=40 flags+=(--long); fi
# The edge is a part of its own; the others are sql_bench's.
edge=1 sql=1
if [ -n "${ONLY:-}" ]; then
	case ,$ONLY, in *,edge,*) ;; *) edge='' ;; esac
	rest=$(printf '%s' "$ONLY" | tr ',' '\n' | grep -vx edge | paste -sd, || true)
	if [ -n "$rest" ]; then flags+=("--only=$rest"); else sql=''; fi
fi

base=${BENCH_DIR:-/var/tmp}
free_gb=$(($(df -Pk "$base" | awk 'NR == 2 { print $4 }') / 1048576))
[ "$free_gb" -ge "$need_gb" ] ||
	die "bench: $base has $free_gb GB free and this needs $need_gb; set BENCH_DIR to another place, or QUICK=1"

find_plain_user
dir=$(mktemp -d "$base/tradepost-bench.XXXXXX")
chmod 755 "$dir"
server_started=

cleanup() {
	trap '' INT TERM HUP
	if [ -n "$server_started" ]; then "$dir/stop" > /dev/null 2>&1 || true; fi
	[ -z "${BENCH_KEEP_LOG:-}" ] || cp "$dir/log" "$BENCH_KEEP_LOG"
	rm -rf "${dir:?}"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

"$ROOT/docker/stack/prefix.sh" "$dir/pg"
bin=$dir/pg/bin
mkdir -m 700 "$dir/data" "$dir/socket"
own "$dir/data" "$dir/socket"
touch "$dir/log"
own "$dir/log"
USER_HOME=$dir/socket
as_user "$bin/initdb" -D "$dir/data" -U postgres --auth=trust --no-locale --encoding=UTF8 > "$dir/initdb.log" 2>&1 ||
	{ cat "$dir/initdb.log" >&2; die "initdb failed"; }
printf '%s\n' "shared_preload_libraries = 'tradepost'" "listen_addresses = ''" "unix_socket_directories = '$dir/socket'" \
	"shared_buffers = '256MB'" "max_wal_size = '2GB'" "max_connections = 200" "max_worker_processes = 32" "tradepost.max_databases = 8" >> "$dir/data/postgresql.conf"

# The restarts are measured by the program, which calls these.
as_server_user=
if [ "$(id -u)" -eq 0 ]; then as_server_user="setpriv --reuid=$PLAIN_USER --regid=$(id -gn "$PLAIN_USER") --init-groups --"; fi
printf '#!/bin/sh\nexec %s %q stop -s -m fast -t 300 -D %q\n' "$as_server_user" "$bin/pg_ctl" "$dir/data" > "$dir/stop"
printf '#!/bin/sh\nexec %s %q start -s -W -D %q -l %q < /dev/null > /dev/null\n' "$as_server_user" "$bin/pg_ctl" "$dir/data" "$dir/log" > "$dir/start"
chmod 755 "$dir/stop" "$dir/start"

export PGHOST=$dir/socket PGPORT=5432 PGUSER=postgres PGDATABASE=bench
server_started=1
"$dir/start"
for _ in $(seq 600); do
	if "$bin/psql" -X -q -d postgres -c 'SELECT 1' > /dev/null 2>&1; then break; fi
	sleep 0.1
done
"$bin/psql" -X -q -d postgres -c 'CREATE DATABASE bench' || { tail -n 20 "$dir/log" >&2; die "the server did not start"; }
"$bin/psql" -X -q -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION tradepost'

show() { "$bin/psql" -XAt -c "SHOW $1"; }
settings="PostgreSQL $(show server_version), fsync $(show fsync), synchronous_commit $(show synchronous_commit), \
shared_buffers $(show shared_buffers), max_wal_size $(show max_wal_size), Unix socket, $base on $(df -PT "$base" | awk 'NR == 2 { print $2 }'), $free_gb GB free"

failed() {
	warn "bench: the server's last words:"
	tail -n 20 "$dir/log" >&2
	exit 1
}

if [ -n "$sql" ]; then
	"$ROOT/build/bench/sql_bench" "${flags[@]}" --json="$ROOT/build/bench.json" --book="$ROOT/build/bench/book_bench" \
		--stop="$dir/stop" --start="$dir/start" --settings="$settings" || failed
fi

if [ -n "$edge" ]; then
	if ! command -v node > /dev/null; then
		warn "bench: Node is not installed: the edge is not measured"
	else
		"$bin/psql" -X -q -c 'CREATE DATABASE edge' && PGDATABASE=edge "$bin/psql" -X -q -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION tradepost'
		mkdir "$dir/edge"
		PGDATABASE=edge PGBIN=$bin BENCH_POSTMASTER=$(head -n 1 "$dir/data/postmaster.pid") QUICK=${QUICK:-} \
			node "$ROOT/test/bench/edge_bench.mjs" "$dir/edge" "$ROOT/build/bench.json" || failed
	fi
fi
say ""
say "build/bench.json has the same numbers."
