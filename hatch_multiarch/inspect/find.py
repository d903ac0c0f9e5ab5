"""Finds the image that a command means: a file, a folder, a project, or a reference."""

from __future__ import annotations

from pathlib import Path

from hatch_multiarch.errors import ImageError

ENDS = (".tar", ".tgz", ".gz", ".oci")


def find(source: str) -> Path | str:
    """Return the archive or folder that *source* names, or else *source*, a reference.

    What exists is a path, and so is what can be nothing else; a folder with a ``pyproject.toml``
    is a project and stands for its image. Raises ImageError when there is none.
    """
    path = Path(source)
    if (path / "pyproject.toml").is_file():
        return built(path)
    if path.exists():
        return path
    if source.startswith((".", "/", "~")) or source.endswith(ENDS) or "\\" in source:
        raise ImageError(f"{source}: no such file or folder")
    return source


def built(root: Path) -> Path:
    """Return the image in the output folder of the project *root*.

    Of several the one of the project's version is meant. Raises ImageError, and ConfigError or
    PlanError as read_project does.
    """
    from hatch_multiarch.project import read_project  # noqa: PLC0415 - hatchling, for a project only

    project, config = read_project(root.resolve())
    folder = root / config.output
    # An archive and a layout of one build hold the same image, and one for docker a part of it.
    kinds = (sorted(folder.glob(f"*{end}")) for end in (".oci.tar", ".oci", ".docker.tar"))
    found = next(filter(None, kinds), [])
    ends = (f"-{project.version}.oci", f"-{project.version}.docker")
    chosen = [path for path in found if path.name.removesuffix(".tar").endswith(ends)] or found
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        raise ImageError(
            f"{folder}: the project has built no image there",
            advice="run `hatch build`, with a table [tool.multiarch.image], or name an image",
        )
    names = ", ".join(path.name for path in chosen)
    raise ImageError(f"{folder}: several images: {names}", advice="name the one you mean")
