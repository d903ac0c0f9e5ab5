"""Conflicts: keys of the config that do not go together.

Here are those of helpers, overrides and engine; ``config.conflicts_docker`` has the others.
"""

from __future__ import annotations

import keyword
import sys
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from hatch_multiarch.config import compile_env
from hatch_multiarch.config.conflicts_docker import of_docker
from hatch_multiarch.config.keys import toml_name
from hatch_multiarch.config.messages import ROOT, Conflict, at, show, unknown
from hatch_multiarch.config.model import CGO_ONLY, COMPILE_ONLY, GORELEASER, Helper
from hatch_multiarch.platforms import all_platforms, match

SYSTEMS = ("linux", "darwin", "windows")

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hatch_multiarch.config.model import Config, Override


def conflicts(config: Config) -> Iterator[Conflict]:
    """Yield every conflict of *config*, in the order of its tables."""
    helpers = f"{ROOT}.helpers"
    if not config.helpers:
        message = "there is none; name at least one, as in [tool.multiarch.helpers.NAME]"
        yield Conflict(helpers, message)
        return
    seen: dict[str, str] = {}
    for helper in config.helpers:
        path = at(helpers, helper.name)
        twins = [seen.setdefault(each.casefold(), helper.name) for each in _files(helper)]
        twin = next((each for each in twins if each != helper.name), None)
        if twin is not None:
            same = twin.casefold() == helper.name.casefold()
            where = "where names are case-insensitive" if same else "on some platform"
            key = _at(path, "output") if helper.output and not same else path
            yield Conflict(key, f"is the same file as {show(twin)} {where}; rename one")
        linux = [each.name for each in all_platforms() if each.os == "linux"]
        for key, others, message in _of_helper(helper, linux):
            depends = tuple(_at(path, other) for other in others)
            yield Conflict(_at(path, key), message, depends)
    yield from _of_modules(config)
    yield from _of_output(config)
    yield from _of_engine(config)
    yield from of_docker(config)
    yield from _of_overrides(config)


def _files(helper: Helper) -> list[str]:
    """Return the names of the files that *helper* has on any platform.

    Its own name, which no other helper may have in another case, is told from them by a slash.
    """
    names = [helper.stem, *(helper.file(system) for system in SYSTEMS)]
    return [f"/{helper.name}", *names, *([f"{helper.stem}.h"] if helper.header else [])]


def _at(path: str, field_name: str) -> str:
    return at(path, toml_name(field_name))


def _of_helper(helper: Helper, linux: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield (field, other fields, message) for *helper*, by itself or with overrides applied.

    *linux* are the Linux platforms on which it has this form, as far as it exists there.
    """
    plain = Helper(helper.name, kind=helper.kind)
    given = [
        key for key in (*COMPILE_ONLY, *CGO_ONLY) if getattr(helper, key) != getattr(plain, key)
    ]
    if helper.library:
        yield from _of_library(helper, linux)
    elif helper.header:
        yield "header", (), 'is for a library; set kind = "library", or remove it'
    for key in dict.fromkeys(given):
        if helper.prebuilt and key in COMPILE_ONLY:
            message = "has no effect on a prebuilt binary; remove it, or remove prebuilt"
            yield key, ("prebuilt",), message
        elif helper.library:
            pass  # it always has cgo
        elif not helper.cgo and key in CGO_ONLY and (key, helper.libc.kind) != ("libc", "glibc"):
            message = "has no effect without cgo; set cgo = true, or remove it"
            yield key, ("cgo",), message
    yield from _of_env(helper)
    yield from _of_prebuilt(helper)
    if helper.debian_packages:
        # These read well at either key: an override may set just one of the two.
        if "zig" in _compilers(helper, linux):
            message = "zig cannot link Debian's libraries; use gcc, or no debian-packages"
            yield "debian_packages", ("compiler",), message
        if helper.libc.kind == "musl" and linux:
            message = "Debian's libraries need glibc; set libc to that or static, not musl"
            yield "debian_packages", ("libc",), message


def _of_env(helper: Helper) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield the same for the variables of its compilers."""
    for message in compile_env.problems(helper.env):
        yield "env", (), message
    lost = [name for name in helper.env if name.startswith("CGO_") and not helper.cgo]
    if lost and not helper.prebuilt:
        yield "env", ("cgo",), f"{lost[0]} has no effect without cgo; set cgo = true, or remove it"


def _of_prebuilt(helper: Helper) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield the same for the keys of a binary that was built elsewhere."""
    released = helper.prebuilt.startswith(GORELEASER)
    if helper.member and not helper.archived:
        message = "is for an archive (.tar.gz, .tgz, .tar or .zip), which prebuilt does not name; "
        yield "member", ("prebuilt",), f"{message}remove it"
    if helper.checksums and not helper.prebuilt:
        yield "checksums", ("prebuilt",), "has no effect without prebuilt; remove it"
    elif helper.checksums and released:
        message = "GoReleaser lists the checksums of its archives; name those by prebuilt, such as "
        message += '"dist/{name}_{version}_{os}_{arch}{archive}", or remove it'
        yield "checksums", ("prebuilt",), message


def _of_library(helper: Helper, linux: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield the same for keys that a library cannot have."""
    if not helper.cgo:
        yield "cgo", (), "a library always uses cgo; remove it"
    if helper.install == "scripts":
        yield "install", (), "is for programs, and this is a library; remove it"
    if helper.module:
        yield "module", (), "is for programs, and this is a library; remove it"
    if "-H" in [flag.partition("=")[0] for flag in helper.ldflags]:
        yield "ldflags", (), "-H is for programs, and this is a library; remove it"
    if helper.libc.kind != "glibc" and linux:
        why = (
            "musl cannot load a Go library at run time, because of the thread-local storage that "
            "Go uses (the initial-exec model)"
            if helper.libc.kind == "musl"
            else "Python loads a library into its own process, whose libc it shares"
        )
        yield "libc", (), f'{why}; set libc = "glibc:2.17", or remove it'


def _compilers(helper: Helper, platforms: Sequence[str]) -> set[str]:
    """Return what *helper* names as its compiler on those of *platforms* where it exists."""
    choices = helper.compiler
    if isinstance(choices, str):
        choices = {"*": choices}
    found = set()
    for platform in platforms:
        if match(platform, helper.platforms):
            mine = [choice for glob, choice in choices.items() if match(platform, (glob,))]
            found.update(mine[-1:])
    return found


def _tables(config: Config) -> list[tuple[str, str, dict[str, Any]]]:
    """Return each table that sets a helper's keys: its path, the helper and the fields."""
    return [
        (at(f"{ROOT}.helpers", each.name), each.name, vars(each)) for each in config.helpers
    ] + [
        (at(f"{ROOT}.overrides[{index}].helpers", name), name, changes)
        for index, override in enumerate(config.overrides)
        for name, changes in override.helpers.items()
    ]


def _of_modules(config: Config) -> Iterator[Conflict]:
    """Yield modules of helpers that nobody could import, and what needs a locator that is off."""
    seen: dict[str, str] = {}
    for helper in (each for each in config.helpers if each.module and not each.library):
        key, name = _at(at(f"{ROOT}.helpers", helper.name), "module"), helper.module_name
        twin = seen.setdefault(name.casefold(), helper.name)
        if not name.isidentifier() or keyword.iskeyword(name):
            yield Conflict(key, f"{show(name)} is no name of a Python module; rename the helper")
        elif name in sys.stdlib_module_names:
            message = f"{show(name)} is the name of a module of Python; rename the helper"
            yield Conflict(key, message)
        elif twin != helper.name:
            yield Conflict(key, f"is the same module as that of {show(twin)}; rename one")
    if config.locator is False:
        yield from _without_locator(config)


def _without_locator(config: Config) -> Iterator[Conflict]:
    """Yield what needs the locator module, which the config leaves out."""
    libraries = [each.name for each in config.helpers if each.library]
    for path, name, values in _tables(config):
        shown, others = show(name), (_at(path, "install"), _at(path, "module"))
        if values.get("module"):
            message = f"the module of {shown} needs it; remove one of the two"
        elif values.get("install") != "package":
            continue
        elif name in libraries:
            message = f"the library {shown} is loaded by it; remove this"
        else:
            message = f'helper {shown} is installed next to it; set its install = "scripts", or '
            message += "remove this"
        yield Conflict(f"{ROOT}.locator", message, others)


def _of_output(config: Config) -> Iterator[Conflict]:
    """Yield a conflict for what is in the output folder and not ours: cleaning removes that."""
    output = PurePosixPath(config.output)
    for path, _, values in _tables(config):
        for key in ("source", "prebuilt", "checksums"):
            inside = PurePosixPath(values.get(key, ""))
            if output in (inside, *inside.parents):
                message = f"contains {at(path, key)}, which cleaning would remove"
                yield Conflict(f"{ROOT}.output", message, (at(path, key),))


def _of_engine(config: Config) -> Iterator[Conflict]:
    """Yield what the host engine cannot do, and our packages in a stage that is not ours."""
    engine, dockerfile = f"{ROOT}.engine", f"{ROOT}.stage.dockerfile"
    if config.engine == "host" and config.strategy != "cross":
        message = 'is for BuildKit; set engine = "buildkit", or remove it'
        yield Conflict(f"{ROOT}.strategy", message, (engine,))
    for path, _, values in _tables(config):
        if values.get("debian_packages"):
            key = _at(path, "debian_packages")
            if config.engine == "host":
                message = 'needs the builder stage; set engine = "buildkit", or remove it'
                yield Conflict(key, message, (engine,))
            if config.stage.dockerfile:
                message = "has no effect with stage.dockerfile; install them there, and remove it"
                yield Conflict(key, message, (dockerfile,))


def _of_overrides(config: Config) -> Iterator[Conflict]:
    names = [helper.name for helper in config.helpers]
    for index, override in enumerate(config.overrides):
        helpers = f"{ROOT}.overrides[{index}].helpers"
        for name in override.helpers:
            if name not in names:
                yield Conflict(at(helpers, name), unknown("helper", name, names))
        yield from _of_universal(override, helpers)
    for name in names:
        # One problem on many platforms is one problem.
        yield from dict.fromkeys(
            conflict
            for platform in all_platforms()
            for conflict in _merged(config, name, platform.name)
        )


def _of_universal(override: Override, helpers: str) -> Iterator[Conflict]:
    """Yield keys of compiling that hold for a universal platform and for none of its parts."""
    for row in all_platforms():
        parts = [part for part in row.parts if match(part, override.platforms)]
        if not row.parts or parts or not match(row.name, override.platforms):
            continue
        for name, changes in override.helpers.items():
            for key in changes if not changes.get("prebuilt") else ():
                if key in (*COMPILE_ONLY, *CGO_ONLY, "cgo"):
                    message = f"has no effect on {row.name}, which is joined from others; set it "
                    message += f"for {' and '.join(row.parts)}"
                    yield Conflict(_at(at(helpers, name), key), message)


def _merged(config: Config, name: str, platform: str) -> Iterator[Conflict]:
    """Yield the conflicts of helper *name* on *platform*, at the override that made them."""
    tables: list[tuple[str, dict[str, Any]]] = [(at(f"{ROOT}.helpers", name), {})]
    tables += [
        (at(f"{ROOT}.overrides[{index}].helpers", name), override.helpers[name])
        for index, override in enumerate(config.overrides)
        if name in override.helpers and match(platform, override.platforms)
    ]
    linux = [platform] if platform.startswith("linux/") else []
    for key, others, message in _of_helper(config.helper_on(name, platform), linux):
        for path, changes in reversed(tables):
            made = [each for each in (key, *others) if each in changes]
            if made:
                depends = tuple(_at(table, each) for table, _ in tables for each in (key, *others))
                yield Conflict(_at(path, made[0]), message, depends)
                break
