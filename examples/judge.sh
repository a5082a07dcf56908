#!/bin/sh
# Judges one picture with curl alone; prints the verdict, or the code of the problem.
#
#   LIVESTILL_API_KEY=lsk_… sh examples/judge.sh selfie.jpg
set -eu

if [ -z "${LIVESTILL_API_KEY:-}" ] || [ "$#" -ne 1 ]; then
  echo 'usage: LIVESTILL_API_KEY=lsk_… sh examples/judge.sh PICTURE' >&2
  echo 'A key: npx livestill key create APPID --kind api' >&2
  exit 2
fi

# The key goes in through standard input: arguments are seen by everyone who can list processes.
answer=$(printf 'header = "Authorization: Bearer %s"\n' "$LIVESTILL_API_KEY" |
  curl --silent --show-error --config - --retry 2 \
    --header 'Content-Type: application/octet-stream' --data-binary "@$1" \
    "${LIVESTILL_URL:-http://127.0.0.1:8787}/v1/liveness")

printf '%s\n' "$answer" | grep -oE '"(verdict|code)":"[A-Za-z_]+"' | head -n 1 | cut -d '"' -f 4
