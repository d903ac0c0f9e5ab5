"""Adds the config to the text of a pyproject.toml, and changes nothing else.

Lines are added; the one that may change is that of ``build-system.requires``. Style-keeping TOML
libraries rewrite arrays that they add to, and not always into valid TOML, so places are tried
and the TOML parser says whether one is right: the result must read as the file did, and hold the
additions.
"""

from __future__ import annotations

import copy
import json
import re
import sys
from typing import TYPE_CHECKING, Any

from hatch_multiarch.config.model import DEFAULT_PLATFORMS
from hatch_multiarch.errors import PlanError
from hatch_multiarch.init.pyproject import HOOK, PLUGIN, SDIST_HOOK, WHEEL, hooked, requires_plugin
from hatch_multiarch.init.version_flags import stamped
from hatch_multiarch.project import requires

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hatch_multiarch.init.programs import Program
    from hatch_multiarch.init.pyproject import Target


def configured(
    target: Target, programs: Sequence[Program], *, image: bool, scripts: bool = False
) -> str:
    """Return the text of *target*'s file with the hook, *programs* and perhaps an image in it.

    *scripts* puts the programs onto PATH, where the project has no Python package.

    Raises PlanError when the file is written in a way that leaves no place for it.
    """
    newline = "\r\n" if "\r\n" in target.text else "\n"
    text, wanted = target.text, copy.deepcopy(target.document)
    if not requires_plugin(target.document):
        wanted["build-system"]["requires"].append(PLUGIN)
        places = _requires(text, requires(target.document), newline)
        text = _first(places, wanted, f'build-system.requires: add "{PLUGIN}" to it')
    if scripts and not _put(wanted, WHEEL).setdefault("bypass-selection", False):
        _put(wanted, WHEEL)["bypass-selection"] = True
        key = "bypass-selection = true"
        text = _first(_key(text, WHEEL, key, newline), wanted, f"add to [{WHEEL}]: {key}")
    if not hooked(target):
        _put(wanted, HOOK)
        text = _first(_hook(text, newline), wanted, f"add the table [{HOOK}]")
    elif _stamped(programs) and not hooked(target, "sdist"):
        _put(wanted, SDIST_HOOK)
        advice = f"add the table [{SDIST_HOOK}]"
        text = _first([_append(text, _RECORDS, newline)], wanted, advice)
    if _is_uvs(target):
        keys = _cache_keys(programs)
        uv = _put(wanted, "tool.uv")
        uv["cache-keys"] = tomllib.loads(keys)["cache-keys"]
        advice = f"add to [tool.uv]: {keys}"
        text = _first(_key(text, "tool.uv", keys, newline), wanted, advice)
    table = "\n".join(_config(programs, image=image, scripts=scripts))
    added = tomllib.loads(table)["tool"]["multiarch"]
    wanted.setdefault("tool", {})["multiarch"] = added
    return _first([_append(text, table, newline)], wanted, "add [tool.multiarch]")


def _stamped(programs: Sequence[Program]) -> bool:
    """Tell whether linker flags of *programs* name the commit, which an sdist has to record."""
    return any(stamped(flag) for each in programs for flag in each.ldflags)


def _first(texts: Iterable[str], wanted: dict[str, Any], advice: str) -> str:
    """Return the first text that reads as *wanted*. Raises PlanError without one."""
    for text in texts:
        if _reads_as(text, wanted):
            return text
    raise PlanError(
        "pyproject.toml can't be extended automatically, so it was not changed",
        advice=f"by hand, {advice}; then run this again",
    )


def _reads_as(text: str, wanted: dict[str, Any]) -> bool:
    """Tell whether *text* is the document *wanted*; the order of what is required says nothing."""
    try:
        pairs = [tomllib.loads(text), copy.deepcopy(wanted)]
    except tomllib.TOMLDecodeError:
        return False
    for each in pairs:
        each.get("build-system", {}).get("requires", []).sort(key=str)
    return bool(pairs[0] == pairs[1])


def _put(document: dict[str, Any], path: str) -> dict[str, Any]:
    """Return the table *path* of *document*, which is added where it is missing."""
    for part in path.split("."):
        document = document.setdefault(part, {})
    return document


def _key(text: str, table: str, line: str, newline: str) -> Iterator[str]:
    """Yield texts with *line* in *table*: below its header, or in a new table at the end."""
    for each in _HEADER.finditer(text):
        if each.group(1) == table:
            yield f"{text[: each.end()]}{line}{newline}{text[each.end() :]}"
    yield _append(text, f"[{table}]{newline}{line}", newline)


def _requires(text: str, names: list[str], newline: str) -> Iterator[str]:
    """Yield texts with the plugin beside each requirement, that of the last one first."""
    for name in reversed(names):
        for found in re.finditer(rf"""(["']){re.escape(name)}\1""", text):
            start, end = found.span()
            line = text[text.rfind("\n", 0, start) + 1 : start]
            rest = text[end:].partition("\n")[0].strip()
            quote = found.group(1)
            ours = f"{quote}{PLUGIN}{quote}"
            if line.strip():
                yield f"{text[:end]}, {ours}{text[end:]}"
            elif rest in ("", ","):  # alone on its line
                yield f"{text[:end]},{newline}{line}{ours}{text[end:]}"
            else:  # what follows, a comment mostly, stays with its own requirement
                yield f"{text[:start]}{ours},{newline}{line}{text[start:]}"


def _is_uvs(target: Target) -> bool:
    """Tell whether uv installs the project, and does not know yet what it is made of."""
    uv = target.document.get("tool", {}).get("uv")
    if not isinstance(uv, dict):
        # A package of a workspace has the lock file of its root.
        folders = target.path.absolute().parents
        return uv is None and any((each / "uv.lock").is_file() for each in folders)
    return "cache-keys" not in uv


def _cache_keys(programs: Sequence[Program]) -> str:
    """Return the line by which `uv sync` builds again after a change of a Go or C file.

    Without it uv looks at pyproject.toml alone (uv's settings reference, "cache-keys").
    """
    paths = ["pyproject.toml"]
    for source in dict.fromkeys(each.source for each in programs):
        folder = "" if source == "." else f"{source}/"
        paths += [f"{folder}{name}" for name in ("go.mod", "go.sum", "**/*.go", "**/*.[ch]")]
    return f"cache-keys = [{', '.join(f'{{ file = {json.dumps(path)} }}' for path in paths)}]"


_RECORDS = f"[{SDIST_HOOK}]  # records the commit, which linker flags name"
_HEADER = re.compile(r"^[ \t]*\[[ \t]*([A-Za-z0-9_.-]+)[ \t]*\][^\n]*\n?", re.MULTILINE)


def _hook(text: str, newline: str) -> Iterator[str]:
    """Yield texts with the hook's table: after the wheel's own tables, at the end, or dotted."""
    headers = list(_HEADER.finditer(text))
    wheels = HOOK.removesuffix(".hooks.multiarch")
    ours = [each for each in headers if f"{each.group(1)}.".startswith(f"{wheels}.")]
    if ours:
        after = [each.start() for each in headers if each.start() > ours[-1].start()]
        end = after[0] if after else len(text)
        # Comments above the next table are that table's.
        body = re.sub(r"(?:^[ \t]*(?:#[^\n]*)?(?:\n|\Z))+\Z", "", text[:end], flags=re.MULTILINE)
        rest = text[len(body) :]
        if rest.strip() or after:
            yield _append(body, f"[{HOOK}]", newline) + (rest or newline)
    yield _append(text, f"[{HOOK}]", newline)
    for each in headers:
        if HOOK.startswith(f"{each.group(1)}."):
            key = HOOK[len(each.group(1)) + 1 :]
            yield f"{text[: each.end()]}{key} = {{}}{newline}{text[each.end() :]}"
    yield f"{HOOK} = {{}}{newline}{text}"


def _append(text: str, more: str, newline: str) -> str:
    """Return *text* with the lines of *more* after it, a blank line between."""
    if text and not text.endswith("\n"):
        text += newline
    blank = not text or re.search(r"(?:^|\n)[ \t]*\r?\n\Z", text)
    lines = ([] if blank else [""]) + more.split("\n")
    return text + "".join(f"{line}{newline}" for line in lines)


def _config(programs: Sequence[Program], *, image: bool, scripts: bool) -> Iterator[str]:
    """Yield the lines of ``[tool.multiarch]``."""
    systems = {system for each in programs for system in each.systems}
    # Those of the default, written out: a reader wants to see them.
    names = [name for name in DEFAULT_PLATFORMS if name.partition("/")[0] in systems]
    yield "[tool.multiarch]"
    yield f"platforms = {_array(names)}"
    for each in programs:
        yield ""
        yield from _helper(each, systems, scripts=scripts)
    if image:
        yield ""
        yield "[tool.multiarch.image]  # from scratch: the helpers alone"
        yield '# base = "python:3.13-slim"  # would contain the package and its dependencies too'


def _helper(each: Program, systems: set[str], *, scripts: bool) -> Iterator[str]:
    """Yield the lines of a helper's table; *systems* are those of the whole config."""
    name = f'"{each.name}"' if "." in each.name else each.name
    yield f"[tool.multiarch.helpers.{name}]  # {each.kind}, in {each.folder}"
    if each.source != f"helpers/{each.name}":
        yield f'source = "{each.source}"'
    if each.package != ".":
        yield f'package = "{each.package}"'
    if scripts and not each.library:
        yield 'install = "scripts"'
    if each.ldflags:
        yield f"ldflags = {_array(each.ldflags)}"
    if each.library:
        yield 'kind = "library"  # for ctypes and cffi'
    elif each.cgo:
        yield "cgo = true"
        yield 'libc = "static"  # runs on every Linux; "glibc:2.17" uses the machine\'s libc'
    elif each.dynamic and "linux" in each.systems:
        yield f'libc = "glibc:2.17"  # {each.dynamic} loads C libraries at run time'
    if set(each.systems) != systems:
        yield f"platforms = {_array([f'{system}/*' for system in each.systems])}"


def _array(names: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"
