"""Builds the project again elsewhere, and compares the bytes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch import files, process
from hatch_multiarch.errors import CompileError
from hatch_multiarch.project import building_python
from hatch_multiarch.verify.compare_files import differences
from hatch_multiarch.verify.outcome import Check, Verified

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hatch_multiarch.config import Config
    from hatch_multiarch.verify.report_check import Shipped

LEFT = ("__pycache__", ".venv", "venv", ".nox", ".tox", "node_modules", "*.egg-info")
"""What no build reads, wherever it stands."""
ELSEWHERE = ("docker", "image", "registry")
"""Outputs that would change something outside of the copy."""
ENDS = (".oci.tar", ".oci", ".docker.tar")
"""Outputs of the image that are compared."""
LINES = 20
"""Lines of a failed build that are shown."""


def build_again(
    root: Path,
    config: Config,
    shipped: Shipped | None,
    built: Sequence[Path],
    environ: Mapping[str, str],
) -> Verified:
    """Build a copy of the project *root* and compare what comes of it with the files *built*.

    The platforms and the engine are those of the report, the rest of *environ* is as it is. Nothing
    is pushed or loaded. Raises CompileError when it does not build, and ToolchainError when what
    it requires is not here.
    """
    python = building_python(root)
    outputs = [each.type for each in config.image.outputs] if config.image else []
    kept = any(each in ELSEWHERE for each in outputs)
    env = dict(environ)
    if shipped is not None:
        env["HATCH_MULTIARCH_PLATFORMS"] = " ".join(shipped.platforms)
        env.setdefault("HATCH_MULTIARCH_ENGINE", shipped.engine)
    if kept or (shipped is not None and shipped.image is None):
        env["HATCH_MULTIARCH_IMAGE"] = "0"
    with files.temporary() as folder:
        copy, dist = folder / "again" / root.name, folder / "dist"
        _copy(root, copy, [root / config.output, *{each.parent for each in built}])
        words: list[str | Path] = [python, "-m", "hatchling", "build", "-d", dist]
        done = process.run(words, cwd=copy, env=env)
        if done.code:
            said = "\n".join((done.out + done.err).strip().splitlines()[-LINES:])
            raise CompileError(f"the build did not work a second time:\n{said}")
        again = {each.name: each for each in dist.iterdir()}
        output = copy / config.output
        if output.is_dir():
            again |= {each.name: each for each in output.iterdir() if each.name.endswith(ENDS)}
        checks = list(_compared(built, again))
    if kept:
        said = "the image is not built again: one of its outputs would leave this folder"
        checks.append(Check("rebuild", "not run here", said))
    return Verified(root.resolve().name, "", tuple(checks), "rebuild")


def _copy(root: Path, copy: Path, without: Sequence[Path]) -> None:
    """Copy the project, without what builds made and what no build reads."""
    made = {each.resolve() for each in without} - {root.resolve()}
    pattern = shutil.ignore_patterns(*LEFT)

    def ignored(folder: str, names: list[str]) -> set[str]:
        found = {name for name in names if Path(folder, name).resolve() in made}
        return found | set(pattern(folder, names))

    shutil.copytree(root, copy, symlinks=True, ignore=ignored)


def _compared(built: Sequence[Path], again: Mapping[str, Path]) -> list[Check]:
    checks = []
    for path in built:
        other = again.get(path.name)
        if other is None:
            if not path.name.endswith(ENDS) or any(each.endswith(ENDS) for each in again):
                checks.append(Check("rebuild", "failed", f"{path.name} was not built again"))
            continue
        found = differences(path, other)
        if found:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            checks.append(Check("rebuild", "failed", f"{path.name}: {found[0]}{more}"))
        else:
            checks.append(Check("rebuild", "ok", f"{path.name}: the same bytes"))
    # A file that is there but was not asked about is no difference.
    names = {each.name for each in built}
    names |= {name for name in again if (built[0].parent / name).exists()}
    checks += [
        Check("rebuild", "failed", f"{name} exists only in the second build")
        for name in sorted({*again} - names)
    ]
    return checks
