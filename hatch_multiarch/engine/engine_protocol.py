"""The protocol of an engine: units in, binaries out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence
    from pathlib import Path

    from hatch_multiarch.plan import Unit


@dataclass(frozen=True)
class Binary:
    """A unit, built: the file at ``path`` is final and is not touched again."""

    unit: Unit
    path: Path
    sha256: str
    size: int
    """In bytes."""
    seconds: float
    cached: bool
    """The output was up to date: nothing was compiled and nothing was linked."""
    compiler: str
    """Such as ``zig 0.17.1`` or ``none``."""
    start: float = 0.0
    """When it began, in seconds after the engine did."""
    worker: int | None = None
    """Which of the host's workers made it, from 0; None where BuildKit decides."""
    inputs: frozenset[Path] | None = None
    """The files of the project that it is made from, where the engine asked Go."""
    needs_cgo: str | None = None
    """A package in it that does not work without cgo, or empty, where the engine asked Go."""
    functions: tuple[str, ...] = ()
    """Of a library: the functions that Go exports, as its header declares them."""


class Progress(Protocol):
    """Who watches a build; called from several threads at once."""

    def started(self, unit: Unit) -> None:
        """Say that *unit* begins."""

    def finished(self, unit: Unit, seconds: float, *, cached: bool) -> None:
        """Say that *unit* is compiled, after *seconds*; *cached*: it was up to date."""

    def failed(self, unit: Unit, error: Exception) -> None:
        """Say that *unit* did not build."""

    def doing(self, what: str) -> None:
        """Say what goes on before units begin: ``linux/arm64 apt-get install ...``."""


class Engine(Protocol):
    """Where compiling happens."""

    name: str
    go: str
    """Such as ``go 1.27.3``."""

    def build(
        self, units: Sequence[Unit], progress: Progress, built: Callable[[Binary], None] = ...
    ) -> list[Binary]:
        """Build *units* concurrently; results stand in the order of *units*.

        *built* is called with each binary as soon as it is there, by several threads. Raises
        CompileError when one fails (the others are stopped) and ToolchainError when a compiler is
        missing.
        """

    def exports(self, unit: Unit) -> Mapping[str, Container[str]] | None:
        """Return library -> symbols that *unit*, which ``build`` has made, may import.

        None where others see to that. Raises ToolchainError.
        """
