#!/usr/bin/env bash
# One round: ./round.sh COMMAND... pipes what is new into the command, as a JSON array, and
# moves the position if the command succeeds. With BEGIN_ANEW=1 it drops a cursor that the server
# refuses, and begins at the time up to which everything has been reported. ENGINE is terraform or
# tofu. Run init once before.
set -euo pipefail

: "${1:?a command that takes the report on its standard input}"

# The first time there are no outputs, and this is null. If the state can't be read, the script
# ends here: a lost position must not look like the first time.
TF_VAR_position=$("${ENGINE:-terraform}" output -json | jq -c '.position.value')
if [[ -n ${BEGIN_ANEW-} ]]; then
  TF_VAR_start=$(jq -er .settled <<<"$TF_VAR_position") || { echo "There is no position yet: run it without BEGIN_ANEW." >&2; exit 1; }
  TF_VAR_position=$(jq -c '.last_id = null' <<<"$TF_VAR_position")
  export TF_VAR_start
fi
export TF_VAR_position

trap 'rm -f round.tfplan' EXIT # it holds what was read, addresses included
"${ENGINE:-terraform}" plan -input=false -out=round.tfplan >&2

# Report first, then move the position. If this ends in between, the next round reports it again.
"${ENGINE:-terraform}" show -json round.tfplan | jq '.planned_values.outputs.new.value' | "$@"
"${ENGINE:-terraform}" apply -input=false round.tfplan >&2
