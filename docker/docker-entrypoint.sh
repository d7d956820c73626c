#!/bin/sh
# What the container does before its command: zoo.cfg and myid from the environment, where there are none yet.
#
#   ZOO_SERVERS                  server lines, separated by blanks; without it one server alone
#   ZOO_MY_ID                    number of this one: 1
#   ZOO_4LW_COMMANDS_WHITELIST   four-letter words that are answered
#   ZOO_CFG_EXTRA                further lines, separated by blanks
#   and the values of the Dockerfile: ZOO_TICK_TIME and so on
set -eu

# Started with --user 0 the files are given to the user of the image, who then goes on.
if [ "${1:-}" = zkServer.sh ] && [ "$(id -u)" = 0 ]; then
  chown -R zookeeper:zookeeper "$ZOO_CONF_DIR" "$ZOO_DATA_DIR" "$ZOO_DATA_LOG_DIR" "$ZOO_LOG_DIR"
  exec setpriv --reuid=zookeeper --regid=zookeeper --init-groups "$0" "$@"
fi

config=$ZOO_CONF_DIR/zoo.cfg
if [ -f "$config" ]; then
  echo "$config is there: the ZOO_ variables of the configuration are not read" >&2
else
  # An asterisk in ZOO_CFG_EXTRA is no pattern of files.
  set -f
  {
    echo "dataDir=$ZOO_DATA_DIR"
    echo "dataLogDir=$ZOO_DATA_LOG_DIR"
    echo "tickTime=$ZOO_TICK_TIME"
    echo "initLimit=$ZOO_INIT_LIMIT"
    echo "syncLimit=$ZOO_SYNC_LIMIT"
    echo "autopurge.snapRetainCount=$ZOO_AUTOPURGE_SNAPRETAINCOUNT"
    echo "autopurge.purgeInterval=$ZOO_AUTOPURGE_PURGEINTERVAL"
    echo "maxClientCnxns=$ZOO_MAX_CLIENT_CNXNS"
    echo "standaloneEnabled=$ZOO_STANDALONE_ENABLED"
    echo "admin.enableServer=$ZOO_ADMINSERVER_ENABLED"
    echo "admin.serverAddress=$ZOO_ADMINSERVER_ADDRESS"
    for line in ${ZOO_SERVERS:-server.1=localhost:2888:3888;2181}; do echo "$line"; done
    [ -z "${ZOO_4LW_COMMANDS_WHITELIST:-}" ] || echo "4lw.commands.whitelist=$ZOO_4LW_COMMANDS_WHITELIST"
    for line in ${ZOO_CFG_EXTRA:-}; do echo "$line"; done
  } >"$config.writing"
  set +f
  mv "$config.writing" "$config"
fi

myid=$ZOO_DATA_DIR/myid
if [ ! -f "$myid" ]; then
  echo "${ZOO_MY_ID:-1}" >"$myid"
elif [ -n "${ZOO_MY_ID:-}" ] && [ "$(cat "$myid")" != "$ZOO_MY_ID" ]; then
  echo "$myid says $(cat "$myid"), and that counts; ZOO_MY_ID is $ZOO_MY_ID" >&2
fi

exec "$@"
