"""Pushes images to registries and pulls them through a cache, without docker.

OCI distribution-spec 1.1 over http.client.
"""

from hatch_multiarch.registry.blob_cache import Cache
from hatch_multiarch.registry.pull import Puller, RegistrySource
from hatch_multiarch.registry.push_image import push
from hatch_multiarch.registry.reference import parse, parse_pull
from hatch_multiarch.registry.transfer import Content, Pace, Pushed

__all__ = [
    "Cache",
    "Content",
    "Pace",
    "Puller",
    "Pushed",
    "RegistrySource",
    "parse",
    "parse_pull",
    "push",
]
