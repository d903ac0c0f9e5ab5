"""Read ``platforms.toml``; find a platform by name, by glob, or as the running interpreter's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ZigTarget:
    """How zig compiles C for a platform; a None target means it cannot."""

    glibc: str | None
    """``-target`` without the floor, such as ``aarch64-linux-gnu``."""
    floor: tuple[int, int] | None
    """The oldest glibc that zig can build this target for."""
    musl: str | None
    """``-target`` for a static binary, such as ``aarch64-linux-musl``."""
    other: str | None
    """``-target`` on systems without a choice of libc (Windows)."""
    flags: tuple[str, ...]
    """More flags, such as ``-mcpu=arm1176jzf_s``."""


@dataclass(frozen=True)
class Platform:
    """One row of the table."""

    name: str
    """The OCI platform, normalised: ``linux/arm/v7``."""
    os: str
    architecture: str
    variant: str | None
    goarch: str
    go_env: dict[str, str]
    """Go's own level variable, such as ``{"GOARM": "7"}``; empty where there is none."""
    debian: str | None
    """Debian's name of the architecture, ``armhf``."""
    triple: str | None
    """Prefix of the machine's cross-gcc, ``arm-linux-gnueabihf``."""
    packages: tuple[str, ...]
    """Debian packages of that cross-gcc and its libc."""
    zig: ZigTarget
    wheel_arch: str
    """How wheel tags name the architecture: ``armv7l``, ``x86_64``, ``amd64`` (Windows)."""
    manylinux: tuple[int, int] | None
    """Lowest manylinux that an index and the installers accept, ``(2, 17)``; None: no such tag."""
    musllinux: tuple[int, int] | None
    """The same for musllinux, ``(1, 1)``."""
    plain_tag: str | None
    """The one tag of a platform without policies: ``linux_armv6l``, ``win_amd64``."""
    index_accepts: bool
    """A package index takes wheels of this platform."""


def all_platforms() -> tuple[Platform, ...]:
    """Return every row, in the order of the file."""
    raise NotImplementedError


def normalise(name: str) -> str:
    """Return *name* as containerd normalises it: ``linux/aarch64`` -> ``linux/arm64``."""
    raise NotImplementedError


def lookup(name: str) -> Platform | None:
    """Return the row of *name* (normalised first), or None."""
    raise NotImplementedError


def match(name: str, globs: tuple[str, ...]) -> bool:
    """Tell whether the normalised platform *name* matches one of *globs* (``linux/*``, ``*``)."""
    raise NotImplementedError


def host() -> Platform:
    """Return the platform of the running interpreter (a 32-bit Python is a 32-bit platform).

    Raises PlanError when the table has no such platform.
    """
    raise NotImplementedError
