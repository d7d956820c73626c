#!/usr/bin/env bash
# The steps that pages for operators tell, one after the other, with a release of ours or an unpacked one of Apache's:
#
#   pages.sh <release.tar.gz | unpacked release> [<page>...]
#
# Pages: first-server, three-hosts, one-host, service, files; quick-start, containers and init
# are about files of our release. Hosts are addresses of the loopback interface, each with a tree
# of its own; ports are those of the pages, so run it in a network namespace of its own (the test does). One line a
# step; the exit code is the number of steps that failed.
set -uo pipefail

release=$(realpath "$1")
shift
pages=("$@")
[ ${#pages[@]} -gt 0 ] || pages=(first-server three-hosts one-host service files)
work=$(mktemp -d)
failed=0
trees=()
containers=()

finish() {
  [ ${#containers[@]} = 0 ] || kill "${containers[@]}" 2>/dev/null
  for tree in "${trees[@]}"; do
    for file in "$tree"/conf/zoo*.cfg; do "$tree/bin/zkServer.sh" stop "$(basename "$file")"; done >/dev/null 2>&1
  done
  rm -rf "$work"
}
trap finish EXIT

# step <words> <command...>
step() {
  local words=$1 output
  shift
  if output=$("$@" 2>&1); then
    echo "ok      $page: $words"
  else
    echo "FAILED  $page: $words"
    tail -n 25 <<<"$output" | while IFS= read -r line; do echo "        | $line"; done
    failed=$((failed + 1))
  fi
}

# said <text> <command...>: the command succeeds and its output has the text in it.
said() {
  local text=$1 output
  shift
  output=$("$@" 2>&1) || { echo "exit code $?: $output"; return 1; }
  grep -qF -- "$text" <<<"$output" || { echo "not said: $text"; echo "$output"; return 1; }
}

# denied <text> <command...>: the command fails, and says the text.
denied() {
  local text=$1 output
  shift
  output=$("$@" 2>&1) && { echo "succeeded: $output"; return 1; }
  grep -qF -- "$text" <<<"$output" || { echo "not said: $text"; echo "$output"; return 1; }
}

# soon <command...>: tries it for two minutes at most: three servers of Java start slowly on a busy machine.
soon() {
  local last deadline=$((SECONDS + 120))
  until last=$("$@" 2>&1); do
    [ "$SECONDS" -lt "$deadline" ] || { echo "$last"; return 1; }
    sleep 0.3
  done
}

# unpack <folder>: as `tar xzf` and `mv` would leave it.
unpack() {
  mkdir -p "$(dirname "$1")"
  if [ -d "$release" ]; then
    cp -rL "$release" "$1"
  else
    mkdir "$1" && tar -xzf "$release" -C "$1" --strip-components=1
  fi
  trees+=("$1")
}

# word <address> <four-letter word>: what `echo ruok | nc host 2181` prints.
word() { node -e '
  const [host, word] = process.argv.slice(1);
  const socket = require("node:net").connect({ host, port: 2181 }, () => socket.end(word));
  socket.on("error", () => { process.exitCode = 1; }).pipe(process.stdout);
' "$1" "$2"; }

modes() {
  local n
  for n in 1 2 3; do "$work/host$n/zookeeper/bin/zkServer.sh" status 2>/dev/null | sed -n 's/^Mode: //p'; done | sort | xargs
}

first-server() {
  local tree=$work/opt/zookeeper
  step "unpack the release" unpack "$tree"
  cd "$tree" || return
  step "cp conf/zoo_sample.cfg conf/zoo.cfg" cp conf/zoo_sample.cfg conf/zoo.cfg
  step "dataDir out of /tmp" sed -i "s#^dataDir=.*#dataDir=$work/var/zookeeper#" conf/zoo.cfg
  step "bin/zkServer.sh start" said "Starting zookeeper ... STARTED" bin/zkServer.sh start
  step "bin/zkServer.sh start, again by mistake" denied "already running as process" bin/zkServer.sh start
  step "bin/zkServer.sh status" soon said "Mode: standalone" bin/zkServer.sh status
  step "ls /" said "[zookeeper]" bin/zkCli.sh -server 127.0.0.1:2181 ls /
  step "create /zk_test my_data" said "Created /zk_test" bin/zkCli.sh -server 127.0.0.1:2181 create /zk_test my_data
  step "get /zk_test" said "my_data" bin/zkCli.sh -server 127.0.0.1:2181 get /zk_test
  step "set /zk_test junk" bin/zkCli.sh -server 127.0.0.1:2181 set /zk_test junk
  step "get -s /zk_test" said "dataVersion = 1" bin/zkCli.sh -server 127.0.0.1:2181 get -s /zk_test
  step "commands from a pipe" said "[zk_test, zookeeper]" sh -c "printf 'ls /\nquit\n' | bin/zkCli.sh"
  step "delete /zk_test" bin/zkCli.sh delete /zk_test
  step "get what is gone" denied "Node does not exist: /zk_test" bin/zkCli.sh get /zk_test
  step "the process id in dataDir" sh -c 'kill -0 "$(cat "$1"/var/zookeeper/zookeeper_server.pid)"' sh "$work"
  step "bin/zkServer.sh restart" said "STARTED" bin/zkServer.sh restart
  step "bin/zkServer.sh stop" said "Stopping zookeeper ... STOPPED" bin/zkServer.sh stop
  step "bin/zkServer.sh status, stopped" denied "Error contacting service. It is probably not running." bin/zkServer.sh status
  step "bin/zkServer.sh stop, stopped" said "no zookeeper to stop" bin/zkServer.sh stop
}

three-hosts() {
  local n tree
  for n in 1 2 3; do
    tree=$work/host$n/zookeeper
    step "host $n: unpack" unpack "$tree"
    step "host $n: cp conf/zoo_sample.cfg conf/zoo.cfg" cp "$tree/conf/zoo_sample.cfg" "$tree/conf/zoo.cfg"
    sed -i -e "s#^dataDir=.*#dataDir=$work/host$n/data#" -e '/^clientPortAddress=/d' "$tree/conf/zoo.cfg"
    step "host $n: three server lines" tee -a "$tree/conf/zoo.cfg" <<END
clientPortAddress=127.0.1.$n
admin.serverAddress=127.0.1.$n
4lw.commands.whitelist=*
server.1=127.0.1.1:2888:3888
server.2=127.0.1.2:2888:3888
server.3=127.0.1.3:2888:3888
END
    mkdir -p "$work/host$n/data"
    step "host $n: echo $n > myid" sh -c "echo $n > '$work/host$n/data/myid'"
  done
  # shellcheck disable=SC2016
  step "a loop over the hosts starts all" sh -c '
    for n in 1 2 3; do sh -c "cd $1/host$n/zookeeper && bin/zkServer.sh start" </dev/null || exit 1; done' sh "$work"
  step "one leader, two followers" soon test_modes "follower follower leader"
  step "a write on host 1" said "Created /app" "$work/host1/zookeeper/bin/zkCli.sh" -server 127.0.1.1:2181 create /app one
  step "is read on host 3" soon said "one" "$work/host1/zookeeper/bin/zkCli.sh" -server 127.0.1.3:2181 get /app
  step "a client of all three" said "one" "$work/host1/zookeeper/bin/zkCli.sh" \
    -server 127.0.1.1:2181,127.0.1.2:2181,127.0.1.3:2181 get /app
  step "echo ruok | nc" soon ruok 127.0.1.2
  step "echo mntr | nc, zk_server_state" said "zk_server_state" word 127.0.1.2 mntr
  step "echo stat | nc, Mode" said "Mode: " word 127.0.1.2 stat
  local leader
  for n in 1 2 3; do
    "$work/host$n/zookeeper/bin/zkServer.sh" status 2>/dev/null | grep -q leader && leader=$n
  done
  step "the leader stops" said "STOPPED" "$work/host${leader:-1}/zookeeper/bin/zkServer.sh" stop
  step "another one leads" soon test_modes "follower leader"
  step "and the data is there" soon said "one" "$work/host1/zookeeper/bin/zkCli.sh" \
    -server 127.0.1.1:2181,127.0.1.2:2181,127.0.1.3:2181 get /app
  step "the stopped one comes back" said "STARTED" "$work/host${leader:-1}/zookeeper/bin/zkServer.sh" start
  step "three again" soon test_modes "follower follower leader"
  # shellcheck disable=SC2016
  step "a restart loop over the hosts" sh -c '
    for n in 1 2 3; do
      "$1/host$n/zookeeper/bin/zkServer.sh" restart </dev/null || exit 1
      sleep 1
    done' sh "$work"
  step "three after it" soon test_modes "follower follower leader"
  step "the data after it" soon said "one" "$work/host2/zookeeper/bin/zkCli.sh" -server 127.0.1.2:2181 get /app
  for n in 1 2 3; do step "host $n: stop" said "STOPPED" "$work/host$n/zookeeper/bin/zkServer.sh" stop; done
}
test_modes() { [ "$(modes)" = "$1" ]; }
ruok() { [ "$(word "$1" ruok)" = imok ]; }

one-host() {
  local n tree=$work/pseudo/zookeeper
  step "unpack" unpack "$tree"
  cd "$tree" || return
  for n in 1 2 3; do
    mkdir -p "$work/pseudo/data$n"
    echo "$n" >"$work/pseudo/data$n/myid"
    step "conf/zoo$n.cfg" tee "conf/zoo$n.cfg" <<END
tickTime=2000
initLimit=10
syncLimit=5
dataDir=$work/pseudo/data$n
clientPort=218$n
admin.serverPort=808$n
server.1=localhost:2887:3887
server.2=localhost:2888:3888
server.3=localhost:2889:3889
END
    # The three have one tree, and so one folder for what they print.
    step "bin/zkServer.sh start zoo$n.cfg" said "STARTED" env ZOO_LOG_DIR="$work/pseudo/logs$n" \
      bin/zkServer.sh start "zoo$n.cfg"
  done
  for n in 1 2 3; do
    step "bin/zkServer.sh status zoo$n.cfg" soon said "Mode: " bin/zkServer.sh status "zoo$n.cfg"
  done
  step "a path instead of a name" said "Mode: " bin/zkServer.sh status "./conf/zoo2.cfg"
  mkdir "$work/pseudo/conf"
  cp conf/zoo3.cfg "$work/pseudo/conf/zoo.cfg"
  step "--config with a folder" said "Mode: " bin/zkServer.sh --config "$work/pseudo/conf" status
  step "create on 2181" said "Created /x" bin/zkCli.sh -server localhost:2181 create /x seen
  step "get on 2183" soon said "seen" bin/zkCli.sh -server localhost:2183 get /x
  for n in 1 2 3; do step "stop zoo$n.cfg" said "STOPPED" bin/zkServer.sh stop "zoo$n.cfg"; done
}

service() {
  local tree=$work/srv/zookeeper
  step "unpack" unpack "$tree"
  step "a link that stays when the version changes" ln -s "$tree" "$work/srv/current"
  cd / || return
  local home=$work/srv/current
  sed -e "s#^dataDir=.*#dataDir=$work/srv/data#" "$tree/conf/zoo_sample.cfg" >"$tree/conf/zoo.cfg"
  step "dataLogDir and autopurge" tee -a "$tree/conf/zoo.cfg" <<END
dataLogDir=$work/srv/datalog
autopurge.snapRetainCount=3
autopurge.purgeInterval=1
END
  step "conf/java.env" tee "$tree/conf/java.env" <<'END'
export JVMFLAGS="-Xms512m -Xmx512m $JVMFLAGS"
export SERVER_JVMFLAGS="-Dzookeeper.snapCount=5000 $SERVER_JVMFLAGS"
END
  step "conf/zookeeper-env.sh" tee "$tree/conf/zookeeper-env.sh" <<END
ZOO_LOG_DIR=$work/srv/log
ZOOPIDFILE=$work/srv/run/zookeeper.pid
END
  step "zkServer-initialize.sh --myid=1" said "Using myid of 1" "$home/bin/zkServer-initialize.sh" --myid=1
  step "start from cron or an init script" said "STARTED" env -i PATH=/usr/bin:/bin "$home/bin/zkServer.sh" start
  step "its log under ZOO_LOG_DIR" sh -c "ls $work/srv/log/zookeeper-*-server-*.out"
  step "its process id where it was told" sh -c "kill -0 \$(cat $work/srv/run/zookeeper.pid)"
  step "status for a watchdog" soon said "Mode: standalone" "$home/bin/zkServer.sh" status
  step "version" said "version 3.9.5" "$home/bin/zkServer.sh" version
  step "print-cmd" said "$work/srv" "$home/bin/zkServer.sh" print-cmd
  step "the cron line that cleans up" "$home/bin/zkCleanup.sh" -n 3
  step "the same with too few" denied "count should be greater than or equal to 3" "$home/bin/zkCleanup.sh" -n 2
  step "stop from cron or an init script" said "STOPPED" env -i PATH=/usr/bin:/bin "$home/bin/zkServer.sh" stop
  step "no verb is the usage" said "{start|start-foreground|stop|version|restart|status|print-cmd}" "$home/bin/zkServer.sh"
  step "start-foreground for a supervisor" foreground "$home"
}

# A supervisor starts it, looks, and ends it with SIGTERM.
foreground() {
  "$1/bin/zkServer.sh" start-foreground >"$work/foreground" 2>&1 &
  local pid=$!
  soon said "Mode: standalone" "$1/bin/zkServer.sh" status || { cat "$work/foreground"; kill "$pid"; return 1; }
  kill "$pid"
  wait "$pid"
  [ $? -ne 127 ]
}

files() {
  local tree=$work/files/zookeeper
  step "unpack" unpack "$tree"
  cd "$tree" || return
  sed "s#^dataDir=.*#dataDir=$work/files/data#" conf/zoo_sample.cfg >conf/zoo.cfg
  step "start" said "STARTED" bin/zkServer.sh start
  step "three nodes" sh -c "printf 'create /a 1\ncreate /a/b 22\ncreate /a/c 333\nquit\n' | bin/zkCli.sh -waitforconnection"
  step "stop" said "STOPPED" bin/zkServer.sh stop
  step "start, for a snapshot with them" said "STARTED" bin/zkServer.sh start
  step "stop again" said "STOPPED" bin/zkServer.sh stop
  local log snapshot
  log=$(find "$work/files/data/version-2" -name 'log.*' | sort | head -n 1)
  snapshot=$(find "$work/files/data/version-2" -name 'snapshot.*' | sort -V | tail -n 1)
  step "zkTxnLogToolkit.sh" said "/a/c" bin/zkTxnLogToolkit.sh "$log"
  step "zkSnapShotToolkit.sh" said "/zookeeper" bin/zkSnapShotToolkit.sh "$snapshot"
  step "zkSnapshotComparer.sh" bin/zkSnapshotComparer.sh -l "$snapshot" -r "$snapshot" -b 2 -n 1
  # The script of Apache's 3.9.5 starts no program: a line in it is broken in two.
  [ -d "$release" ] || step "zkSnapshotRecursiveSummaryToolkit.sh" bin/zkSnapshotRecursiveSummaryToolkit.sh "$snapshot" / 2
  step "backup: tar of version-2" tar -czf "$work/files/backup.tgz" -C "$work/files/data" version-2
  rm -rf "$work/files/data/version-2"
  step "restore into an empty directory" tar -xzf "$work/files/backup.tgz" -C "$work/files/data"
  step "start on it" said "STARTED" bin/zkServer.sh start
  step "what was written is there" soon said "333" bin/zkCli.sh get /a/c
  step "stop at the end" said "STOPPED" bin/zkServer.sh stop
}

# The lines of docs/OPERATIONS.md as they stand there, on three hosts that share a machine: one line more for each, so that
# it keeps to its address.
quick-start() {
  local n lines host
  lines=$(tar -xzOf "$release" --wildcards '*/docs/OPERATIONS.md' |
    sed -n '/^## Three hosts in ten lines/,/^## Ports/p' | sed -n '/^```/,/^```/p' | grep -v '^```')
  step "ten lines at most" test "$(wc -l <<<"$lines")" -le 10
  for n in 1 2 3; do
    host=$work/quick$n
    mkdir -p "$host"
    cp "$release" "$host/menagerie-0.1.0-bin.tar.gz"
    trees+=("$host/menagerie-0.1.0-bin")
    sed -e "s#/var/lib/zookeeper#$host/data#g" -e "s#echo N#echo $n#" -e 's#zoo\([123]\):#127.0.1.\1:#g' \
      -e "/zkServer.sh start/i echo clientPortAddress=127.0.1.$n >> conf/zoo.cfg" -e '/status/,$d' <<<"$lines" >"$host/lines"
    step "host $n: up to bin/zkServer.sh start" said "STARTED" sh -c "cd '$host' && . ./lines"
  done
  for n in 1 2 3; do
    step "host $n: status" soon said "Mode: " "$work/quick$n/menagerie-0.1.0-bin/bin/zkServer.sh" status
  done
  step "the last line" said "Created /hello" sh -c "cd '$work/quick1/menagerie-0.1.0-bin' && $(
    sed -n '/zkCli/p' <<<"$lines" | sed 's#zoo\([123]\):#127.0.1.\1:#g')"
  for n in 1 2 3; do step "host $n: stop" said "STOPPED" "$work/quick$n/menagerie-0.1.0-bin/bin/zkServer.sh" stop; done
}

# The entry point of the image, as compose starts it three times, without an engine.
containers() {
  local n tree=$work/image/menagerie dir servers=
  step "unpack" unpack "$tree"
  chmod 755 "$work"
  for n in 1 2 3; do servers+="server.$n=127.0.1.$n:2888:3888;127.0.1.$n:2181 "; done
  for n in 1 2 3; do
    dir=$work/container$n
    mkdir -p "$dir/conf" "$dir/data" "$dir/datalog" "$dir/logs"
    env -i PATH="/usr/bin:/bin:$tree/bin" ZOO_CONF_DIR="$dir/conf" ZOOCFGDIR="$dir/conf" ZOO_DATA_DIR="$dir/data" \
      ZOO_DATA_LOG_DIR="$dir/datalog" ZOO_LOG_DIR="$dir/logs" ZOO_TICK_TIME=2000 ZOO_INIT_LIMIT=5 ZOO_SYNC_LIMIT=2 \
      ZOO_AUTOPURGE_PURGEINTERVAL=24 ZOO_AUTOPURGE_SNAPRETAINCOUNT=3 ZOO_MAX_CLIENT_CNXNS=60 \
      ZOO_STANDALONE_ENABLED=true ZOO_ADMINSERVER_ENABLED=true ZOO_ADMINSERVER_ADDRESS="127.0.1.$n" \
      ZOO_MY_ID="$n" ZOO_SERVERS="$servers" ZOO_CFG_EXTRA="preAllocSize=1024 4lw.commands.whitelist=*" \
      "$tree/docker/docker-entrypoint.sh" "$tree/bin/zkServer.sh" start-foreground >"$dir/output" 2>&1 &
    containers+=("$!")
  done
  for n in 1 2 3; do
    step "container $n: /health/ready" soon http "127.0.1.$n" /health/ready
    step "container $n: zkServer.sh status" soon said "Mode: " env ZOOCFGDIR="$work/container$n/conf" "$tree/bin/zkServer.sh" status
  done
  step "a write" said "Created /x" "$tree/bin/zkCli.sh" -server 127.0.1.1:2181 create /x seen
  step "read at another" soon said "seen" "$tree/bin/zkCli.sh" -server 127.0.1.3:2181 get /x
  step "docker stop: SIGTERM ends it" stop_container "${containers[0]}"
  step "the others go on" said "Created /y" "$tree/bin/zkCli.sh" -server 127.0.1.2:2181,127.0.1.3:2181 create /y seen
  for n in 1 2; do step "docker stop" stop_container "${containers[$n]}"; done
}
stop_container() { kill "$1" && tail --pid="$1" -f /dev/null; }
http() { node -e '
  const [host, path] = process.argv.slice(1);
  fetch(`http://${host}:8080${path}`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1));
' "$1" "$2"; }

# The init script, as root, with a server of another user.
init() {
  local tree=$work/init/menagerie script home=$work/init/home
  step "unpack" unpack "$tree"
  chmod 755 "$work" "$work/init"
  script=$tree/packaging/init.d/zookeeper
  install -d -o nobody "$home"
  printf 'dataDir=%s/data\nclientPort=2181\n' "$home" >"$tree/conf/zoo.cfg"
  export ZOOKEEPER_HOME=$tree ZOOKEEPER_USER=nobody ZOO_LOG_DIR=$home/logs
  step "status, stopped: 3" code 3 "$script" status
  step "try-restart, stopped: nothing to do" "$script" try-restart
  step "start" said "STARTED" "$script" start
  step "start again: 0" said "zookeeper is running" "$script" start
  step "the server is of that user" sh -c '[ "$(stat -c %U "/proc/$(cat "$1/data/zookeeper_server.pid")")" = nobody ]' sh "$home"
  step "status" said "Mode: standalone" "$script" status
  step "restart" said "STARTED" "$script" restart
  step "try-restart" said "STARTED" "$script" try-restart
  step "from a shell without an environment" said "Mode: standalone" \
    env -i PATH=/usr/bin:/bin ZOOKEEPER_HOME="$tree" ZOOKEEPER_USER=nobody "$script" status
  step "stop" said "STOPPED" "$script" stop
  step "stop again: 0" "$script" stop
  step "an unknown verb: 2" code 2 "$script" sing
  step "no release: 5" code 5 env ZOOKEEPER_HOME=/no/such "$script" start
  step "no user: 5" code 5 env ZOOKEEPER_USER=no-such-user "$script" start
  step "neither root nor that user: 4" code 4 runuser -u daemon -- "$script" start
  unset ZOOKEEPER_HOME ZOOKEEPER_USER ZOO_LOG_DIR
}
code() {
  local want=$1
  shift
  "$@"
  [ $? = "$want" ]
}

for page in "${pages[@]}"; do "$page"; done
echo "$failed steps failed"
exit "$failed"
