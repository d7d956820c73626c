#!/usr/bin/env bash
# Makes test/golden again from Apache ZooKeeper (see test/golden/README.md). Recordings carry new times and session
# ids each time, so this is run when something is added, not to check that nothing changed.
#
#   scripts/interop-golden.sh records   what Apache's classes write
#   scripts/interop-golden.sh files     logs and snapshots of real servers, of several releases
#   scripts/interop-golden.sh wire      recordings between real servers and clients
set -euo pipefail
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

server=
start() { # version, configuration directory, flags
  local version=$1 dir=$2
  shift 2
  java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dfile.encoding=UTF-8 -Dzookeeper.admin.enableServer=false \
    -Dzookeeper.preAllocSize=64 -Dznode.container.checkIntervalMs=500 "$@" \
    -cp "$(classpath "$version")" org.apache.zookeeper.server.quorum.QuorumPeerMain "$dir/zoo.cfg" >>"$dir/out" 2>&1 &
  server=$!
  for _ in $(seq 150); do
    grep -qE 'Snapshotting|LEADING - LEADER ELECTION TOOK' "$dir/out" && (exec 3<>/dev/tcp/127.0.0.1/$port) 2>/dev/null && sleep 0.5 && return
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

describe() { # version, directory of files
  local file name
  for file in "$2"/log.* "$2"/snapshot.*; do
    name=$(basename "$file")
    case $name in
      *.json | *.txt | *.jsonl) ;;
      log.*)
        apache "$1" interop.DumpLog "$file" >"$file.jsonl"
        apache "$1" org.apache.zookeeper.server.persistence.TxnLogToolkit -d "$file" >"$file.toolkit.txt"
        ;;
      snapshot.*)
        apache "$1" interop.DumpSnapshot "$file" >"$file.jsonl"
        apache "$1" org.apache.zookeeper.server.SnapshotFormatter -d "$file" >"$file.formatter.txt"
        ;;
    esac
  done
}

standalone() { # version, words for the traffic, flags
  local version=$1 can=$2 dir to name file
  shift 2
  dir=$(mktemp -d)
  to=$golden/files/standalone-$version
  cat >"$dir/zoo.cfg" <<X
tickTime=2000
dataDir=$dir/data
clientPort=$port
clientPortAddress=127.0.0.1
X
  start "$version" "$dir" "$@"
  # shellcheck disable=SC2086
  apache 3.9.5 interop.GoldenTraffic 127.0.0.1:$port $can
  stop -KILL
  sleep 0.2
  : >"$dir/out"
  start "$version" "$dir" "$@"
  apache 3.9.5 org.apache.zookeeper.ZooKeeperMain -server 127.0.0.1:$port create /golden/after-restart later >/dev/null 2>&1
  stop -TERM
  rm -rf "$to"
  mkdir -p "$to"
  for file in "$dir"/data/version-2/*; do
    name=$(basename "$file")
    case $name in
      log.*) cut_padding "$file" "$to/$name" ;;
      snapshot.0) ;;
      *) cp "$file" "$to/$name" ;;
    esac
  done
  rm -rf "$dir"
}

files() {
  standalone 3.9.5 "ttl slow" -Dzookeeper.extendedTypesEnabled=true
  describe 3.9.5 $golden/files/standalone-3.9.5
}

"${1:?records, files or wire}"
