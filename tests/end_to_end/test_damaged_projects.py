"""Whatever is broken in a project, `check`, `plan` and `build` end in a line, not in a traceback.

HATCH_MULTIARCH_DAMAGED=200 tries that many projects instead of a few.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import random
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from support import clean_env

from hatch_multiarch.cli import main
from hatch_multiarch.errors import exit_codes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TRIED = int(os.environ.get("HATCH_MULTIARCH_DAMAGED", "12"))
BUILT = 4
"""One of so many is built, too, unless all are asked for."""
DOCUMENT: dict[str, Any] = {
    "build-system": {
        "requires": ["hatchling", "hatch-multiarch"],
        "build-backend": "hatchling.build",
    },
    "project": {
        "name": "greeter",
        "version": "1.0.0",
        "readme": "README.md",
        "license-files": ["LICENSE"],
        "requires-python": ">=3.10",
        "dependencies": ["packaging>=21"],
        "optional-dependencies": {"fast": ["idna"]},
        "scripts": {"greeter": "greeter:main"},
        "urls": {"Home": "https://example.com"},
    },
    "tool": {
        "hatch": {
            "build": {
                "exclude": ["*.bak"],
                "targets": {
                    "sdist": {"include": ["/greeter", "/go"]},
                    "wheel": {
                        "packages": ["greeter"],
                        "force-include": {"data/a.txt": "greeter/a.txt"},
                        "hooks": {"multiarch": {}},
                    },
                },
            }
        },
        "multiarch": {
            "platforms": ["linux/amd64", "linux/arm64"],
            "helpers": {"greet": {"source": "go", "ldflags": ["-X main.version={version}"]}},
            "image": {"tags": ["{version}"], "labels": {"a.b": "c"}, "outputs": ["oci"]},
            "overrides": [{"platforms": "linux/arm64", "helpers": {"greet": {"tags": ["x"]}}}],
        },
    },
}
FILES = {
    "README.md": "# Greeter\n",
    "LICENSE": "MIT\n",
    ".gitignore": "/build/\n/dist/\n",
    "greeter/__init__.py": "def main(): ...\n",
    "data/a.txt": "a\n",
    "go/go.mod": "module example.com/greet\n\ngo 1.21\n",
    "go/main.go": "package main\n\nvar version string\n\nfunc main() { println(version) }\n",
}
OTHERS = ("hatch.toml", "go/go.sum", "go/vendor", "go.work", "build", "build/multiarch", "dist")
VALUES: list[Any] = [
    None,
    "",
    " ",
    "\n",
    "é\u202e",
    "a" * 300,
    "../../etc",
    "/etc/passwd",
    "{version}{}{0.x}",
    "{",
    "linux/amd64",
    "*",
    "--help",
    0,
    -1,
    10**30,
    1.5,
    float("nan"),
    True,
    [],
    [[]],
    ["", 1, {}],
    {},
    {"": ""},
    {"a": {"b": {"c": []}}},
    {"multiarch": 1},
]
ENVIRON = {
    "SOURCE_DATE_EPOCH": ["", "x", "99999999999", "1"],
    "HATCH_MULTIARCH_PLATFORMS": ["", "all", "host", "linux/none", "linux/arm64"],
    "HATCH_MULTIARCH_IMAGE": ["0", "2", ""],
    "HATCH_MULTIARCH_ENGINE": ["none", "host"],
    "HATCH_MULTIARCH_SKIP": ["1", "x"],
    "XDG_CACHE_HOME": ["/dev/null", "/proc/none", "relative", ""],
    "TMPDIR": ["/dev/null", "/nowhere"],
    "HOME": ["/dev/null", "/nowhere", ""],
    "PATH": ["", "/nowhere"],
    "GOFLAGS": ["-mod=none", "-x y", "'"],
    "GOCACHE": ["/dev/null", "relative", "off"],
    "GOPROXY": ["off", "x"],
    "LANG": ["C", "tr_TR.UTF-8"],
    "PYTHONIOENCODING": ["ascii", "latin-1"],
    "DOCKER_HOST": ["tcp://", "x"],
    "COLUMNS": ["0", "x", "1"],
}


def toml(value: Any) -> str:
    """Return *value* as TOML writes it inside a line."""
    if isinstance(value, dict):
        rows = (f"{json.dumps(str(key))} = {toml(each)}" for key, each in value.items())
        return f"{{{', '.join(rows)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if value != value:  # noqa: PLR0124 - the one number that differs from itself
        return "nan"
    return json.dumps(value)


def spots(tree: Any) -> Iterator[tuple[Any, Any]]:
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in list(pairs):
        yield tree, key
        if isinstance(value, dict | list):
            yield from spots(value)


def damage_document(chance: random.Random) -> str:
    tree = copy.deepcopy(DOCUMENT)
    for _ in range(chance.randint(0, 2)):
        inside, key = chance.choice(list(spots(tree)))
        value = chance.choice(VALUES)
        if value is None:
            del inside[key]
        elif chance.random() < 0.2 and isinstance(inside, dict):
            inside[str(value)[:50]] = inside.pop(key)
        elif chance.random() < 0.3 and isinstance(inside[key], list):
            inside[key].append(value)
        else:
            inside[key] = value
    return "".join(f"{json.dumps(key)} = {toml(value)}\n" for key, value in tree.items())


def damage_file(chance: random.Random, path: Path) -> str:
    """Damage what is at *path*, if anything is; return what was done."""
    data = path.read_bytes() if path.is_file() else b"x = 1\n"
    at = chance.randrange(len(data) + 1)
    kinds: dict[str, Callable[[], Any]] = {
        "empty": lambda: path.write_bytes(b""),
        "cut": lambda: path.write_bytes(data[:at]),
        "flipped": lambda: path.write_bytes(
            data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        ),
        "noise": lambda: path.write_bytes(chance.randbytes(500)),
        "NUL": lambda: path.write_bytes(data[:at] + b"\0" + data[at:]),
        "BOM": lambda: path.write_bytes(b"\xef\xbb\xbf" + data),
        "UTF-16": lambda: path.write_bytes(data.decode("utf-8", "replace").encode("utf-16")),
        "CRLF": lambda: path.write_bytes(data.replace(b"\n", b"\r\n")),
        "long": lambda: path.write_bytes(data + b"[" * 100_000),
        "folder": path.mkdir,
        "loop": lambda: path.symlink_to(path.name),
        "dangling": lambda: path.symlink_to("/nowhere/at/all"),
        "device": lambda: path.symlink_to("/dev/null"),
        "gone": lambda: None,
    }
    kind = chance.choice(list(kinds))
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    kinds[kind]()
    return kind


def damaged(root: Path, seed: int) -> tuple[dict[str, str], str]:
    """Write a damaged project into *root*; return its environment, and what was done."""
    chance = random.Random(seed)  # noqa: S311 - the same for a seed
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "pyproject.toml").write_text(damage_document(chance), "utf-8")
    done = []
    for _ in range(chance.choice([0, 1, 1, 2])):
        name = chance.choice(["pyproject.toml", *FILES, *OTHERS])
        with contextlib.suppress(OSError):  # what was damaged first is in the way
            done.append(f"{name}: {damage_file(chance, root / name)}")
    env = {}
    for _ in range(chance.choice([0, 0, 1])):
        name = chance.choice(list(ENVIRON))
        env[name] = chance.choice(ENVIRON[name])
    return env, f"{done} {env}"


def acceptable(code: int, said: str) -> None:
    assert "Traceback" not in said
    assert code == 0 or code in exit_codes()
    if code:
        assert "error: " in said
        assert max(map(len, said.splitlines())) < 3000


@pytest.mark.parametrize("seed", range(TRIED))
def test_a_damaged_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    root = tmp_path / "project"
    root.mkdir()
    env, done = damaged(root, seed)
    print(
        done,
        (root / "pyproject.toml").read_bytes()[:3000]
        if (root / "pyproject.toml").is_file()
        else "",
    )
    before = {each for each in root.rglob("*") if not each.is_dir()}
    with monkeypatch.context() as patch:
        patch.chdir(root)
        for name in [each for each in os.environ if each.startswith(("HATCH_", "SOURCE_"))]:
            patch.delenv(name)
        for name, value in {"HATCH_MULTIARCH_ENGINE": "host", **env}.items():
            patch.setenv(name, value)
        for command in ("check", "plan"):
            said = io.StringIO()
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                code = main([command])
            if command == "check" and code:
                assert said.getvalue()
            else:
                acceptable(code, said.getvalue())
    assert {each for each in root.rglob("*") if not each.is_dir()} == before
    if TRIED < 100 and seed % BUILT:
        return
    words = [sys.executable, "-m", "hatch_multiarch", "build", "-t", "wheel"]
    built = subprocess.run(
        words, cwd=root, env=clean_env(**env), capture_output=True, timeout=300, check=False
    )
    said_all = (built.stdout + built.stderr).decode("utf-8", "replace")
    print(said_all)
    acceptable(built.returncode, said_all)
    if built.returncode and (root / "dist").is_dir():
        assert not list((root / "dist").glob("*.whl"))
