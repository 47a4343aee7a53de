#!/bin/sh
# check_processes.sh state|name|pid CRITERIA [pidlist]
search=$1
criteria=$2
ps -e -o pid=,stat=,args= | awk -v search="$search" -v criteria="$criteria" -v own=$$ -v list="${3:-}" '
  BEGIN { first = 1; if (list != "pidlist") printf "[" }
  {
    pid = $1; stat = $2; name = $0
    sub(/^ *[0-9]+ +[^ ]+ +/, "", name)
    if (pid == own || name ~ /check_processes\.sh/) next
    hit = search == "pid" ? pid == criteria : (search == "state" ? substr(stat, 1, 1) ~ ("^(" criteria ")$") : name ~ criteria)
    if (!hit) next
    if (list == "pidlist") { printf "%s%s", first ? "" : " ", pid; first = 0; next }
    gsub(/\\/, "\\\\", name); gsub(/"/, "\\\"", name); gsub(/[\001-\037]/, " ", name)
    printf "%s{\"pid\": \"%s\", \"state\": \"%s\", \"name\": \"%s\"}", first ? "" : ", ", pid, substr(stat, 1, 1), name
    first = 0
  }
  END { if (list != "pidlist") printf "]"; printf "\n" }'
