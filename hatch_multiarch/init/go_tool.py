"""A program of another project as a helper: a Go module that requires it, and nothing else."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.version import InvalidVersion, Version

from hatch_multiarch import files, process
from hatch_multiarch.config.messages import printable
from hatch_multiarch.config.rules import RULES
from hatch_multiarch.engine.cgo_packages import list_without_cgo
from hatch_multiarch.engine.environment import surroundings
from hatch_multiarch.engine.go_command import go_settings
from hatch_multiarch.engine.go_source import SYSTEMS, read_package
from hatch_multiarch.errors import PlanError
from hatch_multiarch.init.license_files import license_files
from hatch_multiarch.init.programs import Program
from hatch_multiarch.init.version_flags import version_flags
from hatch_multiarch.toolchain import find_go

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hatch_multiarch.toolchain import Go

_LEAST_GO = "1.24"
"""The first whose go.mod has ``tool`` lines (go help get, -tool)."""

_SECONDS = 1800
"""Longest time that fetching the modules of a program may take."""


@dataclass(frozen=True)
class GoTool:
    """A program that go.mod requires."""

    program: Program
    module: Path
    """The folder of its module in Go's cache."""
    version: str
    """Of its module, as a version of Python's."""
    home: str
    """The path of its module."""
    texts: dict[str, str]
    """Files of the helper's folder: go.mod, go.sum and those with the license; name -> text."""

    def files(self) -> dict[str, str]:
        """Return the files of the project by their paths."""
        return {f"{self.program.source}/{name}": text for name, text in self.texts.items()}


def read_tool(wanted: str, environ: Mapping[str, str], fetching: Callable[[str], object]) -> GoTool:
    """Fetch the program *wanted*, ``IMPORT/PATH@VERSION``, and return it.

    *fetching* gets each line that Go says meanwhile. Raises PlanError for a program that is none or
    cannot be fetched, and ToolchainError where there is no Go to fetch it.
    """
    path, _, version = wanted.partition("@")
    if not is_import_path(path):
        raise PlanError(
            f"--tool: expected IMPORT/PATH@VERSION, found {printable(wanted)!r}",
            advice="such as github.com/rhysd/actionlint/cmd/actionlint@v1.7.7",
        )
    name = _name(path)
    go = find_go(f">={_LEAST_GO}", _LEAST_GO)
    env = surroundings(environ, go_settings(go, environ))
    env |= {"GOENV": "off", "GO111MODULE": "on", "GOWORK": "off"}
    env["GOFLAGS"] = f"{env.get('GOFLAGS', '')} -mod=mod".strip()
    with files.temporary() as work:
        file = work / "go.mod"
        file.write_text(f"module helpers/{name}\n\ngo {_LEAST_GO}\n", "utf-8")
        _go(go, work, env, ["get", "-tool", f"{path}@{version or 'latest'}"], wanted, fetching)
        asked = ["list", "-json=Name,Dir,Module", path]
        told: dict[str, Any] = json.loads(_go(go, work, env, asked, wanted, fetching))
        if told.get("Name") != "main":
            raise PlanError(
                f"--tool: {path} is not a program: it is package {told.get('Name')}",
                advice="programs of a Go project are usually in its folder cmd",
            )
        module = Path(told["Module"]["Dir"])
        package = read_package(Path(told["Dir"]))
        systems = [s for s in SYSTEMS if any(s in each.systems for each in package)]
        env |= {"GOOS": systems[0], "GOARCH": "amd64"}
        listed = list_without_cgo(go, env, work, path, fetching=fetching)
        program = Program(
            name=name,
            source=f"helpers/{name}",
            package=path,
            cgo=listed.needs_cgo(systems[0]),
            dynamic=listed.links_at_run_time("linux"),
            unseen=(),
            systems=tuple(systems),
            go=_go_line(file),
            ldflags=version_flags(module, package, own=False),
        )
        texts = {each: (work / each).read_text("utf-8") for each in ("go.mod", "go.sum")}
    texts |= {each.name: each.read_text("utf-8", "replace") for each in license_files(module)}
    return GoTool(
        program, module, _version(told["Module"]["Version"]), told["Module"]["Path"], texts
    )


def is_import_path(text: str) -> bool:
    """Tell whether *text* names a package of some module, and no folder."""
    try:
        RULES["go_package"](text)
    except ValueError:
        return False
    return not text.startswith(".")


def _go(
    go: Go,
    work: Path,
    env: Mapping[str, str],
    words: list[str],
    wanted: str,
    fetching: Callable[[str], object],
) -> str:
    """Return what a command of Go prints. Raises PlanError when it fails."""
    said: list[str] = []

    def hear(line: str) -> None:
        said.append(line.strip())
        fetching(said[-1])

    done = process.run([go.path, *words], cwd=work, env=env, timeout=_SECONDS, on_error_line=hear)
    if done.code != 0:
        told = [line for line in said if line and not line.startswith("go: downloading ")]
        advice = "it is IMPORT/PATH@VERSION, as for `go install`; check GOPROXY and GOPRIVATE too"
        if any("does not contain package" in line for line in told):
            advice = "programs of a Go project are usually in its folder cmd: PATH/cmd/NAME"
        raise PlanError(
            f"--tool: {wanted} cannot be fetched: {printable(' '.join(told))}", advice=advice
        )
    return done.out


def _name(path: str) -> str:
    """Return how ``go install`` calls the program *path* (go help install)."""
    parts = [part for part in path.split("/") if not re.fullmatch(r"v[0-9]+", part)]
    return re.sub(r"\.v[0-9]+$", "", parts[-1])


def _go_line(file: Path) -> str:
    found = re.search(r"^go[ \t]+(\S+)", file.read_text("utf-8"), re.MULTILINE)
    return found[1] if found else _LEAST_GO


def _version(told: str) -> str:
    """Return a version of Go's as one of Python's; without a tag it is the day of the commit."""
    plain = told.removeprefix("v").partition("+")[0]
    pseudo = re.fullmatch(r"([0-9.]+)-(?:.*\.)?([0-9]{14})-[0-9a-f]{12}", plain)
    if pseudo:
        return f"{pseudo[1]}.dev{pseudo[2]}"
    try:
        return str(Version(plain))
    except InvalidVersion:
        return re.match(r"[0-9.]*[0-9]", plain)[0]  # type: ignore[index]
