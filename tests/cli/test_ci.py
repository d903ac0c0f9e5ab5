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
from hatch_multiarch.config import read_pyproject
from hatch_multiarch.docker.inspect_output import OWN_FLAG
from hatch_multiarch.docker.manage import command
from hatch_multiarch.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Ran

FILES = {
    "github": ".github/workflows/multiarch.yml",
    "github --reusable": ".github/workflows/multiarch-build.yml",
    "gitlab": ".gitlab-ci.yml",
}
GITHUB = ("github", "github --reusable")
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
BUILDKIT = EXAMPLE.replace("[tool.multiarch]", '[tool.multiarch]\nengine = "buildkit"')
HOST = EXAMPLE.replace("[tool.multiarch]", '[tool.multiarch]\nengine = "host"')
FLEET = """\
[tool.multiarch.builder]
name = "fleet"
driver-options = { image = "moby/buildkit:v0.33.1", "env.NO_PROXY" = "a,b" }
config = "ci/buildkitd.toml"
[[tool.multiarch.builder.nodes]]
name = "here"
platforms = ["linux/amd64", "linux/386"]
flags = ["--debug", "--oci-worker-gc=false"]
[[tool.multiarch.builder.nodes]]
name = "arm"
endpoint = "ssh://ci@arm-box"
platforms = ["linux/arm64"]
driver-options = { network = "host" }
"""
REMOTE = """\
[tool.multiarch.builder]
driver = "remote"
[[tool.multiarch.builder.nodes]]
endpoint = "tcp://arm-box:1234"
"""
KUBERNETES = """\
[tool.multiarch.builder]
driver = "kubernetes"
driver-options = { namespace = "ci" }
"""
RELEASER = EXAMPLE + 'prebuilt = "goreleaser:dist"\n'
PROJECTS = {
    "plain": EXAMPLE,
    "ghcr": EXAMPLE + GHCR,
    "other": CGO + OTHER,
    "hub": CGO + HUB,
    "local": EXAMPLE + LOCAL,
    "computed": EXAMPLE.replace('version = "1"', 'dynamic = ["version"]') + GHCR,
    "host": HOST + GHCR,
    "buildkit": BUILDKIT,
    "fleet": BUILDKIT + GHCR + FLEET,
    "remote": EXAMPLE + REMOTE,
    "kubernetes": EXAMPLE + KUBERNETES,
    "emulate": BUILDKIT.replace("[tool.multiarch]", '[tool.multiarch]\nstrategy = "emulate"'),
    "goreleaser": RELEASER + GHCR,
    "goreleaser and a Mac": CGO + '[tool.multiarch.helpers.tone]\nprebuilt = "goreleaser:out"\n',
}
UGLY = 'an "x": $(touch pwned) `id` ${{ secrets.X }} $CI_X # *y é\U0001f600'

PLAIN = UGLY.replace("${{ secrets.X }}", "")
"""For a path in which braces mean something."""


def words(kind: str, folder: Path) -> list[str]:
    system, *options = kind.split()
    return ["ci", system, str(folder), *options]


def written(folder: Path, kind: str, text: str) -> dict[Any, Any]:
    (folder / "pyproject.toml").write_text(text, "utf-8")
    assert main(words(kind, folder)) == 0
    data = yaml.safe_load((folder / FILES[kind]).read_text("utf-8"))
    assert isinstance(data, dict)
    return data


def jobs_of(folder: Path, kind: str, text: str) -> dict[str, dict[str, Any]]:
    data = written(folder, kind, text)
    return data["jobs"] if kind in GITHUB else {k: v for k, v in data.items() if "script" in v}


def hostile(folder: Path, kind: str) -> dict[Any, Any]:
    text = EXAMPLE.replace("[tool.multiarch]", f"[tool.multiarch]\noutput = '{UGLY}'") + GHCR
    text += f"[tool.multiarch.helpers.shout]\nprebuilt = 'goreleaser:{PLAIN}'\n"
    text += f"[tool.multiarch.builder]\nconfig = '{UGLY}'\n"
    return written(folder, kind, text.replace('"greeter"', "'x: ${{ github.token }}'"))


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Return the files of every project, by form."""
    files: dict[str, list[Path]] = {kind: [] for kind in FILES}
    for kind, found in files.items():
        for name, text in PROJECTS.items():
            folder = tmp_path_factory.mktemp(name.replace(" ", "-"))
            written(folder, kind, text)
            found.append(folder / FILES[kind])
        folder = tmp_path_factory.mktemp("hostile")
        hostile(folder, kind)
        found.append(folder / FILES[kind])
    return files


KEYS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,20}", fullmatch=True).filter(
    lambda key: key != "on"
)
VALUES = st.recursive(
    st.text() | st.booleans() | st.integers() | st.sampled_from(["yes", "1e3", "~", "- a", UGLY]),
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
)


@given(st.dictionaries(KEYS, VALUES, min_size=1))
@settings(max_examples=40)
def test_a_yaml_reader_reads_what_was_written(document: dict[str, Any]) -> None:
    assert yaml.safe_load(ours.dump(document)) == document


@pytest.mark.parametrize(
    ("schema", "kinds"), [("github-workflows", GITHUB), ("gitlab-ci", ("gitlab",))]
)
def test_the_schema_of_who_runs_it_takes_it(
    every: dict[str, list[Path]], run: Callable[..., Ran], schema: str, kinds: tuple[str, ...]
) -> None:
    check = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}")
    run(*check, *(each for kind in kinds for each in every[kind]))


def test_zizmor_finds_no_hole(every: dict[str, list[Path]], run: Callable[..., Ran]) -> None:
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    zizmor = shutil.which("zizmor", path=places)
    assert zizmor
    # The strictest of its personas: nothing is held back.
    said = run(
        zizmor, "--offline", "--persona=auditor", *(each for kind in GITHUB for each in every[kind])
    )
    assert re.search(r"No findings to report\. Good job!\n?$", said.out)  # nor any suppressed


@pytest.mark.slow
@pytest.mark.network
def test_actionlint_finds_nothing(every: dict[str, list[Path]], run: Callable[..., Ran]) -> None:
    """It reads expressions and inputs, and scripts too, where shellcheck is there."""
    source = "github.com/rhysd/actionlint/cmd/actionlint"
    # As test_go_tool.py compiles it, so that its packages come out of Go's cache.
    made = compiled("actionlint", "v1.7.12", source, minimum="1.25.0")
    actionlint = made / "actionlint"
    run(actionlint, *(each for kind in GITHUB for each in every[kind]))


@pytest.mark.parametrize("kind", FILES)
def test_words_of_the_config_never_stand_in_a_script(tmp_path: Path, kind: str) -> None:
    data = hostile(tmp_path, kind)
    jobs = data["jobs"] if kind in GITHUB else data
    scripts: list[str] = []
    found: list[str] = []
    for job in (each for each in jobs.values() if isinstance(each, dict)):
        if "script" in job:
            scripts += [*job["script"], *job.get("after_script", [])]
            found += [each["value"] for each in job["variables"].values() if "value" in each]
            found += [each.removesuffix("/") for each in job.get("artifacts", {}).get("paths", ())]
        for step in job.get("steps", ()):
            scripts.append(step.get("run", ""))
            texts = [*step.get("env", {}).values(), *step.get("with", {}).values()]
            # What GitHub makes of it: each expression here is a text that stands for itself.
            found += [re.sub(r"\$\{\{ '(.*?)' \}\}", r"\1", str(each)) for each in texts]
    assert UGLY in found
    assert PLAIN in [each.removesuffix("/") for each in found]
    script = "\n".join(scripts)
    assert "hatch build" in script
    for part in ("pwned", "secrets.X", "CI_X", "x: $", "*y"):
        assert part not in script
    if kind in GITHUB:  # GitLab knows no such expression
        expressions = re.findall(r"\$\{\{ (?!'\$\{\{' \}\})(.*?) \}\}", str(data))
        assert "inputs.goreleaser" in expressions or "github.token" in expressions
        assert "secrets.X" not in expressions


def test_every_version_is_written_down(every: dict[str, list[Path]]) -> None:
    """Actions by commit, images by digest, packages by version."""
    counts = {"uses": 0, "image": 0, "install": 0}
    for path in (each for found in every.values() for each in found):
        text = path.read_text("utf-8")
        for each in re.findall(r"uses: (.*)", text):
            assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)
            counts["uses"] += 1
        for each in re.findall(r'(?:image|name): "?([\w/.-]+:\w[^"\n]*)', text):
            assert re.fullmatch(r"[\w/.-]+:[\w.-]+@sha256:[0-9a-f]{64}", each), each
            counts["image"] += 1
        for each in re.findall(r"pip install (.*)", text):
            for word in each.replace("\\", "").replace('"', "").split():
                assert re.fullmatch(r"[\w\[\]-]+==\d[\w.]*", word), word
                counts["install"] += 1
    assert min(counts.values()) > len(PROJECTS)


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
    command = words(kind, tmp_path)
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
    for changed in (path.read_text("utf-8").replace("hatch build", "make"), "mine: true\n"):
        path.write_text(changed, "utf-8")
        assert main([*command, "--check"]) == 1
        assert main(command) == 3
        assert "was edited" in capsys.readouterr().err
        assert path.read_text("utf-8") == changed
    assert main([*command, "--force"]) == 0
    assert main([*command, "--check"]) == 0
    assert not list(path.parent.glob(".multiarch-*"))


def test_a_release_is_of_a_run_in_which_nothing_failed(tmp_path: Path) -> None:
    """What publishes comes behind every other job, and the image's tags move last."""
    for text in PROJECTS.values():
        jobs = jobs_of(tmp_path, "github", text)
        names = list(jobs)
        at = names.index("publish")
        assert names[at + 1 :] in ([], ["push-image"])
        for name in names[at:]:
            assert set(jobs[name]["needs"]) == set(names[: names.index(name)])
        data = written(tmp_path, "gitlab", text)
        jobs = {name: job for name, job in data.items() if "script" in job}
        # A job without `needs` waits for every job of the stages before its own.
        assert not [name for name in jobs if "needs" in jobs[name]]
        before = data["stages"][: data["stages"].index("publish")]
        others = {
            job["stage"] for name, job in jobs.items() if name not in ("publish", "push-image")
        }
        assert others == set(before)
        assert data["stages"][-1] == ("push" if "push-image" in jobs else "publish")


def test_a_reusable_workflow_builds_and_its_caller_publishes(tmp_path: Path) -> None:
    kind = "github --reusable"
    data = written(tmp_path, kind, CGO + GHCR)
    assert data[True] == {"workflow_call": {}}
    assert [(name, job["permissions"]) for name, job in data["jobs"].items()] == [
        ("build", {"contents": "read"}),
        ("macos", {"contents": "read"}),
    ]
    assert not {"id-token", "secrets", "concurrency"} & set(re.findall(r"[\w-]+", str(data)))
    names = [step["with"]["name"] for step in uploads(data["jobs"]["build"])]
    assert names == ["dist", "image"]
    data = written(tmp_path, kind, RELEASER)
    assert data[True]["workflow_call"]["inputs"]["goreleaser"]["default"] == "goreleaser"
    assert list(data["jobs"]) == ["build"]
    assert "'name': '${{ inputs.goreleaser }}', 'path': 'dist'" in str(data["jobs"]["build"])
    assert main(["ci", "gitlab", str(tmp_path), "--reusable"]) == 2


def uploads(job: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for step in job["steps"] if "upload-artifact" in step.get("uses", "")]


GCC = '[tool.multiarch.helpers.greet]\ncgo = true\ncompiler = "gcc"\n'
DEBIAN = '[tool.multiarch.helpers.greet]\ncgo = true\ndebian-packages = ["libopus-dev"]\n'
HELPER = "[tool.multiarch.helpers.greet]\n"
ZSTD = '[[tool.multiarch.image.outputs]]\ntype = "oci"\ncompression = "zstd"\n'
LOADED = "[tool.multiarch.image]\n" + '[[tool.multiarch.image.outputs]]\ntype = "docker"\n'
STAGE = '[tool.multiarch.stage]\ngo = "packages"\n'
DOCKERS_OWN = '[tool.multiarch.builder]\ndriver = "docker"\n'


@pytest.mark.parametrize(
    ("text", "engine", "driver", "commands", "daemon"),
    [
        (EXAMPLE, "host", None, False, False),
        (HOST, None, None, False, False),
        (HOST + FLEET, None, None, False, False),  # nothing goes to it
        (EXAMPLE.replace(HELPER, GCC), "buildkit", "docker-container", True, True),
        (EXAMPLE.replace(HELPER, DEBIAN), "buildkit", "docker-container", True, True),
        (EXAMPLE + STAGE, "buildkit", "docker-container", True, True),
        (BUILDKIT, None, "docker-container", True, True),
        (BUILDKIT + DOCKERS_OWN, None, None, True, True),
        (BUILDKIT + FLEET, None, "docker-container", True, True),
        (EXAMPLE + REMOTE, "buildkit", "remote", True, False),
        (EXAMPLE + KUBERNETES, "buildkit", "kubernetes", True, False),
        (HOST + GHCR, None, None, False, False),
        (HOST + GHCR + ZSTD, None, "docker-container", True, True),
        (HOST + LOADED, None, None, False, True),
        (BUILDKIT + 'prebuilt = "bin/greet"\n', None, "docker-container", True, True),
        (RELEASER + FLEET, "host", None, False, False),
        (CGO, "host", None, False, False),
    ],
)
def test_docker_is_there_when_the_config_needs_it(
    tmp_path: Path, text: str, engine: str | None, driver: str | None, commands: bool, daemon: bool
) -> None:
    build = jobs_of(tmp_path, "github", text)["build"]
    [step] = [each for each in build["steps"] if each.get("name") == "Build"]
    assert step.get("env", {}).get("HATCH_MULTIARCH_ENGINE") == engine
    made = [each["with"] for each in build["steps"] if "setup-buildx" in each.get("uses", "")]
    assert [each.get("driver", "docker-container") for each in made] == ([driver] if driver else [])
    build = jobs_of(tmp_path, "gitlab", text)["build"]
    assert build["variables"].get("HATCH_MULTIARCH_ENGINE") == engine
    script = "\n".join(build["script"])
    assert ("docker-buildx" in script) == commands
    assert ("services" in build, "DOCKER_HOST" in build["variables"]) == (daemon, daemon)
    # buildx takes no certificates from the environment, where dind's are.
    assert ("builder create" in script) == ("builder rm" in str(build.get("after_script", "")))
    if "builder create" in script:
        assert ("docker context create" in script) == daemon


@pytest.mark.parametrize("text", [FLEET, REMOTE, KUBERNETES], ids=["fleet", "remote", "kubernetes"])
def test_the_action_makes_the_builder_of_builder_create(tmp_path: Path, text: str) -> None:
    """Its inputs say what our own command would; only the first node's name it chooses itself."""
    job = jobs_of(tmp_path, "github", EXAMPLE + text)["build"]
    [step] = [each for each in job["steps"] if "setup-buildx" in each.get("uses", "")]
    given = step["with"]
    config, _ = read_pyproject(tmp_path / "pyproject.toml")
    assert config.builder is not None
    # docker/setup-buildx-action, src/context.ts: getCreateArgs and getAppendArgs
    made = []
    nodes = [given, *yaml.safe_load(given.get("append", "[]"))]
    for number, node in enumerate(nodes):
        words = ["create", f"--name={given['name']}"]
        words += [f"--node={node['name']}", "--append"] if number else []
        words += [] if number else [f"--driver={given['driver']}"]
        words += [f"--platform={node['platforms']}"] if "platforms" in node else []
        options = node.get("driver-opts", [])
        options = options.splitlines() if isinstance(options, str) else options
        words += [f"--driver-opt={each}" for each in options]
        flags = node.get("buildkitd-flags", "")
        words += [f"--buildkitd-flags={flags}"] if flags not in ("", OWN_FLAG) else []
        if given.get("buildkitd-config") and not number:
            words.append(f"--buildkitd-config={tmp_path / given['buildkitd-config']}")
        made.append([*words, *(["--", node["endpoint"]] if "endpoint" in node else [])])
        # Without a flag the action has builds do what they like on the node.
        assert flags or given["driver"] == "remote"
    ours = command(config.builder, "greeter", tmp_path)
    assert len(made) == len(ours)
    for number, (left, right) in enumerate(zip(made, ours, strict=True)):
        kept = "--driver=" if number else "--node="
        further = ("--buildkitd-config=",) if number else ()  # the action gives it to the first
        assert left == [each for each in right if not each.startswith((kept, *further))]


def test_a_strategy_that_emulates_has_emulators_before_the_builder(tmp_path: Path) -> None:
    job = jobs_of(tmp_path, "github", PROJECTS["emulate"])["build"]
    names = [step.get("name") for step in job["steps"]]
    assert names.index("Install emulators") < names.index("Create the builder")
    script = "\n".join(jobs_of(tmp_path, "gitlab", PROJECTS["emulate"])["build"]["script"])
    assert (
        0
        < script.index("emulators install --with docker linux/arm64")
        < script.index("hatch build")
    )


def test_caches_are_named_by_locks_and_config(tmp_path: Path) -> None:
    """A release finds none: another run's code could have filled it."""
    text = EXAMPLE.replace(HELPER, HELPER + 'source = "go/greet"\n')
    [cache] = [
        each
        for each in jobs_of(tmp_path, "github", text)["build"]["steps"]
        if each.get("uses", "").startswith("actions/cache@")
    ]
    assert cache["if"] == "github.ref_type != 'tag'"
    options = cache["with"]
    assert options["lookup-only"] == "${{ startsWith(github.ref, 'refs/tags/') }}"
    assert {"~/.cache/go-build", "~/.cache/zig", "~/go/pkg/mod"} <= set(options["path"].split())
    assert options["key"].startswith(options["restore-keys"])
    for each in ("go.sum", "uv.lock", "requirements*.txt", "pyproject.toml"):
        assert f"'**/{each}'" in options["key"]
    first, last = jobs_of(tmp_path, "gitlab", text)["build"]["cache"]
    assert first["key"]["files"] == ["go/greet/go.sum", "pyproject.toml"]
    assert first["fallback_keys"] == [last["key"]]
    assert (last["policy"], last["paths"]) == ("push", first["paths"])


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_goreleaser_builds_in_the_same_run(tmp_path: Path, kind: str) -> None:
    """Its folder is beside that of the wheels, which a package index takes whole."""
    (tmp_path / "go.mod").write_text("module greeter\n")
    jobs = jobs_of(tmp_path, kind, RELEASER + GHCR)
    release = str(jobs["goreleaser"])
    assert "build --clean" in release
    assert not re.search("release --clean|TOKEN|secrets", release)
    build = str(jobs["build"])
    assert "hatch build packages" in build
    assert "hatch_multiarch verify packages" in build
    if kind == "github":
        assert "'go-version-file': 'go.mod'" in release
        assert uploads(jobs["goreleaser"])[0]["with"]["path"] == "dist/"
        assert "'name': 'goreleaser', 'path': 'dist'" in build
        assert jobs["build"]["needs"] == ["goreleaser"]
        assert uploads(jobs["build"])[0]["with"] == {
            "name": "dist",
            "path": "packages/",
            "if-no-files-found": "error",
        }
    else:
        assert jobs["goreleaser"]["artifacts"]["paths"] == ["dist/"]
        assert jobs["build"]["artifacts"]["paths"][0] == "packages/"
        assert "upload --attestations packages/*" in str(jobs["publish"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (CGO.replace('"linux/amd64", "linux/arm64", ', "").replace(', "windows/amd64"', ""), "Mac"),
        (EXAMPLE + OTHER + 'outputs = ["oci", "registry"]\n', "would push"),
        (
            f'{RELEASER}[tool.multiarch.helpers.tone]\nprebuilt = "goreleaser:out"\n',
            "several GoReleaser folders: dist, out",
        ),
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
    assert (
        "# The image is not pushed: tool.multiarch.image.name doesn't contain a registry."
        in file.text
    )
    assert "push-image" not in file.text
    assert "hatch_multiarch verify" in file.text
