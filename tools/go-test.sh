# Tests each Go module: the root alone, since it keeps all cores busy, then the others
# two at a time, since they mostly wait. The output of each module comes in one piece.
# go-test.sh [ARGS of go test, for the root module alone]
# The last line says how many modules were tested, and in how many runs, however they ended.
set -eu
run=$(go tool -modfile=tools/gotestsum/go.mod -n gotestsum)
logs=$(pwd)/build/test-go
if [ $# -gt 0 ]; then
    status=0
    "$run" --format standard-quiet -- -race -count=1 "$@" || status=1
    echo "go: 1 modules in 1 runs"
    exit $status
fi

rm -rf "$logs"
mkdir -p "$logs"
failed=0
# These play the core in virtual time, each history in one goroutine. The race detector
# would find nothing in them and makes them take four to seven times as long.
computing='/internal/proofs/(fleet|group|model|sim)$'
# Words, since an import path has no blanks.
# shellcheck disable=SC2046
"$run" --format standard-quiet -- -race -count=1 $(go list ./... | grep -Ev "$computing") || failed=1
# shellcheck disable=SC2046
"$run" --format standard-quiet -- -count=1 $(go list ./... | grep -E "$computing") || failed=1

# Each has a log of its own, whose name is its directory's with dots for slashes.
others=$(sh tools/go-modules.sh | sed 1d)
export run logs
# shellcheck disable=SC2016
echo "$others" | xargs -P 2 -I MODULE sh -c '
    log=$logs/$(echo MODULE | tr / .)
    if (cd MODULE && "$run" --format standard-quiet -- -race -count=1 ./...) >"$log.log" 2>&1; then
        touch "$log.well"
    fi'
modules=1
for module in $others; do
    modules=$((modules + 1))
    log=$logs/$(echo "$module" | tr / .)
    cat "$log.log"
    [ -f "$log.well" ] || failed=1
done
echo "go: $modules modules in $((modules + 1)) runs"
exit $failed
