# Tests the wheel as a user gets it: wheel-test.sh DIRECTORY [ARGS of pytest]
# In an empty environment of each Python that is here: installed alone and used,
# with no Go to be found; then with what the tests need, and tested.
set -eu
root=$(pwd)
wheel=$(ls "$root/$1"/*.whl)
shift
[ $# -gt 0 ] || set -- -m "not slow"

# Everything but a Go toolchain.
without_go=$(mktemp -d)
trap 'rm -rf "$without_go"' EXIT
cat >"$without_go/go" <<'STUB'
#!/bin/sh
echo "go is not to be used here" >&2
exit 127
STUB
chmod 755 "$without_go/go"
PATH=$without_go:$PATH
export PATH

failed=
for python in $(sh tools/python/interpreters.sh); do
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    environment=$root/build/venv-installed-$version
    rm -rf "$environment"
    echo "== the wheel, in an empty environment of Python $version"
    "$python" -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet "$wheel"
    (cd "$without_go" && "$environment/bin/python" "$root/tools/python/first_use.py")
    "$environment/bin/python" -m pip install --quiet --requirement bindings/python/requirements-dev.txt
    (
        cd bindings/python
        EVERCREDS_ROOT=$root EVERCREDS_INSTALLED=1 "$environment/bin/python" -m pytest -p no:cacheprovider -q "$@"
    ) || failed="$failed $version"
done
if [ -n "$failed" ]; then
    echo "wheel: failed with Python$failed"
    exit 1
fi
