"""cgo for macOS by zig: stubs of Go's libraries, real links for both processors, signatures."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import lief
import pytest
from code_slots import reader, signed_pages

from hatch_multiarch import audit
from hatch_multiarch.config import Toolchain
from hatch_multiarch.engine.buildkit_engine import BuildkitEngine
from hatch_multiarch.engine.host_engine import HostEngine
from hatch_multiarch.engine.stage import Told
from hatch_multiarch.errors import CompileError, ToolchainError
from hatch_multiarch.platforms.table import go_macos
from hatch_multiarch.toolchain import (
    chosen_sdk,
    exports,
    find_go,
    find_zig,
    macos_stubs,
    sdk_mark,
)

if TYPE_CHECKING:
    from hatch_multiarch.engine import Binary
    from hatch_multiarch.plan import Unit

PROGRAM = """\
package main

// #include <stdio.h>
// #include <sys/mman.h>
// int twice(int number) { return 2 * number; }
import "C"

import (
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"os/user"
)

func main() {
	somebody, _ := user.Current()
	names, _ := net.LookupCNAME("localhost")
	_, err := (&x509.Certificate{Raw: []byte(os.Args[0])}).Verify(x509.VerifyOptions{})
	fmt.Println(C.twice(21), somebody, names, err)
}
"""
PLUS = """\
#include <iostream>
#include <map>
#include <string>
extern "C" void greet() {
  std::map<std::string, int> words{{"hello", 1}};
  try { throw words; } catch (const std::map<std::string, int>& caught) {
    for (const auto& word : caught) std::cout << word.first << std::endl;
  }
}
"""
C = '#include <stdio.h>\nvoid greet(void) { puts("hello"); }\n'
SQLITE = """\
[build-system]
requires = ["hatchling", "hatch-multiarch"]
build-backend = "hatchling.build"

[project]
name = "query"
version = "1"

[tool.hatch.build.targets.wheel.hooks.multiarch]

[tool.multiarch]
platforms = ["darwin/universal2"]

[tool.multiarch.helpers.query]
cgo = true
env = { CGO_CFLAGS = "-O0" } # seconds instead of a minute for 250,000 lines of C
"""
BOTH = ("darwin/arm64", "darwin/amd64")


def folder(root: Path, **files: str) -> Path:
    root.mkdir(parents=True)
    (root / "go.mod").write_text("module example.com/tone\n\ngo 1.21\n")
    for name, text in files.items():
        (root / name.replace("_", ".")).write_text(text)
    return root


@pytest.fixture
def build(tmp_path, monkeypatch):
    monkeypatch.delenv("SDKROOT", raising=False)

    def build(*units: Unit) -> tuple[HostEngine, list[Binary]]:
        engine = HostEngine(Toolchain(), "greeter", "1.2.3")
        return engine, engine.build(units, Quiet())

    return build


class Quiet:
    def __getattr__(self, _):
        return lambda *_, **__: None


@pytest.fixture
def unit(tmp_path):
    from engine.conftest import Site

    site = Site(tmp_path)

    def unit(platform: str, **keys: str) -> Unit:
        return site.unit("tone", platform, "zig", **keys)

    return unit


def libraries(path: Path) -> dict[str, set[str]]:
    """Return library -> symbols bound to it, as another reader of Mach-O files sees them."""
    found: dict[str, set[str]] = {}
    binary = lief.MachO.parse(str(path)).at(0)
    for binding in (each for each in binary.bindings if each.has_library):
        found.setdefault(binding.library.name, set()).add(str(binding.symbol.name))
    return found


@pytest.mark.slow
def test_both_processors_from_any_machine(build, unit, tmp_path):
    folder(tmp_path / "tone", main_go=PROGRAM)
    engine, made = build(*(unit(name) for name in BOTH))
    least = go_macos(engine.go)
    for binary in made:
        facts = audit.read(binary.path)
        audit.check(facts, file="tone", platform=binary.unit.platform, libc=binary.unit.libc)
        known = engine.exports(binary.unit)
        audit.check_imports(facts, file="tone", exports=known)
        arm = binary.unit.platform.architecture == "arm64"
        assert (facts.macos, facts.signed) == (least, arm)  # zig signs what has to be
        seen = libraries(binary.path)
        assert {name.rpartition("/")[2] for name in seen} == {
            "libSystem.B.dylib",
            "libresolv.9.dylib",
            "CoreFoundation",
            "Security",
        }
        # All that the linker bound is what we have read, and known to be there.
        assert seen.keys() == facts.imports.keys()
        assert all(symbols <= set(facts.imports[name]) for name, symbols in seen.items())
        parsed = lief.MachO.parse(str(binary.path)).at(0)
        assert parsed.is_pie
        assert parsed.build_version.minos[:2] == list(least)
        assert str(tmp_path).encode() not in binary.path.read_bytes()
    # The folder of the stubs is another one for each build, and no byte tells.
    moved = tmp_path / "again" / "tone"
    moved.parent.mkdir()
    shutil.copytree(tmp_path / "tone", moved)
    units = [
        replace(each.unit, source=moved, output=moved / each.unit.platform.architecture)
        for each in made
    ]
    _, again = build(*units)
    assert [each.sha256 for each in again] == [each.sha256 for each in made]


@pytest.mark.slow
@pytest.mark.network
def test_sqlite_beside_gos_own_c_in_a_universal_wheel(tmp_path, run):
    """By a whole build, whose audit looks at each import and each page of the signatures."""
    root, helper = tmp_path / "query", tmp_path / "query/helpers/query"
    (root / "query").mkdir(parents=True)
    (root / "query/__init__.py").touch()
    (root / "pyproject.toml").write_text(SQLITE)
    main = PROGRAM.replace('"fmt"', '"database/sql"\n\t"fmt"').replace(
        '"os/user"\n', '"os/user"\n\n\t_ "github.com/mattn/go-sqlite3"\n'
    )
    folder(helper, main_go=main.replace("C.twice(21)", "C.twice(21), sql.Drivers()"))
    go = find_go("", "1.21")
    run(go.path, "get", "github.com/mattn/go-sqlite3@v1.14.32", cwd=helper, GOTOOLCHAIN="local")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=root)
    [wheel] = (root / "dist").glob("*.whl")
    least = go_macos(str(go.version))[0]
    assert wheel.name == f"query-1-py3-none-macosx_{least}_0_universal2.whl"
    whole = root / "build/multiarch/bin/darwin-universal2/query"
    facts = audit.read(whole, "universal2")
    for part in facts.parts:
        processor = "x86_64" if part.architecture == "amd64" else "arm64"
        known = exports(go.goroot, find_zig("==0.17.1").path.parent / "lib", processor)
        audit.check_imports(part, file="query", exports=known)
        thin = whole.parent.with_name(f"darwin-{part.architecture}") / "query"
        seen = libraries(thin)
        assert seen.keys() == part.imports.keys() == known.keys()
        assert all(symbols <= known[name] for name, symbols in seen.items())
        assert b"SQLite format 3" in thin.read_bytes()
    assert signed_pages(reader(tmp_path / "reader", run), thin, run) > 1_000_000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "source"), [("darwin/arm64", {"greet_cpp": PLUS}), ("darwin/amd64", {"greet_c": C})]
)
def test_cplusplus_and_a_newer_macos(build, unit, tmp_path, name, source):
    """C++ for one processor: zig compiles its library for minutes (`nox -s platforms` has both)."""
    main = 'package main\n\n// void greet(void);\nimport "C"\n\nfunc main() { C.greet() }\n'
    folder(tmp_path / "tone", main_go=main, **source)
    engine, made = build(unit(name, macos="14.0"))
    for binary in made:
        facts = audit.read(binary.path)
        assert facts.macos == (14, 0)
        tag = f"macosx_14_0_{binary.unit.platform.wheel_arch}"
        assert audit.wheel_tags(binary.unit.platform, [facts]) == (tag,)
        audit.check(facts, file="tone", platform=binary.unit.platform, libc=binary.unit.libc)
        audit.check_imports(facts, file="tone", exports=engine.exports(binary.unit))
        assert set(libraries(binary.path)) == {"/usr/lib/libSystem.B.dylib"}


@pytest.mark.slow
def test_a_framework_needs_apples_sdk(build, unit, tmp_path, monkeypatch):
    """A folder laid out as Apple's SDKs are provides it; SDKROOT names that."""
    main = PROGRAM.replace(
        "// #include <stdio.h>",
        "// #cgo LDFLAGS: -framework IOKit -lz\n// #include <IOKit/IOKitLib.h>\n"
        "// #include <zlib.h>",
    ).replace("2 * number", "number + (IOServiceMatching(zlibVersion()) != 0)")
    folder(tmp_path / "tone", main_go=main)
    with pytest.raises(CompileError) as caught:
        build(unit("darwin/arm64"))
    assert caught.value.advice == (
        "only Apple's SDK has IOKit/IOKitLib.h: set SDKROOT to the folder of one, compile on a "
        "Mac, or leave darwin/arm64 out by tool.multiarch.helpers.tone.platforms"
    )
    root = tmp_path / "MacOSX 15.sdk"
    go = find_go("", "1.21")
    sdk(root, exports(go.goroot, find_zig("==0.17.1").path.parent / "lib", "arm64"))
    monkeypatch.setenv("SDKROOT", str(root))
    engine = HostEngine(Toolchain(), "greeter", "1.2.3")
    for binary in engine.build([unit(name) for name in BOTH], Quiet()):
        assert engine.exports(binary.unit) is None  # the linker has looked into the SDK
        facts = audit.read(binary.path)
        audit.check(facts, file="tone", platform=binary.unit.platform, libc=binary.unit.libc)
        assert facts.imports[FRAMEWORK.format("IOKit")] == ["_IOServiceMatching"]
        assert facts.imports["/usr/lib/libz.1.dylib"] == ["_zlibVersion"]
        assert libraries(binary.path).keys() == facts.imports.keys()
    # What the SDK does not export either is not linked.
    (root / "usr/lib/libz.1.tbd").write_text(stub("/usr/lib/libz.1.dylib", {"_inflate"}))
    (root / "SDKSettings.json").write_text(SETTINGS.replace("15.0", "15.1"))
    with pytest.raises(CompileError, match="undefined symbol: _zlibVersion"):
        engine.build([unit("darwin/arm64")], Quiet())


FRAMEWORK = "/System/Library/Frameworks/{0}.framework/Versions/A/{0}"


def sdk(root: Path, known) -> None:
    """Lay out *root* as Apple does, with links to versions; *known*: library -> its symbols."""
    frameworks = root / "System/Library/Frameworks"
    for name in ("IOKit", "CoreFoundation", "Security"):
        place = frameworks / f"{name}.framework/Versions/A"
        (place / "Headers").mkdir(parents=True)
        library = FRAMEWORK.format(name)
        symbols = known.get(library, {"_IOServiceMatching", "_IOServiceGetMatchingService"})
        (place / f"{name}.tbd").write_text(stub(library, symbols))
        (place.parent / "Current").symlink_to("A")
        for entry in (f"{name}.tbd", "Headers"):
            (place.parent.parent / entry).symlink_to(f"Versions/Current/{entry}")
    header = "#include <stdint.h>\nextern void *IOServiceMatching(const char *name);\n"
    (frameworks / "IOKit.framework/Headers/IOKitLib.h").write_text(header)
    for folder_ in ("usr/lib", "usr/include"):
        (root / folder_).mkdir(parents=True)
    (root / "usr/include/zlib.h").write_text("const char *zlibVersion(void);\n")
    resolv = "/usr/lib/libresolv.9.dylib"
    for library, symbols in ((resolv, known[resolv]), ("/usr/lib/libz.1.dylib", {"_zlibVersion"})):
        path = root / library[1:].replace(".dylib", ".tbd")
        path.write_text(stub(library, symbols))
        path.with_name(path.name.split(".")[0] + ".tbd").symlink_to(path.name)
    (root / "SDKSettings.json").write_text(SETTINGS)


SETTINGS = json.dumps(
    {
        "CanonicalName": "macosx15.0",
        "DisplayName": "macOS 15.0",
        "MaximumDeploymentTarget": "15.0.99",
        "SupportedTargets": {
            "macosx": {
                "Archs": ["x86_64", "arm64", "arm64e"],
                "DefaultDeploymentTarget": "15.0",
                "LLVMTargetTripleEnvironment": "",
                "LLVMTargetTripleSys": "macosx",
                "LLVMTargetTripleVendor": "apple",
                "SystemPrefix": "",
            }
        },
        "Version": "15.0",
    }
)
"""What clang reads of SDKSettings.json: it heeds SDKROOT too."""


def stub(library: str, symbols) -> str:
    targets = "[ x86_64-macos, arm64-macos, arm64e-macos ]"
    names = ", ".join(sorted(symbols))
    return (
        f"--- !tapi-tbd\ntbd-version: 4\ntargets: {targets}\ninstall-name: '{library}'\n"
        f"current-version: 275\nexports:\n  - targets: {targets}\n    symbols: [ {names} ]\n...\n"
    )


def test_the_stubs_hold_what_go_imports_and_no_more():
    go, library = find_go("", "1.21"), find_zig("==0.17.1").path.parent / "lib"
    known = exports(go.goroot, library, "arm64")
    assert known["/usr/lib/libresolv.9.dylib"] == {
        "_res_9_nclose",
        "_res_9_ninit",
        "_res_9_nsearch",
    }
    assert {"_open", "_pthread_create", "_getaddrinfo"} <= known["/usr/lib/libSystem.B.dylib"]
    # Of x86_64 alone.
    intel = exports(go.goroot, library, "x86_64")["/usr/lib/libSystem.B.dylib"]
    assert "_stat$INODE64" in intel - known["/usr/lib/libSystem.B.dylib"]
    frameworks = {Path(name).name for name in known if "/Frameworks/" in name}
    assert frameworks == {"CoreFoundation", "Security"}


def test_the_builder_stage_tells_the_same(tmp_path, unit, run):
    """Its script runs the module as a program; an engine takes what that wrote for its own."""
    go, zig = find_go("", "1.21"), find_zig("==0.17.1")
    folder, library = tmp_path / "stage", zig.path.parent / "lib"
    run(sys.executable, macos_stubs.__file__, zig.path, go.goroot, folder, library)
    assert (folder / "zig").is_file()
    engine = BuildkitEngine(None, {}, 0)
    for name, processor in zip(BOTH, ("arm64", "x86_64"), strict=True):
        told = tmp_path / processor / ".told"
        told.mkdir(parents=True)
        shutil.copyfile(folder / f"{processor}.json", told / "exports")
        engine._told = {name: Told.read(told.parent)}
        assert engine.exports(unit(name)) == exports(go.goroot, library, processor)
    assert engine.exports(replace(unit(BOTH[0]), compiler="dockerfile")) is None
    (told / "exports").write_text("nothing")
    engine._told = {BOTH[1]: Told.read(told.parent)}
    with pytest.raises(ToolchainError, match="does not say what macOS exports"):
        engine.exports(unit(BOTH[1]))


def test_sdkroot_names_an_sdk_or_nothing(tmp_path):
    assert chosen_sdk({}) is None
    assert chosen_sdk({"SDKROOT": ""}) is None
    with pytest.raises(
        ToolchainError, match=r"^SDKROOT: .* has no folder System/Library/Frameworks"
    ):
        chosen_sdk({"SDKROOT": str(tmp_path)})
    (tmp_path / "System/Library/Frameworks").mkdir(parents=True)
    assert chosen_sdk({"SDKROOT": str(tmp_path)}) == tmp_path
    by_path = sdk_mark(tmp_path)
    (tmp_path / "SDKSettings.json").write_text('{"Version": "15.0"}')
    assert sdk_mark(tmp_path) != by_path


def test_go_says_which_macos_it_runs_on():
    assert go_macos("go1.22.3") == (10, 15)
    assert go_macos("1.26rc1") == (12, 0)
    assert go_macos("go1.99") == go_macos("go1.27")
