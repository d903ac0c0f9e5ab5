"""``hatch-multiarch inspect``: shows the platforms of an image, without unpacking it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from hatch_multiarch.cli.output import columns, put
from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.inspect import check, inspect_archive, open_image, show
from hatch_multiarch.image.inspect.registry import inspect_reference
from hatch_multiarch.pipeline.find_outputs import find_image


def run(arguments: Any) -> int:
    """Print what the image holds. Raises MultiarchError."""
    found = find_image(arguments.image)
    if isinstance(found, Path):
        with open_image(found) as archive:
            inspected = inspect_archive(archive)
            checked = check(archive, inspected) if arguments.check else None
    elif arguments.check:
        raise ImageError(
            f"{found}: --check reads archives and folders",
            advice="the manifests of a pushed image are always checked; `verify` pulls the rest",
        )
    else:
        inspected, checked = inspect_reference(found, os.environ), None
    if arguments.json:
        print(json.dumps(show.as_data(inspected), indent=2))
        return 0
    put(show.as_text(inspected, columns()))
    if checked is not None:
        print(f"\n{checked} blobs read, all match their digests")
    return 0
