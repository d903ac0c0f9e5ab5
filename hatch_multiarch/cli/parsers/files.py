"""Arguments of the commands that write files for other programs.

``ci``, ``schema`` and ``completion``.
"""

from __future__ import annotations

from typing import Any

from hatch_multiarch.cli.parsers.common import add_json

CI = """\
example:
  hatch-multiarch ci github             write .github/workflows/multiarch.yml
  hatch-multiarch ci gitlab --stdout    print .gitlab-ci.yml without writing it
  hatch-multiarch ci github --check     exit 1 if the file is out of date
  hatch-multiarch ci github --reusable  write a workflow that yours can call
"""
SCHEMA = """\
example:
  hatch-multiarch schema > multiarch.schema.json   for an editor
  hatch-multiarch schema --report                  for build/multiarch/*.json
"""
COMPLETION = """\
example:
  hatch-multiarch completion bash   add to ~/.bashrc: eval "$(this command)"
  hatch-multiarch completion fish   save in ~/.config/fish/completions
"""
SHELLS = ("bash", "zsh", "fish", "powershell")


def _ci(commands: Any) -> None:
    parser = commands.add_parser("ci", help="write a pipeline for GitHub or GitLab", epilog=CI)
    parser.set_defaults(refuse=parser.error)
    parser.add_argument("kind", choices=("github", "gitlab"), help="the CI service")
    parser.add_argument(
        "folder",
        nargs="?",
        default=".",
        help="the project folder (default: the current one); `-` means --stdout",
    )
    parser.add_argument(
        "--reusable",
        action="store_true",
        help="write a workflow that yours calls; it builds and verifies, but doesn't publish",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--stdout", action="store_true", help="print it instead of writing it")
    how.add_argument(
        "--check", action="store_true", help="exit 1 if the file is out of date, without writing it"
    )
    how.add_argument(
        "--force", action="store_true", help="overwrite the file even if you changed it"
    )
    add_json(parser)


def _schema(commands: Any) -> None:
    parser = commands.add_parser(
        "schema", help="print the JSON schema of [tool.multiarch]", epilog=SCHEMA
    )
    parser.add_argument(
        "--report", action="store_true", help="print the schema of the report instead"
    )


def _completion(commands: Any) -> None:
    parser = commands.add_parser(
        "completion", help="print the completion script for a shell", epilog=COMPLETION
    )
    parser.add_argument("shell", choices=SHELLS, help="the shell")


COMMANDS = (_ci, _schema, _completion)
