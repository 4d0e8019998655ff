#!/usr/bin/env bash
# Builds the packages and checks them: what is in them, the unit, and, as root, that the Debian one installs, runs as the unit would run it, and
# leaves nothing when purged. That happens in a copy of the machine's file system (an overlay), so the machine stays as it is. One line a
# check; the first that fails ends it with what to do. With CI=true nothing is skipped. OUT=DIR keeps the packages.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=${OUT:-$work/out}

ok() { echo "ok    $1"; }
fail() { echo "FAIL  $1: $2" >&2; exit 1; }
# skip WHAT WHY: a line, or with CI=true the end.
skip() {
  [ "${CI:-}" != true ] || fail "$1" "$2, and CI skips nothing"
  echo "skip  $1: $2"
}
# expect NAME WANT GOT: the lines must be the same.
expect() { diff -u --label want --label got <(echo "$2") <(echo "$3") >&2 || fail "$1" "the lines with - are wanted, those with + are there"; ok "$1"; }

build() {
  "$here/build.sh" "$out" >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; fail "the packages build" "see above"; }
  deb=$(ls "$out"/*.deb)
  rpm=$(ls "$out"/*.rpm)
  ok "the packages build: $(basename "$deb"), $(basename "$rpm")"
  dpkg-deb -x "$deb" "$work/root"
  dpkg-deb -e "$deb" "$work/control"
}

# files lists mode, owner and name, manual pages but the first left out: their number grows with the commands.
files='-rw-r--r-- root/root ./etc/popupwatch/popupwatch.yml
-rw-r--r-- root/root ./lib/systemd/system/popupwatch.service
-rw-r--r-- root/root ./usr/share/bash-completion/completions/popupwatch
-rw-r--r-- root/root ./usr/share/doc/popupwatch/copyright
-rw-r--r-- root/root ./usr/share/man/man1/popupwatch.1.gz
-rwxr-xr-x root/root ./usr/bin/popupwatch'

contents() {
  expect "the deb holds its files, root's, with their modes" "$files" \
    "$(dpkg-deb -c "$deb" | awk '!/^d/ && !/popupwatch-.*\.1\.gz$/ {print $1, $2, $6}' | LC_ALL=C sort)"
  expect "the deb names its configuration as such" /etc/popupwatch/popupwatch.yml "$(cat "$work/control/conffiles")"
  expect "the deb depends on libpcap under both names" "libpcap0.8 | libpcap0.8t64" "$(dpkg-deb -f "$deb" Depends | sed 's/^libc6 (>= 2[.0-9]*), //')"
  expect "the deb has the version of the program" "popupwatch $(dpkg-deb -f "$deb" Version)" "$("$work/root/usr/bin/popupwatch" version)"
  expect "the program needs Debian's libpcap" libpcap.so.0.8 "$(needed "$work/root/usr/bin/popupwatch")"
  for script in postinst prerm postrm; do
    sh -n "$work/control/$script" || fail "$script is sh" "correct packaging/$script"
  done
  ok "the scripts are sh"
}

needed() { objdump -p "$1" | awk '$1 == "NEEDED" && /pcap/ {print $2}'; }

rpm_contents() {
  command -v rpm >/dev/null && command -v rpm2cpio >/dev/null && command -v cpio >/dev/null || {
    skip "what is in the rpm" "rpm is missing (apt-get install rpm cpio)"
    return
  }
  expect "the rpm holds the same files" "$(sed 's#.* \.##; s#^/lib/#/usr/lib/#; s#^/usr/share/doc.*#/usr/share/doc/popupwatch/copyright#' <<<"$files" | LC_ALL=C sort)" \
    "$(rpm -qpl "$rpm" 2>/dev/null | grep -v 'popupwatch-.*\.1\.gz$' | LC_ALL=C sort)"
  expect "the rpm depends on libpcap by the name of the library" "libpcap.so.1()(64bit)" "$(rpm -qpR "$rpm" 2>/dev/null | grep pcap)"
  expect "the rpm names its configuration as such" /etc/popupwatch/popupwatch.yml "$(rpm -qpc "$rpm" 2>/dev/null)"
  # The names in an rpm of nfpm's are absolute: without the option cpio would install it on this machine. rpm2cpio's status is 1 for a whole
  # file, since nfpm writes another size of the payload than rpm does; what comes is looked at.
  mkdir "$work/rpm"
  { rpm2cpio "$rpm" || true; } | cpio -idm --quiet --no-absolute-filenames -D "$work/rpm" 2>/dev/null || fail "the rpm unpacks" "rpm2cpio $rpm | cpio -t says why"
  expect "the rpm's program needs libpcap by the name that it has there" libpcap.so.1 "$(needed "$work/rpm/usr/bin/popupwatch")"
}

unit() {
  command -v systemd-analyze >/dev/null || { skip "the unit" "systemd-analyze is missing (apt-get install systemd)"; return; }
  mkdir "$work/unit"
  sed "s#=/usr/bin/popupwatch#=$work/root/usr/bin/popupwatch#" "$work/root/lib/systemd/system/popupwatch.service" >"$work/unit/popupwatch.service"
  local said
  said=$(MANPATH="$work/root/usr/share/man" systemd-analyze verify "$work/unit/popupwatch.service" 2>&1) && [ -z "$said" ] ||
    fail "systemd-analyze verify finds nothing in the unit" "$said"
  ok "systemd-analyze verify finds nothing in the unit"
  said=$(systemd-analyze security --offline=true --threshold=18 --no-pager "$work/unit/popupwatch.service") ||
    fail "the unit is exposed by 1.8 at most" "$(tail -1 <<<"$said") (systemd-analyze security --offline=true FILE says by what)"
  ok "the unit is exposed by 1.8 at most: $(grep -o 'popupwatch.service: [0-9.]*' <<<"$said")"
}

# trial runs trial.sh where it can do no harm.
trial() {
  [ "$(id -u)" = 0 ] || { skip "the deb installs, runs and goes" "root is needed (sudo $0)"; return; }
  mkdir "$work/overlay"
  if unshare -m "$here/trial.sh" "$deb" try "$work/overlay" 2>/dev/null; then
    unshare -m "$here/trial.sh" "$deb" overlay "$work/overlay" || fail "the deb installs, runs and goes" "see above"
  elif [ "${CI:-}" = true ]; then
    "$here/trial.sh" "$deb" here || fail "the deb installs, runs and goes" "see above"
  else
    echo "skip  the deb installs, runs and goes: this kernel allows no overlay, and the machine is to stay as it is (CI=true installs on it)"
  fi
}

build
contents
rpm_contents
unit
trial
