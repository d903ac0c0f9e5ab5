"""Programs that tests need, compiled from their Go modules once and then kept."""

from __future__ import annotations

import fcntl
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from support import REPOSITORY

from hatch_multiarch import platforms
from hatch_multiarch.toolchain import find_go

if TYPE_CHECKING:
    from collections.abc import Sequence


def compiled(
    name: str,
    version: str,
    *packages: str,
    minimum: str,
    ldflags: str = "-s -w",
) -> Path:
    """Return the folder of the commands *packages* of a module's *version*: .cache/NAME-VERSION.

    *minimum* is the least Go that this version builds with, from its go.mod. They are compiled
    without inlining and debug information, which saves more time than it costs when they run. Go's
    library is compiled as elsewhere.
    """
    folder = REPOSITORY / ".cache" / f"{name}-{version}"
    folder.parent.mkdir(exist_ok=True)
    quick = "-l -dwarf=false"
    flags = [f"-ldflags={ldflags}"]
    flags += [f"-gcflags=....{domain}/...={quick}" for domain in ("com", "dev", "in", "io", "org")]
    with (folder.parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other tests run beside these and may want it too
        if not folder.is_dir():
            _compile(folder, packages, version, minimum, flags)
    return folder


def _compile(
    folder: Path, packages: Sequence[str], version: str, minimum: str, flags: Sequence[str]
) -> None:
    go = find_go("", minimum).path
    with tempfile.TemporaryDirectory(prefix=f"{folder.name}-", dir=folder.parent) as work:
        env = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": ""}
        env |= {"GOOS": "linux", "GOARCH": platforms.host().goarch}
        env["GOGC"] = "800"
        for words in (
            ["mod", "init", "programs"],
            ["get", *(f"{each}@{version}" for each in packages)],
            ["build", "-trimpath", *flags, "-o", "out/", *packages],
        ):
            done = subprocess.run(
                [go, *words], cwd=work, env=env, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
        Path(work, "out").rename(folder)


def crane() -> Path:
    """Return the program of go-containerregistry, a client that is not ours."""
    package = "github.com/google/go-containerregistry/cmd/crane"
    return compiled("crane", "v0.22.1", package, minimum="1.25.0") / "crane"
