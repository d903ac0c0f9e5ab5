"""What holds in every report that a build wrote; one that was changed is refused before it is used.

A report is read from a folder where others may write. It names files: only those that a build of
this project and version writes, so that nothing else is ever opened because of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from hatch_multiarch.image.built import FILES
from hatch_multiarch.platforms import lookup
from hatch_multiarch.report.file_names import is_sdist, is_wheel, name_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_multiarch.report.report_model import ImageRecord, Report

ENDS = (*FILES.values(), ".docker.tar")
"""How the files and folders of an image end behind ``NAME-VERSION``."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


def contradictions(report: Report, folder: str, stem: str) -> Iterator[str]:
    """Yield what cannot be in the report ``STEM.json`` in *folder*, relative to the project."""
    yield from _project(report, stem)
    yield from _files(report, folder, stem)
    yield from _wheels(report)
    yield from _proof(report)
    if report.image is not None:
        yield from _image(report, report.image)


def _project(report: Report, stem: str) -> Iterator[str]:
    told = report.project
    try:
        mine = (canonicalize_name(told.name), Version(told.version))
    except InvalidVersion:
        mine = None
    if mine is None or mine != name_version(stem):
        yield f"project: found {told.name} {told.version}"


def _files(report: Report, folder: str, stem: str) -> Iterator[str]:
    """Hold the names of all files to those of a build; each has a hash, and is there once."""
    every = {}
    for place, wheel in enumerate(report.wheels):
        key = every[wheel.file] = f"wheels[{place}]"
        if "/" in wheel.file or "\\" in wheel.file or not is_wheel(wheel.file, stem):
            yield f"{key}.file: {wheel.file!r} is not a wheel of {stem}"
        yield from _hash(key, wheel.sha256)
    if report.sdist is not None:
        if not is_sdist(report.sdist.file, stem):
            yield f"sdist.file: {report.sdist.file!r} is not an sdist of {stem}"
        yield from _hash("sdist", report.sdist.sha256)
    outputs = report.image.outputs if report.image is not None else ()
    names = {f"{folder}/{stem}{end}" for end in ENDS}
    for place, output in enumerate(outputs):
        key = every[output.path] = f"image.outputs[{place}]"
        if output.path not in names:
            yield f"{key}.path: {output.path!r} is not an output of {stem} in {folder}"
        if not output.path.endswith(FILES["local"]):
            is_folder = output.path.endswith(FILES["layout"])
            yield from _hash(key, (output.listing if is_folder else output.sha256) or "")
    if len(every) < len(report.wheels) + len(outputs):
        yield "a file is listed twice"


def _hash(key: str, sha256: str) -> Iterator[str]:
    if not _SHA256.fullmatch(sha256):
        yield f"{key}: {sha256!r} is not a sha256"


def _wheels(report: Report) -> Iterator[str]:
    """Hold the wheels to the platforms and binaries that were built."""
    built: dict[str, dict[str, str]] = {}
    for unit in report.units:
        built.setdefault(unit.platform, {})[unit.helper] = unit.sha256
    if list(report.platforms) != list(built):
        yield f"platforms: does not match units, which are of {', '.join(built) or 'none'}"
    for wheel in report.wheels:
        if wheel.helpers != built.get(wheel.platform):
            yield f"{wheel.file}: helpers do not match units of {wheel.platform}"
        if not wheel.file.endswith(f"-{wheel.tag}.whl"):
            yield f"{wheel.file}: does not end with the tag {wheel.tag}"
    have = [each.platform for each in report.wheels]
    for platform in built:
        row = lookup(platform)
        # Some platforms have no tag that installers know, and are in the image only.
        image_only = row is not None and not row.taggable and platform not in have
        if have.count(platform) != 1 and not image_only:
            yield f"wheels: expected one for {platform}, found {have.count(platform)}"


def _proof(report: Report) -> Iterator[str]:
    """Hold the proof to the units, and to the wheels and layers in which it found them."""
    units = [(each.helper, each.platform, each.sha256) for each in report.units]
    if units != [(each.helper, each.platform, each.sha256) for each in report.proof]:
        yield "proof: does not match units"
    files = {each.platform: each.file for each in report.wheels}
    manifests = {each.platform: each for each in (report.image.manifests if report.image else ())}
    for place, each in enumerate(report.proof):
        if (each.wheel.file if each.wheel else None) != files.get(each.platform):
            yield f"proof[{place}].wheel: not the wheel of {each.platform}"
        found = manifests.get(each.platform)
        if each.image is None:
            held = found.files if found is not None else {}
            file = _file(each.wheel.member) if each.wheel else each.helper
            if any(_file(path) == file and held[path] == each.sha256 for path in held):
                yield f"proof[{place}].image: null, but image.manifests has the helper"
        elif (
            found is None
            or each.image.manifest != found.digest
            or each.image.layer not in {layer.digest for layer in found.layers}
            or found.files.get(each.image.path) != each.sha256
        ):
            yield f"proof[{place}].image: not in image.manifests of {each.platform}"


def _file(path: str) -> str:
    return path.rpartition("/")[2]


def _image(report: Report, image: ImageRecord) -> Iterator[str]:
    """Hold the image to the platforms: all of them that are Linux."""
    linux = [each for each in report.platforms if each.startswith("linux/")]
    if [each.platform for each in image.manifests] != linux:
        yield f"image.manifests: expected {', '.join(linux)}"
    proven = {each.platform for each in report.proof if each.image is not None}
    for platform in linux:
        if platform not in proven:
            yield f"proof: no helper is in the image of {platform}"
