#!/bin/sh
# Says what is wrong with a server, its ensemble and its files, and what to do: zkDoctor.sh --help
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

zk_program cli/doctor.js
zk_need_config
exec "$NODE" "$PROGRAM" --config "$ZOOCFG" "$@"
