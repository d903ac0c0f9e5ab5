"""Which packages need cgo, as Go sees them and as they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hatch_multiarch.engine.go_source import needs_cgo, read_file, read_package

if TYPE_CHECKING:
    from pathlib import Path

C = '// #include <x.h>\nimport "C"\n\n'
OPEN = "func Open() int { return 1 }\n"
PACKAGES = {
    "no C at all": (False, {"a.go": OPEN}),
    "only C": (True, {"a.go": C + OPEN}),
    "only C, elsewhere": (False, {"a.go": OPEN, "a_windows.go": C + "func Win() {}\n"}),
    "C on one architecture, the same without": (
        False,
        {"a_amd64.go": C + OPEN, "b.go": f"//go:build !cgo || !amd64\n\npackage x\n{OPEN}"},
    ),
    "a stub that exports less": (
        True,
        {
            "a.go": C + OPEN + "type Conn struct{}\n",
            "b.go": f"//go:build !cgo\n\npackage x\n{OPEN}",
        },
    ),
    "a stub that has a method less": (
        True,
        {
            "a.go": f"{C}func (c *Conn) Ping() {{}}\n",
            "b.go": "type Conn struct{}\n",
        },
    ),
    "a stub that exports the same and says so": (
        True,
        {
            "a.go": C + OPEN,
            "b.go": (
                "//go:build !cgo\n\npackage x\n"
                'func Open() int { panic("built with CGO_ENABLED=0") }\n'
            ),
        },
    ),
    "another way to do the same": (
        False,
        {
            "a.go": C + OPEN + "func help() { /* of this file */ }\n",
            "b.go": f"//go:build !cgo\n\npackage x\n// cgo would be faster\n{OPEN}",
        },
    ),
    "the same, by the constraints of old": (
        False,
        {
            "a.go": f"// +build cgo,!plan9\n\npackage x\n{C}{OPEN}",
            "b.go": f"// +build !cgo plan9\n\npackage x\n{OPEN}",
        },
    ),
    "a part that its other files use": (
        True,
        {"a.go": C + "func open() {}\n", "b.go": "func Do() { open() }\n"},
    ),
    "a variable in a group that its other files use": (
        True,
        {"a.go": C + "var (\n\tb, Size = 1, 2\n)\n", "b.go": "func do() int { return Size }\n"},
    ),
    "a package of C that cgo files alone import": (
        False,
        {"a.go": '//go:build cgo\n\npackage x\nimport _ "x/internal/c"\n', "b.go": OPEN},
    ),
    "comments and strings that look like C": (
        False,
        {"a.go": 'const a = "/*"\n\n// import "C"\n' + OPEN, "b.go": 'const b = "*/"\n'},
    ),
}


def write_package(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        head = "" if "package x" in text else "package x\n\n"
        (folder / name).write_text(head + text, "utf-8")
    return folder


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_needs_cgo_where_it_loses_something_without(tmp_path: Path, name: str) -> None:
    expected, files = PACKAGES[name]
    assert needs_cgo(read_package(write_package(tmp_path, files)), "linux") is expected


def test_a_program_exports_nothing(tmp_path: Path) -> None:
    """Main packages import "C" to have an external linker, too."""
    files = {"main.go": "func main() {}\n", "link.go": C + "func Extra() {}\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(f"package main\n\n{text}")
    assert not needs_cgo(read_package(tmp_path), "linux")
    (tmp_path / "main.go").write_text("package main\n\nfunc main() { Extra() }\n")
    assert needs_cgo(read_package(tmp_path), "linux")


def test_build_tags_count(tmp_path: Path) -> None:
    files = {
        "a.go": f"//go:build !pure\n\npackage x\n{C}{OPEN}",
        "b.go": "//go:build pure\n\npackage x\n",
    }
    folder = write_package(tmp_path, files)
    assert needs_cgo(read_package(folder), "linux")
    assert not needs_cgo(read_package(folder, ["pure"]), "linux")


def test_names_are_those_that_a_package_sees(tmp_path: Path) -> None:
    path = tmp_path / "a.go"
    path.write_text(
        "package x\n\nconst (\n\tA, b = iota, 1 // C\n)\n\n"
        "type T[K any] struct{\n\tField int\n}\n\n"
        "func (t *T[K]) Do() {\n\tvar local = 1\n}\n\n"
        "func init() {}\n\nfunc (T2) Go() {}\nvar v = 1\n"
    )
    found = read_file(path)
    assert found is not None
    assert found.names == {"A", "b", "T", "T.Do", "T2.Go", "v"}
