"""Where compiling happens: one Protocol; this machine, or BuildKit in a builder stage."""

from hatch_multiarch.engine.base import Binary, Engine, Progress
from hatch_multiarch.engine.buildkit import BuildkitEngine
from hatch_multiarch.engine.host import HostEngine

__all__ = ["Binary", "BuildkitEngine", "Engine", "HostEngine", "Progress"]
