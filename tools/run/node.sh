# Runs Node with the package as built: node.sh FILE ARGS
# in the directory the user called from.
root=$(pwd)

# Through the environment, so that processes the program starts resolve alike.
quoted=$(printf '%s' "$root/tools/run/node-resolve.cjs" | sed 's/[\\"]/\\&/g')
NODE_OPTIONS="${NODE_OPTIONS:+$NODE_OPTIONS }--require \"$quoted\""
export NODE_OPTIONS

cd -- "${EVERCREDS_CALLER_DIR:-.}" || exit
exec node "$@"
