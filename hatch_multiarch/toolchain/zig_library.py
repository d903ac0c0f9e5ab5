"""A lasting copy of ziglang's library, so that what zig compiles of it is compiled once.

zig brings musl, mingw and libc++ as sources and keeps what it compiles of them in its global cache.
The keys there hold the absolute path of its library, and a source with another inode counts as
changed. pip, uv and build install ziglang into a new folder for each build, so each build would
compile them again. zig takes the library that ``ZIG_LIB_DIR`` names instead of its own:

    hatch-multiarch/zig/VERSION-KEY/lib    below the folder of the user's caches

KEY stands for the names and digests in the wheel's RECORD. Each file is compared with its digest
when it is copied, and with its size at the first use in an hour. What nobody has used for a month
is removed when another copy is made.
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
import shutil
import time
from base64 import urlsafe_b64encode
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hatch_multiarch import process
from hatch_multiarch.cache.build_cache import UNUSED
from hatch_multiarch.cache.cache_dir import NAME, cache_home, folder_aside
from hatch_multiarch.errors import ToolchainError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import PurePath

    from hatch_multiarch.toolchain.zig import Zig

_PREFIX = "ziglang/lib/"
_CHECKED = 60 * 60
"""Seconds for which the sizes of the files are not compared again."""


class _File(NamedTuple):
    """A line of RECORD."""

    name: str
    """Relative to the library, with slashes: ``libc/musl/src/math/exp.c``."""
    digest: str
    """``sha256=``, then base64 without padding."""
    size: int
    """In bytes."""


def zig_library(
    zig: Zig, env: Mapping[str, str], doing: Callable[[str], None] = lambda _: None
) -> Path | None:
    """Return the folder that ``ZIG_LIB_DIR`` is to name for *zig* and the user with *env*.

    It is made where it is missing, which takes a second or two; *doing* is told before, and an
    empty text after. None when zig is to use its own library: it is not from a wheel, and so stays
    where it is; the cache cannot be written; or a file is not as the wheel's RECORD says.
    """
    if zig.wheel is None:
        return None
    record = zig.wheel.read_text("RECORD") or ""
    lines = sorted(each for each in record.splitlines() if each.lstrip('"').startswith(_PREFIX))
    key = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
    try:
        folder = cache_home(env) / NAME / "zig" / f"{zig.version}-{key}"
        if not _just_used(folder):
            files = [
                _File(name.removeprefix(_PREFIX), digest, int(size))
                for name, digest, size in csv.reader(lines)
            ]
            if _whole(folder / "lib", files):
                os.utime(folder)
            else:
                doing(f"{zig}: its library is copied into the cache")
                try:
                    _copy(zig.path.parent / "lib", files, folder)
                finally:
                    doing("")
                _remove_unused(folder)
    except (OSError, ValueError, ToolchainError):
        return None
    return folder / "lib"


def zig_env(zig: Zig, library: Path | None) -> dict[str, str]:
    """Return the variables with which *zig* uses *library*, or its own where that is None."""
    if library is not None:
        return library_env(library)
    return {"CCC_OVERRIDE_OPTIONS": _options(zig.path.parent / "lib" if zig.wheel else _own(zig))}


def _own(zig: Zig) -> Path | None:
    """Return the library that *zig*, of the machine, says it has."""
    env = {name: value for name, value in os.environ.items() if name != "ZIG_LIB_DIR"}
    try:
        printed = process.run([zig.path, "env"], env=env, timeout=60).out
    except OSError:
        return None
    # ZON, and JSON before 0.15.
    named = re.search(r'lib_dir"?\s*[=:]\s*"([^"\\]+)"', printed)
    return Path(named[1]) if named and Path(named[1]).is_absolute() else None


def library_env(library: PurePath) -> dict[str, str]:
    """Return the variables with which zig uses *library* and its path decides no byte."""
    return {"ZIG_LIB_DIR": str(library), "CCC_OVERRIDE_OPTIONS": _options(library)}


def _options(library: PurePath | None) -> str:
    """Return the changes that the clang in zig makes to its own command line.

    Debug information names the files of the library, and CodeView, for Windows, a temporary file of
    zig's too. It is not in what is linked, but what is compiled gets into Go's build ID by its
    digest. clang takes words off its command line and adds others by ``CCC_OVERRIDE_OPTIONS``
    (LLVM, clang/lib/Driver/Driver.cpp); ``#`` makes it do so silently. As flags they would be in
    the keys of Go's cache, which the path must not be.
    """
    options = ["#", "x-gcodeview"]
    # The words are separated by spaces, and nothing quotes one.
    if library is not None and not re.search(r"\s", str(library)):
        options.append(f"+-ffile-prefix-map={library}=/zig/lib")
    return " ".join(options)


def _just_used(folder: Path) -> bool:
    try:
        return 0 <= time.time() - folder.stat().st_mtime < _CHECKED
    except FileNotFoundError:
        return False


def _whole(library: Path, files: list[_File]) -> bool:
    try:
        return all((library / each.name).stat().st_size == each.size for each in files)
    except FileNotFoundError:
        return False


def _copy(library: Path, files: list[_File], folder: Path) -> None:
    """Copy *files* of *library* into *folder*.

    Raises OSError, and ValueError for a file that has another digest.
    """
    with folder_aside(folder) as part:
        made = set()
        for each in files:
            data = (library / each.name).read_bytes()
            digest = urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
            if each.digest != f"sha256={digest}":
                raise ValueError(each.name)
            target = part / "lib" / each.name
            if target.parent not in made:
                target.parent.mkdir(parents=True, exist_ok=True)
                made.add(target.parent)
            target.write_bytes(data)


def _remove_unused(folder: Path) -> None:
    """Remove what stands beside *folder* and was not used for long."""
    old = time.time() - UNUSED
    for each in folder.parent.iterdir():
        with suppress(OSError):
            if each.stat().st_mtime < old:
                shutil.rmtree(each, ignore_errors=True)
