# Install the C compiler of one platform, and C libraries of that platform.
# $1: Debian's name of the architecture; $2: the compiler's prefix; the rest: libraries.
arch=$1 prefix=$2
shift 2
packages=""
if ! echo 'int main(void) { return 0; }' | "$prefix-gcc" -static -x c - -o /dev/null 2>/dev/null ||
    ! command -v "$prefix-g++" >/dev/null; then
    if [ "$(dpkg --print-architecture)" = "$arch" ]; then
        packages="gcc g++ libc6-dev"
    else
        name=$(echo "$prefix" | tr _ -)
        packages="gcc-$name g++-$name libc6-dev-$arch-cross"
    fi
fi
if [ $# -gt 0 ]; then
    packages="$packages pkg-config"
    if [ "$(dpkg --print-architecture)" != "$arch" ]; then dpkg --add-architecture "$arch"; fi
fi
for library in "$@"; do
    case $library in
        *=*) packages="$packages ${library%%=*}:$arch=${library#*=}" ;;
        *) packages="$packages $library:$arch" ;;
    esac
done
# shellcheck disable=SC2086 # one word to a package
if [ -n "$packages" ]; then from_debian $packages; fi
if [ $# -gt 0 ]; then
    # What a static binary links against, pkg-config tells by --static only, which Go never says.
    printf '#!/bin/sh\nexec pkg-config --static "$@"\n' >/usr/local/bin/pkg-config-static
    chmod 755 /usr/local/bin/pkg-config-static
fi
# Go's build cache knows the C compiler but neither headers nor what pkg-config said, so that other
# libraries, also newer ones, get a cache of their own.
cat >/usr/local/bin/hatch-multiarch-go <<'GO'
#!/bin/sh
libraries=$({ echo "${PKG_CONFIG-}"; dpkg-query --show; } | sha256sum | cut -c 1-16)
GOCACHE=$GOCACHE/$libraries exec go "$@"
GO
chmod 755 /usr/local/bin/hatch-multiarch-go
