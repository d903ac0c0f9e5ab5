"""From facts to wheel tags."""

from __future__ import annotations

import pytest
from packaging.tags import mac_platforms

from hatch_multiarch.audit import BinaryInfo, GoBuild, wheel_tag, wheel_tags
from hatch_multiarch.errors import AuditError
from hatch_multiarch.platforms import lookup

STATIC = BinaryInfo("elf", "linux", "any", None, "static", None)
MUSL = BinaryInfo("elf", "linux", "any", None, "musl", "/lib/ld-musl-any.so.1")


def glibc(major, minor):
    return BinaryInfo("elf", "linux", "any", None, "glibc", "/lib/ld", glibc=(major, minor))


def mac(minos, go=None):
    built = GoBuild(go, "example.com/x") if go else None
    return BinaryInfo("macho", "darwin", "any", None, "none", None, macos=minos, go=built)


def universal(amd64, arm64):
    """Return the facts of a universal program by those that its parts need."""
    parts = tuple(
        BinaryInfo("macho", "darwin", name, None, "none", None, macos=each)
        for name, each in (("amd64", amd64), ("arm64", arm64))
    )
    return BinaryInfo("macho", "darwin", "universal2", None, "none", None, parts=parts)


def tags2014(arch, musl):
    return f"manylinux2014_{arch} manylinux_2_17_{arch} musllinux_{musl}_{arch}"


PE = BinaryInfo("pe", "windows", "any", None, "none", None)


@pytest.mark.parametrize(
    ("name", "facts", "tags"),
    [
        ("linux/amd64", [STATIC], tags2014("x86_64", "1_1")),
        ("linux/arm64", [STATIC], tags2014("aarch64", "1_1")),
        ("linux/386", [STATIC], tags2014("i686", "1_1")),
        ("linux/s390x", [STATIC], tags2014("s390x", "1_1")),
        ("linux/ppc64le", [STATIC], tags2014("ppc64le", "1_1")),
        ("linux/arm/v7", [STATIC], tags2014("armv7l", "1_2")),
        ("linux/arm/v6", [STATIC], "linux_armv6l"),
        ("linux/riscv64", [STATIC], "manylinux_2_31_riscv64 musllinux_1_2_riscv64"),
        ("linux/loong64", [STATIC], "manylinux_2_36_loongarch64 musllinux_1_2_loongarch64"),
        # a dynamic binary: the highest need, never below what installers accept
        ("linux/amd64", [glibc(2, 2)], "manylinux2014_x86_64 manylinux_2_17_x86_64"),
        ("linux/amd64", [glibc(2, 17)], "manylinux2014_x86_64 manylinux_2_17_x86_64"),
        ("linux/amd64", [glibc(2, 34)], "manylinux_2_34_x86_64"),
        ("linux/riscv64", [glibc(2, 27)], "manylinux_2_31_riscv64"),
        ("linux/riscv64", [glibc(2, 36)], "manylinux_2_36_riscv64"),
        # mixtures
        ("linux/amd64", [STATIC, glibc(2, 28), glibc(2, 17)], "manylinux_2_28_x86_64"),
        ("linux/amd64", [STATIC, STATIC], tags2014("x86_64", "1_1")),
        # macOS: the binary's own stamp and its Go release, rounded up to what a tag can say
        ("darwin/arm64", [mac((11, 0))], "macosx_11_0_arm64"),
        ("darwin/arm64", [mac(None)], "macosx_11_0_arm64"),
        ("darwin/amd64", [mac(None)], "macosx_10_9_x86_64"),
        ("darwin/amd64", [mac((10, 13), "go1.22.12")], "macosx_10_15_x86_64"),
        ("darwin/amd64", [mac((10, 13), "go1.23")], "macosx_11_0_x86_64"),
        ("darwin/arm64", [mac((11, 0), "go1.25.4")], "macosx_12_0_arm64"),
        ("darwin/arm64", [mac((12, 0), "go1.26.8")], "macosx_12_0_arm64"),
        ("darwin/arm64", [mac((12, 0), "go1.27rc1")], "macosx_13_0_arm64"),
        ("darwin/arm64", [mac((13, 0), "devel go1.99")], "macosx_13_0_arm64"),
        ("darwin/arm64", [mac((12, 3))], "macosx_13_0_arm64"),
        ("darwin/arm64", [mac((15, 2))], "macosx_26_0_arm64"),
        ("darwin/amd64", [mac((10, 14)), mac((12, 0))], "macosx_12_0_x86_64"),
        # the higher of both; that arm64 begins at 11 does not keep it from an older amd64
        ("darwin/universal2", [universal((12, 0), (13, 0))], "macosx_13_0_universal2"),
        ("darwin/universal2", [universal((13, 0), (12, 0))], "macosx_13_0_universal2"),
        ("darwin/universal2", [universal((10, 15), (11, 0))], "macosx_10_15_universal2"),
        ("darwin/universal2", [universal((10, 15), (12, 0))], "macosx_12_0_universal2"),
        ("darwin/universal2", [universal((11, 0), None)], "macosx_11_0_universal2"),
        ("windows/amd64", [PE], "win_amd64"),
        ("windows/arm64", [PE], "win_arm64"),
        ("windows/386", [PE], "win32"),
    ],
)  # fmt: skip
def test_tags(name, facts, tags):
    assert " ".join(wheel_tags(lookup(name), facts)) == tags
    assert wheel_tag(lookup(name), facts) == f"py3-none-{tags.replace(' ', '.')}"


def test_both_processors_take_what_a_universal_program_is_tagged():
    """The installers' own list, of the oldest macOS that it runs on."""
    for amd64, arm64 in (((10, 15), (11, 0)), ((12, 0), (12, 0)), ((12, 0), (13, 0))):
        [tag] = wheel_tags(lookup("darwin/universal2"), [universal(amd64, arm64)])
        newest = max(amd64, arm64)
        assert tag in mac_platforms(newest, "arm64")
        assert tag in mac_platforms(max(amd64, arm64 if arm64 > (11, 0) else amd64), "x86_64")


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("linux/arm/v5", [STATIC]),
        ("linux/amd64", [MUSL]),
        ("linux/amd64", [glibc(2, 17), MUSL]),
    ],
)
def test_no_tag_fits(name, facts):
    with pytest.raises(AuditError) as caught:
        wheel_tags(lookup(name), facts)
    assert caught.value.message == f"no wheel tag fits {name} and all of its helpers"
    assert "only build the image for this platform" in caught.value.advice
