"""cgo by zig, for platforms other than the machine's."""

from __future__ import annotations

from importlib.metadata import version as installed
from typing import TYPE_CHECKING, Any

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

from hatch_multiarch.config import Libc

if TYPE_CHECKING:
    from conftest import Site

    from hatch_multiarch.engine import Binary

pytestmark = pytest.mark.slow


def needs(binary: Binary) -> tuple[int, ...]:
    """Return the highest version of glibc that a binary needs."""
    found = [(0,)]
    with binary.path.open("rb") as file:
        for section in ELFFile(file).iter_sections():
            if isinstance(section, GNUVerNeedSection):
                names = [need.name for _, needs in section.iter_versions() for need in needs]
                found += [
                    tuple(map(int, name.removeprefix("GLIBC_").split(".")))
                    for name in names
                    if name.startswith("GLIBC_2")
                ]
    return max(found)


def test_glibc_with_a_floor(site: Site, interpreter: Any):
    site.tone()
    units = [
        site.unit("tone", platform, "zig", Libc("glibc", (2, 17)))
        for platform in ("linux/amd64", "linux/arm64")
    ]
    binaries = site.build(*units)
    for binary in binaries:
        assert (2, 2) < needs(binary) <= (2, 17)
        assert interpreter(binary) is not None
        assert binary.compiler == f"zig {installed('ziglang')}"
        assert b"ziglang" not in binary.path.read_bytes()
    again = site.build(*units)
    assert [binary.cached for binary in again] == [True, True]


def test_another_floor_is_another_binary(site: Site):
    """The C file stays as it is; which `exp` it needs (glibc 2.29 has a new one) does not."""
    site.deep_tone()
    site.write(
        {"tone/pitch/pitch.c": "#include <math.h>\nint pitch(int x) { return (int)exp(x); }\n"}
    )
    [binary] = site.build(site.unit("tone", "linux/arm64", "zig", Libc("glibc", (2, 31))))
    assert needs(binary) == (2, 29)
    [binary] = site.build(site.unit("tone", "linux/arm64", "zig", Libc("glibc", (2, 17))))
    assert needs(binary) == (2, 17)


@pytest.mark.parametrize("kind", ["static", "musl"])
def test_static_runs_on_arm64(site: Site, interpreter: Any, run: Any, emulate: Any, kind: Any):
    words = emulate("linux/arm64")  # or skip, before anything is compiled
    site.tone()
    [binary] = site.build(site.unit("tone", "linux/arm64", "zig", Libc(kind)))
    assert interpreter(binary) is None
    assert run(*words, binary.path).out == "tone arm64 42 true\n"
