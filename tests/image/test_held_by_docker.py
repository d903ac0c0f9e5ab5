"""Builds where docker keeps images in its older store, which most installations do."""

from __future__ import annotations

import hashlib
import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from buildkit.small import AMD64, BOTH, report, small
from dockerd import classic  # noqa: F401
from engine_fixture import docker

from hatch_multiarch.config import read_table
from hatch_multiarch.errors import PlanError
from hatch_multiarch.plan import Switches, choose

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from engine_fixture import Engine
    from support import Ran

BUILD = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
PLAN = (sys.executable, "-m", "hatch_multiarch", "plan")
NAME = "hm-older-store"


def where(classic: Engine, engine: str) -> dict[str, str]:  # noqa: F811
    return {"DOCKER_HOST": classic.env["DOCKER_HOST"], "HATCH_MULTIARCH_ENGINE": engine}


@pytest.mark.parametrize("outputs", [None, ["oci"], ["docker"], ["oci", "layout", "registry"]])
@pytest.mark.parametrize("wanted", ["auto", "buildkit"])
def test_several_platforms_are_not_for_its_buildkit(
    classic: Engine,  # noqa: F811
    wanted: str,
    outputs: list[str] | None,
) -> None:
    table: dict[str, Any] = {"helpers": {"greet": {}}, "platforms": list(BOTH), "engine": wanted}
    table |= {"image": {"name": "example.com/a/b", "outputs": outputs}} if outputs else {}
    config = read_table(table, project_name="greeter")
    said = "tool.multiarch.platforms: linux/amd64, linux/arm64: the docker driver builds one"
    if wanted == "buildkit":
        with pytest.raises(PlanError, match=said) as caught:
            choose(config, "greeter", "all", Switches(), classic.env)
        assert 'tool.multiarch.builder.driver = "docker-container" can' in caught.value.advice
        return
    found = choose(config, "greeter", "all", Switches(), classic.env)
    assert (found.engine, found.docker) == ("host", None)
    [note] = found.notes
    assert note.startswith(f"compiled on this machine, not by BuildKit: {said}")


def test_auto_builds_all_platforms_on_this_machine(
    classic: Engine,  # noqa: F811
    run: Callable[..., Ran],
    tmp_path: Path,
) -> None:
    root = small(tmp_path / "greeter", classic, platforms=BOTH, image='outputs = ["oci"]')
    file = root / "pyproject.toml"
    file.write_text(file.read_text("utf-8").replace('engine = "buildkit"\n', ""), "utf-8")
    env = where(classic, "")
    assert "not by BuildKit: tool.multiarch.platforms: " in run(*PLAN, cwd=root, **env)
    run(*BUILD, cwd=root, **env)
    assert report(root)["tools"]["engine"] == "host"
    assert len(list((root / "dist").glob("*.whl"))) == 2
    said = run(*BUILD, cwd=root, code=3, **where(classic, "buildkit")).out
    assert said.startswith("error: tool.multiarch.platforms: ")


def test_one_platform_comes_out_of_its_builder_stage(
    classic: Engine,  # noqa: F811
    run: Callable[..., Ran],
    tmp_path: Path,
) -> None:
    """Of a Dockerfile that finds its helper compiled: this daemon's cache is new each time."""
    outputs = f'name = "{NAME}"\noutputs = ["image", "local", "tar", "oci", "docker"]'
    root = small(tmp_path / "greeter", classic, platforms=AMD64, image=outputs, builder="")
    run(*BUILD, cwd=root, HATCH_MULTIARCH_ENGINE="host", HATCH_MULTIARCH_IMAGE="0")
    (root / "build/multiarch/bin/linux-amd64/greet").rename(root / "greet")
    (root / "Dockerfile").write_text("FROM scratch AS helpers\nCOPY greet /\n")
    with (root / "pyproject.toml").open("a") as file:
        file.write('dockerfile = "Dockerfile"\n')
    run(*BUILD, cwd=root, **where(classic, ""))
    assert {each["compiler"] for each in report(root)["units"]} == {"dockerfile"}
    kinds = [each["type"] for each in report(root)["image"]["published"]]
    assert kinds == ["image", "docker"]
    check(classic, root)


@pytest.mark.parametrize("kind", ["image", "local", "tar"])
def test_one_platform_of_this_machine_is_put_out(
    classic: Engine,  # noqa: F811
    run: Callable[..., Ran],
    tmp_path: Path,
    kind: str,
) -> None:
    image = f'name = "{NAME}"\noutputs = ["{kind}"]\nannotations = {{ "com.example.a" = "b" }}'
    root = small(tmp_path / "greeter", classic, platforms=AMD64, image=image)
    run(*BUILD, cwd=root, **where(classic, "host"))
    check(classic, root, kind)


def check(engine: Engine, root: Path, *kinds: str) -> None:
    """Check that the outputs *kinds*, or all, hold the helper of the wheel, and docker no more."""
    [unit] = report(root)["units"]
    out = root / "build/multiarch"
    for kind in kinds or ("image", "local", "tar"):
        if kind == "image":
            said = docker(engine, "run", "--rm", "--network=none", "--pull=never", f"{NAME}:1.0.0")
            assert "[amd64]" in said
            docker(engine, "image", "rm", f"{NAME}:1.0.0")
            continue
        if kind == "local":
            data = (out / "greeter-1.0.0.image/usr/local/bin/greet").read_bytes()
        else:
            with tarfile.open(out / "greeter-1.0.0.image.tar") as tar:
                member = tar.extractfile("usr/local/bin/greet")
                assert member is not None
                data = member.read()
        assert hashlib.sha256(data).hexdigest() == unit["sha256"]
    assert "hatch-multiarch" not in docker(engine, "image", "ls")


@pytest.mark.parametrize("used", [True, False])
def test_what_several_nodes_made_goes_to_the_docker_of_the_context(
    classic: Engine,  # noqa: F811
    tmp_path: Path,
    used: bool,
) -> None:
    """Not to the one at the usual socket, whose builder is `default`."""
    plugins = Path(classic.env.get("DOCKER_CONFIG", Path.home() / ".docker")) / "cli-plugins"
    (tmp_path / "cli-plugins").symlink_to(plugins)
    env = {**classic.env, "DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": ""}
    address = env.pop("DOCKER_HOST")
    there = replace(classic, env=env)
    docker(there, "context", "create", "older", f"--docker=host={address}")
    if used:
        docker(there, "context", "use", "older")
    else:
        env["DOCKER_CONTEXT"] = "older"
    create = ["buildx", "create", "--name=two", "--driver=remote"]
    docker(there, *create, "--node=a", "tcp://127.0.0.1:9")
    docker(there, *create, "--node=b", "--append", "tcp://127.0.0.1:8")
    table: dict[str, Any] = {"helpers": {"greet": {}}, "platforms": ["linux/amd64"]}
    table |= {"engine": "host", "image": {"outputs": ["local"]}, "builder": {"name": "two"}}
    nodes = [{"endpoint": f"tcp://127.0.0.1:{port}"} for port in (9, 8)]
    table["builder"] |= {"driver": "remote", "nodes": nodes}
    found = choose(read_table(table), "greeter", "all", Switches(), env).docker
    assert found is not None
    assert found.image_builder is not None
    assert (found.image_builder.name, found.image_builder.classic) == ("older", True)


@pytest.mark.containerd_store
def test_other_outputs_leave_the_index_as_it_was(
    engine: Engine, run: Callable[..., Ran], tmp_path: Path
) -> None:
    """With docker's containerd store, whose BuildKit would write an archive of its own."""
    name = "hm-same-index"
    found = set()
    for number, more in enumerate(("", ', "local", "tar", "image", "layout"')):
        image = f'name = "{name}"\noutputs = ["oci"{more}]'
        root = small(tmp_path / str(number), engine, platforms=BOTH, image=image)
        run(*BUILD, cwd=root, HATCH_MULTIARCH_ENGINE="host")
        archive = (root / "build/multiarch/greeter-1.0.0.oci.tar").read_bytes()
        found.add((report(root)["image"]["digest"], hashlib.sha256(archive).hexdigest()))
    docker(engine, "image", "rm", f"{name}:1.0.0")
    assert len(found) == 1
