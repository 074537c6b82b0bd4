#!/bin/sh
# Makes build/free-threaded/venv, a virtual environment of a Python without a
# GIL, with the package and the requirements of its tests. Debian has no package of
# such an interpreter, but the source of one. apt fetches it into directories of its
# own, and the build takes some minutes. FREE_THREADED_PYTHON=/path/to/it skips that.
set -eu
. tools/python/apt-elsewhere.sh

dir=$(pwd)/build/free-threaded
suite=trixie # whose Python is the one below
package=python3.13
mkdir -p "$dir"

fetch() {
    mkdir -p "$dir/source"
    apt_elsewhere "$dir" "$suite" deb-src
    (cd "$dir/source" && apt-get --quiet source --download-only "$package")
    rm -rf "$dir/build"
    mkdir "$dir/build"
    tar -xf "$dir/source/$package"_*.orig.tar.xz -C "$dir/build" --strip-components=1
}

build() {
    echo "building $package without a GIL; what that prints is in $dir/build.log" >&2
    (
        cd "$dir/build"
        ./configure --quiet --prefix="$dir/python" --disable-gil --disable-test-modules
        make -j "$(nproc)"
        make install
    ) >"$dir/build.log" 2>&1
    rm -rf "$dir/build"
}

python=${FREE_THREADED_PYTHON:-$dir/python/bin/python3}
if [ ! -x "$python" ]; then
    fetch >&2
    build
fi
"$python" -c 'import sys; sys.exit(sys._is_gil_enabled())' || {
    echo "free-threaded: $python has a GIL" >&2
    exit 1
}
[ -x "$dir/venv/bin/python" ] || "$python" -m venv "$dir/venv"
# All requirements of the tests that install here without a compiler for Rust: the
# newest hypothesis, moto and the type checkers do not.
grep -E '^(boto3|botocore|celery|gunicorn|pytest)==' bindings/python/requirements-dev.txt >"$dir/requirements.txt"
echo 'hypothesis==6.139.3' >>"$dir/requirements.txt"
"$dir/venv/bin/python" -m pip install --quiet --requirement "$dir/requirements.txt" --editable bindings/python
