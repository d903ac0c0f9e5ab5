"""Makes the report of a build, and writes it."""

from __future__ import annotations

import platform as machine
from dataclasses import replace
from datetime import datetime, timezone
from importlib.metadata import version
from time import monotonic
from typing import TYPE_CHECKING, Any

from hatch_multiarch import __version__, files
from hatch_multiarch.cache.deflate import compressor
from hatch_multiarch.errors import PlanError
from hatch_multiarch.report.file_names import SDIST, sdists
from hatch_multiarch.report.proof import prove
from hatch_multiarch.report.report_model import (
    SCHEMA,
    BeforeRecord,
    GoRecord,
    ImageRecord,
    LayerRecord,
    ManifestRecord,
    ModuleRecord,
    OutputRecord,
    ProjectRecord,
    ProofRecord,
    PublishedRecord,
    Report,
    SdistRecord,
    TimingRecord,
    ToolsRecord,
    UnitRecord,
    WheelRecord,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hatch_multiarch.audit.binary_info import BinaryInfo, GoBuild
    from hatch_multiarch.cache.build_cache import BuildCache
    from hatch_multiarch.engine.compile_plan import Compiled
    from hatch_multiarch.engine.engine_protocol import Binary
    from hatch_multiarch.image.built import BuiltImage, BuiltPlatform, Published
    from hatch_multiarch.plan import Plan
    from hatch_multiarch.wheel import BuiltWheel

WITHOUT_COMPILER = ("none", "prebuilt")


class Clock:
    """Runs from when it is made."""

    def __init__(self) -> None:
        self._started = datetime.now(timezone.utc)
        self._began = monotonic()

    def read(self) -> TimingRecord:
        """Return when it was started, and the seconds since."""
        started = self._started.strftime("%Y-%m-%dT%H:%M:%SZ")
        return TimingRecord(started, round(monotonic() - self._began, 2))


def make_report(
    plan: Plan,
    compiled: Compiled,
    wheels: Sequence[BuiltWheel],
    image: BuiltImage | None,
    clock: Clock,
    cache: BuildCache,
    sdist: Path | None = None,
    before: Sequence[BeforeRecord] = (),
) -> Report:
    """Return the report of a finished build; opens every wheel and the image for the proof.

    *clock* was started with the build; *cache* knows what an earlier proof has unpacked; *sdist*
    is where hatchling writes it; *before* is what ran first. Raises AuditError when a wheel
    or the image does not hold the binaries that were built.
    """
    binaries = [compiled.binaries[unit.id] for unit in plan.units]
    proof = prove(binaries, wheels, image, cache)
    compilers = {binary.compiler for binary in binaries}.difference(WITHOUT_COMPILER)
    compiles = any(unit.compiler != "prebuilt" for unit in plan.units)
    return Report(
        schema=SCHEMA,
        project=ProjectRecord(plan.project.name, plan.project.version),
        tools=ToolsRecord(
            plugin=__version__,
            hatchling=version("hatchling"),
            python=machine.python_version(),
            engine=compiled.engine.name,
            go=compiled.engine.go if compiles else None,
            compilers=tuple(sorted(compilers)),
            compressor=compressor().name,
        ),
        timing=clock.read(),
        before=tuple(before),
        platforms=tuple(dict.fromkeys(unit.platform.name for unit in plan.units)),
        units=tuple(_unit(binary, compiled.facts[binary.unit.id]) for binary in binaries),
        wheels=tuple(_wheel(wheel, proof) for wheel in wheels),
        sdist=_sdist(sdist) if sdist is not None else None,
        image=_image(plan, image) if image is not None else None,
        proof=proof,
    )


def with_published(report: Report, published: Sequence[Published]) -> Report:
    """Return *report* with where docker and registries have its image."""
    if report.image is None:
        return report
    records = tuple(PublishedRecord(each.type, each.reference, each.digest) for each in published)
    return replace(report, image=replace(report.image, published=records))


def write(report: Report, path: Path, *, lasting: bool = True) -> None:
    """Write *report* to *path*, whole or not at all; *lasting*: flushed to the disk.

    Raises PlanError when it cannot be written.
    """
    try:
        files.write(report.to_json(), path, lasting=lasting)
    except OSError as error:
        raise PlanError(f"{path} cannot be written: {error.strerror}") from None


def _unit(binary: Binary, facts: BinaryInfo) -> UnitRecord:
    return UnitRecord(
        helper=binary.unit.helper.name,
        platform=binary.unit.platform.name,
        install=binary.unit.helper.install,
        sha256=binary.sha256,
        size=binary.size,
        **read_facts(facts),
        env=dict(binary.unit.helper.env),
        compiler=binary.compiler,
        seconds=round(binary.seconds, 2),
        cached=binary.cached,
        start=round(binary.start, 2),
        worker=binary.worker,
    )


def read_facts(facts: BinaryInfo) -> dict[str, Any]:
    """Return the fields of a unit that are read from its binary."""
    return {
        "kind": facts.kind,
        "libc": facts.libc,
        "floor": _dotted(facts.glibc),
        "macos": _dotted(facts.macos),
        "go": _go(facts.go),
    }


def _go(build: GoBuild | None) -> GoRecord | None:
    if build is None:
        return None
    return GoRecord(build.version, build.path, tuple(ModuleRecord(*each) for each in build.modules))


def _wheel(wheel: BuiltWheel, proof: Sequence[ProofRecord]) -> WheelRecord:
    return WheelRecord(
        file=wheel.path.name,
        platform=wheel.platform,
        tag=wheel.tag,
        size=wheel.path.stat().st_size,
        sha256=files.sha256(wheel.path),
        helpers={
            each.helper: each.sha256
            for each in proof
            if each.wheel is not None and each.wheel.file == wheel.path.name
        },
    )


def _image(plan: Plan, image: BuiltImage) -> ImageRecord:
    if plan.image is None:
        raise ValueError("a plan without image cannot have built one")
    return ImageRecord(
        reference=plan.image.reference,
        tags=plan.image.tags,
        digest=image.digest,
        outputs=tuple(_output(path, plan.config.output) for path in image.outputs),
        base=plan.image.config.base,
        base_digest=image.base or None,
        manifests=tuple(
            ManifestRecord(
                each.platform.name, each.digest, each.size, each.files, each.base, _layers(each)
            )
            for each in image.platforms
        ),
        published=(),
    )


def _sdist(wanted: Path) -> SdistRecord | None:
    """Return the record of the sdist in its folder, also of one in the project's own spelling."""
    for path in sdists(wanted.parent, wanted.name.removesuffix(SDIST)):
        return SdistRecord(path.name, path.stat().st_size, files.sha256(path))
    return None


def _output(path: Path, folder: str) -> OutputRecord:
    name = f"{folder}/{path.name}"
    if not path.is_dir():
        return OutputRecord(name, files.sha256(path), None)
    try:
        return OutputRecord(name, None, files.folder_digest(path))
    except PermissionError:  # a program of the base that its owner may start and not read
        return OutputRecord(name, None, None)


def _layers(image: BuiltPlatform) -> tuple[LayerRecord, ...]:
    return tuple(
        LayerRecord(digest, size, place < image.base_layers)
        for place, (digest, size) in enumerate(zip(image.layers, image.sizes, strict=True))
    )


def _dotted(number: tuple[int, int] | None) -> str | None:
    return None if number is None else f"{number[0]}.{number[1]}"
