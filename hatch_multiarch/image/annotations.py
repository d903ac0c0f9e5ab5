"""``org.opencontainers.image.*`` from the project's metadata (image-spec 1.1, annotations.md)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hatch_multiarch.files.epoch import timestamp

if TYPE_CHECKING:
    from hatch_multiarch.plan import Project

PREFIX = "org.opencontainers.image."
BASE_DIGEST = f"{PREFIX}base.digest"
"""The annotation of a manifest or index that names the base's (annotations.md)."""
BASE_NAME = f"{PREFIX}base.name"
"""The annotation with the base's name in its registry."""

_LINKS = {
    "url": ("homepage",),
    "source": ("source", "repository", "sourcecode", "github"),
    "documentation": ("documentation", "docs"),
}
"""Annotation -> labels of ``[project.urls]`` as the well-known URL labels of the Python packaging
specifications list them, normalised."""


def image_annotations(project: Project, own: dict[str, str], *, epoch: int) -> dict[str, str]:
    """Return the annotations of index and manifests, sorted by name; *own* ones win.

    What the metadata does not say is left out, and so is a license that is not an SPDX expression
    (the table form that PEP 639 replaced). ``epoch`` is in seconds.
    """
    metadata = project.metadata
    known = {
        "title": project.name,
        "version": project.version,
        "created": timestamp(epoch),
        "description": metadata.get("description"),
        "licenses": metadata.get("license"),
        "authors": _authors(metadata.get("authors")),
        **_links(metadata.get("urls")),
    }
    found = {PREFIX + key: text for key, text in known.items() if isinstance(text, str) and text}
    return dict(sorted({**found, **own}.items()))


def _authors(people: object) -> str:
    """Return ``Name <email>, ...``; either half may be missing (pyproject.toml, ``authors``)."""
    if not isinstance(people, list):
        return ""
    written = []
    for person in people:
        name, email = person.get("name", ""), person.get("email", "")
        written.append(f"{name} <{email}>" if name and email else name or email)
    return ", ".join(written)


def _links(urls: object) -> dict[str, str]:
    """Pick links by well-known label: punctuation, blanks and case do not count."""
    if not isinstance(urls, dict):
        return {}
    by_label = {re.sub(r"[\W_]", "", label).lower(): url for label, url in urls.items()}
    return {
        key: next(by_label[label] for label in labels if label in by_label)
        for key, labels in _LINKS.items()
        if not by_label.keys().isdisjoint(labels)
    }
