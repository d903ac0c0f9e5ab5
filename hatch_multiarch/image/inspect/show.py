"""Shows an image as a table or as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hatch_multiarch.image.inspect.describe import Attestation, Image, Inspected, PlatformImage

_LAYER = ("media_type", "digest", "size")
"""What is shown of a layer's descriptor."""


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


def columns(table: Sequence[Sequence[str]], width: int = 0, *, head: bool = False) -> list[str]:
    """Return the rows of *table* as lines with aligned columns, two blanks between them.

    Where those are wider than *width* (0: any is), each row becomes a few lines, the later ones
    indented; *head* is for a table whose first row names the columns.

    A name may hold a line break, which must not become a line of the table.
    """
    table = [[cell.replace("\n", "\\n") for cell in row] for row in table]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip(" ")
        for row in table
    ]
    if not width or max(map(len, lines), default=0) <= width:
        return lines
    names = [name.lower() for name in table[0]] if head else []
    return [line for row in table[head:] for line in _stacked(row, names, width)]


def _stacked(row: Sequence[str], names: Sequence[str], width: int) -> Iterator[str]:
    """Yield *row* as lines: with *names* one for each cell that says something, else few."""
    if names:
        yield row[0]
        for name, cell in zip(names[1:], row[1:], strict=True):
            named = f"  {name}: {cell}"
            if cell not in ("", "-"):
                # What is a word too long for its name stands alone.
                yield named if len(named) <= width or " " in cell else f"  {cell}"
        return
    whole = "  ".join(filter(None, row))
    if len(whole) <= width:
        yield whole
    else:
        yield row[0]
        yield "  " + "  ".join(filter(None, row[1:]))


def _image(image: Image, width: int) -> str:
    about = [("name", name) for name in image.names] or [("name", "-")]
    about.append(("media type", image.media_type or "- (docker save without a manifest)"))
    if image.digest:
        about.append(("digest", image.digest))
    by_id = not any(each.digest for each in image.manifests)
    head = ("platform", "image ID" if by_id else "digest", "size", "attestations")
    rows = [head, *(_row(each, by_id=by_id) for each in image.manifests)]
    return "\n".join([*columns(about, width), "", *columns(rows, width, head=True)])


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
