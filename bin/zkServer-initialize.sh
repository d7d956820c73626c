#!/bin/sh
# Prepares the directories of a server before its first start: zkServer-initialize.sh --help
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

usage() {
  echo "usage: $0 <parameters>
  Optional parameters:
     -h, --help            Display this message
     --configfile=<file>   ZooKeeper config file ($ZOOCFG)
     --myid=#              Set the myid to be used, if any (1-255)
     --force               Empty the data/txnlog dirs if there are any"
  exit 1
}

myid=
force=
while [ $# -gt 0 ]; do
  case $1 in
    --configfile | --myid)
      [ $# -gt 1 ] || {
        echo "$1 needs a value"
        usage
      }
      option=$1
      value=$2
      shift
      ;;
    --configfile=?* | --myid=?*)
      option=${1%%=*}
      value=${1#*=}
      ;;
    --force) option=$1 ;;
    -h | --help) usage ;;
    *)
      echo "Unknown option: $1"
      usage
      ;;
  esac
  shift
  case $option in
    --configfile) ZOOCFG=$value ;;
    --myid) myid=$value ;;
    --force) force=1 ;;
  esac
done

fail() {
  echo "$1"
  exit 1
}

case $myid in
  *[!0-9]* | 0* | ????*) fail "myid $myid: it is a number from 1 to 255" ;;
esac
[ "${myid:-1}" -le 255 ] || fail "myid $myid: it is a number from 1 to 255"
[ -e "$ZOOCFG" ] || fail "Unable to find config file at $ZOOCFG"
zk_need_config
dataDir=$(zk_setting dataDir)
dataLogDir=$(zk_setting dataLogDir)
[ -n "$dataDir" ] || fail "Unable to determine dataDir from $ZOOCFG"

if [ -n "$force" ]; then
  zk_program cli/directory-in-use.js
  "$NODE" "$PROGRAM" "$dataDir" ${dataLogDir:+"$dataLogDir"} || exit 1
  echo "Force enabled, data/txnlog directories will be re-initialized"
else
  [ ! -d "$dataDir/version-2" ] ||
    fail "ZooKeeper data directory already exists at $dataDir (or use --force to force re-initialization)"
  [ -z "$dataLogDir" ] || [ ! -d "$dataLogDir/version-2" ] ||
    fail "ZooKeeper txnlog directory already exists at $dataLogDir (or use --force to force re-initialization)"
fi

# What lies in them goes, they stay: they may be mount points, with owners and modes of their own.
for dir in "$dataDir" ${dataLogDir:+"$dataLogDir"}; do
  rm -rf "$dir/myid" "$dir/version-2" || exit 1
  mkdir -p "$dir/version-2" || exit 1
done
if [ -n "$myid" ]; then
  echo "Using myid of $myid"
  echo "$myid" >"$dataDir/myid" || exit 1
else
  echo "No myid provided, be sure to specify it in $dataDir/myid if using non-standalone"
fi
touch "$dataDir/initialize"
