#!/usr/bin/env bash
# Captures generated traffic from a veth pair at rising rates, beside tcpdump with the same filter and ring, in turns. Says what each held.
#
#   live.sh BIN YARD [SECONDS [RATE...]]   SECONDS of traffic at each rate (30); needs root. TRAFFIC=spam sends popups alone
#
# The sender stays on core 0, the capture on core 1. sent = received by the kernel for the filter + filtered there; received = delivered + dropped.
set -euo pipefail
bin=${1:?usage: live.sh BIN YARD [SECONDS [RATE...]]}
yard=${2:?usage: live.sh BIN YARD [SECONDS [RATE...]]}
seconds=${3:-30}
shift $(($# < 3 ? $# : 3))
rates=("$@")
[ ${#rates[@]} -gt 0 ] || rates=(100000 250000 500000 750000 1000000 0)
if [ "${NETNS_OF_LIVE_SH:-}" != inside ]; then
  [ "$(id -u)" = 0 ] || { echo "live.sh needs root: network namespaces" >&2; exit 1; }
  NETNS_OF_LIVE_SH=inside exec unshare --net "$0" "$bin" "$yard" "$seconds" "${rates[@]}"
fi
export LC_ALL=C
data=${TMPDIR:-/tmp}/popupwatch-yard
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir -p "$data"
traffic=${TRAFFIC:-mix}
file=$data/${traffic}50k-live.pcap
[ -f "$file" ] || { "$yard/gen" "$traffic" 50000 45 "$file.part" 2>/dev/null; mv "$file.part" "$file"; }

ip link add pw0 mtu 9000 type veth peer name pw1 mtu 9000
for i in pw0 pw1; do
  echo 1 >"/proc/sys/net/ipv6/conf/$i/disable_ipv6"
  ip link set "$i" arp off multicast off up
done
ip link set lo up
filter=$("$bin" export filter)

# blast RATE sends and prints "sent rate".
blast() { "$yard/blast" pw0 "$file" "$(awk -v r="$1" -v s="$seconds" 'BEGIN { printf "%d", (r ? r : 1000000) * s }')" "$1" 0; }

# tcpdump_holds RATE prints "sent rate received dropped".
tcpdump_holds() {
  taskset -c 1 tcpdump -i pw1 -B 65536 -s 65535 -w /dev/null "$filter" 2>"$work/tcpdump" &
  local pid=$!
  until grep -q listening "$work/tcpdump"; do sleep 0.1; done
  local said
  said=$(blast "$1")
  sleep 1
  kill -INT $pid
  wait $pid || true
  echo "$said $(awk '/received by filter/ { r = $1 } /dropped by kernel/ { d = $1 } END { print r, d }' "$work/tcpdump")"
}

# value NAME picks the sum of a metric.
value() { awk -v n="popupwatch_$1" 'index($0, n) == 1 { s += $2 } END { printf "%d", s }' "$work/metrics"; }

# ours_holds RATE prints "sent rate received dropped delivered cpu".
ours_holds() {
  taskset -c 1 "$bin" live -i pw1 --user root --home 10.0.0.0/8 --events "$work/events.ndjson" --log-format json --listen 127.0.0.1:9877 2>"$work/log" &
  local pid=$! said
  until curl -sf http://127.0.0.1:9877/readyz >/dev/null; do sleep 0.1; kill -0 $pid || { cat "$work/log" >&2; exit 1; }; done
  said=$(blast "$1")
  sleep 2
  curl -sf http://127.0.0.1:9877/metrics >"$work/metrics"
  local cpu
  cpu=$(awk '{ print ($14 + $15) / 100 }' /proc/$pid/stat)
  kill -TERM $pid
  wait $pid
  rm -f "$work"/events*
  echo "$said $(value packets_received_total) $(value packets_dropped_total) $(value frames_total) $cpu"
}

printf '%10s | %-46s | %s\n' "rate" "tcpdump: sent/s, passed, dropped" "popupwatch: sent/s, passed, dropped, on the road, CPU s"
worse=no
for rate in "${rates[@]}"; do
  read -r _ their_rate theirs their_drops <<<"$(tcpdump_holds "$rate")"
  read -r _ our_rate ours our_drops delivered cpu <<<"$(ours_holds "$rate")"
  verdict=""
  [ "$ours" -eq $((delivered + our_drops)) ] || { verdict="  THE COUNTS DO NOT ADD UP"; worse=yes; }
  if [ "$their_drops" -eq 0 ] && [ "$our_drops" -gt 0 ]; then
    verdict+="  WORSE THAN TCPDUMP"
    worse=yes
  fi
  printf '%10s | %9s %9s %9s %16s | %9s %9s %9s %9s %6s%s\n' "$rate" "$their_rate" "$theirs" "$their_drops" "" "$our_rate" "$ours" "$our_drops" "$delivered" "$cpu" "$verdict"
done
[ $worse = no ]
