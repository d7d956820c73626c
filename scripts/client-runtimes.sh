#!/usr/bin/env bash
# Client and recipes on other runtimes than the Node.js of the house: scripts/client-runtimes.sh [runtime...]
# A runtime is node@22, node@24, node@26, bun or deno, each fetched from the npm registry. `npm run build` first.
set -euo pipefail
cd "$(dirname "$0")/.."
runtimes=("$@")
[ ${#runtimes[@]} -gt 0 ] || runtimes=(node@22 node@24 node@26 bun deno)
folder=$(mktemp -d)
trap 'kill "$peer" 2>/dev/null || true; rm -rf "$folder"' EXIT
printf 'dataDir=%s/data\nclientPort=0\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n' "$folder" >"$folder/zoo.cfg"
node dist/peer.js --config "$folder/zoo.cfg" >"$folder/peer.log" &
peer=$!
port=
for _ in $(seq 100); do
  port=$(sed -nE 's/.*"port":([0-9]+).*clients are accepted.*/\1/p' "$folder/peer.log")
  [ -z "$port" ] || break
  sleep 0.1
done
program=$(cat <<JS
  const client = await connect(process.env.SERVERS, { sessionTimeoutMs: 5000 });
  await client.create("/r-", "x", { mode: "ephemeralSequential", mark: true });
  for await (const notice of client.watch("/", { mode: "persistentRecursive" })) if (notice.kind === "gap") break;
  const hold = await new Lock(client, "/runtime-lock").acquire();
  await hold.release();
  const ids = new IdGenerator(client, "/runtime-ids");
  const id = await ids.take();
  await client.close();
  console.log(typeof id === "bigint" ? "ok" : "no");
JS
)
echo "import { connect } from '$PWD/dist/client/client.js'; import { IdGenerator, Lock } from '$PWD/dist/recipes/recipes.js'; $program" >"$folder/run.mjs"
echo "const { connect } = require('$PWD/dist/cjs/client/client.js'); const { IdGenerator, Lock } = require('$PWD/dist/cjs/recipes/recipes.js'); void (async () => { $program })();" >"$folder/run.cjs"
for runtime in "${runtimes[@]}"; do
  name=${runtime%@*}
  at="$folder/$runtime"
  npm install --silent --no-save --prefix "$at" "${runtime/deno/deno@2}" >/dev/null 2>&1 || { echo "$runtime: cannot be had here"; continue; }
  binary="$at/node_modules/.bin/$name"
  case $name in deno) command=("$binary" run -A) ;; *) command=("$binary") ;; esac
  for file in run.mjs run.cjs; do
    said=$(SERVERS="127.0.0.1:$port" timeout 60 "${command[@]}" "$folder/$file" 2>&1 | tail -n 3) || true
    echo "$("$binary" --version 2>&1 | head -n 1) ($runtime) $file: $said"
  done
done
