"""Downloads one blob into a file (distribution-spec 1.1, "Pulling blobs").

When the connection breaks, the rest is asked for (RFC 9110, section 14.2). What has come is hashed
on its way, and no other bytes than those of the digest get the file's name.
"""

from __future__ import annotations

import hashlib
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO

from hatch_multiarch.errors import RegistryError
from hatch_multiarch.registry.retry import passing
from hatch_multiarch.registry.transport_error import Lost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import Message

    from hatch_multiarch.oci.descriptor import Descriptor
    from hatch_multiarch.registry.registry_client import Client
    from hatch_multiarch.registry.transport import Answer

_OK = (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT)
_RESTARTS = 1
"""Times that a blob may turn out to be another: what is put together of parts may be mended."""


class Download:
    """The download of one *blob*; ``got`` hears of every piece that comes, in bytes."""

    def __init__(
        self, client: Client, blob: Descriptor, got: Callable[[int], None] = lambda _: None
    ) -> None:
        self._client = client
        self._blob = blob
        self._got = got
        self._doing = f"downloading {blob.digest[:19]}"
        self._hash = hashlib.sha256()
        self._offset = 0

    def run(self, file: BinaryIO) -> None:
        """Write the blob into the empty *file*. Raises RegistryError; the file is no use then."""
        tries, restarts = self._client.tries(), 0
        while True:
            error, answer = self._try(file)
            if self._offset == self._blob.size:
                if self._right():
                    return
                error, answer = self._other(), None
                if restarts == _RESTARTS:
                    raise error
                restarts += 1
                self._anew(file)
            elif error is None:
                error = self._other()
            tries.reached(self._offset)
            tries.wait(error, answer)

    def _try(self, file: BinaryIO) -> tuple[RegistryError | None, Answer | None]:
        """Go on from where the download is; return what came between, if anything did."""
        headers = {"Accept-Encoding": "identity"}
        if self._offset:
            headers["Range"] = f"bytes={self._offset}-{self._blob.size - 1}"

        def take(status: int, told: Message, pieces: Iterator[bytes]) -> None:
            self._take(file, status, told, pieces)

        url = self._client.url(f"/blobs/{self._blob.digest}")
        try:
            answer = self._client.once("GET", url, headers=headers, take=take)
        except Lost as lost:
            error = self._client.unreachable(self._doing, lost)
            if lost.final:
                raise error from None
            return error, None
        if answer.status in _OK:
            return None, None
        error = self._client.refused(self._doing, answer)
        if answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and self._offset:
            self._anew(file)
        elif not passing(answer.status):
            raise error
        return error, answer

    def _take(self, file: BinaryIO, status: int, told: Message, pieces: Iterator[bytes]) -> None:
        if self._offset and (status == HTTPStatus.OK or not self._goes_on(told)):
            self._anew(file)  # it sends all of it, whatever was asked for
            if status != HTTPStatus.OK:
                raise Lost("it sent another part than requested")
        for piece in pieces:
            if self._client.stopped:
                raise Lost("it was stopped", final=True)
            if self._offset + len(piece) > self._blob.size:
                raise RegistryError(
                    f"{self._client.reference.name}: {self._doing}: more than the "
                    f"{self._blob.size} bytes that the manifest declares"
                )
            try:
                file.write(piece)
            except OSError as error:
                raise RegistryError(
                    f"{self._client.reference.name}: {self._doing}: the cache cannot be written: "
                    f"{error.strerror}",
                    advice="free some space, or set XDG_CACHE_HOME to another folder",
                ) from None
            self._hash.update(piece)
            self._offset += len(piece)
            self._got(len(piece))

    def _goes_on(self, told: Message) -> bool:
        """Tell whether the part begins where we are (RFC 9110, section 14.4)."""
        found = re.match(r"bytes ([0-9]{1,15})-", str(told.get("Content-Range") or ""))
        return found is not None and int(found[1]) == self._offset

    def _right(self) -> bool:
        return f"sha256:{self._hash.hexdigest()}" == self._blob.digest

    def _other(self) -> RegistryError:
        where = f"{self._client.reference.name}: {self._doing}"
        if self._offset != self._blob.size:
            size = f"{self._offset} bytes, but the manifest declares {self._blob.size}"
            return RegistryError(f"{where}: {size}")
        return RegistryError(
            f"{where}: the bytes don't match this digest",
            advice="something between here and the registry changes the data",
        )

    def _anew(self, file: BinaryIO) -> None:
        file.seek(0)
        file.truncate()
        self._hash, self._offset = hashlib.sha256(), 0
