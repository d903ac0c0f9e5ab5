"""The wheels in a build: the first is hatchling's own, the others are made from its build data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch import files, sbom, wheel
from hatch_multiarch.pipeline.other_hooks import who_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from hatch_multiarch.cache.deflate import Streams
    from hatch_multiarch.engine.compile_plan import Compiled
    from hatch_multiarch.pipeline.other_hooks import OtherHook
    from hatch_multiarch.plan import Plan, WheelPlan

    Boundary = Callable[[], AbstractContextManager[None]]
    """Turns our errors into messages, where hatchling would show a traceback."""


class WheelBuild:
    """The wheels of *plan*, by hatchling's WheelBuilder *builder*, in the folder *staged* first."""

    def __init__(
        self, plan: Plan, builder: Any, staged: Path, streams: Streams, boundary: Boundary
    ) -> None:
        self._plan = plan
        self._builder = builder
        self._staged = staged
        self._previous = staged / "previous.whl"
        self.first = staged
        """The final path of hatchling's wheel, once it is known."""
        self._archives = wheel.Archives(streams, staged, boundary)
        self._editable = plan.mode == "editable"
        self._located = wheel.locator.wanted(plan.config, builder.config)

    def prepare(
        self, compiled: Compiled, locators: Path, dist: Path, created: str
    ) -> list[dict[str, Any]]:
        """Return what each wheel's build data needs beside hatchling's, the first wheel's first.

        *locators* is a new folder for their modules; *created* is the time in their SBOMs, which
        may be empty. The wheel that hatchling is about to replace in *dist* is kept. Hatchling's
        next archive takes ready streams, until ``finish``.
        """
        added = []
        for each in self._plan.wheels:
            bill = self._bill(compiled, each, created)
            made = compiled.binaries
            added.append(
                wheel.contents(self._plan, each, made, locators, located=self._located, bill=bill)
            )
        first = self._plan.wheels[0]
        self._keep_previous(dist, self.tag(compiled, first))
        self._archives.on({} if self._editable else self._helpers(compiled, first))
        return added

    def tag(self, compiled: Compiled, each: WheelPlan) -> str:
        """Return the tag of a wheel; empty for an editable one, which hatchling tags."""
        return "" if self._editable else compiled.wheel_tag(each)

    def end_first(self, first: Path) -> Path:
        """Take the wheel that hatchling has given its name back, until all others are there too.

        What it has replaced is there again then. Return where it is. Raises OSError.
        """
        self._archives.off()
        if self._editable:
            return first
        aside = self._staged / first.name
        # A hook that changed the tag has changed the name: then nothing was replaced.
        if self._previous.is_file() and first.name == self.first.name:
            files.link(first, aside)
            files.move(self._previous, first)
        else:
            files.move(first, aside)
        return aside

    def finish(
        self,
        compiled: Compiled,
        added: Sequence[dict[str, Any]],
        build_data: dict[str, Any],
        first: Path,
        others: Sequence[OtherHook],
    ) -> list[wheel.BuiltWheel]:
        """Make the other wheels from the *build_data* of the *first* one, and check them all.

        *others* are hooks that may have set a tag meanwhile.

        Raises AuditError and others of ``wheel``.
        """
        tags = [self.tag(compiled, each) for each in self._plan.wheels]
        wheel.check_tag(build_data, tags[0], who_tags(others))
        paths = [first, *self._others(compiled, added, tags, build_data)]
        wheels = [
            wheel.BuiltWheel(path, plan.platform.name, tag, self._members(plan))
            for path, plan, tag in zip(paths, self._plan.wheels, tags, strict=True)
        ]
        for each, plan in zip(wheels, self._plan.wheels, strict=True):
            self._archives.finish(each.path, self._helpers(compiled, plan))
        wheel.check_rest(wheels, self._plan.project.root)
        for each, plan in zip(wheels, self._plan.wheels, strict=True):
            natives = [compiled.facts[unit.id] for unit in plan.units]
            wheel.check_natives(each, plan, natives, self._staged)
        return wheels

    def _others(
        self,
        compiled: Compiled,
        added: Sequence[dict[str, Any]],
        tags: Sequence[str],
        build_data: dict[str, Any],
    ) -> Iterator[Path]:
        shared = wheel.without(build_data, added[0])
        for more, tag, plan in zip(added[1:], tags[1:], self._plan.wheels[1:], strict=True):
            data = wheel.without(shared, {})
            wheel.merge(data, more, tag)
            self._archives.on(self._helpers(compiled, plan))
            try:
                yield Path(wheel.build_wheel(self._builder, data, self._staged))
            finally:
                self._archives.off()

    def _members(self, each: WheelPlan) -> dict[str, str]:
        """Return helper -> path in the zip."""
        return wheel.members(self._plan.project, each, self._builder.artifact_project_id)

    def _helpers(self, compiled: Compiled, each: WheelPlan) -> dict[str, str]:
        """Return the helpers of a wheel: path in the zip -> sha256."""
        paths, binaries = self._members(each), compiled.binaries
        return {paths[unit.helper.name]: binaries[unit.id].sha256 for unit in each.units}

    def _bill(self, compiled: Compiled, each: WheelPlan, created: str) -> tuple[str, str] | None:
        """Return the SBOM of a wheel, path and text; none where it holds no helper."""
        if not self._plan.config.sbom or not each.units or self._editable:
            return None
        binaries, facts = compiled.binaries, compiled.facts
        found = sbom.programs(each.units, binaries, facts, self._members(each))
        text = sbom.cyclonedx(self._plan.project, found, created=created)
        return sbom.member(self._builder.artifact_project_id), text

    def _keep_previous(self, dist: Path, tag: str) -> None:
        self.first = dist / f"{self._builder.artifact_project_id}-{tag}.whl"
        if self.first.is_file():
            files.link(self.first, self._previous)
