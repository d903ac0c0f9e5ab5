"""Docker's daemon through the docker SDK for Python: reaching it, and what its store holds."""

from hatch_multiarch.daemon.client import connect, daemon
from hatch_multiarch.daemon.store import Store, store_of

__all__ = ["Store", "connect", "daemon", "store_of"]
