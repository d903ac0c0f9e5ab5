"""The hashes in a code signature as another reader sees them: the Go module blacktop/go-macho."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

from hatch_multiarch.toolchain import find_go

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

MODULE = "github.com/blacktop/go-macho"
VERSION = "v1.1.296"
SHA256 = 2
"""How code directories name it."""
PROGRAM = f"""\
package main

import (
	"encoding/json"
	"os"

	"{MODULE}"
)

func main() {{
	file, err := macho.Open(os.Args[1])
	if err != nil {{
		panic(err)
	}}
	json.NewEncoder(os.Stdout).Encode(file.CodeSignature().CodeDirectories)
}}
"""


def reader(folder: Path, run: Callable[..., Ran]) -> Path:
    """Build, in the new *folder*, a program that prints the code directories of a thin file."""
    go = find_go("", "1.21").path
    folder.mkdir()
    (folder / "main.go").write_text(PROGRAM)
    run(go, "mod", "init", "example.com/reader", cwd=folder)
    run(go, "get", f"{MODULE}@{VERSION}", cwd=folder, GOTOOLCHAIN="local")
    # With -trimpath Go's cache has the standard library already, from builds of helpers.
    build = ("build", "-trimpath", "-o", "reader", ".")
    run(go, *build, cwd=folder, GOTOOLCHAIN="local", CGO_ENABLED="0")
    return folder / "reader"


def signed_pages(reader: Path, path: Path, run: Callable[..., Ran]) -> int:
    """Return of how many bytes of *path* each page has the hash that *reader* sees for it."""
    [directory] = json.loads(run(reader, path).out)
    told, slots = directory["header"], directory["code_slots"]
    assert told["hash_type"] == SHA256
    data, size = path.read_bytes()[: told["code_limit"]], 1 << told["page_size"]
    pages = [data[at : at + size] for at in range(0, len(data), size)]
    assert [hashlib.sha256(page).digest() for page in pages] == [
        base64.b64decode(slot["hash"]) for slot in slots
    ]
    return len(data)
