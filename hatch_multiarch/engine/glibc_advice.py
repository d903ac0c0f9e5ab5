"""Advice where C that was compiled against glibc is linked against musl, or an older glibc."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hatch_multiarch.plan import Unit

_UNDEFINED = re.compile(r"undefined (?:symbol: |reference to [`'\"]?)(\w+)")
_ARCHIVE = re.compile(r"in archive (/[^\n]+\.a)$|(?:^|: )(/[^\n:]+\.a)\(", re.MULTILINE)
"""As lld names it, and GNU ld: ``ld: /x/libx.a(x.o): in function ...``."""
_LIMIT = 1 << 28
"""Larger archives are not looked into."""

_SINCE: tuple[tuple[str, tuple[int, int]], ...] = (
    (r"__isoc23_\w+|strlcpy|strlcat", (2, 38)),
    (r"arc4random(?:_\w+)?", (2, 36)),
    (r"_dl_find_object", (2, 35)),
    (r"[fl]?stat64|fstatat64", (2, 33)),
    (r"__libc_single_threaded", (2, 32)),
    (r"pthread_cond_clockwait|pthread_mutex_clocklock|sem_clockwait|gettid", (2, 30)),
    (r"(?:mtx|cnd|thrd|tss)_(?:init|lock|unlock|create|join|wait|signal|get|set)|fcntl64", (2, 28)),
    (r"memfd_create|glob64|copy_file_range", (2, 27)),
    (r"reallocarray", (2, 26)),
    (r"getrandom|getentropy|explicit_bzero", (2, 25)),
    (r"__cxa_thread_atexit_impl", (2, 18)),
)
"""Functions, and the glibc that first had them (its NEWS file, and the symbol lists of its ABI)."""

_NOT_IN_MUSL = re.compile(
    r"\w+64|__\w+_chk|(?:get|set|make|swap)context|__[fl]?xstat(?:at)?|__isoc23_\w+|backtrace\w*"
    r"|gnu_get_libc_version|__libc_single_threaded|_dl_find_object|__cxa_thread_atexit_impl"
)
"""Names in what was compiled with glibc's headers, which musl's have no such names for."""

_OLDEST = (2, 17)
_UNSEEN = (2, 28)
"""For an archive that cannot be read, as in a builder stage: that of most which are built now."""
_MUSL_TAG = re.compile(r"^//(?:go:build|[ \t]*\+build)[^\n]*\bmusl\b", re.MULTILINE)


def glibc_advice(unit: Unit, output: str) -> str:
    """Return what to do about the linker's *output*; empty when glibc is not the cause."""
    missing = list(dict.fromkeys(_UNDEFINED.findall(output)))
    if unit.platform.os != "linux" or not missing:
        return ""
    archives = [Path(lld or gnu) for lld, gnu in dict.fromkeys(_ARCHIVE.findall(output))]
    key = f"tool.multiarch.helpers.{unit.helper.name}"
    if unit.libc.kind == "glibc":
        late = [name for name in missing if _since(name) > (unit.libc.floor or (99, 0))]
        if not late:
            return ""
        floor = max([_needed(archives), *map(_since, late)])
        return (
            f"{unit.libc} is too old for {late[0]}: raise it by {key}.libc = "
            f'"glibc:{floor[0]}.{floor[1]}"'
        )
    foreign = [name for name in missing if _NOT_IN_MUSL.fullmatch(name)]
    if unit.compiler != "zig" or not foreign:
        return ""
    floor = max([_needed(archives), *map(_since, missing)])
    way = f'{key}.libc = "glibc:{floor[0]}.{floor[1]}"'
    if any(map(_has_musl_tag, archives)):
        way = f'{key}.tags = ["musl"], for which the module has C compiled against musl, or {way}'
    where = archives[0].name if archives else "C code"
    return (
        f"{where} was compiled against glibc ({foreign[0]}), and libc = "
        f'"{unit.libc}" links musl: set {way}'
    )


def _since(name: str) -> tuple[int, int]:
    """Return the glibc that first had the function *name*, as far as that is known."""
    return next((since for names, since in _SINCE if re.fullmatch(names, name)), _OLDEST)


def _needed(archives: list[Path]) -> tuple[int, int]:
    """Return the glibc that has every function whose name stands in one of *archives*.

    The linker names only what it misses; what musl or an older glibc has too may need a later one.
    """
    found = _OLDEST
    for path in archives:
        try:
            data = path.read_bytes() if path.stat().st_size <= _LIMIT else b""
        except OSError:
            found = max(found, _UNSEEN)
            continue
        for names, since in _SINCE:
            if since > found and re.search(rb"\0(?:" + names.encode() + rb")\0", data):
                found = since
    return found


def _has_musl_tag(archive: Path) -> bool:
    """Tell whether Go files beside *archive*, or beside its folder, have a build tag ``musl``."""
    files = [*archive.parent.glob("*.go"), *archive.parent.parent.glob("*.go")]
    return any(_MUSL_TAG.search(each.read_text("utf-8", "replace")) for each in files)
