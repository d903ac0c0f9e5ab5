"""Pulls an image by digest, from a registry or the cache, and checks it.

A tag is asked by HEAD, which costs no download and is no pull by which registries count. All that
a digest names never changes: what the cache has of it is not asked for again.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING

from hatch_multiarch.errors import RegistryError
from hatch_multiarch.oci.descriptor import Descriptor, check_digest
from hatch_multiarch.oci.documents import parse
from hatch_multiarch.oci.image_source import VerifyingReader, chunks
from hatch_multiarch.oci.manifest import parse_manifest
from hatch_multiarch.oci.media_types import ACCEPT
from hatch_multiarch.registry.download import Download
from hatch_multiarch.registry.registry_client import Client
from hatch_multiarch.registry.transfer import Pace, Progress, transfer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from hatch_multiarch.registry.blob_cache import Cache
    from hatch_multiarch.registry.reference import Reference
    from hatch_multiarch.registry.transport import Answer

_ACCEPT = {"Accept": ACCEPT}


class Puller:
    """What *reference* names, which has a tag or a digest or both, through *cache*.

    With *offline* no registry is asked. *doing* hears what goes on, a line at a time. For one
    thread.
    """

    def __init__(
        self,
        reference: Reference,
        environ: Mapping[str, str],
        cache: Cache,
        *,
        offline: bool = False,
        pace: Pace | None = None,
        doing: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.reference = reference
        self._environ = environ
        self._cache = cache
        self._offline = offline
        self._pace = pace or Pace()
        self._doing = doing
        self._client: Client | None = None
        self._good: set[str] = set()
        """Blobs that were hashed in this process."""

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()

    def digest(self) -> str:
        """Return the digest of the image: that of the reference, or what the tag names now.

        Offline, what it named when it was asked last. Raises RegistryError.
        """
        if self.reference.digest:
            return self.reference.digest
        if self._offline:
            found = self._cache.tag(self.reference)
            return found or self._missing(f"the tag {self.reference.tag}")
        digest = self.ask()
        if self._cache.tag(self.reference) != digest:
            self._cache.keep_tag(self.reference, digest)
        return digest

    def ask(self) -> str:
        """Ask the registry what the tag names, whatever digest the reference has."""
        tag = self.reference.tag
        doing, url = f"asking for the tag {tag}", f"/manifests/{tag}"
        where, client = f"{self.reference.name}: {doing}", self._open()
        with client.redaction.errors():
            path = client.url(url)
            answer = client.manifest(path, doing, _ACCEPT)
            if answer.status == HTTPStatus.NOT_FOUND:
                raise client.refused(doing, answer)
            told = answer.header("Docker-Content-Digest")
            if not told and not answer.body:
                # distribution-spec 1.1 lets a registry leave it out; it follows from the bytes.
                answer = client.request("GET", path, doing, headers=_ACCEPT)
            if answer.body:
                # A page of a portal, for one, has a digest as well.
                parse_manifest(parse(answer.body, where), "", where)
                told = told or f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
            digest = check_digest(told, where)
            return self._keep(digest, answer) if answer.body else digest

    def manifest(self, digest: str) -> bytes:
        """Return a manifest or an index.

        Raises RegistryError, and ImageError when the cache cannot be written.
        """
        found = self._cache.document(digest)
        if found is not None:
            return found
        if self._offline:
            self._missing(digest)
        doing, client = f"downloading {digest[:19]}", self._open()
        with client.redaction.errors():
            client.reach()
            path = client.url(f"/manifests/{digest}")
            answer = client.request("GET", path, doing, headers=_ACCEPT)
            self._keep(digest, answer)
        return answer.body

    def fetch(self, blobs: Collection[Descriptor]) -> None:
        """See that *blobs* are in the cache, several at once; the first failure ends the others.

        Raises RegistryError, and ImageError when the cache cannot be written.
        """
        wanted = {each.digest: each for each in blobs if each.digest not in self._good}
        missing = [each for each in wanted.values() if not self._cache.has(each.digest)]
        if missing and self._offline:
            self._missing(missing[0].digest)
        if missing:
            self._download(self._open(), missing)
        self._good.update(wanted)

    def path(self, blob: Descriptor) -> Path:
        """Return the file of *blob*, fetched before if need be. Raises RegistryError."""
        self.fetch([blob])
        return self._cache.path(blob.digest)

    def _download(self, client: Client, blobs: Collection[Descriptor]) -> None:
        progress = Progress("downloaded", sum(each.size for each in blobs), self._doing)

        def bring(blob: Descriptor) -> None:
            with self._cache.writing(blob.digest) as file:
                Download(client, blob, progress.moved).run(file)

        with client.redaction.errors():
            client.reach()
            transfer(blobs, bring, at_once=self._pace.at_once, stop=client.stop)

    def _keep(self, digest: str, answer: Answer) -> str:
        """Keep the manifest in *answer*, which must have this digest."""
        if digest != f"sha256:{hashlib.sha256(answer.body).hexdigest()}":
            raise RegistryError(
                f"{self.reference.name}: downloading {digest[:19]}: the bytes don't match "
                "this digest",
                advice="something between here and the registry changes the data",
            )
        with self._cache.writing(digest) as file:
            file.write(answer.body)
        return digest

    def _open(self) -> Client:
        if self._client is None:
            self._client = Client(self.reference, self._environ, self._pace, use="pull")
        return self._client

    def _missing(self, what: str) -> str:
        """Raise the RegistryError of what the cache has not."""
        raise RegistryError(
            f"{self.reference.name}: {what} is not in the cache, and HATCH_MULTIARCH_OFFLINE is on",
            advice="build once with a network, for the same platforms; the cache keeps it",
        )


class RegistrySource:
    """The image that *puller* pulls; *source* is its name as it was given.

    A registry is asked when there is something to ask: what the cache has is read there.
    """

    def __init__(self, puller: Puller, source: str) -> None:
        self.source = source
        self._puller = puller

    @cached_property
    def digest(self) -> str:
        """Of what the reference names; a tag is asked for once. Raises RegistryError."""
        return self._puller.digest()

    @cached_property
    def root(self) -> Descriptor:
        """What the reference names. Raises RegistryError, and ImageError."""
        return Descriptor("", self.digest, len(self._puller.manifest(self.digest)))

    def document(self, wanted: Descriptor) -> bytes | None:
        """Return the bytes of an index or a manifest. Raises RegistryError, and ImageError."""
        return self._puller.manifest(wanted.digest)

    def open(self, blob: Descriptor) -> VerifyingReader:
        """Return the bytes of *blob* to be read once. Raises RegistryError, and ImageError."""
        return VerifyingReader(chunks(self._puller.path(blob)), blob, self.source)
