"""zig as the C compiler: from the distribution ``ziglang``, else the machine's."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from hatch_multiarch import process
from hatch_multiarch.errors import ToolchainError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.metadata import Distribution


@dataclass(frozen=True)
class Zig:
    """One installed zig; its folder goes onto PATH, so that it is called by its bare name."""

    path: Path
    version: Version
    wheel: Distribution | None = field(default=None, repr=False, compare=False)
    """The distribution ``ziglang`` that it belongs to; None for the machine's."""

    def __str__(self) -> str:
        return f"zig {self.version}"


def find_zig(wanted: str) -> Zig:
    """Return a zig within *wanted*, a PEP 440 specifier (``tool.multiarch.toolchain.zig``).

    Raises ToolchainError.
    """
    packaged = _ziglang()
    if packaged is not None and satisfies(packaged.version, wanted):
        return packaged
    machine = machine_zig(wanted)
    if machine is not None:
        return machine
    seen = [f"ziglang {packaged.version}"] if packaged else []
    seen.extend(f"{zig} at {zig.path}" for zig in _on_path())
    raise ToolchainError(
        f"tool.multiarch.toolchain.zig: no zig {wanted or 'of any version'}; "
        f"found {' and '.join(seen) or 'none'}",
        advice=f'install it: pip install "ziglang{wanted}"',
    )


def machine_zig(wanted: str) -> Zig | None:
    """Return the first zig on PATH within *wanted*; one that a wheel brought does not count."""
    return next((zig for zig in _on_path() if satisfies(zig.version, wanted)), None)


def satisfies(version: Version, wanted: str) -> bool:
    """Tell whether a zig *version* is within *wanted*."""
    return SpecifierSet(wanted).contains(version, prereleases=True)


def _on_path() -> Iterator[Zig]:
    for folder in dict.fromkeys(os.environ.get("PATH", "").split(os.pathsep)):
        found = shutil.which("zig", path=folder) if folder else None
        if found is None:
            continue
        path = Path(found)
        wheel = any(path.resolve().parent.parent.glob("ziglang-*.dist-info"))
        version = None if wheel else _version(path)
        if version is not None:
            yield Zig(path, version)


def _version(path: Path) -> Version | None:
    try:
        # A nightly says 0.18.0-dev.123+0a1b2c3: PEP 440 reads that once the hyphen is a dot.
        return Version(process.run([path, "version"], timeout=60).out.strip().replace("-", "."))
    except (OSError, InvalidVersion):
        return None


def _ziglang() -> Zig | None:
    try:
        dist = distribution("ziglang")
    except PackageNotFoundError:
        return None
    path = Path(str(dist.locate_file("ziglang"))) / (
        "zig.exe" if sys.platform == "win32" else "zig"
    )
    return Zig(path, Version(dist.version), dist) if path.is_file() else None
