"""HTML and SVG as values, and the elements that several sections use.

What is not markup already is text, and is escaped.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from hatch_multiarch.report.console.formatting import duration, megabytes, tame

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SHORT = 10
"""Seconds below which hundredths are worth reading."""

VOID = frozenset({"br", "meta"})
"""Elements without content and without an end tag (HTML, 13.1.2)."""


class Markup(str):
    """Text that is HTML as it stands; only this module and the page's own style make it."""

    __slots__ = ()


def text(words: object) -> Markup:
    """Return *words* as HTML shows them, letter by letter.

    A name may hold anything. What has no shape of its own, such as a control character or one that
    turns the direction of writing, stands there as its escape.
    """
    return words if isinstance(words, Markup) else Markup(escape(tame(str(words), "utf-8")))


def join(parts: Iterable[object], between: object = "") -> Markup:
    """Return *parts* in one, with *between* between them; None is left out."""
    return Markup(text(between).join(text(each) for each in parts if each is not None))


def el(name: str, /, *children: object, **attributes: object) -> Markup:
    """Return an element.

    ``class_`` stands for the attribute ``class``, other underlines for hyphens (``aria_label``);
    True is an attribute without value, None and False are none.
    """
    words = [name]
    for key, value in attributes.items():
        if value is not None and value is not False:
            attribute = key.rstrip("_").replace("_", "-")
            words.append(attribute if value is True else f'{attribute}="{text(value)}"')
    start = Markup(f"<{' '.join(words)}>")
    return start if name in VOID else Markup(f"{start}{join(children)}</{name}>")


def seconds(count: float) -> str:
    """Return *count* as ``0.29 s``, ``12.3 s`` or ``8 min 07 s``."""
    return f"{count:.2f} s" if count < SHORT else duration(count)


def size(count: int) -> str:
    """Return *count* bytes as ``412 B``, ``712 kB`` or ``1.4 MB``."""
    for limit, unit in ((1e3, "B"), (1e6, "kB")):
        if count < limit:
            return f"{count / (limit / 1e3):.0f} {unit}"
    return megabytes(count)


def count(number: int, one: str, many: str = "") -> str:
    """Return *number* with its noun: ``1 wheel``, ``6 wheels``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def percent(part: float, whole: float) -> str:
    """Return *part* of *whole* as SVG takes a length; between 0 and all of it."""
    return f"{100 * min(1.0, max(0.0, part / whole)) if whole > 0 else 0:.3f}%"


def bar(part: float, whole: float) -> Markup:
    """Return a bar that is *part* of *whole* long; the number itself stands beside it."""
    filled = el("rect", width=percent(part, whole), height="100%", rx=3)
    return el("svg", filled, class_="bar", width="100%", height=6, aria_hidden="true")


def measure(title: str, part: int, whole: int) -> Markup:
    """Return *title* with a size of *part* bytes, and its bar of the largest, *whole*."""
    held = (el("h3", title), bar(part, whole), el("b", size(part)))
    return el("div", *held, class_="measure")


def code(words: object, *, class_: str | None = None) -> Markup:
    """Return *words* that are there to be copied."""
    return el("code", words, class_=class_)


def facts(pairs: Iterable[tuple[str, object]]) -> Markup:
    """Return names and what they are, one below the other."""
    items = (el("div", el("dt", name), el("dd", said)) for name, said in pairs)
    return el("dl", *items, class_="facts")


def chips(words: Iterable[object]) -> Markup:
    """Return short *words*, each in a box of its own."""
    return el(
        "span", join((el("span", each, class_="chip") for each in words), " "), class_="chips"
    )


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Markup:
    """Return a table in a box that scrolls sideways where the screen is narrow.

    A name in *head* that ends in ``>`` is that of a column of numbers.
    """
    numbers = [each.endswith(">") for each in head]
    names = (
        el("th", each.rstrip(">"), scope="col", class_="number" if number else None)
        for each, number in zip(head, numbers, strict=True)
    )
    body = (
        el("tr", *(el("td", cell, class_="number" if number else None) for cell, number in cells))
        for cells in (zip(row, numbers, strict=True) for row in rows)
    )
    whole = el("table", el("thead", el("tr", *names)), el("tbody", *body))
    # Who has no mouse scrolls what has the focus.
    return el("div", whole, class_="scroll", tabindex=0, role="region", aria_label=title)


def section(name: str, title: str, note: str, *content: object) -> Markup:
    """Return a section of the page, whose anchor is *name*."""
    head = el("h2", title, id=f"{name}-title")
    said = el("p", note, class_="note") if note else None
    return el("section", head, said, *content, id=name, aria_labelledby=f"{name}-title")
