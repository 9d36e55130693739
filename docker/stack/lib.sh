# lib.sh
#	  What the other scripts of this folder share: where things are, who the plain
#	  user is, how to run something as that user.  Sourced, never run.
#
# shellcheck shell=bash
set -euo pipefail
umask 022

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
# shellcheck disable=SC2034
RUN_DIR=${TRADEPOST_RUN_DIR:-$ROOT/.run}
case $RUN_DIR in /*) ;; *) RUN_DIR=$ROOT/$RUN_DIR ;; esac
PLAIN_USER=

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
die() { warn "tradepost: $*"; exit 1; }

# PostgreSQL refuses root, so root's servers and tests belong to a plain user.
find_plain_user() {
	if [ "$(id -u)" -ne 0 ]; then
		PLAIN_USER=$(id -un)
	elif id postgres > /dev/null 2>&1; then
		PLAIN_USER=postgres
	else
		id tradepost > /dev/null 2>&1 ||
			useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin tradepost
		PLAIN_USER=tradepost
	fi
}

# as_user COMMAND...: as the plain user, with a HOME that it can write.
as_user() {
	[ -n "$PLAIN_USER" ] || find_plain_user
	if [ "$(id -u)" -eq 0 ]; then
		HOME=${USER_HOME:-/tmp} USER=$PLAIN_USER LOGNAME=$PLAIN_USER \
			setpriv --reuid="$PLAIN_USER" --regid="$(id -gn "$PLAIN_USER")" --init-groups -- "$@"
	else
		"$@"
	fi
}

# own PATH...: hands files over to the plain user.
own() {
	[ -n "$PLAIN_USER" ] || find_plain_user
	if [ "$(id -u)" -eq 0 ]; then chown -R "$PLAIN_USER:" "$@"; fi
}

# away NAME: a directory outside the tree for what the plain user cannot reach
# inside it (a clone below root's home or a mktemp -d).  The same tree and name
# always give the same directory; it must be ours, because /var/tmp is everybody's.
away() {
	local dir
	dir=/var/tmp/tradepost-$(printf '%s' "$ROOT" | cksum | cut -d' ' -f1)
	mkdir -p "$dir"
	if [ ! -O "$dir" ] || [ -L "$dir" ]; then die "$dir belongs to somebody else"; fi
	mkdir -p "$dir/$1"
	printf '%s\n' "$dir/$1"
}

pg_major() { "$PG_CONFIG" --version | sed -E 's/^PostgreSQL ([0-9]+).*/\1/'; }

[ -n "${PG_CONFIG:-}" ] || PG_CONFIG=$("$ROOT/docker/stack/deps.sh" pg-config)
export PG_CONFIG
