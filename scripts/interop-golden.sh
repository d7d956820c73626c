#!/usr/bin/env bash
# Makes test/golden again from Apache ZooKeeper (see test/golden/README.md). Recordings carry new times and session
# ids each time, so this is run when something is added, not to check that nothing changed.
#
#   scripts/interop-golden.sh records   what Apache's classes write
#   scripts/interop-golden.sh files     logs and snapshots of real servers, of several releases
#   scripts/interop-golden.sh wire      recordings between real servers and clients
#   scripts/interop-golden.sh answers   what a real server answers to random requests, and its log
set -euo pipefail
shopt -s nullglob
cd "$(dirname "$0")/.."
export TZ=UTC LC_ALL=C.UTF-8
golden=test/golden
cache=$PWD/.cache/interop
conf=$PWD/test/interop/java/conf
port=22010

classpath() {
  if [ "$1" = 3.8.0 ]; then
    echo "/usr/share/java/zookeeper.jar:/usr/share/java/slf4j-log4j12.jar:/usr/share/java/log4j-1.2.jar:$conf"
  else
    echo "$cache/apache-$1/*:$conf"
  fi
}
apache() { # version, then what java takes
  local version=$1
  shift
  java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dfile.encoding=UTF-8 -Dinterop.log=WARN -cp "$cache/classes:$(classpath "$version")" "$@"
}

records() { apache 3.9.5 interop.GoldenRecords "$golden"; }

serving() { (exec 3<>/dev/tcp/127.0.0.1/$port && echo -n srvr >&3 && grep -q '^Mode:' <&3) 2>/dev/null; }

server=
trap '[ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true' EXIT
start() { # version, configuration directory, flags
  local version=$1 dir=$2
  shift 2
  java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dfile.encoding=UTF-8 -Dzookeeper.admin.enableServer=false -Dzookeeper.jmx.log4j.disable=true \
    -Dzookeeper.preAllocSize=64 -Dznode.container.checkIntervalMs=500 "$@" \
    -cp "$(classpath "$version")" org.apache.zookeeper.server.quorum.QuorumPeerMain "$dir/zoo.cfg" >>"$dir/out" 2>&1 &
  server=$!
  for _ in $(seq 150); do
    serving && return
    sleep 0.1
  done
  tail "$dir/out"
  return 1
}
stop() {
  kill "$1" "$server"
  wait "$server" 2>/dev/null || true
}

# Zeros after the last record are padding; a record ends with 'B'.
cut_padding() { python3 -c 'import sys; print(end="") or open(sys.argv[2], "wb").write(open(sys.argv[1], "rb").read().rstrip(b"\0"))' "$1" "$2"; }

describe() { # directory of files; by the newest tools, whoever wrote them
  local file name
  for file in "$1"/log.* "$1"/snapshot.*; do
    name=$(basename "$file")
    case $name in
      *.json | *.txt | *.jsonl) ;;
      log.*)
        apache 3.9.5 interop.DumpLog "$file" >"$file.jsonl"
        apache 3.9.5 org.apache.zookeeper.server.persistence.TxnLogToolkit -d "$file" >"$file.toolkit.txt"
        ;;
      snapshot.*)
        apache 3.9.5 interop.DumpSnapshot "$file" >"$file.jsonl"
        apache 3.9.5 org.apache.zookeeper.server.SnapshotFormatter -d "$file" >"$file.formatter.txt"
        ;;
    esac
  done
}

keep() { # directory of the server, directory to fill
  local file name
  rm -rf "$2"
  mkdir -p "$2"
  for file in "$1"/data/version-2/*; do
    name=$(basename "$file")
    case $name in
      log.*) cut_padding "$file" "$2/$name" ;;
      snapshot.0 | snapshot.0.*) ;;
      *) cp "$file" "$2/$name" ;;
    esac
  done
  rm -rf "$1"
}

standalone() { # name, version, words for the traffic, flags
  local name=$1 version=$2 can=$3 dir
  shift 3
  dir=$(mktemp -d)
  cat >"$dir/zoo.cfg" <<X
tickTime=2000
dataDir=$dir/data
clientPort=$port
clientPortAddress=127.0.0.1
X
  traffic "$version" "$dir" "$can" "$@"
  keep "$dir" "$golden/files/$name"
  describe "$golden/files/$name"
}

traffic() { # version, directory, words for the traffic, flags
  local version=$1 dir=$2 can=$3
  shift 3
  start "$version" "$dir" "$@"
  # shellcheck disable=SC2086
  apache 3.9.5 interop.GoldenTraffic 127.0.0.1:$port $can
  after_traffic
  stop -KILL
  sleep 0.2
  : >"$dir/out"
  start "$version" "$dir" "$@"
  apache 3.9.5 org.apache.zookeeper.ZooKeeperMain -server 127.0.0.1:$port create /golden/after-restart later >/dev/null 2>&1
  stop -TERM
}
after_traffic() { :; }

# One member alone, yet a quorum: epoch files, zxids of an epoch, and reconfigurations in the log.
quorum() {
  local dir
  dir=$(mktemp -d)
  mkdir "$dir/data"
  echo 1 >"$dir/data/myid"
  cat >"$dir/zoo.cfg" <<X
tickTime=500
initLimit=10
syncLimit=10
dataDir=$dir/data
standaloneEnabled=false
reconfigEnabled=true
server.1=127.0.0.1:22011:22012:participant;127.0.0.1:$port
X
  after_traffic() {
    printf '%s\n' 'addauth digest super:admin' 'reconfig -add server.2=127.0.0.1:22013:22014:observer;127.0.0.1:22015' quit |
      apache 3.9.5 org.apache.zookeeper.ZooKeeperMain -server 127.0.0.1:$port >/dev/null 2>&1
  }
  traffic 3.9.5 "$dir" "modern ttl slow" -Dzookeeper.extendedTypesEnabled=true -Dzookeeper.DigestAuthenticationProvider.superDigest=super:xQJmxLMiHGwaqBvst5y6rkB6HQs=
  after_traffic() { :; }
  keep "$dir" "$golden/files/quorum-3.9.5"
  describe "$golden/files/quorum-3.9.5"
}

files() {
  local all="modern ttl slow" extended=-Dzookeeper.extendedTypesEnabled=true
  scripts/interop-setup.sh 3.4.14
  standalone standalone-3.9.5 3.9.5 "$all" $extended
  standalone gz-3.9.5 3.9.5 "modern" -Dzookeeper.snapshot.compression.method=gz
  standalone snappy-3.9.5 3.9.5 "modern" -Dzookeeper.snapshot.compression.method=snappy
  standalone no-digest-3.9.5 3.9.5 "modern" -Dzookeeper.digest.enabled=false -Dzookeeper.serializeLastProcessedZxid.enabled=false
  for version in 3.8.0 3.7.2 3.6.4 3.5.10; do standalone standalone-$version $version "$all" $extended; done
  standalone standalone-3.4.14 3.4.14 ""
  standalone snapshots-3.4.14 3.4.14 "" -Dzookeeper.snapCount=20
  quorum
}

wire() { node --import ./scripts/ts.mjs test/interop/golden-wire.ts; }

answers() { node --import ./scripts/ts.mjs test/interop/golden-answers.ts; }

"${1:?records, files, wire or answers}"
