# Runs the stand-in for AWS alone: stand-in.sh ARGS
# in the directory the user called from.
root=$(pwd)
cd -- "${EVERCREDS_CALLER_DIR:-.}" || exit
exec "$root/build/stand-in" "$@"
