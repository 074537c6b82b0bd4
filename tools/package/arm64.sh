# Puts a Python for arm64, with all that it needs, into build/arm64/root, and the emulator
# qemu-aarch64-static into build/arm64/bin: what is for arm64 is tried with these, on a
# machine of another kind. Both are of Debian, unpacked beside the system.
set -eu
. tools/python/apt-elsewhere.sh

dir=$(pwd)/build/arm64
[ ! -f "$dir/ready" ] || exit 0
rm -rf "$dir"
mkdir -p "$dir/root" "$dir/bin"
fetch() { # ARCH PACKAGE: with all that it needs, as if nothing were installed
    rm -rf "$dir/apt"
    apt_elsewhere "$dir" bookworm deb -o "APT::Architecture=$1" >&2
    apt-get --quiet -o "APT::Architecture=$1" -o "APT::Architectures::=$1" install --yes --download-only \
        --no-install-recommends "$2" >&2
}
fetch arm64 python3.11
for package in "$dir"/apt/archives/*.deb; do
    dpkg-deb --extract "$package" "$dir/root"
done
fetch "$(dpkg --print-architecture)" qemu-user-static
dpkg-deb --fsys-tarfile "$dir"/apt/archives/qemu-user-static_*.deb |
    tar -xO ./usr/bin/qemu-aarch64-static >"$dir/bin/qemu-aarch64-static"
chmod 755 "$dir/bin/qemu-aarch64-static"
rm -rf "$dir/apt"
"$dir/bin/qemu-aarch64-static" -L "$dir/root" "$dir/root/usr/bin/python3.11" -c 'import ctypes, ssl, platform; print("arm64:", platform.machine(), platform.python_version())'
touch "$dir/ready"
