"""The image by BuildKit: every output that docker or a registry takes, with attestations.

First into files, an OCI archive among them that is opened for the proof; then, when all is proven,
into docker and registries. The files are the audited binaries: they replace the stages that made
them, so nothing is compiled again and what ships is what was looked at.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch.buildx.outputs import output
from hatch_multiarch.buildx.solve import Request, solve
from hatch_multiarch.config import Output
from hatch_multiarch.engine.stage import stamp
from hatch_multiarch.errors import EngineError
from hatch_multiarch.image.annotations import image_annotations
from hatch_multiarch.image.base import check_scratch
from hatch_multiarch.image.blobs import Blobs, platform_manifests, unpack
from hatch_multiarch.image.build import BuiltImage, BuiltPlatform, Published
from hatch_multiarch.image.dockerfile import build_args, image_stages, root_stage
from hatch_multiarch.image.layers import helper_path
from hatch_multiarch.platforms import match

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_multiarch.audit.facts import Facts
    from hatch_multiarch.engine.base import Binary
    from hatch_multiarch.plan import Docker, ImagePlan, Project
    from hatch_multiarch.platforms import Platform

FILES = {"oci": ".oci.tar", "layout": ".oci", "tar": ".image.tar", "local": ".image"}
"""Outputs that are files, and how their names end behind ``NAME-VERSION``."""


class BuildkitImage:
    """One image, put together by BuildKit below the folder *staging*."""

    def __init__(
        self, plan: ImagePlan, docker: Docker, project: Project, *, staging: Path, epoch: int
    ) -> None:
        self._plan = plan
        self._docker = docker
        self._builder = docker.image_builder or docker.builder
        self._notes = image_annotations(project, plan.config.annotations, epoch=epoch)
        self._epoch = epoch
        self._work = Path(tempfile.mkdtemp(prefix=".image-", dir=staging))

    def build(
        self,
        binaries: Mapping[str, Binary],
        facts: Mapping[str, Facts],
        stem: str,
        network: str = "default",
    ) -> BuiltImage:
        """Build the image into files; ``STEM`` is hatchling's ``NAME-VERSION``.

        Raises ImageError when the image would not run, EngineError and CompileError of BuildKit.
        """
        check_scratch(self._plan, facts)
        self._network = network
        for platform, units in self._plan.platforms:
            files = [(helper_path(unit), binaries[unit.id]) for unit in units]
            _stage(self._root(platform), files, self._plan.config.workdir, self._epoch)
        dockerfile = self._work / "Dockerfile"
        dockerfile.write_text(_placeholders(self._plan) + image_stages(self._plan), "utf-8")
        paths = {each.type: self._work.parent / f"{stem}{FILES[each.type]}" for each in self._files}
        # A folder too comes as an archive: of several outputs in one build, buildx writes the
        # index.json of a folder with the digest of another's index (client/solve.go).
        made = {**paths, "layout": self._work / "layout.oci.tar"}
        wanted = [(each, made[each.type]) for each in self._files]
        # The proof opens an archive of all platforms: the user's own, else one for the purpose.
        proof = next((made[each.type] for each in self._files if self._proves(each)), None)
        if proof is None:
            proof = self._work / "proof.oci.tar"
            wanted.append((Output("oci"), proof))
        builds: dict[tuple[str, ...], list[str]] = {}
        for each, dest in wanted:
            builds.setdefault(self._names(each.platforms), []).append(self._output(each, dest))
        for names, values in builds.items():
            self._solve(names, values)
        if "layout" in paths:
            unpack(made["layout"], paths["layout"])
        with closing(Blobs(proof)) as blobs:
            built = _read(blobs, self._plan)
        return replace(built, outputs=tuple(paths.values()), proven=(proof,))

    def publish(self) -> tuple[Published, ...]:
        """Give the image to docker and registries. Raises EngineError."""
        published = []
        for each in self._outputs:
            if each.type not in FILES:
                names, value = self._names(each.platforms), self._output(each, None)
                digest = self._solve(names, [value], inline=each.cache)
                published += [Published(each.type, name, digest) for name in self._references]
        return tuple(published)

    @property
    def _outputs(self) -> list[Output]:
        """The outputs that are for a platform of this build."""
        return [each for each in self._plan.config.outputs if self._names(each.platforms)]

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
            driver=self._builder.driver,
        )

    def _root(self, platform: Platform) -> Path:
        return self._work / root_stage(platform)

    def _solve(self, names: tuple[str, ...], outputs: list[str], *, inline: bool = False) -> str:
        """Build *outputs* for the platforms *names*; return the digest of what was made."""
        image = self._plan.config
        attested = image.sbom != "off" or image.provenance != "off"
        # Without an index there is nothing that could carry an index's annotations.
        levels = ("index", "manifest") if len(names) > 1 or attested else ("manifest",)
        images = any("type=local" not in each and "type=tar" not in each for each in outputs)
        context = self._work / "context"
        context.mkdir(exist_ok=True)
        solved = solve(
            self._docker.buildx,
            Request(
                context=context,
                dockerfile=self._work / "Dockerfile",
                target="image",
                platforms=names,
                outputs=tuple(outputs),
                builder=self._builder.name,
                network=self._network,
                build_contexts={
                    root_stage(platform): self._root(platform)
                    for platform, _ in self._plan.platforms
                    if platform.name in names
                },
                annotations=tuple(
                    f"{level}:{key}={text}"
                    for level in levels
                    for key, text in self._notes.items()
                    if images
                ),
                cache_to=("type=inline",) if inline else (),
                sbom=image.sbom,
                provenance=image.provenance,
                build_args=build_args(self._plan),
                epoch=self._epoch,
            ),
        )
        return solved.digest


def _placeholders(plan: ImagePlan) -> str:
    """Return empty stages for those that the root stages would copy from; nobody builds them."""
    names = [root_stage(platform).replace("root-", "helpers-", 1) for platform, _ in plan.platforms]
    return "".join(f"FROM scratch AS {name}\n" for name in names)


def _stage(root: Path, files: list[tuple[str, Binary]], workdir: str, epoch: int) -> None:
    """Lay out the files of a platform, all of one second, which some drivers cannot rewrite.

    The working directory is among them: made by WORKDIR, it would be of the time of the build.
    """
    (root / workdir.strip("/")).mkdir(parents=True, exist_ok=True)
    for path, binary in files:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(binary.path, target)
        target.chmod(0o755)
    for each in (*root.rglob("*"), root):
        each.chmod(0o755)
        os.utime(each, (epoch, epoch))
    stamp(root, epoch)


def _read(blobs: Blobs, plan: ImagePlan) -> BuiltImage:
    """Return what stands in the archive that BuildKit made of all platforms."""
    with blobs.open("index.json") as file:
        top = json.load(file)
    [digest] = {each["digest"] for each in top["manifests"]}
    found = {}
    for each in platform_manifests(blobs, digest):
        manifest: Any = blobs.document(each)
        config = blobs.document(manifest["config"]["digest"])
        name = "/".join(filter(None, (config["os"], config["architecture"], config.get("variant"))))
        files: dict[str, str] = {}
        for layer in manifest["layers"]:
            files |= blobs.layer(layer["digest"])
        size = sum(layer["size"] for layer in (manifest["config"], *manifest["layers"]))
        found[name] = (each, manifest, files, size)
    platforms = []
    for platform, _ in plan.platforms:
        if platform.name not in found:
            raise EngineError(f"BuildKit's image has no {platform.name}, only {', '.join(found)}")
        each, manifest, files, size = found[platform.name]
        platforms.append(
            BuiltPlatform(
                platform=platform,
                digest=each,
                config=manifest["config"]["digest"],
                layers=tuple(layer["digest"] for layer in manifest["layers"]),
                size=size,
                files=files,
            )
        )
    return BuiltImage(digest, tuple(platforms), (), ())
