"""Reading the source of build hooks, in the shapes that projects have."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

from hatch_multiarch.pipeline.hook_source import read_source

if TYPE_CHECKING:
    from pathlib import Path

WHEEL = 'if self.target_name != "wheel":\n    return\n'
TAG = 'build_data["tag"] = f"py3-none-{platform()}"\n'
ALWAYS = [
    TAG,
    'build_data["infer_tag"] = True\n',
    "build_data['tag'] = self._tag()\n",
    "build_data.update(tag=tag())\n",
    'build_data.update({"pure_python": False, "tag": tag()})\n',
    'build_data |= {"infer_tag": True}\n',
    'build_data.setdefault("tag", tag())\n',
    WHEEL + TAG,
    'if "wheel" == self.target_name:\n    ' + TAG,
    'if self.target_name == "sdist" or version == "editable":\n    return\n' + TAG,
    'if not (self.target_name == "wheel"):\n    return\n' + TAG,
    'if self.target_name == "sdist":\n    pass\nelse:\n    ' + TAG,
    "with step():\n    " + TAG,
    "try:\n    " + TAG + "finally:\n    pass\n",
    "if no_compiler():\n    raise RuntimeError\n" + TAG,
]
MAYBE = [
    'if os.environ.get("BUILD") != "1":\n    return\n' + TAG,
    "if binary.exists():\n    " + TAG,
    'if version == "editable" or os.environ.get("SKIP"):\n    return\n' + TAG,
    "if native:\n    " + TAG + 'else:\n    build_data["tag"] = "py3-none-any"\n',
    "for each in extensions:\n    " + TAG,
    'if self.config.get("native"):\n    if self.target_name == "wheel":\n        ' + TAG,
]
NEVER = [
    'build_data["tag"] = "py3-none-any"\n',
    'build_data["infer_tag"] = False\n',
    'build_data["pure_python"] = False\n',
    'release["tag"] = "v1"\n',
    "self.options.update(tag=1)\n",
    'print("tag", True)\n',
]


def hook(tmp_path: Path, body: str, more: str = "") -> Path:
    path = tmp_path / "hook.py"
    head = "class Hook:\n    def initialize(self, version, build_data):\n"
    path.write_text(head + textwrap.indent(body, " " * 8) + more)
    return path


@pytest.mark.parametrize(
    ("bodies", "always"), [(ALWAYS, True), (MAYBE, False), (NEVER, None)], ids=["yes", "may", "no"]
)
def test_a_tag_is_set_always_or_perhaps(
    tmp_path: Path, bodies: list[str], always: bool | None
) -> None:
    for body in bodies:
        found = read_source(hook(tmp_path, body))
        expected = (bool(always), always is not None)
        assert (found.always, found.tag > 0) == expected, body


def test_a_method_that_is_called_may_set_it(tmp_path: Path) -> None:
    more = "\n    def _wheel(self, build_data):\n        " + TAG
    found = read_source(hook(tmp_path, WHEEL + "self._wheel(build_data)\n", more))
    assert (found.tag, found.always) == (8, False)


GO = [
    'subprocess.run(["go", "build", "-o", "pkg/bin/greet.exe", "."], check=True)\n',
    'cmd = [str(go_binary), "build", f"-o={out}", "cmd/greet"]\n',
    'run((shutil.which("go"), "build", "greet"))\n',
    'self._run(gocmd, "build", "greet")\n',
    'os.system("go build -o greet .")\n',
]
NO_GO = [
    '"""Runs what go build left: greet."""\n',
    'subprocess.run(["cargo", "build", "greet"])\n',
    'subprocess.run([cargo, "build", "greet"])\n',
    'subprocess.run(["go", "generate", "greet"])\n',
    'subprocess.run([sys.executable, "-m", "build", "greet"])\n',
]


def test_go_builds(tmp_path: Path) -> None:
    lines = {body: read_source(hook(tmp_path, body)).go for body in (*GO, *NO_GO)}
    assert lines == {**dict.fromkeys(GO, 3), **dict.fromkeys(NO_GO, 0)}
    assert all("greet" in read_source(hook(tmp_path, body)).words for body in GO)


def test_what_is_no_python_is_an_error(tmp_path: Path) -> None:
    with pytest.raises((SyntaxError, ValueError)):
        read_source(hook(tmp_path, "def\0"))
