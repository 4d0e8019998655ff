#!/usr/bin/env bash
# Measures replay beside a C program of twenty lines (cpcap), and beside tshark: CPU seconds, user and system.
#
#   speed.sh BIN YARD        BIN is popupwatch, YARD the folder of gen and cpcap
#
# The traffic is made once, by seed, under ${TMPDIR:-/tmp}/popupwatch-yard, 4.1 GB of it. Ratios carry over to other machines, seconds do not.
set -euo pipefail
bin=${1:?usage: speed.sh BIN YARD}
yard=${2:?usage: speed.sh BIN YARD}
data=${TMPDIR:-/tmp}/popupwatch-yard
filter='udp and (dst port 135 or dst portrange 1026-1028)'
rounds=3
export LC_ALL=C

# make_capture MODE PACKETS SEED NAME BYTES generates a capture that is not there, or is not whole.
make_capture() {
  local file=$data/$4.pcap free
  [ -f "$file" ] && return
  free=$(($(df -Pk "$data" | awk 'NR == 2 { print $4 }') * 1024))
  if [ "$free" -lt $(($5 + 500000000)) ]; then
    echo "$data has $((free / 1000000)) MB left, $4 needs $(($5 / 1000000)) MB and some air: set TMPDIR" >&2
    exit 1
  fi
  echo "generating $file ($2 packets, $(($5 / 1000000)) MB)"
  "$yard/gen" "$1" "$2" "$3" "$file.part" 2>/dev/null
  mv "$file.part" "$file"
}

# cpu COMMAND... says the CPU seconds of a command, user and system. What it prints goes to the file "said".
cpu() {
  local TIMEFORMAT='%U %S' spent
  spent=$({ time "$@" >"$data/said" 2>&1; } 2>&1) || { echo "failed: $*" >&2; cat "$data/said" >&2; exit 1; }
  awk '{ printf "%.2f", $1 + $2 }' <<<"$spent"
}

median() { printf '%s\n' "$@" | sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }

replay() { cpu "$bin" replay --summary none --events /dev/null "$1"; }

# beside NAME BAR measures popupwatch against cpcap, in turns.
beside() {
  local file=$data/$1.pcap c=() ours=() ratio
  cat "$file" >/dev/null # into the page cache, as far as it fits
  for ((round = 1; round <= rounds; round++)); do
    c+=("$(cpu "$yard/cpcap" "$file" "$filter")")
    ours+=("$(replay "$file")")
  done
  ratio=$(awk -v a="$(median "${ours[@]}")" -v b="$(median "${c[@]}")" 'BEGIN { printf "%.2f", a / b }')
  printf '%-8s cpcap %-20s popupwatch %-20s medians %s and %s s: ratio %s, bar %s' \
    "$1" "${c[*]}" "${ours[*]}" "$(median "${c[@]}")" "$(median "${ours[@]}")" "$ratio" "$2"
  if awk -v r="$ratio" -v b="$2" 'BEGIN { exit !(r > b) }'; then
    echo "  ABOVE"
    above=yes
  else
    echo "  within"
  fi
}

mkdir -p "$data"
make_capture mix 5000000 43 mix 2910000000
make_capture spam 2000000 42 spam 1149000000
make_capture spam 50000 44 spam50k 29000000

above=no
echo "CPU seconds, user and system, $rounds rounds in turns"
beside mix 0.6
beside spam 6
if command -v tshark >/dev/null; then
  theirs=$(cpu tshark -n -r "$data/spam50k.pcap" -Y messenger -T fields -e messenger.message)
  ours=$(replay "$data/spam50k.pcap")
  awk -v t="$theirs" -v o="$ours" 'BEGIN { printf "spam50k  tshark -Y messenger %s, popupwatch %s: %.0f times less\n", t, o, t / o }'
else
  echo "spam50k  tshark is missing: not compared"
fi
[ $above = no ]
