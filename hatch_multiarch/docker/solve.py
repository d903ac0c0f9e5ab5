"""Runs one ``docker buildx build``: its arguments, its progress and its result."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch import files, process
from hatch_multiarch.docker.build_failure import failure
from hatch_multiarch.docker.buildx_outputs import joined, whole
from hatch_multiarch.docker.known_errors import LOST
from hatch_multiarch.docker.rawjson import Decoder, Step, Tracker
from hatch_multiarch.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hatch_multiarch.docker.locate_buildx import Buildx

__all__ = ["Request", "Solved", "Step", "arguments", "solve"]

_FOLDERS = ("BUILDX_CONFIG", "DOCKER_CERT_PATH", "DOCKER_CONFIG")
"""Variables in which docker and buildx are told of folders."""


PAUSES = (1.0, 4.0)
"""Seconds between tries."""

_PASSING = re.compile(r"unexpected status from \w+ request to \S+: (?:5\d\d|429) ")
"""What a registry may not say the next time (containerd, core/remotes/docker)."""

_LOST = re.compile(LOST)


@dataclass(frozen=True)
class Request:
    """What to build and what becomes of it. Paths are made absolute."""

    context: Path
    dockerfile: Path
    target: str = ""
    platforms: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    """Values of ``--output``, as ``outputs.output`` makes them."""
    builder: str = ""
    """Name of the builder; empty for BUILDX_BUILDER or the one in use."""
    network: str = "default"
    layout: tuple[tuple[str, ...], Path, str] | None = None
    """An image to start from: its names in the Dockerfile, a folder with an OCI layout, and the
    digest of the image in it."""
    held: tuple[tuple[str, ...], str] | None = None
    """The same of an image that docker has: its names in the Dockerfile, and docker's name."""
    secrets: dict[str, Path] = field(default_factory=dict)
    """Secret's id -> file that holds it."""
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()
    annotations: tuple[str, ...] = ()
    """``index:KEY=VALUE``, ``manifest:KEY=VALUE``."""
    sbom: str = "off"
    """``off``, ``on``, or the image of a scanner."""
    provenance: str = "off"
    """``off``, ``min`` or ``max``."""
    tags: tuple[str, ...] = ()
    """Full names; buildx gives them to every image output, whatever name that has."""
    build_args: dict[str, str] = field(default_factory=dict)
    epoch: int | None = None
    """SOURCE_DATE_EPOCH, in seconds; None for none, whatever the environment says."""
    metadata: Path | None = None
    """Where buildx's own record of the build is kept, as JSON; None for nowhere."""


@dataclass(frozen=True)
class Solved:
    """What came of a build."""

    digest: str
    """Of the image's index, or of its manifest when it has no index; empty without an image."""
    metadata: dict[str, Any]
    """buildx's own record (``--metadata-file``)."""
    steps: tuple[Step, ...]


def solve(
    buildx: Buildx,
    request: Request,
    *,
    on_plan: Callable[[Step], object] = lambda _: None,
    on_step: Callable[[Step], object] = lambda _: None,
    group: process.Group | None = None,
) -> Solved:
    """Build *request*; each step is told to *on_step* when it begins, ends and fails.

    To *on_plan* it is told when BuildKit names it, before any step runs: what it raises is raised
    here, and ends the build. Files of the outputs appear whole when the build has ended well, and
    not at all otherwise. A registry in trouble (5xx, 429) is given time and tried again: what is
    built is in the cache, and what was pushed is there. Where a part of the builder's cache is
    lost, all is built once more without it. Raises CompileError for a step that failed, EngineError
    for all else that goes wrong, and process.Stopped when *group* is stopped.
    """
    ours = ("DOCKER_BUILDKIT", "SOURCE_DATE_EPOCH")
    env = {key: text for key, text in buildx.environ.items() if key not in ours}
    # It may be started in another folder than this process.
    env |= {key: str(Path(env[key]).absolute()) for key in _FOLDERS if env.get(key)}
    if request.epoch is not None:
        env["SOURCE_DATE_EPOCH"] = str(request.epoch)
    with (
        whole(request.outputs) as outputs,
        files.temporary() as work,
    ):
        metadata = work / "metadata.json"
        words = arguments(request, outputs, metadata)
        command: list[str | Path] = [Path(buildx.docker).absolute(), "buildx", *words]
        pauses = list(PAUSES)
        while True:
            code, tracker, text = _run(command, request, env, on_plan, on_step, group)
            if code == 0:
                break
            if pauses and any(map(_PASSING.search, text)):
                time.sleep(pauses.pop(0))
            elif "--no-cache" not in command and any(map(_LOST.search, text)):
                command.insert(3, "--no-cache")
            else:
                raise failure(tracker, text, code, secrets=request.secrets.values())
        record = metadata.read_text("utf-8")
    if request.metadata is not None:
        request.metadata.write_text(record, "utf-8")
    found = json.loads(record)
    return Solved(str(found.get("containerimage.digest", "")), found, tracker.steps)


def _run(
    command: list[str | Path],
    request: Request,
    env: dict[str, str],
    on_plan: Callable[[Step], object],
    on_step: Callable[[Step], object],
    group: process.Group | None,
) -> tuple[int, Tracker, list[str]]:
    """Run buildx once; return its exit code, the steps, and what it wrote beside its records."""
    decoder = Decoder()
    tracker = Tracker(request.platforms[0] if len(request.platforms) == 1 else "")

    def heard(line: str) -> None:
        record = decoder.feed(line) or {}
        for step in tracker.named(record):
            on_plan(step)
        for step in tracker.update(record):
            on_step(step)

    cwd = request.layout[1].parent if request.layout else None
    try:
        done = process.run(command, cwd=cwd, env=env, group=group, on_error_line=heard)
    except OSError as error:
        raise EngineError(f"docker cannot be started: {error}") from error
    return done.code, tracker, list(decoder.text)


def arguments(request: Request, outputs: Sequence[str], metadata: Path) -> list[str]:
    """Return the words after ``docker buildx`` for *request*.

    Each value stands in one word with its option, or is an absolute path: none can be taken for
    an option. A layout is named as seen from the folder that it is in: buildx cuts its path at the
    first ``:`` and ``@`` (build/build.go), which any folder above may have. ``--network=host``
    grants the network.host entitlement on its own (buildx, build/opt.go); whether the builder lets
    it is the builder's.
    """
    words = ["build", "--progress=rawjson", f"--metadata-file={metadata}"]
    words.append(f"--file={request.dockerfile.absolute()}")
    words += [f"--output={each}" for each in outputs]
    words.append(f"--sbom={_sbom(request.sbom)}")
    words.append(f"--provenance={_provenance(request.provenance)}")
    if request.platforms:
        words.append(f"--platform={','.join(request.platforms)}")
    for option, text in (
        ("target", request.target),
        ("builder", request.builder),
        ("network", request.network),
    ):
        words += [f"--{option}={text}"] if text else []
    for option, texts in (
        ("tag", request.tags),
        ("annotation", request.annotations),
        ("cache-from", request.cache_from),
        ("cache-to", request.cache_to),
    ):
        words += [f"--{option}={text}" for text in texts]
    build_args = dict(request.build_args)
    if request.epoch is not None:
        build_args["SOURCE_DATE_EPOCH"] = str(request.epoch)
    words += [f"--build-arg={key}={text}" for key, text in build_args.items()]
    if request.layout is not None:
        names, folder, digest = request.layout
        words += [f"--build-context={name}=oci-layout://{folder.name}@{digest}" for name in names]
    if request.held is not None:
        names, held = request.held
        words += [f"--build-context={name}=docker-image://{held}" for name in names]
    for name, path in request.secrets.items():
        words.append(f"--secret={joined(['type=file', f'id={name}', f'src={path.absolute()}'])}")
    return [*words, str(request.context.absolute())]


def _sbom(sbom: str) -> str:
    known = {"off": "false", "on": "true"}
    return known.get(sbom) or joined([f"generator={sbom}"])


def _provenance(provenance: str) -> str:
    return "false" if provenance == "off" else f"mode={provenance}"
