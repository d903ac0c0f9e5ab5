"""The environment variables that change a build, read once and checked.

They are for CI, where the config is fixed and the job decides: one platform per job, no image on
pull requests, no helpers at all for a documentation build.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, get_args, get_type_hints

from hatch_multiarch.config import Config
from hatch_multiarch.config.messages import hint
from hatch_multiarch.errors import ConfigError
from hatch_multiarch.files.epoch import read_epoch
from hatch_multiarch.platforms import all_platforms, lookup

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "HATCH_MULTIARCH_"
"""What the names of the variables begin with."""
TRUE = ("1", "true", "yes", "on")
FALSE = ("0", "false", "no", "off", "")


@dataclass(frozen=True)
class Switches:
    """``HATCH_MULTIARCH_*``, GOWORK and SOURCE_DATE_EPOCH; None: the variable is not set."""

    platforms: tuple[str, ...] | None = None
    """Normalised names, or just ``("all",)`` or ``("host",)``."""
    engine: str | None = None
    image: bool | None = None
    skip: bool = False
    before: bool | None = None
    """Whether the commands of ``before`` run; by default in a checkout."""
    offline: bool = False
    """No registry is asked for the image's base."""
    fewer_platforms: bool = False
    """A tag may lose platforms that its image has."""
    epoch: int | None = None
    """SOURCE_DATE_EPOCH."""
    workspace: str = ""
    """GOWORK, as Go reads it: ``off``, ``auto`` or the path of a go.work."""

    @classmethod
    def read(cls, env: Mapping[str, str]) -> Switches:
        """Read the switches from *env*; raises ConfigError that lists every bad value.

        SOURCE_DATE_EPOCH counts too: this is read before any target is built, and Hatchling makes
        the sdist first, with a time that no wheel may be able to hold.
        """
        problems: list[str] = []
        switches = cls(
            platforms=_platforms(env, problems),
            engine=_engine(env, problems),
            image=_flag(env, "IMAGE", problems),
            before=_flag(env, "BEFORE", problems),
            skip=bool(_flag(env, "SKIP", problems)),
            offline=bool(_flag(env, "OFFLINE", problems)),
            fewer_platforms=bool(_flag(env, "FEWER_PLATFORMS", problems)),
            workspace=env.get("GOWORK", ""),
        )
        if not switches.skip:
            try:
                epoch = read_epoch(env)
            except ConfigError as error:
                problems += error.problems
            else:
                if "SOURCE_DATE_EPOCH" in env:
                    switches = replace(switches, epoch=epoch)
        if problems:
            raise ConfigError(problems)
        return switches


def _flag(env: Mapping[str, str], name: str, problems: list[str]) -> bool | None:
    value = env.get(PREFIX + name)
    if value is None:
        return None
    if value.strip().lower() in TRUE:
        return True
    if value.strip().lower() not in FALSE:
        problems.append(f"{PREFIX}{name}: expected 0 or 1, found {value!r}")
    return False


def _engine(env: Mapping[str, str], problems: list[str]) -> str | None:
    value = env.get(PREFIX + "ENGINE", "").strip()
    known = get_args(get_type_hints(Config)["engine"])
    if value and value not in known:
        names = f"{', '.join(known[:-1])} or {known[-1]}"
        problems.append(f"{PREFIX}ENGINE: expected {names}, found {value!r}{hint(value, known)}")
    return value or None


def _platforms(env: Mapping[str, str], problems: list[str]) -> tuple[str, ...] | None:
    words = env.get(PREFIX + "PLATFORMS", "").replace(",", " ").split()
    if not words:
        return None
    if words in (["all"], ["host"]):
        return tuple(words)
    names = []
    for word in words:
        platform = lookup(word)
        if word in ("all", "host"):
            problems.append(f"{PREFIX}PLATFORMS: {word!r} can't be combined with platforms")
        elif platform is None:
            known = [row.name for row in all_platforms()]
            more = hint(word, known) or f" (known: {', '.join(known)})"
            problems.append(
                f"{PREFIX}PLATFORMS: expected all, host or platforms, found {word!r}{more}"
            )
        else:
            names.append(platform.name)
    return tuple(dict.fromkeys(names))
