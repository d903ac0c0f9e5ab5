"""The commit that linker flags name by ``{commit}`` and ``{date}``.

It comes from git; in an sdist, from the record that the hook wrote into it. Git is not asked there:
an unpacked sdist may lie in somebody else's repository.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from hatch_multiarch import process
from hatch_multiarch.config.toml_document import hatch_table
from hatch_multiarch.errors import PlanError
from hatch_multiarch.files.epoch import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hatch_multiarch.config import Config

RECORD = ".hatch-multiarch.json"
"""The file in the sdist that holds commit and date."""

SDIST_HOOK = "build.targets.sdist.hooks.multiarch"
"""The table, as hatch.toml has it, that switches the hook on for the sdist alone."""

_VALUES = {"commit": r"[0-9a-f]{40,64}(-dirty)?", "date": r"[0-9]{4}-[0-9T:-]{14}Z"}
_SECONDS = 60


def is_sdist(root: Path) -> bool:
    """Tell whether *root* is an unpacked sdist, and no checkout."""
    return (root / "PKG-INFO").is_file()


def named(config: Config) -> dict[str, list[str]]:
    """Return the keys of linker flags that name the commit or its date, and what they name."""
    tables = [("", {helper.name: vars(helper) for helper in config.helpers})]
    tables += [(f"overrides[{at}].", each.helpers) for at, each in enumerate(config.overrides)]
    found = {
        f"tool.multiarch.{where}helpers.{name}.ldflags": [
            f"{{{key}}}" for key in _VALUES if f"{{{key}}}" in " ".join(values.get("ldflags", ()))
        ]
        for where, helpers in tables
        for name, values in helpers.items()
    }
    return {key: names for key, names in found.items() if names}


def commit_words(
    root: Path, config: Config, epoch: int | None, problems: list[str]
) -> dict[str, str]:
    """Return what ``{commit}`` and ``{date}`` stand for, as far as linker flags name them.

    The date is the commit's, unless *epoch* (SOURCE_DATE_EPOCH) says another; never the clock's.
    Adds to *problems* what git, or the record of an sdist, does not know.
    """
    keys = named(config)
    if not keys:
        return {}
    wanted = [key for key in _VALUES if any(f"{{{key}}}" in names for names in keys.values())]
    given = {} if epoch is None else {"date": timestamp(epoch)}
    try:
        found = given if wanted == list(given) else {**read_commit(root, wanted), **given}
    except PlanError as error:
        hint = f"; {error.advice}" if error.advice else ""
        problems += [
            f"{key}: {' and '.join(names)} cannot be filled in: {error.message}{hint}"
            for key, names in keys.items()
        ]
        return {}
    return {f"{{{key}}}": found[key] for key in wanted}


def fill(ldflags: Iterable[str], words: dict[str, str]) -> tuple[str, ...]:
    """Return *ldflags* with *words* in place of their placeholders."""
    filled = tuple(ldflags)
    for placeholder, value in words.items():
        filled = tuple(flag.replace(placeholder, value) for flag in filled)
    return filled


def read_commit(root: Path, wanted: Iterable[str]) -> dict[str, str]:
    """Return ``commit`` and ``date``, at least those *wanted*, of the project in *root*.

    Where a file that git tracks has changed, ``-dirty`` follows the commit, as in
    ``git describe --dirty``. Raises PlanError when neither git nor a record knows it.
    """
    if is_sdist(root):
        return _from_record(root, wanted)
    commit, seconds = _git(root, "log", "-1", "--format=%H %ct").split()
    if not _git(root, "ls-tree", "--name-only", "HEAD"):
        raise PlanError("this folder is in no commit of the git repository around it")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    return {"commit": commit + ("-dirty" if changed else ""), "date": timestamp(int(seconds))}


def record(words: dict[str, str]) -> str:
    """Return the text of the RECORD of an sdist with the *words* of ``commit_words``."""
    return json.dumps({key.strip("{}"): value for key, value in words.items()}) + "\n"


def _from_record(root: Path, wanted: Iterable[str]) -> dict[str, str]:
    try:
        found = json.loads((root / RECORD).read_text("utf-8"))
        if all(re.fullmatch(_VALUES[key], found[key]) for key in wanted):
            return {key: found[key] for key in wanted}
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        pass
    table = hatch_table(root, SDIST_HOOK)
    raise PlanError(
        f"this sdist has no record of the commit ({RECORD})",
        advice=f"its author adds the table {table} and builds the sdist again",
    )


def _git(root: Path, *words: str) -> str:
    # Without locks: git may be at work in another process.
    command = ["git", "--no-optional-locks", "-c", "log.showSignature=false", *words]
    try:
        done = process.run(command, cwd=root, timeout=_SECONDS)
    except OSError as error:
        raise PlanError(f"git cannot be run: {error.strerror or error}") from None
    if done.code:
        said = next(iter(done.err.strip().splitlines()), f"exit code {done.code}")
        raise PlanError(f"git says: {said}", advice="build from a git checkout or from an sdist")
    return done.out.strip()
