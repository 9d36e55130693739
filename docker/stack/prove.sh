#!/bin/bash
# prove.sh [TEST...]
#	  Runs the tests, all in one prove, whose summary is the last thing printed.
#
# Called by `make test` when everything is built.  Tests start servers, so root hands
# them to a plain user; where that user cannot read the tree (a clone below root's
# home, or under a strict umask), they run in a copy of it, with ../shared/data beside
# it.  Tests write below TRADEPOST_OUT and nowhere else.
#
# PROVE_FLAGS replaces -j2; TRADEPOST_TEST_LONG=1 adds the long loops.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

copy_tree() {
	home=$(away test)
	rm -rf "$home/main" "$home/shared"
	mkdir "$home/main"
	tar -C "$ROOT" --exclude=./.git --exclude=./.run --exclude=./build/test --exclude=./build/lint -cf - . | tar -C "$home/main" -xf -
	if [ -d "$ROOT/../shared/data" ]; then
		mkdir "$home/shared"
		cp -r "$ROOT/../shared/data" "$home/shared/data"
		own "$home/shared"
	fi
	own "$home/main"
	chmod -R u+rwX "$home"
	tree=$home/main
	say "$PLAIN_USER, who runs the tests, cannot read $ROOT: testing a copy in $tree"
	# Kept after a failure, with the servers' logs.
	trap '[ $? -ne 0 ] || rm -rf "$home"; rmdir "${home%/*}" 2> /dev/null || true' EXIT
}

find_plain_user
tree=$ROOT
if ! as_user test -r "$ROOT/Makefile" -a -x "$ROOT/test/t" -a -x "$ROOT/build/pg/bin/initdb"; then
	copy_tree
fi

out=$tree/build/test
rm -rf "$out"
mkdir -p "$out/home" "$out/ports"
own "$out"

pgxs=$(dirname "$("$PG_CONFIG" --pgxs)")/..
export TRADEPOST_ROOT=$tree TRADEPOST_BUILD=$tree/build TRADEPOST_OUT=$out
# Where an installation's bin/ is, as PostgreSQL::Test::Cluster wants it.
inst=$(dirname "$("$PG_CONFIG" --bindir)")
export TRADEPOST_PREFIX=$tree/build/pg$inst TRADEPOST_FAULTS_PREFIX=$tree/build/pg-faults$inst
export PG_REGRESS=$pgxs/test/regress/pg_regress
export TRADEPOST_ISOLATION=$pgxs/test/isolation/pg_isolation_regress
export PG_TEST_PORT_DIR=$out/ports top_builddir=$tree
# PostgreSQL 15 looks at TESTDIR, later ones at the other two.
export TESTDIR=$out TESTDATADIR=$out/tmp_check TESTLOGDIR=$out/tmp_check/log
export PATH=$TRADEPOST_PREFIX/bin:$PATH
export PG_TEST_TIMEOUT_DEFAULT=${PG_TEST_TIMEOUT_DEFAULT:-180}
# What a developer's shell or a started stack left behind must not reach the tests.
unset PGHOST PGPORT PGUSER PGDATABASE PGPASSWORD PGSERVICE PGOPTIONS TRADEPOST_RUN_DIR TRADEPOST_PORT TRADEPOST_PGPORT MAKEFLAGS MAKELEVEL MFLAGS
export LC_ALL=C.UTF-8 USER_HOME=$out/home

cd "$tree"
[ $# -gt 0 ] || set -- test/t/*.t
read -ra flags <<< "${PROVE_FLAGS:--j2 --timer}"
as_user prove "${flags[@]}" -I "$pgxs/test/perl" -I test/perl "$@" < /dev/null
