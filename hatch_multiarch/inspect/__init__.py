"""Look into an image: pushed, in an archive or in a folder; nothing is unpacked."""

from hatch_multiarch.inspect.archive import Archive, check, open_archive
from hatch_multiarch.inspect.content import content
from hatch_multiarch.inspect.find import find
from hatch_multiarch.inspect.records import Attestation, Image, Inspected, Layer, Manifest

__all__ = [
    "Archive",
    "Attestation",
    "Image",
    "Inspected",
    "Layer",
    "Manifest",
    "check",
    "content",
    "find",
    "open_archive",
]
