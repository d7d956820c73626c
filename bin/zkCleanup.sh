#!/bin/sh
# Removes old snapshots and logs, as a line of cron does: zkCleanup.sh -n <snapshots to keep, 3 or more>
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

zk_program cli/purge-txn-log.js
zk_need_config
dataDir=$(zk_setting dataDir)
dataLogDir=$(zk_setting dataLogDir)
[ -n "$dataDir" ] || zk_fail "$ZOOCFG: dataDir is missing; name the directory for the data"
if [ -n "$dataLogDir" ]; then
  exec "$NODE" "$PROGRAM" "$dataLogDir" "$dataDir" "$@"
fi
exec "$NODE" "$PROGRAM" "$dataDir" "$@"
