"""Live progress in a terminal: the state of every unit, or of one task."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, final

from rich.console import Group
from rich.live import Live
from rich.spinner import Spinner
from rich.status import Status
from rich.table import Table
from rich.text import Text

from hatch_multiarch.report.console.formatting import CHECK, duration, took

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from rich.console import Console as Rich
    from rich.console import RenderableType

    from hatch_multiarch.plan import Unit

FRAMES = 8
"""Redrawn this often, per second."""
MARGIN = 4
"""Lines of the terminal that are not for units: title, count, prompt and one to spare."""


@contextmanager
def task(rich: Rich, title: str, *, symbols: bool) -> Iterator[Callable[[str], None]]:
    """Show *title* for as long as the block runs, or the last text given to the function."""
    with Status(Text(title), console=rich, spinner=_spinner(symbols=symbols)) as status:
        yield lambda text: status.update(Text(text))


@final
class Moving:
    """Every unit with what it is doing; gone when all are done, left standing after a failure."""

    def __init__(self, rich: Rich, units: Sequence[Unit], title: str, *, symbols: bool) -> None:
        self._rich = rich
        self._units = {unit.id: unit for unit in units}
        self._title = title
        self._done_mark, self._failed_mark = (CHECK, "✗") if symbols else ("*", "x")
        self._spinner = Spinner(_spinner(symbols=symbols), style="cyan")
        self._began: dict[str, float] = {}
        self._done: dict[str, str] = {}
        self._failed: set[str] = set()
        self._doing = ""
        self._lock = Lock()
        self._live = Live(
            console=rich,
            get_renderable=self._view,
            refresh_per_second=FRAMES,
            transient=True,
            # Standard output is not ours, and who else writes to standard error may do so.
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Moving:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.transient = error is None
        self._live.stop()

    def started(self, unit: Unit) -> None:
        """Let its clock run."""
        with self._lock:
            self._began[unit.id] = monotonic()

    def finished(self, unit: Unit, seconds: float, *, cached: bool) -> None:
        """Stop its clock."""
        with self._lock:
            self._done[unit.id] = took(seconds, cached=cached)

    def failed(self, unit: Unit, error: Exception) -> None:  # noqa: ARG002 - it is on its way
        """Mark it."""
        with self._lock:
            self._failed.add(unit.id)

    def doing(self, what: str) -> None:
        """Show it below the units, until the next one."""
        with self._lock:
            self._doing = what.partition("\n")[0]

    def _view(self) -> RenderableType:

        with self._lock:
            rows = Table.grid(padding=(0, 2))
            rows.add_column(width=1)
            rows.add_column(no_wrap=True)
            rows.add_column(no_wrap=True)
            rows.add_column(no_wrap=True, justify="right")
            for name in self._shown():
                unit = self._units[name]
                mark, state = self._state(name)
                rows.add_row(mark, Text(unit.shown), Text(unit.platform.name), state)
            count = f"{len(self._done)} of {len(self._units)} done"
            if self._doing and len(self._done) < len(self._units):
                count = f"{count}; {self._doing}"
            below = Text(count, style="dim", no_wrap=True, overflow="ellipsis")
            return Group(Text(self._title, style="bold"), rows, below)

    def _shown(self) -> list[str]:
        """Return the units that fit: those that run or failed first, then the rest of the plan."""
        room = max(1, self._rich.height - MARGIN)
        names = list(self._units)
        by_weight = sorted(names, key=lambda name: (name not in self._failed, not self._runs(name)))
        kept = set(by_weight[:room])
        return [name for name in names if name in kept]

    def _runs(self, name: str) -> bool:
        return name in self._began and name not in self._done and name not in self._failed

    def _state(self, name: str) -> tuple[RenderableType, RenderableType]:

        if name in self._failed:
            return Text(self._failed_mark, style="bold red"), Text("failed", style="bold red")
        if name in self._done:
            return Text(self._done_mark, style="green"), Text(self._done[name], style="dim")
        if name in self._began:
            return self._spinner, Text(duration(monotonic() - self._began[name]))
        return Text(""), Text("waiting", style="dim")


def _spinner(*, symbols: bool) -> str:
    """Return the name of rich's spinner, of Braille or of ASCII."""
    return "dots" if symbols else "line"
