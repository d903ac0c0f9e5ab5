"""The journal of a build: which files become one set.

Each output takes its name by a rename. A build that is killed between two of them leaves files of
two builds. While that can happen, the journal is in ``dist`` and tells what each file was before
and what it will be, so that the next build and ``verify`` see which ones do not belong.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch import files
from hatch_multiarch.errors import AuditError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    _Digests = dict[str, str | None]
    """Path relative to ``dist`` -> digest; None where there is nothing."""

UNKNOWN = ""
"""Stands for the digest of a file that is not made yet."""


class Journal:
    """The journal for *stem*, hatchling's ``NAME-VERSION``, in the folder *dist*."""

    def __init__(self, dist: Path, stem: str) -> None:
        """Read the one that a killed build has left, if there is one."""
        self.path = dist / f".hatch-multiarch-{stem}.json"
        self._dist = dist
        self._before, self._after = _read(self.path)
        self.strays = self._strays()
        """The files of a killed build, relative to *dist*, among those of another one."""
        if not self.strays:
            self._before, self._after = {}, {}

    def __bool__(self) -> bool:
        """Tell whether a set is incomplete."""
        return bool(self.strays)

    def __str__(self) -> str:
        """Return one line about what does not belong."""
        names = ", ".join(Path(each).name for each in self.strays)
        verb = "is" if len(self.strays) == 1 else "are"
        return f"a build did not finish: {names} {verb} from it, and others are not"

    def note(self, changes: Mapping[Path, str], staging: Path, *, lasting: bool) -> None:
        """Note the digest that each file will have, UNKNOWN where it is made only later.

        The journal is written in *staging* first; *lasting*: flushed to the disk. Raises OSError.
        """
        told: _Digests = {self._name(path): digest for path, digest in changes.items()}
        now = {name: files.fingerprint(self._dist / name) for name in {*self._before, *told}}
        # What a killed build has left is not what was before.
        self._before, self._after = now | self._before, now | told
        text = json.dumps({"before": self._before, "after": self._after}, indent=2) + "\n"
        aside = staging / self.path.name
        files.write(text, aside, lasting=False)
        if lasting:
            files.sync(aside)
        files.move(aside, self.path)
        if lasting:
            files.sync_folder(self._dist)

    def end(self) -> None:
        """Remove the journal: the set is complete."""
        self.path.unlink(missing_ok=True)

    def settle(self) -> None:
        """Remove the journal of a build that has failed and that has left no mixture."""
        if self.path.exists() and not self._strays():
            self.end()

    def _name(self, path: Path) -> str:
        try:
            return Path(os.path.relpath(path, self._dist)).as_posix()
        except ValueError:  # another drive of Windows
            return path.as_posix()

    def _strays(self) -> tuple[str, ...]:
        now = {name: files.fingerprint(self._dist / name) for name in self._before}
        if now == self._after:
            return ()
        return tuple(
            name
            for name, found in now.items()
            if found not in (None, self._before[name]) and self._after.get(name) in (UNKNOWN, found)
        )


def _read(path: Path) -> tuple[_Digests, _Digests]:
    """Return what the journal *path* tells; nothing of one that is none."""
    try:
        told = json.loads(path.read_bytes())
        return dict(told["before"]), dict(told["after"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return {}, {}


def check_sets(wheels: Iterable[Path]) -> None:
    """Raise AuditError when a killed build has left files of two builds where *wheels* are."""
    for dist, stem in {(each.parent, "-".join(each.name.split("-")[:2])) for each in wheels}:
        if journal := Journal(dist, stem):
            raise AuditError(
                f"{dist}: {journal}", advice="run `hatch build` again, or wait for one that runs"
            )
