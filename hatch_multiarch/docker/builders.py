"""Builders: asking buildx for one, and each of its nodes for the platform it is itself."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hatch_multiarch import files, process
from hatch_multiarch.config.messages import nearest, printable, show
from hatch_multiarch.docker.buildx_outputs import joined
from hatch_multiarch.docker.inspect_output import Builder, Node, parse
from hatch_multiarch.errors import EngineError
from hatch_multiarch.platforms import normalise

if TYPE_CHECKING:
    from hatch_multiarch.docker.locate_buildx import Buildx
    from hatch_multiarch.process import Finished

__all__ = ["Builder", "Node", "ask", "inspect_builder", "last_words", "list_builders", "no_builder"]

TIMEOUT = 60.0
"""Seconds for a question; buildx itself waits up to 20 s for nodes that do not answer."""

BOOT_TIMEOUT = 600.0
"""Seconds for starting the nodes, for which docker may have to pull the image of buildkitd."""

_PROBE = """\
FROM scratch
ARG BUILDPLATFORM
COPY <<END /platform
$BUILDPLATFORM
END
"""


def inspect_builder(buildx: Buildx, name: str = "", *, bootstrap: bool = False) -> Builder:
    """Return the builder *name*, or BUILDX_BUILDER's, or the one in use; *bootstrap* starts it.

    Raises EngineError when it does not exist, cannot be asked, or cannot be started.
    """
    words = ["inspect", *(["--bootstrap"] if bootstrap else []), *(["--", name] if name else [])]
    done = ask(buildx, *words, timeout=BOOT_TIMEOUT if bootstrap else TIMEOUT)
    if done.code != 0:
        raise _refused(buildx, done, name)
    found = parse(done.out)
    if found.error:
        raise EngineError(
            f"the builder {show(found.name)} can't be queried:  {printable(found.error)}",
            advice="check that its docker is running; `docker buildx ls` shows every builder",
        )
    nodes = tuple(
        replace(
            _with_build_platform(buildx, found.name, node), here=_here(buildx, found.driver, node)
        )
        for node in found.nodes
    )
    containerd = found.containerd if found.driver == "docker" else _containerd(buildx)
    return replace(found, nodes=nodes, containerd=containerd)


def ask(buildx: Buildx, *words: str, timeout: float = TIMEOUT) -> Finished:
    """Run ``docker buildx`` *words*. Raises EngineError when it cannot run or does not end."""
    try:
        return buildx.run(*words, timeout=timeout)
    except TimeoutError:
        raise EngineError(
            f"docker buildx {words[0]} did not end within {timeout:.0f} s",
            advice="check that the builder's machines answer: `docker buildx ls`",
        ) from None
    except OSError as error:
        raise EngineError(f"docker cannot be started: {error}") from error


def list_builders(buildx: Buildx) -> list[dict[str, Any]]:
    """Return what ``docker buildx ls`` knows of every builder, as buildx writes it in JSON."""
    done = ask(buildx, "ls", "--format", "{{json .}}")
    if done.code != 0:
        raise EngineError(f"docker buildx ls failed: {last_words(done)}")
    rows = [json.loads(line) for line in done.out.splitlines() if line.strip()]
    # One line for a builder, and the same again for each of its nodes.
    return list({row["Name"]: row for row in rows}.values())


def in_use(buildx: Buildx) -> str:
    """Return the name of the builder that builds go to: BUILDX_BUILDER's or the one in use."""
    if buildx.environ.get("BUILDX_BUILDER"):
        return buildx.environ["BUILDX_BUILDER"]
    return parse(ask(buildx, "inspect").out).name


def last_words(done: Finished) -> str:
    """Return what docker said last, on one line, without its ``ERROR:``."""
    lines = [line.strip() for line in f"{done.out}\n{done.err}".splitlines() if line.strip()]
    said = [line for line in lines if line.startswith("ERROR:")] or lines
    return printable(said[-1].removeprefix("ERROR:").strip()) if said else f"exit code {done.code}"


def no_builder(buildx: Buildx, name: str, origin: str = "") -> EngineError:
    """Return the error for a builder that is not there, with the nearest name that is."""
    names = [str(row["Name"]) for row in list_builders(buildx)]
    close = nearest(name, names)
    hint = f"did you mean {show(close)}? " if close else ""
    return EngineError(
        f"there is no builder {show(name)}{origin}",
        advice=f"{hint}`hatch-multiarch builder create` creates the one in "
        "[tool.multiarch.builder]; "
        f"there are: {', '.join(printable(each) for each in names)}",
    )


def _refused(buildx: Buildx, done: Finished, name: str) -> EngineError:
    missing = re.search(r'no builder "(.*)" found', done.err)
    if missing:
        origin = "" if name else ", which BUILDX_BUILDER names"
        return no_builder(buildx, missing[1], origin)
    return EngineError(
        f"docker buildx inspect failed: {last_words(done)}",
        advice="`docker buildx ls` shows every builder and whether it runs",
    )


def _with_build_platform(buildx: Buildx, builder: str, node: Node) -> Node:
    """Ask a running *node* what it is, where the list of its platforms does not prove it.

    A build of nothing, for a platform that only this node was created for, so that buildx picks
    it; BuildKit fills in BUILDPLATFORM.
    """
    if node.build_platform or node.status != "running" or not node.configured:
        return node
    with files.temporary() as folder:
        (folder / "Dockerfile").write_text(_PROBE, "utf-8")
        out = folder / "out"
        output = joined(["type=local", f"dest={out}"])
        words = ("--progress=quiet", "--provenance=false", f"--output={output}")
        where = (f"--builder={builder}", f"--platform={node.configured[0]}")
        done = ask(buildx, "build", *words, *where, str(folder))
        if done.code != 0:
            return replace(node, error=last_words(done))
        said = (out / "platform").read_text("utf-8")
    return replace(node, build_platform=normalise(said.strip()))


def _here(buildx: Buildx, driver: str, node: Node) -> bool:
    """Tell whether *node* runs under this machine's kernel: not in a virtual machine, not afar."""
    if driver not in ("docker", "docker-container") or not sys.platform.startswith("linux"):
        return False
    address = node.endpoint
    if address == "default":  # the context of that name is DOCKER_HOST, or the usual socket
        address = buildx.environ.get("DOCKER_HOST") or "unix://"
    return address.startswith("unix://")


def _containerd(buildx: Buildx) -> bool:
    """Tell whether docker's own image store is containerd's (buildx util/dockerutil, features)."""
    command = [buildx.docker, "info", "--format", "{{json .DriverStatus}}"]
    try:
        done = process.run(command, env=buildx.environ, timeout=TIMEOUT)
    except OSError:
        return False
    return done.code == 0 and "io.containerd.snapshotter.v1" in done.out
