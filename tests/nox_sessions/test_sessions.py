"""Nox's face: a noxfile of two lines gets the sessions."""

from __future__ import annotations

import re
import secrets
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from workspace_project import NAMES, write_workspace

from hatch_multiarch.sessions import split_platforms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from engine_fixture import Engine
    from support import Ran

NOX = (sys.executable, "-m", "nox")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ([], [])),
        (["--platform", "linux/arm64", "-c"], (["linux/arm64"], ["-c"])),
        (["--platform=host", "--platform", "all"], (["host", "all"], [])),
        (["--platform"], (["--platform"], [])),
    ],
)
def test_platforms_are_taken_from_the_words_after_the_dashes(
    words: list[str], expected: tuple[list[str], list[str]]
) -> None:
    assert split_platforms(words) == expected


def test_the_example_offers_the_sessions(project: Path, run: Callable[..., Ran]) -> None:
    said = run(*NOX, "-l", cwd=project)
    assert "* wheels -> Build the sdist and one wheel per platform into dist/." in said
    assert "* images -> Build the wheels and the multi-arch image of the same helpers." in said


def test_helpers_are_offered_by_platform_and_a_broken_config_says_why(
    project: Path, run: Callable[..., Ran]
) -> None:
    said = run(*NOX, "-l", cwd=project)
    assert said.out.count("* helpers(platform=") == 6
    assert "* helpers(platform='linux/arm/v7') -> " in said
    config = project / "pyproject.toml"
    config.write_text(config.read_text("utf-8").replace("cgo = true", "cgo = 3"), "utf-8")
    assert "* helpers -> " in run(*NOX, "-l", cwd=project)
    for session in ("helpers", "release", "ci"):
        said = run(*NOX, "-db", "none", "-s", session, cwd=project, code=1)
        assert "tool.multiarch.helpers.tone.cgo: expected" in said


def test_a_build_that_pushes_is_not_released(project: Path, run: Callable[..., Ran]) -> None:
    image(project, "127.0.0.1:1/team/greeter", '"oci", "registry"')
    said = run(*NOX, "-db", "none", "-s", "release", cwd=project, code=1)
    assert "tool.multiarch.image.outputs: contains registry" in said


@pytest.mark.parametrize("session", ["release", "ci"])
def test_what_twine_would_refuse_is_not_built(
    project: Path, run: Callable[..., Ran], session: str
) -> None:
    config = project / "pyproject.toml"
    config.write_text(config.read_text("utf-8").replace('readme = "README.md"\n', ""), "utf-8")
    said = run(*NOX, "-db", "none", "-s", session, cwd=project, code=1)
    assert "project.readme: missing; `twine check --strict` refuses wheels without a" in said
    assert not (project / "dist").exists()


@pytest.mark.slow
@pytest.mark.network
def test_a_workspace_has_a_session(
    tmp_path: Path, run: Callable[..., Ran], links: dict[str, str]
) -> None:
    root = write_workspace(tmp_path)
    (root / "noxfile.py").write_text(
        "from hatch_multiarch.sessions import register\nregister()\n", "utf-8"
    )
    words = ("-db", "uv", "-s", "workspace", "--", "--platform", "host")
    said = run(*NOX, *words, cwd=root, **links)
    assert "Compiling 2 helper binaries of 3 packages; 1 more is the same" in said
    assert len(list(root.glob("dist/*.whl"))) == len(NAMES)
    assert "files  ok  2 of one build, no other of beta-1.0.0" in said


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize("backend", ["uv", "virtualenv"])
def test_the_sessions_build(
    project: Path, run: Callable[..., Ran], links: dict[str, str], engine: Engine, backend: str
) -> None:
    nox = (*NOX, "-r", "-db", backend, "-s")
    env = links
    archive = project / "build/multiarch/greeter-1.0.0.oci.tar"
    run(*nox, "helpers(platform='linux/arm64')", cwd=project, **env)
    made = [path.parent.name for path in project.glob("build/multiarch/bin/*/*")]
    assert set(made) == {"linux-arm64"}
    assert not list(project.glob("dist/*.whl"))
    run(*nox, "wheels", "--", "--platform", "host", cwd=project, **env)
    assert len(list(project.glob("dist/*.whl"))) == 1
    assert not archive.exists()
    name = f"{engine.registry}/nox-{secrets.token_hex(4)}/greeter"
    image(project, name, '"oci"')
    words = ("--push", "--fewer-platforms", "--platform", "linux/arm64", "-c")
    said = run(*nox, "images", "--", *words, cwd=project, **env)
    [wheel] = project.glob("dist/*.whl")
    assert "aarch64" in wheel.name
    assert f"{name}:1.0.0  " in said
    assert "linux/arm64" in run(*nox, "inspect", "--", f"{name}:1.0.0", cwd=project, **env)
    said = run(*nox, "verify", "--", "--timeout", "50", cwd=project, **env)
    assert "linux/arm64" in said
    assert "ok  linux/arm64: exit code 0" in said


@pytest.mark.slow
@pytest.mark.network
def test_a_release_uploads_what_it_checked_and_only_when_told(
    project: Path,
    run: Callable[..., Ran],
    links: dict[str, str],
    engine: Engine,
    index: Index,
) -> None:
    name = f"{engine.registry}/nox-{secrets.token_hex(4)}/greeter"
    image(project, name, '"oci"')
    config = project / "pyproject.toml"
    config.write_text(re.sub(r'  "linux/arm64".*\n.*\n', "", config.read_text("utf-8")), "utf-8")
    (project / "dist").mkdir()
    (project / "dist/greeter-0.9.0-py3-none-any.whl").write_text("older", "utf-8")
    env = {**links, "HATCH_INDEX_USER": "me", "HATCH_INDEX_AUTH": "secret"}
    release = (*NOX, "-db", "uv", "-s", "release")
    said = run(*release, cwd=project, **env)
    assert "would be uploaded by hatch" in said
    assert f"{name}:1.0.0  would be new" in re.sub(" +", " ", said.out).replace(" would", "  would")
    assert index.received == []
    said = run(*release, "--", "--publish", "--repo", index.url, cwd=project, **env)
    assert sorted(index.received) == sorted(path.name for path in project.glob("dist/greeter-1*"))
    assert f"{name}:1.0.0" in said
    assert "secret" not in said
    index.refuses = True
    config.write_text(config.read_text("utf-8").replace("1.0.0", "1.0.1"), "utf-8")
    said = run(*release, "--", "--publish", "--repo", index.url, cwd=project, code=1, **env)
    assert f"{name}:1.0.1" not in said, "the image is not pushed when the upload failed"


@pytest.mark.slow
@pytest.mark.network
def test_a_release_by_twine(
    project: Path, run: Callable[..., Ran], links: dict[str, str], index: Index
) -> None:
    noxfile = project / "noxfile.py"
    noxfile.write_text(noxfile.read_text("utf-8").replace("register()", 'register("twine")'))
    config = project / "pyproject.toml"
    text, _, _ = config.read_text("utf-8").partition("[tool.multiarch.image]")
    text = re.sub(r"(platforms = )\[[^]]*\]", r'\1["linux/amd64"]', text, count=1)
    config.write_text(text, "utf-8")
    env = {**links, "TWINE_USERNAME": "me", "TWINE_PASSWORD": "secret"}
    words = ("--publish", "--repository-url", index.url)
    said = run(*NOX, "-db", "uv", "-s", "release", "--", *words, cwd=project, **env)
    assert sorted(index.received) == sorted(path.name for path in project.glob("dist/greeter-1*"))
    assert len(index.received) == 2
    assert "no image is pushed" in said
    assert "secret" not in said


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.usefixtures("engine")
def test_the_session_ci_builds_checks_and_runs(
    project: Path, run: Callable[..., Ran], links: dict[str, str]
) -> None:
    words = ("--platform", "linux/arm64")
    said = run(*NOX, "-db", "uv", "-s", "ci", "--", *words, cwd=project, **links).out
    [wheel] = project.glob("dist/*.whl")
    assert said.count("PASSED") == len(list(project.glob("dist/*"))) == 2
    at = [said.index(f"\n{name}") for name in (wheel.name, "greeter-1.0.0.oci.tar")]
    assert at == sorted(at)
    assert "  same bytes  ok  image: greet" in said
    assert "  run      ok  linux/arm64: exit code 0: greet 1.0.0" in said


def image(project: Path, name: str, outputs: str) -> None:
    """Give the example's image a name and outputs."""
    config = project / "pyproject.toml"
    head = "[tool.multiarch.image]\n"
    more = f'{head}name = "{name}"\noutputs = [{outputs}]\n'
    config.write_text(config.read_text("utf-8").replace(head, more), "utf-8")


class Index(ThreadingHTTPServer):
    """A package index of which uploads are all: it keeps their names."""

    refuses = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Upload)
        self.received: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_port}/legacy/"


class _Upload(BaseHTTPRequestHandler):
    server: Index

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        found = re.search(rb'filename="([^"]+)"', body)
        if found and not self.server.refuses:
            self.server.received.append(found[1].decode())
        self.send_response(403 if self.server.refuses else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        """Answer hatch, which asks what is there already."""
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def index() -> Iterator[Index]:
    with Index() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
