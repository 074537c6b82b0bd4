# Checks the pages and the built site: `./task docs:check`, after the build.
set -eu

# Pages that people read, those of packages too. The lists of users' programs are names alone.
pages() {
    git ls-files --cached --others --exclude-standard '*.md' |
        grep -v -e '^users/' -e '^bindings/node/etc/' -e '/testdata/' |
        while read -r page; do [ -f "$page" ] && echo "$page"; done
}

failed=
build/venv-docs/bin/python tools/docs/check.py || failed="$failed links"
pages >build/docs/pages.txt
xargs -d '\n' build/venv-docs/bin/typos --config tools/docs/typos.toml <build/docs/pages.txt || failed="$failed typos"
xargs -d '\n' node tools/docs/node_modules/cspell/bin.mjs --config tools/docs/cspell.json --no-progress \
    --no-gitignore <build/docs/pages.txt || failed="$failed cspell"
node tools/docs/browse.mjs || failed="$failed browser"
[ -z "$failed" ] || {
    echo "docs:check: failed:$failed (a word that is right goes into tools/docs/words.txt)" >&2
    exit 1
}
