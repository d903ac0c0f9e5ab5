"""HTTP requests: kept connections, TLS and proxies.

http.client of the standard library, so that a build environment needs nothing more for a push.
Nothing is retried here and no redirect is followed: what may be repeated, the caller knows.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from hatch_multiarch import __version__
from hatch_multiarch.registry.bounded_response import BoundedResponse
from hatch_multiarch.registry.proxy_settings import (
    ADVICE,
    PORTS,
    proxy_for,
    proxy_headers,
    proxy_secrets,
)
from hatch_multiarch.registry.transport_error import ANSWER, RUNS, Lost, lost

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from email.message import Message
    from urllib.parse import SplitResult

    from hatch_multiarch.registry.redaction import Redaction

CONNECT = 30.0
"""Seconds to connect."""
LIMIT = 4 << 20
"""Most bytes of an answer; that is the limit of a manifest, too."""
_TAKEN = (http.HTTPStatus.OK, http.HTTPStatus.PARTIAL_CONTENT)
_PIECE = 1 << 18
"""Most bytes of a large body at once."""


@dataclass(frozen=True)
class Body:
    """What is sent, in pieces, anew on each try."""

    size: int
    pieces: Callable[[], Iterator[bytes]]


Take = Callable[[int, "Message", "Iterator[bytes]"], None]
"""Status, headers and the pieces of a body that is too large for memory."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Message
    body: bytes
    elsewhere: bool = False
    """It is not the registry's own: it has led to another place."""

    def header(self, name: str) -> str:
        """Return a header, or an empty string."""
        return str(self.headers.get(name) or "")


class _Connection(http.client.HTTPConnection):
    response_class = BoundedResponse


class _SecureConnection(http.client.HTTPSConnection):
    response_class = BoundedResponse


class Transport:
    """Connections of this process, one per thread and place."""

    def __init__(self, environ: Mapping[str, str], redaction: Redaction) -> None:
        self._environ = environ
        self._redaction = redaction
        self._mine = threading.local()
        self._lock = threading.Lock()
        self._all: set[http.client.HTTPConnection] = set()
        self._closed = False
        self._tls: ssl.SSLContext | None = None

    def cut(self) -> None:
        """Cut every connection under the threads that use it; they get Lost, and no new one."""
        with self._lock:
            self._closed = True
            sockets = [each.sock for each in self._all]
        for each in sockets:
            if each is not None:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close every connection, when no thread uses one any more."""
        with self._lock:
            self._closed = True
            for each in self._all:
                each.close()
            self._all.clear()

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Body | bytes | None = None,
        take: Take | None = None,
    ) -> Answer:
        """Send one request and return its answer. Raises Lost.

        *take* gets the body of a 200 or 206 while it comes; the answer is without it then.
        """
        parts = urlsplit(url)
        connection = self._connection(parts)
        size = body.size if isinstance(body, Body) else len(body or b"")
        wanted = {"User-Agent": f"hatch-multiarch/{__version__}", **headers}
        if body is not None or method in ("POST", "PUT", "PATCH"):
            wanted["Content-Length"] = str(size)
        # urlsplit has taken line breaks out; http.client refuses what else could forge a request.
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        proxy = self._proxy(parts)
        if proxy and parts.scheme == "http":
            target = url
            wanted |= proxy_headers(proxy)
        early: Exception | None = None
        try:
            if connection.sock is None:
                self._connect(connection, parts)
            try:
                sent = body.pieces() if isinstance(body, Body) else body
                connection.request(method, target, body=sent, headers=wanted)
            except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError) as error:
                # It stopped listening; it may have said why.
                early = error
            answer = cast("BoundedResponse", connection.getresponse())
            data = _read(answer, take)
        except (OSError, http.client.HTTPException) as error:
            self._drop(connection)
            raise lost(early or error, parts.netloc) from None
        except BaseException:
            self._drop(connection)
            raise
        if len(data) > LIMIT:
            self._drop(connection)
            raise Lost("its answer is too large", final=True)
        if early is not None:
            self._drop(connection)
            if answer.status < http.HTTPStatus.BAD_REQUEST:
                raise lost(early, parts.netloc)
        return Answer(answer.status, answer.headers, data)

    def _connection(self, parts: SplitResult) -> http.client.HTTPConnection:
        place = (parts.scheme, parts.netloc)
        if not hasattr(self._mine, "kept"):
            self._mine.kept = {}
        kept: dict[tuple[str, str], http.client.HTTPConnection] = self._mine.kept
        found = kept.get(place)
        if found is None:
            found = kept[place] = self._make(parts)
        with self._lock:
            if self._closed:
                raise Lost("it was stopped", final=True)
            self._all.add(found)
        return found

    def _make(self, parts: SplitResult) -> http.client.HTTPConnection:
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        proxy = self._proxy(parts)
        address = (proxy.hostname or "", proxy.port or PORTS["http"]) if proxy else (host, port)
        if parts.scheme == "http":
            return _Connection(*address, timeout=CONNECT)
        if self._tls is None:
            # OpenSSL reads SSL_CERT_FILE and SSL_CERT_DIR for authorities of one's own.
            self._tls = ssl.create_default_context()
        made = _SecureConnection(*address, timeout=CONNECT, context=self._tls)
        if proxy:
            made.set_tunnel(host, port, headers=proxy_headers(proxy))
        return made

    def _proxy(self, parts: SplitResult) -> SplitResult | None:
        """Return the proxy for *parts*. Raises Lost for one that cannot be used."""
        proxy = proxy_for(parts, self._environ)
        for secret in proxy_secrets(proxy) if proxy else ():
            self._redaction.keep(secret)
        return proxy

    def _connect(self, connection: http.client.HTTPConnection, parts: SplitResult) -> None:
        try:
            connection.connect()
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            # Until Python 3.12 its frames keep the socket of a proxy's answer open.
            error.__traceback__ = None
            raise self._unconnected(error, parts) from None
        if connection.sock is not None:
            connection.sock.settimeout(ANSWER)

    def _unconnected(self, error: Exception, parts: SplitResult) -> Lost:
        """Return *error*, met on connecting, in words; a proxy's own may repeat its password."""
        if isinstance(error, TimeoutError):
            found = Lost(f"no connection within {CONNECT:.0f} s", advice=RUNS)
        elif refused := re.match(r"Tunnel connection failed: ([0-9]{3})", str(error)):
            final = refused[1].startswith("4")
            reason = f"the proxy in front of it refuses: {refused[0]}"
            return Lost(reason, final=final, advice=ADVICE)
        else:
            found = lost(error, parts.netloc)
        if self._proxy(parts) is None or isinstance(error, ssl.SSLError):
            return found
        return Lost(f"the proxy in front of it: {found.reason}", final=found.final, advice=ADVICE)

    def _drop(self, connection: http.client.HTTPConnection) -> None:
        """Close it; http.client connects anew for the next request."""
        connection.close()
        with self._lock:
            self._all.discard(connection)


def _read(answer: BoundedResponse, take: Take | None) -> bytes:
    """Return the body, as far as it is not for *take*. Raises what http.client does."""
    data = b""
    try:
        if take is not None and answer.status in _TAKEN:
            take(answer.status, answer.headers, _pieces(answer))
        else:
            data = answer.piece(LIMIT + 1)
        # Of a body that ends too early, http.client says nothing.
        if answer.length and len(data) <= LIMIT:
            raise ConnectionResetError
    finally:
        if not answer.isclosed():  # it keeps the socket until its body has ended
            answer.close()
    return data


def _pieces(answer: BoundedResponse) -> Iterator[bytes]:
    while piece := answer.piece(_PIECE):
        yield piece
