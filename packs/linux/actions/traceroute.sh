#!/bin/sh
# traceroute.sh HOST HOPS QUERIES
case "$1" in -*) echo "\"$1\" is no machine" >&2; exit 2 ;; esac
exec traceroute -q "${3:-3}" -m "${2:-30}" "$1"
