"""Package URLs (ECMA-427)."""

from __future__ import annotations

from urllib.parse import quote

from packaging.utils import canonicalize_name

_COLON = ":"
"""The one separator that stands as it is inside of a part."""


def golang(module: str, version: str = "") -> str:
    """Return the purl of a Go module, lower-cased as types/golang-definition.json says."""
    return _purl("golang", module.lower(), version)


def pypi(name: str, version: str) -> str:
    """Return the purl of a Python distribution, by the name that indexes compare."""
    return _purl("pypi", canonicalize_name(name), version)


def generic(name: str, version: str = "") -> str:
    """Return the purl of what belongs to no ecosystem, such as a compiler."""
    return _purl("generic", name, version)


def docker(reference: str, tag: str, platform: str) -> str:
    """Return the purl of one platform of an image, as BuildKit names it (util/purl, RefToPURL)."""
    name = reference.removeprefix("docker.io/").removeprefix("library/")
    return f"{_purl('docker', name, tag)}?platform={quote(platform, safe=_COLON)}"


def oci(name: str, digest: str, repository: str = "") -> str:
    """Return the purl of an image by its *digest* (types/oci-definition.json).

    *name* is the last part of its *repository*, of which empty is for one that is not known.
    """
    known = f"?repository_url={quote(repository, safe='/:')}" if repository else ""
    return f"{_purl('oci', name.lower(), digest)}{known}"


def _purl(kind: str, name: str, version: str) -> str:
    path = "/".join(quote(segment, safe=_COLON) for segment in name.split("/") if segment)
    return f"pkg:{kind}/{path}" + (f"@{quote(version, safe=_COLON)}" if version else "")
