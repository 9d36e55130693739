#!/bin/bash
# texts.sh
#	  Turns extension/texts.txt (standard input) into a C header on standard output: an
#	  enum of the keys, and, for who defines TP_TEXTS_TABLE, their texts in three languages.
#
# It fails, and so the build does, over a text without a translation, a key given twice,
# places or optional parts that differ between the languages, a text that is too long, and
# whatever else is not as the head of texts.txt says.
set -euo pipefail

# Bytes, whatever the locale: letters beyond ASCII are passed through as they are.
export LC_ALL=C

exec awk '
function fail(text) {
	printf "texts.txt, line %d: %s\n", NR, text > "/dev/stderr"
	bad = 1
	exit 1
}

# The places of a text, sorted, those of an optional part marked: what must be the same in all languages.
function places_of(text,    rest, out, n, list, i, j, depth, c, name, counted) {
	n = depth = 0
	rest = text
	while (match(rest, /[\[\]{}\\]/)) {
		c = substr(rest, RSTART, 1)
		rest = substr(rest, RSTART + 1)
		if (c == "\\") {
			if (substr(rest, 1, 1) != "n")
				fail("a backslash that begins no \\n")
			rest = substr(rest, 2)
		} else if (c == "[") {
			if (depth++)
				fail("an optional part within another")
			counted = n
		} else if (c == "]") {
			if (!depth--)
				fail("] without [")
			if (n == counted)
				fail("an optional part without a place")
		} else if (c == "}")
			fail("} without {")
		else {
			if (!match(rest, /^[a-z][a-z0-9_]*}/))
				fail("a place is not named as in {price}")
			name = substr(rest, 1, RLENGTH - 1) (depth ? "?" : "")
			rest = substr(rest, RLENGTH + 1)
			for (i = 1; i <= n && list[i] != name; i++)
				;
			if (i > n)
				list[++n] = name
		}
	}
	if (depth)
		fail("[ without ]")
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && list[j] < list[j - 1]; j--) {
			c = list[j]
			list[j] = list[j - 1]
			list[j - 1] = c
		}
	out = ""
	for (i = 1; i <= n; i++)
		out = out " " list[i]
	return out
}

function finish(    i) {
	if (key == "")
		return
	for (i = 1; i <= 3; i++)
		if (!((key, i) in text))
			fail(key " has no text in " languages[i])
	for (i = 2; i <= 3; i++)
		if (places[i] != places[1])
			fail(key " has places" places[1] " in en, and" (places[i] == "" ? " none" : places[i]) " in " languages[i])
	key = ""
}

BEGIN {
	split("en es pt", languages)
	number["en"] = 1
	number["es"] = 2
	number["pt"] = 3
	most = 700
}
/^#/ { next }
/^$/ { finish(); next }
/[ \t\r]$/ { fail("a blank at the end") }
/^[a-z][a-z0-9_]*$/ {
	if (key != "")
		fail("an empty line is missing before " $0)
	if (length($0) > 48)
		fail("a key has at most 48 letters")
	if ($0 in known)
		fail($0 " is there twice")
	known[$0] = 1
	key = keys[++count] = $0
	next
}
/^(en|es|pt): [^ ]/ {
	n = number[substr($0, 1, 2)]
	if (key == "")
		fail("a text without a key")
	if ((key, n) in text)
		fail(key " has two texts in " languages[n])
	said = substr($0, 5)
	if (length(said) > most)
		fail(key " has " length(said) " bytes in " languages[n] ", and the limit is " most)
	places[n] = places_of(said)
	gsub(/"/, "\\\"", said)
	text[key, n] = said
	next
}
{ fail("expected a key, or a text such as \"en: Hello\"") }
END {
	if (bad)
		exit 1
	finish()
	if (bad)
		exit 1
	if (!count)
		fail("there is no text")
	# Sorted, so that a key is found by halving.
	for (i = 2; i <= count; i++)
		for (j = i; j > 1 && keys[j] < keys[j - 1]; j--) {
			swap = keys[j]
			keys[j] = keys[j - 1]
			keys[j - 1] = swap
		}
	print "/* Made from extension/texts.txt. */\n#ifndef TRADEPOST_TEXTS_LIST_H\n#define TRADEPOST_TEXTS_LIST_H\n\ntypedef enum TpTextKey\n{"
	for (i = 1; i <= count; i++)
		printf "\tTP_TEXT_%s,\n", toupper(keys[i])
	print "\tTP_TEXTS\n} TpTextKey;\n\n#endif\n\n#ifdef TP_TEXTS_TABLE\nstatic const TpTextRow tp_text_rows[TP_TEXTS] = {"
	for (i = 1; i <= count; i++)
		printf "\t{ \"%s\",\n\t  { \"%s\",\n\t    \"%s\",\n\t    \"%s\" } },\n", keys[i], text[keys[i], 1], text[keys[i], 2], text[keys[i], 3]
	print "};\n#endif"
}'
