"""The sections of the binaries: compilers, Go modules, and the proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.report.html.elements import bar, code, count, facts, section, size, table
from hatch_multiarch.report.html.markup import Markup, el, join

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_multiarch.report.report_model import ProofRecord, Report, UnitRecord


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
