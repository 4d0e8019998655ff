#!/usr/bin/env bash
# Replays N popups from random sources with random texts, and says how much memory that took. Fails above 512 MB.
#
#   flood.sh BIN [N]        N is 10,000,000 where it is not given
set -euo pipefail
bin=${1:?usage: flood.sh BIN [N]}
n=${2:-10000000}
most_kb=$((512 * 1000 * 1000 / 1024))
here=$(cd "$(dirname "$0")" && pwd)
[ -x /usr/bin/time ] || { echo "flood.sh needs GNU time: apt-get install time" >&2; exit 1; }

work=$(mktemp -d "${TMPDIR:-/tmp}/popupwatch-flood.XXXXXX")
trap 'rm -rf "$work"' EXIT
cc -O2 -o "$work/flood" "$here/flood.c"

echo "replaying $n popups, none like another; a million take one to two minutes"
"$work/flood" "$n" 1 |
  /usr/bin/time -o "$work/cost" -f '%M %U %S %e' "$bin" replay --events /dev/null --summary json - >"$work/summary"

read -r peak_kb user system wall <"$work/cost"
awk -v kb="$peak_kb" -v u="$user" -v s="$system" -v w="$wall" 'BEGIN {
  printf "peak RSS %d MB; %.1f s CPU (%.1f user, %.1f system), %.1f s wall\n", kb * 1024 / 1e6, u + s, u, s, w }'
grep -E '^ +"frames": |^  "messages": ' "$work/summary" | tr -d ' ,"' | sed 's/:/ /'
echo "shed:"
sed -n '/^  "shed": {/,/^  }/p' "$work/summary" | grep '[0-9]' | tr -d ' ,"' | sed 's/^/  /; s/:/ /'

grep -q "^  \"messages\": $n,\$" "$work/summary" || { echo "not every popup was counted as a message" >&2; exit 1; }
if [ "$peak_kb" -gt "$most_kb" ]; then
  echo "peak RSS is above 512 MB" >&2
  exit 1
fi
