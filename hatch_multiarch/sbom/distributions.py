"""The SBOM's entries for Python distributions in an image, and for its base.

Names, versions and licenses come from each METADATA (core metadata specification), so that what is
listed is what is there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.parser import HeaderParser

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from hatch_multiarch.sbom import purl

_TAG = re.compile(r":[A-Za-z0-9_][A-Za-z0-9._-]*$")
"""Of a reference; a port has a path behind it."""


@dataclass(frozen=True)
class Distribution:
    """A Python distribution, installed from a wheel."""

    name: str
    """As its METADATA spells it."""
    version: str
    license: str
    """An SPDX expression; empty when METADATA has none, or one with licenses of its own."""
    wheel: str
    """Name of the file."""
    sha256: str
    """Of the wheel, in hex."""
    own: bool = False
    """It is the project's."""

    @property
    def purl(self) -> str:
        """The package URL."""
        return purl.pypi(self.name, self.version)


def distribution(metadata: str, wheel: str, sha256: str, *, own: bool = False) -> Distribution:
    """Return what the METADATA text *metadata* says of itself."""
    headers = HeaderParser().parsestr(metadata)
    text = {key: " ".join(str(headers.get(key, "")).split()) for key in _KEYS}
    name, version, expression = (text[key] for key in _KEYS)
    try:
        known = canonicalize_license_expression(expression) if expression else ""
    except InvalidLicenseExpression:
        known = ""
    # What LicenseRef-X stands for, an SPDX document has to quote (10.1), which METADATA does not.
    return Distribution(name, version, "" if "LicenseRef-" in known else known, wheel, sha256, own)


_KEYS = ("Name", "Version", "License-Expression")


@dataclass(frozen=True)
class Base:
    """The image that an image stands on."""

    name: str
    """As configured: ``oci:images/python.tar``, ``python:3.13-slim``."""
    digest: str
    """Of its manifest for the platform: ``sha256:...``."""

    @property
    def purl(self) -> str:
        """The package URL, by digest; of an archive or folder no repository is known."""
        scheme, colon, path = self.name.partition(":")
        if colon and scheme == "oci":
            return purl.oci(path.rpartition("/")[2].removesuffix(".tar") or path, self.digest)
        repository = _TAG.sub("", self.name.partition("@")[0])
        last = repository.rpartition("/")[2]
        return purl.oci(last, self.digest, repository if repository != last else "")
