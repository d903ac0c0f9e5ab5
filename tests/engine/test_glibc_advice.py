"""What is said where C that was compiled against glibc is linked against another C library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hatch_multiarch.config import Libc
from hatch_multiarch.engine.glibc_advice import glibc_advice
from hatch_multiarch.errors import CompileError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Logged, Site

KEY = "tool.multiarch.helpers.tone"
STATIC, OLD = Libc("static"), Libc("glibc", (2, 17))


def lld(*symbols: str, archive: object = "") -> str:
    """Return what zig's linker says, as it did of confluent-kafka-go v2.11.1."""
    place = f" in archive {archive}" if archive else ""
    return "\n".join(
        f"ld.lld: error: undefined symbol: {each}\n>>> referenced by x.o:(rd_kafka_new){place}"
        for each in symbols
    )


def archive(folder: Path, *names: str, tagged: bool) -> Path:
    """Write what stands in for a module's archive: the names in its string table count."""
    path = folder / "kafka/vendored/libx_glibc.a"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"!<arch>\n\0" + b"".join(name.encode() + b"\0" for name in names))
    constraint = "// +build musl\n" if tagged else ""
    (path.parent.parent / "build_musl.go").write_text(f"{constraint}\npackage kafka\n")
    return path


@pytest.mark.parametrize("tagged", [True, False])
def test_an_archive_for_glibc_in_a_link_with_musl(
    site: Site, tmp_path: Path, *, tagged: bool
) -> None:
    """The floor has what musl has too, and an older glibc has not: C11 threads."""
    path = archive(tmp_path, "fopen64", "mtx_lock", "thrd_create", tagged=tagged)
    unit = site.unit("tone", "linux/arm64", compiler="zig", libc=STATIC)
    assert glibc_advice(unit, lld("getcontext", "fopen64", archive=path)) == (
        'libx_glibc.a was compiled against glibc (getcontext), and libc = "static" links musl: set '
        + (f'{KEY}.tags = ["musl"], for which the module has C compiled against musl, or ' * tagged)
        + f'{KEY}.libc = "glibc:2.28"'
    )


def test_an_archive_that_is_in_a_builder_stage(site: Site) -> None:
    unit = site.unit("tone", compiler="zig", libc=STATIC)
    found = glibc_advice(unit, lld("getcontext", archive="/root/go/pkg/mod/x@v1/libx.a"))
    assert found.startswith("libx.a was compiled against glibc (getcontext), ")
    assert found.endswith(f'set {KEY}.libc = "glibc:2.28"')


@pytest.mark.parametrize(
    ("libc", "symbols", "said"),
    [
        (STATIC, ["__memcpy_chk"], f'links musl: set {KEY}.libc = "glibc:2.17"'),
        (Libc("musl"), ["__isoc23_strtol"], f'links musl: set {KEY}.libc = "glibc:2.38"'),
        (STATIC, ["backtrace", "gettid"], f'{KEY}.libc = "glibc:2.30"'),
        (OLD, ["mtx_lock"], f'too old for mtx_lock: raise it by {KEY}.libc = "glibc:2.28"'),
        (
            OLD,
            ["pitch", "stat64", "getrandom"],
            f'for stat64: raise it by {KEY}.libc = "glibc:2.33"',
        ),
        (OLD, ["pitch"], ""),
        (STATIC, ["pitch", "cos", "mtx_lock"], ""),
        (Libc("glibc", (2, 28)), ["mtx_lock"], ""),
        (Libc("glibc"), ["mtx_lock"], ""),
        (STATIC, [], ""),
    ],
)
def test_what_is_undefined_decides(site: Site, libc: Libc, symbols: list[str], said: str) -> None:
    found = glibc_advice(site.unit("tone", compiler="zig", libc=libc), lld(*symbols))
    assert found.endswith(said)
    assert bool(found) == bool(said)


def test_other_systems_and_compilers_have_no_musl(site: Site) -> None:
    output = lld("getcontext")
    assert not glibc_advice(site.unit("tone", "darwin/arm64", compiler="zig", libc=STATIC), output)
    assert not glibc_advice(site.unit("tone", compiler="gcc", libc=STATIC), output)


@pytest.mark.slow
@pytest.mark.witness
def test_the_linker_says_so(site: Site, logged: Logged, run) -> None:
    """With a real archive of the machine's gcc, in a link by zig."""
    site.tone()
    site.write(
        {
            "made/old.c": "#include <ucontext.h>\n#include <threads.h>\nstatic mtx_t one;\n"
            "int old(void) { ucontext_t u; mtx_lock(&one); return getcontext(&u); }\n",
            "tone/old.go": "package main\n\n// #cgo LDFLAGS: ${SRCDIR}/libold.a\n"
            '// int old(void);\nimport "C"\n\nfunc init() { C.old() }\n',
        }
    )
    made = site.root / "made"
    run("gcc", "-c", "old.c", cwd=made)
    run("ar", "rcs", site.root / "tone/libold.a", "old.o", cwd=made)
    with pytest.raises(CompileError) as caught:
        site.build(site.unit("tone", compiler="zig", libc=STATIC))
    assert caught.value.advice == (
        'libold.a was compiled against glibc (getcontext), and libc = "static" links musl: set '
        f'{KEY}.libc = "glibc:2.28"'
    )
    floor = Libc("glibc", (2, 28))
    [binary] = site.build(site.unit("tone", compiler="zig", libc=floor))
    assert "tone" in run(binary.path)
