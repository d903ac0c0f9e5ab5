"""Joins the programs of several processors into one universal (fat) Mach-O file, as lipo does.

Each program is copied as it is, so that its code signature stays right.
"""

from __future__ import annotations

import hashlib
import shutil
import struct
import time
from typing import TYPE_CHECKING

from hatch_multiarch import files
from hatch_multiarch.engine.engine_protocol import Binary
from hatch_multiarch.engine.publish import BuildStamp
from hatch_multiarch.errors import CompileError
from hatch_multiarch.files import sha256, writing
from hatch_multiarch.platforms.table import PAGE_BITS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from hatch_multiarch.plan import Unit

_FAT_MAGIC = 0xCAFEBABE
_LARGEST = 1 << 32
"""The offsets of this header have 32 bits (<mach-o/fat.h>)."""


def join(unit: Unit, parts: Sequence[Binary], *, alone: bool) -> Binary:
    """Write the universal binary of *unit*, made of *parts*, in the order of their alignment.

    *alone*: they are made for nothing else, and so their time is its own. Raises CompileError when
    it would be too large, and OSError.
    """
    began = time.monotonic()
    recipe = hashlib.sha256("".join(part.sha256 for part in parts).encode()).hexdigest()
    seal = BuildStamp(unit.output)
    digest = known = seal.intact(recipe)
    if digest is None:
        seal.remove()
        unit.output.parent.mkdir(parents=True, exist_ok=True)
        with writing(unit.output, mode=0o755) as file:
            _write(unit, parts, file)
        digest = sha256(unit.output)
        seal.write(digest, recipe)
    if unit.header is not None and parts[0].unit.header is not None:
        files.copy(parts[0].unit.header, unit.header, mode=0o644)  # both are of 64 bits
    seconds = time.monotonic() - began
    last = max(parts, key=lambda part: part.start + part.seconds)
    compilers = dict.fromkeys(part.compiler for part in parts)
    return Binary(
        unit=unit,
        path=unit.output,
        sha256=digest,
        size=unit.output.stat().st_size,
        seconds=seconds + (last.seconds if alone else 0.0),
        cached=known is not None and all(part.cached for part in parts),
        compiler=", ".join(compilers),
        start=last.start + (0.0 if alone else last.seconds),
        worker=last.worker,
        functions=parts[0].functions,
    )


def _write(unit: Unit, parts: Sequence[Binary], file: BinaryIO) -> None:
    rows = []
    end = 8 + 20 * len(parts)
    for part in parts:
        bits = PAGE_BITS[part.unit.platform.architecture]
        start = -(-end >> bits) << bits
        end = start + part.size
        with part.path.open("rb") as program:
            processor = struct.unpack("<2I", program.read(12)[4:])
        rows.append((*processor, start, part.size, bits))
    if end >= _LARGEST:
        raise CompileError(f"{unit.id}: {end} bytes are too many for a universal binary")
    file.write(struct.pack(">2I", _FAT_MAGIC, len(parts)))
    file.writelines(struct.pack(">5I", *row) for row in rows)
    for part, (_, _, start, _, _) in zip(parts, rows, strict=True):
        file.write(b"\0" * (start - file.tell()))
        with part.path.open("rb") as program:
            shutil.copyfileobj(program, file, 1 << 20)
