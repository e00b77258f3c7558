#!/bin/bash
# Compares the CPU time per call of Penstock (envelope call: check, sign, verified TLS, JSON check, wrap) with nginx as a
# plain TLS reverse proxy, in one run with interleaved rounds. Prints medians. Needs nginx, wrk, openssl and build/release.
#   bench/passthrough.sh [ROUNDS=5] [SECONDS=2] [CONNECTIONS=64]
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-5} seconds=${2:-2} connections=${3:-64}
bin=$PWD/build/release/bin
folder=$(mktemp -d)
children=()
finish() {
  for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$folder"
}
trap finish EXIT

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=bench-ca \
  -keyout "$folder/ca.key" -out "$folder/ca.pem" 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=api.hibob.com \
  -keyout "$folder/leaf.key" -out "$folder/leaf.csr" 2>/dev/null
openssl x509 -req -in "$folder/leaf.csr" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" -CAcreateserial -days 2 \
  -extfile <(echo subjectAltName=DNS:api.hibob.com) -out "$folder/leaf.pem" 2>/dev/null
python3 - "$folder/body.json" <<'PY'
import json, sys
people = []
while len(json.dumps({"employees": people})) < 1000:
    people.append({"id": str(3332883884017713000 + len(people)), "firstName": "Ada", "surname": "Lovelace", "isManager": False})
open(sys.argv[1], "w").write(json.dumps({"employees": people}))
PY

nginx_conf() {  # NAME BODY
  cat >"$folder/$1.conf" <<CONF
$([ "$(id -u)" = 0 ] && echo "user root;")
worker_processes 1;
daemon off;
pid $folder/$1.pid;
error_log $folder/$1.err;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path $folder/$1-body; proxy_temp_path $folder/$1-proxy; fastcgi_temp_path $folder/$1-f;
  uwsgi_temp_path $folder/$1-u; scgi_temp_path $folder/$1-s;
  $2
}
CONF
  nginx -c "$folder/$1.conf" &
  children+=($!)
}
nginx_conf vendor "server {
  listen 127.0.0.1:19443 ssl;
  ssl_certificate $folder/leaf.pem; ssl_certificate_key $folder/leaf.key;
  root $folder; default_type application/json;
  location / { try_files /body.json =404; }
}"
nginx_conf proxy "upstream vendor { server 127.0.0.1:19443; keepalive 512; keepalive_requests 1000000000; }
server {
  listen 127.0.0.1:18081;
  location / {
    proxy_pass https://vendor; proxy_http_version 1.1; proxy_set_header Connection ''; proxy_set_header Host api.hibob.com;
    proxy_set_header Authorization 'Basic U0VSVklDRS0wMDAxOmhpYm9i'; proxy_ssl_name api.hibob.com; proxy_ssl_server_name on;
    proxy_ssl_verify on; proxy_ssl_trusted_certificate $folder/ca.pem;
  }
}"
cat >"$folder/integrations.yaml" <<YAML
server: { listen: "127.0.0.1:18082", threads: 1, api_keys: [{ name: bench, key: bench-key }] }
plugins: { directory: $PWD/build/release/plugins }
state: $folder/state
integrations:
  - id: hibob:bench
    tool: hibob
    max_in_flight: 100000
    connection: { service_user_id: SERVICE-0001, token: hibob }
    upstream: { connect_to: "127.0.0.1:19443", ca_file: $folder/ca.pem }
YAML
"$bin/penstock" serve -c "$folder/integrations.yaml" >"$folder/penstock.log" 2>&1 &
penstock=$!
children+=("$penstock")
cat >"$folder/call.lua" <<'LUA'
wrk.method = "POST"
wrk.body = '{"method":"GET","path":"/people","params":{"limit":"10"},"headers":{"Accept":"application/json"}}'
wrk.headers["Authorization"] = "Bearer bench-key"
wrk.headers["X-Integration-Id"] = "hibob:bench"
wrk.headers["Content-Type"] = "application/json"
LUA
sleep 1.5
nginx_worker=$(pgrep -P "$(cat "$folder/proxy.pid")")

ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }
hz=$(getconf CLK_TCK)

# measure PID URL [wrk arguments]: "requests-per-second cpu-microseconds-per-call bad-answers"
measure() {
  local pid=$1 url=$2 before after out calls
  shift 2
  before=$(ticks "$pid")
  out=$(wrk -t1 -c"$connections" -d"${seconds}s" "$@" "$url")
  after=$(ticks "$pid")
  calls=$(awk '/requests in/ {print $1}' <<<"$out")
  awk -v calls="$calls" -v ticks=$((after - before)) -v hz="$hz" -v seconds="$seconds" -v bad="$(awk '/Non-2xx/ {print $NF}' <<<"$out")" \
    'BEGIN { printf "%.0f %.2f %d\n", calls / seconds, ticks * 1e6 / hz / calls, bad }'
}
measure "$nginx_worker" http://127.0.0.1:18081/people >/dev/null
measure "$penstock" http://127.0.0.1:18082/v1/passthrough/hibob/v1 -s "$folder/call.lua" >/dev/null
for _ in $(seq "$rounds"); do
  echo "nginx $(measure "$nginx_worker" http://127.0.0.1:18081/people)"
  echo "penstock $(measure "$penstock" http://127.0.0.1:18082/v1/passthrough/hibob/v1 -s "$folder/call.lua")"
done | tee "$folder/rounds"
python3 - "$folder/rounds" "$(awk '/VmRSS/ {print $2}' "/proc/$penstock/status")" <<'PY'
import statistics, sys
rows = [line.split() for line in open(sys.argv[1])]
nginx = [(float(r[1]), float(r[2])) for r in rows if r[0] == "nginx"]
penstock = [(float(r[1]), float(r[2])) for r in rows if r[0] == "penstock"]
bad = sum(int(r[3]) for r in rows)
print(f"nginx     median {statistics.median(x[0] for x in nginx):.0f} calls/s, {statistics.median(x[1] for x in nginx):.1f} us CPU per call")
print(f"penstock  median {statistics.median(x[0] for x in penstock):.0f} calls/s, {statistics.median(x[1] for x in penstock):.1f} us CPU per call, RSS {int(sys.argv[2]) // 1024} MiB")
print(f"ratio     CPU {statistics.median(p[1] / n[1] for p, n in zip(penstock, nginx)):.2f}, bad answers {bad}")
sys.exit(1 if bad else 0)
PY
