"""The console: its streams, its terminal's abilities, and its messages."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, TextIO

from hatch_multiarch.report.console.formatting import CHECK, fold, tame, took
from hatch_multiarch.report.console.summary_table import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from hatch_multiarch.engine.engine_protocol import Progress
    from hatch_multiarch.plan import Unit
    from hatch_multiarch.report.report_model import Report

NO = ("", "0", "false")
"""Values of CI and GITHUB_ACTIONS that mean no."""


class Console:
    """Speaks on *stream* (standard error); ``verbosity`` below 0 leaves only errors.

    On a terminal the units move; elsewhere each is one line when it is done. NO_COLOR,
    FORCE_COLOR, TERM=dumb and COLUMNS are honoured; CI keeps the animation out of logs, and
    GITHUB_ACTIONS folds the lines into a group. No text is ever read as markup.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        verbosity: int = 0,
        env: Mapping[str, str] | None = None,
    ) -> None:
        # Commands that say nothing through a console import this package for its words.
        from rich import console, text  # noqa: PLC0415 - 20 ms, see above

        env = os.environ if env is None else env
        stream = sys.stderr if stream is None else stream
        self._quiet = verbosity < 0
        self._groups = env.get("GITHUB_ACTIONS", "").lower() not in NO
        ci = self._groups or env.get("CI", "").lower() not in NO
        self._tty = stream.isatty()
        self._moves = self._tty and env.get("TERM") != "dumb" and not ci
        self._encoding = stream.encoding or "utf-8"
        self._symbols = tame(CHECK, self._encoding) == CHECK
        # In no columns rich would print nothing.
        sizes = [name for name in ("COLUMNS", "LINES") if not env.get(name, "").strip("0")]
        known = {name: value for name, value in env.items() if name not in sizes}
        self._rich = console.Console(
            file=stream, markup=False, emoji=False, highlight=False, _environ=known
        )
        self._text = text.Text

    @contextmanager
    def build(self, units: Sequence[Unit], title: str = "") -> Iterator[Progress]:
        """Show *units* being built, under *title*, for as long as the block runs."""
        compiled = any(unit.compiler != "prebuilt" for unit in units)
        number = f"Compiling {len(units)} helper" if compiled else f"Taking {len(units)} prebuilt"
        title = title or f"{number} binar{'y' if len(units) == 1 else 'ies'}"
        if self._quiet or not units:
            yield Silent()
        elif self._moves:
            from hatch_multiarch.report.console.moving import Moving  # noqa: PLC0415 - imports rich

            with Moving(self._rich, units, title, symbols=self._symbols) as progress:
                yield progress
        else:
            self._say(f"::group::{title}" if self._groups else title)
            try:
                yield Lines(self._say)
            finally:
                if self._groups:
                    self._say("::endgroup::")

    @contextmanager
    def task(self, title: str) -> Iterator[Callable[[str], None]]:
        """Show one thing being done, and what is given to the function that this returns.

        On a terminal that is a line which moves; elsewhere just the title, once.
        """
        if self._quiet or not self._moves:
            if not self._quiet:
                self._say(title)
            yield lambda _: None
            return
        from hatch_multiarch.report.console.moving import task  # noqa: PLC0415 - imports rich

        with task(self._rich, title, symbols=self._symbols) as show:
            yield lambda what: show(tame(f"{title}: {what}", self._encoding))

    def summary(
        self, report: Report, base: Path, file: Path | None = None, *, within: Path | None = None
    ) -> None:
        """Print the table of *report*, then where its image and the report itself (*file*) are.

        ``base`` is the project's folder; paths in it are shown relative to it. A project of a
        workspace is named, and paths are shown relative to the folder *within* which it is.
        """
        if self._quiet:
            return
        if within is not None:
            self._say("")
            self._say("", label=f"{report.project.name} {report.project.version}", style="bold")
        if report.units:
            head, *rows = table(report, self._rich.width if self._tty else 0)
            self._say("")
            self._say("", label=head, style="bold")
            for row in rows:
                self._say(row)
        shown_from = within or base
        outputs = report.image.outputs if report.image else ()
        lines = [("image", _shown(base / output.path, shown_from)) for output in outputs]
        published = report.image.published if report.image else ()
        lines += [("pushed", each.reference) for each in published if each.type == "registry"]
        if file is not None:
            lines.append(("report", _shown(file, shown_from)))
        self._places(lines)

    def report(self, file: Path, base: Path) -> None:
        """Print where the report of a workspace is, relative to *base*."""
        if not self._quiet:
            self._places([("report", _shown(file, base))])

    def _places(self, lines: Sequence[tuple[str, str]]) -> None:
        if lines:
            self._say("")
        for kind, shown in lines:
            self._say(f"{kind:<8}{shown}")

    def note(self, text: str) -> None:
        """Say what was decided for the user."""
        if not self._quiet:
            self._say(text, label="note", style="cyan")

    def warn(self, text: str) -> None:
        """Say what is likely not meant."""
        if not self._quiet:
            self._say(text, label="warning", style="yellow")

    def error(self, error: Exception) -> None:
        """Say why the build stopped and what to do about it; also when quiet."""
        self._say(str(error), label="error", style="bold red")

    def _say(self, text: str, *, label: str = "", style: str = "") -> None:
        """Print *text* as it is, a *style* d label before it and its later lines indented.

        A terminal would break long lines within words: there they are folded between them.
        """
        before = f"{label}: " if label and text else label
        said = before + tame(text, self._encoding).replace("\n", "\n  ")
        if self._tty:
            said = "\n".join(fold(line, self._rich.width) for line in said.split("\n"))
        shown = self._text(said)
        shown.stylize(style, 0, len(before))
        self._rich.print(shown, soft_wrap=True)


def _shown(path: Path, base: Path) -> str:
    """Return *path* relative to *base* where it is below that."""
    return (path.relative_to(base) if path.is_relative_to(base) else path).as_posix()


class Silent:
    """Nobody watches."""

    def started(self, unit: Unit) -> None:
        """Say nothing."""

    def finished(self, unit: Unit, seconds: float, *, cached: bool) -> None:
        """Say nothing."""

    def failed(self, unit: Unit, error: Exception) -> None:
        """Say nothing: the error itself is on its way."""

    def doing(self, what: str) -> None:
        """Say nothing."""


class Lines:
    """One line for each unit when it is done, in the order in which they finish."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._lock = Lock()

    def started(self, unit: Unit) -> None:
        """Say nothing: a log holds what happened."""

    def finished(self, unit: Unit, seconds: float, *, cached: bool) -> None:
        """Say how long it took."""
        self._line(unit, took(seconds, cached=cached))

    def failed(self, unit: Unit, error: Exception) -> None:  # noqa: ARG002 - it is on its way
        """Say which one it is."""
        self._line(unit, "failed")

    def doing(self, what: str) -> None:
        """Say nothing, as of what starts."""

    def _line(self, unit: Unit, state: str) -> None:
        with self._lock:
            self._say(f"{unit.id} ... {state}")
