"""The zip file of a wheel: hatchling chooses its files, and compressed streams fill them.

hatchling writes a member by ``ZipFile.open(info, "w")``. While an ``Archives`` is on, the zip file
of hatchling's ``WheelArchive`` answers that call by a member which puts a ready stream into the
zip. Nothing else of hatchling is touched. A hatchling that writes in another way makes the same
wheel with zlib's streams, and ``finish`` then writes that wheel again with ours.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatchling.builders import wheel

from hatch_multiarch import files
from hatch_multiarch.cache.deflate import changed, compressor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from hatch_multiarch.cache.deflate import Stream, Streams

UNIX = 3
"""The system whose attributes a zip entry carries (APPNOTE 4.4.2)."""
EXECUTABLE = (stat.S_IFREG | 0o755) << 16
"""Upper half of a zip entry's external attributes, where Unix keeps its mode: installers set it."""
SMALL = 1 << 20
"""Bytes of a member that are compressed as they come; a larger one gets a stream of its own."""


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """Let ``tempfile`` use *folder* in the block.

    hatchling writes a wheel to a temporary file and renames that. From another file system the
    rename would be a copy, which can be interrupted.
    """
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before


class Archives:
    """The wheels of one build, on their way into zip files."""

    def __init__(
        self,
        streams: Streams,
        folder: Path,
        boundary: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """Take *streams*; hatchling's temporary files go to *folder*, beside the final wheel.

        *boundary* turns our errors into messages: hatchling would show a traceback.
        """
        self.streams = streams
        self._folder = folder
        self._boundary = boundary
        self.helpers: Mapping[str, str] = {}
        """Of the wheel that is being written: path in the zip -> sha256, hex."""
        self._small: dict[bytes, bytes] = {}
        self._theirs: Any = None

    def on(self, helpers: Mapping[str, str]) -> None:
        """Let hatchling's next archive, which holds *helpers*, take ready streams until ``off``."""
        self.helpers = helpers
        theirs = getattr(wheel, "WheelArchive", None)
        if not isinstance(theirs, type) or self._theirs is not None:
            return
        archives = self

        class Archive(theirs):  # type: ignore[misc, valid-type]
            def __init__(self, *arguments: Any, **named: Any) -> None:
                with archives._writing(), _temporary_files_in(archives._folder):
                    super().__init__(*arguments, **named)
                file = getattr(self, "zf", None)
                if isinstance(file, zipfile.ZipFile):
                    file.__class__ = archives.kind(type(file))

            def __exit__(self, *raised: object) -> None:
                error = raised[1]
                with archives._writing():
                    if not isinstance(error, BaseException):
                        super().__exit__(*raised)
                        return
                    with suppress(OSError):  # a full disk does not take the end of the file either
                        super().__exit__(*raised)
                    raise error

        self._theirs = theirs
        wheel.WheelArchive = Archive  # type: ignore[misc]

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._boundary(), files.refused(self._folder):
            yield

    def off(self) -> None:
        """Leave hatchling as it was."""
        if self._theirs is not None:
            wheel.WheelArchive, self._theirs = self._theirs, None  # type: ignore[misc]

    def finish(self, path: Path, helpers: Mapping[str, str]) -> None:
        """Write the wheel *path*, which holds *helpers*, again if it is not as ``on`` makes it."""
        self.helpers = helpers
        with zipfile.ZipFile(path) as archive:
            if all(self._ours(each) for each in archive.infolist()):
                return
        # Windows replaces no file that is open: the archive is closed before the new one is moved.
        with (
            files.writing(path) as out,
            zipfile.ZipFile(path) as archive,
            self.kind(zipfile.ZipFile)(out, "w", zipfile.ZIP_DEFLATED) as copy,
        ):
            for each in archive.infolist():
                info = zipfile.ZipInfo(each.filename, each.date_time)
                info.external_attr = each.external_attr
                info.compress_type = zipfile.ZIP_DEFLATED
                with archive.open(each) as source, copy.open(info, "w") as target:
                    shutil.copyfileobj(source, target, SMALL)

    def kind(self, base: type[zipfile.ZipFile]) -> type[zipfile.ZipFile]:
        """Return the class of a zip file like *base* that takes ready streams."""
        return type("StreamedZip", (_Streamed, base), {"archives": self})

    def _ours(self, info: zipfile.ZipInfo) -> bool:
        if info.create_system != UNIX:
            return False
        sha256 = self.helpers.get(info.filename)
        if sha256 is None:
            return True
        stream = self.streams.get(sha256)
        same = stream is None or info.compress_size == stream.packed
        return same and info.external_attr == EXECUTABLE

    def small(self, data: bytes) -> bytes:
        """Return *data* as a deflate stream; what several wheels hold is compressed once."""
        key = hashlib.sha256(data).digest()
        if key not in self._small:
            self._small[key] = bytes(compressor().deflate(data))
        return self._small[key]


class _Streamed(zipfile.ZipFile):
    """A zip file, open for writing, whose members are streams of *archives*."""

    archives: Archives

    def open(
        self, name: Any, mode: Any = "r", pwd: Any = None, *, force_zip64: bool = False
    ) -> Any:
        if mode != "w" or not isinstance(name, zipfile.ZipInfo):
            return super().open(name, mode, pwd, force_zip64=force_zip64)
        name.create_system = UNIX
        sha256 = self.archives.helpers.get(name.filename)
        if sha256 is None:
            return _Member(self, name)
        name.external_attr = EXECUTABLE
        stream = self.archives.streams.get(sha256)
        return self.deflating(name) if stream is None else _Helper(self, name, stream)

    def deflating(self, info: zipfile.ZipInfo) -> Any:
        """Open a member that zipfile compresses itself: one that is too large for a stream."""
        return super().open(info, "w", force_zip64=True)

    def put(self, info: zipfile.ZipInfo, stream: Iterable[bytes], crc32: int, size: int) -> None:
        """Add the member *info*, *size* bytes that were deflated to *stream*.

        Only what ``zipfile`` offers is used: the stream goes in as a stored member, whose header is
        then written over; the directory at the end follows from *info*.
        """
        info.compress_type = zipfile.ZIP_STORED
        info.file_size = 0  # what it says would decide how long the header is
        with super().open(info, "w") as out:
            for block in stream:
                out.write(block)
        info.compress_type, info.CRC, info.file_size = zipfile.ZIP_DEFLATED, crc32, size
        file: Any = self.fp
        end = file.tell()
        file.seek(info.header_offset)
        file.write(info.FileHeader(zip64=False))
        file.seek(end)


class _Writing(io.BufferedIOBase):
    """The member *info* of *archive*, as it is being written."""

    def __init__(self, archive: _Streamed, info: zipfile.ZipInfo) -> None:
        self._archive = archive
        self._info = info
        self._hash = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._finish()

    def _finish(self) -> None:
        raise NotImplementedError


class _Helper(_Writing):
    """A helper: what is written has to be the content of *stream*, which goes into the zip."""

    def __init__(self, archive: _Streamed, info: zipfile.ZipInfo, stream: Stream) -> None:
        super().__init__(archive, info)
        self._stream = stream

    def write(self, data: Any) -> int:
        self._hash.update(data)
        return len(data)

    def _finish(self) -> None:
        stream = self._stream
        if (found := self._hash.hexdigest()) != stream.sha256:
            raise changed(self._info.filename, found, stream.sha256)
        self._archive.put(self._info, stream.blocks(), stream.crc32, stream.size)


class _Member(_Writing):
    """Any other member: kept in memory while it is small, and in a file when it is not."""

    def __init__(self, archive: _Streamed, info: zipfile.ZipInfo) -> None:
        super().__init__(archive, info)
        self._data = bytearray()
        self._file: Any = None

    def write(self, data: Any) -> int:
        self._hash.update(data)
        self._data += data
        if len(self._data) > SMALL:
            self._spill()
        return len(data)

    def _spill(self) -> None:
        if self._file is None:
            folder = self._archive.archives.streams.folder
            handle, name = tempfile.mkstemp(dir=folder)
            self._file, self._path = os.fdopen(handle, "wb"), Path(name)
        self._file.write(self._data)
        self._data.clear()

    def _finish(self) -> None:
        if self._file is None:
            data = bytes(self._data)
            small = self._archive.archives.small(data)
            self._archive.put(self._info, [small], zlib.crc32(data), len(data))
            return
        self._spill()
        self._file.close()
        path, sha256 = self._path, self._hash.hexdigest()
        streams = self._archive.archives.streams
        streams.start(path, sha256)
        stream = streams.get(sha256)
        if stream is not None:
            self._archive.put(self._info, stream.blocks(), stream.crc32, stream.size)
        else:
            with path.open("rb") as source, self._archive.deflating(self._info) as target:
                shutil.copyfileobj(source, target, SMALL)
        path.unlink()
