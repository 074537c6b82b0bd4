# Makes a clone equal to the work tree, with changes that are not committed yet:
# clone.sh DIRECTORY. Products and installations of an earlier run stay there.
# A directory "shared" beside the project is linked beside the clone too.
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
