# Checks the pages and the built site, and the spelling of all sources: `./task docs:check`,
# after the build.
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
# typos knows slips alone, and so reads all: comments, names and texts of every language too.
git ls-files --cached --others --exclude-standard | while read -r file; do [ -f "$file" ] && echo "$file"; done |
    xargs -d '\n' build/venv-docs/bin/typos --config tools/docs/typos.toml --force-exclude || failed="$failed typos"
xargs -d '\n' node tools/docs/node_modules/cspell/bin.mjs --config tools/docs/cspell.json --no-progress \
    --no-gitignore <build/docs/pages.txt || failed="$failed cspell"
node tools/docs/browse.mjs || failed="$failed browser"
[ -z "$failed" ] || {
    echo "docs:check: failed:$failed (a word that is right goes into tools/docs/words.txt)" >&2
    exit 1
}
