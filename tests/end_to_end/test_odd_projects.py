"""Projects that are not like the example: odd names, other build hooks, stray files and values."""

from __future__ import annotations

import json
import os
import shutil
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Example, Ran, Venv

pytestmark = pytest.mark.slow
BUILD = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
TWO = {"HATCH_MULTIARCH_PLATFORMS": "linux/amd64 linux/arm64"}
OURS = "[tool.hatch.build.hooks.multiarch]\n"
CUSTOM = """
[tool.hatch.build.hooks.custom]
path = "hook.py"
"""
HOOK = """
from pathlib import Path
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        INITIALIZE
    def finalize(self, version, build_data, artifact):
        FINALIZE
"""


@pytest.fixture
def edit(project: Path) -> Callable[..., None]:
    """Return a function that changes the example's pyproject.toml: pairs of old and new text."""

    def edit(*pairs: tuple[str, str], more: str = "") -> None:
        pyproject = project / "pyproject.toml"
        text = pyproject.read_text()
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new, 1)
        pyproject.write_text(text + more)

    return edit


def hook(project: Path, initialize: str, finalize: str = "pass") -> None:
    source = HOOK.replace("INITIALIZE", initialize).replace("FINALIZE", finalize)
    (project / "hook.py").write_text(source)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_name_that_is_written_differently_everywhere(
    project: Path, edit: Callable[..., None], run: Callable[..., Ran]
) -> None:
    edit(
        ('name = "greeter"', 'name = "My.Fancy-Tool"'),
        ("[tool.multiarch.helpers.tone]", 'install = "scripts"\n\n[tool.multiarch.helpers.tone]'),
        (
            "[tool.hatch.build.targets.wheel]",
            "[tool.hatch.build.targets.wheel]\nstrict-naming = false",
        ),
    )
    run(*BUILD, cwd=project, **TWO)
    for path in project.glob("dist/*.whl"):
        assert path.name.startswith("My.Fancy_Tool-1.0.0-")
        names = zipfile.ZipFile(path).namelist()
        assert "_my_fancy_tool_helpers/tone" in names
        assert "My.Fancy_Tool-1.0.0.data/scripts/greet" in names
    outputs = files(project / "build/multiarch")
    assert "My.Fancy_Tool-1.0.0.json" in outputs
    assert "My.Fancy_Tool-1.0.0.oci.tar" in outputs
    run(*BUILD, "--clean-only", cwd=project)
    assert not (project / "build/multiarch").exists()


def test_data_files_go_beside_their_helper(
    project: Path, edit: Callable[..., None], run: Callable[..., Ran], venv: Venv
) -> None:
    """By hatchling's own key, in a wheel and in an editable install."""
    more = '\n[tool.hatch.build]\ndev-mode-dirs = ["src"]\n'
    more += "[tool.hatch.build.targets.wheel.force-include]\n"
    edit(more=f'{more}"helpers/greet/words" = "_greeter_helpers/greet-words"\n')
    (project / "helpers/greet/words").mkdir()
    (project / "helpers/greet/words/a.txt").write_text("hello\n")
    run(*BUILD, cwd=project, HATCH_MULTIARCH_PLATFORMS="host", HATCH_MULTIARCH_IMAGE="0")
    run(*BUILD[:-1], "wheel:editable", "-d", "editable", cwd=project)
    code = "import os, _greeter_helpers as h; d = os.path.dirname(h.find('greet')); "
    code += "print(open(d + '/greet-words/a.txt').read())"
    wheels = [*project.glob("dist/*.whl"), *project.glob("editable/*.whl")]
    assert len(wheels) == 2
    for wheel in wheels:
        venv.install("uv", "--reinstall", wheel)
        assert venv.run(venv.python, "-c", code).out == "hello\n\n"


def test_a_file_of_another_name_than_its_helper(
    project: Path, edit: Callable[..., None], run: Callable[..., Ran], venv: Venv
) -> None:
    output = 'output = "hi"\ninstall = "scripts"\n\n[tool.multiarch.helpers.tone]'
    edit(("[tool.multiarch.helpers.tone]", output))
    edit(("[tool.multiarch.image]", '[tool.multiarch.image]\nentrypoint = ["greet"]'))
    run(*BUILD, cwd=project, HATCH_MULTIARCH_PLATFORMS="linux/amd64 windows/amd64")
    [report] = project.glob("build/multiarch/*.json")
    proof = json.loads(report.read_text())["proof"]
    places = {(each["helper"], each["wheel"]["member"]) for each in proof}
    scripts = "greeter-1.0.0.data/scripts"
    assert places >= {("greet", f"{scripts}/hi"), ("greet", f"{scripts}/hi.exe")}
    assert [each["image"]["path"] for each in proof if each["image"]] == ["usr/local/bin/hi"]
    run(sys.executable, "-m", "hatch_multiarch", "verify", project)
    venv.install("uv", *project.glob("dist/*manylinux*.whl"))
    assert "hello" in venv.script("greeter").lower()
    assert venv.script("hi", "--version") == "greet 1.0.0\n"


@pytest.mark.parametrize(
    "initialize",
    ["build_data['infer_tag'] = True", "build_data['tag'] = 'cp311-cp311-linux_x86_64'"],
)
def test_a_wheel_that_another_hook_tags_is_refused(
    project: Path, edit: Callable[..., None], run: Callable[..., Ran], initialize: str
) -> None:
    """Before this hook or after it: `dist` stays as it was."""
    run(*BUILD, cwd=project, **TWO)
    before = {path.name: path.read_bytes() for path in (project / "dist").iterdir()}
    hook(project, initialize)
    edit(more=CUSTOM)
    for _ in range(2):
        said = run(*BUILD, cwd=project, code=3, **TWO).out
        assert "error: tool.hatch.build.hooks.custom: hook.py sets the wheel's tag (line 7)" in said
        after = {path.name: path.read_bytes() for path in (project / "dist").iterdir()}
        assert after == before
        if OURS in (project / "pyproject.toml").read_text():
            edit((OURS, "[tool.hatch.build.targets.wheel.hooks.multiarch]\n"))


def test_a_hook_that_tidies_up_too_early_is_named(
    project: Path, edit: Callable[..., None], run: Callable[..., Ran]
) -> None:
    edit((OURS, f"{CUSTOM}\n{OURS}"))
    generated = "Path(self.root, 'src/greeter/generated.py')"
    hook(project, f"{generated}.touch()", f"{generated}.unlink()")
    said = run(*BUILD, cwd=project, code=3, **TWO).out
    assert "only one of them contains greeter/generated.py" in said
    assert files(project / "dist") == []
    # The remedy that the message gives: this hook first.
    edit((f"{CUSTOM}\n{OURS}", f"{OURS}\n{CUSTOM}"))
    run(*BUILD, cwd=project, **TWO)
    for path in project.glob("dist/*.whl"):
        assert "greeter/generated.py" in zipfile.ZipFile(path).namelist()


def test_a_version_from_the_clock_is_one_version(
    project: Path, edit: Callable[..., None], run: Callable[..., Ran]
) -> None:
    edit(
        ('version = "1.0.0"', 'dynamic = ["version"]'),
        (
            "[tool.multiarch]",
            '[tool.hatch.version]\nsource = "code"\npath = "v.py"\n\n[tool.multiarch]',
        ),
    )
    (project / "v.py").write_text("import time\n__version__ = f'1.{time.time_ns()}'\n")
    run(*BUILD, cwd=project, **TWO)
    assert len({name.split("-")[1] for name in files(project / "dist")}) == 1


def test_native_code_that_contradicts_the_tag_is_refused(
    project: Path, run: Callable[..., Ran], example: Example
) -> None:
    """Every executable in a wheel is read, not only helpers; other systems' are data."""
    built = example.root / "build/multiarch/bin"
    shutil.copy(built / "windows-amd64/greet.exe", project / "src/greeter/launcher.exe")
    run(*BUILD, cwd=project, **TWO)
    before = files(project / "dist")
    shutil.copy(built / "linux-amd64/greet", project / "src/greeter/stray")
    said = run(*BUILD, cwd=project, code=6, **TWO).out
    assert "greeter/stray, which is not a helper, is a program for linux/amd64" in said
    assert files(project / "dist") == before


def test_keys_in_the_hooks_own_table_are_pointed_out(
    project: Path, edit: Callable[..., None], run: Callable[..., Ran]
) -> None:
    edit((OURS, f'{OURS}platforms = ["linux/amd64"]\n'))
    assert run(*BUILD, cwd=project, code=2).out == (
        "error: tool.hatch.build.hooks.multiarch.platforms: unknown key; configure the build in "
        "[tool.multiarch]\n"
    )


def test_a_date_that_is_none(project: Path, run: Callable[..., Ran]) -> None:
    said = run(*BUILD, cwd=project, code=2, SOURCE_DATE_EPOCH="today").out
    assert said == (
        "error: SOURCE_DATE_EPOCH: expected seconds since 1970, before 2108 (4354819200), found "
        "'today'\n"
    )
    assert not list((project / "dist").glob("*"))


def test_the_output_folder_is_not_that_of_the_wheels(
    project: Path, edit: Callable[..., None], run: Callable[..., Ran]
) -> None:
    edit(("[tool.multiarch]", '[tool.multiarch]\noutput = "dist"'))
    said = run(*BUILD, cwd=project, code=2).out
    assert said == "error: tool.multiarch.output: dist is the folder of the wheels\n"


def test_cleaning_leaves_what_is_the_users(
    project: Path, edit: Callable[..., None], run: Callable[..., Ran]
) -> None:
    edit(("[tool.multiarch]", '[tool.multiarch]\noutput = "tools"'))
    (project / "tools/bin").mkdir(parents=True)
    (project / "tools/bin/mine.sh").touch()
    (project / "tools/.gitignore").write_text("mine\n")
    run(*BUILD, cwd=project, **TWO)
    run(*BUILD, "--clean-only", cwd=project)
    assert files(project / "tools") == [".gitignore", "bin"]
    assert files(project / "tools/bin") == ["mine.sh"]


def test_a_folder_that_was_there_is_not_hidden_from_git(
    project: Path, edit: Callable[..., None], run: Callable[..., Ran]
) -> None:
    edit(("[tool.multiarch]", '[tool.multiarch]\noutput = "tools"'))
    (project / "tools").mkdir()
    run(*BUILD, cwd=project, **TWO)
    assert not (project / "tools/.gitignore").exists()


def test_sources_that_would_move_the_helpers_are_refused(
    project: Path, edit: Callable[..., None], run: Callable[..., Ran]
) -> None:
    edit(('packages = ["src/greeter"]', 'only-include = ["src"]\nsources = {"" = "acme"}'))
    said = run(*BUILD, cwd=project, code=3).out
    assert "sources: puts the helpers into acme/_greeter_helpers/__init__.py too" in said


def test_wheels_may_go_to_another_file_system(project: Path, run: Callable[..., Ran]) -> None:
    with_shm = os.path.isdir("/dev/shm")  # noqa: S108, PTH112 - a file system that Linux has
    folder = "/dev/shm/hatch-multiarch-test" if with_shm else str(project / "elsewhere")  # noqa: S108
    try:
        run(*BUILD, "-d", folder, cwd=project, HATCH_MULTIARCH_PLATFORMS="linux/amd64")
        assert [name[-4:] for name in os.listdir(folder)] == [".whl"]  # noqa: PTH208
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_what_the_environment_says_of_go_does_not_change_the_bytes(
    example: Example, project: Path, run: Callable[..., Ran]
) -> None:
    env = {"GOFLAGS": "-cover -race -tags=x", "GO111MODULE": "off", "GOARCH": "386", "CC": "false"}
    run(*BUILD, cwd=project, HATCH_MULTIARCH_PLATFORMS="linux/amd64", **env)
    [path] = project.glob("dist/*.whl")
    assert path.read_bytes() == example.wheel("x86_64").read_bytes()
