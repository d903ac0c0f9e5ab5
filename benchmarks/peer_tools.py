"""What benchmarks/peers.py measures with: processes, places without shared results, the tools."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from zlib import ZLIB_RUNTIME_VERSION

from hatch_multiarch.toolchain import find_go

GORELEASER = "github.com/goreleaser/goreleaser/v2@v2.9.0"
"""The newest that installs by Go 1.26."""
KO = "github.com/google/ko@v0.19.1"
GO_TO_WHEEL = "go-to-wheel==0.2"
MINIMUM_GO = "1.25"
"""What the helper's go.mod says."""
STEERING = ("HATCH_", "SOURCE_DATE_EPOCH", "PYTHONDONTWRITEBYTECODE", "XDG_", "GO", "CGO_", "KO")
"""How variables begin that would decide what is built, or where it is kept."""


@dataclass(frozen=True)
class Took:
    """What one build took."""

    wall: float
    """Seconds that one waits."""
    cpu: float
    """Processor seconds, of user and system, of the program and all that it ran."""


def run(*words: str | Path, cwd: Path, env: dict[str, str]) -> Took:
    """Run a program; return what it took, or stop with what it said."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        begun = time.perf_counter()
        child = subprocess.Popen(
            [str(each) for each in words],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begun
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            said.seek(0)
            sys.exit(f"{words}\n{said.read()}\nexit code {child.returncode}")
    return Took(wall, usage.ru_utime + usage.ru_stime)


@dataclass(frozen=True)
class Place:
    """A folder in which one tool has its home and its caches: no other finds what it compiled."""

    folder: Path
    go: Path
    modules: str
    """Go's cache of modules, which all share: nothing is fetched while it is measured."""

    def env(self) -> dict[str, str]:
        """Return the environment of the tool; Python may keep the bytecode of what it imports."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(STEERING)}
        (self.folder / "home").mkdir(parents=True, exist_ok=True)
        own = {
            "HOME": self.folder / "home",
            "XDG_CACHE_HOME": self.folder / "cache",
            "GOCACHE": self.folder / "go-build",
        }
        return {
            **kept,
            **{name: str(path) for name, path in own.items()},
            "PATH": os.pathsep.join((str(self.go.parent), kept.get("PATH", ""))),
            "GOMODCACHE": self.modules,
            "GOENV": "off",
            "GOFLAGS": "",
            "GOPROXY": "off",
            "GOTOOLCHAIN": "local",
            "NO_COLOR": "1",
        }

    def forget(self) -> None:
        """Remove the caches."""
        for name in ("cache", "go-build"):
            shutil.rmtree(self.folder / name, ignore_errors=True)


@dataclass(frozen=True)
class Tools:
    """Where the programs are."""

    work: Path
    go: Path
    modules: str

    @classmethod
    def find(cls, work: Path) -> Tools:
        """Find Go, as our host engine does, and its cache of modules."""
        go = find_go("", MINIMUM_GO).path
        asked = subprocess.run([go, "env", "GOMODCACHE"], check=True, stdout=subprocess.PIPE)
        return cls(work, go, asked.stdout.decode().strip())

    def place(self, name: str) -> Place:
        """Return the place of the tool *name*."""
        return Place(self.work / name, self.go, self.modules)

    def download(self, module: Path) -> None:
        """Fetch what *module* needs into the cache of modules."""
        subprocess.run([self.go, "mod", "download"], cwd=module, check=True)

    def program(self, named: str | None, module: str) -> Path:
        """Return the program of a Go *module*: as *named*, on PATH, or else installed now."""
        name = module.partition("@")[0].removesuffix("/v2").rpartition("/")[2]
        found = shutil.which(named or name)
        if found:
            return Path(found).resolve()
        if named:
            sys.exit(f"there is no program {named}")
        print(f"installing {module}", file=sys.stderr, flush=True)
        env = {**os.environ, "GOBIN": str(self.work / "bin")}
        subprocess.run([self.go, "install", module], cwd=self.work, env=env, check=True)
        return self.work / "bin" / name

    def python(self, named: str | None) -> Path:
        """Return a Python that has go-to-wheel: as *named*, or else a new environment's."""
        if named:
            return Path(named).absolute()
        print(f"installing {GO_TO_WHEEL}", file=sys.stderr, flush=True)
        folder = self.work / "go-to-wheel-venv"
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = folder / "bin/python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", GO_TO_WHEEL], check=True)
        return python


def versions(tools: Tools, programs: dict[str, Path]) -> list[str]:
    """Return the names and versions of all that takes part."""
    named = [f"{name} {version(name)}" for name in ("hatch-multiarch", "hatchling")]
    named += [f"Python {platform.python_version()}", f"zlib {ZLIB_RUNTIME_VERSION}"]
    asked = subprocess.run([tools.go, "env", "GOVERSION"], check=True, stdout=subprocess.PIPE)
    named.append(asked.stdout.decode().strip().replace("go", "Go "))
    for name, program in programs.items():
        if name == "go-to-wheel":
            code = f"import importlib.metadata as m; print(m.version({name!r}))"
            done = subprocess.run([program, "-c", code], check=True, stdout=subprocess.PIPE)
            found = done.stdout.decode().strip()
        else:
            asked_go = [tools.go, "version", "-m", "-json", program]
            done = subprocess.run(asked_go, check=True, stdout=subprocess.PIPE)
            found = json.loads(done.stdout)["Main"]["Version"].removeprefix("v")
        named.append(f"{name} {found}")
    return named
