"""``hatch-multiarch dockerfile``: prints the Dockerfile of the builder stage."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from hatch_multiarch.engine.stage import stages, write_context
from hatch_multiarch.errors import MultiarchError, PlanError
from hatch_multiarch.files.epoch import read_epoch
from hatch_multiarch.image.image_dockerfile import build_args, image_stages
from hatch_multiarch.plan import Choice, Switches, make_plan
from hatch_multiarch.project import read_project

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.plan import Plan

FILE = "Dockerfile"


def run(arguments: Any) -> int:
    """Print the Dockerfile or write it; docker need not be there. Raises MultiarchError."""
    project, config = read_project(arguments.folder.resolve())
    plan = make_plan(project, config, "all", Switches.read(os.environ), Choice("buildkit"))
    folder: Path | None = arguments.context
    text = _text(plan, folder)
    if folder is not None:
        _prepare(folder, plan)
        write_context(plan.engine_units, folder)
        (folder / FILE).write_text(text, encoding="utf-8")
    if arguments.json:
        told = {"dockerfile": text, "context": None if folder is None else str(folder)}
        print(json.dumps(told, indent=2))
    elif folder is None:
        print(text, end="")
    return 0


def _text(plan: Plan, folder: Path | None) -> str:
    """Return the Dockerfile of *plan*, all stages, with a comment on how to build it in *folder*.

    Raises PlanError when BuildKit compiles nothing, or by a Dockerfile of the project's own.
    """
    if plan.config.stage.dockerfile:
        raise PlanError(
            "tool.multiarch.stage.dockerfile: BuildKit compiles with your own Dockerfile: "
            f"{plan.config.stage.dockerfile}"
        )
    compiled = [unit for unit in plan.engine_units if unit.compiler != "prebuilt"]
    if not compiled:
        raise PlanError("tool.multiarch.helpers: all are prebuilt, so BuildKit compiles none")
    platforms = ",".join(dict.fromkeys(unit.platform.name for unit in compiled))
    network = plan.config.stage.network
    more = "" if network == "default" else f" --network {network}"
    # Of a path a comment may show all but line ends; one that has them is shown as `DIR`.
    shown = str(folder) if folder is not None and str(folder).isprintable() else "DIR"
    comments = [
        f"docker buildx build --platform {platforms} --target helpers --output out{more} {shown}"
    ]
    if folder is None:
        comments.append("where `hatch-multiarch dockerfile --context DIR` has created DIR")
    text = stages(plan, read_epoch(os.environ))
    image = plan.image
    # A helper that is not compiled here has no stage that an image could take it from.
    scratch = image is not None and image.config.base == "scratch"
    if (
        image
        and scratch
        and all(unit in compiled for _, units in image.platforms for unit in units)
    ):
        text += "\n" + image_stages(image)
        if names := build_args(image):
            comments.append(f"--target image takes --build-arg {', '.join(names)}")
    return "".join(f"# {each}\n" for each in comments) + "\n" + text


def _prepare(folder: Path, plan: Plan) -> None:
    """Make *folder*. Raises MultiarchError when it cannot hold just what is written to it."""
    if clash := [u.helper.name for u in plan.units if u.helper.name.lower() == FILE.lower()]:
        raise PlanError(f"tool.multiarch.helpers.{clash[0]}: the context has a file of that name")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        full = any(folder.iterdir())
    except OSError as error:
        raise MultiarchError(f"--context {folder}: {error.strerror}") from error
    if full:
        raise MultiarchError(f"--context {folder}: expected a new or an empty folder")
