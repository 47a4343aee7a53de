#!/bin/sh
# The load averages divided by the number of processors.
cpus=$(grep -c '^processor' /proc/cpuinfo)
read -r one five fifteen rest </proc/loadavg || exit 2
per_cpu() { awk -v load="$1" -v cpus="${cpus:-1}" 'BEGIN { printf "%.4f", load / (cpus > 0 ? cpus : 1) }'; }
case "${1:-all}" in
1 | one) per_cpu "$one" ;;
5 | five) per_cpu "$five" ;;
15 | fifteen) per_cpu "$fifteen" ;;
*) printf '{"1": "%s", "5": "%s", "15": "%s"}' "$(per_cpu "$one")" "$(per_cpu "$five")" "$(per_cpu "$fifteen")" ;;
esac
echo
