# What the scripts after this one install by: packages of Debian, and of the Python package index.
export DEBIAN_FRONTEND=noninteractive
from_debian() {
    rm -f /etc/apt/apt.conf.d/docker-clean
    apt-get update -qq
    apt-get install -qq --yes --no-install-recommends "$@" >/dev/null
}
from_python_index() {
    if ! python3 -c 'import ensurepip' 2>/dev/null; then from_debian python3-venv ca-certificates; fi
    bundle=/etc/ssl/certs/ca-certificates.crt
    if [ -f "$bundle" ]; then export PIP_CERT="$bundle"; fi
    if [ ! -d /opt/hatch-multiarch/bin ]; then python3 -m venv /opt/hatch-multiarch; fi
    /opt/hatch-multiarch/bin/pip install --quiet --no-cache-dir --disable-pip-version-check "$1"
}
