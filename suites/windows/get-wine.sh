#!/bin/sh
# Gets Wine 10 (Debian trixie's) into a folder of its own and prints that folder; nothing is installed on this machine.
# Debian bookworm's Wine 8 cannot run the executable (no bcryptprimitives.dll), hence the newer Debian in a chroot.
# Use: suites/windows/get-wine.sh [DIR]      default DIR: $TIERSYNC_WINE, else the user's cache folder
# Needs: root (chroot, mount namespaces), apt's sources, about 2 GB. Running it again with Wine in place takes no time.
set -eu

# Count up when what is made below changes: an older folder is then made anew.
VERSION=1

say() { echo "get-wine: $*" >&2; }
fail() { say "$*"; exit 1; }

DIR=${1:-${TIERSYNC_WINE:-${XDG_CACHE_HOME:-$HOME/.cache}/tiersync/wine}}
case $DIR in /*) ;; *) DIR=$PWD/$DIR ;; esac

[ "$(id -u)" = 0 ] || fail "root is needed for the chroot in which Wine runs: start it with sudo"
[ "$(uname -m)" = x86_64 ] || fail "the Windows executable is x64: Wine needs an x86_64 machine"
for tool in unshare chroot flock apt-get dpkg-deb wget; do
  command -v "$tool" > /dev/null || fail "\"$tool\" is needed and not there"
done
unshare --mount true || fail "this machine forbids mount namespaces (a container without CAP_SYS_ADMIN?)"

mkdir -p "$(dirname "$DIR")"
exec 9> "$DIR.lock"
flock 9
if [ "$(cat "$DIR/.tiersync" 2> /dev/null)" = "$VERSION" ]; then echo "$DIR"; exit 0; fi

# Half-made or outdated. --one-file-system: should anything be mounted below, it is not emptied.
rm -rf --one-file-system "$DIR" "$DIR.tools"
mkdir -p "$DIR.tools"

if ! command -v debootstrap > /dev/null; then
  say "fetching debootstrap"
  (cd "$DIR.tools" && { apt-get download -qq debootstrap || { apt-get update -qq && apt-get download -qq debootstrap; }; } \
    && dpkg-deb -x debootstrap_*.deb .) || fail "debootstrap cannot be had from apt's sources"
  export DEBOOTSTRAP_DIR="$DIR.tools/usr/share/debootstrap"
  PATH=$DIR.tools/usr/sbin:$PATH
fi

say "installing Debian trixie into $DIR"
unshare --mount --propagation private debootstrap --variant=minbase trixie "$DIR" > "$DIR.log" 2>&1 \
  || { tail -n 20 "$DIR.log" >&2; fail "debootstrap failed"; }

cp /etc/resolv.conf "$DIR/etc/resolv.conf"
say "installing Wine"
unshare --mount --propagation private sh -eu -c '
  mount --rbind /proc "$1/proc"; mount --rbind /dev "$1/dev"
  exec chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive sh -euc "
    apt-get install -qq --no-install-recommends wine64 wine ca-certificates
    apt-get clean"
' sh "$DIR" >> "$DIR.log" 2>&1 || { tail -n 20 "$DIR.log" >&2; fail "installing Wine failed"; }

say "making the Windows installation that suites copy"
mkdir -p "$DIR/wine/run" && chmod 700 "$DIR/wine/run"
unshare --mount --propagation private sh -eu -c '
  mount --rbind /proc "$1/proc"; mount --rbind /dev "$1/dev"
  exec timeout 180 chroot "$1" env -i PATH=/usr/lib/wine:/usr/sbin:/usr/bin:/sbin:/bin HOME=/wine XDG_RUNTIME_DIR=/wine/run LANG=C.UTF-8 \
    WINEPREFIX=/wine/template WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml=" sh -euc "
      wine64 wineboot -i; wine64 winecfg -v win10; wineserver -w"
' sh "$DIR" >> "$DIR.log" 2>&1 || { tail -n 20 "$DIR.log" >&2; fail "the first start of Wine failed"; }

rm -rf "$DIR.tools"
echo "$VERSION" > "$DIR/.tiersync"
say "ready"
echo "$DIR"
