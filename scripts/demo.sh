#!/bin/bash
# Starts the sandbox and the engine, makes one call to each API, and leaves the server running. Stops everything that it started.
set -euo pipefail
cd "$(dirname "$0")/.."
once=${1:-0}
bin=build/release/bin
config=integrations.yaml
mkdir -p build/sandbox
$bin/penstock schema -c $config >build/integrations.schema.json  # for editors; integrations.yaml refers to it
rm -f build/sandbox/log build/serve.log  # so that wait_for does not match lines of an earlier run

children=()
stop_children() {
  trap - EXIT INT TERM
  for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
  wait 2>/dev/null || true
}
trap stop_children EXIT
trap 'exit 0' INT TERM

# wait_for FILE PATTERN PID: waits until the program reports that it is ready; fails if it ends.
wait_for() {
  local tries=0
  until grep -q "$2" "$1" 2>/dev/null; do
    if ! kill -0 "$3" 2>/dev/null || [ $((tries += 1)) -gt 200 ]; then
      cat "$1" >&2
      return 1
    fi
    sleep 0.05
  done
}

$bin/penstock-sandbox --listen 127.0.0.1:9443 --ca-file build/sandbox/ca.pem >build/sandbox/log 2>&1 &
children+=($!)
wait_for build/sandbox/log listening "${children[0]}"

$bin/penstock serve -c $config >build/serve.log 2>&1 &
children+=($!)
wait_for build/serve.log listening "${children[1]}"

address=127.0.0.1:8080
key=${PENSTOCK_API_KEY:-dev-key}

printf '\n%-22s %-34s %6s %9s\n' API CALL STATUS MS
failed=0
while IFS='|' read -r api integration call body; do
  started=$(date +%s%N)
  answer=$(curl -sS -X POST "http://$address/v1/passthrough/$api" -H "Authorization: Bearer $key" \
    -H "X-Integration-Id: $integration" -H 'Content-Type: application/json' -d "$body") || answer=''
  ms=$((($(date +%s%N) - started) / 10000))
  status=$(printf '%s' "$answer" | sed -n 's/^{"status":"success","data":{"url":"[^"]*","status":\([0-9]*\).*/\1/p')
  case $status in 2*) ;; *) failed=1; printf '%s\n' "$answer" | head -c 600 >&2; echo >&2 ;; esac
  printf '%-22s %-34s %6s %6d.%02d\n' "$api" "$call" "${status:-error}" $((ms / 100)) $((ms % 100))
done <<'CALLS'
hibob/v1|hibob:acme|POST /people/search|{"method":"POST","path":"/people/search","data":{"fields":["root.id","root.fullName"]}}
workday/rest|workday:acme|GET /workers|{"method":"GET","path":"/workers","params":{"limit":"5"},"api_options":{"service_name":"staffing","version":"v6"}}
workday/custom-report|workday:acme|GET /ISU_Penstock/Headcount|{"method":"GET","path":"/ISU_Penstock/Headcount","params":{"format":"json"}}
workday/soap|workday:acme|Get_Workers|{"method":"POST","path":"/","api_options":{"service_name":"Human_Resources"},"data":"<wd:Get_Workers_Request/>"}
nmbrs/soap|nmbrs:acme|CompanyService List_GetAll|{"method":"POST","path":"/","api_options":{"service_name":"CompanyService"},"data":"<List_GetAll xmlns=\"https://api.nmbrs.nl/soap/v3/CompanyService\"/>"}
taleo/soap|taleo:acme|FindService findPartialEntities|{"method":"POST","path":"/","api_options":{"service_name":"FindService"},"data":"<ns1:findPartialEntities xmlns:ns1=\"http://www.taleo.com/ws/tee800/2009/01/find\" xmlns:q=\"http://itk.taleo.com/ws/query\"><ns1:mappingVersion>http://www.taleo.com/ws/tee800/2009/01</ns1:mappingVersion><ns1:query><q:query projectedClass=\"Candidate\"><q:projections><q:projection><q:field path=\"Number\"/></q:projection></q:projections></q:query></ns1:query><ns1:attributes/></ns1:findPartialEntities>"}
nmbrs/rest|nmbrs:rest|GET /companies|{"method":"GET","path":"/companies"}
taleo/business|taleo:business|GET /object/candidate/search|{"method":"GET","path":"/object/candidate/search","params":{"start":"1","limit":"5"}}
hroffice/soap|hroffice:acme|GetAllJobByLanguage|{"method":"POST","path":"/","api_options":{"operation_name":"GetAllJobByLanguage"},"data":"<languageId>1</languageId>"}
CALLS

if [ $failed -ne 0 ] || [ "$once" = 1 ]; then exit $failed; fi

cat <<TXT

The server listens on http://$address (configuration: $config). In another terminal, in this folder:

  export PATH="\$PWD/$bin:\$PATH" PENSTOCK_API_KEY=$key

  curl -sS http://$address/v1/passthrough/hibob/v1 \\
    -H "Authorization: Bearer \$PENSTOCK_API_KEY" -H 'X-Integration-Id: hibob:acme' \\
    -d '{"method":"POST","path":"/people/search","data":{"fields":["root.id","root.fullName"]}}'

  penstock apis workday/rest        # the API's options, connection fields, and examples to copy
  penstock call workday/rest GET /workers -i workday:acme -o servce_name=staffing   # a typing error, explained

Ctrl+C stops the server.
TXT
wait "${children[1]}"
