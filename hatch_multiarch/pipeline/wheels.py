"""The wheels in a build: the first is hatchling's own, the others are made from its build data."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch import files, sbom, wheel
from hatch_multiarch.pipeline.other_hooks import who_tags

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hatch_multiarch.compile import Compiled
    from hatch_multiarch.deflate import Streams
    from hatch_multiarch.pipeline.other_hooks import OtherHook
    from hatch_multiarch.plan import Plan, WheelPlan


class WheelBuild:
    """The wheels of *plan*, by hatchling's WheelBuilder *builder*, in the folder *staged* first."""

    def __init__(self, plan: Plan, builder: Any, staged: Path, streams: Streams) -> None:
        self._plan = plan
        self._builder = builder
        self._staged = staged
        self._previous = staged / "previous.whl"
        self._replaced = ""
        """The name of the wheel that the first one replaces, once it is known."""
        self._archives = wheel.Archives(streams, staged)
        self._editable = plan.mode == "editable"

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
            added.append(wheel.contents(self._plan, each, compiled.binaries, locators, bill=bill))
        first = self._plan.wheels[0]
        self._keep_previous(dist, self.tag(compiled, first))
        self._archives.on({} if self._editable else self._helpers(compiled, first))
        return added

    def tag(self, compiled: Compiled, each: WheelPlan) -> str:
        """Return the tag of a wheel; empty for an editable one, which hatchling tags."""
        return "" if self._editable else compiled.wheel_tag(each)

    def end_first(self) -> None:
        """Note that hatchling has written its wheel."""
        self._archives.off()

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

    @contextmanager
    def rollback(self, first: Path) -> Iterator[None]:
        """Put back what the *first* wheel has replaced when the block fails."""
        try:
            yield
        except BaseException:
            # A hook that changed the tag has changed the name: then nothing was replaced.
            if self._previous.is_file() and first.name == self._replaced:
                files.move(self._previous, first)
            else:
                first.unlink(missing_ok=True)
            raise

    def place(self, wheels: Sequence[wheel.BuiltWheel], dist: Path) -> bool:
        """Give the wheels their final names in *dist*; return whether the bytes of any are new.

        The first has its name from hatchling. Raises PlanError.
        """
        first, *rest = (each.path for each in wheels)
        changed = not files.same(self._previous, first)
        if changed:
            files.sync(first)
            files.sync_folder(dist)
        else:
            files.move(self._previous, first)  # with the time that it had
        for path in rest:
            changed |= files.place(path, dist / path.name)
        return changed

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
        self._replaced = f"{self._builder.artifact_project_id}-{tag}.whl"
        if (dist / self._replaced).is_file():
            files.link(dist / self._replaced, self._previous)
