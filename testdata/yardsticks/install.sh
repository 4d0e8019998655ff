#!/usr/bin/env bash
# Installs Debian packages, or says in one line what to do.
set -eu
as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo
if ! command -v apt-get >/dev/null || { [ -n "$as_root" ] && ! command -v sudo >/dev/null; }; then
  echo "missing: $* (on Debian: apt-get install $*)" >&2
  exit 1
fi
echo "installing $*"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get install -y -qq "$@" >/dev/null 2>&1 || {
  $as_root apt-get update -qq && $as_root apt-get install -y -qq "$@" >/dev/null
} || { echo "could not install $*: run apt-get install $*" >&2; exit 1; }
