"""Runs one platform in a container: with limits, and removed in any case."""

from __future__ import annotations

import re
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from docker.errors import APIError

from hatch_multiarch.verify.outcome import Ran

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_multiarch.image.inspect import PlatformImage
    from hatch_multiarch.verify.outcome import Run

LINES = 10
"""Lines of output that are kept."""
OUTPUT = 1 << 16
"""Bytes of output that are kept."""
MEMORY = 1 << 30
"""Bytes that a container may take; an emulator needs some of them."""
LIMITS: dict[str, Any] = {
    "network_mode": "none",
    "read_only": True,
    "tmpfs": {"/tmp": "size=64m"},  # noqa: S108 - in the container
    "mem_limit": MEMORY,
    "memswap_limit": MEMORY,
    "pids_limit": 512,
    "security_opt": ["no-new-privileges"],
    # Nothing that it says is kept on disk: it comes through attach.
    "log_config": {"type": "none", "config": {}},
}
FOREIGN = re.compile(r"exec\b.*: exec format error|exec format error: unknown")
"""How runc, and docker on its behalf, say that the kernel does not know the format."""


def run_platform(client: Any, name: str, manifest: PlatformImage, run: Run) -> Ran:
    """Run one platform to its end, or to the end of its time."""

    def ran(outcome: Any, code: int | None, said: bytes = b"", problem: str = "") -> Ran:
        lines = said.decode("utf-8", "replace").splitlines()[:LINES]
        seconds = round(time.monotonic() - start, 2)
        digest = manifest.digest or manifest.config
        return Ran(manifest.platform, digest, outcome, code, seconds, tuple(lines), problem)

    start = time.monotonic()
    command = list(run.command) or None
    container = client.containers.create(name, command, platform=manifest.platform, **LIMITS)
    try:
        output = container.attach(stdout=True, stderr=True, stream=True)
        start = time.monotonic()
        try:
            container.start()
        except APIError as error:
            reason = str(error.explanation)
            if FOREIGN.search(reason):
                return ran("cannot-run", None, problem=_foreign(manifest.platform))
            return ran("failed", None, problem=f"it does not start: {reason}")
        said, late = _read(container, output, run.timeout)
        if late:
            return ran("timeout", None, said, f"stopped after {run.timeout:g} s")
        code = int(container.wait()["StatusCode"])
        if code and FOREIGN.match(said.decode("utf-8", "replace")):
            return ran("cannot-run", None, problem=_foreign(manifest.platform))
        container.reload()
        if container.attrs["State"].get("OOMKilled"):
            return ran("failed", code, said, f"it took more than {MEMORY >> 20} MiB of memory")
        return ran("failed" if code else "ok", code, said)
    finally:
        container.remove(force=True, v=True)


def _read(container: Any, output: Iterator[bytes], timeout: float) -> tuple[bytes, bool]:
    """Return the first of what a container says until it ends, and whether it had to be ended."""
    late = threading.Event()

    def end() -> None:
        late.set()
        with suppress(APIError):  # it ended by itself in the meantime
            container.kill()

    timer = threading.Timer(timeout, end)
    timer.start()
    said = b""
    try:
        for data in output:
            said = (said + data)[:OUTPUT]
        container.wait()  # it may have closed its output and gone on
    finally:
        timer.cancel()
    return said, late.is_set()


def _foreign(platform: str) -> str:
    return (
        f"no emulator for {platform} is registered where docker runs: "
        "`hatch-multiarch emulators install` registers it"
    )
