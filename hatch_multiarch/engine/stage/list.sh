# Write list-packages, which notes of which packages a helper is made (stage_output.py). A build
# does not fail where Go cannot tell, or where the image has no more than a shell.
mkdir -p /opt/hatch-multiarch
cat >/opt/hatch-multiarch/list-packages <<'LIST'
# $1: the folder to write to; the rest: a command that starts `go list`.
out=$1
shift
mkdir -p "$out"
"$@" >"$out/packages.json" 2>/dev/null || { echo >"$out/packages.json"; exit 0; }
if [ "$CGO_ENABLED" = 1 ]; then exit 0; fi
# Which packages do not work without cgo is read from their files, and modules are only here.
for each in cp grep sed; do command -v "$each" >/dev/null || exit 0; done
mkdir "$out/files"
root=$(go env GOROOT)
sed -n 's/^\t"Dir": "\(.*\)",$/\1/p' "$out/packages.json" | while read -r folder; do
    case $folder in "$root"/*) continue ;; esac
    if grep -q '"C"' "$folder"/*.go 2>/dev/null; then
        mkdir -p "$out/files$folder"
        cp "$folder"/*.go "$out/files$folder"
    fi
done
LIST
