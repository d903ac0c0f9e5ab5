"""Authentication at a registry: Basic, or Bearer tokens for one repository.

distribution, docs/spec/auth: a token server gives a token for a scope, anonymously, for a password
or for an identity token. Credentials are looked for when the registry asks, and go to the registry
or to the realm that ``check_realm`` lets pass, nowhere else.
"""

from __future__ import annotations

import base64
import json
import math
import re
import threading
import time
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from hatch_multiarch.errors import RegistryError
from hatch_multiarch.registry.challenge import challenge_of, check_realm
from hatch_multiarch.registry.credentials import find_credential
from hatch_multiarch.registry.refusal import login

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hatch_multiarch.registry.challenge import Challenge
    from hatch_multiarch.registry.credentials import Credential
    from hatch_multiarch.registry.redaction import Redaction
    from hatch_multiarch.registry.reference import Reference
    from hatch_multiarch.registry.transfer import Use
    from hatch_multiarch.registry.transport import Answer, Body

    Ask = Callable[[str, str, Mapping[str, str], Body | bytes | None], Answer]
    """Method, URL, headers, body -> answer; retries, and raises RegistryError."""

_CLIENT = "hatch-multiarch"
_LIVES = 60
"""Seconds that a token is good for where its server does not say (distribution's default)."""
_SPARE = 10
"""Seconds before its end at which a token is renewed."""
_REFUSES = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
"""Statuses by which token servers refuse credentials; 400 is OAuth's of an identity token."""


class Authorizer:
    """The ``Authorization`` of the requests about one repository; for several threads."""

    def __init__(
        self,
        reference: Reference,
        environ: Mapping[str, str],
        ask: Ask,
        *,
        scopes: tuple[str, ...],
        redaction: Redaction,
        use: Use = "push",
    ) -> None:
        self.plain = False
        """The registry is spoken to without TLS."""
        self._reference = reference
        self._environ = environ
        self._ask = ask
        self._scopes = scopes
        """The first is needed, the others are of use."""
        self._wanted = len(scopes)
        self._use = use
        self._lock = threading.Lock()
        self._challenge: Challenge | None = None
        self._value = ""
        self._ends = float("inf")
        self._looked = False
        self._credential: Credential | None = None
        self._redaction = redaction

    def value(self) -> str:
        """Return the header's value; empty as long as none was asked for."""
        with self._lock:
            if self._challenge is not None and time.monotonic() > self._ends:
                self._renew()
            return self._value

    @property
    def has_credential(self) -> bool:
        """Whether there is a login for the registry, as far as it has asked for one."""
        return self._credential is not None

    @property
    def has_token(self) -> bool:
        """Whether a token server has let us in; what the token is good for, a registry tells."""
        return self._value.startswith("Bearer ")

    def learn(self, answer: Answer, used: str) -> bool:
        """Log in as the 401 *answer* to a request with *used* asks for.

        Return whether it is worth another try. Raises RegistryError.
        """
        with self._lock:
            if self._value != used:
                return True  # another thread has been here in the meantime
            challenge = challenge_of(answer)
            if challenge is None:
                return False
            known, self._challenge = self._challenge, challenge
            if challenge.scheme == "basic" and known == challenge:
                return False
            self._renew()
            return self._value != used

    @property
    def has_all_scopes(self) -> bool:
        """Whether no token server has refused the scopes behind the first."""
        return len(self._scopes) == self._wanted

    def _renew(self) -> None:
        if not self._looked:
            self._credential = find_credential(self._reference.registry, self._environ)
            self._looked = True
            if self._credential:
                self._redaction.keep(self._credential.secret)
        if self._challenge is None:
            return
        if self._credential and self._credential.kind == "registry token":
            self._value = f"Bearer {self._credential.secret}"
        elif self._challenge.scheme == "bearer":
            self._value = f"Bearer {self._token(self._challenge)}"
        elif self._credential and self._credential.kind == "password":
            self._value = self._basic(self._credential)

    def _basic(self, credential: Credential) -> str:
        pair = f"{credential.username}:{credential.secret}"
        packed = base64.b64encode(pair.encode()).decode()
        self._redaction.keep(packed)
        return f"Basic {packed}"

    def _token(self, challenge: Challenge) -> str:
        """Return a new token, and note when it ends."""
        check_realm(challenge.realm, self._reference, plain=self.plain)
        began = time.monotonic()
        answer = self._asked(challenge)
        if answer.status in _REFUSES and len(self._scopes) > 1:
            self._scopes = self._scopes[:1]
            answer = self._asked(challenge)
        if answer.status != HTTPStatus.OK:
            raise self._refused(challenge, answer)
        token, lives = self._parsed(challenge, answer)
        self._redaction.keep(token)
        self._ends = began + max(lives, _LIVES) - _SPARE
        return token

    def _asked(self, challenge: Challenge) -> Answer:
        """Return what the token server answers. Raises RegistryError."""
        asked = [("service", challenge.service)] if challenge.service else []
        credential = self._credential
        if credential and credential.kind == "identity token":
            form = [
                ("grant_type", "refresh_token"),
                *asked,
                ("client_id", _CLIENT),
                ("scope", " ".join(self._scopes)),
                ("refresh_token", credential.secret),
            ]
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            return self._ask("POST", challenge.realm, headers, urlencode(form).encode())
        asked += [("scope", scope) for scope in self._scopes]
        headers = {"Authorization": self._basic(credential)} if credential else {}
        joint = "&" if urlsplit(challenge.realm).query else "?"
        return self._ask("GET", f"{challenge.realm}{joint}{urlencode(asked)}", headers, None)

    def _parsed(self, challenge: Challenge, answer: Answer) -> tuple[str, float]:
        """Return the token of *answer*, and the seconds that it lives."""
        try:
            found = json.loads(answer.body)
            token = found.get("token") or found["access_token"]
            lives = float(found.get("expires_in") or _LIVES)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            token, lives = None, 0.0
        good = isinstance(token, str) and re.fullmatch(r"[!-~]+", token)
        if not good or not math.isfinite(lives):
            raise RegistryError(
                f"{self._reference.name}: {urlsplit(challenge.realm).hostname}, its token server, "
                "did not answer with a valid token",
                advice="check the registry's realm; a token server answers with JSON: `token`, and "
                "seconds in `expires_in`",
            )
        return token, lives

    def _refused(self, challenge: Challenge, answer: Answer) -> RegistryError:
        said = "rejects the credentials" if self._credential else "requires credentials"
        who = (
            f"{urlsplit(challenge.realm).hostname}, the token server of {self._reference.registry}"
        )
        if answer.status not in _REFUSES:
            return RegistryError(
                f"{self._reference.name}: {who}, answered {answer.status} instead of 200",
                advice="check the registry's realm, which names its token server",
            )
        return RegistryError(
            f"{self._reference.name}: {who}, {said} ({answer.status})",
            advice=login(self._reference, self._use),
        )
