#!/usr/bin/env bash
# ./round.sh COMMAND... pipes what is new into the command, as a JSON array, and moves the position if that succeeds.
set -euo pipefail

: "${1:?a command that takes the report on its standard input}"
engine=${ENGINE:-terraform}
umask 077 # the plan holds what was read, addresses included
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Null the first time. A state that can't be read ends the script: that must not look like the first time.
"$engine" output -json | jq '{position: .position.value}' >"$work/position.tfvars.json"
"$engine" plan -input=false -var-file="$work/position.tfvars.json" -out="$work/round.tfplan" >&2

# Report first, then move the position: a round that ends in between is reported again.
"$engine" show -json "$work/round.tfplan" | jq '.planned_values.outputs.new.value' | "$@"
"$engine" apply -input=false "$work/round.tfplan" >&2
