"""hatchling writes the wheel, and ready streams are in it: with any hatchling, the same bytes."""

from __future__ import annotations

import hashlib
import os
import random
import stat
import types
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hatchling.builders import wheel as theirs
from hatchling.builders.wheel import WheelBuilder
from installer.sources import WheelFile

from hatch_multiarch.cache.build_cache import BuildCache
from hatch_multiarch.cache.deflate import Streams
from hatch_multiarch.errors import AuditError
from hatch_multiarch.wheel import Archives

if TYPE_CHECKING:
    from collections.abc import Iterator


PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "small"
version = "1"
[tool.hatch.build.targets.wheel]
packages = ["small"]
"""
HELPER = random.Random(5).randbytes(70_000) * 20  # noqa: S311 - any bytes will do
DATA = random.Random(6).randbytes(90_000) * 20  # noqa: S311
MEMBER = "small/helper"


class Site:
    """A project without our hook: a helper, a large file, a small and an empty one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        package = root / "small"
        package.mkdir(parents=True)
        (root / "pyproject.toml").write_text(PROJECT)
        (package / "__init__.py").write_text("x = 1\n" * 100)
        (package / "empty.py").touch()
        (package / "data").write_bytes(DATA)
        self.helper = package / "helper"
        self.helper.write_bytes(HELPER)
        self.helper.chmod(0o755)
        self.streams = Streams(root.with_name("streams"), BuildCache(None))
        self.sha256 = hashlib.sha256(HELPER).hexdigest()
        self.streams.start(self.helper, self.sha256)
        self.archives = Archives(self.streams, root.parent)

    @property
    def helpers(self) -> dict[str, str]:
        return {MEMBER: self.sha256}

    def build(self) -> Path:
        builder: Any = WheelBuilder(str(self.root))
        folder = str(self.root / "dist")
        return Path(next(builder.build(directory=folder, versions=["standard"])))

    def streamed(self) -> Path:
        self.archives.on(self.helpers)
        try:
            return self.build()
        finally:
            self.archives.off()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path / "project")
    yield site
    site.streams.close()


def raw(path: Path, member: str) -> bytes:
    """Return the bytes of a member as they stand in the zip."""
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        info = archive.getinfo(member)
        file.seek(info.header_offset + 26)
        sizes = file.read(4)
        file.seek(int.from_bytes(sizes[:2], "little") + int.from_bytes(sizes[2:], "little"), 1)
        return file.read(info.compress_size)


def test_the_wheel_holds_the_stream_and_is_what_hatchling_made(site: Site) -> None:
    plain = {}
    with zipfile.ZipFile(site.build()) as archive:
        plain = {each: archive.read(each) for each in archive.namelist()}
    path = site.streamed()
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert {each: archive.read(each) for each in archive.namelist()} == plain
        assert {each.compress_type for each in archive.infolist()} == {zipfile.ZIP_DEFLATED}
        assert archive.getinfo(MEMBER).external_attr >> 16 == stat.S_IFREG | 0o755
        assert archive.getinfo("small/data").external_attr >> 16 == stat.S_IFREG | 0o644
        WheelFile(archive).validate_record()
    stream = site.streams.get(site.sha256)
    assert stream
    assert raw(path, MEMBER) == stream.path.read_bytes()
    assert list(site.streams.folder.glob("tmp*")) == []


def test_a_large_file_that_is_no_helper_gets_a_stream_too(site: Site) -> None:
    path = site.streamed()
    stream = site.streams.get(hashlib.sha256(DATA).hexdigest())
    assert stream
    assert raw(path, "small/data") == stream.path.read_bytes()


def test_hatchling_is_left_as_it_was(site: Site) -> None:
    before = theirs.WheelArchive
    site.streamed()
    assert theirs.WheelArchive is before


def test_a_hatchling_that_writes_otherwise_makes_the_same_wheel(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its archive is not where we look for it; then the finished wheel is written again."""
    expected = site.streamed().read_bytes()
    archive, real = theirs.WheelArchive, WheelBuilder.build_standard

    def build_standard(self: Any, directory: str, **data: Any) -> str:
        """Write by the class that is no longer where it was."""
        code = types.FunctionType(real.__code__, {**real.__globals__, "WheelArchive": archive})
        return str(code(self, directory, **data))

    monkeypatch.delattr(theirs, "WheelArchive")
    monkeypatch.setattr(WheelBuilder, "build_standard", build_standard)
    path = site.streamed()
    assert path.read_bytes() != expected
    site.archives.finish(path, site.helpers)
    assert path.read_bytes() == expected
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_host_without_executable_bits_makes_the_same_wheel(site: Site) -> None:
    """As on Windows: no bit to take from the file system, and another system in each entry."""
    expected = site.streamed()
    data = expected.read_bytes()
    with zipfile.ZipFile(expected) as archive:
        entries = [(info, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(expected, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in entries:
            info.create_system = 0
            if info.filename == MEMBER:
                info.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, content)
    assert expected.read_bytes() != data
    site.archives.finish(expected, site.helpers)
    assert expected.read_bytes() == data
    os.chmod(site.helper, 0o644)  # noqa: PTH101 - as the rest of the line says
    assert site.streamed().read_bytes() == data


def test_what_is_right_already_is_not_written_again(site: Site) -> None:
    path = site.streamed()
    before = path.stat()
    site.archives.finish(path, site.helpers)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_helper_that_changed_is_an_error(site: Site) -> None:
    stream = site.streams.get(site.sha256)
    assert stream
    site.helper.write_bytes(HELPER[:-1] + b"x")
    with pytest.raises(AuditError, match="small/helper changed after it was built"):
        site.streamed()


def test_a_helper_that_is_too_large_is_left_to_zipfile(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hatch_multiarch.cache.deflate.LARGE", 1000)
    site.streams.close()
    site.streams = Streams(site.root / "other", BuildCache(None))
    site.streams.start(site.helper, site.sha256)
    site.archives = Archives(site.streams, site.root.parent)
    path = site.streamed()
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.read(MEMBER) == HELPER
        assert archive.read("small/data") == DATA
    before = path.stat().st_mtime_ns
    site.archives.finish(path, site.helpers)
    assert path.stat().st_mtime_ns == before
