#!/usr/bin/env bash
# Fetches the servers that the tests start (package estest): the official integration-test distributions of Elasticsearch and OpenSearch,
# from Maven Central, into a cache folder. A folder there is complete: it gets its name when all else is done. What is there is left alone.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${ESTEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/popupwatch/elastic}
plugin=org.apache.maven.plugins:maven-dependency-plugin:3.8.1
elasticsearch=(8.19.21 9.2.0)
opensearch=2.19.1
sums="
215d5f3dbf0609a149f6218a9e47b6ae2df34ebbff3c5754e35f15a5e5393c8a  elasticsearch-8.19.21.zip
bf44938a0490ba2a303d39c9cb64b38963dd08c812ce93e10816e878585bcb6b  elasticsearch-9.2.0.zip
af7152d8b7f6f1cee09d47276b32b70479fe6dd8cdbb61213f84eb7f8098b261  opensearch-2.19.1.zip"

# java OLDEST NEWEST says whether this machine has a Java of these versions.
java() {
  local release version
  for release in "${JAVA_HOME:-/nowhere}/release" /usr/lib/jvm/*/release; do
    [ -r "$release" ] || continue
    version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$release")
    [ "${version:-0}" -lt "$1" ] || [ "$version" -gt "$2" ] || return 0
  done
  return 1
}

# maven fetches.
maven() {
  for program in mvn unzip; do
    command -v $program >/dev/null || "$here/install.sh" maven unzip
  done
  mvn --quiet --batch-mode "$plugin:$1" "${@:2}"
}

# distribution GROUP NAME VERSION unpacks one into $work. Maven Central does not give a sum of each: ours stand above.
distribution() {
  maven copy -Dartifact="$1:$2:$3:zip" -DoutputDirectory="$work"
  (cd "$work" && grep " $2-$3.zip\$" <<<"$sums" | sha256sum --check --quiet)
  unzip -q "$work/$2-$3.zip" -d "$work"
}

# module JARS... makes a module of OpenSearch of some jars; its description stands in the variables.
module() {
  local folder=$work/opensearch-$opensearch/modules/$name jar
  mkdir -p "$folder"
  for jar in "$@"; do mv "$work"/jars/$jar-*.jar "$folder"; done
  printf '%s\n' "name=$name" "description=$name" "version=$opensearch" "opensearch.version=$opensearch" java.version=11 \
    "classname=$class" custom.foldername= "extended.plugins=$extends" has.native.controller=false >"$folder/plugin-descriptor.properties"
  if [ -n "$grants" ]; then
    echo "grant { $grants };" >"$folder/plugin-security.policy"
  fi
}

# modules adds the modules that the distribution lacks: processors and scripts of ingest pipelines.
modules() {
  {
    echo '<project><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version><packaging>pom</packaging><dependencies>'
    for artifact in ingest-common lang-painless mapper-extras-client lang-mustache-client; do
      echo "<dependency><groupId>org.opensearch.plugin</groupId><artifactId>$artifact</artifactId><version>$opensearch</version></dependency>"
    done
    echo '</dependencies></project>'
  } >"$work/pom.xml"
  maven copy-dependencies -f "$work/pom.xml" -DincludeScope=runtime -DoutputDirectory="$work/jars"
  local permission='permission java.lang.RuntimePermission'
  grants="$permission \"createClassLoader\"; $permission \"getClassLoader\";" extends="" \
    name=lang-painless class=org.opensearch.painless.PainlessPlugin \
    module lang-painless opensearch-scripting-painless-spi antlr4-runtime asm-util asm-commons asm-analysis asm-tree asm
  grants="$permission \"accessDeclaredMembers\"; permission java.lang.reflect.ReflectPermission \"suppressAccessChecks\";" extends="" \
    name=lang-mustache class=org.opensearch.script.mustache.MustachePlugin module lang-mustache-client compiler
  grants="" extends="" name=mapper-extras class=org.opensearch.index.mapper.MapperExtrasPlugin module mapper-extras-client
  grants="" extends=lang-painless name=ingest-common class=org.opensearch.ingest.common.IngestCommonPlugin \
    module ingest-common opensearch-grok opensearch-dissect joni jcodings
}

# fetch NAME COMMAND... makes the folder NAME of the cache.
fetch() {
  local name=$1
  shift
  [ ! -e "$cache/$name/.complete" ] || return 0
  echo "fetching $name from Maven Central into $cache"
  work=$(mktemp -d "$cache/.fetch.XXXXXX")
  "$@"
  touch "$work/$name/.complete"
  rm -rf "${cache:?}/$name"
  mv -T "$work/$name" "$cache/$name"
  rm -rf "$work"
}

with_modules() { distribution "$@" && modules; }

mkdir -p "$cache"
work=
trap 'rm -rf ${work:+"$work"}' EXIT
java 17 23 || "$here/install.sh" openjdk-17-jre-headless
for version in "${elasticsearch[@]}"; do
  if [ "${version%%.*}" -ge 9 ] && ! java 21 99; then
    echo "Elasticsearch $version is not tested: it needs Java 21 or newer (JAVA_HOME, /usr/lib/jvm)"
    continue
  fi
  fetch "elasticsearch-$version" distribution org.elasticsearch.distribution.integ-test-zip elasticsearch "$version"
done
fetch "opensearch-$opensearch" with_modules org.opensearch.distribution.integ-test-zip opensearch "$opensearch"
