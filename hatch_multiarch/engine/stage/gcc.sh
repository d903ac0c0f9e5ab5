# Install the C compiler of one platform. $1: Debian's name of the architecture; $2: the compiler's
# prefix.
arch=$1 prefix=$2
if ! echo 'int main(void) { return 0; }' | "$prefix-gcc" -static -x c - -o /dev/null 2>/dev/null ||
    ! command -v "$prefix-g++" >/dev/null; then
    if [ "$(dpkg --print-architecture)" = "$arch" ]; then
        from_debian gcc g++ libc6-dev
    else
        name=$(echo "$prefix" | tr _ -)
        from_debian "gcc-$name" "g++-$name" "libc6-dev-$arch-cross"
    fi
fi
# Go's build cache knows the C compiler but neither headers nor what pkg-config said, so that other
# libraries, also newer ones, get a cache of their own. It begins with what the common one has, which
# was compiled without them.
cat >/usr/local/bin/hatch-multiarch-go <<'GO'
#!/bin/sh
libraries=$({ echo "${PKG_CONFIG-}"; dpkg-query --show; } | sha256sum | cut -c 1-16)
own=$GOCACHE/$libraries
if [ ! -d "$own" ]; then
    aside=$(mktemp -d "$own.XXXXXX")
    cp -al "$GOCACHE"/[0-9a-f][0-9a-f] "$aside" 2>/dev/null || true
    mv -T "$aside" "$own" 2>/dev/null || rm -rf "$aside"
fi
GOCACHE=$own exec go "$@"
GO
chmod 755 /usr/local/bin/hatch-multiarch-go
