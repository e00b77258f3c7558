#!/bin/sh
# headers.sh INCLUDE LAYOUT COMPILER...: each SDK header compiles as the only include of a file, without warnings, in every language
# standard that a plugin may be built with: so each includes what it needs, and its static_asserts hold.
# The C header is for C11 and later and C++17 and later, the others for C++20 and later. LAYOUT pins the C header's structs.
include=$1; layout=$2; shift 2
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
failed=0; compiled=0

# compile COMPILER LANGUAGE STANDARD FILE WHAT [FLAG]
compile() {
  compiled=$((compiled + 1))
  "$1" -x "$2" "-std=$3" -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$include" $6 "$4" && return
  echo "$1 -std=$3: $5 does not compile" >&2
  failed=1
}

# check COMPILER LANGUAGE STANDARD HEADER
check() {
  printf '#include <penstock/sdk/%s>\n' "$4" > "$folder/alone"
  compile "$1" "$2" "$3" "$folder/alone" "penstock/sdk/$4 alone"
}

for compiler in "$@"; do
  command -v "$compiler" > /dev/null || continue
  for path in "$include"/penstock/sdk/*.h; do
    for standard in c11 c17; do check "$compiler" c "$standard" "${path##*/}"; done
    for standard in c++17 c++20; do check "$compiler" c++ "$standard" "${path##*/}"; done
  done
  for standard in c11 c17; do compile "$compiler" c "$standard" "$layout" "the layout"; done
  for standard in c++17 c++20; do
    compile "$compiler" c++ "$standard" "$layout" "the layout" -D_Static_assert=static_assert
  done
  for path in "$include"/penstock/sdk/*.hpp; do check "$compiler" c++ c++20 "${path##*/}"; done
done
[ "$compiled" -gt 0 ] || { echo "none of these compilers is here: $*" >&2; exit 1; }
exit "$failed"
