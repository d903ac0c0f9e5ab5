"""Where the helper programs of DISTRIBUTION are; written by hatch-multiarch at build time.

from MODULE import find
subprocess.run([find("NAME")], check=True)
"""

from __future__ import annotations

import os

_HELPERS: dict[str, tuple[str, str]] = {}


def names() -> tuple[str, ...]:
    """Return the names of the helpers that exist on this platform."""
    return tuple(_HELPERS)


def find(name: str) -> str:
    """Return the absolute path of helper *name*, ready for subprocess.run.

    Raises LookupError when this platform has no such helper, FileNotFoundError when its file is
    not where the installer put it.
    """
    if name not in _HELPERS:
        known = ", ".join(_HELPERS) or "none"
        message = f"DISTRIBUTION has no helper {name!r} on this platform (it has: {known})"
        raise LookupError(message)
    place, file = _HELPERS[name]
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), file)
    path = beside if place == "package" else _script(file)
    if path is None or not os.path.isfile(path):
        message = f"the program of helper {name!r} is not installed: {path or file}"
        raise FileNotFoundError(message)
    return path


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
