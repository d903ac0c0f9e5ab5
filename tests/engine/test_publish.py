"""What a library's header says, which Go writes beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hatch_multiarch.engine.publish import take_header
from hatch_multiarch.errors import CompileError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Site

PROLOGUE = """\
extern size_t _GoStringLen(_GoString_ s);
/* Start of preamble from import "C" comments.  */
extern int of_the_preamble(int x);
#ifdef __cplusplus
extern "C" {
#endif
"""
DECLARED = {
    "extern int Add(int a, int b);": ["Add"],
    "extern __declspec(dllexport) char* Name(void);\nextern void Free(char* text);": [
        "Name",
        "Free",
    ],
    "/* Return type for Two */\nstruct Two_return {\n\tGoInt r0;\n};\n"
    "extern struct Two_return Two(GoString s);": ["Two"],
}


@pytest.mark.parametrize("text", DECLARED)
def test_the_functions_that_go_exports(text: str, site: Site) -> None:
    unit = site.unit("tone", "linux/amd64", compiler="zig", kind="library", header=True)
    built = site.root / "libtone.so"
    site.write({"libtone.h": f"{PROLOGUE}\n{text}\n\n#ifdef __cplusplus\n}}\n#endif\n"})
    assert list(take_header(unit, built)) == DECLARED[text]
    assert unit.header is not None
    assert unit.header.read_bytes() == built.with_suffix(".h").read_bytes()


@pytest.mark.parametrize("text", [None, PROLOGUE])
def test_a_library_without_functions(text: str | None, site: Site, tmp_path: Path) -> None:
    unit = site.unit("tone", "linux/amd64", compiler="zig", kind="library")
    site.write({"libtone.h": text} if text else {"other.h": ""})
    with pytest.raises(CompileError, match="tone linux/amd64: the library exports no function"):
        take_header(unit, site.root / "libtone.so")


def test_a_program_has_none(site: Site) -> None:
    assert take_header(site.unit("greet"), site.root / "greet") == ()
