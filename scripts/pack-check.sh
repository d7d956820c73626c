#!/usr/bin/env bash
# What a stranger does with the package: install it in an empty folder, without a compiler and without scripts, and
# run it. Fails unless it serves, answers a client and stops with 0, and the README's example runs.
set -euo pipefail
cd "$(dirname "$0")/.."

repository=$PWD
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm pack --silent --pack-destination "$folder" >/dev/null
cd "$folder"
echo '{ "private": true }' >package.json
npm install --silent --ignore-scripts --omit=dev ./menagerie-*.tgz

printf 'dataDir=./data\nclientPort=0\nclientPortAddress=127.0.0.1\n' >zoo.cfg
node node_modules/menagerie/dist/peer.js --config zoo.cfg >peer.log &
peer=$!
port=
for _ in $(seq 100); do
  port=$(sed -nE 's/.*"port":([0-9]+).*clients are accepted.*/\1/p' peer.log)
  [ -z "$port" ] || break
  kill -0 "$peer" 2>/dev/null || { cat peer.log; exit 1; }
  sleep 0.1
done
zk() { node node_modules/menagerie/dist/cli/zk-cli.js -server "127.0.0.1:$port" -timeout 20000 "$@"; }
zk create /hello world
answer=$(zk get /hello | tail -n 1)
kill -TERM "$peer"
wait "$peer" || { cat peer.log; exit 1; }
[ "$answer" = world ] || { echo "read '$answer' where 'world' was written"; exit 1; }
awk '/```ts/ { n++; on = 1; next } /```/ { on = 0 } on { print > ("example-" n ".mjs") }' "$repository/README.md"
[ -s example-2.mjs ]
for example in example-*.mjs; do node "$example"; done
node -e 'require("menagerie/testing").startEnsemble({ size: 1 }).then((ensemble) => ensemble.close())'
"$repository/scripts/client-consumers.sh" "$folder" "$repository"
echo "the package installs, serves and stops"
