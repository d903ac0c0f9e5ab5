"""Atomic writes, moves into place, staging folders and digests of files."""

from hatch_multiarch.files.atomic import copy, rewrite, write, writing
from hatch_multiarch.files.digest import fingerprint, hashed, sha256
from hatch_multiarch.files.replace import move
from hatch_multiarch.files.staging import link, place, same, stage, unstage
from hatch_multiarch.files.sync import sync, sync_folder
from hatch_multiarch.files.temporary import sweep_temporary, temporary
from hatch_multiarch.files.unwritable import WriteError, failed, refused, unwritable, writes_to

__all__ = [
    "WriteError",
    "copy",
    "failed",
    "fingerprint",
    "hashed",
    "link",
    "move",
    "place",
    "refused",
    "rewrite",
    "same",
    "sha256",
    "stage",
    "sweep_temporary",
    "sync",
    "sync_folder",
    "temporary",
    "unstage",
    "unwritable",
    "write",
    "writes_to",
    "writing",
]
