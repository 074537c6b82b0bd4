# Prints the directory of each Go module of the project, the root first. Those
# of tools/ only pin versions and have no code; what ./task users runs needs newer Gos.
git ls-files --cached --others --exclude-standard 'go.mod' '*/go.mod' |
    sed -e '/^tools\//d' -e '/^users\//d' -e 's|/*go\.mod$||' -e 's|^$|.|' | LC_ALL=C sort -u
