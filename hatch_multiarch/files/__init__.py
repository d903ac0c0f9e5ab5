"""Atomic writes, moves into place, staging folders and digests of files."""

from hatch_multiarch.files.atomic import copy, rewrite, write, writing
from hatch_multiarch.files.digest import hashed, sha256
from hatch_multiarch.files.replace import move
from hatch_multiarch.files.staging import leftovers, link, place, same, stage
from hatch_multiarch.files.sync import sync, sync_folder

__all__ = [
    "copy",
    "hashed",
    "leftovers",
    "link",
    "move",
    "place",
    "rewrite",
    "same",
    "sha256",
    "stage",
    "sync",
    "sync_folder",
    "write",
    "writing",
]
