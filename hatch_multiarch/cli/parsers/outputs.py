"""Arguments of the commands about images and what was built.

``inspect``, ``verify``, ``push``, ``lock``, ``licenses`` and ``report``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatch_multiarch.cli.parsers.common import (
    add_fewer_platforms,
    add_folder,
    add_json,
    reference,
    seconds,
)

INSPECT = """\
example:
  hatch-multiarch inspect                      show this project's image
  hatch-multiarch inspect python:3.13-slim     show an image in a registry
"""
VERIFY = """\
example:
  hatch-multiarch verify                       check what this project built
  hatch-multiarch verify dist                  check the wheels in a folder
  hatch-multiarch verify --rebuild             also compare a second build
  hatch-multiarch verify NAME:TAG -- --version pass arguments to its entrypoint
"""
PUSH = """\
example:
  hatch-multiarch push                                push the project's image
  hatch-multiarch push --dry-run x.oci.tar NAME:TAG   show the uploads
"""
LOCK = """\
example:
  hatch-multiarch lock           write base = "python:3.13-slim@sha256:..."
  hatch-multiarch lock --check   exit 1 if the tag now refers to another image
"""
LICENSES = """\
example:
  hatch-multiarch licenses           into third-party-licenses/, by module
  hatch-multiarch licenses --check   exit 1 if a file is missing or has changed
"""
REPORT = """\
example:
  hatch-multiarch report --open                show what this project built
  hatch-multiarch report one.json --output one.html
  hatch-multiarch report --markdown >> "$GITHUB_STEP_SUMMARY"
"""


def _inspect(commands: Any) -> None:
    parser = commands.add_parser("inspect", help="show the platforms of an image", epilog=INSPECT)
    parser.add_argument(
        "image",
        nargs="?",
        default=".",
        help="a pushed image, an archive, a layout folder, or a project (the current folder)",
    )
    add_json(parser)
    parser.add_argument(
        "--check",
        action="store_true",
        help="also read all blobs and compare them with their digests",
    )


def _verify(commands: Any) -> None:
    parser = commands.add_parser(
        "verify",
        help="check wheels and image, and run their contents",
        usage="hatch-multiarch verify [OPTIONS] [WHAT...] [-- ARGUMENTS]",
        epilog=VERIFY,
    )
    parser.add_argument(
        "sources",
        nargs="*",
        metavar="WHAT",
        help="a project (default: the current folder), a folder of wheels, wheels, or an image: "
        "pushed, an archive or a layout folder",
    )
    parser.add_argument(
        "--platform", action="append", help="only check this platform or glob; can be repeated"
    )
    parser.add_argument(
        "--timeout",
        type=seconds,
        default=60.0,
        help="time limit for each started program in seconds (default: 60)",
    )
    parser.add_argument(
        "--rebuild", action="store_true", help="build the project again and compare the bytes"
    )
    parser.add_argument(
        "--workspace", action="store_true", help="all packages that `build --workspace` built"
    )
    add_json(parser)
    parser.set_defaults(refuse=parser.error)
    _split(parser)


def _split(parser: Any) -> None:
    """Keep from argparse what stands behind ``--``: with options before it, it gets lost there."""
    parse = parser.parse_known_args

    def parse_known_args(words: Any, namespace: Any = None) -> Any:
        at = words.index("--") if "--" in words else len(words)
        found, unknown = parse(words[:at], namespace)
        found.arguments = tuple(words[at + 1 :])
        return found, unknown

    parser.parse_known_args = parse_known_args


def _push(commands: Any) -> None:
    parser = commands.add_parser(
        "push", help="push an image that was built before, without Docker", epilog=PUSH
    )
    parser.add_argument(
        "image",
        nargs="?",
        default=".",
        help="an archive, a layout folder, or a project (default: the current folder)",
    )
    parser.add_argument(
        "reference",
        nargs="?",
        type=reference,
        help="REGISTRY/PATH[:TAG] (default: the names in the archive)",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="check what the registry has, without changing it"
    )
    parser.add_argument(
        "--insecure",
        action="append",
        default=[],
        metavar="HOST[:PORT]",
        help="allow pushing to this registry without TLS; can be repeated",
    )
    add_fewer_platforms(parser)
    parser.add_argument(
        "--mount-from",
        default="",
        metavar="PATH",
        help="a repository in the same registry to take existing layers from",
    )
    add_json(parser)


def _lock(commands: Any) -> None:
    parser = commands.add_parser(
        "lock", help="write the digest of the base image to pyproject.toml", epilog=LOCK
    )
    add_folder(parser)
    parser.add_argument(
        "--check",
        action="store_true",
        help="exit 1 if the digest is out of date, without changing it",
    )
    add_json(parser)


def _licenses(commands: Any) -> None:
    parser = commands.add_parser(
        "licenses", help="copy the license files of the helpers' Go modules", epilog=LICENSES
    )
    add_folder(parser)
    parser.add_argument(
        "--check",
        action="store_true",
        help="exit 1 if the files are out of date, without changing them",
    )
    add_json(parser)


def _report(commands: Any) -> None:
    parser = commands.add_parser(
        "report", help="write the report of a build as an HTML page", epilog=REPORT
    )
    parser.set_defaults(refuse=parser.error)
    parser.add_argument(
        "source",
        nargs="?",
        type=Path,
        default=Path(),
        help="a project (default: the current folder) or its JSON report",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="the page (default: next to the report, as .html)",
    )
    parser.add_argument("--open", action="store_true", help="open it in the browser")
    parser.add_argument(
        "--markdown", action="store_true", help="print the table of the build as Markdown instead"
    )
    add_json(parser)


COMMANDS = (_inspect, _verify, _push, _lock, _licenses, _report)
