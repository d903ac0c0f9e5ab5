"""What ``docker buildx build --progress=rawjson`` writes to standard error, as steps.

The records are BuildKit's ``SolveStatus`` (moby/buildkit, client/graph.go). buildx 0.13 prints each
over many lines, later ones on one line; warnings and the error at the end stand between as text.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

_KEYS = {"vertexes", "statuses", "logs", "warnings"}
_TEXT_LINES = 400
_LOG_BYTES = 1 << 16
"""How much text, and how much of the log of each step, is kept: the last of it."""

_URL_SECRET = re.compile(r"(?<=://)[^\s/?#\"']+@")
_NAME = re.compile(
    r"""
    \[
    (?: (?P<platform>[^\s\]>]+/[^\s\]>]+?) (?: ->(?P<target>[^\s\]]+) )? [ ] )?
    (?: (?P<stage>[^\s\]/]+) [ ] )?
    [ ]* \d+/\d+
    \] [ ]
    (?P<what>.*)
    """,
    re.VERBOSE | re.DOTALL,
)
"""prefixCommand and formatTargetPlatform in BuildKit's frontend/dockerfile/dockerfile2llb."""

_INTERNAL = re.compile(r"\[(?:\S+ )?(?:internal|auth)\] ")
"""Of these the user wrote nothing. buildx puts a node's name before the word when it boots more
than one (util/progress/multiwriter.go)."""

_CANCELED = re.compile(r"context canceled(: context canceled)*$|: canceled$")
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True)
class Step:
    """One step of a build, as it stands."""

    id: str
    """BuildKit's digest of the step; the same one is reported again when it goes on."""
    name: str
    """The instruction, as ``RUN go build``, or BuildKit's words for a step of its own."""
    stage: str
    """Name of the stage of the Dockerfile; empty for steps of BuildKit's own."""
    platform: str
    """What the step makes: the target of a step that cross-compiles, else where it runs. Empty
    for steps of BuildKit's own."""
    runs_as: str = ""
    """The platform as which it runs; empty as above, or where its name does not say."""
    seconds: float | None = None
    """How long it took; None while it runs."""
    cached: bool = False
    error: str = ""


@dataclass
class _Vertex:
    step: Step
    internal: bool
    began: float | None = None
    log: bytearray = field(default_factory=bytearray)


class Decoder:
    """Takes the lines one by one and tells BuildKit's records from text."""

    def __init__(self) -> None:
        self.text: deque[str] = deque(maxlen=_TEXT_LINES)
        """Lines that are no record, without newlines."""
        self._open: list[str] = []

    def feed(self, line: str) -> dict[str, Any] | None:
        """Take a line; return the record that it completes, if it does."""
        line = line.rstrip("\r\n")
        if not self._open and line != "{":
            return self._record(line)
        # encoding/json escapes newlines and indents all but the braces of the record itself.
        if line in {"{", "}"} or line.startswith(" "):
            self._open.append(line)
        else:
            self.text.append(line)
        if line != "}":
            return None
        whole, self._open = "\n".join(self._open), []
        return self._record(whole)

    def _record(self, text: str) -> dict[str, Any] | None:
        if text.startswith("{"):
            try:
                record = json.loads(text)
            except ValueError:
                pass
            else:
                if record.keys() <= _KEYS:
                    return dict(record)
        self.text.extend(text.split("\n"))
        return None


class Tracker:
    """Follows the steps of one build."""

    def __init__(self, platform: str = "") -> None:
        """Take *platform* for steps whose names say none: those of a single-platform build."""
        self._platform = platform
        self._vertexes: dict[str, _Vertex] = {}

    def named(self, record: dict[str, Any]) -> list[Step]:
        """Take the names in a record; return the steps that are new.

        BuildKit names all steps of a plan before it runs any (solver/jobs.go).
        """
        new = []
        for each in record.get("vertexes") or ():
            digest = each.get("digest", "")
            if digest not in self._vertexes:
                known = self._vertexes[digest] = self._vertex(each)
                if not known.internal:
                    new.append(known.step)
        return new

    def update(self, record: dict[str, Any]) -> list[Step]:
        """Take a record; return the steps that began, ended or failed by it."""
        changed = []
        self.named(record)
        for each in record.get("vertexes") or ():
            known = self._vertexes[each.get("digest", "")]
            before = known.step if known.began is not None else None
            _advance(known, each)
            if known.began is not None and known.step != before and not known.internal:
                changed.append(known.step)
        for each in record.get("logs") or ():
            if vertex := self._vertexes.get(each.get("vertex", "")):
                vertex.log += _decoded(each.get("data") or "")
                del vertex.log[:-_LOG_BYTES]
        return changed

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps that ran, in the order in which BuildKit named them."""
        found = self._vertexes.values()
        return tuple(each.step for each in found if each.began is not None and not each.internal)

    @property
    def running(self) -> tuple[Step, ...]:
        """The steps that have begun and not ended, or only because the build was cut off."""
        return tuple(s for s in self.steps if s.seconds is None or _CANCELED.search(s.error))

    @property
    def failed(self) -> Step | None:
        """The step that made the build fail, also an internal one; not those it took along."""
        steps = [each.step for each in self._vertexes.values() if each.step.error]
        return next((step for step in steps if not _CANCELED.search(step.error)), None)

    def lines(self, step: Step) -> list[str]:
        """Return what *step* said last, without colours and rewritten progress lines."""
        text = bytes(self._vertexes[step.id].log).decode("utf-8", errors="replace")
        return [plain(line) for line in text.replace("\r\n", "\n").split("\n") if plain(line)]

    def _vertex(self, record: dict[str, Any]) -> _Vertex:
        digest, name = record.get("digest", ""), record.get("name", "")
        match = _NAME.match(name)
        if match is None:
            step = Step(digest, masked(name), stage="", platform="")
        else:
            platform = _made(match["platform"] or self._platform, match["target"])
            what, stage, runs_as = masked(match["what"]), match["stage"], match["platform"]
            step = Step(digest, what, stage or "", platform, runs_as or "")
        return _Vertex(step, internal=_INTERNAL.match(name) is not None)


def masked(text: str) -> str:
    """Return *text* without the user names and passwords in its URLs."""
    return _URL_SECRET.sub("***@", text)


def plain(line: str) -> str:
    """Return what a terminal would show of *line* at last, without colours, at most 400 wide."""
    shown = re.sub(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|[@-Z\\-_])", "", line).rstrip().split("\r")[-1]
    return "".join(char if char.isprintable() or char == "\t" else "?" for char in shown)[:400]


def _made(platform: str, target: str | None) -> str:
    """Return the platform that ``linux/amd64->arm64`` is for: the OS is said only if it differs."""
    if not target:
        return platform
    system = platform.partition("/")[0]
    says_system = target.count("/") and not re.fullmatch(r"v\d.*", target.partition("/")[2])
    return target if says_system else f"{system}/{target}"


def _advance(vertex: _Vertex, record: dict[str, Any]) -> None:
    """Bring *vertex* up to *record*. BuildKit starts some steps again: the first start counts."""
    started, ended, error = (record.get(key) for key in ("started", "completed", "error"))
    if not (started or error):
        return
    if vertex.began is None:
        vertex.began = _seconds(started or ended or "")
    seconds = 0.0 if error else None
    if ended:
        seconds = max(0.0, _seconds(ended) - vertex.began)
    vertex.step = replace(
        vertex.step,
        seconds=seconds,
        cached=bool(record.get("cached")),
        error=masked(error or ""),
    )


def _seconds(time: str) -> float:
    """Return seconds since 1970 of a time as Go writes it, in nanoseconds."""
    match = _TIME.fullmatch(time)
    if match is None:
        return 0.0
    zone = "+00:00" if match[3] == "Z" else match[3]
    return datetime.fromisoformat(match[1] + zone).timestamp() + float(match[2] or 0)


def _decoded(data: str) -> bytes:
    try:
        return base64.b64decode(data)
    except binascii.Error:
        return b""
