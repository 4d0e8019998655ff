#!/usr/bin/env bash
# Builds the packages for Debian and the RPM family: build.sh DIR puts popupwatch_VERSION_ARCH.deb and popupwatch-VERSION-1.ARCH.rpm there.
# The same tree gives the same octets: times are those of the last commit.
set -euo pipefail
[ $# = 1 ] || { echo "usage: build.sh DIR" >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")/../../.."
GO=${GO:-go}
STAGE=$(mktemp -d)
trap 'rm -rf "$STAGE"' EXIT
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
GOARCH=$($GO env GOARCH)
export STAGE SOURCE_DATE_EPOCH GOARCH

# Debian calls the library libpcap.so.0.8, others libpcap.so.1: the same functions under two names, and the name is in the program. So the
# program of the rpm is linked with a library that has the other name and no more than the names of the functions.
other_libpcap() {
  mkdir -p "$STAGE/lib"
  nm -D --defined-only "$(${CC:-cc} -print-file-name=libpcap.so)" |
    awk '$2 ~ /^[TVWBDR]$/ {sub(/@.*/, "", $3); print ".globl " $3 "\n" $3 ":"}' >"$STAGE/lib/pcap.s"
  echo '.section .note.GNU-stack,"",%progbits' >>"$STAGE/lib/pcap.s"
  ${CC:-cc} -shared -nostdlib -Wl,-soname,libpcap.so.1 -o "$STAGE/lib/libpcap.so" "$STAGE/lib/pcap.s"
}

# glibc_of is the oldest C library that a program runs with.
glibc_of() { objdump -T "$1" | grep -o 'GLIBC_2[0-9.]*' | cut -d_ -f2 | sort -uV | tail -1; }

$GO build -trimpath -buildvcs=false -o "$STAGE/deb/popupwatch" ./cmd/popupwatch
other_libpcap
# Without a build id: it would know the folder of that library.
CGO_LDFLAGS="-L$STAGE/lib ${CGO_LDFLAGS:-}" $GO build -trimpath -buildvcs=false -ldflags=-buildid= -o "$STAGE/rpm/popupwatch" ./cmd/popupwatch

VERSION=$("$STAGE/deb/popupwatch" version | cut -d' ' -f2)
GLIBC=$(glibc_of "$STAGE/deb/popupwatch")
export VERSION GLIBC
mkdir "$STAGE/man"
"$STAGE/deb/popupwatch" man "$STAGE/man"
gzip -9n "$STAGE"/man/*.1
"$STAGE/deb/popupwatch" completion bash >"$STAGE/popupwatch.bash"
for packager in deb rpm; do
  $GO run github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2 package --config cmd/popupwatch/packaging/nfpm.yml --packager $packager --target "$out"
done
