# Runs the Python tests as four runs, three of them at a time: the random histories
# compute, those marked slow start processes, and the halves of the others mostly wait.
# The output of all but the first half comes when all have ended.
# test.sh [ARGS of pytest, for one run of just these]
set -eu
logs=$(pwd)/build/test-python
cd bindings/python
if [ $# -gt 0 ]; then
    exec "$EVERCREDS_PYTHON" -m pytest "$@"
fi
half() {
    sh ../../tools/python/half.sh "$EVERCREDS_PYTHON" "$1" --ignore=tests/properties -m "not slow"
}
half 2 >"$logs-half.log" 2>&1 &
second=$!
{
    others=0
    "$EVERCREDS_PYTHON" -m pytest -p no:cacheprovider tests/properties >"$logs-properties.log" 2>&1 || others=1
    "$EVERCREDS_PYTHON" -m pytest -p no:cacheprovider --ignore=tests/properties -m slow >"$logs-slow.log" 2>&1 || others=1
    exit $others
} &
third=$!
# A signal that ends this script ends all runs.
trap 'kill "$second" "$third" 2>/dev/null || :' EXIT
failed=0
half 1 || failed=1
wait "$second" || failed=1
wait "$third" || failed=1
trap - EXIT
cat "$logs-half.log" "$logs-slow.log" "$logs-properties.log"
exit $failed
