"""``hatch-multiarch completion``: shell completion of commands and options."""

from __future__ import annotations

from typing import Any

from hatch_multiarch.cli.parsers import parser
from hatch_multiarch.errors import ToolchainError


def run(arguments: Any) -> int:
    """Print the script. Raises ToolchainError without shtab, which writes it."""
    try:
        import shtab  # noqa: PLC0415 - an extra
    except ImportError:
        raise ToolchainError(
            "completion scripts are written by shtab, which is not installed",
            advice='pip install "hatch-multiarch[completion]"',
        ) from None
    print(shtab.complete(parser(), shell=arguments.shell))
    return 0
