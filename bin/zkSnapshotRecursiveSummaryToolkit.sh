#!/bin/sh
# Sums up the subtrees of a snapshot: zkSnapshotRecursiveSummaryToolkit.sh <snapshot> <node> <depth>
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

zk_program cli/snapshot-recursive-summary.js
exec "$NODE" "$PROGRAM" "$@"
