# Runs the Python tests as two runs at a time: the random histories compute, and
# the others mostly wait. What the first print comes when both have ended.
# test.sh [ARGS of pytest, for one run of just these]
set -eu
log=$(pwd)/build/test-python-properties.log
cd bindings/python
if [ $# -gt 0 ]; then
    exec "$EVERCREDS_PYTHON" -m pytest "$@"
fi
"$EVERCREDS_PYTHON" -m pytest -p no:cacheprovider tests/properties >"$log" 2>&1 &
properties=$!
# What ends this ends both.
trap 'kill "$properties" 2>/dev/null || :' EXIT
failed=0
"$EVERCREDS_PYTHON" -m pytest --ignore=tests/properties || failed=1
wait "$properties" || failed=1
trap - EXIT
cat "$log"
exit $failed
