"""Atomic writes, moves into place, staging folders and digests of files."""

from hatch_multiarch.files.atomic import copy, rewrite, sync, sync_folder, write, writing
from hatch_multiarch.files.digest import fingerprint, folder_digest, hashed, sha256
from hatch_multiarch.files.held_folders import probe, sweep_temporary, temporary, temporary_home
from hatch_multiarch.files.staging import link, move, place, same, stage, unstage
from hatch_multiarch.files.write_errors import failed, refused, unwritable, writes_to

__all__ = [
    "copy",
    "failed",
    "fingerprint",
    "folder_digest",
    "hashed",
    "link",
    "move",
    "place",
    "probe",
    "refused",
    "rewrite",
    "same",
    "sha256",
    "stage",
    "sweep_temporary",
    "sync",
    "sync_folder",
    "temporary",
    "temporary_home",
    "unstage",
    "unwritable",
    "write",
    "writes_to",
    "writing",
]
