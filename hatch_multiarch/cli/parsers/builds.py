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
  hatch-multiarch init --diff     what would be added to pyproject.toml
  hatch-multiarch init --image    add it, with an image of the helpers
  hatch-multiarch init --tool github.com/rhysd/actionlint/cmd/actionlint@v1.7.7
"""
CHECK = """\
example:
  hatch-multiarch check           one line for each problem, exit 0 without one
  hatch-multiarch check --json    the same for machines
"""
PLAN = """\
example:
  hatch-multiarch plan                  what `hatch build` would do here
  hatch-multiarch plan --mode one ..    what `pip install ..` would do
  hatch-multiarch plan --workspace      all packages of a uv workspace
"""
BUILD = """\
example:
  hatch-multiarch build --platform host --no-image   for this machine only
  hatch-multiarch build -t wheel --json              prints the report
  hatch-multiarch build --workspace          all packages of a uv workspace
"""


def _init(commands: Any) -> None:
    parser = commands.add_parser(
        "init", help="add the config to a project that has Go programs", epilog=INIT
    )
    add_folder(parser)
    parser.add_argument("--image", action="store_true", help="add [tool.multiarch.image] too")
    parser.add_argument(
        "--tool",
        metavar="IMPORT/PATH@VERSION",
        help="ship a program of another Go project: a module that requires it is made",
    )
    parser.add_argument(
        "--diff", "--dry-run", action="store_true", help="print what would change, change nothing"
    )
    add_json(parser)


def _check(commands: Any) -> None:
    parser = commands.add_parser(
        "check", help="check [tool.multiarch] and what it names, without building", epilog=CHECK
    )
    add_folder(parser)
    add_json(parser)


def _plan(commands: Any) -> None:
    parser = commands.add_parser(
        "plan", help="print what a build would do, without doing it", epilog=PLAN
    )
    add_folders(parser)
    add_json(parser)
    parser.add_argument(
        "--mode",
        choices=("all", "one", "editable"),
        default="all",
        help="as the Hatch CLI (all), pip and other front ends (one), or `pip install -e`",
    )


def _build(commands: Any) -> None:
    parser = commands.add_parser(
        "build",
        help="build sdist, wheels and image, where Hatch is not",
        usage="hatch-multiarch build [OPTIONS] [FOLDER ...]",
        epilog=BUILD,
    )
    add_folders(parser)
    parser.add_argument(
        "-p", "--platform", action="append", help="only this one, or `host`; may be repeated"
    )
    parser.add_argument(
        "--image", action=argparse.BooleanOptionalAction, help="an image, whatever the config says"
    )
    parser.add_argument("--engine", choices=("auto", "host", "buildkit"), help="what compiles")
    parser.add_argument("--offline", action="store_true", help="ask no registry for the base")
    add_fewer_platforms(parser)
    parser.add_argument(
        "-t", "--target", action="append", choices=("wheel", "sdist"), help="only this one"
    )
    parser.add_argument("-c", "--clean", action="store_true", help="remove former outputs first")
    parser.add_argument("-d", "--directory", metavar="DIR", help="where wheels and sdist go (dist)")
    add_json(parser, help="print the report, for machines")


COMMANDS = (_init, _check, _plan, _build)
