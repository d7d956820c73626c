# shellcheck shell=sh
# Read by the other scripts of this folder with `.`: finds the configuration and Node.js, and takes in the settings of
# the installation. The caller's arguments are its arguments too: `--config <dir>` in front is taken off them.
#
#   ZOOCFGDIR    folder of the configuration: from --config, the environment, or conf beside this folder
#   ZOOCFG       the file; its name in that folder before, its path after
#   ZOO_LOG_DIR  folder for logs: logs beside this folder
#   NODE_HOME    an installation of Node.js to use instead of the first one found
#
# log.env, zookeeper-env.sh and java.env in ZOOCFGDIR are read as shell, in this order, and may set any of these and
# SERVER_JVMFLAGS, CLIENT_JVMFLAGS, JVMFLAGS.

ZOOBINDIR=${ZOOBINDIR:-/usr/bin}
ZOOKEEPER_PREFIX=$ZOOBINDIR/..

# zk_fail <sentence>...: on standard error, and the script is over.
zk_fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

if [ "${1:-}" = --config ]; then
  [ -n "${2:-}" ] || zk_fail "--config needs a folder"
  [ -d "$2" ] || zk_fail "--config $2: there is no such folder"
  ZOOCFGDIR=$2
  shift 2
fi
if [ -z "${ZOOCFGDIR:-}" ]; then
  if [ -e "$ZOOKEEPER_PREFIX/conf" ]; then
    ZOOCFGDIR=$ZOOKEEPER_PREFIX/conf
  else
    ZOOCFGDIR=$ZOOKEEPER_PREFIX/etc/zookeeper
  fi
fi
# A bare name would be looked for on PATH by the dot command.
case $ZOOCFGDIR in
  */*) ;;
  *) ZOOCFGDIR=./$ZOOCFGDIR ;;
esac

for zk_settings in log.env zookeeper-env.sh java.env; do
  if [ -f "$ZOOCFGDIR/$zk_settings" ]; then
    # shellcheck source=/dev/null
    . "$ZOOCFGDIR/$zk_settings"
  fi
done

ZOOCFG=${ZOOCFG:-zoo.cfg}
case $ZOOCFG in
  */*) ;;
  *) ZOOCFG=$ZOOCFGDIR/$ZOOCFG ;;
esac
ZOO_LOG_DIR=${ZOO_LOG_DIR:-$ZOOKEEPER_PREFIX/logs}
# Neither cron nor a script started at boot has USER.
USER=${USER:-$(id -un)}
export SERVER_JVMFLAGS="${SERVER_JVMFLAGS:-}" CLIENT_JVMFLAGS="${CLIENT_JVMFLAGS:-}" JVMFLAGS="${JVMFLAGS:-}"

# zk_find_node: sets NODE. cron's PATH is short, so the usual places come after it.
zk_find_node() {
  if [ -n "${NODE_HOME:-}" ]; then
    NODE=$NODE_HOME/bin/node
    [ -x "$NODE" ] || zk_fail "Error: NODE_HOME is $NODE_HOME, and there is no bin/node in it."
  else
    NODE=
    for zk_candidate in node nodejs /usr/local/bin/node /opt/node/bin/node /opt/homebrew/bin/node; do
      NODE=$(command -v "$zk_candidate") && break
    done
    [ -n "$NODE" ] || zk_fail "Error: NODE_HOME is not set and node could not be found in PATH; Node.js 20 or newer is needed."
  fi
  zk_version=$("$NODE" --version) || zk_fail "Error: $NODE --version fails."
  zk_major=${zk_version#v}
  zk_major=${zk_major%%.*}
  [ "$zk_major" -ge 20 ] 2>/dev/null || zk_fail "Error: $NODE is Node.js $zk_version; 20 or newer is needed."
}

# zk_program <file below dist>: sets PROGRAM, which is run with NODE.
zk_program() {
  zk_find_node
  PROGRAM=$ZOOKEEPER_PREFIX/dist/$1
  [ -f "$PROGRAM" ] || zk_fail "Error: $PROGRAM is missing: this is no whole release (in a checkout, run: npm run build)."
}

# zk_without_effect <name=value>...: says which of these have a value, because nothing here reads them.
zk_without_effect() {
  zk_found=
  for zk_pair in "$@"; do
    case $zk_pair in
      *=) ;;
      *) zk_found="$zk_found${zk_found:+, }${zk_pair%%=*}" ;;
    esac
  done
  [ -z "$zk_found" ] || echo "no effect here, where there is no JVM: $zk_found" >&2
}

# zk_jvm_options <variable> <its value>: says which words of it only a JVM would understand.
zk_jvm_options() {
  zk_found=
  set -f
  for zk_word in $2; do
    case $zk_word in
      -D*) ;;
      *) zk_found="$zk_found $zk_word" ;;
    esac
  done
  set +f
  [ -z "$zk_found" ] || echo "no effect here, where there is no JVM: $1=${zk_found# }" >&2
}

# zk_setting <key>: its last value in ZOOCFG, as java.util.Properties reads a line.
zk_setting() {
  sed -n "s/^[[:space:]]*$1[[:space:]]*[=:[:space:]][[:space:]]*//p" "$ZOOCFG" |
    sed -e '$!d' -e 's/[[:space:]]*$//' -e 's/\\\(.\)/\1/g'
}

# zk_need_config: a configuration that can be read, or the end.
zk_need_config() {
  [ ! -f "$ZOOCFG" ] || [ ! -r "$ZOOCFG" ] || return 0
  [ ! -e "$ZOOCFG" ] || zk_fail "$ZOOCFG cannot be read by $(id -un)"
  zk_fail "$ZOOCFG: there is no such file. To begin with: cp conf/zoo_sample.cfg conf/zoo.cfg"
}
