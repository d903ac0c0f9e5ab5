"""The section of the image: its index, and each platform with its layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.report.html.elements import chips, code, count, facts, measure, section, size
from hatch_multiarch.report.html.markup import Markup, el, join

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_multiarch.report.report_model import ImageRecord, LayerRecord, ManifestRecord, Report


def image(report: Report) -> Markup | None:
    """Return the section; None where the build made no image."""
    if report.image is None:
        return None
    held = report.image.manifests
    largest = max((each.size for each in held), default=0)
    note = f"{count(len(held), 'platform')}; the sizes are those of a download."
    items = (_platform(each, largest) for each in held)
    about = facts(_about(report.image))
    return section("image", "Image", note, about, el("ul", *items, class_="cards"))


def _about(found: ImageRecord) -> Iterator[tuple[str, object]]:
    yield "name", code(found.reference)
    yield "tags", chips(found.tags)
    yield "index", code(found.digest, class_="digest")
    base = [code(found.base)]
    if found.base_digest and found.base_digest not in found.base:
        base += [code(found.base_digest, class_="digest")]
    yield "base", join(base, " ")
    for output in found.outputs:
        sha256 = output.sha256 or output.listing
        digest = Markup("") if sha256 is None else _sha256(sha256)
        yield "file" if output.sha256 else "folder", join([code(output.path), digest])
    for each in found.published:
        where = {"docker": "in Docker", "registry": "pushed"}.get(each.type, "published")
        yield where, join([code(each.reference), " ", code(each.digest, class_="digest")])


def _sha256(digest: str) -> Markup:
    return el("span", " sha256 ", code(digest), class_="digest")


def _platform(manifest: ManifestRecord, largest: int) -> Markup:
    ours = [each for each in manifest.layers if not each.base]
    added = f", {size(sum(each.size for each in ours))} on top of the base" if manifest.base else ""
    title = f"{count(len(manifest.layers), 'layer')}{added}"
    return el(
        "li",
        measure(manifest.platform, manifest.size, largest),
        el("p", "manifest ", code(manifest.digest), class_="digest"),
        el("p", "base ", code(manifest.base), class_="digest") if manifest.base else None,
        el("details", el("summary", title), el("ul", *map(_layer, manifest.layers))),
    )


def _layer(layer: LayerRecord) -> Markup:
    whose = el("span", "base" if layer.base else "added", class_="chip")
    return el("li", whose, " ", size(layer.size), " ", code(layer.digest, class_="digest"))
