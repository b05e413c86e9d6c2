#!/usr/bin/env bash
# A PgBouncer before a PostgreSQL for tests, in transaction mode: every transaction may get another connection of the
# server, in turn, and Debian's version keeps no prepared statements.
#   pgbouncer.sh start DIR URL   prints the URL that goes through it, for a server of postgres.sh
#   pgbouncer.sh stop DIR        ends it; fine when there is none
# The program is QUOTEREEL_TEST_PGBOUNCER_PROGRAM, or else `pgbouncer` of the PATH or /usr/sbin.
set -eu -o pipefail

usage() { sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
mkdir -p "$2"
dir=$(cd "$2" && pwd)

# It refuses to run as root.
as_server() {
  if [ "$(id -u)" != 0 ]; then "$@"
  elif command -v runuser >/dev/null; then (cd / && runuser -u postgres -- "$@")
  else (cd / && su postgres -s /bin/bash -c "$(printf '%q ' "$@")"); fi
}

stop() {
  [ -e "$dir/pid" ] || return 0
  local pid; pid=$(cat "$dir/pid")
  # The number may be somebody else's by now.
  if [ -r "/proc/$pid/cmdline" ] && tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF -- "$dir/pgbouncer.ini"; then
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
  fi
  rm -f "$dir/pid"
}

start() {
  local program=${QUOTEREEL_TEST_PGBOUNCER_PROGRAM:-$(command -v pgbouncer || ls /usr/sbin/pgbouncer 2>/dev/null || true)}
  [ -n "$program" ] || { echo "no PgBouncer: apt-get install pgbouncer" >&2; exit 1; }
  local rest=${1#*://*@} server port
  server=${rest%%/*}
  [ "$(id -u)" != 0 ] || chown postgres "$dir"
  echo '"postgres" ""' >"$dir/users.txt"
  for _ in 1 2 3 4 5 6 7 8; do
    port=$((20000 + RANDOM % 12000))
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue; fi
    cat >"$dir/pgbouncer.ini" <<CONF
[databases]
* = host=${server%:*} port=${server#*:}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = trust
auth_file = $dir/users.txt
pidfile = $dir/pid
logfile = $dir/log
pool_mode = transaction
server_round_robin = 1
default_pool_size = 4
max_client_conn = 1000
server_idle_timeout = 5
CONF
    chmod 644 "$dir"/pgbouncer.ini "$dir"/users.txt
    as_server "$program" -q -d "$dir/pgbouncer.ini" >"$dir/out" 2>&1 </dev/null || continue
    for _ in $(seq 100); do
      if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
        echo "${1%%://*}://postgres@127.0.0.1:$port/${rest#*/}"
        return
      fi
      sleep 0.05
    done
    stop
  done
  echo "PgBouncer did not start:" >&2
  tail -n 20 "$dir/out" "$dir/log" >&2 || true
  exit 1
}

case $1 in
  start) [ $# = 3 ] || usage; start "$3" ;;
  stop) stop ;;
  *) usage ;;
esac
