"""binfmt_misc is read as the kernel reads it: by magic and mask, whatever an entry's name is."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import missing, need

from hatch_multiarch.cli import main
from hatch_multiarch.platforms import all_platforms, binfmt, host

if TYPE_CHECKING:
    from engine_fixture import Engine

# As Debian's qemu-user-static registers it and the kernel shows it.
AARCH64 = """\
enabled
interpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P
flags: POF
offset 0
magic 7f454c460201010000000000000000000200b700
mask ffffffffffffff00fffffffffffffffffeffffff
"""
QEMU = {
    "386": "i386",
    "amd64": "x86_64",
    "arm": "arm",
    "arm64": "aarch64",
    "loong64": "loongarch64",
    "ppc64le": "ppc64le",
    "riscv64": "riscv64",
    "s390x": "s390x",
}
LINUX = [each for each in all_platforms() if each.os == "linux"]

linux_only = pytest.mark.skipif(host().os != "linux", reason="binfmt_misc is Linux's")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "register").write_text("")
    (tmp_path / "status").write_text("enabled\n")
    (tmp_path / "any-name").write_text(AARCH64)
    return tmp_path


def state(folder: Path, *starts: str) -> dict[str, binfmt.Emulator]:
    return binfmt.state(folder, starts.__contains__)


def registered(found: dict[str, binfmt.Emulator]) -> list[str]:
    return [name for name, each in found.items() if each.registered]


def test_an_entry_is_known_by_its_magic(folder: Path) -> None:
    found = state(folder)
    assert registered(found) == ["linux/arm64"]
    assert found["linux/arm64"].fixed
    assert found["linux/arm64"].interpreter.endswith("aarch64-binfmt-P")


def test_one_of_arm_serves_all_of_them(folder: Path) -> None:
    arm = AARCH64.replace("460201", "460101").replace("b700", "2800")
    (folder / "any-name").write_text(arm)
    assert registered(state(folder)) == ["linux/arm/v7", "linux/arm/v6", "linux/arm/v5"]


def test_without_a_mask_every_bit_counts(folder: Path) -> None:
    (folder / "any-name").write_text(AARCH64.rpartition("mask")[0])
    assert registered(state(folder)) == ["linux/arm64"]
    (folder / "any-name").write_text(AARCH64.rpartition("mask")[0].replace("0b700", "1b700"))
    assert registered(state(folder)) == []


def test_a_part_behind_an_offset_is_compared_there(folder: Path) -> None:
    (folder / "any-name").write_text("enabled\ninterpreter /q\nflags: \noffset 18\nmagic b700\n")
    assert registered(state(folder)) == ["linux/arm64"]


def test_an_entry_that_is_switched_off_is_told(folder: Path) -> None:
    (folder / "any-name").write_text(AARCH64.replace("enabled", "disabled"))
    assert not state(folder)["linux/arm64"].runs
    assert state(folder)["linux/arm64"].disabled == "any-name"
    (folder / "other").write_text(AARCH64)
    assert state(folder)["linux/arm64"].disabled == ""
    (folder / "status").write_text("disabled\n")
    assert registered(state(folder)) == []


def test_of_two_the_newer_is_taken(folder: Path) -> None:
    (folder / "a").write_text(AARCH64.replace("/usr/libexec", "/older"))
    os.utime(folder / "a", (1, 1))
    assert state(folder)["linux/arm64"].interpreter.startswith("/usr/libexec")
    os.utime(folder / "any-name", (0, 0))
    assert state(folder)["linux/arm64"].interpreter.startswith("/older")


def test_the_flag_for_containers_is_told(folder: Path) -> None:
    (folder / "any-name").write_text(AARCH64.replace("POF", "PO"))
    assert state(folder)["linux/arm64"].registered
    assert not state(folder)["linux/arm64"].fixed


def test_entries_for_file_names_are_none(folder: Path) -> None:
    (folder / "java").write_text("enabled\ninterpreter /usr/bin/jar\nflags: \nextension .jar\n")
    assert registered(state(folder)) == ["linux/arm64"]


@linux_only
def test_the_processor_itself_and_what_else_it_runs(folder: Path) -> None:
    assert state(folder)[host().name].native
    if host().name == "linux/amd64":
        assert not state(folder)["linux/386"].runs
        assert state(folder, "386")["linux/386"].native


@linux_only
def test_what_cannot_be_seen_is_tried(tmp_path: Path) -> None:
    foreign = "riscv64" if host().name != "linux/riscv64" else "s390x"
    found = state(tmp_path / "none", foreign)
    assert registered(found) == [f"linux/{foreign}"]
    assert found[f"linux/{foreign}"].fixed
    assert registered(state(tmp_path / "none")) == []


@pytest.mark.witness
@pytest.mark.parametrize("architecture", QEMU)
def test_the_programs_that_are_tried_end_well(architecture: str, tmp_path: Path) -> None:
    qemu = need(f"qemu-{QEMU[architecture]}-static")
    path = tmp_path / "program"
    path.write_bytes(binfmt._program(architecture))
    path.chmod(0o755)
    assert subprocess.run([qemu, path], check=False).returncode == 0


@linux_only
@pytest.mark.parametrize("platform", LINUX, ids=lambda each: each.name)
def test_the_kernel_does_what_its_files_say(platform: binfmt.Platform) -> None:
    """Of every platform: a program starts if, and only if, the processor or an entry is for it."""
    found = binfmt.state()[platform.name]
    assert binfmt.starts(platform.goarch) == found.runs


@pytest.mark.containerd_store  # the older one has one platform under a name
def test_the_real_ones_run_in_containers(engine: Engine) -> None:
    found = binfmt.state()
    for platform, processor in (("linux/arm64", "aarch64"), ("linux/arm/v7", "armv7l")):
        if not found[platform].fixed and not found[platform].native:
            missing(f"an emulator of {platform}")
        code = "import platform; print(platform.machine())"
        words = ["run", "--rm", f"--platform={platform}", engine.python_image]
        done = subprocess.run(
            ["docker", *words, "python3", "-c", code],
            env=engine.env,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == processor


DOCKER = "docker run --privileged --rm tonistiigi/binfmt --install"


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["linux/arm64"], f"{DOCKER} arm64"),
        (["linux/arm/v7", "linux/arm/v6", "linux/aarch64"], f"{DOCKER} arm,arm64"),
        ([], f"{DOCKER} all"),
        (["--image", "team/qemu:1"], "docker run --privileged --rm team/qemu:1 --install all"),
    ],
)
def test_docker_s_command_can_be_seen_first(
    words: list[str], command: str, capsys: pytest.CaptureFixture
) -> None:
    assert main(["emulators", "install", "--dry-run", "--with", "docker", *words]) == 0
    assert capsys.readouterr().out == f"{command}\n"


@pytest.mark.skipif(not Path("/run").is_dir(), reason="Debian's way is Linux's")
def test_debian_s_command_can_be_seen_first(capsys: pytest.CaptureFixture) -> None:
    assert main(["emulators", "install", "--dry-run", "--with", "debian"]) == 0
    more = "" if Path("/run/systemd/system").is_dir() else " binfmt-support"
    sudo = "" if os.geteuid() == 0 else "sudo --non-interactive "
    expected = f"{sudo}apt-get install --yes qemu-user-static{more}\n"
    assert capsys.readouterr().out == expected


def test_docker_is_the_way_where_its_daemon_answers(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, tmp_path: Path
) -> None:
    for key in ("PATH", "DOCKER_HOST", "DOCKER_CONFIG"):
        if key in engine.env:
            monkeypatch.setenv(key, engine.env[key])
    assert main(["emulators", "install", "--dry-run"]) == 0
    assert capsys.readouterr().out == f"{DOCKER} all\n"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    if not shutil.which("apt-get"):
        missing("apt-get")
    assert main(["emulators", "install", "--dry-run"]) == 0
    assert "apt-get install" in capsys.readouterr().out


def test_without_docker_and_apt_it_says_what_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["emulators", "install"]) == 8
    assert "there is no docker on PATH" in capsys.readouterr().err


def test_a_container_that_fails_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\necho 'no \033[2J privileges' >&2\nexit 125\n")
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert main(["emulators", "install", "--with", "docker"]) == 8
    told = capsys.readouterr()
    assert told.out == f"{DOCKER} all\n"
    assert "docker ended with exit code 125\n  no \\x1b[2J privileges" in told.err
    assert "--with debian" in told.err


# What tonistiigi/binfmt does, for one emulator and under a name of its own.
REGISTER = r"""
import ctypes, pathlib, sys
assert sys.argv[1:] == ["--install", "loong64"], sys.argv
folder = b"/proc/sys/fs/binfmt_misc"
assert ctypes.CDLL(None).mount(b"binfmt_misc", folder, b"binfmt_misc", 0, None) == 0
magic = r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x02\x01"
mask = r"\xff\xff\xff\xff\xff\xff\xff\xfc\x00" + r"\xff" * 7 + r"\xfe\xff\xff\xff"
line = f":NAME:M::{magic}:{mask}:/qemu:F"
pathlib.Path("/proc/sys/fs/binfmt_misc/register").write_text(line)
"""


def test_an_image_installs_one_for_real(
    engine: Engine,
    repository: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
    request: pytest.FixtureRequest,
) -> None:
    """Through the command: the kernel runs the platform afterwards, in containers too."""
    if not os.access(binfmt.BINFMT / "register", os.W_OK):
        missing("root, and binfmt_misc of the kernel that docker runs under")
    shutil.copy(need("qemu-loongarch64-static"), tmp_path / "qemu")
    name = f"hm-{repository}"
    (tmp_path / "register.py").write_text(REGISTER.replace("NAME", name))
    (tmp_path / "Dockerfile").write_text(
        f"FROM {engine.python_image}\nCOPY register.py qemu /\n"
        'ENTRYPOINT ["python3", "/register.py"]\n'
    )
    words = ["buildx", "build", "--builder=default", "--load", f"--tag={repository}:1"]
    subprocess.run(["docker", *words, tmp_path], env=engine.env, check=True, capture_output=True)
    for key in ("PATH", "DOCKER_HOST", "DOCKER_CONFIG"):
        if key in engine.env:
            monkeypatch.setenv(key, engine.env[key])

    def unregister() -> None:
        if (binfmt.BINFMT / name).exists():
            (binfmt.BINFMT / name).write_text("-1")

    request.addfinalizer(unregister)
    words = ["linux/loong64", f"--image={repository}:1", "--with=docker"]
    assert main(["emulators", "install", *words]) == 0
    said = capsys.readouterr().out
    line = f"docker run --privileged --rm {repository}:1 --install loong64"
    assert said.splitlines()[0] == line
    assert "ok  linux/loong64  /qemu" in said
    found = binfmt.state()["linux/loong64"]
    assert (found.interpreter, found.fixed) == ("/qemu", True)
    assert binfmt.starts("loong64")


@pytest.mark.parametrize("bad", ["linux/sparc", "darwin/arm64", "--x", "$(id)"])
def test_a_wrong_platform_is_one_line(bad: str, capsys: pytest.CaptureFixture) -> None:
    assert main(["emulators", "install", "--dry-run", "--", bad]) == 2
    assert "expected a Linux platform" in capsys.readouterr().err


@pytest.mark.parametrize("bad", ["--privileged", "UPPER", "a b", "x\n"])
def test_a_wrong_image_is_refused(bad: str, capsys: pytest.CaptureFixture) -> None:
    assert main(["emulators", "install", "--dry-run", f"--image={bad}"]) == 2
    assert "expected an image" in capsys.readouterr().err


@linux_only
def test_the_list_names_every_linux_platform(capsys: pytest.CaptureFixture) -> None:
    assert main(["emulators"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == [each.name for each in LINUX]


def test_every_linux_platform_has_a_program() -> None:
    assert {each.goarch for each in LINUX} == set(binfmt._KINDS)
