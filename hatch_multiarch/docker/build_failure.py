"""Turns the output of a failed buildx build into one error."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

from hatch_multiarch.docker.known_errors import ADVICE_IN_STEP, CAUSES, IN_STEP
from hatch_multiarch.docker.rawjson import masked, plain
from hatch_multiarch.errors import CompileError, EngineError, MultiarchError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from hatch_multiarch.docker.rawjson import Step, Tracker

_LINES = 40
"""How many lines of the failed step are shown, the last ones."""

_EXCERPT = 3
"""How many lines of the instruction that failed are shown."""

_EXIT = re.compile(r"did not complete successfully: exit code: (\d+)")
_KILLED_STEP = "137"
_PROCESS = re.compile(r'process "(?:[^"\\]|\\.)*" ')
"""The whole script of a RUN, quoted as Go does (%q), in front of what went wrong."""

_QUERY = re.compile(r"""(?<=\w)\?[^\s"']{40,}(?=["'])""")
"""Of a URL, such as the state of an upload: what went wrong stands behind it, maybe too far."""

_RULER = re.compile(r"-{5,}")
_PREFIXES = re.compile(
    r"^(ERROR: |failed to (build|solve|receive status): |rpc error: code = \w+ desc = )+"
)
_NOISE = re.compile(r"View build details: |time=\"|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ")


def failure(
    tracker: Tracker, text: Sequence[str], code: int, *, secrets: Iterable[Path] = ()
) -> MultiarchError:
    """Return the error for a build that ended with *code* (negative: a signal).

    *text* is what buildx wrote beside its records. CompileError for a step of the Dockerfile that
    failed, EngineError for docker, builders, registries. Neither shows what stands in *secrets*.
    """
    step = tracker.failed
    place, excerpt = _place(text)
    ended = _EXIT.search(step.error) if step else None
    if step and ended:
        error = _of_step(step, ended[1], tracker.lines(step), place, excerpt)
    else:
        running = () if step else tracker.running
        error = _of_engine(_reason(text, step), running, code, place, excerpt)
    hide = _hiding(secrets)
    return type(error)(hide(masked(error.message)), advice=error.advice)


def _of_step(
    step: Step, code: str, lines: list[str], place: str, excerpt: list[str]
) -> MultiarchError:
    """Return the error of a step that ended with exit *code*."""
    shown = "\n".join(["", *excerpt, *lines[-_LINES:]])
    said = "\n".join(lines)
    what = f"{_who(step)} failed with exit code {code}" + (f" at {place}" if place else "")
    for cause in IN_STEP:
        if re.search(cause.pattern, said):
            return EngineError(f"{cause.says}: {what}{shown}", advice=cause.advice)
    advice = next((text for pattern, text in ADVICE_IN_STEP if re.search(pattern, said)), "")
    if code == _KILLED_STEP and not advice:
        advice = "exit code 137 means that it was killed, for lack of memory: give the builder more"
    return CompileError(what + shown, advice=advice)


def _of_engine(
    reason: str, running: Sequence[Step], code: int, place: str, excerpt: list[str]
) -> MultiarchError:
    """Return the error of a build that no step of it made fail by its exit code."""
    during = f" while {_who(running[-1])} ran" if running else ""
    if code < 0 or not reason:
        how = (
            f"was killed ({_signal(code)})"
            if code < 0
            else f"ended without an error message (code {code})"
        )
        return EngineError(
            f"docker buildx {how}{during}",
            advice="check what stopped it (a time limit, too little memory?) and build again",
        )
    shown = _PREFIXES.sub("", reason)
    for cause in CAUSES:
        if re.search(cause.pattern, reason, re.DOTALL):
            return EngineError(f"{cause.says}{during}: {shown}", advice=cause.advice)
    if place:
        return CompileError("\n".join([f"{place}: {shown}", *excerpt]))
    return EngineError(f"docker buildx failed{during}: {shown}")


def _who(step: Step) -> str:
    """Return the words for *step*: its platform, stage and the first line of its instruction."""
    where = ", stage ".join(filter(None, [step.platform, step.stage]))
    name = re.sub(r" --mount=\S+", "", plain(step.name.split("\n", 1)[0]))
    if len(name) > (longest := 120):
        name = f"{name[:longest]}..."
    return f"`{name}`" + (f" ({where})" if where else "")


def _reason(text: Sequence[str], step: Step | None) -> str:
    """Return buildx's last word, or else the error of the failed *step*."""
    lines = [plain(_QUERY.sub("", _PROCESS.sub("a process ", line))) for line in text]
    lines = [line for line in lines if line.strip() and not _NOISE.match(line)]
    starts = [at for at, line in enumerate(lines) if line.startswith("ERROR: ")]
    last = lines[starts[-1] :] if starts else lines[-1:]
    return "\n".join(last[:_LINES]) or (step.error if step else "")


def _place(text: Sequence[str]) -> tuple[str, list[str]]:
    """Return the last place in the Dockerfile that *text* shows, ``Dockerfile:12``, and its lines.

    Source.Print of BuildKit's solver/errdefs writes it: the place, a ruler, numbered lines with
    those that count marked by >>>, a ruler.
    """
    place = ""
    marked: list[str] = []
    for at in range(len(text) - 1):
        if re.fullmatch(r".+:\d+", text[at]) and _RULER.fullmatch(text[at + 1]):
            place, marked = text[at], []
            for line in text[at + 2 :]:
                if _RULER.fullmatch(line):
                    break
                if re.match(r" *\d+ \| >>> ", line):
                    marked.append(plain(line))
    if len(marked) > _EXCERPT:
        # A heredoc is marked whole; its end is no nearer to what went wrong than its beginning.
        marked = [*marked[:_EXCERPT], f"    ... ({len(marked) - _EXCERPT} more lines)"]
    return place, marked


def _signal(code: int) -> str:
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _hiding(secrets: Iterable[Path]) -> _Hider:
    words: set[str] = set()
    for path in secrets:
        try:
            lines = path.read_text("utf-8", errors="replace").splitlines()
        except OSError:
            continue
        for line in lines:
            # In a netrc only what follows these words is secret; a host's name may be shown.
            found = re.findall(r"\b(?:password|account|login)\s+(\S+)", line)
            words |= set(found or [line.strip()])
    return _Hider(words)


class _Hider:
    """Replaces words that nobody may see."""

    def __init__(self, words: set[str]) -> None:
        # Of shorter ones a text is full by chance.
        self._words = sorted((word for word in words if len(word) >= 4), key=len, reverse=True)  # noqa: PLR2004

    def __call__(self, text: str) -> str:
        for word in self._words:
            text = text.replace(word, "***")
        return text
