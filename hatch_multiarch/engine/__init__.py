"""The engines that compile: this machine, or BuildKit in a builder stage.

``compile_plan`` compiles and audits what a plan needs. ``buildkit_engine`` is loaded only where
BuildKit compiles.
"""

from hatch_multiarch.engine.engine_protocol import Binary, Engine, Progress
from hatch_multiarch.engine.host_engine import HostEngine

__all__ = ["Binary", "Engine", "HostEngine", "Progress"]
