"""Compares a report with the wheels and the image beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.errors import AuditError, ImageError, RegistryError, ReportError
from hatch_multiarch.image.built import FILES
from hatch_multiarch.registry import parse_pull
from hatch_multiarch.report.load import load
from hatch_multiarch.verify.file_check import Recorded
from hatch_multiarch.verify.image_check import in_file, in_registry
from hatch_multiarch.verify.outcome import Check
from hatch_multiarch.verify.report_rules import contradictions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from hatch_multiarch.config import Config
    from hatch_multiarch.report.report_model import ImageRecord, PublishedRecord, Report

ADVICE = "build again, or move it away"
READABLE = (".oci.tar", ".oci")
"""Outputs that are read here; an archive for docker is a part of the same image."""


class Shipped:
    """The report of one build, and the sha256 of each helper in its image."""

    def __init__(
        self, root: Path, path: Path, config: Config | None = None, told: Report | None = None
    ) -> None:
        """Read the report *path* of the project *root*; *told* is what the one of a workspace says.

        Raises AuditError when it is none, and when it says what no build says.
        """
        self.root = root
        self.path = path
        self.stem = path.name.removesuffix(".json")
        try:
            told = told or load(path)
        except ReportError as error:
            raise AuditError(error.message, advice=ADVICE) from None
        folder = path.parent.relative_to(root).as_posix()
        for problem in contradictions(told, folder, self.stem):
            raise AuditError(f"{path}: wrong report: {problem}", advice=ADVICE)
        self.engine = told.tools.engine
        self.platforms = told.platforms
        self.units = {(each.platform, each.helper): each for each in told.units}
        self.wheels = {each.file: each for each in told.wheels}
        self.sdist = told.sdist
        self.image = told.image
        self.places = {
            (each.platform, each.helper): (each.sha256, each.image.path)
            for each in told.proof
            if each.image is not None
        }
        self.outputs = {
            root / each.path: each for each in (told.image.outputs if told.image else ())
        }
        self._parts = _parts(config)
        self._found: tuple[dict[tuple[str, str], str], Check | None] | None = None

    @property
    def archive(self) -> Path | None:
        """The image in a file or folder; None when the build wrote none, or it is gone."""
        here = [each for each in self.outputs if each.name.endswith(READABLE) and each.exists()]
        return next((each for each in here if self.whole(each)), next(iter(here), None))

    def whole(self, output: Path) -> bool:
        """Tell whether an output is the image that the report gives the digest of.

        By the config it may have some of the platforms, or layers compressed in another way.
        """
        return not output.name.endswith(self._parts)

    def recorded(self, path: Path) -> Recorded | None:
        """Return what the report says of a wheel, the sdist, or an output; None for others."""
        if path in self.outputs:
            output = self.outputs[path]
            return Recorded(output.sha256 or output.listing, folder=output.sha256 is None)
        if self.sdist is not None and path.name == self.sdist.file:
            return Recorded(self.sdist.sha256, self.sdist.size)
        wheel = self.wheels.get(path.name)
        return None if wheel is None else Recorded(wheel.sha256, wheel.size)

    def image_in(self, output: Path) -> ImageRecord | None:
        """Return the image of the report where *output* is held to it, None for others.

        It is just one: of those that BuildKit writes each may have digests of its own.
        """
        return self.image if output == self.archive and self.whole(output) else None

    @property
    def pushed(self) -> str:
        """The image in a registry, by its digest, or nothing. Raises RegistryError."""
        for each in self._published:
            if each.type == "registry":
                return f"{parse_pull(each.reference).name}@{each.digest}"
        return ""

    @property
    def _published(self) -> tuple[PublishedRecord, ...]:
        return self.image.published if self.image is not None else ()

    def compare(
        self, wheel: str, helpers: Mapping[str, str], environ: Mapping[str, str]
    ) -> Iterable[Check]:
        """Yield whether the *helpers* in *wheel* (name -> sha256) are those of report and image.

        An image that is only in a registry is read there, with the credentials of *environ*.
        """
        if not helpers:
            return
        told = self.wheels.get(wheel)
        if told is None:  # that has failed already
            return
        wrong = [name for name, found in helpers.items() if told.helpers.get(name) != found]
        for name in wrong:
            said = f"{name}: sha256 is {helpers[name]}, the report says {told.helpers.get(name)}"
            yield Check("same bytes", "failed", said)
        if not wrong:
            yield Check("same bytes", "ok", f"report: {', '.join(helpers)}")
        if self.image is not None:
            yield from self._compared(told.platform, helpers, environ)

    def _compared(
        self, platform: str, helpers: Mapping[str, str], environ: Mapping[str, str]
    ) -> Iterable[Check]:
        both = [name for name in helpers if (platform, name) in self.places]
        if not both:
            return
        if self._found is None:
            self._found = self._look(environ)  # once for all wheels
        in_image, instead = self._found
        if instead is not None:
            yield instead
            return
        if self.archive is not None and not self.whole(self.archive):
            both = [name for name in both if (platform, name) in in_image]
            if not both:
                return
        wrong = [name for name in both if in_image.get((platform, name)) != helpers[name]]
        for name in wrong:
            found = in_image.get((platform, name))
            place = self.places[platform, name][1]
            said = f"sha256 of /{place} is {found}" if found else f"/{place} is missing"
            yield Check(
                "same bytes", "failed", f"{name}: in the image {said}, in the wheel {helpers[name]}"
            )
        if not wrong:
            where = "image" if self.archive is not None else self.pushed.partition("@")[0]
            yield Check("same bytes", "ok", f"{where}: {', '.join(both)}")

    def _look(self, environ: Mapping[str, str]) -> tuple[dict[tuple[str, str], str], Check | None]:
        """Return (platform, helper) -> sha256 in the image, or what is to be said instead."""
        places = {key: path for key, (_, path) in self.places.items()}
        try:
            if self.archive is not None:
                return in_file(self.archive, places), None
            if pushed := self.pushed:
                return in_registry(pushed, places, environ), None
        except RegistryError as error:
            return {}, Check("same bytes", "not run here", error.message)
        except ImageError as error:
            return {}, Check("same bytes", "failed", f"image: {error.message}")
        published = ", ".join(each.reference for each in self._published)
        where = f"is in {published} only" if published else "no longer exists"
        return {}, Check("same bytes", "not run here", f"the image {where}")


def _parts(config: Config | None) -> tuple[str, ...]:
    """Return how the names of outputs end that are not the whole image as it is proven."""
    outputs = config.image.outputs if config is not None and config.image is not None else ()
    return tuple(
        FILES[each.type]
        for each in outputs
        if each.type in FILES and (each.platforms != ("*",) or each.compression != "gzip")
    )
