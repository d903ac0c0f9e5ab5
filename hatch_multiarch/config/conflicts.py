"""What no key can tell alone: keys of the config that do not go together."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from hatch_multiarch.config.model import CGO_ONLY, COMPILE_ONLY, Helper
from hatch_multiarch.config.words import at, show, unknown
from hatch_multiarch.platforms import all_platforms, match

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_multiarch.config.model import Config

ROOT = "tool.multiarch"


class Conflict(NamedTuple):
    """A problem of one key that comes from others."""

    key: str
    """The key it is reported at."""
    message: str
    others: tuple[str, ...] = ()
    """The other keys it depends on: when one of them is wrong itself, this may be no problem."""


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
        twin = seen.setdefault(helper.name.casefold(), helper.name)
        if twin != helper.name:
            message = f"is the same file as {show(twin)} where case does not count; rename one"
            yield Conflict(path, message)
        for key, others, message in _of_helper(helper):
            yield Conflict(at(path, key), message, tuple(at(path, other) for other in others))
    yield from _of_output(config)
    yield from _of_image(config)
    yield from _of_overrides(config)


def _of_helper(helper: Helper) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield (key, other keys, message) for *helper*, by itself or with overrides applied."""
    plain = Helper(helper.name)
    given = [
        key for key in (*COMPILE_ONLY, *CGO_ONLY) if getattr(helper, key) != getattr(plain, key)
    ]
    for key in dict.fromkeys(given):
        if helper.prebuilt and key in COMPILE_ONLY:
            message = "has no effect on a prebuilt binary; remove it, or remove prebuilt"
            yield key, ("prebuilt",), message
        elif not helper.cgo and key in CGO_ONLY:
            message = "has no effect without cgo; set cgo = true, or remove it"
            yield key, ("cgo",), message


def _of_output(config: Config) -> Iterator[Conflict]:
    """Yield a conflict for what is in the output folder and not ours: cleaning removes that."""
    tables = [
        (at(f"{ROOT}.helpers", each.name), {"source": each.source, "prebuilt": each.prebuilt})
        for each in config.helpers
    ] + [
        (at(f"{ROOT}.overrides[{index}].helpers", name), changes)
        for index, override in enumerate(config.overrides)
        for name, changes in override.helpers.items()
    ]
    output = PurePosixPath(config.output)
    for path, values in tables:
        for key in ("source", "prebuilt"):
            inside = PurePosixPath(values.get(key, ""))
            if output in (inside, *inside.parents):
                message = f"holds what {at(path, key)} names, and cleaning would remove it"
                yield Conflict(f"{ROOT}.output", message, (at(path, key),))


def _of_image(config: Config) -> Iterator[Conflict]:
    names = [helper.name for helper in config.helpers]
    for index, name in enumerate(config.image.helpers or () if config.image else ()):
        if name not in names:
            key = f"{ROOT}.image.helpers[{index}]"
            yield Conflict(key, unknown("helper", name, names), (f"{ROOT}.image.helpers",))


def _of_overrides(config: Config) -> Iterator[Conflict]:
    names = [helper.name for helper in config.helpers]
    for index, override in enumerate(config.overrides):
        helpers = f"{ROOT}.overrides[{index}].helpers"
        for name in override.helpers:
            if name not in names:
                yield Conflict(at(helpers, name), unknown("helper", name, names))
    for name in names:
        # One problem on many platforms is one problem.
        yield from dict.fromkeys(
            conflict
            for platform in all_platforms()
            for conflict in _merged(config, name, platform.name)
        )


def _merged(config: Config, name: str, platform: str) -> Iterator[Conflict]:
    """Yield the conflicts of helper *name* on *platform*, at the override that made them."""
    tables: list[tuple[str, dict[str, Any]]] = [(at(f"{ROOT}.helpers", name), {})]
    tables += [
        (at(f"{ROOT}.overrides[{index}].helpers", name), override.helpers[name])
        for index, override in enumerate(config.overrides)
        if name in override.helpers and match(platform, override.platforms)
    ]
    for key, others, message in _of_helper(config.helper_on(name, platform)):
        # The helper's own table is the last resort; its conflicts were found there already.
        path, changes = next((t for t in reversed(tables) if key in t[1]), tables[0])
        if changes:
            depends = tuple(at(table, other) for table, _ in tables for other in (key, *others))
            yield Conflict(at(path, key), message, depends)
