from __future__ import annotations

import shutil
import sys
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from elftools.elf.elffile import ELFFile

from hatch_multiarch.config import Helper, Libc, Toolchain
from hatch_multiarch.engine import Binary, HostEngine
from hatch_multiarch.plan import Unit
from hatch_multiarch.platforms import host, lookup

if TYPE_CHECKING:
    from pathlib import Path

GREET = """package main

import (
	"fmt"
	"os"
	"runtime"
)

var version = "none"

func main() {
	fmt.Println("greet", runtime.GOARCH, version, extra(), len(os.Args))
}
"""

TONE = """package main

// #include <stdlib.h>
// #include "pitch.h"
import "C"

import (
	"fmt"
	"runtime"
)

func main() {
	C.srandom(1)
	fmt.Println("tone", runtime.GOARCH, C.pitch(20), C.random() >= 0)
}
"""


class Watch:
    """Notes what an engine tells."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.events: list[tuple[str, str]] = []

    def _note(self, what: str, unit: Unit) -> None:
        with self.lock:
            self.events.append((what, unit.id))

    def started(self, unit: Unit) -> None:
        self._note("started", unit)

    def finished(self, unit: Unit, seconds: float, *, cached: bool) -> None:
        assert seconds >= 0
        self._note("cached" if cached else "finished", unit)

    def failed(self, unit: Unit, error: Exception) -> None:
        assert str(error)
        self._note("failed", unit)

    def doing(self, what: str) -> None:
        with self.lock:
            self.events.append(("doing", what))

    def all(self, what: str) -> list[str]:
        """Return the units of an event; those that were up to date have finished too."""
        also = "cached" if what == "finished" else what
        return [name for event, name in self.events if event in (what, also)]


@dataclass
class Site:
    """A project with Go modules in it; its path has a space."""

    root: Path
    watch: Watch = field(default_factory=Watch)

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def greet(self, go: str = "1.21") -> None:
        self.write(
            {
                "greet/go.mod": f"module example.com/greet\n\ngo {go}\n",
                "greet/main.go": GREET,
                "greet/extra.go": 'package main\n\nfunc extra() string { return "plain" }\n',
            }
        )

    def tone(self) -> None:
        self.write(
            {
                "tone/go.mod": "module example.com/tone\n\ngo 1.21\n",
                "tone/main.go": TONE,
                "tone/pitch.h": "int pitch(int x);\n",
                "tone/pitch.c": '#include "pitch.h"\nint pitch(int x) { return 2 * x + 2; }\n',
            }
        )

    def deep_tone(self) -> None:
        """Write a tone whose C is in a package of its own, as it is in most dependencies."""
        self.tone()
        (self.root / "tone" / "pitch").mkdir(exist_ok=True)
        for name in ("main.go", "pitch.c", "pitch.h"):
            (self.root / "tone" / name).rename(self.root / "tone" / "pitch" / name)
        library = TONE.replace("package main", "package pitch").replace("main()", "Main()")
        self.write(
            {
                "tone/pitch/main.go": library,
                "tone/main.go": 'package main\n\nimport "example.com/tone/pitch"\n\n'
                "func main() { pitch.Main() }\n",
            }
        )

    def unit(
        self,
        name: str,
        platform: str | None = None,
        compiler: str = "none",
        libc: Libc | None = None,
        **keys: Any,
    ) -> Unit:
        row = lookup(platform) if platform else host()
        assert row
        helper = Helper(name, source=name, cgo=compiler != "none", **keys)
        file = name + (".exe" if row.os == "windows" else "")
        output = self.root / "out" / row.name.replace("/", "-") / file
        return Unit(helper, row, libc or Libc("glibc"), compiler, self.root / name, output)

    def build(self, *units: Unit, toolchain: Toolchain | None = None, **keys: Any) -> list[Binary]:
        self.watch = Watch()
        engine = HostEngine(toolchain or Toolchain(), "greeter", "1.2.3", **keys)
        return engine.build(units, self.watch)

    def files(self) -> list[str]:
        """Return what stands in the output folder and has no hidden name."""
        out = self.root / "out"
        found = [path for path in out.rglob("*") if path.is_file()]
        return sorted(str(p.relative_to(out)) for p in found if not p.name.startswith("."))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "a project")


@dataclass
class Logged:
    """The machine's gcc behind a script that notes each call."""

    command: str
    log: Path
    script: Path

    def calls(self) -> int:
        """Return how often it was called to compile or link, and forget about it."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        # Go asks a compiler who it is (-###, --version), also when there is nothing to do.
        return sum(1 for line in lines if "-###" not in line and "--version" not in line)

    def sleep_at(self, file: str, seconds: int) -> None:
        """Let it sleep before it compiles *file*."""
        work = f'case "$*" in *{file}*) sleep {seconds} ;; esac\nexec gcc'
        text = self.script.read_text(encoding="ascii")
        self.script.write_text(text.replace("exec gcc", work), encoding="ascii")


@pytest.fixture
def logged(tmp_path: Path) -> Logged:
    if sys.platform != "linux" or shutil.which("gcc") is None:
        pytest.skip("needs gcc on Linux")
    script, log = tmp_path / "logged-gcc", tmp_path / "calls"
    script.write_text(f'#!/bin/sh\necho "$*" >> {log}\nexec gcc "$@"\n', encoding="ascii")
    script.chmod(0o755)
    return Logged(str(script), log, script)


@pytest.fixture
def say(run: Any) -> Any:
    """Run a binary of the host and return what it says."""

    def say(binary: Binary) -> str:
        return str(run(binary.path).out.strip())

    return say


@pytest.fixture
def interpreter() -> Any:
    """Return the dynamic loader that an ELF binary asks for; None when it is static."""

    def interpreter(binary: Binary) -> str | None:
        with binary.path.open("rb") as file:
            for segment in ELFFile(file).iter_segments("PT_INTERP"):
                return str(segment.get_interp_name())
        return None

    return interpreter
