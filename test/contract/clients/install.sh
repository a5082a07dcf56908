#!/bin/sh
# Installs what the client scripts of this folder need and this machine lacks: curl, PHP with its curl extension, Python with
# requests. Needs Debian's apt-get and root; on other machines install them by hand, or the tests that need them are skipped.
set -u
missing=''
command -v curl >/dev/null 2>&1 || missing="$missing curl"
command -v openssl >/dev/null 2>&1 || missing="$missing openssl"
php -r 'exit(function_exists("curl_init") ? 0 : 1);' >/dev/null 2>&1 || missing="$missing php-cli php-curl"
python3 -c 'import requests' >/dev/null 2>&1 || missing="$missing python3 python3-requests"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "missing:$missing (apt-get and root are needed to install them here)"
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >/dev/null 2>&1
# shellcheck disable=SC2086 # a list of packages
apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1 || {
  echo "missing:$missing (apt-get could not install them)"
  exit 1
}
