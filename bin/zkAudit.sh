#!/bin/sh
# Says who changed a node: zkAudit.sh --help
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

zk_program cli/audit.js
for zk_word in "$@"; do
  [ "$zk_word" != --help ] || exec "$NODE" "$PROGRAM" --help
done
zk_need_config
dataLogDir=$(zk_setting dataLogDir)
[ -n "$dataLogDir" ] || dataLogDir=$(zk_setting dataDir)
[ -n "$dataLogDir" ] || zk_fail "$ZOOCFG: dataDir is missing; name the directory for the data"
auditFile=$(zk_setting audit.file)
if [ -n "$auditFile" ] && [ -e "$auditFile" ]; then
  exec "$NODE" "$PROGRAM" "$@" --data-log-dir "$dataLogDir" --audit "$auditFile"
fi
exec "$NODE" "$PROGRAM" "$@" --data-log-dir "$dataLogDir"
