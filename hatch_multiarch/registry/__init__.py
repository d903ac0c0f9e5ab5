"""Images in registries, with no docker: pushed, and pulled through a cache.

OCI distribution-spec 1.1 over http.client.
"""

from hatch_multiarch.registry.cache import Cache
from hatch_multiarch.registry.pull import Puller
from hatch_multiarch.registry.push import push
from hatch_multiarch.registry.records import Blob, Content, Document, Pace, Pushed
from hatch_multiarch.registry.reference import Reference, parse, parse_pull

__all__ = [
    "Blob",
    "Cache",
    "Content",
    "Document",
    "Pace",
    "Puller",
    "Pushed",
    "Reference",
    "parse",
    "parse_pull",
    "push",
]
