"""Arguments of the commands about images and what was built.

``inspect``, ``verify``, ``push``, ``lock``, ``licenses`` and ``report``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatch_multiarch.cli.parsers.common import add_fewer_platforms, add_folder, add_json
from hatch_multiarch.cli.parsers.values import reference, seconds

INSPECT = """\
example:
  hatch-multiarch inspect                      the image that this project built
  hatch-multiarch inspect python:3.13-slim     one in a registry
"""
VERIFY = """\
example:
  hatch-multiarch verify                       what this project built
  hatch-multiarch verify dist                  the wheels in a folder, or some
  hatch-multiarch verify --rebuild             and what a second build gives
  hatch-multiarch verify NAME:TAG -- --version with words for its entrypoint
"""
PUSH = """\
example:
  hatch-multiarch push                                what this project built
  hatch-multiarch push --dry-run x.oci.tar NAME:TAG   what would be uploaded
"""
LOCK = """\
example:
  hatch-multiarch lock           base = "python:3.13-slim@sha256:..." is written
  hatch-multiarch lock --check   exit 1 when that is not what the tag names now
"""
LICENSES = """\
example:
  hatch-multiarch licenses           into third-party-licenses/, by module
  hatch-multiarch licenses --check   exit 1 when one is missing or has changed
"""
REPORT = """\
example:
  hatch-multiarch report --open                what this project built
  hatch-multiarch report one.json --output one.html
  hatch-multiarch report --markdown >> "$GITHUB_STEP_SUMMARY"
"""


def _inspect(commands: Any) -> None:
    parser = commands.add_parser("inspect", help="show the platforms of an image", epilog=INSPECT)
    parser.add_argument(
        "image",
        nargs="?",
        default=".",
        help="a pushed image, an archive, a layout folder, or a project (here)",
    )
    add_json(parser)
    parser.add_argument(
        "--check", action="store_true", help="also read every blob and compare it with its digest"
    )


def _verify(commands: Any) -> None:
    parser = commands.add_parser(
        "verify",
        help="check wheels and image, and run what is in them",
        usage="hatch-multiarch verify [OPTIONS] [WHAT...] [-- ARGUMENTS]",
        epilog=VERIFY,
    )
    parser.add_argument(
        "sources",
        nargs="*",
        metavar="WHAT",
        help="a project (here), a folder of wheels, wheels, or an image: pushed, an archive, a "
        "layout folder",
    )
    parser.add_argument(
        "--platform", action="append", help="only this platform or glob; may be repeated"
    )
    parser.add_argument(
        "--timeout", type=seconds, default=60.0, help="seconds for each program started (60)"
    )
    parser.add_argument(
        "--rebuild", action="store_true", help="build the project again and compare the bytes"
    )
    parser.add_argument(
        "--workspace", action="store_true", help="what `build --workspace` made, of all packages"
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
        "push", help="push an image that was built, without docker", epilog=PUSH
    )
    parser.add_argument(
        "image", nargs="?", default=".", help="an archive, a layout folder, or a project (here)"
    )
    parser.add_argument(
        "reference",
        nargs="?",
        type=reference,
        help="REGISTRY/PATH[:TAG] (the names that the archive gives it)",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="ask what is there, and change nothing"
    )
    parser.add_argument(
        "--insecure",
        action="append",
        default=[],
        metavar="HOST[:PORT]",
        help="push to this registry also without TLS; may be repeated",
    )
    add_fewer_platforms(parser)
    parser.add_argument(
        "--mount-from", default="", metavar="PATH", help="a repository there that has its layers"
    )
    add_json(parser)


def _lock(commands: Any) -> None:
    parser = commands.add_parser(
        "lock", help="write the digest of the image's base into pyproject.toml", epilog=LOCK
    )
    add_folder(parser)
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit 1 when it is stale"
    )
    add_json(parser)


def _licenses(commands: Any) -> None:
    parser = commands.add_parser(
        "licenses", help="copy the license files of the helpers' Go modules", epilog=LICENSES
    )
    add_folder(parser)
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit 1 when a file is missing"
    )
    add_json(parser)


def _report(commands: Any) -> None:
    parser = commands.add_parser(
        "report", help="write the report of a build as a page to look at", epilog=REPORT
    )
    parser.set_defaults(refuse=parser.error)
    parser.add_argument(
        "source", nargs="?", type=Path, default=Path(), help="a project (here) or its JSON report"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="the page (beside the report, as .html)"
    )
    parser.add_argument("--open", action="store_true", help="show it in the browser")
    parser.add_argument(
        "--markdown", action="store_true", help="print the table of the build as Markdown instead"
    )
    add_json(parser)


COMMANDS = (_inspect, _verify, _push, _lock, _licenses, _report)
