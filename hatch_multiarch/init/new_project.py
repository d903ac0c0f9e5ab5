"""The pyproject.toml of a Go repository that has none: its metadata comes from what is there."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_multiarch import process
from hatch_multiarch.config.toml_document import parse_toml
from hatch_multiarch.init.license_files import read_license
from hatch_multiarch.init.pyproject import HOOK, PLUGIN, WHEEL, Target
from hatch_multiarch.plan.mod_file import ModFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hatch_multiarch.init.go_tool import GoTool

FIRST_VERSION = "0.1.0"
"""The version of a project without a tag."""

_PYTHON = ">=3.9"
_TAG = re.compile(r"v?[0-9]+(\.[0-9]+)*([-.]?(a|b|rc|alpha|beta)[-.]?[0-9]*)?")
"""What hatch-vcs takes for a version, and nothing beside it, such as a module's own ``sub/v1``."""

_HOSTS = ("github.com", "gitlab.com", "codeberg.org", "bitbucket.org")
"""Where a module's path is also its address."""

_GO_FILE = re.compile(r"/go\.(mod|sum)$")

_LONGEST = 300
"""Characters of a description; indexes show one line."""


@dataclass(frozen=True)
class NewProject:
    """What a pyproject.toml says of a Go repository."""

    name: str
    version: str
    """Empty where it comes from the tags of git."""
    description: str
    readme: str
    """The file's name, or empty."""
    license: str
    """An SPDX expression, or empty where it is not plain."""
    url: str
    license_files: tuple[str, ...] = ()
    """Where they are, if not beside pyproject.toml."""

    @property
    def text(self) -> str:
        """The file, up to the config of hatch-multiarch."""
        return "\n".join([*self._lines(), ""])

    def _lines(self) -> Iterator[str]:
        plugins = [] if self.version else ["hatch-vcs"]
        yield "[build-system]"
        yield f"requires = {json.dumps(['hatchling', *plugins, PLUGIN])}"
        yield 'build-backend = "hatchling.build"'
        yield ""
        yield "[project]"
        yield f"name = {_quoted(self.name)}"
        yield f"version = {_quoted(self.version)}" if self.version else 'dynamic = ["version"]'
        for key in ("description", "readme", "license"):
            if value := getattr(self, key):
                yield f"{key} = {_quoted(value)}"
        if self.license_files:
            yield f"license-files = {json.dumps(self.license_files)}"
        yield f'requires-python = "{_PYTHON}"'
        if self.url:
            yield ""
            yield "[project.urls]"
            yield f"Homepage = {_quoted(self.url)}"
        if not self.version:
            yield ""
            yield "[tool.hatch.version]  # from the tags of git"
            yield 'source = "vcs"'
            yield 'raw-options = { local_scheme = "no-local-version" }'
        yield ""
        yield f"[{WHEEL}]"
        yield "bypass-selection = true  # the wheel contains no Python package, only the programs"
        yield ""
        yield f"[{HOOK}]"


def new_target(root: Path, tool: GoTool | None = None) -> Target:
    """Return the pyproject.toml that *root* gets, with the hook switched on.

    *root* is a Go repository, or the folder of a project that packages *tool*.
    """
    text = (read_tool_project(tool) if tool else read_repository(root)).text
    return Target(root / "pyproject.toml", "", text, parse_toml(text, "pyproject.toml"))


def read_tool_project(tool: GoTool) -> NewProject:
    """Return what the module of *tool* says of a project that packages it."""
    readme = _readme(tool.module)
    return NewProject(
        name=_name(tool.program.name),
        version=tool.version,
        description=_description(tool.module / readme) if readme else "",
        readme="README.md",
        license=read_license(tool.module),
        url=_url(tool.home),
        license_files=tuple(path for path in tool.files() if not _GO_FILE.search(path)),
    )


def readme(tool: GoTool, project: Mapping[str, str]) -> str:
    """Return the README of a *project* that packages *tool*."""
    about = f"{project['description']}\n\n" if "description" in project else ""
    return (
        f"# {project['name']}\n\n{about}The program `{tool.program.name}` of "
        f"[{tool.home}]({_url(tool.home) or f'https://{tool.home}'}), version {tool.version}, as a "
        "Python package: it is installed as it is, and no Python runs when it is started.\n"
    )


def read_repository(root: Path) -> NewProject:
    """Return what the files in *root*, the folder of a Go repository, say of it."""
    module = ModFile.read(root / "go.mod").module if (root / "go.mod").is_file() else ""
    parts = [part for part in module.split("/") if not re.fullmatch(r"v[0-9]+", part)]
    readme = _readme(root)
    return NewProject(
        name=_name(parts[-1] if parts else "") or _name(root.name) or "tool",
        version="" if _has_tags(root) else FIRST_VERSION,
        description=_description(root / readme) if readme else "",
        readme=readme,
        license=read_license(root),
        url=_url(module),
    )


def _url(module: str) -> str:
    """Return where people read about a module, as far as its path says it."""
    parts = module.split("/")
    return f"https://{'/'.join(parts[:3])}" if parts[2:] and parts[0] in _HOSTS else ""


def _name(wanted: str) -> str:
    """Return *wanted* as the name of a distribution (core metadata, "Name"), or nothing."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", wanted).strip("._-")


def _has_tags(root: Path) -> bool:
    try:
        done = process.run(["git", "tag", "--list"], cwd=root, timeout=60)
    except OSError:
        return False
    return done.code == 0 and any(_TAG.fullmatch(each) for each in done.out.split())


def _readme(root: Path) -> str:
    """Return the name of the README that an index can show, or nothing."""
    names = sorted(path.name for path in root.iterdir() if path.is_file())
    wanted = (rf"readme\.{end}" for end in ("md", "rst", "txt"))
    return next((n for each in wanted for n in names if re.fullmatch(each, n, re.IGNORECASE)), "")


def _description(readme: Path) -> str:
    """Return the first sentence of prose in *readme*, as plain text."""
    text = readme.read_text("utf-8", "replace")
    text = re.sub(r"<!--.*?-->|^(```|~~~).*?^\1[^\n]*$", "", text, flags=re.DOTALL | re.MULTILINE)
    for paragraph in re.split(r"\n\s*\n", text.replace("\r\n", "\n")):
        plain = _plain(paragraph)
        if plain:
            return plain
    return ""


def _plain(paragraph: str) -> str:
    """Return a paragraph of Markdown as one line; nothing for what is no prose."""
    lines = paragraph.strip("\n").split("\n")
    if not lines or re.match(r"\s*(#|[-*+|>]\s|\|?\s*:?-{3}|\d+\.\s|\.\. |={3}|-{3})", lines[0]):
        return ""
    if len(lines) > 1 and re.fullmatch(r"\s*[=\-~^]{3,}\s*", lines[1]):
        return ""  # a title that is underlined
    text = re.sub(r"!\[[^\]]*\](\([^)]*\)|\[[^\]]*\])", "", " ".join(lines))
    text = re.sub(r"\[([^\]]*)\](\([^)]*\)|\[[^\]]*\])", r"\1", text)
    text = re.sub(r"<[^>]*>", " ", text)
    text = re.sub(r"(\*\*|__|[*`])", "", text)
    text = re.sub(r"\s+", " ", text).strip()
    if not re.search(r"[A-Za-z]{2,}.*\s.*[A-Za-z]{2,}", text):
        return ""
    sentence = re.match(rf"(.{{10,{_LONGEST}}}?[.!?])\s", text)
    if sentence:
        return sentence[1]
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3].rsplit(" ", 1)[0] + "..."


def _quoted(text: str) -> str:
    """Return *text* as a basic string of TOML, which JSON's are, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
