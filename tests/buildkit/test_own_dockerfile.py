"""A Dockerfile of the project's own compiles; the rest of the street stays the same."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from buildkit.small import BOTH, greet_of, report, small
from engine_fixture import docker

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine_fixture import Engine
    from support import Ran

pytestmark = [pytest.mark.slow, pytest.mark.network]

DOCKERFILE = """\
{toolchain}
FROM toolchain AS compile
ARG TARGETARCH
COPY helpers/greet /src
RUN --mount=type=cache,id=hatch-multiarch-go-build,target=/root/.cache/go-build \\
    CGO_ENABLED=0 GOARCH=$TARGETARCH go -C /src build -trimpath -buildvcs=false \\
    -ldflags='-s -w -X main.version=by-hand' -o /out/{file} .
FROM scratch AS Ours
COPY --from=compile /out/ /
"""


@pytest.fixture
def own(tmp_path: Path, engine: Engine, run: Callable[..., Ran]) -> Callable[..., Path]:
    """Make a project whose Dockerfile begins as the generated one, which a project may keep."""

    def make(file: str = "greet", target: str = "ours") -> Path:
        generated = run(
            *(sys.executable, "-m", "hatch_multiarch", "dockerfile"),
            small(tmp_path / "generated", engine, platforms=BOTH),
        ).out
        toolchain, following, _ = generated.partition("FROM toolchain AS")
        assert following
        root = small(
            tmp_path / "greeter",
            engine,
            platforms=BOTH,
            builder="",
            stage=f'dockerfile = "docker/go.Dockerfile"\ntarget = "{target}"',
            image='outputs = ["oci"]',
        )
        (root / "docker").mkdir()
        (root / "docker/go.Dockerfile").write_text(
            DOCKERFILE.replace("{toolchain}", toolchain).replace("{file}", file), "utf-8"
        )
        return root

    return make


@pytest.mark.containerd_store
def test_its_helpers_are_in_wheels_and_image(
    engine: Engine, own: Callable[..., Path], buildkit: Callable[..., Ran]
) -> None:
    root = own()
    said = buildkit(root)
    found = report(root)
    assert [each["platform"] for each in found["units"]] == list(BOTH)
    assert {each["compiler"] for each in found["units"]} == {"dockerfile"}
    assert all(each["seconds"] > 0 or each["cached"] for each in found["units"])
    wheels = sorted((root / "dist").glob("*.whl"))
    assert sorted(map(greet_of, wheels)) == sorted(each["sha256"] for each in found["units"])
    assert all(each["image"]["path"] == "usr/local/bin/greet" for each in found["proof"])
    assert "greet" in said
    binary = root / "build/multiarch/bin/linux-amd64/greet"
    name = f"hm-own-{os.urandom(4).hex()}"
    docker(engine, "create", f"--name={name}", engine.builder_image, "/greet", "--version")
    try:
        docker(engine, "cp", binary, f"{name}:/greet")
        assert docker(engine, "start", "--attach", name) == "greet by-hand\n"
    finally:
        docker(engine, "rm", "--force", name)


@pytest.mark.containerd_store
def test_a_helper_of_another_name_is_told(
    own: Callable[..., Path], buildkit: Callable[..., Ran]
) -> None:
    root = own(file="salute")
    said = buildkit(root, code=5)
    assert "error: greet linux/amd64: stage 'ours' has no file /greet; it has salute\n" in said
    assert "tool.multiarch.stage.target" in said
    assert not (root / "dist").exists() or not list((root / "dist").iterdir())


THERE = """\
{toolchain}
FROM toolchain AS builder
COPY . /app/
RUN test ! -e /app/README.md
RUN --mount=type=cache,id=hatch-multiarch-go-build,target=/root/.cache/go-build \\
    CGO_ENABLED=0 go -C /app/helpers/greet build -trimpath -buildvcs=false -o /app/{file} .
FROM toolchain
COPY --from=builder /app/{file} /usr/local/bin/
ENTRYPOINT ["{file}"]
"""


@pytest.mark.parametrize("file", ["greet", "salute"])
def test_one_that_was_there_may_stay_as_it_is(
    own: Callable[..., Path], buildkit: Callable[..., Ran], file: str
) -> None:
    """A stage that compiles in a folder, with all the sources, and a last one that is not ours."""
    root = own()
    dockerfile, config = root / "docker/go.Dockerfile", root / "pyproject.toml"
    toolchain, _, _ = dockerfile.read_text("utf-8").partition("FROM toolchain AS")
    dockerfile.write_text(THERE.format(toolchain=toolchain, file=file), "utf-8")
    Path(f"{dockerfile}.dockerignore").write_text("*.md\n")
    text = config.read_text("utf-8").replace(
        'target = "ours"', 'target = "builder"\nfolder = "/app"'
    )
    config.write_text(text, "utf-8")
    env = {"HATCH_MULTIARCH_PLATFORMS": "linux/amd64"}
    if file != "greet":
        said = buildkit(root, code=5, **env)
        assert "error: greet linux/amd64: stage 'builder' has no file /app/greet\n" in said
        assert "tool.multiarch.stage.folder" in said
        return
    buildkit(root, **env)
    [unit] = report(root)["units"]
    [wheel] = (root / "dist").glob("*.whl")
    assert greet_of(wheel) == unit["sha256"]


UNDER_QEMU = """\
FROM {python} AS late
COPY --from=compile /out/ /out/
RUN python3 -c "import os; print(os.uname().machine)" >/machine
FROM scratch AS Ours
COPY --from=late /out/ /machine /
"""


@pytest.mark.containerd_store
@pytest.mark.parametrize("strategy", ["cross", "emulate"])
@pytest.mark.parametrize("platforms", ["linux/arm64", "linux/amd64,linux/arm64"])
def test_a_stage_that_would_be_emulated_is_refused_unless_asked_for(
    engine: Engine,
    own: Callable[..., Path],
    buildkit: Callable[..., Ran],
    strategy: str,
    platforms: str,
) -> None:
    root = own()
    dockerfile = root / "docker/go.Dockerfile"
    ours, _, _ = dockerfile.read_text("utf-8").partition("FROM scratch AS Ours")
    dockerfile.write_text(ours + UNDER_QEMU.format(python=engine.python_image), "utf-8")
    config = root / "pyproject.toml"
    text = config.read_text("utf-8").replace(
        'engine = "buildkit"', f'engine = "buildkit"\nstrategy = "{strategy}"'
    )
    config.write_text(text, "utf-8")
    env = {"HATCH_MULTIARCH_PLATFORMS": platforms}
    if strategy == "emulate":
        buildkit(root, **env)
        assert [each["platform"] for each in report(root)["units"]] == platforms.split(",")
        return
    said = buildkit(root, code=3, **env)
    assert (
        "error: tool.multiarch.strategy is 'cross', but stage 'late' would run as linux/arm64 "
        "under QEMU on the node 'default', which is linux/amd64: `RUN python3 -c"
    ) in said
    assert "FROM --platform=$BUILDPLATFORM" in said
    assert said.out.count("error: ") == 1
    assert not (root / "dist").exists() or not list((root / "dist").iterdir())


@pytest.mark.containerd_store
@pytest.mark.parametrize("what", ["stage", "file"])
def test_a_stage_or_file_that_is_not_there_is_one_error(
    own: Callable[..., Path], buildkit: Callable[..., Ran], what: str
) -> None:
    root = own(target="theirs" if what == "stage" else "ours")
    if what == "file":
        shutil.rmtree(root / "docker")
    said = buildkit(root, code=8 if what == "stage" else 3)
    key = "target" if what == "stage" else "dockerfile: there is no file docker/go.Dockerfile"
    assert f"tool.multiarch.stage.{key}" in said
    assert said.out.count("error: ") == 1
    assert "Traceback" not in said
