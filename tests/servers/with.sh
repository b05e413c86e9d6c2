#!/usr/bin/env bash
# Runs a command with a private PostgreSQL, a PgBouncer before it and a private SeaweedFS beside it, and ends them whatever
# happens.
#
#   with.sh cargo nextest run
#
# The command finds them in QUOTEREEL_TEST_POSTGRES (a URL whose login may create databases and roles) and
# QUOTEREEL_TEST_S3 (an endpoint) with QUOTEREEL_TEST_S3_ACCESS_KEY and QUOTEREEL_TEST_S3_SECRET_KEY. One that is set
# already is used as it is and no server is started for it. The exit status is the command's.
set -euo pipefail

[ $# -gt 0 ] || { echo "usage: with.sh COMMAND [ARGUMENT...]" >&2; exit 2; }
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
folder="$(mktemp -d "${TMPDIR:-/tmp}/quotereel-servers.XXXXXX")"
chmod 755 "$folder" # PostgreSQL does not run as root and must get at its own folder below
starting=() command_pid=

stop_all() {
  trap '' INT TERM HUP # a second Ctrl-C must not leave servers behind
  trap - EXIT
  local pid
  for pid in "${starting[@]}"; do wait "$pid" 2>/dev/null || true; done
  if [ -n "$own_s3" ]; then "$here/seaweed.sh" stop "$folder/seaweed" >&2 || true; fi
  if [ -n "$own_pgbouncer" ]; then "$here/pgbouncer.sh" stop "$folder/pgbouncer" >&2 || true; fi
  if [ -n "$own_postgres" ]; then "$here/postgres.sh" stop "$folder/postgres" >&2 || true; fi
  rm -rf "$folder"
}

# A signal goes on to the command, whose end then ends this script; without a command it ends at once.
pass_on() {
  signalled=$((128 + $2))
  if [ -n "$command_pid" ]; then kill -s "$1" "$command_pid" 2>/dev/null || true; else exit "$signalled"; fi
}

own_s3='' own_postgres='' own_pgbouncer='' signalled=''
trap stop_all EXIT
trap 'pass_on INT 2' INT
trap 'pass_on TERM 15' TERM
trap 'pass_on HUP 1' HUP

if [ -z "${QUOTEREEL_TEST_POSTGRES:-}" ]; then
  own_postgres=yes
  mkdir -p "$folder/postgres"
  "$here/postgres.sh" start "$folder/postgres" >"$folder/postgres.url" &
  postgres_pid=$! starting+=("$!")
fi
if [ -z "${QUOTEREEL_TEST_S3:-}" ]; then
  own_s3=yes
  export QUOTEREEL_TEST_S3_ACCESS_KEY=quotereel-test QUOTEREEL_TEST_S3_SECRET_KEY=quotereel-test-secret
  mkdir -p "$folder/seaweed"
  "$here/seaweed.sh" start "$folder/seaweed" >"$folder/s3.url" &
  s3_pid=$! starting+=("$!")
fi
if [ -n "$own_postgres" ]; then
  wait "$postgres_pid" || { echo "with.sh: PostgreSQL does not start" >&2; exit 1; }
  QUOTEREEL_TEST_POSTGRES="$(tail -n 1 "$folder/postgres.url")"
fi
if [ -z "${QUOTEREEL_TEST_PGBOUNCER:-}" ]; then
  own_pgbouncer=yes
  mkdir -p "$folder/pgbouncer"
  QUOTEREEL_TEST_PGBOUNCER="$("$here/pgbouncer.sh" start "$folder/pgbouncer" "$QUOTEREEL_TEST_POSTGRES")" \
    || { echo "with.sh: PgBouncer does not start" >&2; exit 1; }
fi
if [ -n "$own_s3" ]; then
  wait "$s3_pid" || { echo "with.sh: SeaweedFS does not start" >&2; exit 1; }
  QUOTEREEL_TEST_S3="$(tail -n 1 "$folder/s3.url")"
fi
starting=()
export QUOTEREEL_TEST_POSTGRES QUOTEREEL_TEST_PGBOUNCER QUOTEREEL_TEST_S3

# In the background, because bash runs a trap only between commands. Bash takes standard input away from such commands.
"$@" <&0 &
command_pid=$!
status=0
wait "$command_pid" || status=$?
# A signal ends `wait` before the command has ended.
while kill -0 "$command_pid" 2>/dev/null; do status=0; wait "$command_pid" || status=$?; done
exit "${signalled:-$status}"
