#!/bin/sh
# Compares two snapshots: zkSnapshotComparer.sh -l <left> -r <right> -b <bytes> -n <nodes>
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

zk_program cli/snapshot-comparer.js
exec "$NODE" "$PROGRAM" "$@"
