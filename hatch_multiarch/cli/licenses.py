"""``hatch-multiarch licenses``: copies the license files of the helpers' Go modules."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from hatch_multiarch.cli.output import put
from hatch_multiarch.config import read_pyproject
from hatch_multiarch.files import rewrite
from hatch_multiarch.init.license_files import FOLDER, ModuleLicenses, module_licenses
from hatch_multiarch.plan import Switches, make_plan
from hatch_multiarch.project import read_project


def run(arguments: Any) -> int:
    """Copy them, and print what was done or would be. Raises MultiarchError."""
    root = arguments.folder.resolve()
    plan = make_plan(*read_project(root), "all", Switches.read(os.environ))
    found = module_licenses(plan, os.environ, lambda line: print(line, file=sys.stderr))
    for path in () if arguments.check else found.stale:
        rewrite(root / path, found.texts[path])
    _, document = read_pyproject(root / "pyproject.toml")
    globs = document["project"].get("license-files", [])
    shipped = any(str(each).startswith(FOLDER) for each in globs)
    if arguments.json:
        told = {"folder": FOLDER, "files": list(found.texts), "shipped": shipped}
        told |= {key: list(getattr(found, key)) for key in ("stale", "unneeded", "without")}
        print(json.dumps(told, indent=2))
    else:
        put("\n".join(_lines(found, check=arguments.check, shipped=shipped)))
    return 1 if arguments.check and (found.stale or found.unneeded) else 0


def _lines(found: ModuleLicenses, *, check: bool, shipped: bool) -> list[str]:
    """Return what is said."""
    lines = [f"{'missing or changed' if check else 'wrote'}: {path}" for path in found.stale]
    lines += [f"no module needs it any longer, remove it: {path}" for path in found.unneeded]
    lines += [f"warning: {module} has no license file" for module in found.without]
    if not lines:
        lines.append(f"{FOLDER}: current, {len(found.texts)} files")
    if found.texts and not shipped:
        lines.append(
            f'next: in [project], license-files = ["LICEN[CS]E*", "{FOLDER}/*/*"] puts them into '
            "wheels and sdist"
        )
    return lines
