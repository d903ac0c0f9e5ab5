"""`outputs = ["docker"]` on real daemons: what is loaded is there, and runs; without buildx."""

from __future__ import annotations

import gc
import json
import os
import socket
import subprocess
import sys
import tarfile
import threading
from contextlib import closing, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from buildkit.small import AMD64, BOTH, report, small, wheels
from dockerd import classic  # noqa: F401
from engine_fixture import docker

from hatch_multiarch.config import Output
from hatch_multiarch.docker.sdk import Store, connect, daemon
from hatch_multiarch.errors import EngineError, PlanError
from hatch_multiarch.image.docker_load import _send, choose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine_fixture import Engine
    from support import Ran

BUILD = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
TAGS = ("1.0.0", "latest")
ARM = '[{ type = "docker", platforms = "linux/arm64" }]'


@pytest.fixture
def name(engine: Engine) -> Iterator[str]:
    """Return a name for an image; what has it is removed from the engine."""
    name = f"hm-load-{os.urandom(4).hex()}"
    yield name
    words = ["docker", "image", "rm", "--force", *(f"{name}:{tag}" for tag in TAGS)]
    subprocess.run(words, env=engine.env, capture_output=True, check=False)


def project(
    root: Path,
    engine: Engine,
    name: str,
    outputs: str,
    platforms: tuple[str, ...] = BOTH,
    more: str = "",
) -> Path:
    """Make a project of one pure-Go helper, compiled on this machine."""
    image = f'name = "{name}"\ntags = ["{{version}}", "latest"]\noutputs = {outputs}\n{more}'
    small(root, engine, platforms=platforms, image=image, builder="")
    file = root / "pyproject.toml"
    text = file.read_text("utf-8").replace('engine = "buildkit"', 'engine = "host"')
    file.write_text(text[: text.index("[tool.multiarch.stage]")], "utf-8")
    return root


@pytest.fixture
def no_buildx(tmp_path: Path) -> dict[str, str]:
    """Return what leaves a build no docker command, and so no buildx."""
    folders = [
        each for each in os.environ["PATH"].split(os.pathsep) if not Path(each, "docker").exists()
    ]
    (tmp_path / "config.json").write_text("{}")
    return {"PATH": os.pathsep.join(folders), "DOCKER_CONFIG": str(tmp_path)}


def inspect(engine: Engine, reference: str) -> Any:
    [found] = json.loads(docker(engine, "image", "inspect", reference))
    return found


def says(engine: Engine, reference: str, platform: str = "") -> str:
    words = ["--rm", "--network=none", "--pull=never"]
    words += [f"--platform={platform}"] if platform else []
    return docker(engine, "run", *words, reference)


def published(found: Any) -> set[tuple[str, str, str]]:
    return {(each["type"], each["reference"], each["digest"]) for each in found["published"]}


@pytest.mark.containerd_store
def test_containerds_store_gets_the_index_with_all_platforms(
    engine: Engine, run: Callable[..., Ran], no_buildx: dict[str, str], name: str, tmp_path: Path
) -> None:
    more = 'provenance = "min"'
    root = project(tmp_path / "greeter", engine, name, '["docker", "oci"]', more=more)
    said = run(*BUILD, cwd=root, **no_buildx).out
    assert f"Loading {name} into docker" in said
    found = report(root)["image"]
    assert published(found) == {("docker", f"{name}:{tag}", found["digest"]) for tag in TAGS}
    for tag in TAGS:
        assert inspect(engine, f"{name}:{tag}")["Id"] == found["digest"]
        for platform in BOTH:
            assert f"[{platform.split('/')[1]}]" in says(engine, f"{name}:{tag}", platform)
    assert not list((root / "build/multiarch").glob(".*load*"))


@pytest.mark.containerd_store
@pytest.mark.parametrize("platforms", [["linux/arm64"], ["linux/amd64", "linux/arm64"]])
def test_containerds_store_gets_the_platforms_that_are_named(
    engine: Engine,
    run: Callable[..., Ran],
    no_buildx: dict[str, str],
    name: str,
    tmp_path: Path,
    platforms: list[str],
) -> None:
    """An index of these alone, with their attestations; nothing but the index is made for it."""
    outputs = f'[{{ type = "docker", platforms = {json.dumps(platforms)} }}]'
    every = (*BOTH, "linux/arm/v7")
    more = 'provenance = "min"'
    root = project(tmp_path / "greeter", engine, name, outputs, every, more)
    run(*BUILD, cwd=root, **no_buildx)
    found = report(root)["image"]
    [digest] = {each for _, _, each in published(found)}
    assert digest != found["digest"]
    assert inspect(engine, f"{name}:latest")["Id"] == digest
    for platform in platforms:
        assert f"[{platform.split('/')[1]}]" in says(engine, f"{name}:latest", platform)
    saved = tmp_path / "saved.tar"
    docker(engine, "save", "--output", saved, f"{name}:latest")
    told = run(sys.executable, "-m", "hatch_multiarch", "inspect", "--json", "--check", saved).out
    [image] = json.loads(told)["images"]
    assert image["digest"] == digest
    made = {each["platform"]: each["digest"] for each in found["manifests"]}
    held = {each["platform"]: each["digest"] for each in image["manifests"]}
    assert held == {platform: made[platform] for platform in platforms}


def test_the_older_store_gets_dockers_own_platform(
    classic: Engine,  # noqa: F811
    run: Callable[..., Ran],
    no_buildx: dict[str, str],
    name: str,
    tmp_path: Path,
) -> None:
    root = project(tmp_path / "greeter", classic, name, '["docker"]', more='provenance = "min"')
    said = run(*BUILD, cwd=root, **no_buildx, DOCKER_HOST=classic.env["DOCKER_HOST"]).out
    assert "docker gets linux/amd64 alone" in said
    holds(classic, root, name, "linux/amd64")


def test_the_older_store_gets_the_platform_that_is_named(
    classic: Engine,  # noqa: F811
    run: Callable[..., Ran],
    no_buildx: dict[str, str],
    name: str,
    tmp_path: Path,
) -> None:
    """By a context, too; the tags move from an image of another platform that has them."""
    root = project(tmp_path / "greeter", classic, name, '["docker"]')
    host = {"DOCKER_HOST": classic.env["DOCKER_HOST"]}
    run(*BUILD, cwd=root, **no_buildx, **host)
    docker(classic, "--config", tmp_path, "context", "create", "older",
           f"--docker=host={host['DOCKER_HOST']}")  # fmt: skip
    file = root / "pyproject.toml"
    file.write_text(file.read_text("utf-8").replace('["docker"]', ARM), "utf-8")
    run(*BUILD, cwd=root, **no_buildx, DOCKER_HOST="", DOCKER_CONTEXT="older")
    holds(classic, root, name, "linux/arm64")
    said = run(*BUILD, cwd=root, code=8, **no_buildx, DOCKER_HOST="", DOCKER_CONTEXT="gone").out
    assert "error: docker's SDK can't find the context 'gone'\n" in said


def holds(engine: Engine, root: Path, name: str, platform: str) -> None:
    """Check that *engine* has one platform of the image, by the digest of its config, and runs."""
    found = report(root)["image"]
    [made] = [each["digest"] for each in found["manifests"] if each["platform"] == platform]
    assert published(found) == {("docker", f"{name}:{tag}", made) for tag in TAGS}
    for tag in TAGS:
        has = inspect(engine, f"{name}:{tag}")
        assert f"{has['Os']}/{has['Architecture']}" == platform
        assert f"[{platform.split('/')[1]}]" in says(engine, f"{name}:{tag}")


def test_a_build_without_dockers_platform_is_refused_before_it_compiles(
    classic: Engine,  # noqa: F811
    run: Callable[..., Ran],
    no_buildx: dict[str, str],
    name: str,
    tmp_path: Path,
) -> None:
    every = ("linux/arm64", "linux/arm/v7")
    root = project(tmp_path / "greeter", classic, name, '["oci", "docker"]', every)
    host = classic.env["DOCKER_HOST"]
    said = run(*BUILD, cwd=root, code=3, **no_buildx, DOCKER_HOST=host).out
    [line] = [line for line in said.splitlines() if line.startswith("error: ")]
    assert line.startswith("error: tool.multiarch.image.outputs[1]: docker takes one platform, its")
    assert 'tool.multiarch.image.outputs[1].platforms = "linux/arm64"' in " ".join(said.split())
    assert not (root / "build").exists()
    assert not list((root / "dist").glob("*"))


def test_a_daemon_that_does_not_answer_stops_the_build_before_it_compiles(
    engine: Engine, run: Callable[..., Ran], no_buildx: dict[str, str], name: str, tmp_path: Path
) -> None:
    root = project(tmp_path / "greeter", engine, name, '["docker"]')
    said = run(*BUILD, cwd=root, code=8, **no_buildx, DOCKER_HOST=f"unix://{tmp_path}/none").out
    [line] = [line for line in said.splitlines() if line.startswith("error: ")]
    assert line.startswith("error: docker does not answer: ")
    assert "Traceback" not in said
    assert not (root / "build").exists()
    assert not list((root / "dist").glob("*"))


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # the SDK leaves its socket
def test_a_socket_that_this_user_may_not_use(tmp_path: Path) -> None:
    import_module("docker")  # its files may be root's
    address = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(address))
        address.chmod(0)
        root = os.geteuid() == 0
        try:
            if root:  # who may use anything
                os.seteuid(65534)
            with pytest.raises(
                EngineError, match="this user may not use docker's socket"
            ) as caught:
                connect({"DOCKER_HOST": f"unix://{address}"}, "a test")
        finally:
            if root:
                os.seteuid(0)
    assert "usermod" in caught.value.advice
    del caught
    gc.collect()


@pytest.mark.containerd_store
def test_a_daemon_that_breaks_off_leaves_everything_as_it_was(
    engine: Engine, run: Callable[..., Ran], no_buildx: dict[str, str], name: str, tmp_path: Path
) -> None:
    """Compiled, proven, and cut off while docker gets it; then again, all the way."""
    root = project(tmp_path / "greeter", engine, name, '["oci", "docker"]', AMD64)
    run(*BUILD, cwd=root, **no_buildx)
    before, old = wheels(root), report(root)["image"]["digest"]
    main = root / "helpers/greet/main.go"
    main.write_text(main.read_text("utf-8").replace("Hello world!", "Howdy folks!"), "utf-8")
    with breaking_off(engine) as host:
        said = run(*BUILD, cwd=root, code=8, **no_buildx, DOCKER_HOST=host).out
    assert f"Loading {name} into docker" in said
    assert "error: docker does not answer: " in said
    assert "Traceback" not in said
    assert wheels(root) == before
    assert report(root)["image"]["digest"] == old == inspect(engine, f"{name}:1.0.0")["Id"]
    run(*BUILD, cwd=root, **no_buildx)
    assert "Howdy folks!" in says(engine, f"{name}:latest")
    assert wheels(root) != before


@contextmanager
def breaking_off(engine: Engine) -> Iterator[str]:
    """Pass on what a client says to the engine, until it loads an image."""
    address = engine.env["DOCKER_HOST"].removeprefix("unix://")
    server = socket.create_server(("127.0.0.1", 0))

    def passing(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while (data := source.recv(1 << 16)) and b"/images/load" not in data:
                target.sendall(data)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = server.accept()
                with client, socket.socket(socket.AF_UNIX) as daemon:
                    daemon.connect(address)
                    back = threading.Thread(target=passing, args=(daemon, client))
                    back.start()
                    passing(client, daemon)
                    back.join()

    threading.Thread(target=serve, daemon=True).start()
    yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
    server.shutdown(socket.SHUT_RDWR)
    server.close()


def test_what_docker_does_not_take_is_one_line(
    engine: Engine,
    classic: Engine,  # noqa: F811
    tmp_path: Path,
) -> None:
    """Both stores: an archive of no image, and one that breaks off."""
    (tmp_path / "cut.tar").write_bytes(b"index.json".ljust(512, b"\0"))
    with tarfile.open(tmp_path / "empty.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("manifest.json"))
    for each in (engine, classic):
        for path in sorted(tmp_path.glob("*.tar")):
            client = connect(each.env, "a test")
            with closing(client), pytest.raises(EngineError) as told, daemon():
                _send(client, path)
            assert told.value.message.startswith("docker: ")


def test_without_the_sdk_one_line_says_what_to_install(
    engine: Engine, run: Callable[..., Ran], no_buildx: dict[str, str], name: str, tmp_path: Path
) -> None:
    root = project(tmp_path / "greeter", engine, name, '["docker"]')
    (tmp_path / "lacks").mkdir()
    (tmp_path / "lacks/docker.py").write_text("raise ImportError\n")
    path = os.pathsep.join(filter(None, [str(tmp_path / "lacks"), os.environ.get("PYTHONPATH")]))
    said = run(*BUILD, cwd=root, code=8, **no_buildx, PYTHONPATH=path).out
    assert said.startswith(
        "error: tool.multiarch.image.outputs[0]: to load the image into docker needs the docker "
    )
    assert "hatch-multiarch[docker]" in said
    assert not (root / "build").exists()


@pytest.mark.slow
@pytest.mark.network
def test_hatch_brings_the_sdk(
    engine: Engine, run: Callable[..., Ran], links: dict[str, str], name: str, tmp_path: Path
) -> None:
    """In the isolated environment of `hatch build`; a front end makes no image, and asks not."""
    root = project(tmp_path / "greeter", engine, name, '["docker"]', AMD64)
    ask = "import hatchling.build; print(hatchling.build.get_requires_for_build_wheel())"
    assert "docker" not in run(sys.executable, "-c", ask, cwd=root).out
    run(sys.executable, "-m", "hatch", "build", "-t", "wheel", cwd=root, **links)
    assert "[amd64]" in says(engine, f"{name}:1.0.0")


@pytest.mark.containerd_store
def test_buildkits_image_goes_into_docker_too(
    engine: Engine, run: Callable[..., Ran], name: str, tmp_path: Path
) -> None:
    """With BuildKit's attestations: the very index of its archive, as other outputs have it."""
    more = 'provenance = "min"'
    root = project(tmp_path / "greeter", engine, name, '["oci", "tar", "docker"]', more=more)
    run(*BUILD, cwd=root)
    found = report(root)["image"]
    assert published(found) == {("docker", f"{name}:{tag}", found["digest"]) for tag in TAGS}
    assert inspect(engine, f"{name}:1.0.0")["Id"] == found["digest"]
    for platform in BOTH:
        assert f"[{platform.split('/')[1]}]" in says(engine, f"{name}:latest", platform)


def test_an_output_for_no_platform_of_the_build_needs_no_docker(
    engine: Engine, run: Callable[..., Ran], no_buildx: dict[str, str], name: str, tmp_path: Path
) -> None:
    root = project(tmp_path / "greeter", engine, name, ARM, AMD64)
    run(*BUILD, cwd=root, **no_buildx, DOCKER_HOST=f"unix://{tmp_path}/none")
    assert report(root)["image"]["published"] == []


@pytest.mark.parametrize(
    ("own", "globs", "mine", "chosen"),
    [
        ("linux/amd64", "*", ["linux/arm64", "linux/amd64"], "linux/amd64"),
        ("linux/arm/v7", "*", ["linux/arm64", "linux/arm/v6"], "linux/arm/v6"),
        ("linux/amd64", "linux/arm64", ["linux/arm64"], "linux/arm64"),
        ("linux/amd64", "*", ["linux/arm64"], None),
        ("linux/arm64", "linux/*", ["linux/amd64", "linux/arm/v7"], None),
        ("windows/amd64", "*", ["linux/amd64"], None),
    ],
)
def test_which_platform_the_older_store_gets(
    own: str, globs: str, mine: list[str], chosen: str | None
) -> None:
    store, output = Store(containerd=False, platform=own), Output("docker", platforms=(globs,))
    if chosen:
        assert choose(store, output, mine, "here").platforms == (chosen,)
        return
    with pytest.raises(PlanError, match=f"here: docker takes one platform, its own {own}, "):
        choose(store, output, mine, "here")
