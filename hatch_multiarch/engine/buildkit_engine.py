"""The BuildKit engine: one build compiles every unit in the builder stage."""

from __future__ import annotations

import json
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from hatch_multiarch import files
from hatch_multiarch.docker.buildx_outputs import output
from hatch_multiarch.docker.node_selection import check_step
from hatch_multiarch.docker.solve import Request, Step, solve
from hatch_multiarch.engine.compile_advice import advice
from hatch_multiarch.engine.debian_libraries import missing_package
from hatch_multiarch.engine.engine_protocol import Binary
from hatch_multiarch.engine.go_build import check_program
from hatch_multiarch.engine.prebuilt import take
from hatch_multiarch.engine.publish import BuildStamp, take_header
from hatch_multiarch.engine.stage import (
    HELPERS,
    Told,
    read_stage_packages,
    secret_files,
    stages,
    unit_stage,
    with_helpers,
    write_context,
)
from hatch_multiarch.errors import CompileError, ToolchainError
from hatch_multiarch.files import copy, sha256

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence
    from pathlib import Path

    from hatch_multiarch.engine.engine_protocol import Progress
    from hatch_multiarch.plan import Docker, Plan, Unit


class BuildkitEngine:
    """Compiles in a stage of a Dockerfile, on the nodes of a buildx builder."""

    name = "buildkit"

    def __init__(self, plan: Plan, environ: Mapping[str, str], epoch: int) -> None:
        """Compile for *plan*; *environ* says how Go fetches, *epoch* is SOURCE_DATE_EPOCH."""
        self.go = "none"
        """Which Go built, known once ``build`` has run."""
        self._plan = plan
        self._environ = environ
        self._epoch = epoch
        self._told: dict[str, Told] = {}
        """By platform."""

    def build(
        self,
        units: Sequence[Unit],
        progress: Progress,
        built: Callable[[Binary], None] = lambda _: None,
    ) -> list[Binary]:
        """Build *units*, all platforms in one build; results stand in the order of *units*.

        *built* is called with each of them.

        Raises CompileError when a step fails, ToolchainError when the stage's Go is not one that
        tool.multiarch.toolchain.go allows, EngineError for docker, builders and registries, and
        PlanError for a prebuilt file that is none and for a step that would be emulated unasked.
        """
        compiled = [unit for unit in units if unit.compiler != "prebuilt"]
        made: dict[str, Binary] = {}
        for unit in units:
            if unit.compiler == "prebuilt":
                progress.started(unit)
                made[unit.id] = taken = take(unit)
                progress.finished(unit, taken.seconds, cached=taken.cached)
        if compiled:
            with files.temporary() as work:
                for binary in self._compile(compiled, work.resolve(), progress):
                    made[binary.unit.id] = binary
        for binary in made.values():
            built(binary)
        return [made[unit.id] for unit in units]

    def exports(self, unit: Unit) -> Mapping[str, Container[str]] | None:
        """Return what *unit* may import where zig has linked it for macOS, as the stage told."""
        if unit.compiler != "zig" or unit.platform.os != "darwin":
            return None
        try:
            known: dict[str, list[str]] = json.loads(self._told[unit.platform.name].exports)
        except ValueError:
            raise ToolchainError("the builder stage does not say what macOS exports") from None
        return {library: frozenset(symbols) for library, symbols in known.items()}

    def _compile(self, units: Sequence[Unit], work: Path, progress: Progress) -> list[Binary]:
        docker, strategy = self._plan.docker, self._plan.config.strategy
        began = monotonic()
        if docker is None:
            raise ValueError("a plan for BuildKit knows its docker")
        watch = _Watch(units, progress)

        def on_plan(step: Step) -> None:
            check_step(docker.builder, docker.places, step, strategy)

        out = work / "out"
        try:
            request = self._request(docker, units, work, out)
            solve(docker.buildx, request, on_plan=on_plan, on_step=watch)
        except CompileError as error:
            raise watch.error(error) from None
        told = self._told
        binaries = []
        for unit in units:
            folder = out / unit.platform.name.replace("/", "_")
            if unit.platform.name not in told:
                told[unit.platform.name] = Told.read(folder)
                told[unit.platform.name].check(self._plan.config.toolchain)
            watch.compiled(unit)
            taken = self._take(unit, folder, told[unit.platform.name], watch)
            ended = watch.ended[unit.id] - began
            binaries.append(replace(taken, start=max(0.0, ended - taken.seconds)))
        self.go = next((each.go for each in told.values() if each.go), "none")
        return binaries

    def _request(self, docker: Docker, units: Sequence[Unit], work: Path, out: Path) -> Request:
        """Write what the build reads below *work*, and return the build."""
        stage, root = self._plan.config.stage, self._plan.project.root
        target = stage.target
        if stage.dockerfile:
            context, dockerfile = root, root / stage.dockerfile
            if stage.folder:
                names = [unit.output.name for unit in units]
                names += [unit.output.with_suffix(".h").name for unit in units if unit.header]
                dockerfile = with_helpers(dockerfile, stage.target, stage.folder, names, work)
                target = HELPERS
        else:
            context = work / "context"
            context.mkdir()
            write_context(units, context)
            dockerfile = work / "Dockerfile"
            dockerfile.write_text(stages(self._plan, self._epoch), encoding="utf-8")
        return Request(
            context=context,
            dockerfile=dockerfile,
            target=target,
            platforms=tuple(dict.fromkeys(unit.platform.name for unit in units)),
            outputs=(output("local", dest=out, names=(), compression="gzip"),),
            builder=docker.builder.name,
            network=stage.network,
            secrets=secret_files(self._environ, work),
            cache_from=stage.cache_from,
            cache_to=stage.cache_to,
            # With one platform as with several: a folder for each, and in the name of each step
            # as what it runs.
            build_args={"BUILDKIT_MULTI_PLATFORM": "1"},
            epoch=self._epoch,
        )

    def _take(self, unit: Unit, folder: Path, told: Told, watch: _Watch) -> Binary:
        """Put a binary that came out of the stage in place."""
        file = folder / unit.output.name
        if not file.is_file() or file.is_symlink():
            stage = self._plan.config.stage
            there = ", ".join(sorted(each.name for each in folder.glob("*"))) or "nothing"
            raise CompileError(
                f"{unit.id}: stage {stage.target!r} has no file "
                f"{stage.folder}/{file.name}" + ("" if stage.folder else f"; it has {there}"),
                advice="tool.multiarch.stage.target names the stage that contains the helpers, and "
                "tool.multiarch.stage.folder their folder, if it is not /",
            )
        check_program(unit, file)
        # A Dockerfile of the user's own need not hand out the header.
        own = unit.compiler == "dockerfile" and unit.header is None
        functions = () if own else take_header(unit, file)
        digest = sha256(file)
        if not unit.output.is_file() or sha256(unit.output) != digest:
            BuildStamp(unit.output).remove()
            copy(file, unit.output, mode=0o755)
        inputs, needs_cgo = read_stage_packages(unit, folder)
        return Binary(
            unit=unit,
            path=unit.output,
            sha256=digest,
            size=unit.output.stat().st_size,
            seconds=watch.seconds.get(unit.id, 0.0),
            cached=unit.id in watch.cached,
            compiler=told.compiler(unit),
            inputs=inputs,
            needs_cgo=needs_cgo,
            functions=functions,
        )


class _Watch:
    """Turns BuildKit's steps into what happens to units."""

    def __init__(self, units: Sequence[Unit], progress: Progress) -> None:
        self._units = {unit_stage(unit): unit for unit in units}
        self._progress = progress
        self._started: dict[str, float] = {}
        self._failed: Unit | None = None
        self._compiled: set[str] = set()
        self._steps: dict[str, list[Step]] = {}
        """Platform -> the steps that ran in stages of a Dockerfile of the user's own."""
        self.seconds: dict[str, float] = {}
        self.ended: dict[str, float] = {}
        self.cached: set[str] = set()

    def __call__(self, step: Step) -> None:
        unit = self._units.get(step.stage)
        if unit is not None and unit.id in self._compiled:
            return
        if unit is None:
            if step.seconds is None:
                self._progress.doing(f"{step.platform} {step.name}".strip())
            elif step.name.startswith("RUN ") and not step.error:
                self._steps.setdefault(step.platform, []).append(step)
            return
        if unit.id not in self._started:
            self._started[unit.id] = monotonic()
            self._progress.started(unit)
        if step.error and self._failed is None:
            self._failed = unit
        elif step.seconds is not None:
            self.seconds[unit.id] = self.seconds.get(unit.id, 0.0) + step.seconds
            if step.cached:
                self.cached.add(unit.id)
            if step.name.startswith("RUN "):
                self.compiled(unit)

    def compiled(self, unit: Unit) -> None:
        """Say that *unit* is compiled, unless that is said."""
        if unit.id not in self._compiled:
            self._compiled.add(unit.id)
            self.ended[unit.id] = monotonic()
            if unit.compiler == "dockerfile":
                # Which of its steps made the helper is not said: all that its platform took.
                steps = self._steps.get(unit.platform.name, [])
                self.seconds[unit.id] = sum(step.seconds or 0.0 for step in steps)
                if steps and all(step.cached for step in steps):
                    self.cached.add(unit.id)
            seconds = self.seconds.get(unit.id, 0.0)
            self._progress.finished(unit, seconds, cached=unit.id in self.cached)

    def error(self, error: CompileError) -> CompileError:
        """Return *error* under the name of the unit whose step it was."""
        unit = self._failed
        if unit is None:
            return error
        hint = missing_package(unit, error.message) or advice(unit, error.message)
        named = CompileError(f"{unit.id}: {error.message}", advice=hint or error.advice)
        self._progress.failed(unit, named)
        return named
