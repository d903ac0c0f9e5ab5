"""A finished image: records of its digests, layers and files, and the outputs that are files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.oci.layout import Layout
    from hatch_multiarch.plan import ImagePlan
    from hatch_multiarch.platforms import Platform

FILES = {"oci": ".oci.tar", "layout": ".oci", "tar": ".image.tar", "local": ".image"}
"""Type of the output -> how the file's name ends behind ``NAME-VERSION``."""


@dataclass(frozen=True)
class BuiltPlatform:
    """The image of one platform."""

    platform: Platform
    digest: str
    """Of its manifest: ``sha256:...``, as all digests here."""
    config: str
    layers: tuple[str, ...]
    sizes: tuple[int, ...]
    """Of the layers, as they are stored, in bytes."""
    size: int
    """What a client pulls for it: manifest, config and compressed layers, in bytes."""
    files: dict[str, str]
    """Path in the image (no leading slash) -> sha256, hex; without those of the base."""
    base: str | None = None
    """Digest of the base's manifest; None for ``scratch``."""
    base_layers: int = 0
    """How many of the layers are the base's; they come first."""
    helpers: dict[str, str] = field(default_factory=dict)
    """Helper -> its path in the image; that of one that is missing here is ``helper_path``."""


@dataclass(frozen=True)
class BuiltImage:
    """The image, built."""

    digest: str
    """Of the index over all platforms."""
    platforms: tuple[BuiltPlatform, ...]
    """In the order of the plan, which is that of the index."""
    outputs: tuple[Path, ...]
    """The files and folders of the image, in the order of ``image.outputs``."""
    proven: tuple[Path, ...]
    """Archives and layout folders to look into for the proof; some may be no output."""
    base: str = ""
    """Digest of the base's index, or of its one manifest; empty for ``scratch``."""


@dataclass(frozen=True)
class Published:
    """Where docker or a registry has the image."""

    type: str
    reference: str
    digest: str
    """Of the index, or of the manifest of an image of one platform."""


def deliver(
    layout: Layout, plan: ImagePlan, target: Path, epoch: int
) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Give the outputs that need no BuildKit their names, the archive first: the layout moves.

    Return them, and where the image can be looked into: without any, and for BuildKit, which
    starts from a layout, that is a hidden one too.
    """
    archive = target.with_name(f"{target.name}.tar")
    types = [each.type for each in plan.config.outputs if not plan.config.by_buildkit(each)]
    if "oci" in types:
        layout.archive(archive, epoch=epoch)
    if "layout" in types:
        layout.path.replace(target)
    paths = {"oci": archive, "layout": target}
    outputs = tuple(paths[each] for each in types if each in paths)
    if "layout" in types or (outputs and not plan.buildkit):
        return outputs, outputs
    hidden = target.with_name(".image")
    layout.path.replace(hidden)
    return outputs, (*outputs, hidden)
