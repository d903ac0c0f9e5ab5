"""Builds the image: base, package with dependencies, helpers.

First everything that can fail, before there are wheels: the base and its Python, helpers that
would not start, dependencies without wheels. Then, from the finished wheels, layers, configs,
manifests and one index in a layout (OCI image-spec 1.1). ``scratch`` is a base of no layers.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch.cache.build_cache import BuildCache
from hatch_multiarch.image.annotations import BASE_DIGEST, BASE_NAME, image_annotations
from hatch_multiarch.image.attest import Attester
from hatch_multiarch.image.base import SCRATCH, check_scratch, open_base
from hatch_multiarch.image.built import BuiltImage, BuiltPlatform, deliver
from hatch_multiarch.image.checks import check_helpers, check_platforms, check_workdir
from hatch_multiarch.image.entrypoint import Command, Programs, base_command, scratch_command
from hatch_multiarch.image.image_config import BaseConfig
from hatch_multiarch.image.layer_plan import plan_layers
from hatch_multiarch.image.layer_writer import LayerWriter
from hatch_multiarch.image.resolved_base import found_pythons, resolve_base, with_wheels
from hatch_multiarch.oci.descriptor import platform_document
from hatch_multiarch.oci.layout import Layout
from hatch_multiarch.oci.media_types import CONFIG, INDEX
from hatch_multiarch.process import processors
from hatch_multiarch.sbom import Base as SbomBase

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from hatch_multiarch.audit.binary_info import BinaryInfo
    from hatch_multiarch.cache.deflate import Streams
    from hatch_multiarch.engine.engine_protocol import Binary
    from hatch_multiarch.image.base import Base
    from hatch_multiarch.image.layer_plan import LayerPlan
    from hatch_multiarch.image.layer_writer import Layer
    from hatch_multiarch.image.resolved_base import ResolvedBase
    from hatch_multiarch.oci.descriptor import Descriptor
    from hatch_multiarch.plan import ImagePlan, Project
    from hatch_multiarch.wheel import BuiltWheel

    Made = tuple[Command, list[tuple[Descriptor, Layer]]]
    """What a platform's image runs, and its own layers."""


class ImageBuilder:
    """Builds one image below the folder *staging*; ``epoch`` (seconds) is every time in it.

    *digest* is that of the base, as far as it is known.
    """

    def __init__(
        self, plan: ImagePlan, project: Project, *, staging: Path, epoch: int, digest: str = ""
    ) -> None:
        self._plan = plan
        self._project = project
        self._epoch = epoch
        self._found = digest
        self._staging = staging
        self._bases: list[ResolvedBase] = []
        self._cache = BuildCache.of(os.environ)

    @property
    def needs_wheels(self) -> bool:
        """Whether the package is in the image, so that its wheels come first."""
        return any(each.python is not None for each in self._bases)

    def prepare(
        self,
        binaries: Mapping[str, Binary],
        facts: Mapping[str, BinaryInfo],
        requirements: Sequence[str] = (),
        wheels: Sequence[str] = (),
        doing: Callable[[str], None] = lambda _: None,
    ) -> list[str]:
        """Read the base and fetch the dependencies; return what was found, for people.

        *binaries* and *facts* are keyed by ``Unit.id``; *requirements* are the project's, *wheels*
        the platforms that get one; *doing* hears how far it is. Raises ImageError when the image
        would not run, RegistryError when a base in a registry cannot be had, and ToolchainError
        when pip or uv is missing.
        """
        plan, self._facts = self._plan, facts
        check_platforms(plan)
        self._command: Command | None = None
        if plan.config.base == SCRATCH:
            check_scratch(plan, facts)
            self._command = scratch_command(plan)
        self._work = Path(tempfile.mkdtemp(prefix=".image-", dir=self._staging))
        try:
            self._bases = self._read(binaries, requirements, wheels, doing)
        except BaseException:
            shutil.rmtree(self._work, ignore_errors=True)
            raise
        return [] if plan.config.base == SCRATCH else found_pythons(plan.config, self._bases)

    def build(
        self,
        wheels: Sequence[BuiltWheel],
        binaries: Mapping[str, Binary],
        stem: str,
        streams: Streams,
    ) -> BuiltImage:
        """Build what was prepared, from the finished *wheels*; *streams* compresses *binaries*.

        Writes ``STEM.oci.tar`` for the output ``oci`` and the folder ``STEM.oci`` for ``layout``,
        *stem* being hatchling's ``NAME-VERSION``; both get their names when they are complete.
        Without either, and for BuildKit, it is a hidden layout in *staging*, to be proven and
        given on. Raises ImageError when the image cannot be assembled or would not run.
        """
        try:
            return self._build(wheels, binaries, stem, streams)
        finally:
            shutil.rmtree(self._work, ignore_errors=True)

    def _read(
        self,
        binaries: Mapping[str, Binary],
        requirements: Sequence[str],
        wheels: Sequence[str],
        doing: Callable[[str], None],
    ) -> list[ResolvedBase]:
        """Return the base of each platform, checked, with the wheels of the dependencies."""
        image = self._plan.config
        with self._open(doing) as base:
            bases = [
                resolve_base(base, *each, self._work, self._cache, package=image.package)
                for each in self._plan.platforms
            ]
            self._digest, self._name = base.digest, base.name
        check_helpers(bases, binaries, self._facts, image.base)
        for each in bases:
            check_workdir(each, image.workdir)
        work, cache = self._work, self._cache
        return with_wheels(
            bases, image, self._project, requirements, wheels=wheels, work=work, cache=cache
        )

    def _build(
        self,
        wheels: Sequence[BuiltWheel],
        binaries: Mapping[str, Binary],
        stem: str,
        streams: Streams,
    ) -> BuiltImage:
        plan, project, epoch = self._plan, self._project, self._epoch
        by_platform = {each.platform: each for each in wheels}
        work, cache = self._work, self._cache
        layers = plan_layers(project, plan.config, self._bases, by_platform, binaries, work, cache)
        layout = Layout(work / "layout")
        writer = LayerWriter(layout, work, streams, cache, epoch=epoch)
        with ThreadPoolExecutor(processors()) as pool:  # hashing lets other threads run
            made = list(pool.map(lambda *each: self._make(writer, *each), self._bases, layers))
        notes = image_annotations(project, plan.config.annotations, epoch=epoch)
        attester = Attester(layout, plan, project, binaries, self._facts, epoch=epoch)
        manifests: list[dict[str, object]] = []
        attestations: list[dict[str, object]] = []
        built: list[BuiltPlatform] = []
        with self._open() as opened:
            for base, added, each in zip(self._bases, layers, made, strict=True):
                for layer in base.image.layers:
                    layout.copy(layer, opened.open(layer))
                manifest, result = self._store(layout, base, added, each, notes)
                manifests.append(manifest.document(platform=platform_document(base.platform.name)))
                attestations += attester.attest(
                    base.platform,
                    base.units,
                    manifest,
                    places=result.helpers,
                    installed=added.installed,
                    base=SbomBase(plan.config.base, result.base) if result.base else None,
                )
                built.append(result)
        every = [*manifests, *attestations]
        document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": every}
        index = layout.add(INDEX, {**document, "annotations": self._notes(self._digest, notes)})
        layout.finish(index, reference=plan.reference, tags=plan.tags)
        outputs, proven = deliver(layout, plan, self._staging / f"{stem}.oci", epoch)
        return BuiltImage(index.digest, tuple(built), outputs, proven, self._digest)

    def _open(self, doing: Callable[[str], None] = lambda _: None) -> AbstractContextManager[Base]:
        name, root, offline = self._plan.config.base, self._project.root, self._plan.offline
        return open_base(name, root, os.environ, offline=offline, doing=doing, digest=self._found)

    def _notes(self, digest: str, notes: dict[str, str]) -> dict[str, str]:
        """Return the annotations of what stands on the manifest or index *digest*."""
        base = {BASE_DIGEST: digest, BASE_NAME: self._name}
        own = {key: text for key, text in base.items() if text}
        return dict(sorted({**own, **notes}.items()))

    def _make(self, writer: LayerWriter, base: ResolvedBase, added: LayerPlan) -> Made:
        """Write the layers of one platform's image."""
        run = self._command or self._run(base, added)
        parts = added.with_links(run.entrypoint, run.cmd)
        return run, [writer.add(part, base.files) for part in parts]

    def _run(self, base: ResolvedBase, added: LayerPlan) -> Command:
        """Return what one platform's image runs. Raises ImageError when that is not in it."""
        image, inherited = self._plan.config, BaseConfig(base.image, self._plan.config.base)
        programs = Programs(
            base.platform.name,
            {} if added.bin is None else added.scripts,
            added.programs,
            frozenset(item.path for part in added.layers for item in part.items),
            base.files,
            image.env.get("PATH", inherited.path_with(added.bin)),
        )
        return base_command(image, programs, inherited, package=added.bin is not None)

    def _store(
        self,
        layout: Layout,
        base: ResolvedBase,
        added: LayerPlan,
        made: Made,
        notes: dict[str, str],
    ) -> tuple[Descriptor, BuiltPlatform]:
        """Store one platform's config and manifest, whose layers are in *layout*."""
        image, (run, layers) = self._plan.config, made
        inherited = BaseConfig(base.image, image.base)
        document = inherited.document(
            image,
            run,
            [layer for _, layer in layers],
            user=inherited.user(image, python=added.bin is not None),
            path=inherited.path_with(added.bin),
            epoch=self._epoch,
        )
        about = layout.add(CONFIG, document)
        blobs = [*base.image.layers, *(blob for blob, _ in layers)]
        manifest = layout.manifest(about, blobs, self._notes(base.image.digest, notes))
        return manifest, BuiltPlatform(
            platform=base.platform,
            digest=manifest.digest,
            config=about.digest,
            layers=tuple(blob.digest for blob in blobs),
            sizes=tuple(blob.size for blob in blobs),
            size=sum(blob.size for blob in (manifest, about, *blobs)),
            files={path: digest for _, layer in layers for path, digest in layer.files.items()},
            base=base.image.digest or None,
            base_layers=len(base.image.layers),
            helpers={name: base.files.place(path) for name, path in added.helpers.items()},
        )
