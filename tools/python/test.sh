# Runs the Python tests as three runs at a time: the random histories compute, those
# marked slow start processes, and the others mostly wait. The output of the first two
# comes when all have ended.
# test.sh [ARGS of pytest, for one run of just these]
set -eu
logs=$(pwd)/build/test-python
cd bindings/python
if [ $# -gt 0 ]; then
    exec "$EVERCREDS_PYTHON" -m pytest "$@"
fi
"$EVERCREDS_PYTHON" -m pytest -p no:cacheprovider tests/properties >"$logs-properties.log" 2>&1 &
properties=$!
"$EVERCREDS_PYTHON" -m pytest -p no:cacheprovider --ignore=tests/properties -m slow >"$logs-slow.log" 2>&1 &
slow=$!
# A signal that ends this script ends all runs.
trap 'kill "$properties" "$slow" 2>/dev/null || :' EXIT
failed=0
"$EVERCREDS_PYTHON" -m pytest --ignore=tests/properties -m "not slow" || failed=1
wait "$slow" || failed=1
wait "$properties" || failed=1
trap - EXIT
cat "$logs-slow.log" "$logs-properties.log"
exit $failed
