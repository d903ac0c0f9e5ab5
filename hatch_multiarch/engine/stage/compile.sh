# Compile a helper, and note by which compilers and of which packages it is made (stage_output.py).
# $1: the folder for the notes on the helper, in the folder for those on the compilers; $2: the prefix
# of gcc, or none; $3: the file with what the libraries of macOS export, or empty; $4: the number of
# words of the `go build` command. The words of that command and of a `go list` command come last.
out=$1 gcc=$2 exports=$3 count=$4
shift 4

# Run the words from number $1 + 1 to number $2 of those after them.
run_words() {
    from=$1 to=$2 at=0
    shift 2
    for word in "$@"; do
        if [ $at = 0 ]; then set --; fi
        at=$((at + 1))
        if [ $at -gt "$from" ] && [ $at -le "$to" ]; then set -- "$@" "$word"; fi
    done
    "$@"
}

all=$#
run_words 0 "$count" "$@" || exit

# The build does not fail where Go cannot tell, or where the image has no more than a shell.
mkdir -p "$out"
compilers=${out%/*}
go env GOVERSION >"$compilers/go"
if command -v "$gcc-gcc" >/dev/null; then
    "$gcc-gcc" -dumpfullversion -dumpversion >"$compilers/gcc"
fi
if [ -n "$exports" ]; then cp "$exports" "$compilers/exports"; fi
if command -v zig >/dev/null; then zig version >"$compilers/zig"; fi

run_words "$count" "$all" "$@" >"$out/packages.json" 2>/dev/null || {
    echo >"$out/packages.json"
    exit 0
}
if [ "$CGO_ENABLED" = 1 ]; then exit 0; fi
# Which packages do not work without cgo is read from their files, and modules are only here.
for each in cp grep sed; do command -v "$each" >/dev/null || exit 0; done
mkdir "$out/files"
root=$(go env GOROOT)
sed -n 's/^\t"Dir": "\(.*\)",$/\1/p' "$out/packages.json" | while read -r folder; do
    case $folder in "$root"/*) continue ;; esac
    if grep -q -e '"C"' -e cgo "$folder"/*.go 2>/dev/null; then
        mkdir -p "$out/files$folder"
        cp "$folder"/*.go "$out/files$folder"
    fi
done
exit 0
