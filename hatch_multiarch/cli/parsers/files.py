"""Arguments of the commands that write files for other programs.

``ci``, ``schema`` and ``completion``.
"""

from __future__ import annotations

from typing import Any

from hatch_multiarch.cli.parsers.common import add_json

CI = """\
example:
  hatch-multiarch ci github             writes .github/workflows/multiarch.yml
  hatch-multiarch ci gitlab --stdout    prints what .gitlab-ci.yml would be
  hatch-multiarch ci github --check     exit 1 when the file is stale
  hatch-multiarch ci github --reusable  writes multiarch-build.yml, to be called
"""
SCHEMA = """\
example:
  hatch-multiarch schema > multiarch.schema.json   for an editor
  hatch-multiarch schema --report                  of build/multiarch/*.json
"""
COMPLETION = """\
example:
  hatch-multiarch completion bash   in ~/.bashrc: eval "$(this command)"
  hatch-multiarch completion fish   into ~/.config/fish/completions
"""
SHELLS = ("bash", "zsh", "fish", "powershell")


def _ci(commands: Any) -> None:
    parser = commands.add_parser("ci", help="write the pipeline for GitHub or GitLab", epilog=CI)
    parser.set_defaults(refuse=parser.error)
    parser.add_argument("kind", choices=("github", "gitlab"), help="who runs it")
    parser.add_argument(
        "folder", nargs="?", default=".", help="the project (here); `-` is --stdout"
    )
    parser.add_argument(
        "--reusable",
        action="store_true",
        help="a workflow that others call: it builds and verifies, its caller publishes",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--stdout", action="store_true", help="print it, write nothing")
    how.add_argument("--check", action="store_true", help="write nothing; exit 1 when it is stale")
    how.add_argument("--force", action="store_true", help="overwrite a file that was changed")
    add_json(parser)


def _schema(commands: Any) -> None:
    parser = commands.add_parser(
        "schema", help="print the JSON schema of [tool.multiarch]", epilog=SCHEMA
    )
    parser.add_argument("--report", action="store_true", help="that of the report instead")


def _completion(commands: Any) -> None:
    parser = commands.add_parser(
        "completion", help="print the completion script of a shell", epilog=COMPLETION
    )
    parser.add_argument("shell", choices=SHELLS, help="which shell")


COMMANDS = (_ci, _schema, _completion)
