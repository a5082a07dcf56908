#!/usr/bin/env bash
# Runs inside a booted systemd, as root: starts livestill.service and writes what it finds to /check/out, one "name=value" a line.
set -u
tell() { printf '%s=%s\n' "$1" "$2" >>/check/out/facts; }
data=/var/lib/livestill
useradd --system --home-dir $data --shell /usr/sbin/nologin livestill
systemctl daemon-reload
systemctl start livestill.service
tell start "$?"
for _ in $(seq 300); do
  curl --silent --fail --output /dev/null http://127.0.0.1:8788/readyz && break
  sleep 0.2
done
tell ready "$(curl --silent --output /dev/null --write-out '%{http_code}' http://127.0.0.1:8788/readyz)"
main=$(systemctl show --property MainPID --value livestill.service)
tell user "$(stat --format %U "/proc/$main")"
tell data "$(stat --format '%U %a' $data)"
keys=$(echo $data/first-app-*.txt)
tell keys "$(stat --format '%U %a' "$keys")"
tell keysInJournal "$(journalctl --unit livestill.service --output cat | grep --count --fixed-strings "$(awk '/SecretKey/ { print $2 }' "$keys")")"

status() { awk -v name="$1:" '$1 == name { print $2 }' "/proc/$main/status"; }
tell noNewPrivileges "$(status NoNewPrivs)"
tell seccomp "$(status Seccomp)"
tell capabilities "$(status CapEff)$(status CapBnd)"
for property in MemoryMax TasksMax ProtectSystem PrivateTmp; do
  tell "$property" "$(systemctl show --property "$property" --value livestill.service)"
done
# What the kernel enforces, where this container has the controller.
tell memoryController "$(grep --quiet --word-regexp memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null && echo yes || echo no)"
tell memoryLimit "$(cat "/sys/fs/cgroup$(awk -F: '$1 == 0 { print $3 }' "/proc/$main/cgroup")/memory.max" 2>/dev/null)"
# As the service sees the file system; root itself would be refused there.
in_service() { nsenter --target "$main" --mount -- "$@" >/dev/null 2>&1; }
for place in /etc /usr /opt/livestill /var/lib; do
  in_service touch "$place/written" && tell written "$place"
done
in_service touch $data/written && tell written $data
rm -f $data/written
touch /tmp/of-others
in_service test -e /tmp/of-others && tell sees /tmp
in_service ls /root/. && [ -n "$(nsenter --target "$main" --mount -- ls -A /root)" ] && tell sees /root

sign=$(awk '/^curl/' "$keys" | grep --only-matching "'Authorization: [^']*'" | tr -d "'")
appid=$(awk '/appid/ { print $2; exit }' "$keys")
judge() { curl --silent --output "$1" --write-out '%{http_code}' --header "$sign" --form "appid=$appid" --form image=@/check/face.jpg "${@:2}" http://127.0.0.1:8787/face/livedetectpicture; }
tell judged "$(judge /check/out/first.json)"
systemctl reload livestill.service
tell reload "$? $(systemctl is-active livestill.service)"

# Stopped while a body is on its way: it is judged, answered and recorded before the process ends.
judge /check/out/last.json --limit-rate 70k >/check/out/last &
sleep 0.7
systemctl stop livestill.service
wait
tell drained "$(cat /check/out/last)"
tell result "$(systemctl show --property Result --value livestill.service) $(systemctl show --property ExecMainStatus --value livestill.service)"
journalctl --unit livestill.service --output cat >/check/out/journal
tell end yes
