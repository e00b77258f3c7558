# Installs what is missing, and only that. Sourced by ./run, ./test and ./fuzz.
# POSIX sh; PENSTOCK_NO_INSTALL=1 only prints what would be installed.

# What the product needs, and nothing else: a machine with these alone runs ./run. The word "boost" is a package whose
# name holds a version where the distribution's own Boost is too old: see boost_package.
packages_build="ca-certificates curl cmake g++ ninja-build pkg-config ccache
boost libyaml-cpp-dev rapidjson-dev libcurl4-openssl-dev libssl-dev libexpat1-dev zlib1g-dev libbrotli-dev libzstd-dev
libsqlite3-dev libpq-dev libsodium-dev libsimdjson-dev libre2-dev libcli11-dev"
packages_test="libgtest-dev libgmock-dev python3 python3-jsonschema python3-zeep openssl binutils zstd util-linux postgresql"
packages_fuzz="clang libclang-rt-dev llvm libxml2-dev python3"

# Boost 1.81 or newer, as CMakeLists.txt asks for.
has_boost() {
  for header in /usr/local/include/boost/version.hpp /usr/include/boost/version.hpp; do
    version=$(sed -n 's/^#define BOOST_VERSION //p' "$header" 2>/dev/null)
    [ "${version:-0}" -lt 108100 ] || return 0
  done
  return 1
}

# The distribution's default Boost if it is new enough, else the oldest of the others that is (Debian 12 has 1.74 and
# 1.81, Ubuntu 24.04 1.83 and 1.74, Debian 13 1.83 and 1.88). Nothing where apt has no lists yet.
boost_package() {
  version=$(LC_ALL=C apt-cache policy libboost-dev 2>/dev/null | sed -n 's/^ *Candidate: 1\.\([0-9]*\)\..*/\1/p')
  if [ "${version:-0}" -ge 81 ]; then echo libboost-dev; return; fi
  for version in $(apt-cache pkgnames libboost1. 2>/dev/null | sed -n 's/^libboost1\.\([0-9]*\)-dev$/\1/p' | sort -n); do
    if [ "$version" -ge 81 ]; then echo "libboost1.$version-dev"; return; fi
  done
}

missing_packages() {
  for package in "$@"; do
    if [ "$package" = boost ]; then
      has_boost || printf 'boost '
    else
      dpkg-query -W -f='${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' || printf '%s ' "$package"
    fi
  done
}

# with_boost WORDS: the words, with the package's name in place of "boost".
with_boost() {
  for word in "$@"; do
    [ "$word" != boost ] || word=$(boost_package)
    printf '%s ' "${word:-libboost-dev}"
  done
}

install_packages() {
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  if ! command -v apt-get >/dev/null 2>&1; then
    printf 'There is no apt-get: only Debian and Ubuntu are supported. Install the equivalents of these packages, then run cmake --preset release:\n  %s\n' "$missing" >&2
    exit 69
  fi
  install="apt-get install -y --no-install-recommends --no-remove"
  if [ "$(id -u)" -ne 0 ] || [ "${PENSTOCK_NO_INSTALL:-0}" = 1 ]; then
    # shellcheck disable=SC2086 # the list is words
    printf 'Missing packages. Run as root:\n  apt-get update && %s %s\n' "$install" "$(with_boost $missing)" >&2
    case $missing in
      *boost*) [ -n "$(boost_package)" ] || echo '(Boost 1.81 or newer is required: after apt-get update, run this script again to see the name of its package.)' >&2 ;;
    esac
    exit 69
  fi
  log=$(mktemp)
  # shellcheck disable=SC2046,SC2086 # the lists are words
  apt-get update -qq >"$log" 2>&1 || true  # one source that fails need not be the one that has the packages
  names=$(with_boost $missing)
  printf 'Installing: %s\n' "$names"
  if LC_ALL=C DEBIAN_FRONTEND=noninteractive $install $names >>"$log" 2>&1; then
    rm -f "$log"
    return 0
  fi
  cat "$log" >&2
  if grep -q 'remove is disabled' "$log"; then
    printf 'apt would have to remove installed packages, which this script does not do. To see which ones, run:\n  apt-get install -s %s\n' "$names" >&2
  fi
  rm -f "$log"
  exit 69
}

# The headers of valijson for a test, without the Qt that its package depends on. Where there is no
# network the test does without.
unpack_valijson() {
  [ -d build/valijson ] && return 0
  download=$(mktemp -d)
  if (cd "$download" && { apt-get download -qq libvalijson-dev || { apt-get update -qq && apt-get download -qq libvalijson-dev; }; }) >/dev/null 2>&1; then
    mkdir -p build && dpkg -x "$download"/libvalijson-dev*.deb build/valijson
  else
    echo 'valijson cannot be downloaded; one test compares with RapidJSON only' >&2
  fi
  rm -rf "$download"
}

# Debian's node where there is none yet; a newer one that is there already will do.
install_node() {
  command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || install_packages nodejs npm
}

# configure PRESET TESTS: makes build/PRESET, or changes it where that is wanted. Tests once asked for stay, so that ./run
# and ./test can take turns in one folder. PENSTOCK_WERROR=ON, which CI sets, makes warnings errors.
configure() {
  folder=build/$1 tests=$2 werror=${PENSTOCK_WERROR:-OFF}
  has() { grep -qsFx "$1" "$folder/CMakeCache.txt"; }
  fresh=
  if ! has "CMAKE_HOME_DIRECTORY:INTERNAL=$(pwd -P)"; then
    fresh=--fresh  # there is none, or the tree has been moved
  elif [ -f "$folder/build.ninja" ]; then
    ! has PENSTOCK_TESTS:BOOL=ON || tests=ON
    ! has "PENSTOCK_TESTS:BOOL=$tests" || ! has "PENSTOCK_WERROR:BOOL=$werror" || return 0
  fi
  mkdir -p build
  if ! cmake --preset "$1" $fresh -D PENSTOCK_TESTS="$tests" -D PENSTOCK_WERROR="$werror" >"build/configure-$1.log" 2>&1; then
    cat "build/configure-$1.log" >&2
    exit 1
  fi
}

# build PRESET TARGET…
build() {
  preset=$1
  shift
  # The compiler's cache ends every compilation where it cannot have its folder: it gets one here.
  if [ -z "${CCACHE_DIR:-}" ] && ! mkdir -p "${XDG_CACHE_HOME:-${HOME:-}/.cache}/ccache" 2>/dev/null; then
    export CCACHE_DIR="$PWD/build/ccache"
  fi
  NINJA_STATUS='[%f/%t] ' cmake --build "build/$preset" --target "$@"
}
