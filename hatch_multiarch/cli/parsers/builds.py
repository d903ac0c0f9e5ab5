"""Arguments of the commands up to a build: ``init``, ``check``, ``plan`` and ``build``."""

from __future__ import annotations

import argparse
from typing import Any

from hatch_multiarch.cli.parsers.common import (
    add_fewer_platforms,
    add_folder,
    add_folders,
    add_json,
)

INIT = """\
example:
  hatch-multiarch init --diff     show what would be added to pyproject.toml
  hatch-multiarch init --image    also add an image with the helpers
  hatch-multiarch init --tool github.com/rhysd/actionlint/cmd/actionlint@v1.7.7
"""
CHECK = """\
example:
  hatch-multiarch check           print one line per problem
  hatch-multiarch check --json    the same as JSON
"""
PLAN = """\
example:
  hatch-multiarch plan                  show what `hatch build` would do
  hatch-multiarch plan --mode one ..    show what `pip install ..` would do
  hatch-multiarch plan --workspace      all packages of a workspace
"""
BUILD = """\
example:
  hatch-multiarch build --platform host --no-image   for this machine only
  hatch-multiarch build -t wheel --json              prints the report
  hatch-multiarch build --workspace          all packages of a uv workspace
"""


def _init(commands: Any) -> None:
    parser = commands.add_parser(
        "init", help="add the configuration to a project that has Go programs", epilog=INIT
    )
    add_folder(parser)
    parser.add_argument("--image", action="store_true", help="also add [tool.multiarch.image]")
    parser.add_argument(
        "--tool",
        metavar="IMPORT/PATH@VERSION",
        help="package a program of another Go project, in a new module that requires it",
    )
    parser.add_argument(
        "--diff", "--dry-run", action="store_true", help="print the changes without making them"
    )
    add_json(parser)


def _check(commands: Any) -> None:
    parser = commands.add_parser(
        "check",
        help="check [tool.multiarch] and the files it refers to, without building",
        epilog=CHECK,
    )
    add_folder(parser)
    add_json(parser)


def _plan(commands: Any) -> None:
    parser = commands.add_parser(
        "plan", help="print what a build would do, without building", epilog=PLAN
    )
    add_folders(parser)
    add_json(parser)
    parser.add_argument(
        "--mode",
        choices=("all", "one", "editable"),
        default="all",
        help="show the plan for `hatch build` (all), for pip and other front ends (one), or for "
        "`pip install -e` (editable)",
    )


def _build(commands: Any) -> None:
    parser = commands.add_parser(
        "build",
        help="build sdist, wheels and image, without needing Hatch",
        usage="hatch-multiarch build [OPTIONS] [FOLDER ...]",
        epilog=BUILD,
    )
    add_folders(parser)
    parser.add_argument(
        "-p", "--platform", action="append", help="only build this one, or `host`; can be repeated"
    )
    parser.add_argument(
        "--image",
        action=argparse.BooleanOptionalAction,
        help="always or never build an image",
    )
    parser.add_argument("--engine", choices=("auto", "host", "buildkit"), help="where to compile")
    parser.add_argument(
        "--offline",
        action="store_true",
        help="use the cached base image only",
    )
    add_fewer_platforms(parser)
    parser.add_argument(
        "-t", "--target", action="append", choices=("wheel", "sdist"), help="only build this target"
    )
    parser.add_argument("-c", "--clean", action="store_true", help="remove earlier outputs first")
    parser.add_argument(
        "-d", "--directory", metavar="DIR", help="folder for wheels and sdist (default: dist)"
    )
    add_json(parser, help="print the report as JSON")


COMMANDS = (_init, _check, _plan, _build)
