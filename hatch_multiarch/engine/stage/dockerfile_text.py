"""Quotes text for a Dockerfile, and extends one of the project's own."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_INERT = re.compile(r"[A-Za-z0-9 _./:,=+@%~-]*")
"""Characters that mean nothing to a Dockerfile between double quotes."""

_INERT_QUOTED = re.compile(r"[A-Za-z0-9 _./:,=+@%~|*-]*")
"""The same, of the values of ENV."""

_SCRIPTS = Path(__file__).parent
HELPERS = "hatch-multiarch-helpers"
"""The name of the stage behind a Dockerfile of the project's own that takes its helpers."""


def exec_form(words: Iterable[str]) -> str:
    r"""Return *words* in exec form, a JSON array, with each character that may mean more escaped.

    Dockerfile reference, "Exec form": it is parsed as JSON and no shell runs. BuildKit looks for
    line ends, escapes and heredocs before it parses JSON, so all but plain characters are written
    as ``\uXXXX``, which only JSON reads.
    """
    return "[" + ", ".join(f'"{"".join(map(_escaped, word))}"' for word in words) + "]"


def _escaped(char: str) -> str:
    if _INERT.fullmatch(char):
        return char
    units = char.encode("utf-16-be")  # JSON writes what is beyond U+FFFF as two (RFC 8259, 7)
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def env(variables: Mapping[str, str]) -> list[str]:
    """Return an ENV instruction; values come from our tables, or from keys that take nothing else.

    Raises ValueError for one that a Dockerfile would read as more than text.
    """
    if not variables:
        return []
    pairs = []
    for name, value in variables.items():
        if not _INERT_QUOTED.fullmatch(value):
            raise ValueError(f"{name}={value!r} can't be used in a Dockerfile")
        pairs.append(f'{name}="{value}"')
    return ["ENV " + " \\\n    ".join(pairs)]


def _text(name: str) -> str:
    return (_SCRIPTS / f"{name}.sh").read_text(encoding="utf-8")


def script(
    name: str, words: Iterable[str], mounts: Iterable[str], program: Path | None = None
) -> str:
    """Return a RUN of the script *name* of this folder, with *words* as its ``$1``, ``$2``...

    install.sh, whose functions the scripts call that install something, stands before it.
    It stands in the Dockerfile as a heredoc, so that whoever prints the Dockerfile sees all of it.
    *program* is a file with what its last line reads up to the word PROGRAM.

    Raises ValueError for a word that a shell would read as more than text.
    """
    quoted = _quoted(words)
    body = _text(name)
    if re.search(r"\bfrom_(debian|python_index) ", body):
        body = _text("install") + body
    if program is not None:
        body = f"{body.rstrip()}\n{program.read_text(encoding='utf-8').rstrip()}\nPROGRAM"
    flags = " ".join(f"--mount={mount}" for mount in mounts)
    return f"RUN {flags} <<'EOF'\nset -eu -- {quoted}\n{body.rstrip()}\nEOF"


def copied(name: str, path: str) -> str:
    """Return a COPY of the script *name* of this folder to *path*."""
    return f"COPY <<'EOF' {path}\n{_text(name).rstrip()}\nEOF"


def _quoted(words: Iterable[str]) -> str:
    for word in words:
        if not re.fullmatch(r"[A-Za-z0-9_./:,=+@%~<>!*-]+", word):
            raise ValueError(f"{word!r} can't be used in a script")
    return " ".join(f"'{word}'" for word in words)


def with_helpers(
    dockerfile: Path, target: str, folder: str, names: Iterable[str], work: Path
) -> Path:
    """Write to *work*, and return, a copy of *dockerfile* with the stage HELPERS.

    It has the files *names* that are in *folder* of the stage *target*, each at ``/``. BuildKit
    finds what to leave out of the context beside a Dockerfile, by its name.
    """
    ignored = dockerfile.with_name(f"{dockerfile.name}.dockerignore")
    if ignored.is_file():
        shutil.copyfile(ignored, work / "Dockerfile.dockerignore")
    lines = [dockerfile.read_text("utf-8"), f"FROM scratch AS {HELPERS}"]
    for name in dict.fromkeys(names):
        path = f"{folder}/{_optional(name)}"
        lines.append(f"COPY --from={target} {exec_form([path, '/'])}")
    made = work / "Dockerfile"
    made.write_text("\n".join([*lines, ""]), "utf-8")
    return made


def _optional(name: str) -> str:
    """Return a pattern of *name* alone: what it does not match is no error for BuildKit.

    A helper may be for some platforms only, or have another file name on Windows.
    """
    last = name[-1]
    return f"{name[:-1]}[{last}]" if last.isalnum() else name
