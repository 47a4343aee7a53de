#!/bin/sh
# service.sh ACTION SERVICE, whatever starts services here.
[ $# -ge 2 ] || { echo "usage: service.sh ACTION SERVICE" >&2; exit 2; }
case "$1$2" in *[!A-Za-z0-9@_.:-]*) echo "odd characters in \"$1\" or \"$2\"" >&2; exit 2 ;; esac
if command -v systemctl >/dev/null 2>&1 && [ -d /run/systemd/system ]; then
  exec systemctl "$1" -- "$2"
elif command -v service >/dev/null 2>&1; then
  exec service "$2" "$1"
elif [ -x "/etc/init.d/$2" ]; then
  exec "/etc/init.d/$2" "$1"
fi
echo "there is nothing here that starts services" >&2
exit 2
