"""The arguments of all commands, for argparse.

``--help`` and shell completion need these modules and no command. So they import nothing of the
package but how words are read (``arguments``), and a command's own module is imported when that
command was chosen.
"""

from __future__ import annotations

from hatch_multiarch import __version__
from hatch_multiarch.cli.arguments import Parser
from hatch_multiarch.cli.parsers import builds, files, machines, outputs

EXAMPLE = """\
example:
  hatch-multiarch init             configure a project that has Go programs
  hatch-multiarch plan             show what `hatch build` would do
  hatch-multiarch doctor           check what works on this machine
  hatch-multiarch COMMAND --help   show more about a command
"""


def parser() -> Parser:
    """Return the reader of the whole command line.

    The ``command`` of what it reads is the name of the module that does it, or None.
    """
    made = Parser(
        prog="hatch-multiarch",
        description="Build Go helpers into Python wheels and images for every platform.",
        epilog=EXAMPLE,
    )
    made.add_argument("--version", action="version", version=f"hatch-multiarch {__version__}")
    # Not `required`: that would be said before a wrong option is.
    commands = made.add_subparsers(dest="command", metavar="COMMAND")
    for group in (builds, machines, outputs, files):
        for add in group.COMMANDS:
            add(commands)
    return made
