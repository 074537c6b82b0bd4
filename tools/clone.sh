# Has a clone be as the work tree is, with what is not committed yet:
# clone.sh DIRECTORY. What an earlier run built and installed there stays.
# What lies beside the project as "shared" lies beside the clone too.
set -eu
root=$(pwd)
clone=$1

if [ -e "$clone/.git" ]; then
    git -C "$clone" fetch --quiet "$root" HEAD
    git -C "$clone" reset --quiet --hard FETCH_HEAD
    git -C "$clone" clean --quiet -df
else
    git clone --quiet "$root" "$clone"
fi
changed=$(git -c core.quotePath=false diff --name-only HEAD && git -c core.quotePath=false ls-files --others --exclude-standard)
printf '%s\n' "$changed" | while IFS= read -r file; do
    [ -n "$file" ] || continue
    rm -f "$clone/$file"
    if [ -e "$file" ]; then
        mkdir -p "$clone/$(dirname "$file")"
        cp -P "$file" "$clone/$file"
    fi
done
ln -sfn "$root/../shared" "$clone/../shared"
