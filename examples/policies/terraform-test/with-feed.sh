#!/usr/bin/env bash
# Runs the tests in tests-with-feed against a made-up feed, and stops the feed whether they pass or not.
# ENGINE is terraform or tofu; FAKEAPI is the command of the feed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

work=$(mktemp -d)
"${FAKEAPI:-fakeapi}" -for 10m -url-file "$work/url" -key made-up \
  -activities 0 -feed tests-with-feed/feed.jsonl 2>"$work/log" &
feed=$!
trap 'kill "$feed" 2>/dev/null || true; rm -rf "$work"' EXIT
until [[ -s $work/url ]]; do
  kill -0 "$feed" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
  sleep 0.1
done

export ANTHROPIC_COMPLIANCE_API_KEY=made-up ANTHROPIC_COMPLIANCE_BASE_URL
ANTHROPIC_COMPLIANCE_BASE_URL=$(<"$work/url")
"${ENGINE:-terraform}" init -input=false -test-directory=tests-with-feed
"${ENGINE:-terraform}" test -test-directory=tests-with-feed
