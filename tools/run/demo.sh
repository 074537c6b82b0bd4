# Runs the demo: demo.sh ARGS
exec build/demo "$@"
