"""Which URLs a registry may redirect to, and where credentials are sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from hatch_multiarch.errors import RegistryError
from hatch_multiarch.registry.reference import is_loopback
from hatch_multiarch.registry.transport import PORTS

if TYPE_CHECKING:
    from hatch_multiarch.registry.reference import Reference


class Places:
    """Addresses, seen from the registry of *reference*."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        self.scheme = "https"
        """By which the registry is spoken to."""

    def absolute(self, url: str, base: str = "") -> str:
        """Return *url*, which a registry may have named at *base*, as one that may be asked.

        Raises RegistryError when it leads away from TLS, or is none.
        """
        try:
            found = urljoin(base or f"{self.scheme}://{self._reference.host}/", url)
            parts = urlsplit(found)
            good = bool(parts.hostname) and parts.scheme in PORTS and parts.port != 0
            good = good and parts.username is None
            good = good and re.search(r"[\s\x00-\x20\x7f]", found) is None and found.isascii()
        except ValueError:
            good = False
        leads = f"{self._reference.name}: {self._reference.registry} leads to"
        if not good:
            raise RegistryError(f"{leads} an address that is none")
        if parts.scheme == "http" and parts.netloc == self._reference.host:
            # A registry that does not know of the TLS before it names itself so.
            found = parts._replace(scheme=self.scheme).geturl()
        elif parts.scheme == "http" and not (self.own(found) or self._near(parts.netloc)):
            raise RegistryError(f"{leads} plain http at {parts.hostname}; nothing was sent there")
        return found

    def own(self, url: str) -> bool:
        """Tell whether *url* is the registry itself, at which credentials are right."""
        ours = urlsplit(f"{self.scheme}://{self._reference.host}/")
        theirs = urlsplit(url)
        return (ours.scheme, ours.hostname, ours.port or PORTS[ours.scheme]) == (
            theirs.scheme,
            theirs.hostname,
            theirs.port or PORTS.get(theirs.scheme),
        )

    def _near(self, place: str) -> bool:
        """Tell whether the registry and *place* are both this machine: nobody is on the way."""
        return self.scheme == "http" and is_loopback(place) and is_loopback(self._reference.host)
