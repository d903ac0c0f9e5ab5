"""Finds where two files of a build differ: in which member of a wheel, sdist or image."""

from __future__ import annotations

import json
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

from hatch_multiarch.errors import ImageError
from hatch_multiarch.files import hashed, same
from hatch_multiarch.image.inspect import inspect_archive, open_image
from hatch_multiarch.oci.image_source import read_config
from hatch_multiarch.oci.layer_reader import layer_files

if TYPE_CHECKING:
    from pathlib import Path


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
