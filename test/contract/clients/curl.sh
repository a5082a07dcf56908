#!/bin/sh
# Does what people do with curl. Usage: curl.sh BASE APPID SECRET_ID SECRET_KEY MODE PICTURE URL; prints the status and the body.
set -eu
base=$1 appid=$2 secret_id=$3 secret_key=$4 mode=$5 picture=$6 url=$7

now=$(date +%s)
plain="a=$appid&k=$secret_id&e=$((now + 600))&t=$now&r=$now"
digest_and_plain() {
  printf %s "$plain" | openssl dgst -sha1 -hmac "$secret_key" -binary
  printf %s "$plain"
}
sign=$(digest_and_plain | base64 | tr -d '\n')

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
body=$folder/body.json
printf '{"appid":"%s","image":"%s"}' "$appid" "$(base64 <"$picture" | tr -d '\n')" >"$body"

call() {
  curl -sS -k --max-time 30 -w '%{http_code} ' -o "$folder/answer" -H "Authorization: $sign" "$@" \
    "$base/face/livedetectpicture"
  cat "$folder/answer"
}
case $mode in
  multipart) call -F "appid=$appid" -F "image=@$picture" ;;
  reversed) call -F "image=@$picture;filename=;type=image/jpeg" -F "appid=$appid" ;;
  expect) call -H 'Expect: 100-continue' -F "appid=$appid" -F "image=@$picture" ;;
  http10) call --http1.0 -F "appid=$appid" -F "image=@$picture" ;;
  json) call -H 'Content-Type: application/json' --data-binary "@$body" ;;
  quoted) call -H 'Content-Type: "application/json"' --data-binary "@$body" ;;
  chunked) call -H 'Content-Type: application/json' -H 'Transfer-Encoding: chunked' --data-binary "@$body" ;;
  url) call -H 'Content-Type: application/json' -d "{\"appid\":\"$appid\",\"url\":\"$url\"}" ;;
  hosts)
    # As with an entry in the hosts file and a private certificate authority: the old name, checked against CA.
    port=${base##*:}
    name=recognition.image.myqcloud.com
    curl -sS --max-time 30 -w '%{http_code} ' -o "$folder/answer" -H "Authorization: $sign" \
      --resolve "$name:$port:127.0.0.1" --cacert "$CA" -F "appid=$appid" -F "image=@$picture" \
      "https://$name:$port/face/livedetectpicture"
    cat "$folder/answer"
    ;;
  large) head -c 7000000 /dev/zero | call -H 'Content-Type: application/json' --data-binary @- ;;
  form) call -d "appid=$appid" ;;
  *) exit 2 ;;
esac
