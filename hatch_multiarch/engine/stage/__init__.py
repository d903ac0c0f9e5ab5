"""The builder stage: the Dockerfile in which BuildKit compiles, and the context it reads."""

from hatch_multiarch.engine.stage.context import secret_files, write_context
from hatch_multiarch.engine.stage.dockerfile_text import HELPERS, with_helpers
from hatch_multiarch.engine.stage.stage_dockerfile import helpers_stage, stages, unit_stage
from hatch_multiarch.engine.stage.stage_output import Told, read_stage_packages

__all__ = [
    "HELPERS",
    "Told",
    "helpers_stage",
    "read_stage_packages",
    "secret_files",
    "stages",
    "unit_stage",
    "with_helpers",
    "write_context",
]
