"""Kills builds of a small project, each at another step, and looks at what every one has left.

    python kills.py FOLDER COUNT

A step is a call that changes a folder or opens a file to write. Prints one JSON object a kill. The
build runs in a fork of this process: so all modules are imported once.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import hatchling.build
from hatchling.cli import hatchling

from hatch_multiarch import files
from hatch_multiarch.errors import MultiarchError
from hatch_multiarch.hatch_plugin import build_hook  # noqa: F401
from hatch_multiarch.pipeline import project_build  # noqa: F401
from hatch_multiarch.toolchain import find_go
from hatch_multiarch.verify import Run, find_dist, verify_dist

PYPROJECT = """\
[build-system]
requires = ["hatchling", "hatch-multiarch"]
build-backend = "hatchling.build"

[project]
name = "hello"
version = "{version}"

[tool.hatch.build.targets.wheel.hooks.multiarch]

[tool.multiarch]
platforms = ["linux/amd64", "linux/arm64"]

[tool.multiarch.helpers.greet]
prebuilt = "prebuilt/{helper}/{{arch}}"

[tool.multiarch.image]
name = "example.com/hello"
base = "scratch"
outputs = ["oci", "layout"]
"""
STEPS = {"os.rename", "os.link", "os.mkdir", "os.remove", "shutil.rmtree"}
SCENARIOS = ("first", "changed", "version", "unchanged")


def helpers(root: Path) -> None:
    """Compile one helper twice, for both platforms."""
    source = root / "main.go"
    source.write_text('package main\n\nvar v = "?"\n\nfunc main() { println("hello", v) }\n')
    for version in ("1.0", "2.0"):
        for arch in ("amd64", "arm64"):
            target = root / "prebuilt" / version / arch
            env = {**os.environ, "CGO_ENABLED": "0", "GOARCH": arch, "GOOS": "linux"}
            words = [find_go("", "1.21").path, "build", "-trimpath"]
            words += [f"-ldflags=-s -w -X main.v={version}", "-o", target, source]
            subprocess.run(words, cwd=root, env=env, check=True)


def configure(root: Path, helper: str, version: str) -> None:
    """Write the project: it ships *helper*, "1.0" or "2.0", as *version*."""
    text = PYPROJECT.format(helper=helper, version=version)
    (root / "pyproject.toml").write_text(text)
    (root / "hello").mkdir(exist_ok=True)
    (root / "hello/__init__.py").write_text(f'HELPER = "{helper}"\n')


def built(root: Path, at: int = 0) -> tuple[int, int, str]:
    """Build in a fork, which step *at* kills; return its signal or code, its steps, its words."""
    said, (count, told) = root.parent / "said", os.pipe()
    child = os.fork()
    if not child:
        out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1)
        os.dup2(out, 2)
        sys.stdout = sys.stderr = os.fdopen(2, "w", buffering=1)  # pytest has others
        code = 1
        try:
            steps = 0

            def step(event: str, arguments: tuple[object, ...]) -> None:
                nonlocal steps
                writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & 3
                if event in STEPS or writes:
                    steps += 1
                    if steps == at:
                        os.kill(os.getpid(), signal.SIGKILL)

            os.chdir(root)
            os.environ["HATCH_MULTIARCH_ENGINE"] = "host"
            sys.addaudithook(step)
            sys.argv = ["hatchling", "build", "-t", "wheel"]
            try:
                code = hatchling() or 0
            except SystemExit as end:
                code = int(end.code or 0)
            os.write(told, str(steps).encode())
        finally:
            import atexit

            atexit._run_exitfuncs()
            os._exit(code)
    os.close(told)
    _, status = os.waitpid(child, 0)
    steps = os.read(count, 20)
    os.close(count)
    return status, int(steps or 0), said.read_text(errors="replace")


def outputs(root: Path) -> dict[str, str | None]:
    """Return what each output with a final name is; the report tells by its wheels."""
    found = {}
    for each in sorted((*root.glob("dist/[!.]*"), *root.glob("build/multiarch/hello-*"))):
        digest = files.fingerprint(each)
        if each.suffix == ".json":
            told = json.loads(each.read_text())
            digest = json.dumps([told["wheels"], told["image"]])
        found[each.name] = digest
    return found


def verified(root: Path) -> str:
    """Return what `verify` refuses, or nothing."""
    try:
        dist = find_dist([str(root)])
        assert dist is not None
        done = verify_dist(dist, Run(), os.environ, lambda _: None)
        return "; ".join(f"{each.name}: {each.failed}" for each in done if each.failed)
    except MultiarchError as error:
        return str(error)


def left(root: Path) -> list[str]:
    """Return what killed builds have left: their folders, and journals."""
    names = [*root.glob("dist/.*"), *root.glob("build/multiarch/.[!g]*")]  # .gitignore stays
    names += Path(tempfile.gettempdir()).glob("hatch-multiarch-work-*")
    return sorted(each.name for each in names)


def prepare(scenario: str, base: Path) -> Path:
    """Return a project in whose state before the build that is killed all is well."""
    root = base / "project"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(base / ("configured" if scenario == "first" else "old"), root, symlinks=True)
    if scenario in ("changed", "version"):
        configure(root, "2.0", "1.1" if scenario == "version" else "1.0")
    return root


def main(base: Path, count: int) -> None:
    """Kill *count* builds, as many in each scenario."""
    os.fsync = lambda _: None  # a kill loses nothing that is written; only a power failure does
    configured, old = base / "configured", base / "old"
    configured.mkdir()
    helpers(configured)
    configure(configured, "1.0", "1.0")
    shutil.copytree(configured, old)
    status, _, said = built(old)
    assert status == 0, said
    for scenario in SCENARIOS:
        root = prepare(scenario, base)
        before = outputs(root)
        status, steps, said = built(root)
        assert status == 0, said
        after = outputs(root)
        assert not verified(root), verified(root)
        kills = min(count // len(SCENARIOS), steps)
        for number in range(kills):
            at = steps - number**2 * steps // kills**2  # outputs are moved at the end
            root = prepare(scenario, base)
            ended, _, _ = built(root, at)
            now, refused, remains = outputs(root), verified(root), left(root)
            temporary = [each.name for each in Path(tempfile.gettempdir()).iterdir()]
            again, _, said = built(root)
            told = {
                "scenario": scenario,
                "step": f"{at}/{steps}",
                "killed": os.WIFSIGNALED(ended),
                "set": "old" if now == before else "new" if now == after else "mixed",
                "now": sorted(now),
                "refused": refused,
                "said": "a build did not finish" in said,
                "left": len(remains),
                "wheels in tmp": sum(name.endswith(".whl") for name in temporary),
                "next": again,
                "after": outputs(root) == after,
                "swept": not left(root),
                "refused after": verified(root),
            }
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
