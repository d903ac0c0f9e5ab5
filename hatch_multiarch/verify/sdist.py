"""Verifies an sdist: that it can be unpacked, and whose it is."""

from __future__ import annotations

import gzip
import posixpath
import tarfile
from email.parser import BytesParser
from typing import TYPE_CHECKING

from hatch_multiarch.oci.tar_store import UNREADABLE
from hatch_multiarch.oci.tar_writer import CHUNK
from hatch_multiarch.report.file_names import SDIST, is_sdist
from hatch_multiarch.verify.file_check import check_file
from hatch_multiarch.verify.outcome import Check, Verified
from hatch_multiarch.verify.wheel_reader import SMALL

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.verify.report_check import Shipped


def verify_sdist(path: Path, shipped: Shipped | None) -> Verified:
    """Return what is found about the sdist *path*; a check that fails is no error."""
    return Verified(path.name, "", (_archive(path), check_file(path, shipped)), "sdist")


def _archive(path: Path) -> Check:
    """Read it to its end; all of it has to be below ``NAME-VERSION``, PKG-INFO too."""
    stem, count, told = path.name.removesuffix(SDIST), 0, b""
    try:
        with gzip.open(path) as packed, tarfile.open(fileobj=packed, mode="r:") as tar:
            for each in tar:
                below = each.name == stem or each.name.startswith(f"{stem}/")
                if not below or posixpath.normpath(each.name) != each.name:
                    return Check("archive", "failed", f"{each.name} is not a path below {stem}")
                file = tar.extractfile(each) if each.isreg() else None
                if file is not None:
                    count += 1
                    if each.name == f"{stem}/PKG-INFO":
                        told = file.read(SMALL)
            while packed.read(CHUNK):
                pass  # at the end stands the checksum
    except UNREADABLE as error:
        return Check("archive", "failed", f"cannot be read: {error}")
    found = BytesParser().parsebytes(told)
    name, version = str(found.get("Name")), found.get("Version")
    if not is_sdist(f"{name.replace('-', '_')}-{version}{SDIST}", stem):
        what = f"is of {name} {version}" if told else "is missing"
        return Check("archive", "failed", f"PKG-INFO {what}")
    return Check("archive", "ok", f"{count} files")
