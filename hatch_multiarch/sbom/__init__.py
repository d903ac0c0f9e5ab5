"""Software bills of materials: what stands in Go's build info, as CycloneDX, SPDX and SLSA."""

from hatch_multiarch.sbom.components import Module, Program, programs
from hatch_multiarch.sbom.cyclonedx import cyclonedx
from hatch_multiarch.sbom.place import check_names, member
from hatch_multiarch.sbom.provenance import provenance
from hatch_multiarch.sbom.spdx import spdx

__all__ = [
    "Module",
    "Program",
    "check_names",
    "cyclonedx",
    "member",
    "programs",
    "provenance",
    "spdx",
]
