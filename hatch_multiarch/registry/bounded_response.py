"""An HTTP answer that ends: all that a server sends has a least speed and a limit.

http.client waits for the next byte for as long as bytes come, and reads interim answers, trailers
and extensions of chunks without end.
"""

from __future__ import annotations

import http.client
import io
import time
from typing import Any

from hatch_multiarch.registry.transport_error import ANSWER, Lost

WINDOW = ANSWER
"""Seconds in which ``LEAST`` bytes have to come, once the first has."""
LEAST = 1 << 16
"""Bytes; a modem of 1990 sends more."""
HEAD = 1 << 20
"""Most bytes of a head, interim answers included, and of what is in a body beside its content."""
_BROKEN = "check the registry, and any proxy in front of it: its answers are broken"
_FRAMING = 8
"""Most bytes for each one of content: a chunk of one byte takes six."""


class BoundedResponse(http.client.HTTPResponse):
    """The answer to one request. Reading it raises Lost, too."""

    def __init__(self, sock: Any, *args: Any, **more: Any) -> None:
        super().__init__(sock, *args, **more)
        self._meter = _Meter(self.fp.detach())
        self.fp = io.BufferedReader(self._meter)

    def begin(self) -> None:
        """Read the head; interim answers (RFC 9110, section 15.2) are passed over."""
        super().begin()
        while http.HTTPStatus.SWITCHING_PROTOCOLS < self.status < http.HTTPStatus.OK:
            self.headers = self.msg = None  # type: ignore[assignment]  # else it would not read on
            super().begin()
        lengths = {each.strip() for each in self.headers.get_all("Content-Length") or []}
        if len(lengths) > 1 or not all(each.isascii() and each.isdigit() for each in lengths):
            raise Lost("its answer has no valid Content-Length", final=True, advice=_BROKEN)
        coding = str(self.headers.get("Transfer-Encoding") or "chunked").strip().lower()
        if coding not in ("chunked", "identity"):
            raise Lost("its answer has an unknown Transfer-Encoding", final=True, advice=_BROKEN)

    def piece(self, most: int) -> bytes:
        """Return up to *most* bytes of the body; none at its end."""
        self._meter.left = HEAD + _FRAMING * most
        return self.read(most)

    def _read_next_chunk_size(self) -> int:
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        if size < 0:
            raise Lost("its answer has a chunk of a negative size", final=True, advice=_BROKEN)
        return size


class _Meter(io.RawIOBase):
    """The bytes of a socket, as long as enough of them come and not too many."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self.left = HEAD
        """Bytes that may come."""
        self._raw = raw
        self._since: float | None = None
        self._came = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        count: int | None = self._raw.readinto(buffer)
        now = time.monotonic()
        if self._since is None:
            self._since = now  # before, it may have been busy with the request
        self._came += count or 0
        self.left -= count or 0
        if self.left < 0:
            raise Lost("its answer does not end", final=True, advice=_BROKEN)
        if now - self._since > WINDOW:
            if self._came < LEAST:
                reason = f"it sent only {self._came} bytes in {WINDOW:.0f} s"
                raise Lost(reason, final=True, advice="check the network, and try again later")
            self._since, self._came = now, 0
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()
