"""Files that end too early or need what has no number: none may get a wheel tag."""

from __future__ import annotations

import pytest
from real_binaries import gcc, go_programs

from hatch_multiarch.audit import BinaryInfo, GoBuild, check, read, wheel_tags
from hatch_multiarch.config import Libc
from hatch_multiarch.errors import AuditError
from hatch_multiarch.platforms import host, lookup

pytestmark = [pytest.mark.witness, pytest.mark.slow]
RELR = ("-pie", "-Wl,-z,pack-relative-relocs")


@pytest.fixture(scope="module")
def binaries(tmp_path_factory):
    names = ("linux/amd64", "linux/arm/v7", "darwin/arm64", "windows/amd64")
    return go_programs(tmp_path_factory.mktemp("whole"), names)


@pytest.mark.parametrize("name", ["linux/amd64", "linux/arm/v7", "darwin/arm64", "windows/amd64"])
def test_half_a_program_is_refused(name, binaries, tmp_path):
    """What loses a part that is loaded is refused; only symbol tables may be missing."""
    whole = binaries[name].read_bytes()
    for part in range(1, 100):
        (tmp_path / "cut").write_bytes(whole[: len(whole) * part // 100])
        try:
            found = read(tmp_path / "cut")
        except AuditError:
            continue
        assert found == read(binaries[name])
        assert part > 50, part


def test_half_a_static_c_program_is_refused(tmp_path):
    whole = gcc(tmp_path / "whole", "-static").read_bytes()
    for part in range(1, 100):
        (tmp_path / "cut").write_bytes(whole[: len(whole) * part // 100])
        with pytest.raises(AuditError):
            read(tmp_path / "cut")


@pytest.mark.parametrize("odd", ["GLIBC_PRIVATE", "GLIBC_ABI_GNU_TLS"])
def test_a_need_without_a_number_gets_no_tag(odd, tmp_path):
    known = b"GLIBC_ABI_DT_RELR\0"
    binary = gcc(tmp_path / "odd", *RELR)
    data = binary.read_bytes()
    assert data.count(known) == 1
    binary.write_bytes(data.replace(known, odd.encode().ljust(len(known), b"\0")))
    facts = read(binary)
    assert facts.glibc_odd == (odd,)
    with pytest.raises(AuditError, match=f"odd needs {odd}, and no wheel tag can express"):
        check(facts, file="odd", platform=host(), libc=Libc("glibc"))


def test_many_exported_symbols_are_no_circle(tmp_path):
    source = "".join(f"int f{n}(void) {{ return {n}; }}\n" for n in range(30_000))
    binary = gcc(
        tmp_path / "big", "-rdynamic", *RELR, source=f"{source}int main(void){{return 0;}}"
    )
    assert read(binary).glibc >= (2, 36)


def test_a_program_of_freebsd_is_not_for_linux(tmp_path):
    binary = gcc(tmp_path / "other", "-static")
    data = bytearray(binary.read_bytes())
    data[7] = 9  # EI_OSABI
    binary.write_bytes(data)
    assert read(binary).os == "freebsd"


@pytest.mark.parametrize(
    ("minos", "go", "tag"),
    [
        ((16, 0), "", "macosx_26_0_arm64"),
        ((19, 2), "", "macosx_26_0_arm64"),
        ((25, 0), "", "macosx_26_0_arm64"),
        ((26, 0), "", "macosx_26_0_arm64"),
        ((12, 0), "go1.28.1", "macosx_13_0_arm64"),
        ((12, 0), "devel go1.28-abc", "macosx_13_0_arm64"),
    ],
)
def test_macos_tags_that_an_index_takes(minos, go, tag):
    build = GoBuild(go, "x") if go else None
    facts = BinaryInfo("macho", "darwin", "arm64", None, "none", None, macos=minos, go=build)
    assert wheel_tags(lookup("darwin/arm64"), [facts]) == (tag,)
