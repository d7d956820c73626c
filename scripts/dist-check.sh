#!/usr/bin/env bash
# What an operator does with the release, where there is nothing but a shell, its usual commands and Node.js: unpacks it
# into a path with a blank, copies the tree three times, and runs three servers through a link, without npm, without an
# environment and without a terminal. Then once more as another user, where this one may become another.
#
#   scripts/dist-check.sh [<release.tar.gz>]     without one it is made
set -euo pipefail
cd "$(dirname "$0")/.."

release=${1:-$(scripts/dist.sh)}
folder=$(mktemp -d)
chmod 755 "$folder"
trees=("$folder/a b/one" "$folder/a b/two" "$folder/a b/three")
finish() {
  for tree in "${trees[@]}"; do clean "$tree/bin/zkServer.sh" stop >/dev/null 2>&1 || true; done
  rm -rf "$folder"
}
trap finish EXIT

# All that the scripts may count on; whatever else they called would not be found.
commands=(sh cat chmod command cp date dirname id kill mkdir mv nohup ps readlink rm sed setsid sleep tail touch tr uname)
mkdir "$folder/commands"
for command in "${commands[@]}"; do
  path=$(type -P "$command") && ln -s "$path" "$folder/commands/$command"
done
ln -s "$(type -P node)" "$folder/commands/node"
clean() { env -i PATH="$folder/commands" "$@" </dev/null; }
fail() {
  echo "dist-check: $*" >&2
  for tree in "${trees[@]}"; do tail -n 5 "$tree"/logs/*.out 2>/dev/null >&2 || true; done
  exit 1
}

(cd "$(dirname "$release")" && sha512sum --quiet -c "$(basename "$release").sha512")
mkdir "$folder/a b"
tar -xzf "$release" -C "$folder/a b"
unpacked=("$folder/a b"/menagerie-*-bin)
for tree in "${trees[@]}"; do cp -r "${unpacked[0]}" "$tree"; done

# Nine ports that were free a moment ago.
read -r -a ports < <(node -e '
  const { createServer } = require("node:net");
  const servers = Array.from({ length: 9 }, () => createServer().listen(0, "127.0.0.1"));
  setTimeout(() => console.log(servers.map((server) => server.address().port).join(" ")), 100);
  setTimeout(() => servers.forEach((server) => server.close()), 150);
')
members=
for n in 1 2 3; do members+="server.$n=127.0.0.1:${ports[n + 2]}:${ports[n + 5]}"$'\n'; done
for n in 1 2 3; do
  tree=${trees[n - 1]}
  sed -e "s#^dataDir=.*#dataDir=$tree/data#" -e "s#^clientPort=.*#clientPort=${ports[n - 1]}#" \
    -e '/^clientPortAddress=/d' "$tree/conf/zoo_sample.cfg" >"$tree/conf/zoo.cfg"
  grep -q '^initLimit=' "$tree/conf/zoo.cfg" || printf 'initLimit=10\nsyncLimit=5\n' >>"$tree/conf/zoo.cfg"
  printf 'clientPortAddress=127.0.0.1\nadmin.enableServer=false\n%s' "$members" >>"$tree/conf/zoo.cfg"
  mkdir "$tree/data"
  echo "$n" >"$tree/data/myid"
  ln -s "$tree/bin/zkServer.sh" "$folder/commands/zk$n"
done

for n in 1 2 3; do
  said=$(clean "zk$n" start 2>"$folder/errors") || fail "start of $n: $said $(cat "$folder/errors")"
  [ "$said" = "Starting zookeeper ... STARTED" ] || fail "start of $n said: $said"
done
modes=
for n in 1 2 3; do
  for _ in $(seq 100); do
    mode=$(clean "zk$n" status 2>/dev/null | sed -n 's/^Mode: //p') && [ -n "$mode" ] && break
    sleep 0.1
  done
  modes+="$mode "
done
[ "$(tr ' ' '\n' <<<"$modes" | sort | xargs)" = "follower follower leader" ] || fail "modes: $modes"

if [ -f "${trees[0]}/dist/cli/zk-cli.js" ]; then
  zk() { clean "${trees[0]}/bin/zkCli.sh" -server "127.0.0.1:$1" "${@:2}" 2>&1; }
  zk "${ports[0]}" create /hello 'a b' >/dev/null || fail "zkCli create"
  zk "${ports[2]}" sync / >/dev/null || fail "zkCli sync"
  [ "$(zk "${ports[2]}" get /hello | tail -n 1)" = "a b" ] || fail "zkCli get: $(zk "${ports[2]}" get /hello)"
fi

clean zk1 restart >/dev/null 2>&1 || fail "restart"
for n in 1 2 3; do
  [ "$(clean "zk$n" stop 2>/dev/null)" = "Stopping zookeeper ... STOPPED" ] || fail "stop of $n"
done
clean zk1 status >/dev/null 2>&1 && fail "a stopped server has a status"

if [ "$(id -u)" = 0 ] && command -v runuser >/dev/null; then
  mkdir "$folder/of nobody"
  chown nobody "$folder/of nobody"
  mkdir "$folder/conf"
  printf 'dataDir=%s/of nobody/data\nclientPort=%s\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n' \
    "$folder" "${ports[0]}" >"$folder/conf/zoo.cfg"
  chmod -R a+rX "$folder"
  nobody() { runuser -u nobody -- env -i PATH="$folder/commands" ZOO_LOG_DIR="$1" zk1 --config "$folder/conf" "$2"; }
  nobody "$folder/of nobody/logs" start >"$folder/said" 2>&1 || fail "start by another user: $(cat "$folder/said")"
  nobody "$folder/of nobody/logs" stop >"$folder/said" 2>&1 || fail "stop by another user: $(cat "$folder/said")"
  nobody /root/logs start >"$folder/said" 2>&1 && fail "started without a folder for the log"
  grep -q '/root/logs cannot be made by nobody' "$folder/said" || fail "said: $(cat "$folder/said")"
fi
echo "the release unpacks, copies, starts three servers and stops them"
