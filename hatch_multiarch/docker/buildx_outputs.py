"""Values of ``docker buildx build --output``, and moving their files into place."""

from __future__ import annotations

import contextlib
import csv
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch.files import move

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FILES: dict[str, tuple[str, ...]] = {
    "local": (),
    "tar": (),
    "oci": ("oci-mediatypes=true",),
}
_IMAGES = {"docker", "image", "registry"}


def output(
    kind: str,
    *,
    dest: Path | None,
    names: tuple[str, ...],
    compression: str,
) -> str:
    """Return the value of ``--output`` for *kind*, one of ``config.Output.type`` but ``layout``.

    *dest* is the file (``oci``, ``tar``) or folder (``local``) to make, absolute, and
    None for the others; *names* are the image's full names with their tags. Layers get
    *compression* (gzip, zstd, uncompressed). Times of files are left alone: those of what we add
    are the epoch already, and a base keeps its own.
    """
    if kind in _IMAGES:
        values = [f"type={kind}", "oci-mediatypes=true"]
    else:
        values = [f"type={kind}", f"dest={dest}", *_FILES[kind]]
    if kind not in {"local", "tar"}:
        values.append(f"compression={compression}")
        if compression != "gzip":
            # Layers of the base keep theirs otherwise, and so do those in the build cache.
            values.append("force-compression=true")
        if names:
            values.append(f"name={','.join(names)}")
    return joined(values)


def joined(fields: Sequence[str]) -> str:
    """Join *fields* as Go's encoding/csv takes them apart again."""
    return ",".join(
        '"' + each.replace('"', '""') + '"' if set(each) & set(',"\r\n') else each
        for each in fields
    )


@contextlib.contextmanager
def whole(outputs: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Give *outputs* other destinations for the block, and the right ones when it has ended well.

    What stood at a destination is replaced as a whole then, a folder with all that is in it.
    buildx writes straight to where it is told: killed, it would leave a part there.
    """
    with contextlib.ExitStack() as stack:
        moves = []
        values = []
        for value in outputs:
            fields = next(csv.reader(io.StringIO(value, newline="")))
            dest = next((each[5:] for each in fields if each.startswith("dest=")), None)
            if dest is not None:
                final = Path(dest)
                final.parent.mkdir(parents=True, exist_ok=True)
                aside = stack.enter_context(
                    tempfile.TemporaryDirectory(
                        prefix=f".{final.name}.", dir=final.parent, ignore_cleanup_errors=True
                    )
                )
                made = Path(aside, "new")
                moves.append((made, final))
                fields[fields.index(f"dest={dest}")] = f"dest={made}"
            values.append(joined(fields))
        yield tuple(values)
        for made, final in moves:
            move(made, final)
