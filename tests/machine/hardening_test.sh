#!/bin/sh
# hardening_test.sh FILE...: the executable and the plugins of a Release build have what cmake/PenstockHardening.cmake asks for.
set -u
failed=0

# has FILE WHAT READELF_OPTIONS WORDS: a line of what readelf says of the file has the words.
has() {
  readelf -W $3 "$1" 2>/dev/null | grep -qE -- "$4" && return
  echo "$1 has no $2" >&2
  failed=1
}

for file in "$@"; do
  has "$file" 'read-only relocations (-z relro)' -l 'GNU_RELRO'
  has "$file" 'early binding (-z now)' -d 'BIND_NOW|FLAGS_1.*NOW'
  has "$file" 'non-executable stack' -l 'GNU_STACK +[x0-9a-f ]+ RW +0'
  has "$file" 'stack protector' --dyn-syms '__stack_chk_fail'
  has "$file" 'position-independent code' -h 'Type: +DYN'
  case $file in
    *.so) ;;
    *)
      has "$file" 'position-independent code' -d 'FLAGS_1.*PIE'
      has "$file" 'checked functions of the C library (_FORTIFY_SOURCE)' --dyn-syms '__[a-z]+_chk'
      has "$file" 'checked containers (_GLIBCXX_ASSERTIONS)' --dyn-syms '__glibcxx_assert_fail' ;;
  esac
done
exit $failed
