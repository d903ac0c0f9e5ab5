"""Compression for wheels and layers: each content once, on all processors."""

from hatch_multiarch.deflate.compressor import LEVEL, compressor
from hatch_multiarch.deflate.gzip_writer import GzipWriter
from hatch_multiarch.deflate.streams import Stream, Streams, changed

__all__ = ["LEVEL", "GzipWriter", "Stream", "Streams", "changed", "compressor"]
