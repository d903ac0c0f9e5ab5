"""The wheels installed by the installers people use, and the helpers run: native and foreign."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Example, Ran, Venv

pytestmark = pytest.mark.slow
HELLO = "Hello world!\nRunning in [{}] architecture.\n"
NOTE = re.compile(r"Note \d+ sounds at \d+\.\d\d Hz \((\d\d)-bit C\)\.\n")
ARCH = {
    "linux/amd64": ("x86_64", "amd64", "64"),
    "linux/arm64": ("aarch64", "arm64", "64"),
    "linux/arm/v7": ("armv7l", "arm", "32"),
    "linux/riscv64": ("riscv64", "riscv64", "64"),
}


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_the_console_script_runs_both_helpers(
    example: Example, venv: Venv, installer: str
) -> None:
    links = ("--no-index", "--find-links", example.dist, "greeter")
    venv.install(installer, *links)
    said = venv.script("greeter")
    assert said.startswith(HELLO.format("amd64"))
    assert NOTE.search(said)


def test_the_installer_library_keeps_helpers_executable(
    example: Example, venv: Venv, run: Callable[..., Ran], tmp_path: Path
) -> None:
    run(sys.executable, "-m", "installer", "-d", tmp_path / "root", example.wheel("x86_64"))
    [greet] = (tmp_path / "root").rglob("_greeter_helpers/greet")
    assert run(greet, "--version").out == "greet 1.0.0\n"


@pytest.mark.parametrize("platform", ARCH)
@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_foreign_wheels_install_and_their_helpers_run(
    example: Example,
    venv: Venv,
    emulate: Callable[[str], list[str]],
    run: Callable[..., Ran],
    tmp_path: Path,
    platform: str,
    installer: str,
) -> None:
    wheel_arch, goarch, bits = ARCH[platform]
    target = tmp_path / "site"
    floor = "2_31" if wheel_arch == "riscv64" else "2_17"
    choose = {
        "pip": ("--platform", f"manylinux_{floor}_{wheel_arch}"),
        "uv": ("--python-platform", f"{wheel_arch}-manylinux_{floor}"),
    }
    if installer == "uv" and wheel_arch == "armv7l":
        choose["uv"] = ("--python-platform", "armv7-unknown-linux-gnueabihf")
    try:
        venv.install(
            installer,
            *choose[installer],
            *("--only-binary", ":all:", "--no-index", "--find-links", example.dist),
            *("--target", target, "greeter"),
        )
    except AssertionError as error:
        # uv knows fewer platforms by name than there are wheels; say which, and test the rest.
        if installer == "uv" and "invalid value" in str(error):
            pytest.skip(f"uv has no --python-platform for {platform}")
        raise
    helpers = target / "_greeter_helpers"
    qemu = emulate(platform)
    assert run(*qemu, helpers / "greet").out == HELLO.format(goarch)
    root = sysroot(platform)
    if root is not None:
        said = run(*qemu, *root, helpers / "tone").out
        assert NOTE.fullmatch(said)
        assert NOTE.fullmatch(said)[1] == bits


def sysroot(platform: str) -> list[str] | None:
    """Return what a dynamic program needs to run here: nothing more, or a libc under qemu's -L."""
    if platform == "linux/amd64":
        return []
    triple = {"linux/arm64": "aarch64-linux-gnu", "linux/arm/v7": "arm-linux-gnueabihf"}.get(
        platform, "riscv64-linux-gnu"
    )
    loader = subprocess.run(["find", f"/usr/{triple}/lib", "-name", "ld-linux*"],
                            capture_output=True, check=False).stdout
    return ["-L", f"/usr/{triple}"] if loader else None


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
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=project,
        HATCH_MULTIARCH_PLATFORMS="host")
    venv.install("pip", "--no-index", "--find-links", project / "dist", "greeter")
    assert venv.script("greet") == HELLO.format("amd64")
    find = "from _greeter_helpers import find; print(find('greet'))"
    assert venv.run(venv.python, "-c", find).out.strip() == str(venv.root / "bin/greet")


def test_asking_for_a_helper_that_is_not_there_says_what_is(
    example: Example, venv: Venv
) -> None:
    venv.install("pip", "--no-index", "--find-links", example.dist, "greeter")
    ask = "from _greeter_helpers import find; find('sing')"
    said = venv.run(venv.python, "-c", ask, code=1).out
    assert "LookupError: greeter has no helper 'sing' on this platform (it has: greet, tone)" in said
