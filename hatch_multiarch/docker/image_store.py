"""docker's image store: containerd's or the older one, and its platform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hatch_multiarch.platforms import normalise

SNAPSHOTTER = "io.containerd.snapshotter.v1"
"""The driver-type of docker's containerd store in what ``docker info`` says of the driver."""


@dataclass(frozen=True)
class Store:
    """What the daemon says of itself."""

    containerd: bool
    """It keeps images in containerd: all platforms, by the digest of their index."""
    platform: str
    """The daemon's own, normalised."""


def store_of(client: Any) -> Store:
    """Return the store behind *client*, a ``docker.DockerClient``; raises what the SDK does."""
    info = client.info()
    status = info.get("DriverStatus") or []
    return Store(
        containerd=any(SNAPSHOTTER in pair for pair in status),
        # Of Arm, `version()` leaves the variant out; this is what uname says.
        platform=normalise(f"{info['OSType']}/{info['Architecture']}"),
    )
