# Put zig onto PATH. $1: the requirement of ziglang.
export DEBIAN_FRONTEND=noninteractive
if ! python3 -c 'import ensurepip' 2>/dev/null; then
    rm -f /etc/apt/apt.conf.d/docker-clean
    apt-get update -qq
    apt-get install -qq --yes --no-install-recommends python3-venv ca-certificates >/dev/null
fi
bundle=/etc/ssl/certs/ca-certificates.crt
if [ -f "$bundle" ]; then export PIP_CERT="$bundle"; fi
python3 -m venv /opt/hatch-multiarch
/opt/hatch-multiarch/bin/pip install --quiet --no-cache-dir --disable-pip-version-check "$1"
ln -s /opt/hatch-multiarch/lib/python3*/site-packages/ziglang/zig /usr/local/bin/zig
