#!/bin/bash
# stack.sh start|stop|status [json]|run|reset
#	  The servers of `make run`: their state, their pids, their settings.
#
# Called by the Makefile, when everything is built.  Everything lives in RUN_DIR
# (.run, or TRADEPOST_RUN_DIR): NAME.pid and log/NAME.log for each server, env for shells, pg/
# the private PostgreSQL, data/ the cluster, socket/, proxy/ the proxy with what it serves
# and its secrets.  When make runs as root in a place that the server's plain user cannot
# reach, pg, data, log, socket and proxy are links to a directory under /var/tmp.
#
# To add a server: a function start_NAME, stop_NAME and a word in SERVERS; it
# must leave NAME.pid.  They start in this order and stop in the reverse one.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
# The plain user may not be able to stand where we were called.
cd /

SERVERS="postgres proxy"
PGPORT_=${TRADEPOST_PGPORT:-5460}
PORT_=${TRADEPOST_PORT:-8000}
DATABASE=tradepost
DEMO_ROLE=tradepost_demo
GATEWAY_ROLE=tradepost_gateway
HOST_=${TRADEPOST_HOST:-127.0.0.1}

# Where things are ------------------------------------------------------------

# Decides, once for a RUN_DIR, whether its big parts can live inside it.
place() {
	mkdir -p "$RUN_DIR"
	find_plain_user
	local home=$RUN_DIR
	if ! as_user test -x "$RUN_DIR" -a -r "$RUN_DIR"; then
		home=$(away "run-$(printf '%s' "$RUN_DIR" | cksum | cut -d' ' -f1)")
		[ -L "$RUN_DIR/data" ] || say "$PLAIN_USER, who runs the server, cannot reach $RUN_DIR: its data is in $home"
	fi
	mkdir -p "$home/pg" "$home/log" "$home/socket" "$home/proxy"
	if [ ! -d "$home/data" ]; then
		mkdir -m 700 "$home/data"
		own "$home/data"
	fi
	chmod 700 "$home/socket"
	own "$home/log" "$home/socket" "$home/proxy"
	if [ "$home" != "$RUN_DIR" ]; then
		local part
		for part in pg data log socket proxy; do ln -sfn "$home/$part" "$RUN_DIR/$part"; done
	fi
	paths
}

paths() {
	DATA=$(readlink -f "$RUN_DIR/data" || true)
	LOG=$(readlink -f "$RUN_DIR/log" || true)
	PREFIX=$(readlink -f "$RUN_DIR/pg" || true)
	SOCKET=$(readlink -f "$RUN_DIR/socket" || true)
	PROXY=$(readlink -f "$RUN_DIR/proxy" || true)
	PGBIN=$PREFIX/bin
	USER_HOME=$LOG
	# A socket's path has room for 107 bytes.
	if [ ${#SOCKET} -gt 85 ]; then SOCKET=$(away socket) && chmod 700 "$SOCKET" && own "$SOCKET"; fi
}

# Processes -------------------------------------------------------------------

# pid_of NAME: the server's pid if it lives and is ours; pid files may be stale,
# and their numbers taken by somebody else since.
pid_of() {
	local pid mark
	[ -r "$RUN_DIR/$1.pid" ] || return 1
	read -r pid < "$RUN_DIR/$1.pid" || return 1
	[[ $pid =~ ^[0-9]+$ ]] || return 1
	case $1 in
		postgres) mark=$DATA ;;
		proxy) mark=${PROXY:+$PROXY/bin/tradepost-proxy} ;;
		*) return 1 ;;
	esac
	# It may end while we look.
	[ -n "$mark" ] && { tr '\0' ' ' < "/proc/$pid/cmdline"; } 2> /dev/null | grep -qF -- "$mark" || return 1
	printf '%s\n' "$pid"
}

psql_() { as_user "$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$SOCKET" -p "$PGPORT_" -U postgres "$@"; }

# PostgreSQL ------------------------------------------------------------------

init_cluster() {
	say "Making a PostgreSQL $(pg_major) cluster in $DATA"
	as_user "$PGBIN/initdb" -D "$DATA" -U postgres --auth=trust --no-locale --encoding=UTF8 > "$LOG/initdb.log" 2>&1 ||
		{ cat "$LOG/initdb.log" >&2; die "initdb failed"; }
}

# Written at each start: ports and versions of these settings may have changed.
configure() {
	local conf
	conf=$(mktemp)
	cat > "$conf" <<- EOF
		# Written by docker/stack/stack.sh at each start.  Your own settings: ALTER SYSTEM.
		port = $PGPORT_
		listen_addresses = '127.0.0.1'
		unix_socket_directories = '$SOCKET'
		unix_socket_permissions = 0700
		shared_preload_libraries = 'tradepost'
		shared_buffers = '256MB'
		max_wal_size = '2GB'
		max_connections = 200
		max_worker_processes = 32
		max_prepared_transactions = 10
		cluster_name = 'tradepost'
		log_line_prefix = '%m [%p] %q%u@%d '
		log_timezone = 'UTC'
		timezone = 'UTC'
	EOF
	install -m 644 "$conf" "$DATA/tradepost.conf"
	# The socket is private to the server's user (and root): there the superuser may
	# come in.  Over loopback, where any local user could, only the demo role may
	# without a password.
	cat > "$conf" <<- EOF
		local all all trust
		host all $DEMO_ROLE 127.0.0.1/32 trust
		host all all 127.0.0.1/32 scram-sha-256
	EOF
	install -m 600 "$conf" "$DATA/pg_hba.conf"
	own "$DATA/tradepost.conf" "$DATA/pg_hba.conf"
	rm -f "$conf"
	grep -q '^include_if_exists = .tradepost.conf' "$DATA/postgresql.conf" ||
		printf "\ninclude_if_exists = 'tradepost.conf'\n" >> "$DATA/postgresql.conf"
}

check_data_version() {
	local have
	have=$(cat "$DATA/PG_VERSION")
	[ "$have" = "$(pg_major)" ] ||
		die "$DATA was made by PostgreSQL $have, this build is for $(pg_major): set PG_CONFIG, or throw the data away with 'make reset'"
}

port_is_free() { ! (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; }

start_postgres() {
	local pid try
	if pid=$(pid_of postgres); then
		# A library that was built since is only used by a new server.
		if cmp -s "$ROOT/build/tradepost.so" "$RUN_DIR/tradepost.so.running"; then
			return 0
		fi
		say "The library has changed: restarting PostgreSQL"
		stop_postgres
	fi
	"$ROOT/docker/stack/prefix.sh" "$PREFIX"
	[ -s "$DATA/PG_VERSION" ] || init_cluster
	check_data_version
	configure
	port_is_free "$PGPORT_" || die "port $PGPORT_ is taken by another program: set TRADEPOST_PGPORT"
	# After a crash the old server's children may need a moment to notice and go.
	for try in 1 2 3 4 5 6 7 8; do
		if as_user "$PGBIN/pg_ctl" start -w -t 300 -s -D "$DATA" -l "$LOG/postgres.log" < /dev/null > "$RUN_DIR/pg_ctl.out" 2>&1; then
			break
		fi
		if [ "$try" -lt 8 ] && tail -n 5 "$LOG/postgres.log" | grep -qE 'shared memory block .* is still in use|lock file .* already exists'; then
			sleep "$try"
			continue
		fi
		cat "$RUN_DIR/pg_ctl.out" >&2
		tail -n 20 "$LOG/postgres.log" >&2
		die "PostgreSQL did not start (log: $LOG/postgres.log)"
	done
	rm -f "$RUN_DIR/pg_ctl.out"
	head -n 1 "$DATA/postmaster.pid" > "$RUN_DIR/postgres.pid"
	cp "$ROOT/build/tradepost.so" "$RUN_DIR/tradepost.so.running"
	prepare_database
}

stop_postgres() {
	local pid
	if pid=$(pid_of postgres); then
		as_user "$PGBIN/pg_ctl" stop -w -t 120 -s -m fast -D "$DATA" > /dev/null 2>&1 ||
			as_user "$PGBIN/pg_ctl" stop -w -t 60 -s -m immediate -D "$DATA" ||
			die "PostgreSQL (pid $pid) does not stop"
	fi
	rm -f "$RUN_DIR/postgres.pid" "$RUN_DIR/tradepost.so.running"
}

# Database, extension, roles of the demo and of the proxy: each made if it is not there.
prepare_database() {
	local version script
	script=$ROOT/build/tradepost--$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$ROOT/extension/tradepost.control").sql
	psql_ -d postgres <<- EOF
		SET client_min_messages = warning;
		SELECT 'CREATE ROLE $DEMO_ROLE LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '$DEMO_ROLE') \gexec
		SELECT 'CREATE ROLE $GATEWAY_ROLE LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '$GATEWAY_ROLE') \gexec
		SELECT 'CREATE DATABASE $DATABASE OWNER $DEMO_ROLE' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '$DATABASE') \gexec
	EOF
	version=$(psql_ -At -d "$DATABASE" -c "SELECT extversion FROM pg_extension WHERE extname = 'tradepost'")
	if [ -z "$version" ]; then
		psql_ -d "$DATABASE" -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION tradepost'
		cksum < "$script" > "$RUN_DIR/installed.cksum"
	else
		psql_ -d "$DATABASE" -c 'SET client_min_messages = warning' -c 'ALTER EXTENSION tradepost UPDATE'
		if [ "$(cksum < "$script")" != "$(cat "$RUN_DIR/installed.cksum" 2> /dev/null)" ]; then
			warn "The SQL modules have changed since this database was made: 'make reset start' makes it anew."
		fi
	fi
	psql_ -d "$DATABASE" <<- EOF
		SET client_min_messages = warning;
		SELECT 'GRANT tradepost_admin TO $DEMO_ROLE' WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = 'tradepost_admin') \gexec
		SELECT 'GRANT tradepost_proxy TO $GATEWAY_ROLE' WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = 'tradepost_proxy') \gexec
		\o /dev/null
		SELECT 'SELECT tradepost.init()' WHERE to_regprocedure('tradepost.init()') IS NOT NULL \gexec
	EOF
}

# The proxy -------------------------------------------------------------------

# Program and served files where the plain user can read them, as an installation has them.
install_proxy() {
	mkdir -p "$PROXY/bin" "$PROXY/share/tradepost/www"
	install -m 755 "$ROOT/build/tradepost-proxy" "$PROXY/bin/tradepost-proxy"
	[ ! -f "$ROOT/proxy/openapi.yaml" ] || install -m 644 "$ROOT/proxy/openapi.yaml" "$PROXY/share/tradepost/"
	if [ -d "$ROOT/proxy/www" ]; then
		rm -rf "$PROXY/share/tradepost/www"
		cp -r "$ROOT/proxy/www" "$PROXY/share/tradepost/www"
		chmod -R a+rX "$PROXY/share/tradepost/www"
	fi
}

random_hex() { od -An -tx1 -N32 /dev/urandom | tr -d ' \n'; }

# Made once: the secrets stay the same, so that tokens outlive a restart, and what is sealed
# in the database opens.
make_proxy_env() {
	(
		umask 077
		[ -s "$PROXY/secrets.keys" ] || cat > "$PROXY/secrets.keys" <<- EOF
			# Made by docker/stack/stack.sh: see proxy/README.md, Secrets.  A newer key goes above the old ones.
			first $(random_hex)
		EOF
		[ -s "$PROXY/proxy.env" ] || cat > "$PROXY/proxy.env" <<- EOF
			# Made by docker/stack/stack.sh.  Your own settings (see .env.example) may follow.
			JWT_SECRET=$(random_hex)
			JWT_REFRESH_SECRET=$(random_hex)
			BILLING_WEBHOOK_SECRET=$(random_hex)
			SECRETS_KEY_FILE=$PROXY/secrets.keys
			# So that 'make chat' can speak as Twilio would; nobody answers at that API.  Your own account: proxy/README.md, WhatsApp.
			TWILIO_ACCOUNT_SID=AC$(random_hex | cut -c1-32)
			TWILIO_AUTH_TOKEN=$(random_hex)
			TWILIO_WHATSAPP_NUMBER=+15550000000
			TWILIO_API_URL=http://127.0.0.1:1
		EOF
	)
	own "$PROXY/proxy.env" "$PROXY/secrets.keys"
}

# proxy_says PATH: the status of its answer, without a program that may not be there.
proxy_says() {
	local line=''
	{
		exec 3<> "/dev/tcp/127.0.0.1/$PORT_" || return 1
		printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1" >&3
		read -r -t 5 line <&3 || true
		exec 3>&-
	} 2> /dev/null
	line=${line#* }
	printf '%s\n' "${line%% *}"
}

start_proxy() {
	local pid try
	if pid=$(pid_of proxy); then
		if cmp -s "$ROOT/build/tradepost-proxy" "$PROXY/bin/tradepost-proxy"; then
			return 0
		fi
		say "The proxy has changed: restarting it"
		stop_proxy
	fi
	install_proxy
	make_proxy_env
	port_is_free "$PORT_" || die "port $PORT_ is taken by another program: set TRADEPOST_PORT"
	rm -f "$LOG/proxy.pid"
	# What a user's shell has set for other programs (PORT, HOST, DATABASE_URL) is not meant for us: flags win.
	as_user setsid "$PROXY/bin/tradepost-proxy" --config "$PROXY/proxy.env" --pid-file "$LOG/proxy.pid" \
		--host "$HOST_" --port "$PORT_" \
		--database-url "host='$SOCKET' port=$PGPORT_ user=$GATEWAY_ROLE dbname=$DATABASE" \
		< /dev/null >> "$LOG/proxy.log" 2>&1 &
	pid=$!
	for ((try = 0; try < 300; try++)); do
		if [ "$(proxy_says /health/detailed)" = 200 ]; then break; fi
		if ! kill -0 "$pid" 2> /dev/null; then
			tail -n 20 "$LOG/proxy.log" >&2
			die "the proxy did not start (log: $LOG/proxy.log)"
		fi
		sleep 0.1
	done
	cp "$LOG/proxy.pid" "$RUN_DIR/proxy.pid"
	[ "$try" -lt 300 ] || warn "The proxy runs, but its database does not answer yet (log: $LOG/proxy.log)"
}

stop_proxy() {
	local pid try
	if pid=$(pid_of proxy); then
		kill -TERM "$pid" 2> /dev/null || true
		for ((try = 0; try < 300; try++)); do
			pid_of proxy > /dev/null || break
			sleep 0.1
		done
		if pid_of proxy > /dev/null; then kill -KILL "$pid"; fi
	fi
	rm -f "$RUN_DIR/proxy.pid"
}

# All together ----------------------------------------------------------------

write_env() {
	cat > "$RUN_DIR/env" <<- EOF
		# To be sourced by a shell: how to reach the stack.
		export PGHOST=127.0.0.1
		export PGPORT=$PGPORT_
		export PGUSER=$DEMO_ROLE
		export PGDATABASE=$DATABASE
		export TRADEPOST_PORT=$PORT_
		export TRADEPOST_URL=http://127.0.0.1:$PORT_
	EOF
}

start() {
	local name
	place
	for name in $SERVERS; do "start_$name"; done
	write_env
}

say_url() {
	say "The market in a browser: http://127.0.0.1:$PORT_/"
	say "REST and WebSocket: http://127.0.0.1:$PORT_ (users register there: POST /api/v1/auth/register)"
	say "WhatsApp, without a Twilio account: make chat in another terminal"
}

stop() {
	local name reversed=''
	[ -d "$RUN_DIR" ] || return 0
	paths
	for name in $SERVERS; do reversed="$name $reversed"; done
	for name in $reversed; do "stop_$name"; done
}

port_of() { case $1 in postgres) echo "$PGPORT_" ;; proxy) echo "$PORT_" ;; esac; }

# One line a server, or JSON; success if all of them run.
status() {
	local name pid all=0 items=''
	[ ! -d "$RUN_DIR" ] || paths
	for name in $SERVERS; do
		if [ -d "$RUN_DIR" ] && pid=$(pid_of "$name"); then
			items+="${items:+,}{\"name\":\"$name\",\"running\":true,\"pid\":$pid}"
			[ "${1:-}" = json ] || say "$name: running, pid $pid, port $(port_of "$name")"
		else
			all=1
			items+="${items:+,}{\"name\":\"$name\",\"running\":false,\"pid\":null}"
			[ "${1:-}" = json ] || say "$name: not running"
		fi
	done
	if [ "${1:-}" = json ]; then
		printf '{"running":%s,"run_dir":"%s","host":"127.0.0.1","pgport":%s,"port":%s,"url":"%s","database":"%s","user":"%s","servers":[%s]}\n' \
			"$([ $all -eq 0 ] && echo true || echo false)" "$RUN_DIR" "$PGPORT_" "$PORT_" "http://127.0.0.1:$PORT_" "$DATABASE" "$DEMO_ROLE" "$items"
	fi
	return $all
}

reset() {
	stop
	[ -d "$RUN_DIR" ] || return 0
	local part elsewhere=''
	for part in pg data log socket proxy; do
		if [ -L "$RUN_DIR/$part" ]; then
			elsewhere=$(readlink -f "$RUN_DIR/$part")
			rm -rf "$elsewhere"
		fi
		rm -rf "${RUN_DIR:?}/$part"
	done
	# What was away from the tree, down to /var/tmp, if nothing else is there.
	[ -z "$elsewhere" ] || rmdir -p "${elsewhere%/*}" 2> /dev/null || true
	rm -f "$RUN_DIR"/{env,installed.cksum,pg_ctl.out}
	rmdir "$RUN_DIR" 2> /dev/null || true
}

# In the foreground: the market's output, until it ends or somebody stops it.
run() {
	local market=$ROOT/build/market code=0 pid='' interrupted='' ours=1
	[ ! -d "$RUN_DIR" ] || { paths && ! pid_of postgres > /dev/null; } || ours=
	# A terminal sends Ctrl-C to the market as well, kill does not: so it may get the
	# signal twice.  The servers have left the terminal; stopping them is left to us.
	trap 'interrupted=1; [ -z "$pid" ] || kill -INT "$pid" 2> /dev/null || true' INT TERM HUP
	if [ -n "$ours" ]; then trap 'trap "" INT TERM HUP; say "Stopping."; stop' EXIT; fi
	start
	say_url
	if [ -z "$interrupted" ]; then
		# A shell's background processes ignore SIGINT unless told otherwise.
		(
			cd "$ROOT"
			# shellcheck disable=SC1091
			. "$RUN_DIR/env"
			exec env --default-signal=INT,TERM,HUP "$market"
		) &
		pid=$!
		# A signal ends the wait, not the market: wait for its own end.
		while :; do
			code=0
			wait "$pid" || code=$?
			kill -0 "$pid" 2> /dev/null || break
		done
		[ -n "$interrupted" ] || return "$code"
	fi
}

case ${1:-} in
	start)
		start
		say "PostgreSQL with Tradepost runs on 127.0.0.1:$PGPORT_.  To use it:  . $(printf %q "$RUN_DIR")/env && psql"
		say_url
		;;
	stop | run | reset) "$1" ;;
	status) status "${2:-}" ;;
	*) die "usage: stack.sh start|stop|status [json]|run|reset" ;;
esac
