"""The image by BuildKit: every output that docker or a registry takes, with attestations.

What BuildKit gets is the finished image, as it is made without docker: its Dockerfile is ``FROM``
that image and no more, so that whoever puts an image together, its layers and config are the same.
Only where the build cache is to be inside the image, which holds instructions of a Dockerfile
(BuildKit, cache/remotecache/inline), there are some: they copy the files of the finished image.

First into files, an OCI archive among them that is compared with what BuildKit was given; then,
when all is proven, into docker and registries. What needs no BuildKit stays as it was written
without it, unless a scanner of BuildKit's makes the SBOM.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch.config import Output
from hatch_multiarch.docker.buildx_outputs import output
from hatch_multiarch.docker.solve import Request, solve
from hatch_multiarch.engine.stage import helpers_stage
from hatch_multiarch.errors import EngineError
from hatch_multiarch.image.annotations import BASE_DIGEST
from hatch_multiarch.image.built import FILES, Published
from hatch_multiarch.image.docker_load import held
from hatch_multiarch.image.image_dockerfile import build_args, image_stages, root_stage
from hatch_multiarch.oci.descriptor import Descriptor, parse_platform
from hatch_multiarch.oci.image_source import read_config
from hatch_multiarch.oci.layout import extract
from hatch_multiarch.oci.open import open_layout
from hatch_multiarch.oci.walk import Walk, attests
from hatch_multiarch.platforms import match

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_multiarch.image.built import BuiltImage, BuiltPlatform
    from hatch_multiarch.oci.layout_source import LayoutSource
    from hatch_multiarch.oci.manifest import Manifest
    from hatch_multiarch.plan import Docker, ImagePlan

FINISHED = "finished"
"""The name of the finished image in the Dockerfile."""


class BuildkitImage:
    """One finished image, given on by BuildKit; works below the folder *staging*."""

    def __init__(self, plan: ImagePlan, docker: Docker, *, staging: Path, epoch: int) -> None:
        self._plan = plan
        self._docker = docker
        self._builder = docker.image_builder or docker.builder
        self._epoch = epoch
        self._work = Path(tempfile.mkdtemp(prefix=".image-", dir=staging))

    def build(self, image: BuiltImage, stem: str) -> BuiltImage:
        """Make the files that are BuildKit's to make; ``STEM`` is hatchling's ``NAME-VERSION``.

        Return *image* with them, or with a scanner's SBOMs the image in them. Raises EngineError
        and CompileError of BuildKit.
        """
        self._image = image
        self._layout = next(each for each in image.proven if each.is_dir())
        paths = {each.type: self._work.parent / f"{stem}{FILES[each.type]}" for each in self._files}
        # A folder too comes as an archive: of several outputs in one build, buildx writes the
        # index.json of a folder with the digest of another's index (client/solve.go).
        made = {**paths, "layout": self._work / "layout.oci.tar"}
        wanted = [(each, made[each.type]) for each in self._files]
        # The proof opens an archive of all platforms: the user's own, else one for the purpose.
        proof = next((made[each.type] for each in self._files if self._proves(each)), None)
        if proof is None and not self._builder.classic:
            proof = self._work / "proof.oci.tar"
            wanted.append((Output("oci"), proof))
        builds: dict[tuple[str, ...], list[str]] = {}
        for each, dest in wanted:
            builds.setdefault(self._names(each.platforms), []).append(self._output(each, dest))
        for names, values in builds.items():
            self._solve(names, values)
        if "layout" in paths:
            extract(made["layout"], paths["layout"])
        outputs = (*image.outputs, *paths.values())
        if proof is None:
            # Which BuildKit cannot write there; docker itself has said which image it holds.
            return replace(image, outputs=outputs)
        with open_layout(proof) as source, open_layout(self._layout) as given:
            built = _read(source, given, image)
        if self._plan.config.scanned:
            return replace(built, outputs=outputs, proven=(proof,))
        return replace(image, outputs=outputs)

    def publish(self, *, registry: bool) -> tuple[Published, ...]:
        """Give the image to a *registry*, or to the builder and docker. Raises EngineError."""
        published = []
        for each in self._outputs:
            if each.type not in FILES and (each.type == "registry") == registry:
                names, value = self._names(each.platforms), self._output(each, None)
                digest = self._solve(names, [value], inline=each.cache)
                published += [Published(each.type, name, digest) for name in self._references]
        return tuple(published)

    @property
    def _outputs(self) -> list[Output]:
        """BuildKit's outputs that are for a platform of this build."""
        config = self._plan.config
        mine = [each for each in config.outputs if self._names(each.platforms)]
        return list(filter(config.by_buildkit, mine))

    @property
    def _files(self) -> list[Output]:
        return [each for each in self._outputs if each.type in FILES]

    @property
    def _references(self) -> tuple[str, ...]:
        return tuple(f"{self._plan.reference}:{tag}" for tag in self._plan.tags)

    def _proves(self, each: Output) -> bool:
        whole = self._names(each.platforms) == self._names(("*",))
        return whole and each.type in ("oci", "layout") and each.compression == "gzip"

    def _names(self, globs: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(p.name for p, _ in self._plan.platforms if match(p.name, globs))

    def _output(self, each: Output, dest: Path | None) -> str:
        return output(
            "oci" if each.type == "layout" else each.type,
            dest=dest,
            names=() if each.type in ("local", "tar") else self._references,
            compression=each.compression,
        )

    def _solve(self, names: tuple[str, ...], outputs: list[str], *, inline: bool = False) -> str:
        """Build *outputs* for the platforms *names*; return the digest of what was made."""
        image = self._plan.config
        images = any("type=local" not in each and "type=tar" not in each for each in outputs)
        context = self._work / "context"
        context.mkdir(exist_ok=True)
        dockerfile, stages = self._dockerfile(inline=inline)
        request = Request(
            context=context,
            dockerfile=dockerfile,
            target="image",
            platforms=names,
            outputs=tuple(outputs),
            builder=self._builder.name,
            cache_to=("type=inline",) if inline else (),
            sbom=image.sbom,
            provenance=image.provenance,
            build_args=build_args(self._plan) if inline else {},
            # The finished image has its times; BuildKit would cut those of its base's history.
            epoch=self._epoch if inline else None,
        )
        buildx = self._docker.buildx
        if self._builder.classic:  # one platform, whose manifest is docker's to make when it pushes
            [name] = names
            given = (buildx, self._image, name, self._plan)
            with held(*given, folder=self._work, epoch=self._epoch) as reference:
                return solve(buildx, replace(request, held=(stages, reference))).digest
        notes = tuple(self._annotations(names)) if images else ()
        layout = (stages, self._layout, self._image.digest)
        return solve(buildx, replace(request, layout=layout, annotations=notes)).digest

    def _dockerfile(self, *, inline: bool) -> tuple[Path, tuple[str, ...]]:
        """Write what BuildKit builds by; return it and the stages that the finished image is."""
        file, text = self._work / "Dockerfile", f"FROM {FINISHED} AS image\n"
        stages: tuple[str, ...] = (FINISHED,)
        if inline:
            platforms = [platform for platform, _ in self._plan.platforms]
            # The stages that its first ones would copy from, but nobody builds them.
            unused = [f"FROM scratch AS {helpers_stage(each)}\n" for each in platforms]
            text = "".join(unused) + image_stages(self._plan)
            stages = tuple(root_stage(each) for each in platforms)
        file.write_text(text, "utf-8")
        return file, stages

    def _annotations(self, names: tuple[str, ...]) -> Iterator[str]:
        """Yield those of the image, which BuildKit does not take over from it."""
        image = self._plan.config
        with open_layout(self._layout) as given:
            top = Walk(given).read(given.describe(self._image.digest))
            notes: dict[str, str] = top.document.get("annotations", {}) if top else {}
        attested = image.sbom != "off" or image.provenance != "off"
        # Without an index there is nothing that could carry an index's annotations.
        levels = ("index", "manifest") if len(names) > 1 or attested else ("manifest",)
        own = {key: text for key, text in notes.items() if key != BASE_DIGEST}
        for level in levels:
            # The base of the index is an index, that of a manifest one of its manifests.
            noted = notes if level == "index" or not self._image.base else own
            yield from (f"{level}:{key}={text}" for key, text in noted.items())
        for each in self._image.platforms:
            if each.base and each.platform.name in names:
                digest = self._plan.config.annotations.get(BASE_DIGEST, each.base)
                yield f"manifest[{each.platform.name}]:{BASE_DIGEST}={digest}"


def _read(source: LayoutSource, given: LayoutSource, image: BuiltImage) -> BuiltImage:
    """Return *image* as it is in the archive that BuildKit made of all platforms of *given*.

    Raises EngineError when BuildKit left a platform out or put other layers in, and ImageError.
    """
    [(root, _)] = source.roots()
    walk = Walk(source)
    found: dict[str, tuple[Descriptor, Manifest, dict[str, Any]]] = {}
    for each in walk.manifests([root]):
        manifest = None if attests(each) else walk.manifest(each)
        if manifest is not None:
            config = read_config(source, manifest.config, f"{each.digest}: config")
            found[parse_platform(config, "config")] = (each, manifest, config)
    platforms: list[BuiltPlatform] = []
    for built in image.platforms:
        name = built.platform.name
        if name not in found:
            raise EngineError(f"BuildKit's image has no {name}, only {', '.join(found)}")
        each, manifest, config = found[name]
        own = read_config(given, given.describe(built.config), built.config)
        if config["rootfs"] != own["rootfs"]:
            raise EngineError(f"BuildKit's image has other layers on {name} than it was given")
        platforms.append(
            replace(
                built,
                digest=each.digest,
                config=manifest.config.digest,
                layers=tuple(layer.digest for layer in manifest.layers),
                sizes=tuple(layer.size for layer in manifest.layers),
                size=sum(part.size for part in (each, *manifest.blobs)),
            )
        )
    return replace(image, digest=root.digest, platforms=tuple(platforms))
