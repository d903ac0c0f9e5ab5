"""`hatch-multiarch ci`: files that GitHub's and GitLab's own rules take, whatever the config."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from go_programs import compiled
from hypothesis import given, settings
from hypothesis import strategies as st

from hatch_multiarch.ci import pipeline_file, read_pipeline
from hatch_multiarch.ci import yaml as ours
from hatch_multiarch.cli import main
from hatch_multiarch.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Ran

FILES = {"github": ".github/workflows/multiarch.yml", "gitlab": ".gitlab-ci.yml"}
SCHEMAS = {"github": "vendor.github-workflows", "gitlab": "vendor.gitlab-ci"}
EXAMPLE = """\
[project]
name = "greeter"
version = "1"
readme = "README.md"
[tool.multiarch]
platforms = ["linux/amd64", "linux/arm64", "darwin/arm64", "windows/amd64"]
[tool.multiarch.helpers.greet]
"""
CGO = EXAMPLE + 'cgo = true\ncompiler = { "darwin/*" = "xcrun clang" }\n'
GHCR = '[tool.multiarch.image]\nname = "ghcr.io/team/greeter"\n'
OTHER = '[tool.multiarch.image]\nname = "registry.example.com:5000/team/greeter"\n'
HUB = '[tool.multiarch.image]\nname = "team/greeter"\n'
LOCAL = '[tool.multiarch.image]\noutputs = ["local"]\n'
PROJECTS = {
    "plain": EXAMPLE,
    "ghcr": EXAMPLE + GHCR,
    "other": CGO + OTHER,
    "hub": CGO + HUB,
    "local": EXAMPLE + LOCAL,
    "computed": EXAMPLE.replace('version = "1"', 'dynamic = ["version"]') + GHCR,
}
UGLY = 'an "x": $(touch pwned) `id` ${{ secrets.X }} $CI_X # *y é\U0001f600'


def written(folder: Path, kind: str, text: str) -> dict[Any, Any]:
    (folder / "pyproject.toml").write_text(text, "utf-8")
    assert main(["ci", kind, str(folder)]) == 0
    data = yaml.safe_load((folder / FILES[kind]).read_text("utf-8"))
    assert isinstance(data, dict)
    return data


def hostile(folder: Path, kind: str) -> dict[Any, Any]:
    text = EXAMPLE.replace("[tool.multiarch]", f"[tool.multiarch]\noutput = '{UGLY}'") + GHCR
    return written(folder, kind, text.replace('"greeter"', "'x: ${{ github.token }}'"))


KEYS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,20}", fullmatch=True).filter(
    lambda key: key != "on"
)
VALUES = st.recursive(
    st.text() | st.booleans() | st.integers() | st.sampled_from(["yes", "1e3", "~", "- a", UGLY]),
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
)


@given(st.dictionaries(KEYS, VALUES, min_size=1))
@settings(max_examples=40, deadline=None)
def test_a_yaml_reader_reads_what_was_written(document: dict[str, Any]) -> None:
    assert yaml.safe_load(ours.dump(document)) == document


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("text", PROJECTS.values(), ids=PROJECTS)
def test_the_schema_of_who_runs_it_takes_it(
    tmp_path: Path, run: Callable[..., Ran], kind: str, text: str
) -> None:
    written(tmp_path, kind, text)
    check = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", SCHEMAS[kind])
    run(*check, tmp_path / FILES[kind])


@pytest.mark.slow
@pytest.mark.network
def test_actionlint_and_zizmor_find_nothing(tmp_path: Path, run: Callable[..., Ran]) -> None:
    """The first also reads scripts, where shellcheck is there; the second looks for holes."""
    found = []
    for name, text in PROJECTS.items():
        (tmp_path / name).mkdir()
        written(tmp_path / name, "github", text)
        found.append(tmp_path / name / FILES["github"])
    (tmp_path / "hostile").mkdir()
    hostile(tmp_path / "hostile", "github")
    found.append(tmp_path / "hostile" / FILES["github"])
    source = "github.com/rhysd/actionlint/cmd/actionlint"
    actionlint = compiled("actionlint", "v1.7.12", source, minimum="1.25.0") / "actionlint"
    run(actionlint, *found)
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    zizmor = shutil.which("zizmor", path=places)
    assert zizmor
    said = run(zizmor, "--offline", *found)
    assert "No findings to report" in said


@pytest.mark.parametrize("kind", FILES)
def test_words_of_the_config_never_stand_in_a_script(tmp_path: Path, kind: str) -> None:
    data = hostile(tmp_path, kind)
    jobs = data["jobs"] if kind == "github" else data
    if kind == "gitlab":
        assert jobs["build"]["variables"]["OUTPUT"] == {"value": UGLY, "expand": False}
        jobs["build"]["variables"].pop("OUTPUT")
    else:
        [keep] = [step for step in jobs["build"]["steps"] if step.get("env")]
        # What GitHub makes of it: each expression here is a text that stands for itself.
        assert re.sub(r"\$\{\{ '(.*?)' \}\}", r"\1", keep["env"].pop("OUTPUT")) == UGLY
    rest = yaml.safe_dump(data)
    for part in ("pwned", "secrets.X", "CI_X", "x: $"):
        assert part not in rest


def test_rights_are_given_where_they_are_used(tmp_path: Path) -> None:
    jobs = written(tmp_path, "github", EXAMPLE + GHCR)["jobs"]
    assert {name: job["permissions"] for name, job in jobs.items()} == {
        "build": {"contents": "read"},
        "publish": {"id-token": "write"},
        "push-image": {"packages": "write"},
    }
    assert jobs["publish"]["environment"] == "pypi"
    assert "secrets" not in (tmp_path / FILES["github"]).read_text("utf-8")
    other = written(tmp_path, "github", EXAMPLE + OTHER)["jobs"]["push-image"]
    assert (other["permissions"], other["environment"]) == ({}, "registry")
    assert "${{ secrets.REGISTRY_PASSWORD }}" in str(other)
    for name in ("publish", "push-image"):
        assert jobs[name]["if"] == "github.event_name == 'push' && github.ref_type == 'tag'"


def test_every_action_is_a_commit_with_its_version(tmp_path: Path) -> None:
    written(tmp_path, "github", CGO + OTHER)
    uses = re.findall(r"uses: (.*)", (tmp_path / FILES["github"]).read_text("utf-8"))
    assert len(uses) == 11
    for each in uses:
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)


@pytest.mark.parametrize("kind", FILES)
def test_a_mac_builds_only_what_needs_one(tmp_path: Path, kind: str) -> None:
    assert "macos" not in str(written(tmp_path, kind, EXAMPLE))
    text = str(written(tmp_path, kind, CGO))
    assert "'HATCH_MULTIARCH_PLATFORMS': 'linux/amd64 linux/arm64 windows/amd64'" in text
    assert "'HATCH_MULTIARCH_PLATFORMS': 'darwin/arm64'" in text
    both = CGO.replace('"darwin/arm64"', '"darwin/universal2"')
    assert "'HATCH_MULTIARCH_PLATFORMS': 'darwin/universal2'" in str(written(tmp_path, kind, both))
    own = 'compiler = { "darwin/*" = "my-clang" }\n'
    assert "macos" not in str(written(tmp_path, kind, EXAMPLE + "cgo = true\n" + own))


@pytest.mark.parametrize("kind", FILES)
def test_only_what_we_wrote_is_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    path = tmp_path / FILES[kind]
    command = ["ci", kind, str(tmp_path)]
    (tmp_path / "pyproject.toml").write_text(EXAMPLE, "utf-8")
    assert main([*command, "--check"]) == 1
    assert not path.exists()
    written(tmp_path, kind, EXAMPLE)
    assert main([*command, "--check"]) == 0
    written(tmp_path, kind, CGO)  # another config: the old file was ours
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert main([*command, "--check"]) == 0
    assert main([*command, "--stdout"]) == 0
    assert capsys.readouterr().out.endswith(path.read_bytes().decode().replace("\r\n", "\n"))
    for changed in (path.read_text("utf-8").replace("publish", "publicise"), "mine: true\n"):
        path.write_text(changed, "utf-8")
        assert main([*command, "--check"]) == 1
        assert main(command) == 3
        assert "was changed by hand" in capsys.readouterr().err
        assert path.read_text("utf-8") == changed
    assert main([*command, "--force"]) == 0
    assert main([*command, "--check"]) == 0
    assert not list(path.parent.glob(".multiarch-*"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (CGO.replace('"linux/amd64", "linux/arm64", ', "").replace(', "windows/amd64"', ""), "Mac"),
        (EXAMPLE + OTHER + 'outputs = ["oci", "registry"]\n', "would push"),
        (EXAMPLE.replace('readme = "README.md"\n', ""), "project.readme: missing; `twine check"),
    ],
)
def test_what_no_pipeline_can_build_is_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    with pytest.raises(PlanError, match=says):
        read_pipeline(tmp_path)


def test_an_image_that_cannot_be_pushed_says_why(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(EXAMPLE + "[tool.multiarch.image]\n", "utf-8")
    file = pipeline_file(tmp_path, "github", read_pipeline(tmp_path))
    assert "# The image is not pushed: tool.multiarch.image.name names no registry." in file.text
    assert "push-image" not in file.text
    assert "hatch_multiarch verify" in file.text
