"""The builder stage: the Dockerfile in which BuildKit compiles, and the context it reads."""

from hatch_multiarch.engine.stage.context import write_context
from hatch_multiarch.engine.stage.dockerfile import by_platform, helpers_stage, stages, unit_stage
from hatch_multiarch.engine.stage.own_dockerfile import HELPERS, with_helpers
from hatch_multiarch.engine.stage.packages import read_stage_packages
from hatch_multiarch.engine.stage.secrets import secret_files
from hatch_multiarch.engine.stage.stamp import stamp
from hatch_multiarch.engine.stage.toolchain_versions import Told

__all__ = [
    "HELPERS",
    "Told",
    "by_platform",
    "helpers_stage",
    "read_stage_packages",
    "secret_files",
    "stages",
    "stamp",
    "unit_stage",
    "with_helpers",
    "write_context",
]
