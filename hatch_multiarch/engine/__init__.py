"""The engines that compile: this machine, or BuildKit in a builder stage.

``BuildkitEngine`` is in ``buildkit``, which only those load who compile there.
"""

from hatch_multiarch.engine.engine_protocol import Binary, Engine, Progress
from hatch_multiarch.engine.host_engine import HostEngine

__all__ = ["Binary", "Engine", "HostEngine", "Progress"]
