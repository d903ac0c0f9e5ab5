"""Requests to one repository of a registry: authenticated, and retried where that may help."""

from __future__ import annotations

import threading
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hatch_multiarch.errors import RegistryError
from hatch_multiarch.registry import refusal
from hatch_multiarch.registry.auth import Authorizer
from hatch_multiarch.registry.redaction import Redaction
from hatch_multiarch.registry.reference import is_loopback
from hatch_multiarch.registry.retry import Tries, passing
from hatch_multiarch.registry.transport import Transport
from hatch_multiarch.registry.transport_error import Lost
from hatch_multiarch.registry.url_policy import Places

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from hatch_multiarch.registry.reference import Reference
    from hatch_multiarch.registry.transfer import Pace, Use
    from hatch_multiarch.registry.transport import Answer, Body, Take

_LOGINS = 2
"""Times that one request may be answered by 401: before logging in, and when a token has ended."""
_REDIRECTS = 5
_PING = "asking for a registry"


class Client:
    """The registry of *reference*.

    *insecure* names registries (HOST or HOST:PORT) to which plain http may go; to this machine's
    own it always may. *mount* is a repository of the registry whose blobs may be mounted. *use* is
    what it is asked for.
    """

    def __init__(
        self,
        reference: Reference,
        environ: Mapping[str, str],
        pace: Pace,
        *,
        insecure: Collection[str] = (),
        mount: str = "",
        use: Use = "push",
    ) -> None:
        self.reference = reference
        self.places = Places(reference)
        """What it may lead to."""
        self._use = use
        self._pace = pace
        self._stopped = threading.Event()
        self._reached = False
        self.redaction = Redaction()
        """What messages may not show."""
        self._transport = Transport(environ, self.redaction)
        self._insecure = is_loopback(reference.registry) or reference.registry in insecure
        actions = {"push": "pull,push", "pull": "pull"}
        scopes = [f"repository:{reference.path}:{actions[use]}"]
        if mount:
            scopes.append(f"repository:{mount}:pull")
        self._auth = Authorizer(
            reference,
            environ,
            self._ask_token,
            scopes=tuple(scopes),
            redaction=self.redaction,
            use=use,
        )

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

    @property
    def may_mount(self) -> bool:
        """Whether no token server has refused to let blobs be mounted."""
        return self._auth.has_all_scopes

    def tries(self) -> Tries:
        """Return a new count of tries."""
        return Tries(self._pace, self._stopped)

    def ping(self) -> None:
        """See that a registry answers (distribution-spec, end-1), and log in. Raises RegistryError.

        Once, before there are threads: a wrong password tried by each of them locks accounts.
        """
        answer = self._first("GET", "/v2/", {}, _PING)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            answer = self.request("GET", "/v2/", _PING, ok=None)
            if answer.status == HTTPStatus.UNAUTHORIZED and not self._auth.has_token:
                raise self.refused("logging in", answer)
        if answer.status not in (HTTPStatus.OK, HTTPStatus.UNAUTHORIZED):
            raise self.refused(_PING, answer)
        if answer.headers.get_content_type() == "text/html" and answer.status == HTTPStatus.OK:
            raise RegistryError(
                f"{self.reference.name}: {_PING}: {self.reference.host} answered with a web page",
                advice="check the name, and whether a proxy or a portal requires a login "
                "in a browser",
            )

    def reach(self) -> None:
        """Ping, unless the registry has answered before. Raises RegistryError."""
        if not self._reached:
            self.ping()

    def manifest(self, path: str, doing: str, headers: Mapping[str, str]) -> Answer:
        """Return the answer, 200 or 404, to the question for a manifest. Raises RegistryError.

        By HEAD, which is no pull by which registries count. Where that fails by GET, once: some
        registries refuse HEAD, and the answer to GET says why. It may be the first question: so
        a registry that lets everybody read is not asked for itself before.
        """
        status: int = HTTPStatus.UNAUTHORIZED
        if not self._reached:
            answer = self._first("HEAD", path, headers, doing)
            status = answer.status
            if status == HTTPStatus.UNAUTHORIZED:
                self._auth.learn(answer, "")
        if status == HTTPStatus.UNAUTHORIZED or status in range(300, 400):
            answer = self.request("HEAD", path, doing, headers=headers, ok=None, later=_later_head)
            if answer.status == HTTPStatus.UNAUTHORIZED:
                raise self.refused(doing, answer)  # a wrong password is not sent again
        if answer.status == HTTPStatus.OK:
            return answer
        return self.request("GET", path, doing, headers=headers, ok=(200, 404))

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
        later: Callable[[int], bool] = passing,
    ) -> Answer:
        """Send a request that may be repeated, until there is an answer.

        *url* may be relative to the registry. Raises RegistryError, which says what we were
        *doing*, when no try is left and for a status that is not in *ok*; None takes every one.
        *later* tells which statuses may pass.
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
            if later(answer.status):
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
        take: Take | None = None,
    ) -> Answer:
        """Send one request, logging in when it is asked for. Raises Lost, and RegistryError.

        *take* gets a large body (``Transport.send``).
        """
        url = self.places.absolute(url)
        for left in reversed(range(_LOGINS + 1)):
            answer, used = self._follow(method, url, headers or {}, body, take)
            if answer.status != HTTPStatus.UNAUTHORIZED or used is None or not left:
                break
            if not self._auth.learn(answer, used):
                break
        return answer

    def refused(self, doing: str, answer: Answer) -> RegistryError:
        """Return the error of *answer*, without secrets."""
        words = refusal.words_of(answer, self.redaction.hide)
        known = self._auth.has_credential
        return refusal.refused(self.reference, doing, answer, words, self._use, known=known)

    def unreachable(self, doing: str, lost: Lost) -> RegistryError:
        """Return the error of no answer."""
        return refusal.unreachable(self.reference, doing, lost, use=self._use)

    def _first(self, method: str, url: str, headers: Mapping[str, str], doing: str) -> Answer:
        """Send the first request, which finds out how the registry can be reached."""
        tries = self.tries()
        while (answer := self._answers(tries, method, url, headers, doing)) is None:
            pass
        self._reached = True
        return answer

    def _answers(
        self, tries: Tries, method: str, url: str, headers: Mapping[str, str], doing: str
    ) -> Answer | None:
        """Try once; where plain http may go, that is tried first, without credentials."""
        errors: list[Lost] = []
        # What a HEAD is refused for, nobody says: http might be the reason, or not.
        doubtful: Answer | None = None
        for scheme in ("http", "https") if self._insecure else ("https",):
            self.places.scheme = scheme
            self._auth.plain = scheme == "http"
            try:
                answer = self._transport.send(method, self.places.absolute(url), headers)
            except Lost as lost:
                # One that speaks no TLS has not said why it was not heard before.
                errors += [] if lost.speaks_plainly and errors else [lost]
                continue
            if answer.status == HTTPStatus.BAD_REQUEST and b"HTTPS" in answer.body:
                continue  # in these words Go's servers and nginx want TLS
            if answer.status == HTTPStatus.BAD_REQUEST and method == "HEAD" and scheme == "http":
                doubtful = answer
                continue
            if not (_later_head if method == "HEAD" else passing)(answer.status):
                return answer
            tries.wait(self.refused(doing, answer), answer)
            return None
        if doubtful is not None and errors:
            self.places.scheme, self._auth.plain = "http", True
            return doubtful
        error = self.unreachable(doing, errors[-1])
        if errors[-1].final:
            raise error
        tries.wait(error)
        return None

    def _follow(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Body | bytes | None,
        take: Take | None = None,
    ) -> tuple[Answer, str | None]:
        """Return an answer, redirects of questions followed, and the login used; None elsewhere."""
        for _ in range(_REDIRECTS):
            used = self._auth.value() if self.places.own(url) else None
            sent = {**headers, "Authorization": used} if used else headers
            answer = self._transport.send(method, url, sent, body, take)
            place = answer.header("Location")
            if method not in ("GET", "HEAD") or answer.status not in range(301, 309) or not place:
                break
            url = self.places.absolute(place, url)
        return replace(answer, elsewhere=used is None), used

    def _ask_token(
        self, method: str, url: str, headers: Mapping[str, str], body: Body | bytes | None
    ) -> Answer:
        """Ask the token server, of which no redirect is followed. Raises RegistryError."""
        host, tries = str(urlsplit(url).hostname), self.tries()
        doing = f"asking {host}, its token server"
        while True:
            try:
                answer = self._transport.send(method, url, headers, body)
            except Lost as lost:
                error = refusal.unreachable(self.reference, doing, lost, host, self._use)
                if lost.final:
                    raise error from None
                tries.wait(error)
                continue
            if not passing(answer.status):
                return answer
            tries.wait(self.refused(doing, answer), answer)


def _later_head(status: int) -> bool:
    """Tell whether a HEAD for a manifest is to be repeated; else GET says more, or helps."""
    return status == HTTPStatus.TOO_MANY_REQUESTS
