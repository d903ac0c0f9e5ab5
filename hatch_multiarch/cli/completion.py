"""``hatch-multiarch completion``: what makes a shell complete commands and options."""

from __future__ import annotations

from typing import Any

SHELLS = ("bash", "zsh", "fish", "powershell")
EXAMPLE = """\
example:
  hatch-multiarch completion bash   in ~/.bashrc: eval "$(this command)"
  hatch-multiarch completion fish   into ~/.config/fish/completions
"""


def add(commands: Any) -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "completion",
        help="print the completion script of a shell",
        epilog=EXAMPLE,
    )
    parser.add_argument("shell", choices=SHELLS, help="which shell")
    parser.set_defaults(run=run)


def run(arguments: Any) -> int:
    """Print the script. Raises ToolchainError without shtab, which writes it."""
    from hatch_multiarch.cli import parser  # noqa: PLC0415 - it imports this module

    try:
        import shtab  # noqa: PLC0415 - an extra
    except ImportError:
        from hatch_multiarch.errors import ToolchainError  # noqa: PLC0415 - keeps --help fast

        raise ToolchainError(
            "completion scripts are written by shtab, which is not installed",
            advice='pip install "hatch-multiarch[completion]"',
        ) from None
    print(shtab.complete(parser(), shell=arguments.shell))
    return 0
