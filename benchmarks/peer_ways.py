"""The ways that benchmarks/peers.py compares: each is a project in a place of its own."""

from __future__ import annotations

import json
import shutil
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from peer_tools import Took, run

if TYPE_CHECKING:
    from peer_tools import Place

HERE = Path(__file__).parent
MODULE = HERE / "grpc"
"""The helper: 11 MB, with grpc and cobra."""
PLATFORMS = (
    *("linux/amd64", "linux/arm64", "linux/arm/v7", "linux/386"),
    *("darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"),
)
BOTH = ("linux/amd64", "linux/arm64")
OURS = "hatchling build -t wheel"
CHECKS = "go build, parallel"
STORED, DEFLATED = f"{CHECKS}, stored zips", f"{CHECKS}, deflated zips"
HATCHLING = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
PYPROJECT = """\
[build-system]
requires = ["hatchling", "hatch-multiarch"]
build-backend = "hatchling.build"
[project]
name = "peers"
version = "1"
[tool.hatch.build.targets.wheel]
only-include = ["peers.py"]
[tool.hatch.build.targets.wheel.hooks.multiarch]
[tool.multiarch]
engine = "host"
platforms = {platforms}
"""
GORELEASER = """\
version: 2
project_name: grpc
builds:
  - env: [CGO_ENABLED=0]
    flags: [-trimpath, -buildvcs=false]
    ldflags: [-s -w]
    targets: {targets}
"""
KO = """\
builds:
  - id: grpc
    flags: [-trimpath, -buildvcs=false]
    ldflags: [-s, -w]
"""
GO_TO_WHEEL = """\
import json, sys, go_to_wheel
go_to_wheel.PLATFORM_MAPPINGS.update(json.loads(sys.argv.pop(1)))
sys.exit(go_to_wheel.main())
"""
"""go-to-wheel's own program, with the platforms that its table lacks."""
TAGS = {"arm": "manylinux_2_17_armv7l", "386": "manylinux_2_17_i686"}
"""Those, by Go's name, and their wheel tags."""


@dataclass(frozen=True)
class Way:
    """One way to build; a row of a table."""

    name: str
    place: Place
    words: tuple[str | Path, ...]
    cwd: Path
    source: Path
    """The Go file of which a line changes."""
    outputs: tuple[Path, ...]
    """Where it puts what it makes."""
    env: dict[str, str] = field(default_factory=dict)
    afresh: bool = False
    """Whether it wants its outputs removed before each build."""

    def forget(self) -> None:
        """Remove all that was built, and what would help to build it again."""
        self.place.forget()
        self._remove()

    def change(self) -> None:
        """Change one line of the program, which the program prints."""
        lines = self.source.read_text("utf-8").splitlines()
        kept = [line for line in lines if not line.startswith("var revision")]
        text = "\n".join([*kept, f'var revision = "{time.time_ns()}"\n'])
        self.source.write_text(text, "utf-8")

    def build(self) -> Took:
        """Build, and return what it took."""
        if self.afresh:
            self._remove()
        return run(*self.words, cwd=self.cwd, env={**self.place.env(), **self.env})

    def size(self) -> int:
        """Return the bytes of its wheels. Stops when there is not one for every platform."""
        wheels = list(self.outputs[0].glob("*.whl"))
        if len(wheels) != len(PLATFORMS):
            sys.exit(f"{self.name} made {len(wheels)} wheels of {len(PLATFORMS)}")
        return sum(wheel.stat().st_size for wheel in wheels)

    def _remove(self) -> None:
        for each in self.outputs:
            shutil.rmtree(each, ignore_errors=True)


def ours(place: Place, root: Path, helpers: list[Path], platforms: tuple[str, ...]) -> Way:
    """Write a project with *helpers*, by their folders; on two platforms it has an image too."""
    text = PYPROJECT.format(platforms=json.dumps(platforms))
    for helper in helpers:
        shutil.copytree(helper, root / "helpers" / helper.name)
        text += f"[tool.multiarch.helpers.{helper.name}]\n"
    if platforms == BOTH:
        text += '[tool.multiarch.image]\nbase = "scratch"\noutputs = ["oci"]\n'
    (root / "pyproject.toml").write_text(text, "utf-8")
    (root / ".gitignore").write_text("/build/\n", "utf-8")
    (root / "peers.py").touch()
    source = root / "helpers" / helpers[0].name / "main.go"
    return Way(OURS, place, HATCHLING, root, source, (root / "dist", root / "build"))


def go_to_wheel(place: Place, python: Path) -> Way:
    """Take the module as it is."""
    module, dist = _module(place), place.folder / "dist"
    more = {
        f"linux-{machine}": ["linux", machine, tag] for machine, tag in TAGS.items()
    }  # GOARM=7 is what Go takes by itself
    names = ["-".join(each.split("/")[:2]) for each in PLATFORMS]
    words = (python, "-c", GO_TO_WHEEL, json.dumps(more), module)
    words += (f"--platforms={','.join(names)}", f"--output-dir={dist}")
    return Way("go-to-wheel", place, words, module, module / "main.go", (dist,))


def goreleaser(place: Place, program: Path) -> Way:
    """Configure the same flags and platforms."""
    module = _module(place)
    targets = [each.replace("/arm/v", "/arm/").replace("/", "_") for each in PLATFORMS]
    config = GORELEASER.format(targets=json.dumps(targets))
    (module / ".goreleaser.yaml").write_text(config, "utf-8")
    words = (program, "build", "--snapshot", "--clean")
    return Way(
        f"{program.name} build", place, words, module, module / "main.go", (module / "dist",)
    )


def loops(place: Place) -> dict[str, Way]:
    """Return the bare loops, by name: without a zip, with stored ones, with deflated ones."""
    module = _module(place)
    packings = {CHECKS: "none", STORED: "stored", DEFLATED: "deflated"}
    return {
        name: loop(name, place, packing, [module], PLATFORMS) for name, packing in packings.items()
    }


def loop(
    name: str, place: Place, packing: str, modules: list[Path], platforms: tuple[str, ...]
) -> Way:
    """Return a bare loop over *modules*, where they are."""
    output = place.folder / "out" / f"{packing}-{len(modules)}-{len(platforms)}"
    words = (sys.executable, HERE / "peer_loop.py", packing, output, ",".join(platforms), *modules)
    return Way(name, place, words, place.folder, modules[0] / "main.go", (output,))


def ko(place: Place, program: Path, base: str) -> list[Way]:
    """Configure the same flags; each build writes a new layout. The second way keeps binaries."""
    module, layout = _module(place), place.folder / "layout"
    (module / ".ko.yaml").write_text(KO, "utf-8")
    words = (program, "build", ".", f"--platform={','.join(BOTH)}", "--push=false")
    words += (f"--oci-layout-path={layout}", "--sbom=none")
    env = {"KO_DOCKER_REPO": "example.com/peers", "KO_DEFAULTBASEIMAGE": base}
    way = Way("ko build", place, words, module, module / "main.go", (layout,), env, afresh=True)
    kept = {**env, "KOCACHE": str(place.folder / "cache/ko")}
    return [way, replace(way, name="ko build, KOCACHE", env=kept)]


def small(folder: Path, count: int) -> list[Path]:
    """Write *count* small programs, unlike those of another count."""
    modules = [folder / f"helper{number}" for number in range(count)]
    for module in modules:
        module.mkdir(parents=True)
        (module / "go.mod").write_text(f"module example.com/{module.name}\n\ngo 1.21\n", "utf-8")
        text = f'import "fmt"\n\nfunc main() {{ fmt.Println("{module.name} of {count}") }}\n'
        (module / "main.go").write_text(f"package main\n\n{text}", "utf-8")
    return modules


def _module(place: Place) -> Path:
    """Copy the module into *place*."""
    return Path(shutil.copytree(MODULE, place.folder / "grpc"))
