"""Where compiling happens: one Protocol, and the engine that is this machine."""

from hatch_multiarch.engine.base import Binary, Engine, Progress
from hatch_multiarch.engine.host import HostEngine

__all__ = ["Binary", "Engine", "HostEngine", "Progress"]
