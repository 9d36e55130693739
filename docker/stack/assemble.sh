#!/bin/bash
# assemble.sh
#	  Puts the SQL modules together into the scripts that PostgreSQL runs.
#
#	assemble.sh install SQL_DIR VERSION				CREATE EXTENSION's script
#	assemble.sh update SQL_DIR VERSION MIGRATION	ALTER EXTENSION UPDATE's script
#
# Modules are SQL_DIR/NN_area/*.sql, in the order of folder, then file name.  One
# named schema*, type_*, table_* or role_* holds structure, which is made once:
# only the install script has it, and a migration changes it.  Every other module
# holds what may be replaced (functions, views, comments, grants): an update
# script is the migration and then all of these.  A migration that does not
# end in VERSION is a step on a longer way: only the last step brings the functions.
#
# @VERSION@ and @tradepost_some_error@ (from errcodes.txt) are filled in.
set -euo pipefail
cd "$(dirname "$0")/../.."

kind=$1 sql_dir=$2 version=$3 migration=${4:-}
name=${EXTENSION_NAME:-tradepost}

modules() { find "$sql_dir" -mindepth 2 -maxdepth 2 -name '*.sql' | LC_ALL=C sort; }

is_structure() { [[ ${1##*/} =~ ^(schema|type|table|role)(_[^/]*)?\.sql$ ]]; }

module() {
	printf '\n-- %s\n' "$1"
	cat "$1"
	# A file without newline at its end must not swallow the next one's first line.
	printf '\n'
}

body() {
	local file
	if [ "$kind" = install ]; then
		printf '\\echo Use "CREATE EXTENSION %s" to load this file. \\quit\n' "$name"
		for file in $(modules); do module "$file" | sed -E 's/^CREATE OR REPLACE /CREATE /'; done
	else
		local to=${migration##*--}
		printf '\\echo Use "ALTER EXTENSION %s UPDATE TO '"'%s'"'" to load this file. \\quit\n' "$name" "${to%.sql}"
		module "$migration"
		if [ "${to%.sql}" = "$version" ]; then
			for file in $(modules); do is_structure "$file" || module "$file"; done
		fi
	fi
}

errcodes=$(docker/stack/errcodes.sh sed < extension/errcodes.txt)
out=$(body | sed -e "s/@VERSION@/$version/g" -e "$errcodes")
if left=$(grep -noE '@(VERSION|tradepost_[A-Za-z0-9_]*)@' <<< "$out"); then
	printf 'nothing to put for these in the %s script:\n%s\n' "$kind" "$left" >&2
	exit 1
fi
printf '%s\n' "$out"
