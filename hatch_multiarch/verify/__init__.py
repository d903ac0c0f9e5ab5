"""Run each platform of an image, by digest, through the docker SDK, and keep what it says.

A container has no network, a root it cannot write to (``/tmp`` is a small one in memory), and
limits on memory, processes and time; it is removed whatever happens, and so is each image that was
not there before.
"""

from hatch_multiarch.verify.platforms import verify
from hatch_multiarch.verify.records import Ran, Run

__all__ = ["Ran", "Run", "verify"]
