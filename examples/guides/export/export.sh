#!/usr/bin/env bash
# ./export.sh DAY prints the activities of a day (2026-04-10, in UTC), a line of JSON each. What was read is kept in a
# plan file that only this user can read and that is removed at the end, and in no state. ENGINE is terraform or
# tofu. Run init once before.
set -euo pipefail

: "${1:?a day, such as 2026-04-10}"
umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${ENGINE:-terraform}" plan -input=false -lock=false -var="day=$1" -out="$work/export.tfplan" >&2
"${ENGINE:-terraform}" show -json "$work/export.tfplan" | jq -r '.planned_values.outputs.records.value[]'
