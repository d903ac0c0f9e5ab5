"""SBOMs and provenance from Go's build info: CycloneDX, SPDX and SLSA."""

from hatch_multiarch.sbom.components import Program, program, programs
from hatch_multiarch.sbom.cyclonedx import check_names, cyclonedx, member
from hatch_multiarch.sbom.distributions import Base, Distribution, distribution
from hatch_multiarch.sbom.provenance import provenance
from hatch_multiarch.sbom.spdx import spdx

__all__ = [
    "Base",
    "Distribution",
    "Program",
    "check_names",
    "cyclonedx",
    "distribution",
    "member",
    "program",
    "programs",
    "provenance",
    "spdx",
]
