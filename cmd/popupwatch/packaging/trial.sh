#!/usr/bin/env bash
# trial.sh DEB overlay DIR: installs the package in a copy of this machine's file system that is mounted on DIR, runs the program as the unit
# would, removes and purges it. It must have a mount namespace of its own (unshare -m); with that the copy goes. trial.sh DEB try DIR says
# whether there can be a copy; trial.sh DEB here uses the machine itself. Called by check.sh, as root.
set -euo pipefail
deb=$1 way=$2 base=${3:-}
ok() { echo "ok    $1"; }
fail() { echo "FAIL  $1: $2" >&2; exit 1; }

# copy makes the overlay: what is written goes to memory.
copy() {
  mount -t tmpfs tmpfs "$base"
  mkdir "$base"/{upper,work,root}
  mount -t overlay overlay -o "lowerdir=/,upperdir=$base/upper,workdir=$base/work" "$base/root"
  root=$base/root
  for dir in proc sys dev; do mount --rbind "/$dir" "$root/$dir"; done
  mount -t tmpfs tmpfs "$root/tmp"
  mount -t tmpfs tmpfs "$root/run" # without /run/systemd: the scripts must not speak to the systemd of the machine
}

in_copy() { if [ -n "$root" ]; then chroot "$root" "$@"; else "$@"; fi; }

# as_unit runs a program with what the unit leaves: nobody, CAP_NET_RAW, no new privileges.
as_unit() {
  in_copy setpriv --reuid nobody --regid nogroup --clear-groups --no-new-privs \
    --inh-caps=-all,+net_raw --ambient-caps=-all,+net_raw --bounding-set=-all,+net_raw "$@"
}

# left lists what has the program's name, of all that was changed or, without a copy, of where a package puts things.
left() {
  if [ -n "$root" ]; then (cd "$base/upper" && find . -name '*popupwatch*' ! -type c -printf '/%P\n'); else
    find /etc /usr /lib/systemd /var/lib -xdev -name '*popupwatch*' ! -path "$PWD/*" 2>/dev/null
  fi | LC_ALL=C sort
}

install_package() {
  cp "$deb" "$root/tmp/popupwatch.deb"
  in_copy dpkg -i /tmp/popupwatch.deb >"$log" 2>&1 || { cat "$log" >&2; fail "the deb installs" "see above (are libpcap0.8 and libc6 there?)"; }
  rm "$root/tmp/popupwatch.deb"
  ok "the deb installs"
  in_copy /usr/bin/popupwatch version >/dev/null || fail "the program runs" "ldd /usr/bin/popupwatch says what it lacks"
  ok "the program runs"
}

# run_as_unit hears the loopback interface for two seconds: that the program confines itself from where the unit leaves it is seen nowhere else.
run_as_unit() {
  as_unit /usr/bin/popupwatch live --help >/dev/null || fail "the program runs as the unit runs it" "popupwatch live --help failed under setpriv"
  ok "the program runs as the unit runs it: nobody, CAP_NET_RAW, no new privileges"
  in_copy install -d -o nobody -g nogroup /var/lib/popupwatch
  # --foreground: else timeout signals its group, too, and a second SIGTERM ends the sensor at once.
  as_unit timeout --foreground --preserve-status -s TERM 2 /usr/bin/popupwatch live --config /etc/popupwatch/popupwatch.yml --interface lo --listen none \
    >"$log" 2>&1 || { cat "$log" >&2; fail "it captures with the configuration of the package" "see above"; }
  grep -q 'confined: user nobody, capabilities net_raw' "$log" || { cat "$log" >&2; fail "it confines itself" "the log above does not say so"; }
  ok "it captures with the configuration of the package, $(grep -o 'confined: [^"]*' "$log")"
}

purge_package() {
  in_copy touch /var/lib/popupwatch/events.ndjson
  in_copy dpkg -r popupwatch >"$log" 2>&1 || { cat "$log" >&2; fail "the deb can be removed" "see above"; }
  [ -e "$root/etc/popupwatch/popupwatch.yml" ] && [ -e "$root/var/lib/popupwatch/events.ndjson" ] ||
    fail "removed, configuration and events stay" "correct packaging/postrm"
  ok "removed, configuration and events stay"
  in_copy dpkg -P popupwatch >"$log" 2>&1 || { cat "$log" >&2; fail "the deb can be purged" "see above"; }
  local rest
  rest=$(left)
  [ -z "$rest" ] || fail "purged, nothing is left" "$rest"
  ok "purged, nothing is left"
}

root=
if [ "$way" != here ]; then copy; fi
if [ "$way" = try ]; then exit 0; fi
log=$(mktemp "$root/tmp/trial.XXXXXX")
if [ -z "$root" ] && dpkg -s popupwatch >/dev/null 2>&1; then
  fail "the machine has no popupwatch yet" "purge it first (dpkg -P popupwatch)"
fi
install_package
run_as_unit
purge_package
rm "$log"
