# Makes all that a release hands out, in build/package: package.sh
# The same sources give the same bytes, in any folder.
set -eu
version=$(cat VERSION)
out=build/package
rm -rf "$out" build/package-parts
mkdir -p "$out" build/package-parts
umask 022

for arch in amd64 arm64; do
    sh tools/python/wheel.sh "$arch" "build/wheel/$arch"
    build/parcel c "build/wheel/$arch/libevercreds.so" "$arch" "$out"
    # The one for any system comes with each.
    cp "build/wheel/$arch"/*.whl "$out"
done
for wheel in "$out"/*.whl; do
    "$PYTHON" -m zipfile -e "$wheel" build/package-parts/wheel
    cp build/package-parts/wheel/*.dist-info/sboms/sbom.cdx.json "$wheel.cdx.json"
    rm -rf build/package-parts/wheel
done

build/parcel node build/package-parts/node
npm pack --silent --ignore-scripts --pack-destination "$out" ./build/package-parts/node >&2
cp build/package-parts/node/sbom.cdx.json "$out/evercreds-$version.tgz.cdx.json"

build/parcel wasm "$out"

for target in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64; do
    system=${target%/*} arch=${target#*/}
    CGO_ENABLED=0 GOOS=$system GOARCH=$arch go build -C cmd/evercreds -trimpath -buildvcs=false \
        -ldflags "-s -w -buildid= -X github.com/evercreds/evercreds/cmd/evercreds/internal/command.released=v$version" \
        -o ../../build/package-parts/evercreds .
    build/parcel command build/package-parts/evercreds "$system" "$arch" "$out"
done

build/parcel sums "$out"
rm -rf build/package-parts
