"""What a newcomer types, and sees: init, hatch build, verify and nox -s images, on three projects.

The transcripts are kept in newcomer.txt; times, sizes and what pip says of itself are left out.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from projects import PLAIN, TUNER, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Ran

pytestmark = [pytest.mark.slow, pytest.mark.network]

NOXFILE = {"noxfile.py": "from hatch_multiarch.sessions import register\n\nregister()\n"}
PROJECTS = {
    "plain": ({**PLAIN, **NOXFILE}, "."),
    "src-cgo": ({**TUNER, **NOXFILE}, "."),
    "workspace": (
        {
            "pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n',
            **{f"packages/a/{name}": text for name, text in {**PLAIN, **NOXFILE}.items()},
            **{f"packages/b/{name}": text for name, text in TUNER.items()},
        },
        "packages/a",
    ),
}
TYPED = {
    "hatch-multiarch init --image": ["hatch_multiarch", "init", "--image"],
    "hatch build": ["hatch", "build"],
    "hatch-multiarch verify": ["hatch_multiarch", "verify"],
    "nox -s images": ["nox", "-s", "images"],
}
LEFT_OUT = re.compile(
    r"(?:Creating environment|Checking|Syncing|Inspecting|nox > Creating|─|\S+ \S+ \.\.\.).*\n"
)
VARIES = (
    (r"successful in .*", "successful"),
    (r"compiled on this machine.*", "compiled on this machine"),  # by which Go, and whose
    (r"\d+(?:\.\d+)? (?:min|ms|s)\b(?: \d+ s)?", "TIME"),
    (r"\d\.\d MB", "SIZE"),
    (r"nox > \S+ (?:-m )?pip", "nox > pip"),
    (r"sha256 [0-9a-f]{12}\.{3}", "sha256 DIGEST"),
)
STORED = Path(__file__).with_name("newcomer.txt")


def transcript(root: Path, run: Callable[..., Ran], env: dict[str, str]) -> str:
    """Return what is typed and seen, without what differs from run to run."""
    text = ""
    for typed, words in TYPED.items():
        said = run(sys.executable, "-m", *words, cwd=root, COLUMNS="100", **env).out
        for pattern, word in VARIES:
            said = re.sub(pattern, word, said)
        said = re.sub(r" +$", "", LEFT_OUT.sub("", said), flags=re.MULTILINE)
        text += f"$ {typed}\n{re.sub(r'  +', '  ', said).strip()}\n\n"
    return text


@pytest.mark.parametrize("name", PROJECTS)
def test_what_a_newcomer_types_and_sees(
    tmp_path: Path, run: Callable[..., Ran], links: dict[str, str], name: str
) -> None:
    files, folder = PROJECTS[name]
    root = write(tmp_path / "project", files) / folder
    # For two platforms: what the others compile takes minutes, and prints the same.
    switches = {"HATCH_MULTIARCH_PLATFORMS": "linux/amd64 linux/arm64"}
    if name != "plain":  # pip takes a hundred times as long to install Hatch
        switches["NOX_DEFAULT_VENV_BACKEND"] = "uv"
    env = {**links, **switches, "DOCKER_HOST": f"unix://{tmp_path}/none", "DOCKER_CONTEXT": ""}
    parts = re.split(r"^==== (\S+)\n", STORED.read_text("utf-8"), flags=re.MULTILINE)
    stored = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert transcript(root, run, env) == stored[name]
