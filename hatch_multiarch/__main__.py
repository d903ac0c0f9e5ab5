"""``python -m hatch_multiarch``."""

import sys

from hatch_multiarch.cli import main

sys.exit(main())
