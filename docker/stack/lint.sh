#!/bin/bash
# lint.sh [format]
#	  The rules of CONTRIBUTING.md that a program can check; `format` lets
#	  clang-format rewrite our C files instead.
#
# Called by `make lint`.  Every check prints what breaks its rule; they all run, and one
# finding fails the whole.  Without git (a source tarball) all files are looked at.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
cd "$ROOT"
# Checks are pipelines whose greps find nothing when all is well.
set +e +o pipefail
# The last command of a pipeline, report, must be able to set a variable of ours.
shopt -s lastpipe

# Formatters of other versions break lines elsewhere: the reference machine's decides.
CLANG_FORMAT_MAJOR=14
MAX_LINES=500

failed=0
# report RULE: what comes on standard input breaks it.
report() {
	local lines
	lines=$(cat)
	[ -n "$lines" ] || return 0
	printf '%s:\n' "$1" >&2
	printf '%s\n' "$lines" | head -n 20 | sed 's/^/  /' >&2
	failed=1
}

files() {
	if git rev-parse --is-inside-work-tree > /dev/null 2>&1; then
		git ls-files -co --exclude-standard -- "$@" | while read -r f; do [ ! -f "$f" ] || printf '%s\n' "$f"; done
	else
		local pattern
		for pattern in "$@"; do find . \( -path ./build -o -path ./.run \) -prune -o -type f -path "./$pattern" -print; done | sed 's#^\./##'
	fi | LC_ALL=C sort -u
}

c_files() { files '*.c' '*.h'; }
shell_files() { files '*.sh' '.ci/run'; }

clang_format_fits() {
	command -v clang-format > /dev/null && clang-format --version | grep -q "version $CLANG_FORMAT_MAJOR\."
}

if [ "${1:-}" = format ]; then
	clang_format_fits || die "format: this needs clang-format $CLANG_FORMAT_MAJOR"
	c_files | xargs -r clang-format -i
	exit 0
fi

# The tree ---------------------------------------------------------------------

find sql -maxdepth 1 -name '*.sql' | report 'SQL belongs into sql/NN_area/, pg_regress would run these as tests'
find sql -mindepth 1 -maxdepth 1 -type d ! -name '[0-9][0-9]_*' | report 'folders of sql/ are named NN_area'
c_files | sed 's#.*/##' | sort | uniq -d | report 'C file names are unique across the tree (dependencies and logs use base names)'
files '*' | cut -d/ -f1 | sort -u |
	grep -vxE 'Makefile|extension|sql|proxy|migrations|test|expected|docker|README\.md|LICENSE|CONTRIBUTING\.md|\..*' |
	report 'the tree has fixed top-level entries'

# Tests are reached --------------------------------------------------------------

scheduled=$([ ! -f test/schedule ] || sed -nE 's/^test: *//p' test/schedule | tr -s ' ' '\n')
for f in test/sql/*.sql; do
	[ -e "$f" ] || continue
	name=$(basename "$f" .sql)
	grep -qxF -- "$name" <<< "$scheduled" || echo "$f is not in test/schedule"
	[ -f "expected/$name.out" ] || echo "$f has no expected/$name.out"
done | report 'every regression test is scheduled and has its output'
for name in $scheduled; do
	[ -f "test/sql/$name.sql" ] || echo "$name"
done | report 'test/schedule names tests that do not exist'
for f in test/specs/*.spec; do
	[ -e "$f" ] || continue
	name=$(basename "$f" .spec)
	[[ $name == iso_* ]] || echo "$f is not named iso_*"
	[ -f "expected/$name.out" ] || echo "$f has no expected/$name.out"
done | report 'every isolation test is named iso_* and has its output'
for f in expected/*.out; do
	[ -e "$f" ] || continue
	name=$(basename "$f" .out)
	[ -f "test/sql/$name.sql" ] || [ -f "test/specs/$name.spec" ] || [ -f "test/sql/${name%_[0-9]}.sql" ] || echo "$f"
done | report 'expected output of no test'
files 'test/*.t' | grep -v '^test/t/[0-9][0-9][0-9]_[a-z0-9_]*\.t$' | report 'TAP tests are test/t/NNN_name.t, or prove does not see them'
files 'test/pgtap/*' | grep -v '^test/pgtap/\(include/\)\{0,1\}[a-z0-9_]*\.sql$' | report 'pgTAP tests are test/pgtap/name.sql, what they share include/name.sql'

# SQL --------------------------------------------------------------------------

files 'sql/*.sql' | grep -vE '/(schema|type|table|role)(_[^/]*)?\.sql$' |
	xargs -r grep -nEi '^[[:space:]]*(CREATE|ALTER TYPE|ALTER TABLE)\b' |
	grep -vE ':CREATE OR REPLACE (FUNCTION|PROCEDURE|VIEW|AGGREGATE|TRIGGER|RULE)\b|CREATE TEMP(ORARY)? TABLE' |
	report 'function modules hold only what can be run again (others are named schema*, type_*, table_* or role_*)'
for f in migrations/*--*.sql; do
	[ -e "$f" ] || continue
	from=$(basename "$f")
	[ -f "test/upgrade/tradepost--${from%%--*}.sql" ] || echo "$f has no test/upgrade/tradepost--${from%%--*}.sql"
	grep -nEi '^[[:space:]]*CREATE( OR REPLACE)? (FUNCTION|PROCEDURE|VIEW)\b' "$f" | sed "s#^#$f:#"
done | report 'a migration has structure only, and the install script that it starts from frozen beside the tests'

# C ----------------------------------------------------------------------------

files 'extension/src/*.[ch]' | grep -v '/compat\.h$' | xargs -r grep -n 'PG_VERSION_NUM' | report 'PG_VERSION_NUM is tested in compat.h alone'
if [ -f extension/src/guc.c ]; then
	diff <(grep -oE '"tradepost\.[a-z_.]+"' extension/src/guc.c) <(grep -oE '"tradepost\.[a-z_.]+"' extension/src/guc.c | LC_ALL=C sort) |
		grep '^[<>]' | report 'settings are sorted in guc.c'
fi
c_files | while read -r f; do
	n=$(wc -l < "$f")
	[ "$n" -le $MAX_LINES ] || head -n 40 "$f" | grep -qi "$MAX_LINES lines" || echo "$f: $n"
done | report "a file over $MAX_LINES lines says why at its top (with the words \"$MAX_LINES lines\")"
c_files | while read -r f; do
	[ "$(sed -n 1p "$f")" = '/*' ] && [ "$(sed -n 2p "$f")" = " * ${f##*/}" ] || echo "$f"
done | report 'a C file opens with a comment that names it and says why it exists'
if clang_format_fits; then
	c_files | xargs -r clang-format --dry-run -Werror 2>&1 | grep ': error:' | cut -d: -f1 | sort | uniq -c |
		report 'not formatted: make format'
else
	say "lint: formatting not checked, clang-format $CLANG_FORMAT_MAJOR is not here"
fi

# Both compilers, every warning an error; then what the library exports.
for cc in gcc clang; do
	make -s -j"${JOBS:-2}" CC=$cc WERROR=1 OBJ_DIR=build/lint/$cc FLAGS_FILE=build/lint/$cc.flags objects 2>&1 | report "warnings of $cc"
	make -s -j"${JOBS:-2}" -f proxy/proxy.mk -f proxy/speech/speech.mk PROXY_CC=$cc PROXY_OBJ_DIR=build/lint/proxy-$cc \
		SPEECH_OBJ_DIR=build/lint/speech-$cc proxy-objects speech-objects 2>&1 | report "warnings of $cc in proxy/"
done
if [ -f build/lint/gcc/tradepost.o ]; then
	nm --extern-only --defined-only build/lint/gcc/*.o | awk 'NF == 3 { print $3 }' | sort -u |
		grep -vE '^(tradepost_|pg_finfo_tradepost_|Pg_magic_func$|_PG_init$|_PG_fini$)' |
		report 'exported names begin with tradepost_ (symbols of a module share one space with the server)'
fi

if [ -f build/lint/proxy-gcc/edge.o ]; then
	nm --extern-only --defined-only build/lint/proxy-gcc/*.o build/lint/speech-gcc/*.o | awk 'NF == 3 { print $3 }' | sort -u | grep -vE '^(tp_|main$)' |
		report 'names that files of proxy/ share begin with tp_'
fi

# Text -------------------------------------------------------------------------

for f in $(shell_files); do bash -n "$f" 2>&1; done | report 'shell syntax'
if command -v shellcheck > /dev/null; then
	shell_files | xargs -r shellcheck -x 2>&1 | report 'shellcheck'
fi
# The pattern is written so that this file does not match itself.
files '*' | grep -vE '\.(gz|png|out)$' | xargs -r grep -nIE '(^|[^[:alnum:]_.~-])/(work|root|home/[a-z]+)/' | report 'no paths of one machine'
files '*' | grep -vE '\.(gz|png|out)$' | xargs -r grep -nIwE 'TO''DO|FIX''ME|X''XX' | report 'nothing is left for later in the code'
files '*' | grep -vE '\.(gz|png|out|md)$' | xargs -r grep -nIE '[[:blank:]]+$' | report 'no blanks at the end of a line'
files '*' | grep -vE '\.(gz|png)$' | xargs -r grep -lI $'\r' | report 'no carriage returns'

[ $failed -eq 0 ] || die 'lint: see above'
