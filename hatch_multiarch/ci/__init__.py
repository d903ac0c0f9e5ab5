"""Pipelines for GitHub and GitLab, generated from the config."""

from hatch_multiarch.ci.file import pipeline_file, write
from hatch_multiarch.ci.needs import archived, needing_a_mac, pushes_when_built, unpushed
from hatch_multiarch.ci.pipeline import DESCRIBE, read_pipeline, undescribed

__all__ = [
    "DESCRIBE",
    "archived",
    "needing_a_mac",
    "pipeline_file",
    "pushes_when_built",
    "read_pipeline",
    "undescribed",
    "unpushed",
    "write",
]
