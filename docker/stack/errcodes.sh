#!/bin/bash
# errcodes.sh
#	  Turns extension/errcodes.txt (standard input) into what others include, so that
#	  each SQLSTATE is written down once.
#
#	errcodes.sh header		a C header: ERRCODE_TP_ACCOUNT_UNKNOWN for tradepost_account_unknown
#	errcodes.sh sed			sed commands that put codes for @tradepost_account_unknown@
#	errcodes.sh proxy		a C table for the proxy: SQLSTATE, HTTP status, account_unknown, text
set -euo pipefail

exec awk -v mode="${1:?usage: errcodes.sh header|sed|proxy < errcodes.txt}" '
BEGIN {
	if (mode == "header")
		print "/* Made from extension/errcodes.txt. */\n#ifndef TRADEPOST_ERRCODES_H\n#define TRADEPOST_ERRCODES_H\n"
	if (mode == "proxy") {
		print "/* Made from extension/errcodes.txt. */\n#ifndef TRADEPOST_ERRCODES_HTTP_H\n#define TRADEPOST_ERRCODES_HTTP_H\n"
		print "static const struct\n{\n\tconst char *sqlstate;\n\tint status;\n\tconst char *code;\n\tconst char *text;\n} tp_errcodes_http[] = {"
	}
}
/^[ \t]*(#|$)/ { next }
$1 !~ /^TP[0-9A-Z][0-9A-Z][0-9A-Z]$/ || $2 !~ /^[45][0-9][0-9]$/ || $3 !~ /^tradepost_[a-z0-9_]+$/ || NF < 4 {
	printf "errcodes.txt, line %d: expected TPnnn http-status tradepost_name text\n", NR > "/dev/stderr"
	exit bad = 1
}
codes[$1]++ || names[$3]++ {
	printf "errcodes.txt, line %d: code or name given twice\n", NR > "/dev/stderr"
	exit bad = 1
}
mode == "header" {
	name = toupper(substr($3, length("tradepost_") + 1))
	printf "#define ERRCODE_TP_%s MAKE_SQLSTATE(", name
	for (i = 1; i <= 5; i++)
		printf "\047%s\047%s", substr($1, i, 1), i < 5 ? ", " : ")\n"
}
mode == "sed" { printf "s/@%s@/%s/g\n", $3, $1 }
mode == "proxy" {
	text = $0
	sub(/^[^ \t]+[ \t]+[^ \t]+[ \t]+[^ \t]+[ \t]+/, "", text)
	gsub(/["\\]/, "\\\\&", text)
	printf "\t{ \"%s\", %s, \"%s\", \"%s\" },\n", $1, $2, substr($3, length("tradepost_") + 1), text
}
END {
	if (!bad && mode == "proxy")
		print "};"
	if (!bad && mode != "sed")
		print "\n#endif"
}'
