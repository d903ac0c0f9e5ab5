"""`hatch-multiarch licenses`: the license files of the modules that are compiled in."""

from __future__ import annotations

import json
import sys
import zipfile
from email import message_from_string
from typing import TYPE_CHECKING

from go_proxy import serve
from projects import PLAIN, write

from hatch_multiarch.toolchain import find_go

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

CLI = (sys.executable, "-m", "hatch_multiarch", "licenses")
MAIN = """package main

import (
	"example.com/bare"
	"example.com/words/sub"
)

func main() { println(sub.Word, bare.Word) }
"""
WORDS = {
    "LICENSE": "you may\n",
    "sub/NOTICE.md": "by us\n",
    "sub/a.go": 'package sub\n\nconst Word = "a"\n',
    "other/COPYING": "not compiled in\n",
    "other/a.go": "package other\n",
}
FOLDER = "third-party-licenses"
FILES = [f"{FOLDER}/example.com+words/{name}" for name in ("LICENSE", "sub+NOTICE.md")]
TABLES = """
[tool.hatch.build.hooks.multiarch]

[tool.multiarch.helpers.greet]
"""


def test_they_go_into_the_wheel(tmp_path: Path, run: Callable[..., Ran]) -> None:
    proxy, module = tmp_path / "proxy", "module example.com/greet\n\ngo 1.21\n\nrequire (\n"
    serve(proxy, "example.com/words", "v1.0.0", WORDS)
    bare = {"a.go": 'package bare\n\nconst Word = "b"\n'}
    serve(proxy, "example.com/bare", "v1.0.0", bare)
    env = {"GOMODCACHE": str(tmp_path / "cache"), "GOPROXY": proxy.as_uri(), "GOSUMDB": "off"}
    env |= {"GOFLAGS": "-modcacherw", "HATCH_MULTIARCH_PLATFORMS": "linux/amd64 windows/amd64"}
    module += "\texample.com/bare v1.0.0\n\texample.com/words v1.0.0\n)\n"
    pyproject = PLAIN["pyproject.toml"].replace('"hatchling"', '"hatchling", "hatch-multiarch"')
    helper = {"helpers/greet/go.mod": module, "helpers/greet/main.go": MAIN}
    root = write(tmp_path / "p", {**PLAIN, **helper, "pyproject.toml": pyproject + TABLES})
    go = find_go("", "1.21")
    run(go.path, "mod", "tidy", cwd=root / "helpers/greet", **env)

    said = run(*CLI, "--check", root, code=1, **env).out
    assert f"missing or changed: {FILES[0]}\n" in said
    assert not (root / FOLDER).exists()
    told = json.loads(run(*CLI, "--json", root, **env).out)
    assert [each for each in told["files"] if "/go/" not in each] == FILES
    assert "example.com/bare" in told["without"]
    assert not told["shipped"]
    assert (root / FILES[1]).read_text() == "by us\n"
    assert 'next: in [project], license-files = ["LICEN' in run(*CLI, "--check", root, **env).out
    extra = write(root, {f"{FOLDER}/old/LICENSE": ""})
    assert f"remove it: {FOLDER}/old/LICENSE" in run(*CLI, "--check", root, code=1, **env).out
    (extra / f"{FOLDER}/old/LICENSE").unlink()

    text = pyproject.replace("[project]", f'[project]\nlicense-files = ["{FOLDER}/*/*"]')
    (root / "pyproject.toml").write_text(text + TABLES)
    assert "next:" not in run(*CLI, "--check", root, **env).out
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=root, **env)
    wheels = list(root.glob("dist/*.whl"))
    assert len(wheels) == 2
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            [about] = [each for each in archive.namelist() if each.endswith("/METADATA")]
            named = message_from_string(archive.read(about).decode()).get_all("License-File")
            held = about.replace("METADATA", "licenses/")
            there = [name[len(held) :] for name in archive.namelist() if name.startswith(held)]
        assert sorted(named or []) == sorted(there) == sorted(told["files"])

    # From a vendor folder, without a cache.
    run(go.path, "mod", "vendor", cwd=root / "helpers/greet", **env)
    env |= {"GOPROXY": "off", "GOMODCACHE": str(tmp_path / "empty")}
    assert run(*CLI, "--check", root, **env).out.startswith("warning: example.com/bare has no")
