"""What a C compiler did not find, and Debian's package of it; tests/buildkit has the compilers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hatch_multiarch.config import Helper, Libc
from hatch_multiarch.engine.debian_libraries import _BY_NAME, _PACKAGES, missing_package, package_of
from hatch_multiarch.plan import Unit
from hatch_multiarch.platforms import lookup


def unit(platform: str = "linux/arm64", compiler: str = "gcc", *packages: str) -> Unit:
    helper = replace(Helper("tone", "helpers/tone", cgo=True), debian_packages=packages)
    row = lookup(platform)
    assert row is not None
    return Unit(helper, row, Libc("static"), compiler, Path("/x"), Path("/y"))


HEADERS = {
    "opus.h": "libopus-dev",
    "opus/opus.h": "libopus-dev",
    "zlib.h": "zlib1g-dev",
    "openssl/evp.h": "libssl-dev",
    "curl/curl.h": "libcurl4-openssl-dev",
    "libxml/tree.h": "libxml2-dev",
    "X11/Xlib.h": "libx11-dev",
    "X11/extensions/Xrandr.h": "libxrandr-dev",
    "libpq-fe.h": "libpq-dev",
    "sqlite3.h": "libsqlite3-dev",
    "git2/attr.h": "libgit2-dev",
    "alsa/asoundlib.h": "libasound2-dev",
    "pcap.h": "libpcap-dev",
    "libavutil/uuid.h": "libavutil-dev",
}
OTHERS = {
    "z": "zlib1g-dev",
    "opus": "libopus-dev",
    "ssl": "libssl-dev",
    "crypto": "libssl-dev",
    "usb-1.0": "libusb-1.0-0-dev",
    "libusb-1.0": "libusb-1.0-0-dev",
    "glib-2.0": "libglib2.0-dev",
    "gtk+-3.0": "libgtk-3-dev",
    "webkit2gtk-4.1": "libwebkit2gtk-4.1-dev",
    "tss2-esys": "libtss2-dev",
    "libsystemd": "libsystemd-dev",
    "zmq": "libzmq3-dev",
}


@pytest.mark.parametrize("name", HEADERS)
def test_packages_of_headers(name: str) -> None:
    assert package_of(name, header=True)[0] == HEADERS[name]


@pytest.mark.parametrize("name", OTHERS)
def test_packages_of_libraries_and_pkg_config_files(name: str) -> None:
    assert package_of(name)[0] == OTHERS[name]


def test_the_table_has_each_name_once_and_nothing_that_is_guessed() -> None:
    lines = _PACKAGES.splitlines()
    assert lines == sorted(lines)
    assert sum(len(line.split()) - 1 for line in lines) == len(_BY_NAME)
    assert not [name for name, package in _BY_NAME.items() if package == f"lib{name}-dev"]


PKG_CONFIG = """\
# pkg-config --cflags  -- opus opusfile
Package opus was not found in the pkg-config search path.
Perhaps you should add the directory containing `opus.pc'
to the PKG_CONFIG_PATH environment variable
Package 'opus', required by 'virtual:world', not found
pkg-config: exit status 1
"""
NO_PKG_CONFIG = 'example.com/tone: exec: "pkg-config": executable file not found in $PATH\n'
SET = "set tool.multiarch.helpers.tone.debian-packages = "


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("main.go:3:10: fatal error: zlib.h: No such file or directory\n", f"zlib.h: {SET}"),
        ("main.go:3:10: fatal error: 'zlib.h' file not found\n", f"zlib.h: {SET}"),
        ("/usr/bin/ld: cannot find -lz: No such file or directory\n", f"-lz: {SET}"),
        ("error: unable to find dynamic system library 'z' using strategy\n", f"-lz: {SET}"),
        (PKG_CONFIG, f"opus.pc: {SET}"),
        ("No package 'opus' found\n", f"opus.pc: {SET}"),
    ],
)
def test_what_is_missing_is_told_with_its_package(output: str, says: str) -> None:
    package = "libopus-dev" if "opus" in output else "zlib1g-dev"
    said = missing_package(unit(), f"`go build` failed\n{output}")
    assert said.startswith(f'{says}["{package}"]')
    assert ("probably" in said) == (package == "libopus-dev")  # which is guessed
    by_zig = missing_package(unit("linux/amd64", "zig"), output)
    assert 'and tool.multiarch.helpers.tone.compiler = "gcc"' in by_zig
    there = missing_package(unit("linux/amd64", "gcc", f"{package}=1.3.1-3"), output)
    assert f"though {package} is installed" in there
    assert missing_package(unit("windows/amd64", "zig"), output) == ""


def test_without_pkg_config_the_sources_tell_what_it_is_asked_for(tmp_path: Path) -> None:
    asking = replace(unit(), source=tmp_path)
    said = missing_package(asking, NO_PKG_CONFIG)
    assert said.startswith("tool.multiarch.helpers.tone.debian-packages: add the package of the")
    (tmp_path / "a").mkdir()
    file = tmp_path / "a/main.go"
    for line in ("#cgo pkg-config: zlib", "// #cgo linux,amd64 pkg-config: --static zlib opus"):
        file.write_text(f"package main\n\n{line}\n")
        assert missing_package(asking, NO_PKG_CONFIG) == f'zlib.pc: {SET}["zlib1g-dev"]'


def test_other_errors_are_not_its_own() -> None:
    for output in (
        "main.go:5:2: no required module provides package example.com/x",
        "undefined reference to `compress2'",
        "main.go:3:10: fatal error: too many errors",
        "Package oops failed",
        "open go.mod: no such file or directory",
    ):
        assert missing_package(unit(), output) == ""
