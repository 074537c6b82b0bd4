# Builds the library for old systems, the wheel around it, and the one for any
# system, with the WebAssembly module:
# wheel.sh ARCH DIRECTORY [FLAGS of go build]
# ARCH is amd64 or arm64. The contents of the directory are replaced.
set -eu
arch=$1
out=$2
shift 2

if [ "$(go env GOOS)" = linux ]; then
    case $arch in
    amd64) machine=x86_64 ;;
    arm64) machine=aarch64 ;;
    *)
        echo "wheel: WHEEL_ARCH must be amd64 or arm64, got $arch" >&2
        exit 1
        ;;
    esac
    # The oldest glibc that a Python 3.10 is built for (PEP 599).
    # Go splits it at blanks that are not quoted.
    CC="'$(pwd)/build/venv-wheel/bin/python' -m ziglang cc -target $machine-linux-gnu.2.17"
    suffix=so
else
    suffix=dylib
fi
export CC

rm -rf "$out"
mkdir -p "$out"
library=$(pwd)/$out/libevercreds.$suffix
GOARCH=$arch CGO_ENABLED=1 go build -buildmode=c-shared "$@" -o "$library" ./internal/cabi
for each in "$library" "$(pwd)/build/evercreds.wasm"; do
    EVERCREDS_WHEEL_LIBRARY=$each "$PYTHON" -m pip wheel --quiet --no-deps \
        --wheel-dir "$out" bindings/python
done
