"""Requests to one registry about one repository: logged in, repeated where that may help."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from hatch_multiarch.errors import RegistryError
from hatch_multiarch.registry import failure
from hatch_multiarch.registry.auth import Authorizer
from hatch_multiarch.registry.lost import Lost
from hatch_multiarch.registry.reference import is_loopback
from hatch_multiarch.registry.transport import PORTS, Transport
from hatch_multiarch.registry.tries import Tries, passing

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hatch_multiarch.registry.records import Pace
    from hatch_multiarch.registry.reference import Reference
    from hatch_multiarch.registry.transport import Answer, Body

_LOGINS = 2
"""Times that one request may be answered by 401: before logging in, and when a token has ended."""
_REDIRECTS = 5
_PING = "asking for a registry"


class Client:
    """The registry of *reference*.

    *insecure* names registries (HOST or HOST:PORT) to which plain http may go; to this machine's
    own it always may. *mount* is a repository of the registry whose blobs may be mounted.
    """

    def __init__(
        self,
        reference: Reference,
        environ: Mapping[str, str],
        pace: Pace,
        *,
        insecure: Collection[str] = (),
        mount: str = "",
    ) -> None:
        self.reference = reference
        self._pace = pace
        self._stopped = threading.Event()
        self._transport = Transport(environ)
        self._insecure = is_loopback(reference.registry) or reference.registry in insecure
        self._scheme = "https"
        scopes = [f"repository:{reference.path}:pull,push"]
        if mount:
            scopes.append(f"repository:{mount}:pull")
        self._auth = Authorizer(reference, environ, self._ask_token, scopes=tuple(scopes))

    def stop(self) -> None:
        """End what runs, in every thread."""
        self._stopped.set()
        self._transport.cut()

    def close(self) -> None:
        """Close the connections, when no thread uses one any more."""
        self._transport.close()

    @property
    def stopped(self) -> bool:
        """Whether everything is to end."""
        return self._stopped.is_set()

    def tries(self) -> Tries:
        """Return a new count of tries."""
        return Tries(self._pace, self._stopped)

    def ping(self) -> None:
        """See that a registry answers (distribution-spec, end-1), and log in. Raises RegistryError.

        Once, before there are threads: a wrong password tried by each of them locks accounts.
        """
        tries = self.tries()
        while (answer := self._answers(tries)) is None:
            pass
        if answer.status == HTTPStatus.UNAUTHORIZED:
            answer = self.request("GET", "/v2/", _PING, ok=None)
            if answer.status == HTTPStatus.UNAUTHORIZED and not self._auth.has_token:
                raise self.refused("logging in", answer)
        if answer.status not in (HTTPStatus.OK, HTTPStatus.UNAUTHORIZED):
            raise self.refused(_PING, answer)

    def url(self, path: str) -> str:
        """Return the URL of *path* below the repository, which begins with a slash."""
        return f"/v2/{self.reference.path}{path}"

    def request(
        self,
        method: str,
        url: str,
        doing: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Body | bytes | None = None,
        ok: Collection[int] | None = (200,),
    ) -> Answer:
        """Send a request that may be repeated, until there is an answer.

        *url* may be relative to the registry. Raises RegistryError, which says what we were
        *doing*, when no try is left and for a status that is not in *ok*; None takes every one.
        """
        tries = self.tries()
        while True:
            try:
                answer = self.once(method, url, headers=headers, body=body)
            except Lost as lost:
                error = self.unreachable(doing, lost)
                if lost.final:
                    raise error from None
                tries.wait(error)
                continue
            if passing(answer.status):
                tries.wait(self.refused(doing, answer), answer)
                continue
            if ok is not None and answer.status not in ok:
                raise self.refused(doing, answer)
            return answer

    def once(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Body | bytes | None = None,
    ) -> Answer:
        """Send one request, logging in when it is asked for. Raises Lost, and RegistryError."""
        url = self.absolute(url)
        for left in reversed(range(_LOGINS + 1)):
            answer, used = self._follow(method, url, headers or {}, body)
            if answer.status != HTTPStatus.UNAUTHORIZED or used is None or not left:
                break
            if not self._auth.learn(answer, used):
                break
        return answer

    def absolute(self, url: str, base: str = "") -> str:
        """Return *url*, which a registry may have named at *base*, as one that may be asked.

        Raises RegistryError when it leads away from TLS, or is none.
        """
        try:
            found = urljoin(base or f"{self._scheme}://{self.reference.host}/", url)
            parts = urlsplit(found)
            good = bool(parts.hostname) and parts.scheme in PORTS and parts.port != 0
            good = good and parts.username is None
            good = good and re.search(r"[\s\x00-\x20\x7f]", found) is None and found.isascii()
        except ValueError:
            good = False
        if not good:
            raise RegistryError(
                f"{self.reference.name}: {self.reference.registry} leads to an address that is none"
            )
        if parts.scheme == "http" and parts.netloc == self.reference.host:
            # A registry that does not know of the TLS before it names itself so.
            found = parts._replace(scheme=self._scheme).geturl()
        elif parts.scheme == "http" and not (self._own(found) or self._near(parts.netloc)):
            raise RegistryError(
                f"{self.reference.name}: {self.reference.registry} leads to plain http at "
                f"{parts.hostname}; nothing was sent there",
            )
        return found

    def refused(self, doing: str, answer: Answer) -> RegistryError:
        """Return the error of *answer*, without secrets."""
        words = self._auth.hide(failure.words_of(answer))
        return failure.refused(self.reference, doing, answer, words)

    def unreachable(self, doing: str, lost: Lost) -> RegistryError:
        """Return the error of no answer."""
        return failure.unreachable(self.reference, doing, lost)

    def _answers(self, tries: Tries) -> Answer | None:
        """Try once; where plain http may go, that is tried first, without credentials."""
        errors: list[Lost] = []
        for scheme in ("http", "https") if self._insecure else ("https",):
            self._scheme = scheme
            self._auth.plain = scheme == "http"
            try:
                answer = self._transport.send("GET", self.absolute("/v2/"), {})
            except Lost as lost:
                # One that speaks no TLS has not said why it was not heard before.
                errors += [] if lost.speaks_plainly and errors else [lost]
                continue
            if answer.status == HTTPStatus.BAD_REQUEST and b"HTTPS" in answer.body:
                continue  # in these words Go's servers and nginx want TLS
            if not passing(answer.status):
                return answer
            tries.wait(self.refused(_PING, answer), answer)
            return None
        error = self.unreachable(_PING, errors[-1])
        if errors[-1].final:
            raise error
        tries.wait(error)
        return None

    def _own(self, url: str) -> bool:
        """Tell whether *url* is the registry itself, at which credentials are right."""
        ours = urlsplit(f"{self._scheme}://{self.reference.host}/")
        theirs = urlsplit(url)
        return (ours.scheme, ours.hostname, ours.port or PORTS[ours.scheme]) == (
            theirs.scheme,
            theirs.hostname,
            theirs.port or PORTS.get(theirs.scheme),
        )

    def _near(self, place: str) -> bool:
        """Tell whether the registry and *place* are both this machine: nobody is on the way."""
        return self._scheme == "http" and is_loopback(place) and is_loopback(self.reference.host)

    def _follow(
        self, method: str, url: str, headers: Mapping[str, str], body: Body | bytes | None
    ) -> tuple[Answer, str | None]:
        """Return an answer, redirects of questions followed, and the login used; None elsewhere."""
        for _ in range(_REDIRECTS):
            used = self._auth.value() if self._own(url) else None
            sent = {**headers, "Authorization": used} if used else headers
            answer = self._transport.send(method, url, sent, body)
            place = answer.header("Location")
            if method not in ("GET", "HEAD") or answer.status not in range(301, 309) or not place:
                break
            url = self.absolute(place, url)
        return replace(answer, elsewhere=used is None), used

    def _ask_token(
        self, method: str, url: str, headers: Mapping[str, str], body: Body | bytes | None
    ) -> Answer:
        """Ask the token server, of which no redirect is followed. Raises RegistryError."""
        host, tries = str(urlsplit(url).hostname), self.tries()
        doing = "asking for a token"
        while True:
            try:
                answer = self._transport.send(method, url, headers, body)
            except Lost as lost:
                error = failure.unreachable(self.reference, doing, lost, host)
                if lost.final:
                    raise error from None
                tries.wait(error)
                continue
            if not passing(answer.status):
                return answer
            tries.wait(self.refused(doing, answer), answer)
