"""Credentials of `docker login`: from docker's config.json or a credential helper.

docker/cli, cli/config: ``credHelpers`` names a helper for one registry, ``credsStore`` one for all,
``auths`` holds what no helper keeps. What is found is never part of a message.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hatch_multiarch import process
from hatch_multiarch.config.messages import printable
from hatch_multiarch.errors import RegistryError
from hatch_multiarch.registry.reference import HUB

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_multiarch.process import Finished

_HUB_KEY = "https://index.docker.io/v1/"
"""The name under which docker keeps what is for Docker Hub."""
_TLS = ":443"
"""The port that a name without one means."""
_TOKEN_USER = "<token>"  # noqa: S105 - the name that says that the secret is an identity token
_TIMEOUT = 60.0
"""Seconds for a helper, which may ask its user to unlock something."""


@dataclass(frozen=True)
class Credential:
    """What docker keeps for a registry."""

    username: str = field(repr=False)
    secret: str = field(repr=False)
    kind: Literal["password", "identity token", "registry token"] = "password"
    """A token server takes an identity token for user and password; the registry itself takes a
    registry token."""


def find_credential(registry: str, environ: Mapping[str, str]) -> Credential | None:
    """Return what docker would send to *registry*; None without a login.

    Raises RegistryError when docker's config or its helper cannot be read.
    """
    path = _path(environ)
    config = _read(path)
    keys = _keys(registry)
    helper = _helper(config, keys, path)
    for key in keys if helper else ():
        found = _ask(helper, key, environ)
        if found is not None:
            return found
    return _stored(_table(config, "auths", path), keys, path)


def find_login(registry: str, environ: Mapping[str, str]) -> str:
    """Return what keeps a login to *registry*, docker's config or a helper; empty without one.

    A helper is asked for the names that it keeps, never for a secret, so that no user has to
    unlock anything (docker-credential-helpers, ``list``). Raises RegistryError as above.
    """
    path = _path(environ)
    config = _read(path)
    keys = _keys(registry)
    helper = _helper(config, keys, path)
    if helper:
        told = _run(helper, "list", "", environ)
        try:
            names = json.loads(told.out) if told.code == 0 else {}
        except (ValueError, RecursionError):
            names = {}
        hosts = {_hostname(key) for key in keys}
        if isinstance(names, dict) and hosts & {_hostname(name) for name in names}:
            return f"docker-credential-{helper}"
    return str(path) if _stored(_table(config, "auths", path), keys, path) else ""


def docker_config(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return docker's config; empty without one. Raises RegistryError when it cannot be read."""
    return _read(_path(environ))


def _path(environ: Mapping[str, str]) -> Path:
    """Return where docker's config would be. Raises RegistryError for a user without a home."""
    if folder := environ.get("DOCKER_CONFIG"):
        return Path(folder) / "config.json"
    try:
        return Path.home() / ".docker" / "config.json"
    except RuntimeError:
        raise RegistryError(
            "docker's config cannot be found: this user has no home",
            advice="set DOCKER_CONFIG, or HOME, to a folder",
        ) from None


def _keys(registry: str) -> list[str]:
    """Return the names under which docker, or its user, keeps what is for *registry*."""
    if registry == HUB:
        return [_HUB_KEY, HUB, "index.docker.io"]
    if registry.endswith(_TLS):
        return [registry, registry.removesuffix(_TLS)]
    return [registry] if re.search(r":[0-9]+$", registry) else [registry, f"{registry}{_TLS}"]


def _helper(config: dict[str, Any], keys: list[str], path: Path) -> str:
    helpers = _table(config, "credHelpers", path)
    found = next((helpers[key] for key in keys if key in helpers), config.get("credsStore"))
    return str(found or "")


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise RegistryError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise RegistryError(
            f"{path}: docker's config is not JSON", advice="fix it, or `docker login` again"
        ) from None
    if not isinstance(found, dict):
        raise RegistryError(f"{path}: docker's config is not a JSON object")
    return found


def _table(config: dict[str, Any], key: str, path: Path) -> dict[str, Any]:
    found = config.get(key) or {}
    if not isinstance(found, dict):
        raise RegistryError(f"{path}: {key} is not a JSON object")
    return found


def _stored(auths: dict[str, Any], keys: list[str], path: Path) -> Credential | None:
    """Return what stands in ``auths``; old versions of docker wrote a URL for the host."""
    by_host = {_hostname(key): key for key in auths}
    found = [key for key in keys if key in auths]
    found += [by_host[host] for host in map(_hostname, keys) if host in by_host]
    key = found[0] if found else ""
    entry = auths.get(key)
    if not isinstance(entry, dict):
        return None
    unreadable = RegistryError(
        f"{path}: auths: the entry of {printable(key)} cannot be read",
        advice=f"`docker logout {key}`, then `docker login {key}`",
    )
    if token := entry.get("registrytoken"):
        # It is sent as it is: what could forge a header is none.
        if not re.fullmatch(r"[!-~]+", str(token)):
            raise unreadable
        return Credential("", str(token), "registry token")
    if token := entry.get("identitytoken"):
        return Credential("", str(token), "identity token")
    user, password = entry.get("username"), entry.get("password")
    if packed := entry.get("auth"):
        try:
            # Docker, and Go, pass over line breaks: GNU's base64 wraps.
            unwrapped = re.sub(r"[\r\n]", "", str(packed))
            text = base64.b64decode(unwrapped, validate=True).decode("utf-8")
        except ValueError:  # also what binascii and a codec raise
            text = ""
        user, colon, password = text.partition(":")
        if not colon:
            raise unreadable
        password = password.strip("\0")
    return Credential(str(user), str(password)) if user and password else None


def _hostname(key: str) -> str:
    return re.sub(r"^https?://", "", key).partition("/")[0]


def _ask(helper: str, server: str, environ: Mapping[str, str]) -> Credential | None:
    """Ask ``docker-credential-HELPER`` for what it keeps; what it says on failing stays unsaid."""
    program = f"docker-credential-{helper}"
    done = _run(helper, "get", f"{server}\n", environ)
    if done.code:
        # docker-credential-helpers, credentials/error.go: the one failure that is none.
        if "credentials not found" in done.out:
            return None
        raise RegistryError(
            f"{program} failed for {server} with exit code {done.code}",
            advice=f"`echo {server} | {program} get` shows why, and the password too",
        )
    try:
        found = json.loads(done.out)
        user, secret = found["Username"], found["Secret"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise RegistryError(f"{program} returned an invalid credential") from None
    if not secret:
        return None
    return Credential(
        str(user), str(secret), "identity token" if user == _TOKEN_USER else "password"
    )


def _run(helper: str, word: str, given: str, environ: Mapping[str, str]) -> Finished:
    """Run ``docker-credential-HELPER`` *word*. Raises RegistryError when it cannot be."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", helper):
        raise RegistryError(f"docker's config names a credential helper {helper!r:.60}")
    program = f"docker-credential-{helper}"
    try:
        return process.run([program, word], env=dict(environ), timeout=_TIMEOUT, input=given)
    except TimeoutError:
        raise RegistryError(f"{program} did not answer within {_TIMEOUT:.0f} s") from None
    except OSError as error:
        raise RegistryError(
            f"{program}, named in docker's config, cannot be started: {error.strerror}",
            advice="install it, or remove it from docker's config and `docker login` again",
        ) from None
