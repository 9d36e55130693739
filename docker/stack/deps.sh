#!/bin/bash
# deps.sh
#	  Debian packages: which are needed for what, which are missing, installing them.
#
# Called by the Makefile before PostgreSQL may be there, so it uses nothing but what
# a bare Debian has.
#
#	deps.sh pg-config			path of the pg_config to build with; empty if there is none
#	deps.sh explain PURPOSE		the command that would install what PURPOSE misses
#	deps.sh install PURPOSE		install it (root or sudo -n), or print the command and fail
#
# PURPOSE: build, run, test, lint.
set -euo pipefail

# The newest PostgreSQL of which both server and development files are there.
pg_config_path() {
	local dir
	for dir in $(printf '%s\n' /usr/lib/postgresql/*/ | sort -rV); do
		if [ -x "$dir/bin/pg_config" ] && [ -x "$dir/bin/postgres" ] && [ -f "$dir/lib/pgxs/src/Makefile.global" ]; then
			printf '%sbin/pg_config\n' "$dir"
			return
		fi
	done
}

# The version to install: a server that is there, else the distribution's.
pg_version() {
	local dir version
	if [ -n "${PG_CONFIG:-}" ]; then
		"$PG_CONFIG" --version | sed -E 's/^PostgreSQL ([0-9]+).*/\1/'
		return
	fi
	for dir in $(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sort -rV); do
		version=${dir#/usr/lib/postgresql/}
		version=${version%%/*}
		if [ -x "$dir" ] && [ "$version" -ge 15 ]; then
			printf '%s\n' "$version"
			return
		fi
	done
	# shellcheck disable=SC1091
	case $(. /etc/os-release && printf '%s' "${VERSION_ID:-}") in
		12) echo 15 ;;
		13) echo 17 ;;
		*) apt-cache depends postgresql 2>/dev/null | sed -nE 's/.*Depends: postgresql-([0-9]+)$/\1/p' | head -n 1 ;;
	esac
}

# A PG_CONFIG outside Debian's layout brings its own server: then only tools are ours.
packages() {
	local v own_server=
	case ${PG_CONFIG:-/usr/lib/postgresql/} in /usr/lib/postgresql/*) ;; *) own_server=1 ;; esac
	v=$(pg_version)
	if [ -z "$own_server" ]; then
		printf '%s\n' "postgresql-$v" "postgresql-server-dev-$v"
	fi
	printf '%s\n' gcc libc6-dev make zlib1g-dev libpq-dev
	# The proxy's.  libwebsockets loads its libuv part at run time.
	printf '%s\n' pkgconf libwebsockets-dev libwebsockets-evlib-uv libuv1-dev libjansson-dev libjwt-dev libsodium-dev libhiredis-dev libssl-dev liboath-dev libqrencode-dev libcurl4-openssl-dev libopus-dev libogg-dev
	# Voice notes in English without a service; both Debians have the same version, others may have none.
	if apt-cache show libpocketsphinx-dev libsphinxbase-dev pocketsphinx-en-us > /dev/null 2>&1 ||
		grep -qE '^VERSION_ID="1[23]"' /etc/os-release 2> /dev/null; then
		printf '%s\n' libpocketsphinx-dev libsphinxbase-dev pocketsphinx-en-us
	fi
	case $1 in
		test) printf '%s\n' espeak-ng flite opus-tools sox
			printf '%s\n' perl libipc-run-perl "postgresql-$v-pgtap" clang libclang-rt-dev curl iproute2 openssl procps
			# People have these from elsewhere too.
			command -v node > /dev/null || echo nodejs
			command -v npm > /dev/null || echo npm
			command -v redis-server > /dev/null || echo redis-server
			command -v promtool > /dev/null || echo prometheus
			command -v chromium > /dev/null || echo chromium
			;;
		lint) printf '%s\n' clang clang-format shellcheck git ;;
	esac
}

missing() {
	local p
	for p in $(packages "$1"); do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || printf '%s ' "$p"
	done
}

install_missing() {
	local want sudo='' log
	want=$(missing "$1")
	[ -n "$want" ] || return 0
	if [ "$(id -u)" -ne 0 ]; then
		if command -v sudo > /dev/null && sudo -n true 2> /dev/null; then
			sudo='sudo -n'
		else
			printf 'These Debian packages are missing, and installing them needs root:\n\n  apt-get install --no-install-recommends %s\n\n' "$want" >&2
			exit 1
		fi
	fi
	printf 'Installing Debian packages: %s\n' "$want"
	log=$(mktemp)
	# The list may be old or empty: update it first, and try even if that fails.
	$sudo apt-get update > "$log" 2>&1 || true
	# RUNLEVEL: what comes with a service (Redis, Prometheus) is not to start it.
	# shellcheck disable=SC2086
	if $sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends $want >> "$log" 2>&1 < /dev/null; then
		rm -f "$log"
	else
		tail -n 30 "$log" >&2
		printf '\nInstalling failed (whole log: %s). The command was:\n\n  apt-get install --no-install-recommends %s\n' "$log" "$want" >&2
		exit 1
	fi
}

case ${1:-} in
	pg-config) pg_config_path ;;
	explain)
		want=$(missing "$2")
		if [ -n "$want" ]; then printf 'Install what is missing:  apt-get install --no-install-recommends %s\n' "$want"; fi
		;;
	install)
		command -v dpkg-query > /dev/null || exit 0
		install_missing "$2"
		;;
	*) echo "usage: deps.sh pg-config | explain PURPOSE | install PURPOSE" >&2; exit 2 ;;
esac
