"""Compile, audit and run a helper of each kind for each platform: `nox -s platforms`.

What comes out is written to docs/reference/platforms.json, from which docs/generate.py makes the
table of the reference. Words after `--` name platforms; the results of others stay then.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from hatch_multiarch.audit import BinaryInfo, wheel_tags
from hatch_multiarch.cache.build_cache import BuildCache
from hatch_multiarch.config import read_table
from hatch_multiarch.engine.compile_plan import compile_plan
from hatch_multiarch.engine.flags import zig_compiler
from hatch_multiarch.errors import CompileError, MultiarchError
from hatch_multiarch.plan import Plan, Project, Switches, Unit, make_plan
from hatch_multiarch.platforms import Platform, all_platforms, host, lookup, normalise
from hatch_multiarch.toolchain import find_go, find_zig, zig_env, zig_library

REPOSITORY = Path(__file__).parent.parent
RESULTS = REPOSITORY / "docs/reference/platforms.json"


@dataclass(frozen=True)
class Kind:
    """A column of the table: one helper, as a project configures it."""

    name: str
    keys: dict[str, Any]
    """Of `tool.multiarch.helpers.probe`."""
    sources: dict[str, str]
    systems: tuple[str, ...] = ("linux", "darwin", "windows")


GO_MOD = "module example.com/probe\n\ngo 1.21\n"
PURE = """\
package main

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/big"
	"runtime"
)

func main() {
	sums := make(chan [4]byte)
	go func() {
		sum := sha256.Sum256([]byte("abc"))
		sums <- [4]byte(sum[:4])
	}()
	product := new(big.Int).Exp(big.NewInt(3), big.NewInt(200), nil)
	product.Mod(product, big.NewInt(1000000007))
	fmt.Printf("%s %x %s %.9f\\n", runtime.GOARCH, <-sums, product, math.Exp(0.5))
}
"""
PURE_SAYS = "{goarch} ba7816bf 136318165 1.648721271\n"
CALLS = """\
package main

// #cgo LDFLAGS: -lm
// #include "probe.h"
import "C"

import (
	"fmt"
	_ "net" // the C library's resolver
	_ "os/user"
	"runtime"
	"unsafe"
)

//export twice
func twice(x C.int64_t) C.int64_t { return 2 * x }

func main() {
	pair := C.probe(C.struct_pair{1<<40 + 1, 0.5})
	word := uint32(0x01020304)
	order := C.first_byte() == C.int(*(*byte)(unsafe.Pointer(&word)))
	size := C.pointer_size() == C.int(unsafe.Sizeof(uintptr(0)))
	fmt.Printf("%s %d %.9f %v %v\\n",
		runtime.GOARCH, int64(pair.whole), float64(pair.part), order, size)
}
"""
HEADER = """\
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
struct pair { int64_t whole; double part; };
struct pair probe(struct pair given);
int first_byte(void);
int pointer_size(void);
extern int64_t twice(int64_t);
#ifdef __cplusplus
}
#endif
"""
C = """\
#include <math.h>
#include "probe.h"

/* Structs by value, a call back into Go, and the C library's mathematics. */
struct pair probe(struct pair given) {
    struct pair out = { twice(given.whole), exp(given.part) };
    return out;
}
int first_byte(void) { uint32_t word = 0x01020304; return *(unsigned char *)&word; }
int pointer_size(void) { return (int)sizeof(void *); }
"""
CXX = (
    C.replace("#include <math.h>", "#include <cmath>\n#include <stdexcept>\n#include <string>")
    .replace(
        "/* Structs",
        """\
static double thrown(double x) {
    try {
        throw std::runtime_error(std::to_string(x));
    } catch (const std::exception &error) {
        return std::exp(std::stod(error.what()));
    }
}

/* An exception and structs""",
    )
    .replace("exp(given.part)", "thrown(given.part)")
)
CALLS_SAY = "{goarch} 2199023255554 1.648721271 true true\n"
OF_C = {"go.mod": GO_MOD, "main.go": CALLS, "probe.h": HEADER, "probe.c": C}
OF_CXX = {"go.mod": GO_MOD, "main.go": CALLS, "probe.h": HEADER, "probe.cc": CXX}
LIBRARY = """\
package main

// #include <stdint.h>
import "C"

//export Twice
func Twice(x C.int64_t) C.int64_t { return 2 * x }

func main() {}
"""
LIBRARY_SAYS = "2199023255554\n"
LOADER = """\
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>

int main(int count, char **words) {
    void *library = dlopen(words[count - 1], RTLD_NOW);
    int64_t (*twice)(int64_t) = library ? (int64_t (*)(int64_t))dlsym(library, "Twice") : 0;
    if (!twice) return puts(dlerror()), 1;
    printf("%lld\\n", (long long)twice(1099511627777));
    return 0;
}
"""
"""What loads it on Linux; on Windows Python does."""
IN_WINDOWS = "import ctypes, sys; f = ctypes.CDLL(sys.argv[1]).Twice; f.restype = ctypes.c_int64; "
IN_WINDOWS += "print(f(ctypes.c_int64(1099511627777)))"
SAYS = {PURE: PURE_SAYS, CALLS: CALLS_SAY, LIBRARY: LIBRARY_SAYS}

KINDS = [
    Kind("pure Go", {}, {"go.mod": GO_MOD, "main.go": PURE}),
    Kind("cgo, static", {"cgo": True, "libc": "static"}, OF_C, ("linux",)),
    # The oldest that the config takes: it is raised to the oldest that zig can compile for.
    Kind("cgo, glibc", {"cgo": True, "libc": "glibc:2.12"}, OF_C, ("linux",)),
    Kind("cgo", {"cgo": True}, OF_C, ("darwin", "windows")),
    Kind("cgo with C++", {"cgo": True, "libc": "static"}, OF_CXX),
    Kind("library", {"kind": "library"}, {"go.mod": GO_MOD, "main.go": LIBRARY}),
]

CELLS = [(row, kind) for row in all_platforms() for kind in KINDS if row.os in kind.systems]
QEMU = {
    "linux/amd64": ("x86_64", "qemu64"),
    "linux/arm64": ("aarch64", "cortex-a53"),
    "linux/arm/v7": ("arm", "cortex-a8"),
    "linux/arm/v6": ("arm", "arm1176"),
    "linux/arm/v5": ("arm", "arm926"),
    "linux/386": ("i386", "qemu32"),
    "linux/riscv64": ("riscv64", "sifive-u54"),
    "linux/s390x": ("s390x", ""),
    "linux/ppc64le": ("ppc64le", "power8"),
    "linux/loong64": ("loongarch64", "la464"),
}
"""The emulator, and the oldest processor that a platform promises to run on, if QEMU has it."""
EMULATORS = REPOSITORY / ".cache/platforms/usr"
"""What `.ci/platforms fetch` unpacks."""


class Silent:
    """Hears nothing of a build."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


def look(platform: Platform, kind: Kind, folder: Path) -> dict[str, Any]:
    """Compile the helper of *kind* for *platform* in *folder*, audit it, and run it."""
    for name, text in kind.sources.items():
        path = folder / "probe" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    table = {
        # A second one, since no wheel at all is an error: there is none for linux/arm/v5.
        "platforms": list(dict.fromkeys(("linux/amd64", platform.name))),
        "helpers": {"probe": {"source": "probe", **kind.keys}},
        # Where there is no wheel tag; it is planned, not built.
        "image": {"base": "python:3.13-slim"},
    }
    try:
        plan = make_plan(
            Project(folder, "greeter", "1.0.0", {}),
            read_table(table, project_name="greeter"),
            "all",
            Switches.read({}),
        )
        [unit] = [each for each in plan.units if each.platform == platform]
        wheels = tuple(each for each in plan.wheels if each.platform == platform)
        plan = replace(plan, units=(unit,), wheels=wheels)
        compiled = compile_plan(plan, Silent(), 0, BuildCache(None))
    except MultiarchError as error:
        what = "failed" if isinstance(error, CompileError) else "refused"
        return {what: " ".join(error.message.splitlines()[:12])}
    facts = compiled.facts[unit.id]
    found: dict[str, Any] = {"tags": _tags(plan, facts)}
    if facts.glibc is not None:
        found["glibc"] = ".".join(map(str, facts.glibc))
    if kind.keys.get("cgo"):
        found["compiler"] = compiled.binaries[unit.id].compiler
    found.update(ran(unit, facts, SAYS[kind.sources["main.go"]]))
    return found


def _tags(plan: Plan, facts: BinaryInfo) -> list[str]:
    return [tag for each in plan.wheels for tag in wheel_tags(each.platform, [facts])]


def ran(unit: Unit, facts: BinaryInfo, says: str) -> dict[str, str]:
    """Run a binary, and return by what, or why it failed; nothing where it cannot be run here."""
    file = [str(unit.output)]
    if unit.helper.library and unit.platform.os == "linux":
        file.insert(0, loader(unit))
    if unit.platform == host():
        words, name = [], "natively"
    elif unit.platform.name == "windows/amd64" and "HM_TEST_WINE" in os.environ:
        words, name = [os.environ["HM_TEST_WINE"]], "Wine"
        if unit.helper.library:
            words += ["python", "-c", IN_WINDOWS]
    elif unit.platform.name in QEMU:
        dynamic = facts.interpreter is not None or unit.helper.library
        # Debian has no glibc of its own for v6.
        runs = lookup("linux/arm/v7") if dynamic and not unit.platform.triple else unit.platform
        emulator, processor = QEMU[runs.name]
        words = [str(EMULATORS / f"bin/qemu-{emulator}"), *(processor and ("-cpu", processor))]
        name = f"qemu-{emulator}{processor and f' ({processor})'}"
        if dynamic:
            words += ["-L", str(EMULATORS / str(runs.triple))]
    else:
        return {}
    done = subprocess.run(
        [*words, *file], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if (done.returncode, done.stdout) == (0, says.format(goarch=unit.platform.goarch)):
        return {"ran": name}
    said = (done.stderr or done.stdout).strip().splitlines()
    return {"failed": f"{name}: exit code {done.returncode}: {' '.join(said[:2])}"}


def loader(unit: Unit) -> str:
    """Return a program for the platform of the library *unit* that loads it and calls it."""
    program = unit.output.with_name("loader")
    source = program.with_suffix(".c")
    source.write_text(LOADER, "utf-8")
    zig = find_zig("")
    words = shlex.split(zig_compiler(unit, zig.version, "loader").cc)[1:]
    env = {**os.environ, **zig_env(zig, zig_library(zig, os.environ))}
    subprocess.run([zig.path, *words, "-o", program, source, "-ldl"], env=env, check=True)
    return str(program)


def versions() -> dict[str, str]:
    """Return on what it runs, and the versions of what compiles and runs."""
    said = subprocess.run(
        [EMULATORS / "bin/qemu-arm", "--version"], capture_output=True, text=True, check=True
    )
    libc = (EMULATORS / "x86_64-linux-gnu/lib/libc.so.6").read_bytes()
    [glibc] = re.findall(rb"stable release version (\d+\.\d+)", libc)
    return {
        "machine": host().name,
        "go": str(find_go("", "1.21")),
        "zig": str(find_zig("")),
        "qemu": re.findall(r"version (\S+)", said.stdout)[0],
        "glibc": glibc.decode(),
    }


def main(names: list[str]) -> int:
    """Look at the platforms of *names*, or at all of them, and write the results down.

    Those of some are written beside what the others gave, if that was with the same compilers.
    """
    unknown = [name for name in names if lookup(name) is None]
    if unknown:
        print(f"no platforms: {' '.join(unknown)}", file=sys.stderr)
        return 2
    names = [normalise(name) for name in names]
    head, kept = versions(), []
    head["date"] = datetime.now(timezone.utc).date().isoformat()
    if names:
        stored = json.loads(RESULTS.read_text("utf-8"))
        kept = [one for one in stored.pop("helpers") if one["platform"] not in names]
        if {**head, "date": stored["date"]} != stored:
            print(f"{RESULTS} is of {stored}, not {head}; look at all platforms", file=sys.stderr)
            return 1
        head = stored
    found = {(one["platform"], one["kind"]): one for one in kept}
    for platform, kind in CELLS:
        if not names or platform.name in names:
            with tempfile.TemporaryDirectory() as folder:
                one = look(platform, kind, Path(folder))
            one = {"platform": platform.name, "kind": kind.name, **one}
            found[platform.name, kind.name] = one
            print(json.dumps(one), flush=True)
    cells = [(platform.name, kind.name) for platform, kind in CELLS]
    lines = ",\n".join(json.dumps(found[cell]) for cell in cells if cell in found)
    RESULTS.write_text(f'{json.dumps(head)[:-1]}, "helpers": [\n{lines}\n]}}\n', "utf-8")
    return int(any("failed" in one for one in found.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
