#!/bin/bash
# errcodes.sh
#	  Turns extension/errcodes.txt (standard input) into what others include, so that
#	  each SQLSTATE is written down once.
#
#	errcodes.sh header		a C header: ERRCODE_TP_ACCOUNT_UNKNOWN for tradepost_account_unknown
#	errcodes.sh sed			sed commands that put codes for @tradepost_account_unknown@
set -euo pipefail

exec awk -v mode="${1:?usage: errcodes.sh header|sed < errcodes.txt}" '
BEGIN {
	if (mode == "header")
		print "/* Made from extension/errcodes.txt. */\n#ifndef TRADEPOST_ERRCODES_H\n#define TRADEPOST_ERRCODES_H\n"
}
/^[ \t]*(#|$)/ { next }
$1 !~ /^TP[0-9A-Z][0-9A-Z][0-9A-Z]$/ || $2 !~ /^tradepost_[a-z0-9_]+$/ || NF < 3 {
	printf "errcodes.txt, line %d: expected TPnnn tradepost_name text\n", NR > "/dev/stderr"
	exit bad = 1
}
codes[$1]++ || names[$2]++ {
	printf "errcodes.txt, line %d: code or name given twice\n", NR > "/dev/stderr"
	exit bad = 1
}
mode == "header" {
	name = toupper(substr($2, length("tradepost_") + 1))
	printf "#define ERRCODE_TP_%s MAKE_SQLSTATE(", name
	for (i = 1; i <= 5; i++)
		printf "\047%s\047%s", substr($1, i, 1), i < 5 ? ", " : ")\n"
}
mode == "sed" { printf "s/@%s@/%s/g\n", $2, $1 }
END {
	if (!bad && mode == "header")
		print "\n#endif"
}'
