#!/bin/sh
# Writes one file per site, checks the whole configuration, loads it; puts back what was there when the check fails.
set -eu
fqdn=$1 host=$2 command=$3 directory=$4 config=$5 template=$6
PATH=$PATH:/usr/sbin:/sbin
refuse() { echo "$1" >&2; exit 2; }
for word in "$fqdn" "$host" "$command" "$template"; do
  case $word in '' | *[!A-Za-z0-9._-]*) refuse "expected letters, digits, . _ and -: $word" ;; esac
done
file=$directory/$fqdn.cfg
old=
if [ -e "$file" ]; then
  old=$(mktemp)
  cp "$file" "$old"
fi
printf 'define service {\n  use %s\n  host_name %s\n  service_description HTTP %s\n  check_command %s!%s\n}\n' \
  "$template" "$host" "$fqdn" "$command" "$fqdn" >"$file"
if [ -n "$old" ] && cmp -s "$old" "$file"; then
  rm -f "$old"
  echo "unchanged $file"
  exit 0
fi
if ! said=$(nagios4 -v "$config" 2>&1); then
  if [ -n "$old" ]; then mv "$old" "$file"; else rm -f "$file"; fi
  printf '%s\n' "$said" | grep -i error >&2 || true
  refuse "Nagios does not take it; nothing was changed"
fi
rm -f "$old"
pid=$(sed -n 's/^lock_file *= *//p' "$config")
kill -HUP "$(cat "$pid")"
echo "added $file"
