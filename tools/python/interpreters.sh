# Prints the path of each Python from 3.10 on that is here, one for each minor
# version: $PYTHON first, then those on the PATH, then pyenv's.
# EVERCREDS_PYTHONS names others, one a line.
set -eu

candidates() {
    if [ -n "${EVERCREDS_PYTHONS-}" ]; then
        printf '%s\n' "$EVERCREDS_PYTHONS"
        return
    fi
    echo "${PYTHON:-python3}"
    for minor in 10 11 12 13 14 15; do echo "python3.$minor"; done
    if command -v pyenv >/dev/null 2>&1; then
        ls -d "$(pyenv root)"/versions/3.1[0-9]*/bin/python 2>/dev/null || :
    fi
    # The Pythons that ./task python:newer has brought.
    ls -d "$(pwd)"/build/pythons/root/usr/bin/python3.1[0-9] 2>/dev/null || :
}

seen=
candidates | while read -r python; do
    # Some commands of pyenv exist, but answer that there is no such Python.
    found=$("$python" -c 'import sys, venv, ensurepip
if sys.version_info >= (3, 10): print("%d.%d" % sys.version_info[:2], sys.executable)' 2>/dev/null) || continue
    version=${found%% *}
    case " $seen " in
    *" $version "*) ;;
    *)
        [ -z "$version" ] || echo "${found#* }"
        seen="$seen $version"
        ;;
    esac
done
