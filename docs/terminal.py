"""Draw terminal.svg: a real `hatchling build` of the example in an 80-column terminal.

python docs/terminal.py      (Unix; needs what the tests need, and pyte)
"""

from __future__ import annotations

import io
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

import pyte
from rich.console import Console
from rich.text import Text

HERE = Path(__file__).parent
COLUMNS, ROWS = 80, 48


def main() -> None:
    """Build a copy of the example and draw what it said."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "greeter")
        ignore = shutil.ignore_patterns("dist", "build", ".nox")
        shutil.copytree(HERE.parent / "example_project", project, ignore=ignore)
        said = build(project)
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text("$ hatch build", style="bold"))
    for line in screen(said):
        console.print(line, soft_wrap=True)
    svg = console.export_svg(title="hatch build")
    # rich's template names a font on a server; pictures here load nothing.
    svg = re.sub(r"@font-face \{.*?\}\n", "", svg, flags=re.DOTALL)
    (HERE / "terminal.svg").write_text(svg, encoding="utf-8")


def screen(said: str) -> list[Text]:
    """Return what stands on the terminal in the end, as a terminal emulator shows it."""
    emulator = pyte.Screen(COLUMNS, ROWS)
    pyte.Stream(emulator).feed(said)
    lines = []
    for number in range(emulator.cursor.y):
        row = emulator.buffer[number]
        line = Text()
        for column in range(COLUMNS):
            cell = row[column]
            color = "" if cell.fg == "default" else cell.fg.replace("brown", "yellow")
            line.append(cell.data, f"{'bold ' * cell.bold}{color}".strip())
        line.rstrip()
        lines.append(line)
    return lines


def build(project: Path) -> str:
    """Return what `hatchling build` writes to a terminal of its own."""
    ours, theirs = pty.openpty()
    ioctl(theirs, TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
    process = subprocess.Popen(
        [sys.executable, "-m", "hatchling", "build"],
        cwd=project,
        env=env,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            block = os.read(ours, 65536)
        except OSError:  # how Linux says that the other side is closed
            break
        if not block:
            break
        said += block
    if process.wait():
        sys.exit(said.decode())
    return said.decode()


if __name__ == "__main__":
    main()
