#!/usr/bin/env bash
# Makes the release, menagerie-<version>-bin.tar.gz in the root of the checkout, and its SHA-512 beside it: scripts,
# configuration, documents, the built server and its runtime dependencies as installed here. It needs no network; the
# same commit makes the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(node -p 'require("./package.json").version')
name=menagerie-$version-bin
staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT
tree=$staging/$name
mkdir "$tree"

cp -R bin conf LICENSE README.md CHANGELOG.md "$tree"
# Who tries things out in the checkout leaves these.
rm -f "$tree"/conf/{java.env,zookeeper-env.sh} "$tree"/conf/zoo.cfg*
mkdir "$tree/docs"
cp docs/*.md docs/*.json docs/*.svg "$tree/docs"
for folder in packaging docker kubernetes; do
  [ ! -d "$folder" ] || cp -R "$folder" "$tree"
done
npx --no-install tsc -p tsconfig.build.json --outDir "$tree/dist" --declaration false --sourceMap false
node scripts/bundle.mjs "$tree/dist"

# The first line is the checkout itself.
npm ls --omit=dev --all --parseable | tail -n +2 | while read -r installed; do
  into=$tree/${installed#"$PWD"/}
  mkdir -p "$(dirname "$into")"
  cp -R "$installed" "$into"
done
node -e '
  const { name, version, description, license, type, engines, dependencies } = require("./package.json");
  console.log(JSON.stringify({ name, version, description, license, type, engines, dependencies }, null, 2));
' >"$tree/package.json"

find "$tree" -type d -exec chmod 755 {} +
find "$tree" -type f -exec chmod 644 {} +
find "$tree" -type f -name '*.sh' -exec chmod 755 {} +
[ ! -d "$tree/packaging/init.d" ] || chmod 755 "$tree"/packaging/init.d/*

when=$(git log -1 --format=%ct 2>/dev/null || echo 0)
tar -C "$staging" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$when" -cf - "$name" | gzip -9n >"$name.tar.gz"
sha512sum "$name.tar.gz" >"$name.tar.gz.sha512"
echo "$name.tar.gz"
