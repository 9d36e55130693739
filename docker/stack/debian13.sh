#!/bin/bash
# debian13.sh [MAKE_ARGUMENT...]
#	  `make test` on Debian 13 with its PostgreSQL 17, in a chroot outside the tree;
#	  other arguments replace `test`.  Root only.
#
# The chroot is made once by debootstrap and kept: TRADEPOST_CHROOT, by default
# /var/tmp/tradepost-trixie.  Its packages are installed by the tree's own deps.sh,
# which is thereby tested too.  The tree goes in as a copy, without what was built here.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

chroot_dir=${TRADEPOST_CHROOT:-/var/tmp/tradepost-trixie}
mirror=${TRADEPOST_MIRROR:-http://deb.debian.org/debian}
[ "$(id -u)" -eq 0 ] || die 'a chroot needs root'

if [ ! -e "$chroot_dir/etc/debian_version" ]; then
	if ! command -v debootstrap > /dev/null; then
		say 'Installing Debian packages: debootstrap'
		apt-get update > /dev/null 2>&1 || true
		DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends debootstrap > /dev/null
	fi
	say "Making a Debian 13 chroot in $chroot_dir"
	log=$(mktemp)
	# Beside its place first, so that a broken one is never taken for whole.
	rm -rf "$chroot_dir.new"
	debootstrap --variant=minbase --include=make,ca-certificates trixie "$chroot_dir.new" "$mirror" > "$log" 2>&1 ||
		{ tail -n 20 "$log" >&2; die "debootstrap failed (log: $log)"; }
	rm -f "$log"
	# Installing a server package must not start one: the host's network is shared.
	printf '#!/bin/sh\nexit 101\n' > "$chroot_dir.new/usr/sbin/policy-rc.d"
	chmod 755 "$chroot_dir.new/usr/sbin/policy-rc.d"
	mv "$chroot_dir.new" "$chroot_dir"
fi

# Mounts live in a namespace of our own: they end with us, whatever happens.
if [ "${TRADEPOST_UNSHARED:-}" != 1 ]; then
	TRADEPOST_UNSHARED=1 exec unshare --mount --propagation private "$ROOT/docker/stack/debian13.sh" "$@"
fi
mountpoint -q "$chroot_dir/proc" || mount -t proc proc "$chroot_dir/proc"
mountpoint -q "$chroot_dir/dev" || mount --rbind /dev "$chroot_dir/dev"
cp -L /etc/resolv.conf "$chroot_dir/etc/resolv.conf"
# Where TLS is opened on the way, npm needs the network's own certificates as well.
if compgen -G '/usr/local/share/ca-certificates/*.crt' > /dev/null; then
	cp /usr/local/share/ca-certificates/*.crt "$chroot_dir/usr/local/share/ca-certificates/"
	chroot "$chroot_dir" update-ca-certificates > /dev/null 2>&1
fi

rm -rf "$chroot_dir/tradepost"
mkdir -p "$chroot_dir/tradepost/main" "$chroot_dir/tradepost/shared"
tar -C "$ROOT" --exclude=./build --exclude=./.run --exclude=./.git --exclude=./test/proxy/node_modules -cf - . | tar -C "$chroot_dir/tradepost/main" -xf -
if [ -d "$ROOT/../shared/data" ]; then
	cp -r "$ROOT/../shared/data" "$chroot_dir/tradepost/shared/data"
fi
[ $# -gt 0 ] || set -- test
chroot "$chroot_dir" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM="${TERM:-dumb}" LC_ALL=C.UTF-8 \
	TRADEPOST_TEST_LONG="${TRADEPOST_TEST_LONG:-}" PROVE_TESTS="${PROVE_TESTS:-}" PROVE_FLAGS="${PROVE_FLAGS:-}" \
	make -C /tradepost/main "$@"
