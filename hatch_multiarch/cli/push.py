"""``hatch-multiarch push``: pushes an image to a registry, without docker."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch.cli import output
from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.inspect import content, inspect_archive, open_image
from hatch_multiarch.pipeline.find_outputs import find_image
from hatch_multiarch.process import terminable
from hatch_multiarch.project import read_project
from hatch_multiarch.registry import parse, push
from hatch_multiarch.registry.tag_platforms import FEWER, LosingError
from hatch_multiarch.report.console import Console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_multiarch.image.inspect import Image
    from hatch_multiarch.oci.open import ImageFile
    from hatch_multiarch.registry import Pushed


def run(arguments: Any) -> int:
    """Push, and print what was done or would be. Raises MultiarchError."""
    found = find_image(arguments.image)
    if not isinstance(found, Path):
        raise ImageError(
            f"{found}: no such file or folder",
            advice=f"`hatch-multiarch push . {found}` pushes what this project built there",
        )
    with terminable(), open_image(found, parts=True) as archive:
        if Path(arguments.image, "pyproject.toml").is_file() and not arguments.fewer_platforms:
            _compare(archive, Path(arguments.image))
        results = _push(archive, arguments)
    if arguments.json:
        print(json.dumps([asdict(each) for each in results], indent=2))
    else:
        output.put("\n\n".join(map(_text, results)))
    return 0


def _compare(archive: ImageFile, root: Path) -> None:
    """Raise LosingError for an image with a part of the platforms of the project *root* only."""
    wanted = [name for name in read_project(root.resolve())[1].platforms if name[:6] == "linux/"]
    for image in inspect_archive(archive).images:
        has = [each.platform for each in image.manifests]
        lost = [name for name in wanted if name not in has]
        if lost:
            raise LosingError(
                f"{archive.source}: the tags would lose {', '.join(lost)}, which "
                f"tool.multiarch.platforms has and this image doesn't have",
                advice=FEWER,
            )


def _push(archive: ImageFile, arguments: Any) -> list[Pushed]:
    """Push every image that is meant, under each of its names."""
    results = []
    console = Console(verbosity=-1 if arguments.json else 0)
    for image, targets in _targets(archive, arguments.reference).items():
        whole = content(archive, image)
        for reference, tags in targets:
            said = "Asking for" if arguments.dry_run else "Pushing"
            with console.task(f"{said} {reference.name}") as doing:
                results.append(
                    push(
                        whole,
                        reference,
                        tags,
                        os.environ,
                        insecure=arguments.insecure,
                        mount=arguments.mount_from,
                        fewer=arguments.fewer_platforms,
                        dry_run=arguments.dry_run,
                        doing=doing,
                    )
                )
    return results


def _targets(archive: ImageFile, reference: Any) -> dict[Image, list[tuple[Any, list[str]]]]:
    """Return where each image goes: repositories, with tags.

    A reference without a tag takes the tags that the archive gives its image. Raises ImageError.
    """
    images = inspect_archive(archive).images
    if reference is None:
        return {image: _named(archive.source, image.names) for image in images}
    if len(images) > 1:
        names = ", ".join(name for image in images for name in image.names) or "none has a name"
        raise ImageError(
            f"{archive.source}: {len(images)} images can't have the same name: {names}",
            advice="push without a name, or write the one you mean to an archive",
        )
    tags = [reference.tag] if reference.tag else _tags(images[0].names)
    if not tags:
        raise ImageError(
            f"{archive.source}: the image in it has no tag",
            advice=f"name one: {reference.name}:TAG",
        )
    return {images[0]: [(reference, tags)]}


def _named(source: str, names: Sequence[str]) -> list[tuple[Any, list[str]]]:
    whole = [parse(name) for name in names if "/" in name]
    if not whole:
        raise ImageError(
            f"{source}: its image has no name with a registry",
            advice=f"name the target: `hatch-multiarch push {source} REGISTRY/PATH:TAG`",
        )
    for each in whole:
        if each.registry == "docker.io" and each.path.startswith("library/"):
            raise ImageError(
                f"{source}: {each.path.partition('/')[2]} doesn't name a registry to push to",
                advice="set tool.multiarch.image.name, or name the target: `hatch-multiarch push "
                f"{source} REGISTRY/PATH`",
            )
    found: dict[str, tuple[Any, list[str]]] = {}
    for each in whole:
        found.setdefault(each.name, (each, []))[1].append(each.tag or "latest")
    return list(found.values())


def _tags(names: Sequence[str]) -> list[str]:
    """Return the tags in *names*, of which some may be no more than a tag."""
    tags = [name.rpartition("/")[2].rpartition(":")[2] for name in names]
    return list(dict.fromkeys(tag for tag in tags if tag))


def _text(pushed: Pushed) -> str:
    words = {"missing": "would be uploaded"}
    rows = [
        (each.digest, f"{each.size / 1e6:.1f} MB", words.get(each.state, each.state))
        for each in pushed.blobs
    ]
    rows += [(f"{pushed.name}:{each.tag}", "", _moved(pushed, each.before)) for each in pushed.tags]
    total = pushed.size("missing" if pushed.dry_run else "uploaded") / 1e6
    verb = "would be uploaded" if pushed.dry_run else "uploaded"
    return "\n".join(
        [*output.aligned(rows, output.columns()), "", f"{pushed.digest}, {total:.1f} MB {verb}"]
    )


def _moved(pushed: Pushed, before: str) -> str:
    if before == pushed.digest:
        return "there"
    if not before:
        return "would be new" if pushed.dry_run else "new"
    return f"{'would move' if pushed.dry_run else 'moved'} from {before}"
