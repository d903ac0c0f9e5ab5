"""A pushed image, read by ``docker buildx imagetools`` with the user's own docker credentials."""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from hatch_multiarch.buildx.find import find_buildx
from hatch_multiarch.errors import EngineError, ImageError
from hatch_multiarch.inspect.records import Inspected
from hatch_multiarch.inspect.walk import walk
from hatch_multiarch.oci import documents
from hatch_multiarch.oci.documents import Entry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hatch_multiarch.buildx.find import Buildx

TIMEOUT = 120.0
"""Seconds for one question to a registry."""
AT_ONCE = 4
REFERENCE = re.compile(
    r"(?P<name>(?:(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?/)?"
    r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
"""The grammar of distribution/reference. What matches it cannot be taken for an option."""


class Registry:
    """The documents of the image *reference*."""

    def __init__(self, buildx: Buildx, reference: str) -> None:
        found = REFERENCE.fullmatch(reference)
        if found is None:
            raise ImageError(
                f"{reference}: neither a file, nor a folder, nor the name of an image",
                advice="a name is REGISTRY/PATH:TAG or REGISTRY/PATH@sha256:..., in lower case",
            )
        self.source = reference
        self._buildx = buildx
        self._name = found["name"]
        self._digest = found["digest"]
        self._documents: dict[str, Any] = {}

    def root(self) -> Entry:
        """Ask for what the reference names. Raises ImageError."""
        data = self._raw(self.source)
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        if self._digest and self._digest != digest:
            raise ImageError(f"{self.source}: the registry sent {digest}")
        self._documents[digest] = documents.parse(data, self.source)
        return Entry("", digest, len(data), "", {})

    def prepare(self, wanted: Sequence[Entry]) -> None:
        """Ask for several documents at once."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self.document, wanted))

    def document(self, wanted: Entry) -> Any:
        """Return an index or a manifest, its digest checked. Raises ImageError."""
        if wanted.digest not in self._documents:
            where = f"{self._name}@{wanted.digest}"
            data = documents.verify(self._raw(where), wanted, where)
            self._documents[wanted.digest] = documents.parse(data, where)
        return self._documents[wanted.digest]

    def config(self, manifest: Entry, wanted: Entry) -> Any:  # noqa: ARG002 - Blobs' signature
        """Return the config of *manifest* as buildx tells it. Raises ImageError."""
        where = f"{self._name}@{manifest.digest}"
        data = self._ask(where, "--format", "{{json .Image}}")
        return documents.parse(data, f"{where}: config")

    def _raw(self, reference: str) -> bytes:
        return self._ask(reference, "--raw")

    def _ask(self, reference: str, *words: str) -> bytes:
        try:
            done = self._buildx.run("imagetools", "inspect", *words, reference, timeout=TIMEOUT)
        except TimeoutError:
            raise EngineError(f"{reference}: the registry did not answer") from None
        if done.code:
            raise _refusal(self.source, done.err)
        return done.out.encode()


def inspect_reference(reference: str, environ: Mapping[str, str]) -> Inspected:
    """Return what the pushed image *reference* is.

    Raises EngineError when docker or buildx is missing and ImageError when the registry has no
    such image or does not show it.
    """
    registry = Registry(find_buildx(environ, daemon=False), reference)
    return Inspected(reference, "registry", (walk(registry.root(), (reference,), registry),))


def _refusal(reference: str, said: str) -> ImageError:
    """Return the registry's refusal: buildx's last line, and what usually helps."""
    lines = [line for line in said.splitlines() if line.strip()] or ["no reason was given"]
    reason = lines[-1].removeprefix("ERROR: ")
    first, slash, _ = reference.partition("/")
    remote = slash and (first == "localhost" or "." in first or ":" in first)
    if re.search(r"40[13]|denied|unauthorized|authorization", reason, re.IGNORECASE):
        return ImageError(
            f"{reference}: the registry does not show it: {reason}",
            advice=f"check the name, or log in with `docker login{f' {first}' if remote else ''}`",
        )
    if "not found" in reason:
        return ImageError(
            f"{reference}: no such image in the registry: {reason}",
            advice="push it first, or check name and tag"
            if remote
            else "a name without a registry is looked up on Docker Hub; an image that is only in "
            "docker can be inspected as an archive of `docker save`",
        )
    return ImageError(f"{reference}: the registry cannot be read: {reason}")
