#!/bin/bash
# prefix.sh DIR [plain|faults [EXTENSION_FILE...]]
#	  Makes or refreshes a private PostgreSQL below DIR: the system's programs copied,
#	  its libraries and shared files linked, our extension installed into it.
#
# So that neither running nor testing touches the system's PostgreSQL or needs
# root.  It works because PostgreSQL finds its files relative to its own program
# (copied, not linked, or it would follow the link back).  With `faults` the library
# with fault injection points goes in.  EXTENSION_FILEs (control files and scripts that
# only tests know) go beside ours.  Prints nothing.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

dest=$1 flavour=${2:-plain}
shift $(($# < 2 ? $# : 2))
case $dest in /*) ;; *) dest=$ROOT/$dest ;; esac

bin=$("$PG_CONFIG" --bindir)
lib=$("$PG_CONFIG" --pkglibdir)
share=$("$PG_CONFIG" --sharedir)

# What the farm was made from: a package that came or changed since makes it anew.
made_from() {
	"$PG_CONFIG" --version
	printf '%s\n' "$bin" "$lib" "$share"
	# Our own files may be in the system's PostgreSQL as well, or not: no matter.
	find -L "$lib" "$share/extension" -maxdepth 1 -type f ! -name 'tradepost*' | sort | cksum
	stat -c '%Y %s' "$bin/postgres"
}

if [ "$(cat "$dest/made-from" 2> /dev/null)" != "$(made_from)" ]; then
	rm -rf "$dest"
	mkdir -p "$dest$bin" "$dest$(dirname "$lib")" "$dest$(dirname "$share")"
	for program in postgres postmaster initdb psql createdb createuser dropdb dropuser vacuumdb reindexdb clusterdb; do
		[ ! -x "$bin/$program" ] || cp -P "$bin/$program" "$dest$bin/"
	done
	cp -P "$bin"/pg* "$dest$bin/"
	cp -rs "$lib" "$dest$(dirname "$lib")/"
	cp -rs "$share" "$dest$(dirname "$share")/"
	find "$dest$lib" "$dest$share" -name 'tradepost*' -delete
	made_from > "$dest/made-from"
fi

# As `make install DESTDIR=` would; install(1) replaces, so a running server keeps its old files.
library=$ROOT/build/tradepost.so
[ "$flavour" != faults ] || library=$ROOT/build/faults/tradepost.so
put() { cmp -s "$2" "$3/${2##*/}" || install -m "$1" "$2" "$3/"; }
put 755 "$library" "$dest$lib"
put 644 "$ROOT/extension/tradepost.control" "$dest$share/extension"
for script in "$ROOT"/build/tradepost--*.sql "$@"; do
	put 644 "$script" "$dest$share/extension"
done
ln -sfn "${bin#/}" "$dest/bin"
