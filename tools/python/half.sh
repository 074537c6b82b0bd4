# Runs one half of the tests that ARGS name: half.sh PYTHON 1|2 ARGS of pytest
# Each test goes to the half that has fewer, so that both have their share of each file.
set -eu
python=$1
number=$2
shift 2
exec "$python" -m pytest -p no:cacheprovider --splits 2 --splitting-algorithm least_duration \
    --group "$number" "$@"
