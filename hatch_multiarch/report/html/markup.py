"""HTML and SVG as values: what is not markup already is text, and is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from hatch_multiarch.report.console.formatting import tame

if TYPE_CHECKING:
    from collections.abc import Iterable

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
