# Builds the shared library as releases have it: library.sh ARCH DIRECTORY
# ARCH is amd64 or arm64. On Linux it runs with glibc 2.17, has a SONAME, exports only
# our names, and is the same bytes wherever it is built: without debug information and
# build ids, which would tell the paths of whoever builds.
set -eu
arch=$1
root=$(pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)

if [ "$(go env GOOS)" != linux ]; then
    GOARCH=$arch CGO_ENABLED=1 go build -buildmode=c-shared -trimpath -buildvcs=false \
        -ldflags="-s -w" -o "$out/libevercreds.dylib" ./internal/cabi
    exit
fi
case $arch in
amd64) machine=x86_64 ;;
arm64) machine=aarch64 ;;
*)
    echo "library: ARCH must be amd64 or arm64, got $arch" >&2
    exit 1
    ;;
esac
# The oldest glibc that a Python 3.10 is built for (PEP 599).
# Go splits this at blanks that are not quoted, and so the linker's flags.
CC="'$root/build/venv-wheel/bin/python' -m ziglang cc -target $machine-linux-gnu.2.17"
CGO_CFLAGS="-O2 -g0"
export CC CGO_CFLAGS

# The linker's flags cannot hold the path of a folder that has blanks.
map=$(mktemp)
trap 'rm -f "$map"' EXIT
cp "$root/tools/package/exports.map" "$map"
major=$(sed -n 's/^#define EVERCREDS_ABI_MAJOR INT64_C(\([0-9]*\))$/\1/p' include/evercreds.h)
link="-s -Wl,--build-id=none -Wl,-soname,libevercreds.so.${major:?no ABI version in the header} -Wl,--version-script=$map"
GOARCH=$arch CGO_ENABLED=1 go build -buildmode=c-shared -trimpath -buildvcs=false \
    -ldflags="-s -w -buildid= '-extldflags=$link'" -o "$out/libevercreds.so" ./internal/cabi
