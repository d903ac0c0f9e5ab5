"""What was found, as a table for people and as data for machines."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_multiarch.inspect.records import Attestation, Image, Inspected, Manifest


def as_data(inspected: Inspected) -> dict[str, Any]:
    """Return all of *inspected* as JSON-ready data, its keys the names of the records' fields."""
    return asdict(inspected)


def as_text(inspected: Inspected) -> str:
    """Return *inspected* for a terminal. Digests stand whole, since they are there to be copied."""
    return "\n\n".join(_image(image) for image in inspected.images)


def columns(table: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows of *table* as lines with aligned columns, two blanks between them.

    A name is a stranger's and may hold a line break, which must not become a line of ours.
    """
    table = [[cell.replace("\n", "\\n") for cell in row] for row in table]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip(" ")
        for row in table
    ]


def _image(image: Image) -> str:
    about = [("name", name) for name in image.names] or [("name", "-")]
    about.append(("media type", image.media_type or "- (docker save without a manifest)"))
    if image.digest:
        about.append(("digest", image.digest))
    by_id = not any(each.digest for each in image.manifests)
    head = ("platform", "image ID" if by_id else "digest", "size", "attestations")
    rows = [head, *(_row(each, by_id=by_id) for each in image.manifests)]
    return "\n".join([*columns(about), "", *columns(rows)])


def _row(each: Manifest, *, by_id: bool) -> tuple[str, ...]:
    held = "not here" if each.size is None else f"{each.size / 1e6:.1f} MB"
    notes = ", ".join(map(_attestation, each.attestations))
    return (each.platform or "-", each.config if by_id else each.digest, held, notes or "-")


def _attestation(each: Attestation) -> str:
    """Return ``sbom (spdx.dev/Document)``: the kind, and the predicate type without its scheme."""
    name = each.predicate_type.partition("://")[2] or each.predicate_type
    if each.kind == "other":
        return name or "unnamed"
    return f"{each.kind} ({name})"
