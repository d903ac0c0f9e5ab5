"""Bases in a real registry, seen through a proxy that counts and misbehaves."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from registry.pushes import FAST, Made, Site

from hatch_multiarch.image.base.remote import RegistryBase
from hatch_multiarch.platforms import lookup
from hatch_multiarch.registry import Cache, Puller
from hatch_multiarch.registry.reference import parse_pull

if TYPE_CHECKING:
    from pathlib import Path

    from registry.proxy import Proxy

BLOB = "/blobs/sha256"
BIG = 900_000
"""Bytes of a layer that may break off."""


@dataclass
class Shop:
    """The image ``NAME:1`` in the registry, and pulls of it."""

    site: Site
    proxy: Proxy
    name: str
    made: Made
    cache: Path

    @property
    def reference(self) -> str:
        return f"{self.proxy.host}/{self.name}:1"

    def pull(self, *platforms: str, name: str = "", offline: bool = False) -> Any:
        """Pull platforms of a base as a build does; return digest, and layers by platform."""
        name = name or self.reference
        puller = Puller(parse_pull(name), self.site.env, self.store, offline=offline, pace=FAST)
        with closing(puller):
            base = RegistryBase(puller, name)
            layers = {}
            for each in platforms or ("linux/amd64",):
                image = base.resolve(lookup(each))
                for layer in image.layers:
                    assert len(base.open(layer).read()) == layer.size
                layers[each] = [layer.digest for layer in image.layers]
            return base.digest, layers

    @property
    def store(self) -> Cache:
        return Cache(self.cache)

    def asked(self) -> list[str]:
        """Return what was asked since the last time, without the names."""
        words = [
            f"{each.method} {re.sub(r'^/v2/' + self.name, '', each.path)}"
            for each in self.proxy.asked
        ]
        self.proxy.asked.clear()
        return words

    def files(self) -> set[str]:
        """Return the digests of what the cache has; nothing unfinished is beside them."""
        return {f"sha256:{each.name}" for each in (self.cache / "blobs/sha256").iterdir()}
