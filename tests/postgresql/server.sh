#!/bin/sh
# A PostgreSQL server of a test's own, on a socket in FOLDER: `server.sh start|stop|resume|disconnect FOLDER`, `server.sh sql FOLDER STATEMENTS`.
# `start` prints its URL. As root the server runs as postgres, which Debian's package has made.
set -eu
bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
as_user() {
  if [ "$(id -u)" -eq 0 ]; then setpriv --reuid=postgres --regid=postgres --init-groups "$@"; else "$@"; fi
}
folder=$2
case $1 in
  start)
    mkdir -p "$folder"
    [ "$(id -u)" -ne 0 ] || chown postgres "$folder"
    cd "$folder"
    as_user "$bin/initdb" -D "$folder/data" -U penstock -A trust -E UTF8 --locale=C --no-sync >"$folder/log" 2>&1
    as_user "$bin/pg_ctl" -D "$folder/data" -w -l "$folder/data/log" \
      -o "-k $folder -c listen_addresses= -c max_connections=50" start >>"$folder/log" 2>&1
    printf 'postgresql:///postgres?host=%s&user=penstock\n' "$folder"
    ;;
  stop) cd "$folder" && as_user "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >>"$folder/log" 2>&1 ;;
  resume) cd "$folder" && as_user "$bin/pg_ctl" -D "$folder/data" -w -l "$folder/data/log" \
    -o "-k $folder -c listen_addresses= -c max_connections=50" start >>"$folder/log" 2>&1 ;;
  sql) "$bin/psql" -q -v ON_ERROR_STOP=1 -h "$folder" -U penstock postgres -c "$3" >/dev/null ;;
  disconnect) "$bin/psql" -q -h "$folder" -U penstock postgres -c "SELECT pg_terminate_backend(pid)
    FROM pg_stat_activity WHERE application_name = 'penstock'" >/dev/null ;;
esac
