#!/usr/bin/env bash
# Installs what test/interop needs: the distribution's ZooKeeper 3.8.0 (server, C client, kazoo) and MIT's KDC by apt, and Apache
# releases from the Java package registry by Maven, into .cache/interop (never into git). The C client is built there with
# TLS and SASL, which the distribution's is without. Safe to run again; quick when there is nothing to do.
#
#   scripts/interop-setup.sh               the judge release, those whose clients are tried, and the Java helpers
#   scripts/interop-setup.sh 3.4.14 3.8.4  these releases as well
set -euo pipefail
cd "$(dirname "$0")/.."

judge=3.9.5
clients=(3.5.10 3.6.4 3.7.2 3.8.4)
cache=.cache/interop
java_dir=test/interop/java

packages=()
[ -f /usr/share/java/zookeeper.jar ] || packages+=(zookeeper)
[ -x /usr/lib/zookeeper/bin/cli_mt ] || packages+=(zookeeper-bin)
[ -f /usr/include/zookeeper/zookeeper.h ] || packages+=(libzookeeper-mt-dev)
[ -f /usr/include/openssl/ssl.h ] || packages+=(libssl-dev)
[ -f /usr/lib/x86_64-linux-gnu/sasl2/libdigestmd5.so ] || packages+=(libsasl2-modules)
/usr/bin/python3 -c 'import kazoo' 2>/dev/null || packages+=(python3-kazoo)
/usr/bin/python3 -c 'import puresasl, kerberos' 2>/dev/null || packages+=(python3-pure-sasl python3-kerberos)
/usr/bin/python3 -c 'import pytest' 2>/dev/null || packages+=(python3-pytest)
{ command -v go || [ -x /usr/local/go/bin/go ]; } >/dev/null 2>&1 || packages+=(golang-go)
{ command -v java && command -v javac; } >/dev/null 2>&1 || packages+=(default-jdk-headless)
[ -x /usr/sbin/krb5kdc ] || packages+=(krb5-kdc krb5-admin-server)
command -v mvn >/dev/null 2>&1 || packages+=(maven)
if [ ${#packages[@]} -gt 0 ]; then
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo -n)
  echo "interop-setup: installing ${packages[*]}"
  # The server package must not start a server of its own on 2181.
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -q --no-install-recommends "${packages[@]}"
fi

# The directory appears under its final name only when Maven has copied everything.
fetch() {
  local version=$1 to="$cache/apache-$1"
  [ -d "$to" ] && return
  echo "interop-setup: fetching Apache ZooKeeper $version"
  mkdir -p "$cache"
  local aside
  aside=$(mktemp -d "$cache/fetching.XXXXXX")
  mvn -B -q -Dstyle.color=never -f "$java_dir/pom.xml" dependency:copy-dependencies \
    -Dzookeeper.version="$version" -DincludeScope=runtime -DoutputDirectory="$PWD/$aside"
  mv "$aside" "$to"
}
for version in "$judge" "${clients[@]}" "$@"; do fetch "$version"; done

# The C client with TLS and SASL, from the distribution's source package; it and the headers of SASL stay in the cache.
door_of_c=test/interop/c
stamp=$(cat "$door_of_c"/* | cksum | tr ' ' -)
if [ "$(cat "$cache/c/.stamp" 2>/dev/null)" != "$stamp" ]; then
  echo "interop-setup: building the C client with TLS and SASL"
  "$door_of_c/build.sh" "$PWD/$cache/c" "$PWD/$cache/apache-$judge"
  echo "$stamp" >"$cache/c/.stamp"
fi

# What runs the JUnit tests of the test kit's extension.
junit=1.14.4
if [ ! -f "$cache/junit/junit-platform-console-standalone-$junit.jar" ]; then
  echo "interop-setup: fetching JUnit"
  mvn -B -q -Dstyle.color=never dependency:copy -DoutputDirectory="$PWD/$cache/junit" \
    -Dartifact="org.junit.platform:junit-platform-console-standalone:$junit"
fi
# Compiled once, or the first test would wait for Go's own library.
(cd testing/go && PATH="$PATH:/usr/local/go/bin" go test -run '^$' ./... >/dev/null)

if [ ! -d "$cache/curator" ]; then
  echo "interop-setup: fetching Curator"
  aside=$(mktemp -d "$cache/fetching.XXXXXX")
  mvn -B -q -Dstyle.color=never -f "$java_dir/curator/pom.xml" dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$PWD/$aside"
  mv "$aside" "$cache/curator"
fi

mapfile -t helpers < <(find "$java_dir" -name '*.java' | sort)
stamp=$(cat "${helpers[@]}" | cksum | tr ' ' -)
if [ "$(cat "$cache/classes/.stamp" 2>/dev/null)" != "$stamp" ]; then
  echo "interop-setup: compiling the Java helpers"
  rm -rf "$cache/classes"
  mkdir -p "$cache/classes"
  javac -nowarn -d "$cache/classes" -cp "$cache/apache-$judge/*:$cache/curator/*" "${helpers[@]}"
  echo "$stamp" >"$cache/classes/.stamp"
fi
echo "$judge" >"$cache/judge"
