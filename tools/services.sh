# Installs missing programs that tests talk to: mosquitto, the MQTT broker; Redis; SoftHSM,
# the token in software; Chromium, for the tests of pages; and valgrind, for those of
# the C library. The tests start them; no system service is started.
# Packages named as arguments are installed in the same go. For Debian and its
# kin; elsewhere it says what to install, and fails. Without these programs
# their tests are skipped, and say so.
set -eu

policy=/usr/sbin/policy-rc.d
kept=

missing_packages() {
    # Services' programs are in no user's PATH on Debian.
    PATH=$PATH:/usr/sbin:/usr/local/sbin
    command -v mosquitto >/dev/null || echo mosquitto
    command -v softhsm2-util >/dev/null || echo softhsm2
    command -v chromium >/dev/null || echo chromium
    command -v valgrind >/dev/null || echo valgrind
    command -v redis-server >/dev/null || echo redis-server
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "services: to install packages this must run as root, or sudo be there" >&2
        return 1
    fi
}

# A package starts its service when it is installed, unless this program, which
# Debian asks, answers with 101. A program that is there already is put back.
forbid_starts() {
    kept=$(mktemp -d)
    if [ -e "$policy" ]; then
        as_root cp -p "$policy" "$kept/policy-rc.d"
    fi
    trap restore_starts EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$kept/forbid"
    as_root install -m 755 "$kept/forbid" "$policy"
}

restore_starts() {
    if [ -e "$kept/policy-rc.d" ]; then
        as_root cp -p "$kept/policy-rc.d" "$policy"
    else
        as_root rm -f "$policy"
    fi
    as_root rm -rf "$kept"
}

set -- "$@" $(missing_packages)
if [ $# -eq 0 ]; then
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    cat >&2 <<END
services: missing here, by the names of Debian's packages: $*
  macOS:  brew install mosquitto redis softhsm && brew install --cask chromium
  Fedora: dnf install mosquitto redis softhsm chromium valgrind
  Arch:   pacman -S mosquitto redis softhsm chromium valgrind
END
    exit 1
fi
as_root apt-get update
forbid_starts
as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-install-recommends "$@"
