"""Verifies wheels and images: their contents, and by running them.

Every file of a build is compared with its report, byte by byte, and so is the set of them. A wheel
is opened as a zip and compared with itself and with the image beside it; its helpers are started
once. Each platform of an image runs by digest, through the
docker SDK: a container has no network, a root it cannot write to (``/tmp`` is a small one in
memory), and limits on memory, processes and time; it is removed whatever happens, and so is each
image that was not there before.
"""

from hatch_multiarch.verify.dist import Dist, find_dist, find_workspace
from hatch_multiarch.verify.image_check import check_image
from hatch_multiarch.verify.outcome import Ran, Run, Verified
from hatch_multiarch.verify.run_platforms import verify
from hatch_multiarch.verify.verify_dist import verify_again, verify_dist

__all__ = [
    "Dist",
    "Ran",
    "Run",
    "Verified",
    "check_image",
    "find_dist",
    "find_workspace",
    "verify",
    "verify_again",
    "verify_dist",
]
