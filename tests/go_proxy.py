"""A Go module proxy that is a folder, for modules that tests write themselves."""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def serve(proxy: Path, module: str, version: str, files: Mapping[str, str]) -> str:
    """Put a module into *proxy* (Go Modules Reference, "GOPROXY protocol"); return its go.sum."""
    files = {"go.mod": f"module {module}\n\ngo 1.21\n", **files}
    folder = proxy / module / "@v"
    folder.mkdir(parents=True)
    (folder / f"{version}.info").write_text(json.dumps({"Version": version}))
    (folder / f"{version}.mod").write_text(files["go.mod"])
    named = {f"{module}@{version}/{name}": text for name, text in files.items()}
    with zipfile.ZipFile(folder / f"{version}.zip", "w") as archive:
        for name, text in named.items():
            archive.writestr(name, text)
    return (
        f"{module} {version} {_hash(named)}\n"
        f"{module} {version}/go.mod {_hash({'go.mod': files['go.mod']})}\n"
    )


def _hash(files: Mapping[str, str]) -> str:
    """Return what go.sum holds of some files (golang.org/x/mod/sumdb/dirhash, Hash1)."""
    lines = (
        f"{hashlib.sha256(files[name].encode()).hexdigest()}  {name}\n" for name in sorted(files)
    )
    return "h1:" + base64.b64encode(hashlib.sha256("".join(lines).encode()).digest()).decode()
