#!/bin/sh
# Which packages scripts/setup.sh wants, with an apt that knows what each distribution has.
set -eu
cd "$(dirname "$0")/../.."
fakes=$(mktemp -d)
trap 'rm -rf "$fakes"' EXIT
failed=0
. scripts/setup.sh

# fake PROGRAM: standard input is what it does.
fake() {
  { echo '#!/bin/sh'; cat; } >"$fakes/$1"
  chmod 755 "$fakes/$1"
}

# expect WHAT WANTED GOT
expect() {
  [ "$2" = "$3" ] && return 0
  printf '%s: wanted "%s", got "%s"\n' "$1" "$2" "$3"
  failed=1
}

PATH=$fakes:$PATH

# distribution | candidate of libboost-dev | the versions there are | the package wanted
while IFS='|' read -r name candidate versions wanted; do
  fake apt-cache <<FAKE
case \$1 in
  policy) [ -z "$candidate" ] || printf 'libboost-dev:\n  Installed: (none)\n  Candidate: $candidate\n' ;;
  pkgnames) for version in $versions; do echo libboost\$version-dev; echo libboost\$version-doc; done ;;
esac
FAKE
  expect "Boost of $name" "$wanted" "$(boost_package)"
done <<'CASES'
Debian 12|1.74.0.3|1.81 1.74|libboost1.81-dev
Debian 13|1.83.0.2+b2|1.88 1.83|libboost-dev
Ubuntu 24.04|1.83.0.1ubuntu2|1.74 1.83|libboost-dev
a distribution that is ahead|1.100.0|1.100|libboost-dev
a default that is old, two that are new|1.74.0|1.90 1.74 1.83|libboost1.83-dev
one that has only old ones|1.74.0.3|1.74 1.67|
no lists yet||
CASES

# Nothing is installed by who is not root, or does not want it; the command is complete, and names no word of ours.
fake dpkg-query <<'FAKE'
exit 1
FAKE
fake apt-cache <<'FAKE'
[ "$1" != pkgnames ] || echo libboost1.81-dev
FAKE
fake apt-get <<'FAKE'
echo "apt-get was run"
FAKE
has_boost() { return 1; }
code=0
told=$(PENSTOCK_NO_INSTALL=1 && install_packages boost zlib1g-dev 2>&1) || code=$?
expect 'exit code without root' 69 "$code"
expect 'what is printed' 'Missing packages. Run as root:
  apt-get update && apt-get install -y --no-install-recommends --no-remove libboost1.81-dev zlib1g-dev ' "$told"

# A conflict with what is installed is left to its owner, and named.
fake apt-get <<'FAKE'
case $1 in install) echo 'E: Packages need to be removed but remove is disabled.'; exit 100 ;; esac
FAKE
fake id <<'FAKE'
echo 0
FAKE
code=0
told=$(install_packages boost 2>&1) || code=$?
expect 'exit code of a conflict' 69 "$code"
case $told in
  *'apt-get install -s libboost1.81-dev'*) ;;
  *) expect 'what is told of a conflict' 'the command that shows it' "$told" ;;
esac

# What the product needs names no version, and nothing of the tests.
expect 'versions in names' '' "$(printf '%s\n' $packages_build $packages_test $packages_fuzz | grep -E '[0-9][.][0-9]' || true)"
exit $failed
