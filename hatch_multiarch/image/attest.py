"""Attestations of each platform's image, in BuildKit's form: SBOM and provenance.

A manifest of its own per platform, behind the images in the index, holds an in-toto statement per
layer (BuildKit, docs/attestations/attestation-storage.md; in-toto Statement v0.1). Its config is
that of an image for ``unknown``, not the OCI artifact of later BuildKits: every registry takes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hatch_multiarch import sbom
from hatch_multiarch.files.epoch import timestamp
from hatch_multiarch.image.items import helper_path
from hatch_multiarch.oci.media_types import (
    ATTESTATION_MANIFEST,
    CONFIG,
    MANIFEST,
    PREDICATE_TYPE,
    REFERENCE_DIGEST,
    REFERENCE_TYPE,
    STATEMENT,
)
from hatch_multiarch.sbom import purl

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hatch_multiarch.audit.binary_info import BinaryInfo
    from hatch_multiarch.engine.engine_protocol import Binary
    from hatch_multiarch.oci.descriptor import Descriptor
    from hatch_multiarch.oci.layout import Layout
    from hatch_multiarch.plan import ImagePlan, Project, Unit
    from hatch_multiarch.platforms import Platform

SPDX = "https://spdx.dev/Document"
SLSA = "https://slsa.dev/provenance/v1"
UNKNOWN = {"architecture": "unknown", "os": "unknown"}
"""The platform of what is not to be run."""


class Attester:
    """Attests the image of *plan*, as far as it asks for it; blobs go to *layout*."""

    def __init__(
        self,
        layout: Layout,
        plan: ImagePlan,
        project: Project,
        binaries: Mapping[str, Binary],
        facts: Mapping[str, BinaryInfo],
        *,
        epoch: int,
    ) -> None:
        self._layout = layout
        self._plan = plan
        self._project = project
        self._binaries = binaries
        self._facts = facts
        self._created = timestamp(epoch)

    def attest(
        self,
        platform: Platform,
        units: Sequence[Unit],
        image: Descriptor,
        *,
        places: Mapping[str, str] | None = None,
        installed: Sequence[sbom.Distribution] = (),
        base: sbom.Base | None = None,
    ) -> list[dict[str, object]]:
        """Store what is said of the manifest *image*; return the entry of the index, or none.

        *places* is helper -> path in the image where that is not ``helper_path``. BuildKit attests
        what it gives on itself, and all where a scanner of its own looks into the image.
        """
        if self._plan.config.scanned:
            return []
        purls = [purl.docker(self._plan.reference, tag, platform.name) for tag in self._plan.tags]
        digest = image.digest.partition(":")[2]
        subjects = [{"name": each, "digest": {"sha256": digest}} for each in purls or ("_",)]
        layers = []
        paths = {unit.helper.name: helper_path(unit) for unit in units} | {**(places or {})}
        found = sbom.programs(units, self._binaries, self._facts, paths)
        more = {"installed": installed, "base": base}
        for kind, predicate in self._predicates(platform, units, found, digest, purls, more):
            statement = {
                "_type": "https://in-toto.io/Statement/v0.1",
                "predicateType": kind,
                "subject": subjects,
                "predicate": predicate,
            }
            notes = {PREDICATE_TYPE: kind}
            layers.append(self._layout.add(STATEMENT, statement).document(annotations=notes))
        if not layers:
            return []
        digests = [each["digest"] for each in layers]
        config = {**UNKNOWN, "config": {}, "rootfs": {"type": "layers", "diff_ids": digests}}
        manifest = self._layout.add(
            MANIFEST,
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": self._layout.add(CONFIG, config).document(),
                "layers": layers,
            },
        )
        notes = {REFERENCE_DIGEST: image.digest, REFERENCE_TYPE: ATTESTATION_MANIFEST}
        return [manifest.document(annotations=notes, platform=UNKNOWN)]

    def _predicates(
        self,
        platform: Platform,
        units: Sequence[Unit],
        found: Sequence[sbom.Program],
        digest: str,
        purls: Sequence[str],
        more: dict[str, Any],
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        image, project = self._plan.config, self._project
        if image.sbom != "off":
            yield (
                SPDX,
                sbom.spdx(
                    self._plan.reference,
                    project.version,
                    found,
                    sha256=digest,
                    purls=purls,
                    created=self._created,
                    **more,
                ),
            )
        if image.provenance != "off":
            full = image.provenance == "max"
            yield (
                SLSA,
                sbom.provenance(
                    project,
                    platform,
                    units,
                    binaries=self._binaries,
                    found=found,
                    full=full,
                    **more,
                ),
            )
