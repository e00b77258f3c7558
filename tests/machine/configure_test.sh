#!/bin/sh
# The product is configured without what only tests need, a warning ends no user's build, and tests that are turned on in the
# same folder change no command of the product: ./run and ./test take turns without building anew.
set -eu
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
commands() { ninja -C "$folder" -t commands penstock_exe penstock-sandbox plugins | grep -v 'cmake -S'; }

cmake --preset release -B "$folder" --no-warn-unused-cli -D PENSTOCK_TESTS=OFF -D CMAKE_DISABLE_FIND_PACKAGE_GTest=ON \
  -D CMAKE_DISABLE_FIND_PACKAGE_Python3=ON >"$folder/log" 2>&1 || {
  cat "$folder/log"
  exit 1
}
if grep -E 'CMake (Deprecation |)Warning|CMP0' "$folder/log"; then
  cat "$folder/log"
  exit 1
fi
commands >"$folder/alone"
if grep -m 1 -e -Werror "$folder/alone"; then exit 1; fi
[ "$(wc -l <"$folder/alone")" -gt 100 ]

cmake -B "$folder" -D PENSTOCK_TESTS=ON -D CMAKE_DISABLE_FIND_PACKAGE_GTest=OFF -D CMAKE_DISABLE_FIND_PACKAGE_Python3=OFF >"$folder/log" 2>&1 || {
  cat "$folder/log"
  exit 1
}
commands | diff "$folder/alone" - | head -n 20
commands | cmp "$folder/alone" -
