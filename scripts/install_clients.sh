#!/bin/sh
# The npm modules that tests/clients needs, from its lockfile; does nothing when they are there.
set -eu
cd "$(dirname "$0")/../tests/clients"
[ -f package-lock.json ] || exit 0
[ node_modules/.package-lock.json -nt package-lock.json ] && exit 0
echo 'Installing npm modules for tests/clients'
npm ci --no-audit --no-fund --loglevel=error
