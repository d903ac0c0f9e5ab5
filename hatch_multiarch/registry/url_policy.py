"""Which URLs a registry may redirect to, and where credentials are sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from hatch_multiarch.errors import RegistryError
from hatch_multiarch.registry.proxy_settings import PORTS
from hatch_multiarch.registry.reference import is_loopback

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from hatch_multiarch.registry.reference import Reference

_FORGES = re.compile(r"[\s\x00-\x20\x7f]")
_HOST = re.compile(r"[A-Za-z0-9._:\[\]%-]+")


def safe_url(text: str) -> SplitResult | None:
    """Return the parts of an http or https URL that may be asked; None for what is none.

    One with a user, or with what could forge a request or a message, is none.
    """
    try:
        parts = urlsplit(text)
        good = bool(parts.hostname) and parts.scheme in PORTS and parts.port != 0
    except ValueError:
        return None
    good = good and parts.username is None and _HOST.fullmatch(parts.netloc) is not None
    good = good and _FORGES.search(text) is None and text.isascii()
    return parts if good else None


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
        except ValueError:
            found = ""
        parts = safe_url(found)
        leads = f"{self._reference.name}: {self._reference.registry} leads to"
        if parts is None:
            raise RegistryError(f"{leads} an invalid address")
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
