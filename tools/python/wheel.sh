# Builds the library for old systems, the wheel around it, and the one for any
# system, with the WebAssembly module: wheel.sh ARCH DIRECTORY
# ARCH is amd64 or arm64. The contents of the directory are replaced. The versions of
# all that builds are pinned, so that the same sources give the same bytes.
set -eu
arch=$1
out=$2

rm -rf "$out"
mkdir -p "$out"
sh tools/package/library.sh "$arch" "$out"
go build -C internal/release -o ../../build/parcel ./parcel
for each in "$out"/libevercreds.[ds]* build/evercreds.wasm; do
    build/parcel python "$each" "$out/package"
    EVERCREDS_WHEEL_LIBRARY=$(pwd)/$each build/venv-wheel/bin/python -m pip wheel --quiet --no-deps \
        --no-build-isolation --wheel-dir "$out" "$out/package"
done
rm -rf "$out/package"
