"""Compares a report with the wheels and the image beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.errors import AuditError, ImageError, RegistryError, ReportError
from hatch_multiarch.inspect import check, inspect_archive, open_image
from hatch_multiarch.registry import parse_pull
from hatch_multiarch.report.load import load
from hatch_multiarch.verify.image_helpers import in_file, in_registry
from hatch_multiarch.verify.outcome import Check

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from hatch_multiarch.report.report_model import ImageRecord, PublishedRecord

READABLE = (".oci.tar", ".oci")
"""Outputs that are read here; an archive for docker is a part of the same image."""


class Shipped:
    """The report of one build, and the sha256 of each helper in its image."""

    def __init__(self, root: Path, path: Path) -> None:
        """Read the report *path* of the project *root*. Raises AuditError when it is none."""
        self.root = root
        self.path = path
        try:
            told = load(path)
        except ReportError as error:
            raise AuditError(error.message, advice="build again, or move it away") from None
        self.engine = told.tools.engine
        self.platforms = told.platforms
        self.wheels = {each.file: each for each in told.wheels}
        self.image = told.image
        self.places = {
            (each.platform, each.helper): (each.sha256, each.image.path)
            for each in told.proof
            if each.image is not None
        }
        self.outputs = [root / each.path for each in (told.image.outputs if told.image else ())]
        self._found: tuple[dict[tuple[str, str], str], Check | None] | None = None

    @property
    def archive(self) -> Path | None:
        """The image in a file or folder; None when the build wrote none, or it is gone."""
        here = (each for each in self.outputs if each.name.endswith(READABLE) and each.exists())
        return next(here, None)

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
        if told is None:
            yield Check("same bytes", "none", f"{self.path.name} does not tell of this wheel")
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
        wrong = [name for name in both if in_image.get((platform, name)) != helpers[name]]
        for name in wrong:
            found = in_image.get((platform, name))
            place = self.places[platform, name][1]
            said = f"sha256 of /{place} is {found}" if found else f"/{place} is not there"
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
        where = f"is in {published} only" if published else "is not there any more"
        return {}, Check("same bytes", "not run here", f"the image {where}")


def check_image(path: Path, told: ImageRecord | None) -> tuple[Check, ...]:
    """Read every blob of the image *path*; compare its digest with that of the report's *told*."""
    try:
        with open_image(path) as archive:
            inspected = inspect_archive(archive)
            count = check(archive, inspected)
    except ImageError as error:
        first, *more = error.message.splitlines()
        said = first.removeprefix(f"{path}: ") + (f" (and {len(more)} more)" if more else "")
        return (Check("digests", "failed", said),)
    digests = [each.digest for each in inspected.images]
    if told is not None and told.digest not in digests:
        found = ", ".join(filter(None, digests)) or "none"
        said = f"the report tells of {told.digest}, in it is {found}"
        return (Check("digests", "failed", said),)
    return (Check("digests", "ok", f"{count} blobs"),)
