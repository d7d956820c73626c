#!/usr/bin/env bash
# The same seeds on other versions of Node have the same hashes: scripts/sim-node-versions.sh [version...]
# Needs the npm registry, for the package `node`.
set -euo pipefail
cd "$(dirname "$0")/.."
versions=("$@")
[ ${#versions[@]} -gt 0 ] || versions=(22 24)
hashes() {
  for seed in 1 2 3 4 5; do "$@" --import ./scripts/ts.mjs test/sim/cli/main.ts --seed "$seed" | grep '^hash' | cut -d' ' -f1-2; done
}
expected=$(hashes node)
for version in "${versions[@]}"; do
  dir=$(mktemp -d)
  npm install --silent --no-save --prefix "$dir" "node@$version" >/dev/null
  "$dir/node_modules/.bin/node" --version
  actual=$(hashes "$dir/node_modules/.bin/node")
  rm -rf "$dir"
  [ "$actual" = "$expected" ] || { echo "other hashes: $actual; here: $expected"; exit 1; }
done
echo "$expected"
