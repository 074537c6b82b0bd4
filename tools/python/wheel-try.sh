# Tests a wheel in an empty environment of one Python:
# wheel-try.sh PYTHON NAME WHEEL ARGS of pytest
# If EVERCREDS_INSTALLED is "any", the wheel is the one without a shared library. At its
# first use it says what it needs; that is then installed.
set -eu
python=$1
environment=$(pwd)/build/venv-installed-$2
wheel=$3
shift 3
EVERCREDS_ROOT=$(pwd)
EVERCREDS_INSTALLED=${EVERCREDS_INSTALLED:-platform}
export EVERCREDS_ROOT EVERCREDS_INSTALLED

# In a directory without the sources.
first_use() {
    (cd "$environment" && bin/python "$EVERCREDS_ROOT/tools/python/first_use.py")
}

rm -rf "$environment"
"$python" -m venv "$environment"
"$environment/bin/python" -m pip install --quiet "$wheel"
if [ "$EVERCREDS_INSTALLED" = any ]; then
    if first_use >"$environment/said" 2>&1; then
        echo "the wheel works without a runtime?"
        exit 1
    fi
    grep "pip install 'evercreds\[wasm\]'" "$environment/said"
    "$environment/bin/python" -m pip install --quiet "$wheel[wasm]"
fi
first_use
cd bindings/python
# Only imported modules are compiled, and those are few.
grep -vE "^(${EVERCREDS_NOT_NEEDED:-#})" requirements-dev.txt >"$environment/requirements.txt"
"$environment/bin/python" -m pip install --quiet --no-compile --requirement "$environment/requirements.txt"
if [ "${EVERCREDS_HALVES-}" != yes ]; then
    exec "$environment/bin/python" -m pytest -p no:cacheprovider -q "$@"
fi
# Two runs at a time, since they mostly wait.
half() {
    sh "$EVERCREDS_ROOT/tools/python/half.sh" "$environment/bin/python" "$@"
}
failed=0
half 2 -q "$@" >"$environment/half.log" 2>&1 &
half 1 -q "$@" || failed=1
wait $! || failed=1
cat "$environment/half.log"
exit $failed
