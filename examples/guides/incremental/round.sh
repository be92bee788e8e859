#!/usr/bin/env bash
# One round: ./round.sh COMMAND... gives what is new to the command, as a JSON array, and
# moves the position if the command succeeds.
set -euo pipefail

: "${1:?a command that takes the report on its standard input}"

# The first time there are no outputs, and this is null. If the state can't be read, it ends
# here: a position that is lost must not look like the first time.
TF_VAR_position=$(terraform output -json | jq -c '.position.value')
export TF_VAR_position

trap 'rm -f round.tfplan' EXIT # it holds what was read, addresses included
terraform plan -input=false -out=round.tfplan >&2

# First tell, then move on. Should it end in between, the next round tells it again.
terraform show -json round.tfplan | jq '.planned_values.outputs.new.value' | "$@"
terraform apply -input=false round.tfplan >&2
