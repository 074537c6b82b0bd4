# Tests the wheel as a user gets it: wheel-test.sh DIRECTORY [ARGS of pytest]
# In an empty environment of each Python of this machine, the wheel is first installed
# alone and used, with no Go in reach; then with the requirements of the tests, and
# tested.
set -eu
root=$(pwd)
wheel=$(ls "$root/$1"/*.whl | grep -v -- -any.whl)
wheel_for_any=$(ls "$root/$1"/*-any.whl)
shift
# All tests except those that take long, those that give the same result everywhere, and,
# but for its caches, those of the predecessor; and without their requirements.
if [ $# -eq 0 ]; then
    set -- -m "not slow and not once" '--ignore-glob=tests/defects/test_[!c]*.py' --ignore=tests/usage
    EVERCREDS_NOT_NEEDED="celery|gunicorn|moto|ruff|uWSGI|ziglang"
    EVERCREDS_HALVES=yes
    export EVERCREDS_NOT_NEEDED EVERCREDS_HALVES
fi

logs=$root/build/wheel-tests
rm -rf "$logs"
mkdir -p "$logs/no-go"
cat >"$logs/no-go/go" <<'STUB'
#!/bin/sh
echo "go is not to be used here" >&2
exit 127
STUB
chmod 755 "$logs/no-go/go"
PATH=$logs/no-go:$PATH
export PATH

# The wheel for any platform runs beside two of the others: they wait more than they work.
# Each has a log of its own.
{
    if EVERCREDS_INSTALLED=any EVERCREDS_HALVES=no sh tools/python/wheel-try.sh "$PYTHON" any "$wheel_for_any" -m "not slow" \
        tests/test_core.py tests/test_custom.py tests/test_eager.py tests/test_fork.py tests/test_installed.py \
        tests/test_mfa.py tests/test_sts.py tests/test_threads.py tests/test_cache.py >"$logs/any.log" 2>&1; then
        touch "$logs/any.well"
    fi
} &
versions=
running=0
pythons=$(sh tools/python/interpreters.sh)
# One on each line: a path may have blanks.
blanks=$IFS
IFS='
'
for python in $pythons; do
    IFS=$blanks
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    versions="$versions $version"
    {
        if sh tools/python/wheel-try.sh "$python" "$version" "$wheel" "$@" >"$logs/$version.log" 2>&1; then
            touch "$logs/$version.well"
        fi
    } &
    running=$((running + 1))
    if [ $running -eq 2 ]; then
        wait
        running=0
    fi
done
wait

# What pytest counted in the closing lines of all runs of a log.
total() {
    sed -n "s/.*\\b\\([0-9][0-9]*\\) $1.* in [0-9.]*s.*/\\1/p" "$2" | awk '{ all += $1 } END { print all + 0 }'
}

passed=0
failed=0
for version in $versions any; do
    echo "== the wheel, in an empty environment: $version"
    # Indented, since the last line counts these tests too.
    sed 's/^/  /' "$logs/$version.log"
    passed=$((passed + $(total passed "$logs/$version.log")))
    if [ ! -f "$logs/$version.well" ]; then
        # A failed installation is a failure too.
        count=$(total failed "$logs/$version.log")
        [ "$count" -gt 0 ] || count=1
        failed=$((failed + count))
    fi
done
echo "wheel: $passed passed, $failed failed (Python$versions, any)"
[ $failed -eq 0 ]
