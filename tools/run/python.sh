# Runs Python with the package as built: python.sh FILE ARGS
# in the directory the user called from.
root=$(pwd)
cd -- "${EVERCREDS_CALLER_DIR:-.}" || exit
exec "$root/build/venv/bin/python" "$@"
