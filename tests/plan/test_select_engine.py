"""Which engine a build takes, and what it says when that was left open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hatch_multiarch.config import read_table
from hatch_multiarch.errors import EngineError
from hatch_multiarch.plan import Choice, Switches, choose
from hatch_multiarch.plan.select_engine import only_here

if TYPE_CHECKING:
    from pathlib import Path

    from engine_fixture import Engine

    from hatch_multiarch.config import Config


def config(**keys: Any) -> Config:
    return read_table({"helpers": {"greet": {}}, **keys}, project_name="greeter")


def test_auto_without_docker_is_this_machine_and_says_why(tmp_path: Path) -> None:
    found = choose(config(), "greeter", "all", Switches(), {"PATH": str(tmp_path)})
    assert found.engine == "host"
    [note] = found.notes
    assert note.startswith("compiled on this machine, not by BuildKit: ")
    assert "docker" in note


@pytest.mark.containerd_store
def test_auto_with_docker_is_buildkit(engine: Engine) -> None:
    found = choose(config(), "greeter", "all", Switches(), engine.env)
    assert found.engine == "buildkit"
    assert found.notes == ()
    assert found.docker is not None
    assert not any(place.emulated for place in found.docker.places)


def test_auto_without_docker_is_an_error_where_only_the_stage_will_do(tmp_path: Path) -> None:
    cgo = {"tone": {"cgo": True, "debian-packages": ["libopus-dev"]}}
    with pytest.raises(EngineError, match="no docker on PATH"):
        choose(config(helpers=cgo), "greeter", "all", Switches(), {"PATH": str(tmp_path)})


@pytest.mark.parametrize("mode", ["one", "editable"])
def test_front_ends_compile_on_the_machine_in_hand(tmp_path: Path, mode: Any) -> None:
    found = choose(config(), "greeter", mode, Switches(), {"PATH": str(tmp_path)})
    assert (found.engine, found.notes) == ("host", ())


def test_buildkit_without_docker_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EngineError):
        choose(config(engine="buildkit"), "greeter", "all", Switches(), {"PATH": str(tmp_path)})


def test_who_installs_from_an_sdist_needs_no_docker(tmp_path: Path) -> None:
    here = {"PATH": str(tmp_path)}
    found = choose(config(engine="buildkit"), "greeter", "one", Switches(), here)
    assert found.engine == "host"
    assert "not by BuildKit" in found.notes[0]


PUSHED = {"type": "registry"}


@pytest.mark.parametrize(
    "image",
    [
        {"outputs": ["registry", "tar"]},
        {"outputs": [{"type": "docker", "compression": "zstd"}]},
        {"outputs": [{"type": "docker", "cache": True}]},
        {"outputs": ["registry"], "sbom": "example.com/scanner:1"},
        {"outputs": [{**PUSHED, "cache": True}]},
        {"outputs": [{**PUSHED, "compression": "zstd"}]},
        {"outputs": [{**PUSHED, "platforms": "linux/amd64"}]},
    ],
)
def test_what_only_buildkit_makes_needs_docker_whoever_compiles(
    tmp_path: Path, image: dict[str, Any]
) -> None:
    made = config(engine="host", image=image)
    with pytest.raises(EngineError):
        choose(made, "greeter", "all", Switches(), {"PATH": str(tmp_path)})


@pytest.mark.parametrize("engine", ["host", "auto"])
def test_an_image_for_a_registry_or_docker_needs_no_buildx(tmp_path: Path, engine: str) -> None:
    """Docker itself is asked when the build begins: its SDK is there by then."""
    one = {"platforms": "linux/amd64"}
    docker = [{"type": "docker-archive", **one}, {"type": "docker", **one}]
    pushed = config(engine=engine, image={"outputs": ["registry", "oci", "layout", *docker]})
    found = choose(pushed, "greeter", "all", Switches(), {"PATH": str(tmp_path)})
    assert (found.engine, found.docker) == ("host", None)


def test_sbom_and_provenance_are_attached_without_docker(tmp_path: Path) -> None:
    here = {"PATH": str(tmp_path)}
    image = {"outputs": ["oci", "layout", "registry"], "sbom": "on", "provenance": "max"}
    own = config(engine="host", image=image)
    assert choose(own, "greeter", "all", Switches(), here) == Choice()
    scanner = config(engine="host", image={**image, "sbom": "example.com/scanner:1"})
    with pytest.raises(EngineError):
        choose(scanner, "greeter", "all", Switches(), here)


def test_a_command_of_this_machine_compiles_here() -> None:
    helpers = {"greet": {"cgo": True, "compiler": "my-clang --target=x"}}
    assert "is a command" in only_here(config(helpers=helpers))
    assert only_here(config()) == ""


def test_cgo_for_macos_compiles_on_the_mac() -> None:
    cgo = config(helpers={"greet": {"cgo": True}}, platforms=["darwin/arm64", "linux/arm64"])
    assert "needs this Mac's SDK" in only_here(cgo, "darwin")
    assert only_here(cgo, "linux") == ""
