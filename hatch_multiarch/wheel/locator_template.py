"""Where the helpers of DISTRIBUTION are; written by hatch-multiarch at build time.

from MODULE import find, load
subprocess.run([find("PROGRAM")], check=True)
load("LIBRARY").Function()
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ctypes

_HELPERS: dict[str, tuple[str, str]] = {}


def names() -> tuple[str, ...]:
    """Return the names of the helpers that exist on this platform."""
    return tuple(_HELPERS)


def find(name: str) -> str:
    """Return the absolute path of helper *name*, ready for subprocess.run or ffi.dlopen.

    Raises LookupError when this platform has no such helper, FileNotFoundError when its file is
    not where the installer put it.
    """
    if name not in _HELPERS:
        known = ", ".join(_HELPERS) or "none"
        message = f"DISTRIBUTION has no helper {name!r} on this platform (it has: {known})"
        raise LookupError(message)
    place, file = _HELPERS[name]
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), file)
    path = _script(file) if place == "scripts" else beside
    if path is None or not os.path.isfile(path):
        message = f"the file of helper {name!r} is not installed: {path or file}"
        raise FileNotFoundError(message)
    return path


def load(name: str) -> ctypes.CDLL:
    """Return helper *name*, a library, as ctypes loads it.

    Raises what ``find`` raises, LookupError for a program, and OSError when it cannot be loaded.
    """
    import ctypes

    path = find(name)
    if _HELPERS[name][0] != "library":
        message = f"helper {name!r} of DISTRIBUTION is a program; run find({name!r})"
        raise LookupError(message)
    return ctypes.CDLL(path)


def _script(file: str) -> str | None:
    """Return the path of a helper that was installed among the scripts."""
    import shutil
    import sysconfig
    from importlib import metadata

    # The installer's own record knows the place, whatever scheme (venv, --user, --prefix) it used.
    try:
        files = metadata.files("DISTRIBUTION") or []
    except metadata.PackageNotFoundError:
        files = []
    for entry in files:
        if entry.name == file and "MODULE" not in entry.parts:
            path = os.path.abspath(str(entry.locate()))
            if os.path.isfile(path):
                return path
    # `pip install --target` moves scripts after writing the record.
    target = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    likely = [sysconfig.get_path("scripts"), os.path.join(target, "bin")]
    return shutil.which(file, path=os.pathsep.join(likely)) or shutil.which(file)
