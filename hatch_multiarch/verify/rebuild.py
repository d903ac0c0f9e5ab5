"""Builds the project again elsewhere, and finds where two files of a build differ.

That is a member of a wheel, sdist or image.
"""

from __future__ import annotations

import json
import shutil
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch import files, process
from hatch_multiarch.errors import CompileError, ImageError
from hatch_multiarch.files import hashed, same
from hatch_multiarch.image.inspect import inspect_archive, open_image
from hatch_multiarch.oci.image_source import read_config
from hatch_multiarch.oci.layer_reader import layer_files
from hatch_multiarch.project import building_python
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


def differences(one: Path, two: Path) -> list[str]:
    """Return a line for each member in which *one* and *two* differ; none: they are equal.

    They are wheels, sdists, or images in an archive or a layout folder.
    """
    folders = one.is_dir() and two.is_dir()
    if not folders and same(one, two):
        return []
    try:
        pair = [_members(each) for each in (one, two)]
    except (OSError, EOFError, ValueError, KeyError, tarfile.TarError, zipfile.BadZipFile,
            ImageError):  # fmt: skip
        return ["it differs, and cannot be read"]
    first, second = pair
    lines = []
    for name in sorted({*first, *second}):
        if name not in first or name not in second:
            lines.append(f"{name} is only in the {'first' if name in first else 'second'}")
        elif first[name] != second[name]:
            what = next(key for key in first[name] if first[name][key] != second[name].get(key))
            lines.append(f"{name} differs in its {what}")
    # RECORD follows from the others: it is the last to be named.
    lines.sort(key=lambda line: ".dist-info/RECORD differs" in line)
    if folders:
        return lines
    if not lines and list(first) != list(second):
        return ["its members are in another order"]
    return lines or ["its members are equal, but compressed differently"]


Members = dict[str, dict[str, Any]]
"""Name -> what is compared of it, by the word for it."""


def _members(path: Path) -> Members:
    if path.suffix == ".whl":
        return _wheel(path)
    if path.name.endswith((".oci.tar", ".oci")):
        return _image(path)
    found: Members = {}
    with tarfile.open(path) as tar:
        for each in tar:
            file = tar.extractfile(each) if each.isfile() else None
            content = hashed(file)[0] if file is not None else each.linkname
            owner = (each.uid, each.gid, each.uname, each.gname)
            found[each.name] = {
                "content": content, "mode": each.mode, "time": each.mtime, "owner": owner,
                "kind": each.type,
            }  # fmt: skip
    return found


def _wheel(path: Path) -> Members:
    with zipfile.ZipFile(path) as archive:
        return {
            each.filename: {
                "content": (each.CRC, each.file_size),
                "mode": each.external_attr >> 16,
                "time": each.date_time,
            }
            for each in archive.infolist()
        }


def _image(path: Path) -> Members:
    """Return the files in each platform's layers, then its config and manifest."""
    found: Members = {}
    with open_image(path) as archive:
        for image in inspect_archive(archive).images:
            for each in image.manifests:
                for layer in each.layers:
                    for name, digest in layer_files(archive, layer).items():
                        found[f"{each.platform} /{name}"] = {"content": digest}
                blob = archive.describe(each.config)
                config = json.dumps(read_config(archive, blob, each.config), sort_keys=True)
                found[f"{each.platform} (its config)"] = {"content": config}
                found[f"{each.platform} (its manifest)"] = {"content": each.digest}
            found["the index"] = {"content": image.digest}
    return found
