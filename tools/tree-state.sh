# Prints the name and content hash of every file of the work tree that differs
# from the last commit, ignored files left out. Two equal outputs mean that what
# ran between them left the tree as it was.
{
    git -c core.quotePath=false diff --name-only HEAD
    git -c core.quotePath=false ls-files --others --exclude-standard
} | LC_ALL=C sort -u | while IFS= read -r file; do
    if [ -f "$file" ]; then
        printf '%s %s\n' "$(git hash-object -- "$file")" "$file"
    else
        printf 'removed %s\n' "$file"
    fi
done
