#!/bin/sh
# The shell: zkCli.sh -server host:port [command]; its commands: zkCli.sh help
here=$0
[ -e "$here" ] || here=$(command -v -- "$here")
while [ -L "$here" ]; do
  to=$(readlink "$here")
  case $to in
    /*) here=$to ;;
    *) here=$(dirname "$here")/$to ;;
  esac
done
ZOOBINDIR=$(CDPATH='' cd -- "$(dirname "$here")" && pwd -P) || exit 1
# shellcheck source=zkEnv.sh
. "$ZOOBINDIR/zkEnv.sh"

zk_program cli/zk-cli.js
zk_without_effect "ZK_CLIENT_HEAP=${ZK_CLIENT_HEAP:-}"
exec "$NODE" "$PROGRAM" "$@"
