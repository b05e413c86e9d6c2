#!/usr/bin/env bash
# A PostgreSQL for tests, thrown away afterwards: no fsync, trusts everybody on the loopback.
#   postgres.sh start DIR     prints its URL; DIR is made when missing, and its data are used again when not
#   postgres.sh stop DIR      a fast shutdown, connections are cut; DIR stays
#   postgres.sh restart DIR   the same, then start on the same port; prints the URL
#   postgres.sh kill DIR      as a crash: KILL to the server's own process
set -eu -o pipefail

usage() { sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# = 2 ] || usage
action=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
if [ -z "$bin" ] && command -v pg_ctl >/dev/null; then bin=$(dirname "$(command -v pg_ctl)"); fi
if [ -z "$bin" ]; then echo "no PostgreSQL server in /usr/lib/postgresql/*/bin: apt-get install postgresql" >&2; exit 1; fi

# The server refuses to run as root.
as_server() {
  if [ "$(id -u)" != 0 ]; then "$@"
  elif command -v runuser >/dev/null; then (cd / && runuser -u postgres -- "$@")
  else (cd / && su postgres -s /bin/bash -c "$(printf '%q ' "$@")"); fi
}

server_pid() { head -n 1 "$dir/data/postmaster.pid" 2>/dev/null || true; }

stop() {
  [ -z "$(server_pid)" ] || as_server "$bin/pg_ctl" -D "$dir/data" -m fast -w -t 30 -s stop >/dev/null || true
}

start() {
  if [ ! -e "$dir/data/PG_VERSION" ]; then
    [ "$(id -u)" != 0 ] || chown postgres "$dir"
    as_server "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/initdb.log"
    as_server tee -a "$dir/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
fsync = off
full_page_writes = off
synchronous_commit = off
max_connections = 200
shared_buffers = 128MB
max_wal_size = 4GB
autovacuum_naptime = 5s
CONF
  fi
  local socket=$dir # a socket's path has at most 107 bytes
  [ ${#dir} -le 80 ] || socket=
  local try port
  for try in 1 2 3 4 5 6 7 8; do
    # The port of an earlier start again, so that clients find the server where it was.
    port=$(cat "$dir/port" 2>/dev/null || echo $((20000 + RANDOM % 12000)))
    if [ ! -e "$dir/port" ] && (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue; fi
    if as_server "$bin/pg_ctl" -D "$dir/data" -l "$dir/data/server.log" -w -t 30 -s \
        -o "-p $port -c unix_socket_directories='$socket'" start >/dev/null 2>&1 </dev/null; then
      echo "$port" >"$dir/port"
      echo "postgres://postgres@127.0.0.1:$port/postgres"
      return
    fi
    sleep 0.2
  done
  echo "PostgreSQL did not start:" >&2
  tail -n 20 "$dir/data/server.log" >&2
  exit 1
}

case $action in
  start) start ;;
  stop) stop ;;
  restart) stop; start ;;
  kill)
    pid=$(server_pid)
    [ -n "$pid" ] || exit 0
    kill -9 "$pid"
    # Its children end by themselves and let go of the shared memory that a new server needs.
    while pgrep -P "$pid" >/dev/null 2>&1 || kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
    sleep 0.3
    as_server rm -f "$dir/data/postmaster.pid"
    ;;
  *) usage ;;
esac
