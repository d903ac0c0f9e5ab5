# Install C libraries of one platform. $1: Debian's name of the architecture; the rest: libraries.
arch=$1
shift
packages="pkg-config"
if [ "$(dpkg --print-architecture)" != "$arch" ]; then dpkg --add-architecture "$arch"; fi
for library in "$@"; do
    case $library in
        *=*) packages="$packages ${library%%=*}:$arch=${library#*=}" ;;
        *) packages="$packages $library:$arch" ;;
    esac
done
# shellcheck disable=SC2086 # one word to a package
from_debian $packages
# What a static binary links against, pkg-config tells by --static only, which Go never says.
printf '#!/bin/sh\nexec pkg-config --static "$@"\n' >/usr/local/bin/pkg-config-static
chmod 755 /usr/local/bin/pkg-config-static
