"""Software bills of materials: what stands in Go's build info, as CycloneDX."""

from hatch_multiarch.sbom.components import Module, Program, programs
from hatch_multiarch.sbom.cyclonedx import cyclonedx
from hatch_multiarch.sbom.place import check_names, member

__all__ = ["Module", "Program", "check_names", "cyclonedx", "member", "programs"]
