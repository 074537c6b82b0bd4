# Signs checksums with a key of OpenSSH's: sign.sh KEY FILE. The signature, FILE.sig, is
# verified without a network by `ssh-keygen -Y verify` (docs/policies/releasing.md).
set -eu
ssh-keygen -Y sign -f "$1" -n evercreds-release "$2"
