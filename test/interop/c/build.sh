#!/usr/bin/env bash
# Builds `door` in directory $1: Apache's C client with OpenSSL and Cyrus SASL, as no distribution builds it. Its source is the
# distribution's source package; SASL's headers and the module for GSSAPI are unpacked beside it and not installed. $2 is the
# directory of a release's jars, which have the compiler of records.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
to=$1 jars=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$to" "$work/lists/partial" "$work/records"
# apt's own user writes there.
chmod 755 "$work"
cd "$work"

codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
cat >sources.sources <<SOURCES
Types: deb-src
URIs: http://deb.debian.org/debian
Suites: $codename
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
from=(-o Dir::Etc::sourcelist="$work/sources.sources" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$work/lists")
quiet=(-q -q -o APT::Sandbox::User=root)
apt-get "${quiet[@]}" "${from[@]}" update
apt-get "${quiet[@]}" "${from[@]}" source --download-only zookeeper
apt-get "${quiet[@]}" download libsasl2-dev libsasl2-modules-gssapi-mit
tar xzf zookeeper_*.orig.tar.gz
for package in libsasl2*.deb; do dpkg-deb -x "$package" sasl; done
rm -rf "$to/sasl2"
cp -r sasl/usr/lib/*/sasl2 "$to/sasl2"

client=$(echo "$work"/apache-zookeeper-*/zookeeper-client/zookeeper-client-c)
grammar=$(echo "$work"/apache-zookeeper-*/zookeeper-jute/src/main/resources/zookeeper.jute)
(cd records && java -cp "$jars/*" org.apache.jute.compiler.generated.Rcc -l c "$grammar" >/dev/null)
# What configure finds on Linux; FIPS_mode went with OpenSSL 3.
{
  sed -n 's/^#cmakedefine \([A-Z_0-9]*\).*/#define \1 1/p' "$client/cmake_config.h.in" | grep -v -e SSL -e SASL
  echo '#define PACKAGE_STRING "door"'
  echo '#define FIPS_mode() 0'
} >records/config.h
gcc -O1 -w -D_GNU_SOURCE -DTHREADED -DHAVE_OPENSSL_H -DHAVE_CYRUS_SASL_H -I"$client/include" -I"$client/src" \
  -I"$client/src/hashtable" -Irecords -Isasl/usr/include -o "$to/door" "$here/door.c" \
  "$client"/src/{addrvec,mt_adaptor,recordio,zk_hashtable,zk_log,zk_sasl,zookeeper}.c \
  "$client"/src/hashtable/hashtable{,_itr}.c records/zookeeper.jute.c -lssl -lcrypto -l:libsasl2.so.2 -lpthread -lm
