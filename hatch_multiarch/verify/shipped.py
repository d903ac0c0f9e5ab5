"""What the report says was built, the image beside it, and whether wheels and image hold it."""

from __future__ import annotations

import json
import tarfile
import zlib
from contextlib import closing
from typing import TYPE_CHECKING, Any

from hatch_multiarch.errors import AuditError, ImageError
from hatch_multiarch.image.blobs import Blobs
from hatch_multiarch.inspect import check, open_archive
from hatch_multiarch.verify.records import Check

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

SCHEMA = 1
READABLE = (".oci.tar", ".oci")
"""Outputs that are read here; an archive for docker is a part of the same image."""
UNREADABLE = (KeyError, OSError, ValueError, EOFError, tarfile.TarError, zlib.error)


class Shipped:
    """The report of one build, and the sha256 of each helper in its image."""

    def __init__(self, root: Path, path: Path) -> None:
        """Read the report *path* of the project *root*. Raises AuditError when it is none."""
        self.root = root
        self.path = path
        try:
            told = json.loads(path.read_bytes())
            _known(told["schema"])
            self.engine: str = told["tools"]["engine"]
            self.platforms = tuple(map(str, told["platforms"]))
            self.wheels: dict[str, dict[str, Any]] = {each["file"]: each for each in told["wheels"]}
            self.image: dict[str, Any] | None = told["image"]
            self.places: dict[tuple[str, str], tuple[str, str]] = {
                (each["platform"], each["helper"]): (each["sha256"], each["image"]["path"])
                for each in told["proof"]
                if each["image"]
            }
            self.outputs = [root / each["path"] for each in (self.image or {}).get("outputs", ())]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise AuditError(
                f"{path}: not a report that this version reads: {error}",
                advice="build again, or move it away",
            ) from None
        self._found: dict[tuple[str, str], str] | None = None
        self._why = ""

    @property
    def archive(self) -> Path | None:
        """The image in a file or folder; None when the build wrote none, or it is gone."""
        here = (each for each in self.outputs if each.name.endswith(READABLE) and each.exists())
        return next(here, None)

    def compare(self, wheel: str, helpers: Mapping[str, str]) -> Iterable[Check]:
        """Yield whether the *helpers* in *wheel* (name -> sha256) are those of report and image."""
        if not helpers:
            return
        told = self.wheels.get(wheel)
        if told is None:
            yield Check("same bytes", "none", f"{self.path.name} does not tell of this wheel")
            return
        wrong = [name for name, found in helpers.items() if told["helpers"].get(name) != found]
        for name in wrong:
            said = f"{name}: sha256 is {helpers[name]}, the report says {told['helpers'].get(name)}"
            yield Check("same bytes", "failed", said)
        if not wrong:
            yield Check("same bytes", "ok", f"report: {', '.join(helpers)}")
        if self.image is not None:
            yield from self._compared(told["platform"], helpers)

    def _compared(self, platform: str, helpers: Mapping[str, str]) -> Iterable[Check]:
        both = [name for name in helpers if (platform, name) in self.places]
        if not both:
            return
        if self.archive is None:
            published = ", ".join(each["reference"] for each in (self.image or {})["published"])
            where = f"is in {published} only" if published else "is not there any more"
            yield Check("same bytes", "not run here", f"the image {where}")
            return
        in_image = self._in_image(self.archive)
        if self._why:
            yield Check("same bytes", "failed", f"image: {self._why}")
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
            yield Check("same bytes", "ok", f"image: {', '.join(both)}")

    def _in_image(self, path: Path) -> dict[tuple[str, str], str]:
        """Return (platform, helper) -> sha256 in the image *path*, which is read once."""
        if self._found is None:
            self._found = {}
            try:
                with open_archive(path) as archive, closing(Blobs(path)) as blobs:
                    for image in archive.inspected().images:
                        for each in image.manifests:
                            layers = [layer.digest for layer in each.layers]
                            self._found.update(self._of(blobs, each.platform, layers))
            except ImageError as error:
                self._why = error.message
            except UNREADABLE as error:
                self._why = f"{path.name} cannot be read: {error}"
        return self._found

    def _of(self, blobs: Blobs, platform: str, layers: list[str]) -> dict[tuple[str, str], str]:
        """Return the helpers of one platform; the uppermost layer that has a path has the file."""
        wanted = {path: key for key, (_, path) in self.places.items() if key[0] == platform}
        found: dict[tuple[str, str], str] = {}
        for digest in reversed(layers):
            if len(found) == len(wanted):
                break
            for path, sha256 in blobs.layer(digest).items():
                if path in wanted:
                    found.setdefault(wanted[path], sha256)
        return found


def _known(schema: object) -> None:
    if schema != SCHEMA:
        raise ValueError(f"its schema is {schema}")


def check_image(path: Path, told: Mapping[str, Any] | None) -> tuple[Check, ...]:
    """Read every blob of the image *path*; compare its digest with that of the report's *told*."""
    try:
        with open_archive(path) as archive:
            inspected = archive.inspected()
            count = check(archive, inspected)
    except ImageError as error:
        first, *more = error.message.splitlines()
        said = first.removeprefix(f"{path}: ") + (f" (and {len(more)} more)" if more else "")
        return (Check("digests", "failed", said),)
    digests = [each.digest for each in inspected.images]
    if told is not None and told["digest"] not in digests:
        found = ", ".join(filter(None, digests)) or "none"
        said = f"the report tells of {told['digest']}, in it is {found}"
        return (Check("digests", "failed", said),)
    return (Check("digests", "ok", f"{count} blobs"),)
