#!/usr/bin/env bash
# Whether programs of every kind find the types and the code of the client, the recipes and the test kit: ESM and CommonJS, with
# moduleResolution node16, nodenext and bundler. Run in an empty folder with the package installed; scripts/pack-check.sh does.
#
#   scripts/client-consumers.sh <folder with node_modules/menagerie> <folder with node_modules/typescript and @types>
set -euo pipefail
folder=$1 tools=$2
cd "$folder"

program='
export async function main(servers: string): Promise<number> {
  const client: ZooKeeperClient = await connect(servers, { sessionTimeoutMs: 5000 });
  const [created] = await client.transaction().create("/consumer", "x", { mode: "ephemeral" }).commit();
  const path: string = created.path;
  for await (const notice of client.watch(path)) if (notice.kind === "gap") break;
  const hold = await new Lock(client, "/consumer-lock").acquire({ timeoutMs: 5000 });
  const token: number = hold.token;
  await hold.release();
  await client.close();
  return token;
}
export async function tested(): Promise<number> {
  await using ensemble = await startEnsemble({ size: 3 });
  const lost: Fault = ensemble.clients.dropReply({ op: "create", path: "/consumer" });
  await main(ensemble.connectString);
  await ensemble.clock.advance(30_000);
  return lost.hits;
}
// The one fault that has to be found.
export const wrong: string = main;
'
types() {
  local name=$1 module=$2 resolution=$3 ending=$4
  mkdir -p "consumers/$name"
  {
    echo 'import { connect, type ZooKeeperClient } from "menagerie/client";'
    echo 'import { Lock } from "menagerie/recipes";'
    echo 'import { type Fault, startEnsemble } from "menagerie/testing";'
    echo "$program"
  } >"consumers/$name/main.$ending"
  cat >"consumers/$name/tsconfig.json" <<JSON
{ "compilerOptions": { "target": "es2022", "lib": ["es2023", "esnext.disposable"], "module": "$module", "moduleResolution": "$resolution", "strict": true,
  "types": ["node"], "typeRoots": ["$tools/node_modules/@types"], "skipLibCheck": false, "outDir": "out" }, "files": ["main.$ending"] }
JSON
  # Exactly the one fault that was put there: no type is any, nothing else is missing.
  local said
  said=$("$tools/node_modules/.bin/tsc" -p "consumers/$name/tsconfig.json" --pretty false || true)
  [ "$(grep -c 'error TS' <<<"$said")" = 1 ] && grep -q 'TS2322' <<<"$said" || { echo "$name: $said"; exit 1; }
}
types esm-node16 node16 node16 mts
types cjs-node16 node16 node16 cts
types esm-nodenext nodenext nodenext mts
types cjs-nodenext nodenext nodenext cts
types bundler esnext bundler ts
echo "types: ESM, CommonJS, node16, nodenext, bundler"
