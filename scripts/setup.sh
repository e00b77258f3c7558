# Installs what is missing, and only that. Sourced by ./run, ./test and ./fuzz.
# POSIX sh; PENSTOCK_NO_INSTALL=1 only tells what would be installed.

packages_build="ca-certificates curl cmake g++ ninja-build pkg-config ccache
libboost1.81-dev libyaml-cpp-dev rapidjson-dev libcurl4-openssl-dev libssl-dev libexpat1-dev zlib1g-dev libbrotli-dev libzstd-dev
libsqlite3-dev libpq-dev libsodium-dev libsimdjson-dev libcli11-dev"
packages_test="libgtest-dev libgmock-dev python3 python3-jsonschema python3-zeep openssl binutils zstd util-linux postgresql"
packages_fuzz="clang libclang-rt-dev llvm libxml2-dev python3"

missing_packages() {
  for package in "$@"; do
    dpkg-query -W -f='${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' || printf '%s ' "$package"
  done
}

install_packages() {
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  command="apt-get install -y --no-install-recommends --no-remove $missing"
  if [ "$(id -u)" -ne 0 ] || [ "${PENSTOCK_NO_INSTALL:-0}" = 1 ]; then
    printf 'Missing packages. As root:\n  apt-get update && %s\n' "$command" >&2
    exit 69
  fi
  printf 'Installing: %s\n' "$missing"
  log=$(mktemp)
  # shellcheck disable=SC2086 # the list is words
  if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive $command; } >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    exit 69
  fi
  rm -f "$log"
}

# The headers of valijson for a test, without the Qt that its package depends on. Where there is no
# network the test does without.
unpack_valijson() {
  [ -d build/valijson ] && return 0
  download=$(mktemp -d)
  if (cd "$download" && { apt-get download -qq libvalijson-dev || { apt-get update -qq && apt-get download -qq libvalijson-dev; }; }) >/dev/null 2>&1; then
    mkdir -p build && dpkg -x "$download"/libvalijson-dev*.deb build/valijson
  else
    echo 'valijson cannot be had; one test compares with RapidJSON only' >&2
  fi
  rm -rf "$download"
}

# Debian's node where there is none yet; a newer one that is there already will do.
install_node() {
  command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || install_packages nodejs npm
}

# build PRESET TARGET…
build() {
  preset=$1
  shift
  [ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" >"build-$preset.log" 2>&1 || {
    cat "build-$preset.log" >&2
    exit 1
  }
  rm -f "build-$preset.log"
  NINJA_STATUS='[%f/%t] ' cmake --build "build/$preset" --target "$@"
}
