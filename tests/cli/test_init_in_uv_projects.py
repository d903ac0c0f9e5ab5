"""`hatch-multiarch init` in a project of uv: `uv sync` builds again when a Go file has changed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from projects import GO, PLAIN, PYPROJECT, write
from support import clean_env

from hatch_multiarch.init import configured, find_programs, read_target

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

KEYS = """cache-keys = [{ file = "pyproject.toml" }, { file = "helpers/greet/go.mod" }, \
{ file = "helpers/greet/go.sum" }, { file = "helpers/greet/**/*.go" }, \
{ file = "helpers/greet/**/*.[ch]" }]
"""


@pytest.mark.parametrize(
    ("more", "lock", "expected"),
    [
        ("", False, 0),
        ("", True, 1),
        ("[tool.uv]\ndev-dependencies = []\n", False, 1),
        ("[tool.uv]\ncache-keys = []\n", True, 0),
        ("tool.uv = 3\n", True, 0),
    ],
)
def test_the_keys_are_written_once(tmp_path: Path, more: str, lock: bool, expected: int) -> None:
    before = PYPROJECT + more if more.startswith("[") else more + PYPROJECT
    root = write(tmp_path / "greeter", {**PLAIN, "pyproject.toml": before})
    if lock:
        (root / "uv.lock").write_text("version = 1\n")
    text = configured(read_target(root, {}), find_programs(root, {}), image=False)
    assert text.count(KEYS) == expected
    assert "".join(line for line in text.splitlines(keepends=True) if line in before)


def test_a_package_of_a_workspace_has_the_lock_of_its_root(tmp_path: Path) -> None:
    root = write(tmp_path / "packages/greeter", PLAIN)
    (tmp_path / "uv.lock").write_text("version = 1\n")
    assert KEYS in configured(read_target(root, {}), find_programs(root, {}), image=False)


@pytest.mark.slow
@pytest.mark.network
def test_uv_sync_builds_again_after_a_change(
    tmp_path: Path, run: Callable[..., Ran], links: dict[str, str]
) -> None:
    root = write(tmp_path / "greeter", {**PLAIN, "pyproject.toml": PYPROJECT + "[tool.uv]\n"})
    run(sys.executable, "-m", "hatch_multiarch", "init", root)
    env = {**clean_env(**links), "UV_CACHE_DIR": str(tmp_path / "cache")}
    main = root / "helpers/greet/main.go"
    for word in ("hello", "goodbye"):
        main.write_text(GO.replace("hello", word))
        run("uv", "sync", "--quiet", cwd=root, **env)
        program = "import _greeter_helpers as h, subprocess; subprocess.run([h.find('greet')])"
        assert word in run(root / ".venv/bin/python", "-c", program).out
