"""Reads and rewrites wheels of the example: what tests of a damage begin with."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

GREET = "_greeter_helpers/greet"
INFO = "greeter-1.0.0.dist-info"


def rewrite(
    source: Path,
    target: Path,
    edit: dict[str, bytes | None] | None = None,
    *,
    listed: bool = True,
    mode: int | None = None,
) -> Path:
    """Copy a wheel with other or new members; None drops one. *listed*: RECORD tells the truth."""
    edit = dict(edit or {})
    record = f"{INFO}/RECORD"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        lines = old.read(record).decode().splitlines()
        for name, data in edit.items() if listed else ():
            lines = [line for line in lines if not line.startswith(f"{name},")]
            if data is not None:
                digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode()
                lines.append(f"{name},sha256={digest.rstrip('=')},{len(data)}")
        edit.setdefault(record, "\n".join([*lines, ""]).encode())
        for each in old.infolist():
            data = edit.get(each.filename, old.read(each))
            if each.filename == GREET and mode is not None:
                each.external_attr = mode << 16
            if data is not None:
                new.writestr(each, data)
        for name in edit.keys() - set(old.namelist()):
            if edit[name] is not None:
                new.writestr(name, edit[name])
    return target


def member(wheel: Path, name: str) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(name)
