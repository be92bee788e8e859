#!/usr/bin/env bash
# ./print.sh OUTPUT [ARGUMENT...] plans the folder with the arguments and prints one of its outputs, as JSON. Nothing
# is applied, so no state holds it; the plan is a file that only this user can read, and is removed at the end.
# ENGINE is terraform or tofu. Run init once before.
set -euo pipefail

output=${1:?the name of an output}
umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${ENGINE:-terraform}" plan -input=false -lock=false "${@:2}" -out="$work/plan" >&2
"${ENGINE:-terraform}" show -json "$work/plan" |
  jq --arg name "$output" '.planned_values.outputs[$name] // error("there is no output \($name)") | .value'
