#!/usr/bin/env bash
# Compares what two builds of `render` make of every quote in fixtures/quotes: a change that must not change any pixel
# is proved with the program before it and the one after it.
#
#   tests/compare-builds.sh OLD NEW [sheets|stills|videos|all]     (all)
#
# Sheets and stills: every quote, built-in template and canvas size. Videos with thumbnails: every quote with each
# template in the size of phones. Prints every difference, byte by byte compared, and a count; exit status 1 if there is
# one. About a minute for the sheets and ten for all on two cores.
set -euo pipefail

[ $# -ge 2 ] || { sed -n '5p' "$0" >&2; exit 2; }
old="$(realpath "$1")" new="$(realpath "$2")" what="${3:-all}"
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder="$(mktemp -d "${TMPDIR:-/tmp}/compare-builds.XXXXXX")"
trap 'rm -rf "$folder"' EXIT

# One comparison: one EXTENSION COMMAND ARGUMENT...; both programs run it, each with an output of its own.
one() {
  local extension="$1" here status=() side; shift
  here="$(mktemp -d "$folder/one.XXXXXX")"
  for side in old new; do
    "${!side}" "$@" --quiet --output "$here/$side.$extension" >/dev/null 2>"$here/$side.err" && status+=(0) || status+=($?)
  done
  if [ "${status[0]}" != "${status[1]}" ]; then
    echo "differs: render $* (exit ${status[*]}: $(tail -n 1 "$here/new.err"))"
  elif [ "${status[0]}" = 0 ]; then
    for file in "$here"/old.*; do
      [ "$file" = "$here/old.err" ] || cmp -s "$file" "${file/\/old./\/new.}" || echo "differs: render $* (${file##*.})"
    done
  fi
  rm -rf "$here"
  echo "compared" >>"$folder/count"
}
export -f one
export folder old new

cases() {
  local quote template size
  for quote in fixtures/quotes/*.json; do
    for template in templates/quote-*; do
      template="$(basename "$template")"
      for size in 1080x1920 1080x1350 1080x1080 1920x1080; do
        case "$what" in sheets|all) printf '%s\0' "png sheet $quote -t $template --size $size" ;; esac
        case "$what" in stills|all) printf '%s\0' "png still $quote --at 1s -t $template --size $size" ;; esac
      done
      case "$what" in videos|all) printf '%s\0' "mp4 video $quote -t $template --threads 1" ;; esac
    done
  done
}

differences="$(cases | xargs -0 -P "$(nproc)" -I CASE bash -c 'one CASE')"
printf '%s\n' "${differences:-no difference}"
echo "$(wc -l <"$folder/count") comparisons, $(printf '%s' "$differences" | grep -c . || true) differences"
[ -z "$differences" ]
