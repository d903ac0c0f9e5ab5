"""The wheels installed by the installers people use, and the helpers run: native and foreign."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sbom_schemas import checked_cyclonedx, linked
from support import missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Example, Ran, Venv

pytestmark = pytest.mark.slow
HELLO = "Hello world!\nRunning in [{}] architecture.\n"
NOTE = re.compile(r"Note \d+ sounds at \d+\.\d\d Hz \((\d\d)-bit C\)\.\n")
GOARCH = {
    "linux/amd64": ("amd64", "64"),
    "linux/arm64": ("arm64", "64"),
    "linux/arm/v7": ("arm", "32"),
    "linux/riscv64": ("riscv64", "64"),
}


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_the_console_script_runs_both_helpers(example: Example, venv: Venv, installer: str) -> None:
    links = ("--no-index", "--find-links", example.dist, "greeter")
    venv.install(installer, *links)
    said = venv.script("greeter")
    assert said.startswith(HELLO.format("amd64"))
    assert NOTE.search(said)
    read = "distribution('greeter').read_text('sboms/hatch-multiarch.cdx.json')"
    ask = f"from importlib.metadata import distribution; print({read})"
    installed = checked_cyclonedx(venv.run(venv.python, "-c", ask).out)
    assert linked(installed, "greet") > {"pkg:golang/example.com/greeter/greet"}


def test_the_installer_library_keeps_helpers_executable(
    example: Example, venv: Venv, run: Callable[..., Ran], tmp_path: Path
) -> None:
    run(sys.executable, "-m", "installer", "-d", tmp_path / "root", example.wheel("x86_64"))
    [greet] = (tmp_path / "root").rglob("_greeter_helpers/greet")
    assert run(greet, "--version").out == "greet 1.0.0\n"


# How each installer is told of a foreign platform; uv has no name for 32-bit Arm.
FOREIGN = [
    ("linux/amd64", "pip", "manylinux_2_17_x86_64"),
    ("linux/arm64", "pip", "manylinux_2_17_aarch64"),
    ("linux/arm/v7", "pip", "manylinux_2_17_armv7l"),
    ("linux/riscv64", "pip", "manylinux_2_31_riscv64"),
    ("linux/amd64", "uv", "x86_64-manylinux_2_17"),
    ("linux/arm64", "uv", "aarch64-manylinux_2_17"),
    ("linux/riscv64", "uv", "riscv64-unknown-linux"),
]
# Debian's cross libcs: what a dynamic program finds under qemu's -L.
SYSROOT = {
    "linux/arm64": "/usr/aarch64-linux-gnu",
    "linux/arm/v7": "/usr/arm-linux-gnueabihf",
    "linux/riscv64": "/usr/riscv64-linux-gnu",
}


@pytest.mark.parametrize(("platform", "installer", "name"), FOREIGN)
def test_foreign_wheels_install_and_their_helpers_run(
    example: Example,
    venv: Venv,
    emulate: Callable[[str], list[str]],
    run: Callable[..., Ran],
    tmp_path: Path,
    platform: str,
    installer: str,
    name: str,
) -> None:
    option = {"pip": "--platform", "uv": "--python-platform"}[installer]
    target = tmp_path / "site"
    venv.install(
        installer,
        *(option, name, "--only-binary", ":all:", "--no-index", "--find-links", example.dist),
        *("--target", target, "greeter"),
    )
    helpers = target / "_greeter_helpers"
    qemu = emulate(platform)
    if platform in SYSROOT:
        if not Path(SYSROOT[platform]).is_dir():
            missing(f"{SYSROOT[platform]} (Debian's cross libc)")
        qemu += ["-L", SYSROOT[platform]]
    goarch, bits = GOARCH[platform]
    assert run(*qemu, helpers / "greet").out == HELLO.format(goarch)
    said = NOTE.fullmatch(run(*qemu, helpers / "tone").out)
    assert said
    assert said[1] == bits


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_an_editable_install_runs_the_host_helpers(
    project: Path, venv: Venv, links: dict[str, str], installer: str
) -> None:
    venv.install(installer, "-e", project, **links)
    said = venv.script("greeter")
    assert said.startswith(HELLO.format("amd64"))
    assert NOTE.search(said)
    source = project / "src/greeter/__init__.py"
    source.write_text(source.read_text() + '\nprint("edited")\n')
    assert venv.script("greeter").startswith("edited\n")
    assert not (project / "dist").exists()


def test_helpers_installed_as_scripts_are_on_path_and_found(
    project: Path, venv: Venv, run: Callable[..., Ran]
) -> None:
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text().replace(
        "[tool.multiarch.helpers.greet]", '[tool.multiarch.helpers.greet]\ninstall = "scripts"'
    )
    pyproject.write_text(text)
    run(
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        cwd=project,
        HATCH_MULTIARCH_PLATFORMS="host",
    )
    venv.install("pip", "--no-index", "--find-links", project / "dist", "greeter")
    assert venv.script("greet") == HELLO.format("amd64")
    find = "from _greeter_helpers import find; print(find('greet'))"
    assert venv.run(venv.python, "-c", find).out.strip() == str(venv.root / "bin/greet")


def test_asking_for_a_helper_that_is_not_there_says_what_is(example: Example, venv: Venv) -> None:
    venv.install("pip", "--no-index", "--find-links", example.dist, "greeter")
    ask = "from _greeter_helpers import find; find('sing')"
    said = venv.run(venv.python, "-c", ask, code=1).out
    assert (
        "LookupError: greeter has no helper 'sing' on this platform (it has: greet, tone)" in said
    )
