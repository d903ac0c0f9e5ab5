"""Compares RECORD with the files of a wheel (binary distribution format, "The RECORD file")."""

from __future__ import annotations

import base64
import csv
import posixpath
from typing import TYPE_CHECKING

from hatch_multiarch.errors import AuditError
from hatch_multiarch.verify.outcome import Check

if TYPE_CHECKING:
    from hatch_multiarch.verify.wheel_reader import Opened

UNLISTED = ("RECORD", "RECORD.jws", "RECORD.p7s")
"""Files of the metadata that need no hash in it."""
ROW = 3


def check_record(wheel: Opened) -> Check:
    """Look whether RECORD lists every file with its sha256 and size, and nothing else."""
    names = [each.filename for each in wheel.archive.infolist() if not each.is_dir()]
    try:
        problems = _problems(wheel, names)
    except AuditError as error:
        problems = [error.message.removeprefix(f"{wheel.path.name}: ")]
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return Check("record", "failed", problems[0] + more)
    return Check("record", "ok", f"{len(names)} files")


def _problems(wheel: Opened, names: list[str]) -> list[str]:
    text = wheel.small(f"{wheel.stem}.dist-info/RECORD").decode("utf-8", "replace")
    rows = [row for row in csv.reader(text.splitlines()) if row]
    listed = {row[0]: row for row in rows}
    problems = [f"{name} is twice in the archive" for name in sorted(_twice(names))]
    problems += [
        f"{name} is not a path inside a wheel"
        for name in names
        if name.startswith("/") or "\\" in name or posixpath.normpath(name) != name
    ]
    problems += [f"RECORD lists {name} twice" for name in sorted(_twice([row[0] for row in rows]))]
    problems += [f"RECORD lists {name}, which is missing" for name in sorted({*listed} - {*names})]
    free = {f"{wheel.stem}.dist-info/{each}" for each in UNLISTED}
    for name in dict.fromkeys(names):
        if name in free:
            continue
        if name not in listed:
            problems.append(f"RECORD does not list {name}")
        elif problem := _problem(wheel, name, listed[name]):
            problems.append(problem)
    return problems


def _problem(wheel: Opened, name: str, row: list[str]) -> str:
    if len(row) != ROW or not row[1].startswith("sha256="):
        return f"RECORD has no sha256 of {name}"
    _, raw, size = wheel.hashed(name)
    found = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    if row[1] != f"sha256={found}":
        return f"{name} is not what RECORD says: sha256 is {found}, not {row[1][7:]}"
    if row[2] != str(size):
        return f"{name} has {size} bytes, RECORD says {row[2] or 'nothing'}"
    return ""


def _twice(names: list[str]) -> set[str]:
    seen: set[str] = set()
    return {name for name in names if name in seen or seen.add(name)}  # type: ignore[func-returns-value]
