"""Finds docker and buildx, or says what is missing and how to install it."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.version import Version

from hatch_multiarch import process
from hatch_multiarch.config.messages import printable, show
from hatch_multiarch.docker.inspect_output import parse
from hatch_multiarch.docker.install_advice import advice, here
from hatch_multiarch.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_multiarch.process import Finished

MINIMUM = Version("0.13")
"""The oldest buildx that writes ``--progress=rawjson`` (buildx 0.13.0, release notes)."""

TIMEOUT = 20.0
"""Seconds that docker has for an answer; a daemon in reach takes a tenth of one."""

_NO = ("0", "f", "F", "false", "False", "FALSE")
"""What docker reads as no (Go's strconv.ParseBool)."""

_ABSENT = r"is not a docker command|unknown command: docker buildx"
"""How docker 20 to 26, and later ones, say that they have no such plug-in."""


@dataclass(frozen=True)
class Buildx:
    """A docker command with a buildx that works."""

    docker: str
    """Path of the command."""
    version: Version
    environ: dict[str, str]
    server: str = ""
    """Version of docker's daemon; empty where it was not asked or is not needed."""

    def run(
        self, *words: str, timeout: float | None = None, group: process.Group | None = None
    ) -> Finished:
        """Run ``docker buildx WORDS``; raises OSError and Stopped as ``process.run`` does."""
        return process.run(
            [self.docker, "buildx", *words], env=self.environ, timeout=timeout, group=group
        )


def find_buildx(environ: Mapping[str, str], *, daemon: bool = True, system: str = "") -> Buildx:
    """Return the buildx of *environ*; it is asked once, and the daemon once.

    ``daemon=False`` is for what needs no daemon at hand, such as reading registries and a builder
    that is elsewhere. A daemon that does not answer is no error either when builds go to such a
    builder: BUILDX_BUILDER's or the one in use. *system* is whose fix is named, this machine's by
    default (``advice.here``). Raises EngineError, one for each thing that can be missing.
    """
    env = dict(environ)
    system = system or here()
    if env.get("DOCKER_BUILDKIT") in _NO:
        raise _error(
            f"DOCKER_BUILDKIT={env['DOCKER_BUILDKIT']} switches BuildKit off",
            "switched-off",
            system,
        )
    docker = shutil.which("docker", path=env.get("PATH", ""))
    if docker is None:
        raise _error("there is no docker on PATH", "missing", system)
    buildx = Buildx(docker, _version(_ask([docker, "buildx", "version"], env, system), system), env)
    if not daemon:
        return buildx
    try:
        server = _server(_ask([docker, "version", "--format", "{{json .}}"], env, system), system)
    except EngineError:
        if not _elsewhere(buildx):
            raise
        server = ""
    return Buildx(docker, buildx.version, env, server)


def _version(done: Finished, system: str) -> Version:
    """Return the version in ``github.com/docker/buildx v0.29.1 a32761a``.

    Distributions and Docker Desktop append words of their own: ``0.13.1+ds1``. Raises EngineError.
    """
    text = f"{done.out}\n{done.err}"
    if done.code != 0 and re.search(_ABSENT, text):
        raise _error("docker has no buildx plug-in", "plug-in", system)
    if "buildah" in done.out:
        raise _error("the docker on PATH is Podman, which has no BuildKit", "other", system)
    found = re.search(r"\bv?(\d+\.\d+(?:\.\d+)?)", done.out)
    if done.code != 0 or found is None:
        raise _error(f"docker buildx does not work: {_last(done)}", "unclear", system)
    version = Version(found[1])
    if version < MINIMUM:
        raise _error(
            f"docker buildx is {version}, which is too old: expected {MINIMUM} or newer",
            "old",
            system,
        )
    return version


def _server(done: Finished, system: str) -> str:
    """Return the version of the daemon that ``docker version`` tells. Raises EngineError."""
    told = _json(done.out)
    server = _part(told, "Server")
    if done.code == 0 and server:
        return str(server.get("Version", ""))
    text = done.err
    if "permission denied" in text.lower():
        socket = re.search(r"unix://(\S+?):?\s", text)
        at = f" ({printable(socket[1])})" if socket else ""
        raise _error(f"this user may not use docker's socket{at}", "permission", system)
    if found := re.search(r'context "([^"]*)"[^\n]*(?:not found|does not exist)', text):
        raise _error(f"docker has no context {show(found[1])}", "context", system)
    down = re.search(r"Cannot connect|error during connect|connection refused|daemon", text)
    local = re.search(r"unix:///(?:private/)?var/run/docker\.sock|npipe:|dockerDesktop", text)
    what = "unclear" if not down else "daemon" if local or _machine(told) else "elsewhere"
    raise _error(f"docker's daemon does not answer: {_last(done)}", what, system)


def _machine(told: dict[str, Any]) -> bool:
    """Tell whether docker looked into a virtual machine of this one, which its fixes start."""
    context = str(_part(told, "Client").get("Context", ""))
    return context.startswith(("desktop", "colima"))


def _elsewhere(buildx: Buildx) -> bool:
    """Tell whether builds go to a builder that does not need the daemon at hand.

    How that builder is, whoever inspects it says.
    """
    try:
        done = buildx.run("inspect", timeout=TIMEOUT)
    except OSError:
        return False
    builder = parse(done.out)
    if builder.driver in ("remote", "kubernetes"):
        return True
    # Its containers may be on other machines' dockers.
    container = builder.driver == "docker-container"
    return container and any(not node.error for node in builder.nodes)


def _json(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _part(told: dict[str, Any], key: str) -> dict[str, Any]:
    found = told.get(key)
    return found if isinstance(found, dict) else {}


def _last(done: Finished) -> str:
    """Return what docker said last, without the user name and password of an address."""
    lines = [line.strip() for line in f"{done.out}\n{done.err}".splitlines() if line.strip()]
    said = printable(lines[-1]) if lines else f"exit code {done.code}"
    return re.sub(r"://[^/@\s]*@", "://", said)


def _ask(command: list[str], env: dict[str, str], system: str) -> Finished:
    try:
        return process.run(command, env=env, timeout=TIMEOUT)
    except TimeoutError:
        message = f"docker does not answer within {TIMEOUT:.0f} s"
        raise _error(message, "elsewhere", system) from None
    except OSError as error:
        message = f"{command[0]} cannot be started: {error.strerror}"
        raise _error(message, "missing", system) from None


def _error(message: str, what: str, system: str) -> EngineError:
    return EngineError(message, advice=advice(what, system))
