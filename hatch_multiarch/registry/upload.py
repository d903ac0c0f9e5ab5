"""Uploads one blob (distribution-spec 1.1, "Pushing blobs").

A blob that is there is left alone; one that another repository has is mounted. A small one goes in
one PUT. A large one goes in chunks: when the connection breaks, the registry is asked how far it
came, and the rest is sent. Where a registry takes no chunks, the whole is sent in one PUT.
"""

from __future__ import annotations

import hashlib
import re
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from hatch_multiarch.errors import ImageError, RegistryError
from hatch_multiarch.registry.retry import passing
from hatch_multiarch.registry.transport import Body
from hatch_multiarch.registry.transport_error import Lost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hatch_multiarch.oci.descriptor import Descriptor
    from hatch_multiarch.registry.registry_client import Client
    from hatch_multiarch.registry.transfer import Pace, Read, State
    from hatch_multiarch.registry.transport import Answer

_PIECE = 1 << 18
"""Bytes read and sent at once: what a blob costs in memory, however large it is."""
_NO_CHUNKS = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.LENGTH_REQUIRED,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.NOT_IMPLEMENTED,
}
_NO_HEAD = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.NOT_IMPLEMENTED,
}
_TOO_LARGE = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE}
"""GitHub's registry says the latter of a chunk that is too large for it."""


class _Broken(Exception):  # noqa: N818 - another try may mend it
    """A try has failed with ``error``; ``anew``: what the registry has of the blob is no use."""

    def __init__(
        self, error: RegistryError, answer: Answer | None = None, *, anew: bool = False
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.answer = answer
        self.anew = anew


class Upload:
    """The upload of one *blob*; ``sent`` hears of every piece that goes out, in bytes."""

    def __init__(
        self,
        client: Client,
        blob: Descriptor,
        read: Read,
        pace: Pace,
        sent: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._client = client
        self._blob = blob
        self._read = read
        self._sent = sent
        self._doing = f"uploading {blob.digest[:19]}"
        self._url = ""
        self._offset = 0
        self._chunk = pace.chunk
        self._least = pace.least_chunk
        self._whole = blob.size <= pace.small

    def there(self) -> bool:
        """Ask whether the registry has the blob. Raises RegistryError.

        Where HEAD is refused, it is taken for missing: what the upload is refused for, is said.
        """
        path = self._client.url(f"/blobs/{self._blob.digest}")
        doing = f"looking for {self._blob.digest[:19]}"
        answer = self._client.request("HEAD", path, doing, ok=None)
        missing = answer.status == HTTPStatus.NOT_FOUND or answer.status in _NO_HEAD
        # A store behind the registry may not let itself be asked; then the blob is sent again.
        if answer.status != HTTPStatus.OK and not missing and not answer.elsewhere:
            raise self._client.refused(doing, answer)
        return answer.status == HTTPStatus.OK

    def run(self, mount: str = "") -> State:
        """Bring the blob there. Raises RegistryError, and ImageError for a blob that is damaged."""
        if self.there():
            return "there"
        self._check()
        if mount and self._client.may_mount and self._mount(mount):
            return "mounted"
        tries = self._client.tries()
        while (broken := self._try()) is not None:
            tries.wait(broken.error, broken.answer)
            if self._resume(anew=broken.anew):
                break
            tries.reached(self._offset)
        return "uploaded"

    def _try(self) -> _Broken | None:
        """Go on from where the upload is; return what came between, if anything did."""
        try:
            if not self._url:
                self._begin()
            self._send()
        except _Broken as broken:
            return broken
        return None

    def _check(self) -> None:
        """See that the bytes are those of the digest, before any of them leaves this machine."""
        algorithm, _, digits = self._blob.digest.partition(":")
        hashed = hashlib.new(algorithm)
        for piece in self._pieces(0, self._blob.size):
            hashed.update(piece)
        if hashed.hexdigest() != digits:
            raise ImageError(f"{self._blob.digest}: the bytes don't match this digest")

    def _mount(self, source: str) -> bool:
        """Ask for the blob of the repository *source*; a refusal of any kind costs nothing."""
        query = f"mount={quote(self._blob.digest, safe=':')}&from={quote(source, safe='/')}"
        path = self._client.url(f"/blobs/uploads/?{query}")
        try:
            answer = self._client.once("POST", path)
            if answer.status == HTTPStatus.ACCEPTED:
                self._take(answer, path)  # not mounted, but an upload begun
        except (Lost, RegistryError):
            return False  # the upload says what is wrong
        return answer.status == HTTPStatus.CREATED

    def _begin(self) -> None:
        self._offset = 0
        path = self._client.url("/blobs/uploads/")
        answer = self._once("POST", path)
        if answer.status != HTTPStatus.ACCEPTED:
            raise self._client.refused(self._doing, answer)
        self._take(answer, path)

    def _take(self, answer: Answer, asked: str) -> None:
        """Note where the upload goes on: seen from what was *asked*, and with its query."""
        place = answer.header("Location")
        if not place:
            if not self._url:
                raise RegistryError(
                    f"{self._client.reference.name}: {self._doing}: the registry does not say where"
                )
            return
        places = self._client.places
        self._url = places.absolute(place, places.absolute(asked))
        least = answer.header("OCI-Chunk-Min-Length").strip()
        if least.isdecimal():
            self._least = max(self._least, int(least[:12]))
            self._chunk = max(self._chunk, self._least)

    def _send(self) -> None:
        """Send what the registry does not have yet, and close the upload."""
        size = self._blob.size
        if not self._whole:
            while self._offset < size:
                self._patch(min(self._offset + self._chunk, size))
        joint = "&" if urlsplit(self._url).query else "?"
        url = f"{self._url}{joint}digest={quote(self._blob.digest, safe=':')}"
        answer = self._once("PUT", url, start=self._offset, end=size)
        if answer.status != HTTPStatus.CREATED:
            # Something got lost or doubled on the way: all of it, and in one piece.
            anew = answer.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND)
            self._whole = self._whole or anew
            if anew or answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise _Broken(self._client.refused(self._doing, answer), answer, anew=anew)
            raise self._client.refused(self._doing, answer)
        said = answer.header("Docker-Content-Digest")
        if said and said != self._blob.digest:
            raise RegistryError(
                f"{self._client.reference.name}: {self._doing}: the registry answers with another "
                f"digest, {said[:80]!r}",
                advice="something between here and the registry changes the data",
            )

    def _patch(self, end: int) -> None:
        span = f"{self._offset}-{end - 1}"
        answer = self._once("PATCH", self._url, {"Content-Range": span}, self._offset, end)
        if answer.status in (HTTPStatus.ACCEPTED, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT):
            # Its Range is not believed: Amazon's registry tells that of the first chunk for ever.
            # If it did keep less, it refuses the next chunk, and is asked then.
            self._offset = end
            self._take(answer, self._url)
            return
        error = self._client.refused(self._doing, answer)
        if answer.status in _TOO_LARGE:
            # As small as can be, it is refused for another reason.
            self._whole = self._chunk <= self._least
            self._chunk = self._least
            raise _Broken(error, answer, anew=self._whole)
        if answer.status in _NO_CHUNKS:
            self._whole = True
            raise _Broken(error, answer, anew=True)
        if answer.status == HTTPStatus.NOT_FOUND:
            raise _Broken(error, answer, anew=True)
        raise error

    def _resume(self, *, anew: bool) -> bool:
        """Ask how far the registry came, and go on there; return whether it has the blob already.

        An upload that it has forgotten, or of which it has nothing, is begun anew.
        """
        url, self._url, self._offset = self._url, "", 0
        if anew or not url:
            return False
        answer = self._client.request("GET", url, self._doing, ok=None)
        if answer.status == HTTPStatus.NOT_FOUND:
            return self.there()
        found = re.fullmatch(r"(?:bytes=)?0-([0-9]{1,15})", answer.header("Range").strip())
        # distribution says 0-0 of no byte and of one; with nothing to lose, it is taken for none.
        if answer.status != HTTPStatus.NO_CONTENT or found is None or found[1] == "0":
            return False
        offset = int(found[1]) + 1
        if offset > self._blob.size:
            return False
        self._url, self._offset = url, offset
        self._whole = False
        self._take(answer, url)
        return False

    def _once(
        self,
        method: str,
        url: str,
        headers: dict[str, str] | None = None,
        start: int = 0,
        end: int = 0,
    ) -> Answer:
        """Send one request with these bytes of the blob. Raises _Broken, and RegistryError."""
        body: Body | None = None
        sent = dict(headers or {})
        if end > start:
            body = Body(end - start, lambda: self._told(start, end))
            sent["Content-Type"] = "application/octet-stream"
        try:
            answer = self._client.once(method, url, headers=sent, body=body)
        except Lost as lost:
            error = self._client.unreachable(self._doing, lost)
            if lost.final:
                raise error from None
            raise _Broken(error) from None
        if passing(answer.status):
            raise _Broken(self._client.refused(self._doing, answer), answer)
        return answer

    def _told(self, start: int, end: int) -> Iterator[bytes]:
        for piece in self._pieces(start, end):
            yield piece
            self._sent(len(piece))

    def _pieces(self, start: int, end: int) -> Iterator[bytes]:
        while start < end:
            if self._client.stopped:
                raise Lost("it was stopped", final=True)
            piece = self._read(self._blob.digest, start, min(_PIECE, end - start))
            if not piece:
                raise ImageError(f"{self._blob.digest}: it breaks off after {start} bytes")
            start += len(piece)
            yield piece
