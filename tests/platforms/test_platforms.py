"""The table of platforms: consistent, normalised as containerd does, found by any host's name."""

from __future__ import annotations

import itertools
import platform as machine
import sysconfig

import pytest
from packaging.tags import parse_tag
from packaging.utils import parse_wheel_filename
from packaging.version import Version

from hatch_multiarch.audit import BinaryInfo, wheel_tag
from hatch_multiarch.errors import AuditError, PlanError
from hatch_multiarch.platforms import (
    all_platforms,
    from_sysconfig,
    host,
    host_libc,
    lookup,
    match,
    normalise,
)
from hatch_multiarch.platforms.table import _row

ROWS = all_platforms()
LINUX = [row for row in ROWS if row.os == "linux"]
NAMES = [row.name for row in ROWS]

# Debian's name of an architecture and what its gcc says to -dumpmachine (dpkg's tables, where
# i386 has i686 for its cross compiler).
DEBIAN = {
    "amd64": "x86_64-linux-gnu",
    "arm64": "aarch64-linux-gnu",
    "armhf": "arm-linux-gnueabihf",
    "armel": "arm-linux-gnueabi",
    "i386": "i686-linux-gnu",
    "riscv64": "riscv64-linux-gnu",
    "s390x": "s390x-linux-gnu",
    "ppc64el": "powerpc64le-linux-gnu",
    "loong64": "loongarch64-linux-gnu",
}


def test_the_platforms_that_are_promised():
    assert set(NAMES) == {
        *("linux/amd64", "linux/arm64", "linux/arm/v7", "linux/arm/v6", "linux/arm/v5"),
        *("linux/386", "linux/riscv64", "linux/s390x", "linux/ppc64le", "linux/loong64"),
        *("darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64", "windows/386"),
        "darwin/universal2",
    }
    assert len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_every_row_agrees_with_itself(row):
    assert row.name == "/".join(filter(None, (row.os, row.architecture, row.variant)))
    assert normalise(row.name) == row.name
    assert lookup(row.name) is row
    assert row.goarch == row.architecture
    assert all(lookup(part).os == row.os for part in row.parts)
    assert row.go_env.get("GOARM", "") == (row.variant or "").removeprefix("v")
    assert bool(row.debian) == bool(row.triple) == bool(row.packages)
    assert (row.zig.glibc is None) == (row.zig.floor is None)
    assert (row.plain_tag is None) or not (row.manylinux or row.musllinux)


@pytest.mark.parametrize("row", LINUX, ids=lambda row: row.name)
def test_every_linux_row_names_its_compilers(row):
    assert row.loader.startswith("/lib")
    assert row.zig.glibc or row.debian
    if row.zig.glibc is not None:  # glibc's and musl's target differ in the libc alone
        cpu, system, libc = row.zig.glibc.split("-")
        assert row.zig.musl == f"{cpu}-{system}-{libc.replace('gnu', 'musl')}"
    if row.debian is not None:
        assert row.triple == DEBIAN[row.debian]
        assert row.packages == (
            f"gcc-{row.triple.replace('_', '-')}",
            f"libc6-dev-{row.debian}-cross",
        )


def test_only_linux_has_a_loader_and_policies():
    for row in ROWS:
        if row.os != "linux":
            assert (row.loader, row.manylinux, row.musllinux) == (None, None, None)


@pytest.mark.parametrize("column", ["wheel_arch", "musl-linux", "index-accept"])
def test_a_misspelt_column_is_refused(column):
    with pytest.raises(TypeError, match="unexpected keyword"):
        _row("linux/amd64", {"wheel-arch": "x86_64", f"{column}x": "1"})


def test_a_misspelt_zig_column_is_refused():
    with pytest.raises(TypeError, match="unexpected keyword"):
        _row("linux/amd64", {"wheel-arch": "x86_64", "zig": {"glib": "x"}})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("linux/amd64", "linux/amd64"),
        ("linux/x86_64", "linux/amd64"),
        ("linux/x86-64", "linux/amd64"),
        ("linux/amd64/v1", "linux/amd64"),
        ("linux/x86_64/v1", "linux/amd64"),
        ("linux/amd64/v2", "linux/amd64/v2"),
        ("linux/aarch64", "linux/arm64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm64/8", "linux/arm64"),
        ("linux/aarch64/v8", "linux/arm64"),
        ("linux/arm64/v9", "linux/arm64/v9"),
        ("linux/i386", "linux/386"),
        ("linux/armhf", "linux/arm/v7"),
        ("linux/armhf/v6", "linux/arm/v7"),
        ("linux/armel", "linux/arm/v6"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/arm/7", "linux/arm/v7"),
        ("linux/arm/v7", "linux/arm/v7"),
        ("linux/arm/6", "linux/arm/v6"),
        ("linux/arm/5", "linux/arm/v5"),
        ("linux/arm/8", "linux/arm/v8"),
        ("macos/arm64", "darwin/arm64"),
        ("macOS/AARCH64", "darwin/arm64"),
        ("macOS/Universal2", "darwin/universal2"),
        ("Linux/AMD64", "linux/amd64"),
        ("LINUX/ARM/V7", "linux/arm/v7"),
        (" linux/amd64 ", "linux/amd64"),
        ("windows/x86_64", "windows/amd64"),
        # names of uname, which containerd does not know
        ("linux/armv7l", "linux/arm/v7"),
        ("linux/armv6l", "linux/arm/v6"),
        ("linux/loongarch64", "linux/loong64"),
        ("linux/i686", "linux/386"),
        # neither known nor guessed
        ("linux/vax", "linux/vax"),
        ("aarch64", "aarch64"),
        ("", ""),
    ],
)
def test_names_are_normalised_as_containerd_does(name, expected):
    assert normalise(name) == expected
    assert normalise(expected) == expected


@pytest.mark.parametrize("name", ["linux/vax", "arm64", "linux", "", "linux/arm64/v9", "linux//"])
def test_a_platform_not_in_the_table_is_none(name):
    assert lookup(name) is None


@pytest.mark.parametrize(
    ("name", "globs", "expected"),
    [
        ("linux/arm/v7", ("*",), True),
        ("linux/arm/v7", ("linux/*",), True),
        ("linux/arm/v7", ("linux/arm/*",), True),
        ("linux/arm64", ("linux/arm/*",), False),
        ("linux/arm64", ("linux/arm*",), True),
        ("linux/arm64", ("linux/aarch64",), True),
        ("linux/arm64", ("darwin/*", "linux/arm64/v8"), True),
        ("linux/amd64", ("*/amd64",), True),
        ("windows/386", ("*/[!a]*",), True),
        ("windows/386", ("linux/*", "darwin/*"), False),
        ("windows/386", (), False),
        ("linux/arm/v7", ("linux/arm/v?",), True),
        ("darwin/arm64", ("macos/arm64",), True),
    ],
)
def test_globs(name, globs, expected):
    assert match(name, globs) is expected


@pytest.mark.parametrize(
    ("platform", "processor", "bits", "expected"),
    [
        ("linux-x86_64", "x86_64", 64, "linux/amd64"),
        ("linux-x86_64", "x86_64", 32, "linux/386"),
        ("linux-i686", "i686", 32, "linux/386"),
        ("linux-aarch64", "aarch64", 64, "linux/arm64"),
        ("linux-aarch64", "aarch64", 32, "linux/arm/v7"),
        ("linux-armv8l", "armv8l", 32, "linux/arm/v7"),
        ("linux-armv7l", "armv7l", 32, "linux/arm/v7"),
        ("linux-armv6l", "armv6l", 32, "linux/arm/v6"),
        ("linux-riscv64", "riscv64", 64, "linux/riscv64"),
        ("linux-s390x", "s390x", 64, "linux/s390x"),
        ("linux-ppc64le", "ppc64le", 64, "linux/ppc64le"),
        ("linux-loongarch64", "loongarch64", 64, "linux/loong64"),
        ("macosx-11.0-universal2", "arm64", 64, "darwin/arm64"),
        ("macosx-10.9-universal2", "x86_64", 64, "darwin/amd64"),
        ("macosx-10.9-x86_64", "x86_64", 64, "darwin/amd64"),
        ("macosx-11.0-arm64", "arm64", 64, "darwin/arm64"),
        # a cross build states its target (_PYTHON_HOST_PLATFORM): that wins over the machine
        ("macosx-11.0-arm64", "x86_64", 64, "darwin/arm64"),
        ("win-amd64", "AMD64", 64, "windows/amd64"),
        ("win-arm64", "ARM64", 64, "windows/arm64"),
        ("win32", "AMD64", 32, "windows/386"),
    ],
)
def test_hosts_by_name(platform, processor, bits, expected):
    assert from_sysconfig(platform, processor, bits).name == expected


@pytest.mark.parametrize(
    "platform", ["linux-mips64", "freebsd-14.1-RELEASE-amd64", "win-arm32", "mingw_x86_64_ucrt"]
)
def test_an_unknown_host_is_a_plan_error(platform):
    with pytest.raises(PlanError) as caught:
        from_sysconfig(platform, "", 64)
    assert caught.value.message == (
        f"this Python runs on {platform}, a platform for which no helper can be built"
    )
    assert "HATCH_MULTIARCH_SKIP=1" in caught.value.advice


def test_this_machine_is_in_the_table():
    assert host() in ROWS
    assert (host_libc() != "") == (host().os == "linux")
    if machine.system() == "Linux" and sysconfig.get_config_var("SOABI").endswith("-gnu"):
        assert host_libc() == "glibc"


def _facts(row, glibc):
    libc = "none" if row.os != "linux" else "glibc" if glibc else "static"
    return BinaryInfo("elf", row.os, row.architecture, row.variant, libc, None, glibc=glibc)


def test_the_tags_of_every_row_satisfy_packaging():
    for row, glibc in itertools.product(ROWS, [None, (2, 17), (2, 34), (2, 41)]):
        if row.name == "linux/arm/v5":
            with pytest.raises(AuditError):
                wheel_tag(row, [_facts(row, glibc)])
            continue
        tag = wheel_tag(row, [_facts(row, glibc)])
        strict = {"validate_order": True} if _strict() else {}
        *_, tags = parse_wheel_filename(f"greeter-1.0-{tag}.whl", **strict)
        assert tags == parse_tag(tag)


def _strict():
    import packaging

    return Version(packaging.__version__) >= Version("26.1")
