# Tries what ./task package made, and builds it once more in a second folder, with a name of
# another kind and caches of its own, to compare both byte for byte: verify.sh
# With KEEP_CACHE=1 the second build uses Go's cache: minutes less, and less of a proof.
set -eu
root=$(pwd)
status=0

second="$root/build/second build"
sh tools/clone.sh "$second/evercreds"
(
    cd "$second/evercreds"
    [ -n "${KEEP_CACHE-}" ] || export GOCACHE="$second/go"
    ZIG_GLOBAL_CACHE_DIR="$second/zig" ZIG_LOCAL_CACHE_DIR="$second/zig" ./task package
) >"$root/build/second-build.log" 2>&1 || {
    echo "package:verify: the second build failed: build/second-build.log" >&2
    status=1
}
go build -C internal/release -o ../../build/trial ./trial
sh tools/package/arm64.sh >&2 || status=1
build/trial artefacts || status=1
build/trial equal build/package "$second/evercreds/build/package" || status=1
exit $status
