"""Walk a page of the documentation as its reader does: write its files, run its commands.

What counts is in the fences, and in comments before them, which no reader sees:

    ```toml title="pyproject.toml"          a file, written whole
    ```toml title="more of pyproject.toml"  its tables join the file; their keys replace those there
    ```console                              `$ command`, and lines that its output must hold in this
                                            order; `...` stands for anything
    <!-- test: not run: REASON -->          the next block cannot run in the tests
    <!-- test: after PAGE -->               the page goes on from the files that PAGE writes
    <!-- test: continues PAGE -->           the same, and its commands run before
    <!-- test: needs engine -->             the whole page needs a Docker engine
    <!-- test: needs containerd store -->   and docker's containerd image store
    <!-- test: needs git -->                git
    <!-- test: env NAME=VALUE -->           a variable of the commands
    <!-- test: replace TEXT => TEXT -->     what stands for something that the tests have elsewhere

Words in braces of the last two, such as `{registry}`, are fields of the engine.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from support import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCS = REPOSITORY / "docs"
PART = re.compile(
    r"^<!-- test: (?P<say>.+?) -->$"
    r"|^```(?P<kind>[\w-]+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
MORE = "more of "
NOT_RUN = "not run: "


@dataclass
class Block:
    """A fence of a page."""

    kind: str
    """Its language."""
    title: str
    """The file that it is, or empty."""
    text: str
    not_run: str
    """Why the tests cannot run it, or empty."""


@dataclass
class Page:
    """A page, taken apart."""

    name: str
    """Below docs/."""
    blocks: list[Block] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    continues: list[str] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    replace: dict[str, str] = field(default_factory=dict)


def read_page(name: str) -> Page:
    """Take the page *name* of docs/ apart; a comment that is none of ours fails."""
    page = Page(name)
    why = ""
    for match in PART.finditer((DOCS / name).read_text("utf-8")):
        if match["say"] is None:
            page.blocks.append(Block(match["kind"], match["title"] or "", match["text"], why))
            why = ""
        elif match["say"].startswith(NOT_RUN):
            why = match["say"].removeprefix(NOT_RUN)
        else:
            word, _, rest = match["say"].partition(" ")
            _declare(page, word, rest)
    return page


def _declare(page: Page, word: str, rest: str) -> None:
    if word in ("after", "continues", "needs"):
        getattr(page, word).append(rest)
    elif word == "env":
        name, _, value = rest.partition("=")
        page.env[name] = value
    elif word == "replace":
        old, _, new = rest.partition(" => ")
        page.replace[old] = new.replace("\\n", "\n")
    else:
        raise AssertionError(f"{page.name}: <!-- test: {word} {rest} -->")


@dataclass
class Walk:
    """A reader in a folder of their own, with a shell that keeps its folder and variables."""

    folder: Path
    env: dict[str, str]
    fields: dict[str, str]
    """What words in braces stand for."""

    def go(self, page: Page) -> int:
        """Do all that *page* says and return how many commands ran."""
        for name in page.after:
            self._files(read_page(name))
        for name in page.continues:
            self.go(read_page(name))
        count = 0
        for block in page.blocks:
            if block.not_run:
                continue
            text = self._filled(page, block.text)
            if block.title:
                self._write(block.title, text)
            elif block.kind == "console":
                for command, shown in _commands(text):
                    self._run(page, command, shown)
                    count += 1
        return count

    def _files(self, page: Page) -> None:
        for name in page.after + page.continues:
            self._files(read_page(name))
        for block in page.blocks:
            if block.title and not block.not_run:
                self._write(block.title, self._filled(page, block.text))

    def _filled(self, page: Page, text: str) -> str:
        for old, new in page.replace.items():
            text = text.replace(old, new.format(**self.fields))
        return text

    def _write(self, title: str, text: str) -> None:
        path = self.folder / title.removeprefix(MORE)
        path.parent.mkdir(parents=True, exist_ok=True)
        if title.startswith(MORE):
            text = joined(path.read_text("utf-8"), text)
        path.write_text(text, "utf-8")

    def _run(self, page: Page, command: str, shown: list[str]) -> None:
        state = self.folder.parent / "state"
        script = f"{command}\ncode=$?\n{{ export -p; printf 'cd %q\\n' \"$PWD\"; }} > '{state}'\n"
        if state.exists():
            script = f". '{state}'\n{script}"
        env = {**self.env, **{k: v.format(**self.fields) for k, v in page.env.items()}}
        done = subprocess.run(
            ["bash", "-c", f"{script}exit $code"],
            cwd=self.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        said = f"{page.name}: $ {command}\n{done.stdout}"
        assert done.returncode == 0, f"exit code {done.returncode}\n{said}"
        missing = first_missing(shown, done.stdout)
        assert missing is None, f"the page shows: {missing}\n{said}"


def joined(text: str, more: str) -> str:
    """Return the TOML *text* with the tables of *more*; keys of one line, as the pages write."""
    for part in re.split(r"^(?=\[)", more, flags=re.MULTILINE):
        header, _, keys = part.partition("\n")
        header = header.partition("#")[0].strip()
        if not header.startswith("["):
            continue
        found = re.search(rf"^{re.escape(header)}.*\n", text, re.MULTILINE)
        if found is None or header.startswith("[["):
            text = f"{text}\n{part}"
            continue
        start, rest = text[: found.end()], text[found.end() :]
        own, cut, after = rest.partition("\n[")
        for name in re.findall(r"^([\w-]+) *=", keys, re.MULTILINE):
            own = re.sub(rf"^{name} *=.*\n?", "", own, flags=re.MULTILINE)
        text = f"{start}{keys.rstrip()}\n{own}{cut}{after}"
    return text


def _commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each command, which may go on after a backslash, and the lines shown below it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = part.rstrip("\n").split("\n")
        size = next(i for i, line in enumerate(lines, 1) if not line.endswith("\\"))
        yield "\n".join(lines[:size]), lines[size:]


def first_missing(shown: list[str], said: str) -> str | None:
    """Return the first line of *shown* that *said* does not hold after those before it."""
    said = re.sub(r"[ \t]+", " ", said)
    at = 0
    for line in filter(None, (line.strip() for line in shown)):
        pieces = [re.escape(re.sub(r"[ \t]+", " ", each)) for each in line.split("...")]
        found = re.compile(r"[^\n]*".join(pieces)).search(said, at)
        if found is None:
            return line
        at = found.end()
    return None
