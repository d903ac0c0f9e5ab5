"""The Debian package of a C header, a library or a pkg-config file that a compiler did not find.

Most packages have the name that one guesses: `opus.h`, `-lopus` and `opus.pc` are in libopus-dev.
The table lists the others, as of Debian 12.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.plan import Unit

_PACKAGES = """\
default-libmysqlclient-dev mysql mysqlclient
libacl1-dev acl
libarchive-dev archive_entry
libasound2-dev alsa asound asoundlib
libattr1-dev attr
libayatana-appindicator3-dev appindicator3 ayatana-appindicator3-0.1
libbrotli-dev brotlicommon brotlidec brotlienc
libbz2-dev bzlib
libc-ares-dev ares cares
libcairo2-dev cairo cairo-gobject
libcups2-dev cups
libcurl4-openssl-dev curl
libdbus-1-dev dbus
libdw-dev dwarf elfutils
libelf-dev gelf
libevent-dev event2 event_core event_openssl event_pthreads
libexpat1-dev expat
libfido2-dev fido
libfreetype-dev freetype2 ft2build
libgcrypt20-dev gcrypt
libgdk-pixbuf-2.0-dev gdk-pixbuf gdk_pixbuf-2.0
libgeos-dev geos_c
libgif-dev gif_lib
libgles-dev gles2 gles3 glesv2
libglfw3-dev glfw
libglib2.0-dev gio gio-2.0 glib glib-2.0 gmodule-2.0 gobject-2.0 gthread-2.0
libglu1-mesa-dev glu
libgnutls28-dev gnutls
libgstreamer1.0-dev gst gstreamer-1.0
libgtk-3-dev gdk-3 gdk-3.0 gtk gtk+-3.0
libgtk-4-dev gtk4
libhidapi-dev hidapi-hidraw hidapi-libusb
libibverbs-dev infiniband
libicu-dev icu-i18n icu-io icu-uc icui18n icuuc unicode
libjpeg-dev jpeglib
libkrb5-dev gssapi gssapi_krb5 krb5-gssapi
libldap-dev lber
libleptonica-dev lept
liblua5.4-dev lauxlib lua lualib
liblz4-dev lz4frame
libmad0-dev mad
libmagickwand-dev wand
libmbedtls-dev mbedcrypto mbedx509
libmp3lame-dev lame
libncurses-dev curses form menu ncursesw panel term tinfo
libnetfilter-conntrack-dev netfilter_conntrack
libnetfilter-queue-dev netfilter_queue
libnl-3-dev netlink nl-3.0
libnl-genl-3-dev nl-genl-3.0
libnl-route-3-dev nl-route-3.0
libnss3-dev nss
libnuma-dev numaif
libonig-dev oniguruma
libopencv-dev opencv2 opencv4
libpam0g-dev pam pam_misc security
libpango1.0-dev pango pango-1.0 pangocairo
libpcre2-dev pcre2-16 pcre2-32 pcre2-8
libpcre3-dev pcre pcrecpp
libpcsclite-dev winscard
libpng-dev png16
libpq-dev postgresql pq-fe
libpulse-dev pulse-simple
librabbitmq-dev amqp
librtlsdr-dev rtl-sdr
libsamplerate0-dev samplerate
libsasl2-dev sasl
libsdl2-image-dev sdl2_image sdl_image
libsdl2-mixer-dev sdl2_mixer sdl_mixer
libsdl2-ttf-dev sdl2_ttf sdl_ttf
libselinux1-dev selinux
libsndfile1-dev sndfile
libsnmp-dev net-snmp netsnmp
libsqlite3-dev sqlite3ext
libssh2-1-dev ssh2
libssl-dev crypto openssl
libtiff-dev tiff-4 tiffio
libtss2-dev tss2-esys tss2-mu tss2-sys
libturbojpeg0-dev turbojpeg
libusb-1.0-0-dev usb usb-1.0
libuv1-dev uv
libvorbis-dev vorbisenc vorbisfile
libwayland-dev wayland-client wayland-cursor wayland-egl wayland-server
libx11-dev xlib xutil
libxml2-dev xml xml-2.0
libxslt1-dev exslt xslt
libyaml-dev yaml-0.1
libzmq3-dev zmq
libzstd-dev zdict
portaudio19-dev portaudio portaudio-2.0
unixodbc-dev odbc sql sqlext sqltypes
uuid-dev uuid
zlib1g-dev z zconf zlib
"""
_BY_NAME = {
    name: package for package, *names in map(str.split, _PACKAGES.splitlines()) for name in names
}

_MISSING = (
    # gcc; clang and zig; Debian's ld; zig's; pkg-config and pkgconf, which tell what is needed last
    r"fatal error: '?(?P<header>[\w/.+-]+)'?(?:: No such file or directory| file not found)",
    r"cannot find -l(?P<library>[\w.+-]+)",
    r"unable to find \w+ (?:system )?library '(?P<zig>[\w.+-]+)'",
    r"(?:Package '?|No package ')(?P<pc>[\w.+-]+)(?:', required by [^\n]*, not| was not|') found",
    r'exec: "(?P<tool>pkg-config)": executable file not found',
)
_ASKS = re.compile(
    r"^[/ \t]*#cgo\b[^\n]*\bpkg-config:[ \t]*(?:--\S+[ \t]+)*([\w.+-]+)", re.MULTILINE
)
"""A line for pkg-config in a Go file (cmd/cgo, "Using cgo with the go command")."""


def missing_package(unit: Unit, output: str) -> str:
    """Return what to do about a header, library or pkg-config file that *output* misses.

    Empty for other errors, and where the builder stage could not install it for *unit*.
    """
    found = next(filter(None, (re.search(each, output) for each in _MISSING)), None)
    if found is None or not (unit.platform.debian and unit.platform.triple):
        return ""
    kind, name = next((kind, text) for kind, text in found.groupdict().items() if text)
    key = f"tool.multiarch.helpers.{unit.helper.name}"
    if kind == "tool" and not (name := _asked(unit.source)):
        return f"{key}.debian-packages: add the package of the library that pkg-config looks for"
    package, known = package_of(name, header=kind == "header")
    what = {"header": name, "library": f"-l{name}", "zig": f"-l{name}"}.get(kind, f"{name}.pc")
    if package in {each.partition("=")[0] for each in unit.helper.debian_packages}:
        return (
            f"{what} is not where the compiler looks, though {package} is installed: say "
            "`#cgo pkg-config:` with the library's name, or check `tags` and the library's version"
        )
    sure = "" if known else "probably; `apt-file search` finds the package"
    text = f'{what}: set {key}.debian-packages = ["{package}"]'
    if unit.compiler == "zig":
        text += f' and {key}.compiler = "gcc", because zig cannot link Debian\'s libraries'
    return f"{text} ({sure})" if sure else text


def _asked(source: Path) -> str:
    """Return what the Go files below *source* ask pkg-config for first; empty for nothing."""
    for file in sorted(source.rglob("*.go")):
        if file.is_file() and (found := _ASKS.search(file.read_text("utf-8", errors="replace"))):
            return found[1]
    return ""


def package_of(name: str, *, header: bool = False) -> tuple[str, bool]:
    """Return the package of a header (its path), library or pkg-config file, and if that is known.

    What is in no list is where it would be if its package had the library's name.
    """
    word = _plain(name)
    if header:
        *folders, file = name.split("/")
        # `libxml/tree.h`: the folder has the library's name, unless there are several of them.
        word = _plain(folders[0] if len(folders) == 1 else file.rpartition(".")[0] or file)
    return (_BY_NAME[word], True) if word in _BY_NAME else (f"lib{word}-dev", False)


def _plain(name: str) -> str:
    return name.lower().removeprefix("lib")
