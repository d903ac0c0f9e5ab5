"""A finished build without compilers: real wheels (zip) and a real image around made-up helpers."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from support import streams_of

from hatch_multiarch.audit.binary_info import BinaryInfo, GoBuild
from hatch_multiarch.cache.build_cache import BuildCache
from hatch_multiarch.config import Config, Helper, Image, Libc, Output
from hatch_multiarch.engine.compile_plan import Compiled
from hatch_multiarch.engine.engine_protocol import Binary
from hatch_multiarch.engine.unit_sources import UnitSources
from hatch_multiarch.image.image_builder import ImageBuilder
from hatch_multiarch.plan import ImagePlan, Plan, Project, Unit, WheelPlan
from hatch_multiarch.platforms import lookup
from hatch_multiarch.report.make import Clock, make_report
from hatch_multiarch.wheel import BuiltWheel

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.report.report_model import Report

EPOCH = 1_700_000_000
TAGS = {
    "linux/amd64": "py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64",
    "linux/arm64": "py3-none-manylinux2014_aarch64.manylinux_2_17_aarch64",
    "darwin/arm64": "py3-none-macosx_13_0_arm64",
}
STATIC = BinaryInfo("elf", "linux", "amd64", None, "static", None)
FACTS = {
    "greet linux/amd64": replace(
        STATIC,
        go=GoBuild(
            "go1.27.3", "example.com/greet", {}, (("example.com/dep", "v1.2.3", "h1:abc="),)
        ),
    ),
    "tone linux/amd64": replace(STATIC, libc="glibc", glibc=(2, 17)),
    "greet linux/arm64": replace(STATIC, architecture="arm64"),
    "greet darwin/arm64": BinaryInfo("macho", "darwin", "arm64", None, "none", None, macos=(13, 0)),
}


class Engine:
    name = "host"
    go = "go 1.27.3"

    def build(self, *_):
        raise AssertionError("the report compiles nothing")


@dataclass(frozen=True)
class Finished:
    plan: Plan
    compiled: Compiled
    wheels: list[BuiltWheel]
    image: Any
    cache: BuildCache

    def report(self) -> Report:
        return make_report(self.plan, self.compiled, self.wheels, self.image, Clock(), self.cache)


def finish(root: Path, *, outputs=("oci",), image: bool = True) -> Finished:
    """Return a build of greet and tone in the folder *root*; only greet is in the image."""
    project = Project(root, "greeter", "1.0.0", {})
    units, binaries = [], {}
    for unit_id in FACTS:
        name, platform = unit_id.split(" ")
        cgo = name == "tone"
        path = root / "bin" / platform.replace("/", "-") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"the program {unit_id}".encode())
        unit = Unit(
            Helper(name, cgo=cgo), lookup(platform), Libc(), "zig" if cgo else "none", root, path
        )
        units.append(unit)
        binaries[unit_id] = Binary(
            unit,
            path,
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_size,
            0.25,
            cached=False,
            compiler="zig 0.17.1" if cgo else "none",
        )
    linux = ["linux/amd64", "linux/arm64"]
    greets = {u.platform.name: (u,) for u in units if u.helper.name == "greet"}
    image_plan = ImagePlan(
        Image(outputs=tuple(map(Output, outputs))),
        "registry.example.com/greeter",
        ("1.0.0", "latest"),
        tuple((lookup(name), greets[name]) for name in linux),
    )
    plan = Plan(
        project=project,
        config=Config(helpers=()),
        mode="all",
        engine="host",
        units=tuple(units),
        wheels=tuple(
            WheelPlan(lookup(name), tuple(u for u in units if u.platform.name == name))
            for name in TAGS
        ),
        image=image_plan if image else None,
        notes=(),
    )
    wheels = [wheel(root, each) for each in plan.wheels]
    built = None
    if image:
        staging = root / "staging"
        staging.mkdir()
        builder = ImageBuilder(image_plan, project, staging=staging, epoch=EPOCH)
        builder.prepare(binaries, FACTS)
        streams = streams_of(root / "streams", binaries.values())
        built = builder.build((), binaries, "greeter-1.0.0", streams)
    cache = BuildCache(root / "cache")
    return Finished(
        plan, Compiled(Engine(), binaries, FACTS, UnitSources(plan, {})), wheels, built, cache
    )


def wheel(root: Path, plan: WheelPlan) -> BuiltWheel:
    tag = TAGS[plan.platform.name]
    path = root / f"greeter-1.0.0-{tag}.whl"
    members = {unit.helper.name: f"_greeter_helpers/{unit.helper.name}" for unit in plan.units}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for unit in plan.units:
            entry = zipfile.ZipInfo(members[unit.helper.name])
            archive.writestr(entry, unit.output.read_bytes())
    return BuiltWheel(path, plan.platform.name, tag, members)


@pytest.fixture
def finished(tmp_path: Path) -> Finished:
    return finish(tmp_path)


@pytest.fixture
def make_build():
    return finish
