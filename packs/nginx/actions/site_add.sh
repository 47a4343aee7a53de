#!/bin/sh
# Writes one file per site, checks the whole configuration, loads it; puts back what was there when the check fails.
set -eu
fqdn=$1 target=$2 directory=$3 config=$4 listen=$5
PATH=$PATH:/usr/sbin:/sbin
refuse() { echo "$1" >&2; exit 2; }
case $fqdn in '' | *[!A-Za-z0-9.-]* | .* | -*) refuse "fqdn: not the name of a site: $fqdn" ;; esac
case $listen in '' | *[!0-9.:]*) refuse "listen: not an address and port: $listen" ;; esac
case $target in
  http://* | https://*)
    case $target in *[!A-Za-z0-9.:/_-]*) refuse "target: not an address: $target" ;; esac
    body="location / { proxy_pass $target; proxy_set_header Host \$host; }"
    ;;
  /*)
    case $target in *[!A-Za-z0-9./_-]*) refuse "target: not a directory: $target" ;; esac
    body="root $target;"
    ;;
  *) refuse "target: expected http://host:port or a directory: $target" ;;
esac
file=$directory/$fqdn.conf
old=
if [ -e "$file" ]; then
  old=$(mktemp)
  cp "$file" "$old"
fi
printf 'server {\n  listen %s;\n  server_name %s;\n  %s\n}\n' "$listen" "$fqdn" "$body" >"$file"
if [ -n "$old" ] && cmp -s "$old" "$file"; then
  rm -f "$old"
  echo "unchanged $file"
  exit 0
fi
if ! nginx -t -q -c "$config"; then
  if [ -n "$old" ]; then mv "$old" "$file"; else rm -f "$file"; fi
  refuse "nginx does not take it; nothing was changed"
fi
rm -f "$old"
nginx -s reload -c "$config"
echo "added $file"
