"""How long an image takes after one changed line: ours, `docker buildx build` and ko, in one run.

    python benchmarks/image.py --base 127.0.0.1:5055/python:bookworm

needs docker buildx, a registry on loopback that has the base, QEMU for arm64, and ko on PATH
(`go install github.com/google/ko@v0.19.1`) or as --ko PROGRAM.

Python: an application with a Go helper and five dependencies on the base, a line of its Python
changed. The Dockerfile installs the dependencies in one layer, which stays cached, and then the
project's wheel; it brings pip, for the base may have none. Both take the dependencies from a folder
of wheels; with --index ours asks the package index, as it does by default at each build.

Go: one helper on nothing, for two platforms, a line of it changed; ko's base holds one small file.
Each writes an OCI archive or layout, without SBOM, provenance and bytecode.

*image* is the image's own part. For ours it is measured within `hatchling build`: the base's tag
looked up, dependencies resolved and unpacked, layers, archive; for BuildKit it is `docker buildx
build`. For Go it is compiling and the image, which is all that ko does. *whole* is what one waits
for. For ours that is all of `hatchling build -t wheel`, with the wheels and the proof; for BuildKit
the same without an image, for it needs the wheels, and then `docker buildx build`. Figures are
medians of --runs, taken in turn.

Exits with 1 when a ratio of *image* is below --at-least-buildx or --at-least-ko.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLE = Path(__file__).parent.parent / "example_project"
BOTH = ("linux/amd64", "linux/arm64")
PYTHON = "3.11"
"""That of the base, for which wheels are fetched."""
DEPENDENCIES = ("requests", "jinja2", "cffi", "click", "idna")
DOCKERFILE = """\
FROM {base}
RUN --network=none --mount=type=bind,source=wheels,target=/wheels \\
    python3 -m venv --without-pip /opt/greeter && \\
    /opt/greeter/bin/python {pip} install --no-compile --no-index \\
        --find-links=/wheels {dependencies}
ENTRYPOINT ["/opt/greeter/bin/greeter"]
RUN --network=none --mount=type=bind,source=wheels,target=/wheels \\
    --mount=type=bind,source=dist,target=/dist \\
    /opt/greeter/bin/python {pip} install --no-compile --no-index \\
        --find-links=/dist --no-deps greeter
"""


@dataclass(frozen=True)
class Took:
    """Seconds of one build."""

    image: float
    whole: float


@dataclass(frozen=True)
class Row:
    """A line of the table: ours against another."""

    name: str
    ours: Took
    theirs: Took

    def ratios(self) -> tuple[float, float]:
        """Return how many times faster ours is: the image's part, and the whole."""
        return self.theirs.image / self.ours.image, self.theirs.whole / self.ours.whole


def run(*words: str | Path, cwd: Path, **env: str) -> float:
    """Run a program; return its seconds, or stop with what it said.

    Python may keep the bytecode of what it imports, as what pip installs has it.
    """
    steering = ("HATCH_", "SOURCE_DATE_EPOCH", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
    begun = time.perf_counter()
    done = subprocess.run(
        [str(each) for each in words],
        cwd=cwd,
        env={**kept, "NO_COLOR": "1", **env},
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    took = time.perf_counter() - begun
    if done.returncode:
        sys.exit(f"{words}\n{done.stdout}\nexit code {done.returncode}")
    return took


def timed(file: Path) -> None:
    """Be `hatchling build -t wheel`, and write to *file* what its parts took."""
    from hatchling.cli import hatchling  # noqa: PLC0415 - of this process only

    from hatch_multiarch.image.image_builder import ImageBuilder  # noqa: PLC0415
    from hatch_multiarch.pipeline import project_build  # noqa: PLC0415

    found = {"compile": 0.0, "image": 0.0}

    def clocked(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*words: Any, **named: Any) -> Any:
            begun = time.perf_counter()
            try:
                return function(*words, **named)
            finally:
                found[part] += time.perf_counter() - begun

        return call

    project_build.compile_plan = clocked("compile", project_build.compile_plan)
    ImageBuilder.prepare = clocked("image", ImageBuilder.prepare)
    ImageBuilder.build = clocked("image", ImageBuilder.build)
    sys.argv = ["hatchling", "build", "-t", "wheel"]
    hatchling()
    file.write_text(json.dumps(found), "utf-8")


def ours(root: Path, env: dict[str, str], *, compiling: bool = False) -> Took:
    """Build the project in *root*; with *compiling* that is part of the image's part."""
    file = root / "timed.json"
    whole = run(sys.executable, __file__, "--timed", file, cwd=root, **env)
    found = json.loads(file.read_text("utf-8"))
    return Took(found["image"] + found["compile"] * compiling, whole)


def project(root: Path, platforms: tuple[str, ...], image: str, dependencies: list[str]) -> None:
    """Write the example with its pure-Go helper only, and with this image."""
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("dist", "build", ".nox", "tone"))
    file = root / "pyproject.toml"
    text = file.read_text("utf-8")
    text = text.replace("[project]\n", f"[project]\ndependencies = {json.dumps(dependencies)}\n")
    file.write_text(
        text[: text.index("[tool.multiarch]")]
        + f'[tool.multiarch]\nengine = "host"\nplatforms = {json.dumps(platforms)}\n'
        + "[tool.multiarch.helpers.greet]\n"
        + f"[tool.multiarch.image]\n{image}\n",
        "utf-8",
    )


def fetch(folder: Path) -> Path:
    """Fetch the wheels of the dependencies for both platforms, and pip; return the latter."""
    words: list[str | Path] = [sys.executable, "-m", "pip", "download", "--only-binary=:all:"]
    words += [f"--python-version={PYTHON}", "--implementation=cp", "--dest", folder]
    for machine in ("x86_64", "aarch64"):
        tags = [f"--platform={tag}_{machine}" for tag in ("manylinux2014", "manylinux_2_28")]
        run(*words, *tags, *DEPENDENCIES, "pip", cwd=folder.parent)
    [pip] = folder.glob("pip-*.whl")
    return pip


def change(file: Path, declare: str = "") -> None:
    """Add the line `changed = "TIME"` to *file*, or change it, behind the word *declare*."""
    start = f"{declare}changed = "
    lines = file.read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(start)]
    file.write_text("".join([*kept, f'{start}"{time.time_ns()}"\n']), "utf-8")


def against_buildx(
    work: Path, base: str, platforms: tuple[str, ...], runs: int, *, index: bool
) -> Row:
    """Measure the application on *base*: ours, and BuildKit's by the equal Dockerfile."""
    root = work / "-".join(["app", *(each.rpartition("/")[2] for each in platforms)])
    project(root, platforms, f'base = "{base}"', list(DEPENDENCIES))
    (root / "wheels").mkdir()
    pip = fetch(root / "wheels")
    (root / "Dockerfile").write_text(
        DOCKERFILE.format(
            base=base, pip=f"/wheels/{pip.name}/pip", dependencies=" ".join(DEPENDENCIES)
        ),
        "utf-8",
    )
    env = {} if index else {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(root / "wheels")}
    words = ("docker", "buildx", "build", f"--platform={','.join(platforms)}", ".")
    words += ("--provenance=false", f"--output=type=oci,dest={work / 'buildx.tar'}")
    mine: list[Took] = []
    theirs: list[Took] = []
    for number in range(runs + 1):  # the first warms the caches
        change(root / "src/greeter/__init__.py")
        took = ours(root, env)
        change(root / "src/greeter/__init__.py")
        hatchling = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
        wheels = run(*hatchling, cwd=root, HATCH_MULTIARCH_IMAGE="0", **env)
        image = run(*words, cwd=root)
        if number:
            mine.append(took)
            theirs.append(Took(image, wheels + image))
    names = " and ".join(each.rpartition("/")[2] for each in platforms)
    return Row(f"Python, {names}: buildx", middle(mine), middle(theirs))


def against_ko(work: Path, base: str, ko: str, runs: int) -> Row:
    """Measure a Go helper alone on both platforms: ours, and ko's."""
    root = work / "go"
    project(root, BOTH, "", [])
    (root / "Dockerfile").write_text("FROM scratch\nCOPY README.md /\n", "utf-8")
    nothing = f"{base.partition('/')[0]}/benchmark/nothing:1"
    words = ("docker", "buildx", "build", f"--platform={','.join(BOTH)}", "--provenance=false", ".")
    run(*words, "--push", f"--tag={nothing}", cwd=root)
    env = {"KO_DOCKER_REPO": "example.com/greeter", "KO_DEFAULTBASEIMAGE": nothing}
    mine: list[Took] = []
    theirs: list[Took] = []
    for number in range(runs + 1):
        change(root / "helpers/greet/main.go", "var ")
        took = ours(root, {}, compiling=True)
        change(root / "helpers/greet/main.go", "var ")
        output = ("--push=false", f"--oci-layout-path={work / f'ko-{number}'}", "--sbom=none")
        whole = run(
            *(ko, "build", ".", f"--platform={','.join(BOTH)}", *output),
            cwd=root / "helpers/greet",
            **env,
        )
        if number:
            mine.append(took)
            theirs.append(Took(whole, whole))
    return Row("Go, amd64 and arm64: ko", middle(mine), middle(theirs))


def middle(runs: list[Took]) -> Took:
    """Return the median of each figure of *runs*."""
    return Took(median(each.image for each in runs), median(each.whole for each in runs))


def main() -> None:
    """Measure, print the table, and judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--base", default=os.environ.get("HM_TEST_PYTHON_IMAGE"))
    parser.add_argument("--ko", default="ko")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--at-least-buildx", type=float, default=10.0, metavar="TIMES")
    parser.add_argument("--at-least-ko", type=float, default=1.0, metavar="TIMES")
    parser.add_argument("--index", action="store_true", help="for ours, ask the package index")
    parser.add_argument("--timed", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.timed:
        timed(options.timed)
        return
    if not options.base:
        parser.error("--base: an image with Python in a registry on loopback")

    with tempfile.TemporaryDirectory(prefix="image-") as folder:
        work = Path(folder)
        go = against_ko(work, options.base, options.ko, options.runs)
        apps = [
            against_buildx(work, options.base, each, options.runs, index=options.index)
            for each in (BOTH[:1], BOTH)
        ]
    today = datetime.now(timezone.utc).date()
    machine = f"{os.cpu_count()}-core {platform.machine()}, {platform.system()}"
    print(f"after one changed line; {machine}; load {os.getloadavg()[0]:.1f}; {today}\n")
    print("| against | image: ours | theirs | ratio | whole: ours | theirs | ratio |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for each in (*apps, go):
        image, whole = each.ratios()
        print(
            f"| {each.name} | {each.ours.image:.2f} s | {each.theirs.image:.2f} s | {image:.1f} "
            f"| {each.ours.whole:.2f} s | {each.theirs.whole:.2f} s | {whole:.1f} |"
        )
    missed = [
        f"{each.name}: the image is to be at least {options.at_least_buildx:g} times faster"
        for each in apps
        if each.ratios()[0] < options.at_least_buildx
    ]
    if go.ratios()[0] < options.at_least_ko:
        missed.append(
            f"{go.name}: the image is to be at least {options.at_least_ko:g} times as fast"
        )
    if missed:
        sys.exit("\n".join(["", *missed]))


if __name__ == "__main__":
    main()
