# shellcheck shell=bash
# packages.sh: which Debian packages Rollcall needs, and how to get the missing ones. Sourced by run and test.

# To build and to run. mosquitto-clients is what the README's first punch is made with; tzdata are the zones of
# site.zone and training.zone, which are read at run time; curl is for looking at /metrics.
PACKAGES_RUN=(gcc libc6-dev cmake ninja-build pkg-config mosquitto mosquitto-clients libpaho-mqtt-dev
  libsqlite3-dev libcjson-dev libcmocka-dev libssl-dev libinih-dev libmicrohttpd-dev libglib2.0-dev
  libsystemd-dev tzdata curl)

# To test. g++ is not among them: everything is C, Python and shell.
# shellcheck disable=SC2034  # test uses it
PACKAGES_TEST=("${PACKAGES_RUN[@]}" clang libclang-rt-dev llvm clang-format shellcheck binutils
  python3 python3-pytest python3-paho-mqtt sqlite3 faketime procps iproute2 nftables strace util-linux mount)

# packages_missing PACKAGE...: prints those that are not installed, one a line.
packages_missing() {
  local installed package
  # dpkg-query fails when it knows nothing of one of them, and prints the others all the same.
  installed=$(dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' "$@" 2>/dev/null |
    sed -n 's/^\([^ :]*\)\(:[^ ]*\)\? installed$/\1/p') || true
  for package in "$@"; do
    grep -qxF -- "$package" <<<"$installed" || printf '%s\n' "$package"
  done
}

# packages_no_autostart COMMAND...: runs COMMAND while no service that Debian installs is started: the package
# mosquitto would start a broker of its own, on our port.
packages_no_autostart() {
  local policy=/usr/sbin/policy-rc.d status=0 mine=false
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' | "${PACKAGES_AS_ROOT[@]}" tee "$policy" >/dev/null
    "${PACKAGES_AS_ROOT[@]}" chmod 755 "$policy"
    mine=true
  fi
  "$@" || status=$?
  if $mine; then
    "${PACKAGES_AS_ROOT[@]}" rm -f "$policy"
  fi
  return "$status"
}

# packages_need PACKAGE...: installs the missing ones; says what to do, and fails, where it cannot.
packages_need() {
  local missing apt
  mapfile -t missing < <(packages_missing "$@")
  ((${#missing[@]})) || return 0
  apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
  if ((EUID == 0)); then
    PACKAGES_AS_ROOT=(env)
  elif command -v sudo >/dev/null && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; then
    PACKAGES_AS_ROOT=(sudo)
  else
    echo "These Debian packages are missing, and only root can install them:" >&2
    echo "    apt-get install --no-install-recommends ${missing[*]}" >&2
    return 1
  fi
  echo "installing: ${missing[*]}" >&2
  # Old lists may still do; whether they did is seen in the next line.
  "${PACKAGES_AS_ROOT[@]}" "${apt[@]}" update >&2 || true
  if ! packages_no_autostart "${PACKAGES_AS_ROOT[@]}" "${apt[@]}" install --no-install-recommends \
    "${missing[@]}" >&2; then
    echo "apt-get could not install: ${missing[*]}" >&2
    return 1
  fi
  # Where it was us who brought mosquitto, Debian's own broker is not to come up at the next boot either.
  if [[ " ${missing[*]} " == *" mosquitto "* && -d /run/systemd/system ]]; then
    "${PACKAGES_AS_ROOT[@]}" systemctl disable --now mosquitto >&2 || true
  fi
}
