# Sourced by .ci/bare, engine, foreign-root, platforms and wine: Debian roots from the machine's own
# package sources, kept as tars in .cache/.
# shellcheck shell=bash

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${repository}/.cache/roots
own=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)

# Print the apt source of a Debian release, from the mirror that this machine's own apt uses.
release() {
    local mirror key tries
    for tries in 1 2; do
        # shellcheck disable=SC2016 # apt-get and awk expand it
        read -r mirror key < <(apt-get indextargets --format '$(RELEASE) $(REPO_URI) $(SIGNED_BY)' \
            'Created-By: Packages' | awk -v own="$own" '$1 == own { print $2, $3; exit }') || true
        [[ -z $mirror ]] || break
        # It tells only of what was updated once; images of Debian come without.
        [[ $tries == 2 ]] || apt-get -qq update >&2
    done
    if [[ -z $mirror ]]; then
        echo "this machine's apt has no source for $own" >&2
        return 1
    fi
    [[ -f ${key-} ]] || key=/usr/share/keyrings/debian-archive-keyring.gpg
    echo "deb [signed-by=$key] $mirror $1 main"
}

# debian_root NAME PACKAGES [mmdebstrap options...]: make the tar where it is missing, and set
# $tar to its path. Its name holds a hash of what decides what is in it. Sources, keyrings and ways
# to fetch (proxies, retries) are the machine's own, or the one source in $only_source; what else its
# apt does (hooks, pins) is not for this root. Its suite is the machine's own, or $only_suite.
debian_root() {
    local name=$1 packages=$2 suite key aside
    local -a sources fetching without as_root=() unread=(doc man locale)
    shift 2
    suite=${only_suite-$own}
    key=$(printf '%s\n' "$(<"${BASH_SOURCE[0]}")" "$suite" "$packages" "${only_source-}" "$@" | sha256sum | cut -c1-12)
    tar=${cache}/${name}-${suite}-${key}.tar
    [[ ! -f $tar ]] || return 0
    mapfile -t sources < <(
        find /etc/apt/sources.list /etc/apt/sources.list.d -type f -size +0 \
            '(' -name '*.list' -o -name '*.sources' ')' 2>/dev/null | sort
    )
    [[ -z ${only_source-} ]] || sources=("$only_source")
    mapfile -t fetching < <(
        apt-config dump | grep '^Acquire::' |
            grep -vE '^Acquire::(IndexTargets|Changelogs|CompressionTypes|Languages|cdrom)'
    )
    [[ $(id -u) == 0 ]] || as_root=(sudo)
    mkdir -p "$cache"
    aside=$(mktemp -u "${cache}/.${name}.XXXXXX.tar")
    # It is thrown away after use: no waiting for the disk, and nothing to read in it. Where packages
    # are only extracted, mmdebstrap would leave files out by a slow filter in Python.
    if [[ " $* " == *" --variant=extract "* ]]; then
        without=(--extract-hook="cd \"\$1/usr/share\" && rm -rf ${unread[*]}")
    else
        unread=("${unread[@]/%//*}")
        without=("${unread[@]/#/--dpkgopt=path-exclude=/usr/share/}")
    fi
    if ! "${as_root[@]}" mmdebstrap --quiet --mode=root --format=tar --include="$packages" \
        --dpkgopt=force-unsafe-io "${without[@]}" \
        "${fetching[@]/#/--aptopt=}" "$@" -- "$suite" "$aside" "${sources[@]}" >&2; then
        rm -f "$aside"
        echo "cannot make the Debian root ${name}" >&2
        return 1
    fi
    mv "$aside" "$tar"
}
