"""What runs before anything is compiled: once, as argument lists, and not where an sdist is."""

from __future__ import annotations

import io
import json
import os
import re
import sys
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from hatch_multiarch.config import read_table
from hatch_multiarch.errors import MultiarchError
from hatch_multiarch.pipeline.run_before import run_before
from hatch_multiarch.plan import Switches
from hatch_multiarch.plan.before import before_commands
from hatch_multiarch.report.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

SAY = "import os, shutil, sys; print(os.getcwd(), os.getenv('GOOS'), shutil.which('go'), sys.argv)"
SAY = f"import sys; sys.stdout = open({{!r}}, 'a'); {SAY}"
HOSTILE = "$(touch canary) `touch canary` ; touch canary | 'q' \"d\" {version} \n x"


def module(root: Path) -> None:
    for name in ("greet", "tone"):
        (root / "helpers" / name).mkdir(parents=True)
        (root / "helpers" / name / "go.mod").write_text("module x\n\ngo 1.21\n")


def first(root: Path, table: dict[str, Any], **env: str) -> list[tuple[str, str]]:
    config = read_table({"helpers": {"greet": {}}, **table})
    switches = Switches.read(env)
    commands = before_commands(root, config, switches)
    console = Console(io.StringIO())
    ran = run_before(root, config, commands, {**os.environ, "GOOS": "plan9"}, console)
    # Once in a process, which may make an sdist and wheels.
    assert run_before(root, config, commands, {}, console) == ran
    return [(each.key.removeprefix("tool.multiarch."), each.folder) for each in ran]


def test_the_projects_comes_first_and_nothing_is_a_shell(tmp_path: Path) -> None:
    module(tmp_path)
    log = tmp_path / "log"
    say = [sys.executable, "-c", SAY.format(str(log)), HOSTILE]
    helpers = {"greet": {"before": [say, [*say, "2"]]}, "tone": {"source": "helpers/greet"}}
    helpers["tone"]["before"] = say  # the same as greet's
    assert first(tmp_path, {"before": say, "helpers": helpers}) == [
        ("before", "."),
        ("helpers.greet.before", "helpers/greet"),
        ("helpers.greet.before", "helpers/greet"),
    ]
    lines = log.read_text().splitlines()
    assert [each.split()[0] for each in lines] == [
        str(tmp_path),
        *2 * [str(tmp_path / "helpers/greet")],
    ]
    assert all(re.search(r" None \S+/go \['-c', ", each) for each in lines)
    assert [
        each.endswith(f"{['-c', HOSTILE, *more]}")
        for each, more in zip(lines, ([], [], ["2"]), strict=True)
    ]
    assert not list(tmp_path.rglob("canary"))


def test_an_sdist_has_what_they_made_already(tmp_path: Path) -> None:
    module(tmp_path)
    config = read_table({"helpers": {"greet": {}}, "before": ["make"]})

    def count(**env: str) -> int:
        return len(before_commands(tmp_path, config, Switches.read(env)))

    assert (count(), count(HATCH_MULTIARCH_BEFORE="0")) == (1, 0)
    (tmp_path / "PKG-INFO").touch()
    assert (count(), count(HATCH_MULTIARCH_BEFORE="1")) == (0, 1)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["no-such-program"], 3, "there is no program 'no-such-program' on PATH\n  hint: it is a "),
        (["./gen.sh"], 3, "there is no program './gen.sh' in greet\n"),
        (
            [sys.executable, "-c", "import sys; print(1); sys.exit('the reason')"],
            5,
            "failed with exit code 1\n1\nthe reason",
        ),
        (["go", "vet", "-nope"], 5, "go vet -nope failed with exit code 2\nflag provided but "),
    ],
)
def test_a_failure_is_named_by_its_key(
    tmp_path: Path, words: list[str], code: int, says: str
) -> None:
    module(tmp_path)
    with pytest.raises(MultiarchError) as caught:
        first(tmp_path, {"helpers": {"greet": {"before": words}}})
    assert str(caught.value).startswith("tool.multiarch.helpers.greet.before: ")
    assert says in str(caught.value)
    assert caught.value.exit_code == code


PYPROJECT = """\
[build-system]
requires = ["hatchling", "hatch-multiarch"]
build-backend = "hatchling.build"

[project]
name = "carrier"
version = "1.0"

[tool.hatch.build]
dev-mode-dirs = ["."]

[tool.hatch.build.targets.wheel.hooks.multiarch]

[tool.hatch.build.targets.sdist]
artifacts = ["/helpers/greet/text.go"]
HOOK
[tool.multiarch.helpers.greet]
before = ["go", "generate", "./..."]
"""
GENERATE = """\
package main

import "os"

func main() {
	_ = os.WriteFile("text.go", []byte("package main\\n\\nconst text = `made`\\n"), 0o644)
	log, _ := os.OpenFile("../../log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	_, _ = log.WriteString("ran\\n")
}
"""
DIRECTIVE = "package main\n\n//go:generate go run -trimpath ./gen\n"
FILES = {
    "carrier/__init__.py": "",
    ".gitignore": "/log\ntext.go\nbuild/\n",
    "helpers/greet/go.mod": "module example.com/greet\n\ngo 1.21\n",
    "helpers/greet/main.go": f"{DIRECTIVE}\nfunc main() {{ println(text) }}\n",
    "helpers/greet/gen/main.go": GENERATE,
}


@pytest.mark.slow
def test_go_generate(tmp_path: Path, run: Callable[..., Ran]) -> None:
    """By our command, hatchling's, as an editable install, and from the sdist."""
    root = tmp_path / "project"
    for name, text in {**FILES, "pyproject.toml": PYPROJECT.replace("HOOK", "")}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)

    def build(folder: Path, *words: str, **env: str) -> int:
        """Return how often it ran; the target in the environment is not that of `go run`."""
        (folder / "log").unlink(missing_ok=True)
        env = {"HATCH_MULTIARCH_PLATFORMS": "linux/arm64", "GOOS": "windows", **env}
        said = run(sys.executable, "-m", *words, cwd=folder, **env).out
        ran = "Running go generate ./..." in said
        assert ran == (folder / "log").is_file()
        return (folder / "log").read_text().count("ran") if ran else 0

    plan = run(sys.executable, "-m", "hatch_multiarch", "plan", cwd=root).out
    assert "before\n  go generate ./...  in helpers/greet\n" in plan
    assert build(root, "hatch_multiarch", "build") == 1
    [report] = (root / "build/multiarch").glob("*.json")
    [ran] = json.loads(report.read_text())["before"]
    assert (ran["command"], ran["folder"]) == (["go", "generate", "./..."], "helpers/greet")
    with tarfile.open(root / "dist/carrier-1.0.tar.gz") as tar:
        safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        tar.extractall(tmp_path, **safe)  # noqa: S202 - ours, just made
    aside = tmp_path / "carrier-1.0"
    assert build(aside, "hatchling", "build", "-t", "wheel") == 0
    assert build(aside, "hatchling", "build", "-t", "wheel", HATCH_MULTIARCH_BEFORE="1") == 1
    (root / "helpers/greet/text.go").unlink()
    hook = PYPROJECT.replace("HOOK", "hooks.multiarch = {}\n")
    (root / "pyproject.toml").write_text(hook)
    assert build(root, "hatchling", "build") == 1
    assert build(root, "hatchling", "build", "-t", "wheel:editable") == 1
