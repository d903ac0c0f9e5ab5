"""The sections of the page: wheels, the image, binaries, Go modules and the proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.report.html.elements import (
    Markup,
    bar,
    chips,
    code,
    count,
    el,
    facts,
    join,
    measure,
    section,
    size,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_multiarch.report.report_model import (
        ImageRecord,
        LayerRecord,
        ManifestRecord,
        ProofRecord,
        Report,
        SdistRecord,
        UnitRecord,
        WheelRecord,
    )


def wheels(report: Report) -> Markup:
    """Return the section: a bar for each platform, as long as its wheel is large."""
    largest = max((each.size for each in report.wheels), default=0)
    total = size(sum(each.size for each in report.wheels))
    wheels = count(len(report.wheels), "wheel")
    note = f"{wheels}, {total} in total. The tags are read from the binaries."
    items = (_wheel(each, largest) for each in report.wheels)
    held = el("ul", *items, class_="cards")
    sdist = facts([_sdist(report.sdist)]) if report.sdist is not None else None
    return section("wheels", "Wheels", note, held, sdist)


def _sdist(found: SdistRecord) -> tuple[str, object]:
    digest = el("span", " sha256 ", code(found.sha256), class_="digest")
    return "sdist", join([code(found.file), " ", size(found.size), digest])


def _wheel(wheel: WheelRecord, largest: int) -> Markup:
    python, _, platforms = wheel.tag.rpartition("-")
    held = ", ".join(wheel.helpers) or "no helpers"
    return el(
        "li",
        measure(wheel.platform, wheel.size, largest),
        el("p", chips([python, *platforms.split(".")]), el("span", f"with {held}", class_="aside")),
        el("p", code(wheel.file, class_="file")),
        el("p", "sha256 ", code(wheel.sha256), class_="digest"),
    )


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


def binaries(report: Report) -> Markup:
    """Return the section with the toolchain of each binary, and its size."""
    largest = max((unit.size for unit in report.units), default=0)
    rows = [
        [
            el("b", unit.helper, el("small", " library") if unit.kind == "library" else None),
            unit.platform,
            unit.go.version.removeprefix("go") if unit.go else "-",
            unit.compiler if unit.compiler != "none" else "-",
            _needs(unit),
            el("span", bar(unit.size, largest), el("span", size(unit.size)), class_="measured"),
        ]
        for unit in report.units
    ]
    note = "Each binary was compiled once. What it needs is read from the binary."
    head = ["helper", "platform", "Go", "C compiler", "needs", "size>"]
    return section("binaries", "Binaries and toolchains", note, table("Binaries", head, rows))


def _needs(unit: UnitRecord) -> str:
    """Return what a machine must have to run the binary."""
    if unit.macos:
        return f"macOS {unit.macos}"
    if unit.libc == "glibc" and unit.floor:
        return f"glibc {unit.floor}"
    return {"static": "nothing", "none": "-"}.get(unit.libc, unit.libc)


def modules(report: Report) -> Markup:
    """Return the section with every Go module that is linked in, once, and into what."""
    users: dict[tuple[str, str, str], dict[str, None]] = {}
    for unit in report.units:
        for each in unit.go.modules if unit.go else ():
            users.setdefault((each.path, each.version, each.sum), {})[unit.helper] = None
    if not users:
        note = "The helpers only use Go's standard library and their own modules."
        return section("modules", "Go modules", note)
    rows = [
        [
            el("div", code(path), el("span", version, class_="below")),
            ", ".join(helpers),
            _sum(digest),
        ]
        for (path, version, digest), helpers in sorted(users.items())
    ]
    note = f"{count(len(users), 'module')}, as listed in the binaries."
    head = ["module and version", "used by", "go.sum"]
    return section("modules", "Go modules", note, table("Go modules", head, rows))


def _sum(digest: str) -> Markup | str:
    return code(digest, class_="digest") if digest else "local folder"


def proof(report: Report) -> Markup:
    """Return the section that says where each binary was found again, byte for byte."""
    both = sum(each.wheel is not None and each.image is not None for each in report.proof)
    note = (
        "The build opened the finished wheels and image, and found the sha256 of each compiled "
        f"binary. {both} of {len(report.proof)} are both in a wheel and in the image."
    )
    return section("proof", "Proof", note, el("ul", *map(_proof, report.proof), class_="cards"))


def _proof(found: ProofRecord) -> Markup:
    marks = [
        el("span", f"in the {name}", class_="mark yes")
        if place
        else el("span", f"not in the {name}", class_="mark")
        for name, place in (("wheel", found.wheel), ("image", found.image))
    ]
    places = list(_places(found))
    return el(
        "li",
        el(
            "div", el("h3", found.helper, " ", el("small", found.platform)), *marks, class_="proven"
        ),
        el("p", "sha256 ", code(found.sha256), class_="digest"),
        el("details", el("summary", "where"), facts(places)) if places else None,
    )


def _places(found: ProofRecord) -> Iterator[tuple[str, Markup]]:
    if found.wheel is not None:
        yield "wheel", join([code(found.wheel.file), code(found.wheel.member)], " ")
    if found.image is not None:
        yield "image", join([code(f"/{found.image.path}")])
        yield "manifest", code(found.image.manifest, class_="digest")
        yield "layer", code(found.image.layer, class_="digest")
