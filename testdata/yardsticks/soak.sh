#!/usr/bin/env bash
# Leaves `popupwatch live` running on a veth pair under 50,000 packets a second, 2 % of them popups from invented addresses, and says each
# minute what it takes. Fails where goroutines or descriptors grow after the first five minutes, memory after the first ten, or where the counts
# do not add up. Memory takes ten: there is room for some 480,000 claims, and a thousand invented addresses a second fill it in eight.
#
#   soak.sh BIN YARD [MINUTES]   30 where it is not given; needs root
set -euo pipefail
bin=${1:?usage: soak.sh BIN YARD [MINUTES]}
yard=${2:?usage: soak.sh BIN YARD [MINUTES]}
minutes=${3:-30}
rate=50000
if [ "${NETNS_OF_SOAK_SH:-}" != inside ]; then
  [ "$(id -u)" = 0 ] || { echo "soak.sh needs root: network namespaces" >&2; exit 1; }
  NETNS_OF_SOAK_SH=inside exec unshare --net "$0" "$bin" "$yard" "$minutes"
fi
export LC_ALL=C
data=${TMPDIR:-/tmp}/popupwatch-yard
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir -p "$data"
[ -f "$data/mix50k.pcap" ] || { "$yard/gen" mix 50000 45 "$data/mix50k.part" 2>/dev/null; mv "$data/mix50k.part" "$data/mix50k.pcap"; }
ip link add pw0 mtu 9000 type veth peer name pw1 mtu 9000
for i in pw0 pw1; do
  echo 1 >"/proc/sys/net/ipv6/conf/$i/disable_ipv6"
  ip link set "$i" arp off multicast off up
done
ip link set lo up

"$bin" live -i pw1 --user root --home 10.0.0.0/8 --events "$work/events.ndjson" --events-keep 2 --state "$work/state" --log-format json 2>"$work/log" &
pid=$!
until curl -sf http://127.0.0.1:9877/readyz >/dev/null; do sleep 0.1; kill -0 $pid || { cat "$work/log" >&2; exit 1; }; done
"$yard/blast" pw0 "$data/mix50k.pcap" $((rate * 60 * minutes)) $rate 0 invent >"$work/sent" &

value() { awk -v n="$1" 'index($0, n) == 1 { s += $2 } END { printf "%d", s }' "$work/metrics"; }
line() {
  curl -sf http://127.0.0.1:9877/metrics >"$work/metrics"
  printf '%s %s %s %s %s %s %s\n' "$1" $(($(value process_resident_memory_bytes) / 1000000)) "$(value go_goroutines)" "$(value process_open_fds)" \
    "$(value popupwatch_messages_total)" "$(value popupwatch_packets_dropped_total)" "$(awk '{ print ($14 + $15) / 100 }' /proc/$pid/stat)"
}
echo "minute RSS-MB goroutines descriptors popups dropped CPU-s"
for ((minute = 1; minute <= minutes; minute++)); do
  sleep 60
  line "$minute" | tee -a "$work/lines"
done
sleep 3
line end
received=$(value popupwatch_packets_received_total)
if [ "$received" -ne $(($(value popupwatch_frames_total) + $(value popupwatch_packets_dropped_total))) ]; then
  echo "received $received: not the frames on the road and the dropped ones" >&2
  exit 1
fi
began=$(date +%s%N)
kill -TERM $pid
wait $pid
echo "stopped in $((($(date +%s%N) - began) / 1000000)) ms, state of $(($(stat -c %s "$work/state") / 1000000)) MB; log:"
cut -c1-300 "$work/log"
awk 'NR == 5 { g = $3; d = $4 } NR > 5 && $3 > g + 4 { bad["goroutines"] } NR > 5 && $4 > d + 4 { bad["descriptors"] }
  NR == 10 { m = $2 } NR > 10 && $2 > m * 1.05 { bad["memory"] }
  END { for (what in bad) { print "grows: " what; failed = 1 } exit failed }' "$work/lines"
