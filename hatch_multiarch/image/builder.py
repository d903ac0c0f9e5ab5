"""An image on a base: its layers, the package with all that it depends on, the helpers.

First everything that can fail, before there are wheels: the base and its Python, helpers that
would not start, dependencies without wheels. Then, from the finished wheels, the layers.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch.build_cache import BuildCache
from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.annotations import BASE_DIGEST, BASE_NAME, image_annotations
from hatch_multiarch.image.attest import Attester
from hatch_multiarch.image.base import check_base, open_base
from hatch_multiarch.image.build import check_platforms, deliver
from hatch_multiarch.image.built import BuiltImage, BuiltPlatform
from hatch_multiarch.image.config import platform_of
from hatch_multiarch.image.entrypoint import Programs, base_command
from hatch_multiarch.image.inherit import BaseConfig
from hatch_multiarch.image.layer_plan import plan_layers
from hatch_multiarch.image.layer_writer import Stack
from hatch_multiarch.image.layout import CONFIG, INDEX, Layout
from hatch_multiarch.image.resolved_base import resolve_base, with_wheels
from hatch_multiarch.sbom import Base as SbomBase

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from hatch_multiarch.audit.facts import Facts
    from hatch_multiarch.deflate import Streams
    from hatch_multiarch.engine.base import Binary
    from hatch_multiarch.image.base import Base
    from hatch_multiarch.image.layer_plan import LayerPlan
    from hatch_multiarch.image.layout import Descriptor
    from hatch_multiarch.image.resolved_base import ResolvedBase
    from hatch_multiarch.plan import ImagePlan, Project
    from hatch_multiarch.wheel import BuiltWheel


class ImageBuilder:
    """One image on a base, put together below the folder *staging*; ``epoch`` is in seconds."""

    def __init__(self, plan: ImagePlan, project: Project, *, staging: Path, epoch: int) -> None:
        self._plan = plan
        self._project = project
        self._epoch = epoch
        self._staging = staging
        self._grounds: list[ResolvedBase] = []
        self._cache = BuildCache.of(os.environ)

    def prepare(
        self,
        binaries: Mapping[str, Binary],
        facts: Mapping[str, Facts],
        requirements: Sequence[str],
        wheels: Sequence[str],
        doing: Callable[[str], None] = lambda _: None,
    ) -> list[str]:
        """Read the base and fetch the dependencies; return what was found, for people.

        *requirements* are the project's, *wheels* the platforms that get one; *doing* hears how
        far it is. Raises ImageError, RegistryError when a base in a registry cannot be had, and
        ToolchainError when pip or uv is missing.
        """
        check_platforms(self._plan)
        self._facts = facts
        self._work = Path(tempfile.mkdtemp(prefix=".image-", dir=self._staging))
        name = self._plan.config.base
        with self._open(doing) as base:
            grounds = [
                resolve_base(base, *each, self._work, self._cache) for each in self._plan.platforms
            ]
            self._digest, self._name = base.digest, base.name
        problems = [
            problem
            for each in grounds
            for problem in check_base(each.files, each.units, binaries, facts, name)
        ]
        if problems:
            raise ImageError(
                "\n".join(problems),
                advice="take another base, or link the helper statically (libc)",
            )
        image, project = self._plan.config, self._project
        self._grounds = with_wheels(
            grounds,
            image,
            project,
            requirements,
            wheels=wheels,
            work=self._work,
            cache=self._cache,
        )
        return _found(name, self._grounds)

    def build(
        self,
        wheels: Sequence[BuiltWheel],
        binaries: Mapping[str, Binary],
        stem: str,
        streams: Streams,
    ) -> BuiltImage:
        """Build the image from the finished *wheels*; ``STEM`` is hatchling's ``NAME-VERSION``.

        Raises ImageError when it cannot be assembled or would not run.
        """
        plan = self._plan
        by_platform = {each.platform: each for each in wheels}
        parts = plan_layers(
            self._project,
            plan.config,
            self._grounds,
            by_platform,
            binaries,
            self._work,
            self._cache,
        )
        layout = Layout(self._work / "layout")
        stack = Stack(layout, self._work, streams, self._cache, epoch=self._epoch)
        notes = image_annotations(self._project, plan.config.annotations, epoch=self._epoch)
        attester = Attester(layout, plan, self._project, binaries, self._facts, epoch=self._epoch)
        manifests: list[dict[str, object]] = []
        attestations: list[dict[str, object]] = []
        built: list[BuiltPlatform] = []
        with self._open() as base:
            for ground, content in zip(self._grounds, parts, strict=True):
                for layer in ground.image.layers:
                    layout.copy(layer, base.open(layer))
                manifest, result = self._store(layout, stack, ground, content, notes)
                manifests.append(manifest.document(platform=platform_of(ground.platform)))
                attestations += attester.attest(
                    ground.platform,
                    ground.units,
                    manifest,
                    places=result.helpers,
                    installed=content.installed,
                    base=SbomBase(plan.config.base, ground.image.digest),
                )
                built.append(result)
        every = [*manifests, *attestations]
        document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": every}
        index = layout.add(INDEX, {**document, "annotations": self._notes(self._digest, notes)})
        layout.finish(index, reference=plan.reference, tags=plan.tags)
        outputs, proven = deliver(layout, plan, self._staging / f"{stem}.oci", self._epoch)
        shutil.rmtree(self._work, ignore_errors=True)
        return BuiltImage(index.digest, tuple(built), outputs, proven, self._digest)

    def _open(self, doing: Callable[[str], None] = lambda _: None) -> AbstractContextManager[Base]:
        name, root, offline = self._plan.config.base, self._project.root, self._plan.offline
        return open_base(name, root, os.environ, offline=offline, doing=doing)

    def _notes(self, digest: str, notes: dict[str, str]) -> dict[str, str]:
        """Return the annotations of what stands on the manifest or index *digest*."""
        base = {BASE_DIGEST: digest, BASE_NAME: self._name}
        own = {key: text for key, text in base.items() if text}
        return dict(sorted({**own, **notes}.items()))

    def _store(
        self,
        layout: Layout,
        stack: Stack,
        ground: ResolvedBase,
        content: LayerPlan,
        notes: dict[str, str],
    ) -> tuple[Descriptor, BuiltPlatform]:
        """Store one platform's blobs over those of its base."""
        image, base = self._plan.config, ground.image
        inherited = BaseConfig(base, image.base)
        path = f"/{content.bin}:{inherited.path}" if content.bin else inherited.path
        programs = Programs(
            ground.platform.name,
            {} if content.bin is None else content.scripts,
            content.programs,
            frozenset(item.path for part in content.layers for item in part.items),
            ground.files,
            image.env.get("PATH", path),
        )
        run = base_command(image, programs, inherited, package=content.bin is not None)
        layers = [
            stack.add(part, ground.files) for part in content.with_links(run.entrypoint, run.cmd)
        ]
        user = inherited.user(image, python=content.bin is not None)
        document = inherited.document(
            image, run, [layer for _, layer in layers], user=user, path=path, epoch=self._epoch
        )
        about = layout.add(CONFIG, document)
        blobs = [*base.layers, *(blob for blob, _ in layers)]
        manifest = layout.manifest(about, blobs, self._notes(base.digest, notes))
        return manifest, BuiltPlatform(
            platform=ground.platform,
            digest=manifest.digest,
            config=about.digest,
            layers=tuple(blob.digest for blob in blobs),
            sizes=tuple(blob.size for blob in blobs),
            size=sum(blob.size for blob in (manifest, about, *blobs)),
            files={path: digest for _, layer in layers for path, digest in layer.files.items()},
            base=base.digest,
            base_layers=len(base.layers),
            helpers={name: ground.files.place(path) for name, path in content.helpers.items()},
        )


def _found(name: str, grounds: Sequence[ResolvedBase]) -> list[str]:
    """Return a line for each Python that the base *name* has, with its platforms."""
    by_python: dict[str, list[str]] = {}
    for each in grounds:
        found = "no Python, so that the image is base and helpers"
        if each.python is not None:
            python, libc = each.python, each.python.libc
            found = f"{python.name} with {libc.kind} {libc.version[0]}.{libc.version[1]}"
        by_python.setdefault(found, []).append(each.platform.name)
    return [f"{name}: {found} ({', '.join(each)})" for found, each in by_python.items()]
