# Sourced by ./task from the root of the repository: chooses the C compiler and
# the Python, and says which needed program is missing or too old.

# toolchain_choose sets and exports CC (when unset) and PYTHON.
toolchain_choose() {
    # Go falls back to a compiler named when it was built; take one that exists.
    if [ -z "${CC-}" ]; then
        for candidate in gcc cc clang; do
            if command -v "$candidate" >/dev/null 2>&1; then
                CC=$candidate
                export CC
                break
            fi
        done
    fi
    PYTHON=${PYTHON:-python3}
    # A relative path was meant from where the user stood.
    case $PYTHON in
    /*) ;;
    */*) PYTHON=$EVERCREDS_CALLER_DIR/$PYTHON ;;
    esac
    export PYTHON
}

# toolchain_check exits with 1 and a list when something needed is missing.
# Asking every program for its version takes half a second, so the answer is
# kept for as long as the same programs are found.
toolchain_check() {
    toolchain_found=$(
        for program in go "${CC-}" "$PYTHON" node npm git; do
            command -v "$program" 2>/dev/null || echo "no $program"
        done
        printf '%s' "${GOTOOLCHAIN-} ${PYENV_VERSION-}"
    )
    if [ -f build/.toolchain ] && [ "$(cat build/.toolchain)" = "$toolchain_found" ]; then
        return 0
    fi
    toolchain_problems=$(
        toolchain_check_go
        toolchain_check_cc
        toolchain_check_python
        toolchain_check_node
        command -v git >/dev/null 2>&1 ||
            toolchain_problem git "not found" "any version, to list the files of the project"
    )
    if [ -n "$toolchain_problems" ]; then
        printf 'task: this project needs a program that is missing or too old:\n%s\n' \
            "$toolchain_problems" >&2
        exit 1
    fi
    mkdir -p build
    printf '%s' "$toolchain_found" >build/.toolchain
}

# toolchain_problem NAME FOUND NEEDED prints one line of the list.
toolchain_problem() {
    printf '  %s: %s; needed: %s\n' "$1" "$2" "$3"
}

# toolchain_at_least VERSION MAJOR MINOR compares the first two numbers.
toolchain_at_least() {
    major=${1%%.*}
    rest=${1#*.}
    minor=${rest%%[!0-9]*}
    case $major$minor in
    '' | *[!0-9]*) return 1 ;;
    esac
    [ "$major" -gt "$2" ] || { [ "$major" -eq "$2" ] && [ "${minor:-0}" -ge "$3" ]; }
}

toolchain_check_go() {
    needed="Go 1.25 or newer, for the core and these commands (https://go.dev/dl/)"
    if ! command -v go >/dev/null 2>&1; then
        toolchain_problem go "not found" "$needed"
        return
    fi
    # An older Go may fetch the toolchain that go.mod names: ask inside the module.
    version=$(go env GOVERSION 2>/dev/null) || version=
    if ! toolchain_at_least "${version#go}" 1 25; then
        version=$(GOTOOLCHAIN=local go version 2>&1) || true
        toolchain_problem go "found $version" "$needed"
    fi
}

toolchain_check_cc() {
    needed="a C compiler (gcc, cc or clang, or the one \$CC names) with the C library's headers, for the shared library that Python loads"
    if [ -z "${CC-}" ]; then
        toolchain_problem cc "not found" "$needed"
        return
    fi
    mkdir -p build
    # CC may carry options, as it may for Go.
    if ! printf '#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n' |
        $CC -x c -o build/.cc-works - >/dev/null 2>&1; then
        toolchain_problem cc "'$CC' cannot compile a program of two lines" "$needed"
    fi
    rm -f build/.cc-works
}

toolchain_check_python() {
    needed="Python 3.10 or newer with venv and ctypes, for the Python package (PYTHON=/path/to/python chooses another)"
    if ! command -v "$PYTHON" >/dev/null 2>&1; then
        toolchain_problem "$PYTHON" "not found" "$needed"
        return
    fi
    version=$("$PYTHON" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null) || version=
    if ! toolchain_at_least "$version" 3 10; then
        toolchain_problem "$PYTHON" "found ${version:-one that does not start} at $(command -v "$PYTHON")" "$needed"
        return
    fi
    for module in venv ensurepip ctypes; do
        if ! "$PYTHON" -c "import $module" >/dev/null 2>&1; then
            toolchain_problem "$PYTHON" "found $version at $(command -v "$PYTHON"), without the module $module (on Debian: apt-get install python3-venv)" "$needed"
            return
        fi
    done
}

toolchain_check_node() {
    needed="Node 20 or newer, for the Node package (https://nodejs.org/)"
    if ! command -v node >/dev/null 2>&1; then
        toolchain_problem node "not found" "$needed"
    else
        version=$(node --version 2>/dev/null) || version=
        toolchain_at_least "${version#v}" 20 0 ||
            toolchain_problem node "found ${version:-one that does not start} at $(command -v node)" "$needed"
    fi
    command -v npm >/dev/null 2>&1 ||
        toolchain_problem npm "not found" "npm, which comes with Node, to install what the Node package is built with"
}
