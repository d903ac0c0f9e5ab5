"""Only what a compiler says of a folder that takes no writes names such a folder."""

from __future__ import annotations

import pytest

from hatch_multiarch.engine import compile_advice

FULL, QUOTA, READ_ONLY = "the disk is full", "the disk quota is used up", "read-only"


@pytest.mark.parametrize(
    ("words", "folder", "says"),
    [
        ("open {cache}/3f/3f0-d: no space left on device", "cache", FULL),
        ("go: writing stat cache: write {modules}/x.tmp: no space left on device", "modules", FULL),
        ("mkdir {work}/b001/: disk quota exceeded", "work", QUOTA),
        ("mkdir {cache}/00: read-only file system", "cache", READ_ONLY),
        ("rename {work}/a {cache}/3f/a: permission denied", "cache", "ermission denied"),
        ("/usr/bin/ld: final link failed: No space left on device", "full", FULL),
        ("error: unable to create compilation: NoSpaceLeft", "full", FULL),
        ("link: mapping output file failed: no space left on device", "full", FULL),
        ("open main.go: permission denied", "", ""),
        ("main.go:3:2: open /etc/shadow: permission denied", "", ""),
        ("./main.go:3:15: undefined: space", "", ""),
        ("main.go:4:2: no required module provides package example.com/x", "", ""),
        ("main.go:4:2: cannot find package", "", ""),
    ],
)
def test_only_what_is_full_is_named(tmp_path, monkeypatch, words, folder, says):
    folders = [tmp_path / name for name in ("cache", "modules", "work", "full")]
    for each in folders:
        each.mkdir()
    room = dict.fromkeys(folders, 1) | {tmp_path / "full": 0}
    monkeypatch.setattr(compile_advice, "_room", room.__getitem__)
    output = words.format(**{each.name: each for each in folders})
    found = compile_advice.unwritable(f"# greet\n{output}\n", folders)
    if not folder:
        assert found is None
        return
    assert found is not None
    assert found.message.startswith(f"nothing can be written to {tmp_path / folder}: ")
    assert says in found.message
