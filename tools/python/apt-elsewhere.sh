# Sourced: after apt_elsewhere DIRECTORY SUITE TYPE, apt-get knows only one suite of
# Debian (TYPE is deb or deb-src), and keeps all its files in the directory. So nothing
# is installed, and the system's own lists stay as they are.
apt_elsewhere() {
    command -v apt-get >/dev/null || {
        echo "there is no apt-get here to fetch from Debian with" >&2
        return 1
    }
    apt_mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep '/debian/*$' | head -n 1)
    apt_keys=/usr/share/keyrings/debian-archive-keyring.gpg
    mkdir -p "$1/apt/lists/partial" "$1/apt/archives/partial"
    : >"$1/apt/status"
    echo "$3 [signed-by=$apt_keys] ${apt_mirror:?no Debian mirror is configured} $2 main" >"$1/apt/sources.list"
    cat >"$1/apt/apt.conf" <<END
Dir::State "$1/apt";
Dir::State::status "$1/apt/status";
Dir::Cache "$1/apt";
Dir::Etc::sourcelist "$1/apt/sources.list";
Dir::Etc::sourceparts "-";
END
    export APT_CONFIG="$1/apt/apt.conf"
    # What else is given are options of apt-get.
    shift 3
    apt-get --quiet "$@" update
}
