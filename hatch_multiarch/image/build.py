"""From binaries to one multi-arch image: layers, configs, manifests, one index, a layout.

OCI image-spec 1.1: manifest.md, image-index.md, image-layout.md.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.annotations import image_annotations
from hatch_multiarch.image.attest import Attester
from hatch_multiarch.image.base import check_scratch
from hatch_multiarch.image.built import BuiltImage, BuiltPlatform
from hatch_multiarch.image.config import command, image_config, platform_of
from hatch_multiarch.image.layers import write_layer
from hatch_multiarch.image.layout import Layout
from hatch_multiarch.oci.types import CONFIG, INDEX, LAYER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_multiarch.audit.facts import Facts
    from hatch_multiarch.deflate import Streams
    from hatch_multiarch.engine.base import Binary
    from hatch_multiarch.image.layers import Layer
    from hatch_multiarch.image.layout import Descriptor
    from hatch_multiarch.plan import ImagePlan, Project, Unit
    from hatch_multiarch.platforms import Platform


def build_image(
    plan: ImagePlan,
    binaries: Mapping[str, Binary],
    *,
    facts: Mapping[str, Facts],
    project: Project,
    staging: Path,
    stem: str,
    epoch: int,
    streams: Streams,
) -> BuiltImage:
    """Build the image of *plan* into the existing folder *staging*.

    *binaries*, which *streams* compresses, and *facts* are keyed by ``Unit.id``;
    ``epoch`` (seconds) is every time in the image. Writes ``STEM.oci.tar`` for the output ``oci``
    and the folder ``STEM.oci`` for ``layout``, *stem* being hatchling's ``NAME-VERSION``; both get
    their names when they are complete. Without either, and for BuildKit, it is a hidden layout in
    *staging*, to be proven and given on. Raises ImageError when the image cannot be assembled or
    would not run.
    """
    check_platforms(plan)
    check_scratch(plan, facts)
    run = command(plan)
    notes = image_annotations(project, plan.config.annotations, epoch=epoch)
    with TemporaryDirectory(prefix=".image-", dir=staging) as aside:
        layout = Layout(Path(aside) / "layout")
        layers = _layers(plan, binaries, Path(aside), epoch, streams)
        attester = Attester(layout, plan, project, binaries, facts, epoch=epoch)
        manifests: list[dict[str, object]] = []
        attestations: list[dict[str, object]] = []
        built: list[BuiltPlatform] = []
        for (platform, units), layer in zip(plan.platforms, layers, strict=True):
            config = image_config(plan.config, run, platform, [layer], epoch=epoch)
            manifest, result = _store(layout, platform, layer, config, notes)
            manifests.append(manifest.document(platform=platform_of(platform)))
            attestations += attester.attest(platform, units, manifest)
            built.append(result)
        index = layout.add(
            INDEX,
            {
                "schemaVersion": 2,
                "mediaType": INDEX,
                "manifests": [*manifests, *attestations],
                "annotations": notes,
            },
        )
        layout.finish(index, reference=plan.reference, tags=plan.tags)
        outputs, proven = deliver(layout, plan, staging / f"{stem}.oci", epoch)
    return BuiltImage(index.digest, tuple(built), outputs, proven)


def check_platforms(plan: ImagePlan) -> None:
    """Refuse an image that a client could not choose from (image-index.md: first match wins)."""
    if not plan.platforms:
        raise ImageError(
            "tool.multiarch.platforms: an image needs a Linux platform, and this build has none",
            advice='add one, such as "linux/amd64", or remove tool.multiarch.image',
        )
    names = [platform.name for platform, _ in plan.platforms]
    for platform, units in plan.platforms:
        if names.count(platform.name) > 1:
            raise ImageError(f"tool.multiarch.platforms: {platform.name} is listed twice")
        if not units:
            raise ImageError(
                f"tool.multiarch.image.helpers: the image on {platform.name} would be empty",
                advice=f"name a helper whose platforms include {platform.name}",
            )


def _layers(
    plan: ImagePlan, binaries: Mapping[str, Binary], aside: Path, epoch: int, streams: Streams
) -> list[Layer]:
    """Write the layers of all platforms at once (hashing lets threads run), in the plan's order."""

    def write(numbered: tuple[int, tuple[Platform, tuple[Unit, ...]]]) -> Layer:
        number, (_, units) = numbered
        chosen = [binaries[unit.id] for unit in units]
        return write_layer(
            aside / f"layer-{number}", chosen, streams, epoch=epoch, workdir=plan.config.workdir
        )

    with ThreadPoolExecutor() as pool:
        return list(pool.map(write, enumerate(plan.platforms)))


def _store(
    layout: Layout,
    platform: Platform,
    layer: Layer,
    config: dict[str, Any],
    notes: dict[str, str],
) -> tuple[Descriptor, BuiltPlatform]:
    """Store one platform's blobs: layer, config, and the manifest that binds them."""
    blobs = [layout.adopt(LAYER, layer.path, layer.digest, layer.size)]
    about = layout.add(CONFIG, config)
    manifest = layout.manifest(about, blobs, notes)
    return manifest, BuiltPlatform(
        platform=platform,
        digest=manifest.digest,
        config=about.digest,
        layers=tuple(blob.digest for blob in blobs),
        sizes=tuple(blob.size for blob in blobs),
        size=sum(blob.size for blob in (manifest, about, *blobs)),
        files=layer.files,
    )


def deliver(
    layout: Layout, plan: ImagePlan, target: Path, epoch: int
) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Give the outputs their names, the archive first: the layout moves.

    Return them, and where the image can be looked into: without any, and where BuildKit makes
    them, that is a hidden layout.
    """
    archive = target.with_name(f"{target.name}.tar")
    types = [] if plan.buildkit else [output.type for output in plan.config.outputs]
    if "oci" in types:
        part = layout.path.with_name("archive.part")
        layout.archive(part, epoch=epoch)
        part.replace(archive)
    if "layout" in types:
        layout.path.replace(target)
    paths = {"oci": archive, "layout": target}
    outputs = tuple(paths[each] for each in types if each in paths)
    if outputs:
        return outputs, outputs
    hidden = target.with_name(".image")
    layout.path.replace(hidden)
    return (), (hidden,)
