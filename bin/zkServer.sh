#!/bin/sh
# Starts, stops and shows the server of this machine. Usage: zkServer.sh without a verb.
#
# Besides what zkEnv.sh reads, the environment may hold
#   ZOOPIDFILE                      default: zookeeper_server.pid in dataDir
#   ZOO_DATADIR_AUTOCREATE_DISABLE  not empty: missing data directories are an error
#   ZOO_LOG_FILE                    the server's log goes to this file of ZOO_LOG_DIR, not to the .out file
#   ZOO_LOG_LEVEL                   debug, info, warn, error
#   ZOO_LOG_FORMAT                  json, text; without it the server decides: text on a terminal
#   ZOO_START_TIMEOUT               seconds that `start` waits for the server: 60
#   ZOO_STOP_TIMEOUT                seconds that `stop` waits for its end: 30
#   ZOO_NOEXEC                      not empty: start-foreground keeps this shell

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
  echo "Usage: $0 [--config <conf-dir>] {start|start-foreground|stop|version|restart|status|print-cmd} [<file>]" >&2
  echo "   or: $0 [--config <conf-dir>] transfer [<server-id>] [<file>]" >&2
}

# A bare name is a file of the configuration folder, anything with a slash a path.
choose_config() {
  case ${1:-} in
    '') ;;
    -*) zk_fail "unexpected $1: --config <conf-dir> comes before the verb" ;;
    */*) ZOOCFG=$1 ;;
    *) ZOOCFG=$ZOOCFGDIR/$1 ;;
  esac
  [ $# -le 1 ] || zk_fail "unexpected argument: $2"
  echo "Using config: $ZOOCFG" >&2
}

find_directories() {
  zk_need_config
  dataDir=$(zk_setting dataDir)
  dataLogDir=$(zk_setting dataLogDir)
  [ -n "$dataDir" ] || zk_fail "$ZOOCFG: dataDir is missing; name the directory for the data"
  ZOOPIDFILE=${ZOOPIDFILE:-$dataDir/zookeeper_server.pid}
  out=$ZOO_LOG_DIR/zookeeper-$USER-server-$(uname -n).out
}

# The command of the server, as the positional parameters of `launch`.
server_options() {
  find_directories
  zk_program peer.js
  zk_without_effect "ZK_SERVER_HEAP=${ZK_SERVER_HEAP:-}" "JMXDISABLE=${JMXDISABLE:-}" "JMXPORT=${JMXPORT:-}" \
    "JMXLOCALONLY=${JMXLOCALONLY:-}" "JMXAUTH=${JMXAUTH:-}" "JMXSSL=${JMXSSL:-}" "JMXLOG4J=${JMXLOG4J:-}" \
    "JMXHOSTNAME=${JMXHOSTNAME:-}"
  zk_jvm_options SERVER_JVMFLAGS "$SERVER_JVMFLAGS"
  zk_jvm_options JVMFLAGS "$JVMFLAGS"
  for file in logback.xml log4j.properties; do
    [ ! -f "$ZOOCFGDIR/$file" ] || echo "not read: $ZOOCFGDIR/$file (log.env has the settings of the log)" >&2
  done
  logLevel=${ZOO_LOG_LEVEL:-}
  if [ -n "${ZOO_LOG4J_PROP:-}" ]; then
    case ${ZOO_LOG4J_PROP%%,*} in
      TRACE | DEBUG | ALL) level=debug ;;
      WARN) level=warn ;;
      ERROR | FATAL | OFF) level=error ;;
      *) level=info ;;
    esac
    logLevel=${logLevel:-$level}
    echo "of ZOO_LOG4J_PROP=$ZOO_LOG4J_PROP only the level has an effect here: $logLevel" >&2
  fi
  logFile=
  [ -z "${ZOO_LOG_FILE:-}" ] || logFile=$ZOO_LOG_DIR/$ZOO_LOG_FILE
  if [ -n "${ZOO_DATADIR_AUTOCREATE_DISABLE:-}" ]; then
    [ -d "$dataDir/version-2" ] || {
      echo "ZooKeeper data directory is missing at $dataDir fix the path or run initialize"
      exit 1
    }
    [ -z "$dataLogDir" ] || [ -d "$dataLogDir/version-2" ] || {
      echo "ZooKeeper txnlog directory is missing at $dataLogDir fix the path or run initialize"
      exit 1
    }
    SERVER_JVMFLAGS="-Dzookeeper.datadir.autocreate=false${SERVER_JVMFLAGS:+ $SERVER_JVMFLAGS}"
  fi
}

# with_server <command>...: that command, and the server's own words behind it.
with_server() {
  set -- "$@" "$NODE" "$PROGRAM" --config "$ZOOCFG"
  [ -z "$logLevel" ] || set -- "$@" --log-level "$logLevel"
  [ -z "${ZOO_LOG_FORMAT:-}" ] || set -- "$@" --log-format "$ZOO_LOG_FORMAT"
  [ -z "$logFile" ] || set -- "$@" --log-file "$logFile"
  [ -z "${ready:-}" ] || set -- "$@" --ready-file "$ready"
  "$@"
}

# The command line of a process, or nothing. An image may lack ps, and other systems have no /proc.
command_of() {
  if [ -r "/proc/$1/cmdline" ]; then
    tr '\0' ' ' <"/proc/$1/cmdline"
  elif command -v ps >/dev/null; then
    ps -p "$1" -o args= 2>/dev/null
  else
    kill -0 "$1" 2>/dev/null && echo "perhaps peer.js"
  fi
}

# Sets pid when the pid file names a process that lives and is a server: a number comes round again after a reboot.
find_pid() {
  [ -f "$ZOOPIDFILE" ] || return 1
  pid=$(cat "$ZOOPIDFILE")
  case $pid in
    '' | *[!0-9]*) return 1 ;;
  esac
  case $(command_of "$pid") in
    *peer.js* | *QuorumPeerMain*) return 0 ;;
  esac
  return 1
}

# A process gives its files and ports back before it is a zombie, but after its command line is gone.
has_ended() {
  kill -0 "$1" 2>/dev/null || return 0
  case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null || ps -p "$1" -o stat= 2>/dev/null) in
    Z*) return 0 ;;
  esac
  return 1
}

short_sleep() { sleep 0.1 2>/dev/null || sleep 1; }
seconds_now() { date +%s; }

# On the terminal the reason, in the .out file everything.
say_last_lines() {
  for log in "$out" ${logFile:+"$logFile"}; do
    [ -s "$log" ] || continue
    echo "The last lines of $log:" >&2
    tail -n 20 "$log" >&2
  done
}

make_directory() {
  [ -d "$1" ] || mkdir -p "$1" || zk_fail "$1 cannot be made by $(id -un)"
  [ -w "$1" ] || zk_fail "$1 cannot be written by $(id -un)"
}

start() {
  server_options
  printf 'Starting zookeeper ... '
  if find_pid; then
    echo "already running as process $pid."
    exit 1
  fi
  [ -n "${ZOO_DATADIR_AUTOCREATE_DISABLE:-}" ] || make_directory "$dataDir"
  make_directory "$(dirname "$ZOOPIDFILE")"
  make_directory "$ZOO_LOG_DIR"
  # A redirection that fails ends some shells when the command is `:`.
  printf '' >"$ZOOPIDFILE" || {
    echo FAILED TO WRITE PID
    exit 1
  }
  # Why the one before ended is worth more than a short folder.
  [ ! -s "$out" ] || mv -f "$out" "$out.1"
  printf '' >"$out" || zk_fail "$out cannot be written by $(id -un)"
  ready=$ZOO_LOG_DIR/.ready.$$
  rm -f "$ready"
  # A session of its own: Ctrl-C in a script that starts servers must not reach them. Descriptors of the caller, such as
  # the lock of a cron job, are closed. The .out file is appended to, so that it can be emptied while in use.
  with_server in_background >>"$out" 2>&1 </dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
  pid=$!
  (umask 027 && printf %s "$pid" >"$ZOOPIDFILE")
  wait_for_start
}

in_background() {
  if command -v setsid >/dev/null; then exec setsid nohup "$@"; else exec nohup "$@"; fi
}

wait_for_start() {
  giveUp=$(($(seconds_now) + ${ZOO_START_TIMEOUT:-60}))
  while [ ! -e "$ready" ]; do
    if ! kill -0 "$pid" 2>/dev/null; then
      wait "$pid"
      code=$?
      rm -f "$ready" "$ZOOPIDFILE"
      echo FAILED TO START
      echo "The server ended with exit code $code." >&2
      say_last_lines
      exit 1
    fi
    if [ "$(seconds_now)" -ge "$giveUp" ]; then
      echo STARTED
      echo "It does not accept clients yet, after ${ZOO_START_TIMEOUT:-60} s; its log is $out" >&2
      return
    fi
    short_sleep
  done
  rm -f "$ready"
  echo STARTED
}

stop() {
  find_directories
  printf 'Stopping zookeeper ... '
  if [ ! -f "$ZOOPIDFILE" ]; then
    echo "no zookeeper to stop (could not find file $ZOOPIDFILE)"
    return
  fi
  if find_pid; then
    kill "$pid" || {
      echo "FAILED TO STOP process $pid"
      exit 1
    }
    giveUp=$(($(seconds_now) + ${ZOO_STOP_TIMEOUT:-30}))
    until has_ended "$pid"; do
      if [ "$(seconds_now)" -ge "$giveUp" ]; then
        echo "FAILED TO STOP process $pid within ${ZOO_STOP_TIMEOUT:-30} s"
        exit 1
      fi
      short_sleep
    done
  else
    echo "$ZOOPIDFILE names no running server: $(cat "$ZOOPIDFILE")" >&2
  fi
  rm -f "$ZOOPIDFILE"
  echo STOPPED
}

quoted() { printf '"%s"' "$(printf %s "$1" | sed 's/[\\"$`]/\\&/g')"; }

print_quoted() {
  for word in "$@"; do printf '%s ' "$(quoted "$word")"; done
}

print_cmd() {
  server_options
  for pair in "SERVER_JVMFLAGS=$SERVER_JVMFLAGS" "JVMFLAGS=$JVMFLAGS"; do
    [ -z "${pair#*=}" ] || printf '%s=%s ' "${pair%%=*}" "$(quoted "${pair#*=}")"
  done
  with_server print_quoted
  printf '> %s 2>&1 < /dev/null\n' "$(quoted "$out")"
}

version() {
  zk_program peer.js
  "$NODE" "$PROGRAM" --version |
    sed 's/^\([^ ]*\) (compatible with Apache ZooKeeper \(.*\))$/Menagerie \1, compatible with Apache ZooKeeper, version \2/'
}

verb=${1:-}
[ $# -eq 0 ] || shift
to=
if [ "$verb" = transfer ]; then
  case ${1:-} in
    '' | *[!0-9]*) ;;
    *)
      to=$1
      shift
      ;;
  esac
fi
case $verb in
  start | stop | restart | start-foreground | status | print-cmd | version | transfer) choose_config "$@" ;;
  '')
    choose_config
    usage
    exit 0
    ;;
  *)
    choose_config
    usage
    exit 1
    ;;
esac

case $verb in
  start) start ;;
  stop) stop ;;
  restart)
    stop
    start
    ;;
  start-foreground)
    server_options
    if [ -n "${ZOO_NOEXEC:-}" ]; then with_server; else with_server exec; fi
    ;;
  status)
    zk_need_config
    zk_without_effect "ZK_CLIENT_HEAP=${ZK_CLIENT_HEAP:-}"
    zk_program cli/server-status.js
    "$NODE" "$PROGRAM" "$ZOOCFG"
    ;;
  transfer)
    zk_need_config
    zk_program cli/transfer.js
    "$NODE" "$PROGRAM" "$ZOOCFG" ${to:+"$to"}
    ;;
  version) version ;;
  print-cmd) print_cmd ;;
esac
