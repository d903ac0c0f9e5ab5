"""``hatch-multiarch inspect``: shows the platforms of an image, without unpacking it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch.cli.output import aligned, columns, put
from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.inspect import check, inspect_archive, open_image
from hatch_multiarch.image.inspect.inspect_image import inspect_reference
from hatch_multiarch.pipeline.find_outputs import find_image

if TYPE_CHECKING:
    from hatch_multiarch.image.inspect import Attestation, Image, Inspected, PlatformImage

_LAYER = ("media_type", "digest", "size")
"""What is shown of a layer's descriptor."""


def run(arguments: Any) -> int:
    """Print what the image holds. Raises MultiarchError."""
    found = find_image(arguments.image)
    if isinstance(found, Path):
        with open_image(found) as archive:
            inspected = inspect_archive(archive)
            checked = check(archive, inspected) if arguments.check else None
    elif arguments.check:
        raise ImageError(
            f"{found}: --check reads archives and folders",
            advice="the manifests of a pushed image are always checked; `verify` pulls the rest",
        )
    else:
        inspected, checked = inspect_reference(found, os.environ), None
    if arguments.json:
        print(json.dumps(as_data(inspected), indent=2))
        return 0
    put(as_text(inspected, columns()))
    if checked is not None:
        print(f"\n{checked} blobs read, all match their digests")
    return 0


def as_data(inspected: Inspected) -> dict[str, Any]:
    """Return all of *inspected* as JSON-ready data, its keys the names of the records' fields."""
    data = asdict(inspected)
    for image in data["images"]:
        for each in image["manifests"]:
            each["layers"] = [{key: layer[key] for key in _LAYER} for layer in each["layers"]]
    return data


def as_text(inspected: Inspected, width: int = 0) -> str:
    """Return *inspected* for a terminal of *width* columns; 0 is for any.

    Digests stand whole, since they are there to be copied.
    """
    return "\n\n".join(_image(image, width) for image in inspected.images)


def _image(image: Image, width: int) -> str:
    about = [("name", name) for name in image.names] or [("name", "-")]
    about.append(("media type", image.media_type or "- (docker save without a manifest)"))
    if image.digest:
        about.append(("digest", image.digest))
    by_id = not any(each.digest for each in image.manifests)
    head = ("platform", "image ID" if by_id else "digest", "size", "attestations")
    rows = [head, *(_row(each, by_id=by_id) for each in image.manifests)]
    return "\n".join([*aligned(about, width), "", *aligned(rows, width, head=True)])


def _row(each: PlatformImage, *, by_id: bool) -> tuple[str, ...]:
    held = "not here" if each.size is None else f"{each.size / 1e6:.1f} MB"
    notes = ", ".join(map(_attestation, each.attestations))
    return (each.platform or "-", each.config if by_id else each.digest, held, notes or "-")


def _attestation(each: Attestation) -> str:
    """Return ``sbom (spdx.dev/Document)``: the kind, and the predicate type without its scheme."""
    name = each.predicate_type.partition("://")[2] or each.predicate_type
    if each.kind == "other":
        return name or "unnamed"
    return f"{each.kind} ({name})"
