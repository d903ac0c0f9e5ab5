"""Errors of the transport, worded without URLs: a query may hold a secret."""

from __future__ import annotations

import http.client
import socket
import ssl

ANSWER = 300.0
"""Seconds without a byte: a registry may hash a large blob before it answers."""
RUNS = "check the name, the network, and that the registry runs"


class Lost(Exception):  # noqa: N818 - it becomes a RegistryError where no try is left
    """There is no answer, or none that could be read: the ``reason`` in words."""

    def __init__(
        self, reason: str, *, final: bool = False, advice: str = "", speaks_plainly: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final
        """Another try would end in the same way."""
        self.advice = advice
        self.speaks_plainly = speaks_plainly
        """TLS was wanted, and something else was heard."""


_REASONS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str, str], ...] = (
    (
        (socket.gaierror, UnicodeError),
        "its name cannot be resolved",
        "check the name and the network",
    ),
    (ConnectionRefusedError, "connection refused", RUNS),
    (TimeoutError, f"it sent nothing for {ANSWER:.0f} s", ""),
    (
        (ConnectionError, ssl.SSLEOFError, http.client.IncompleteRead),
        "it closed the connection",
        "",
    ),
    (http.client.HTTPException, "its answer is not HTTP", ""),
)
"""What may be raised, in words, and advice; the first match counts."""


def lost(error: Exception, place: str) -> Lost:
    """Return *error*, met on the way to *place* (HOST or HOST:PORT), in words."""
    if isinstance(error, Lost):
        return error
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        return _tls(error, place)
    for kinds, reason, advice in _REASONS:
        if isinstance(error, kinds):
            return Lost(reason, advice=advice)
    return Lost(getattr(error, "strerror", None) or "the connection failed")


_OTHER_NAME = (62, 64)
"""OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and _IP_ADDRESS_MISMATCH."""


def _tls(error: ssl.SSLError, place: str) -> Lost:
    if isinstance(error, ssl.SSLCertVerificationError):
        other = error.verify_code in _OTHER_NAME
        return Lost(
            f"its TLS certificate is not trusted: {error.verify_message}",
            final=True,
            advice=RUNS if other else "name the authority's file in SSL_CERT_FILE",
        )
    reason = error.reason or "the handshake failed"
    allow = f"if it is one without TLS, allow it: `hatch-multiarch push --insecure {place}`"
    plain = reason == "WRONG_VERSION_NUMBER"
    return Lost(
        f"no TLS connection: {reason}",
        final=True,
        advice=allow if plain else "",
        speaks_plainly=plain,
    )
