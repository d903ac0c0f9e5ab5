"""Push a layout folder in small chunks, in a process that can be killed: LAYOUT REFERENCE."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hatch_multiarch.image.inspect import content, inspect_archive, open_image
from hatch_multiarch.registry import Pace, parse, push

with open_image(Path(sys.argv[1]), parts=True) as archive:
    [image] = inspect_archive(archive).images
    name = parse(sys.argv[2])
    pace = Pace(small=1 << 16, chunk=1 << 16)
    push(content(archive, image), name, [name.tag], os.environ, pace=pace)
