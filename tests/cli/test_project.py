"""A project whose version or metadata plugin is not in the environment of the command."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest
from projects import PLAIN, write

from hatch_multiarch.cli import main
from hatch_multiarch.errors import ToolchainError
from hatch_multiarch.project import read_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

CLI = (sys.executable, "-m", "hatch_multiarch")
LACKS = "this environment doesn't have what the project needs to be built: "
STATIC = 'version = "1.0.0"\n'


def edited(root: Path, old: str, new: str) -> Path:
    """Replace *old*, which stands there once, in the pyproject.toml of *root*."""
    path = root / "pyproject.toml"
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    return root


def with_plugin(root: Path, source: str, required: str) -> Path:
    """Let the version come from the plugin *source* of the package *required*."""
    edited(root, STATIC, f'dynamic = ["version"]\n[tool.hatch.version]\nsource = "{source}"\n')
    return edited(root, '["hatchling"', f'["hatchling", "{required}"')


HOOK = 'dynamic = ["readme"]\n[tool.hatch.metadata.hooks.no-such-readme]\n'


@pytest.mark.parametrize("command", ["init", "check", "plan", "verify", "inspect", "report"])
@pytest.mark.parametrize("kind", ["version", "metadata"])
def test_the_plugin_to_install_is_named_in_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    kind: str,
) -> None:
    monkeypatch.setenv("HATCH_DATA_DIR", str(tmp_path / "hatch"))
    root = write(tmp_path / "greeter", PLAIN)
    if kind == "version":
        with_plugin(root, "no-such", "no-such-vcs>=1")
    else:
        monkeypatch.setenv("PATH", str(tmp_path))  # without Hatch, which takes its time to answer
        edited(root, STATIC, STATIC + HOOK)
        edited(root, '["hatchling"', '["hatchling", "no-such-vcs>=1"')
    if command != "init":
        assert main(["init", str(root)]) == ToolchainError.exit_code
        capsys.readouterr()
    assert main([command, str(root)]) == ToolchainError.exit_code
    said = "".join(capsys.readouterr())
    assert f"{LACKS}no-such-vcs>=1" in said
    assert 'pip install "no-such-vcs>=1"' in said
    assert "Traceback" not in said
    assert not (tmp_path / "hatch").exists(), "a question must not make an environment"


def test_after_a_build_its_report_tells_the_version(
    tmp_path: Path, run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HATCH_DATA_DIR", str(tmp_path / "hatch"))
    root = write(tmp_path / "greeter", PLAIN)
    run(*CLI, "init", root)
    platform = {"HATCH_MULTIARCH_PLATFORMS": "host"}
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=root, **platform)
    with_plugin(root, "no-such", "no-such-vcs")
    assert run(*CLI, "plan", root).out.startswith("greeter 1.0.0, compiled on")
    assert "ok: greeter 1.0.0: 1 helper" in run(*CLI, "check", root)
    assert "same bytes  ok  report: greet" in run(*CLI, "verify", root)
    assert f"{LACKS}no-such-vcs\n" in run(*CLI, "verify", "--rebuild", root, code=4)
    assert "same bytes  ok  report: greet" in run(*CLI, "verify", root / "dist")
    (report,) = root.glob("build/multiarch/*.json")
    report.write_text(report.read_text().replace('"name": "greeter"', '"name": "other"'))
    with pytest.raises(ToolchainError, match="no-such-vcs"):
        read_project(root)


@pytest.mark.slow
@pytest.mark.network
def test_hatchs_own_environment_is_asked(
    tmp_path: Path, run: Callable[..., Ran], links: dict[str, str]
) -> None:
    env = {**links, "HATCH_DATA_DIR": str(tmp_path / "hatch"), "HATCH_MULTIARCH_PLATFORMS": "host"}
    root = with_plugin(write(tmp_path / "greeter", PLAIN), "env", "hatch-vcs")
    edited(root, 'source = "env"', 'source = "vcs"\nfallback-version = "4.5.6"')
    run(*CLI, "init", root, code=4, **env)
    run(sys.executable, "-m", "hatch", "build", cwd=root, **env)
    shutil.rmtree(root / "build")  # the report, which would be asked next
    assert run(*CLI, "plan", root, **env).out.startswith("greeter 4.5.6, compiled on")
    assert "ok: greeter 4.5.6: 1 helper" in run(*CLI, "check", root, **env)
    said = run(*CLI, "verify", "--rebuild", root, **env)
    assert said.out.count(": the same bytes") == 2
    shutil.rmtree(tmp_path / "hatch")
    assert f"{LACKS}hatch-vcs" in run(*CLI, "plan", root, code=4, **env)
