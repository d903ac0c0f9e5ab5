"""Units: a helper on a platform, with its compiler and libc."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from hatch_multiarch.config import Libc
from hatch_multiarch.config.model import GORELEASER
from hatch_multiarch.config.toml_document import hatch_key
from hatch_multiarch.errors import PlanError
from hatch_multiarch.plan.goreleaser import find_artifact
from hatch_multiarch.plan.plan_model import Unit
from hatch_multiarch.platforms import match

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.config import Config, Helper
    from hatch_multiarch.plan.plan_model import Project
    from hatch_multiarch.platforms import Platform


def make_unit(  # noqa: PLR0911 - a return for each kind of unit
    project: Project,
    config: Config,
    helper: Helper,
    platform: Platform,
    engine: str,
    problems: list[str],
    notes: list[str],
    force_musl: bool,  # noqa: FBT001 - private to the planner
) -> Unit | None:
    """Return the unit of *helper* on *platform*, or None after adding to *problems*.

    ``engine`` is ``host`` or ``buildkit``, which has other C compilers.
    ``force_musl``: this wheel is for the Python in hand, and that runs on musl, where a helper
    against glibc would not start.
    """
    where = f"tool.multiarch.helpers.{helper.name}"
    output = project.root / config.output / "bin" / slug(platform) / helper.file(platform.os)
    libc = helper.libc if platform.os == "linux" else Libc()
    if force_musl and libc.kind == "glibc":
        libc = _on_musl(helper, libc, problems, notes)
    if helper.prebuilt:
        return _prebuilt(project, helper, platform, problems, libc, output)
    source = project.root / helper.source
    if not (source / "go.mod").is_file():
        problems.append(_no_module(project, helper, where))
        return None
    if engine == "buildkit" and config.stage.dockerfile:
        if not (project.root / config.stage.dockerfile).is_file():
            problems.append(
                f"tool.multiarch.stage.dockerfile: there is no file {config.stage.dockerfile}"
            )
        return Unit(helper, platform, libc, "dockerfile", source, output)
    if not helper.cgo:
        return Unit(helper, platform, libc, "none", source, output)
    if helper.debian_packages and engine != "buildkit":
        problems.append(
            f"{where}.debian-packages: only the builder stage installs them; set "
            'tool.multiarch.engine = "buildkit", or HATCH_MULTIARCH_ENGINE=buildkit'
        )
        return None
    find = stage_compiler if engine == "buildkit" else _compiler
    compiler = find(helper, platform, where, problems)
    if compiler is None:
        return None
    return Unit(
        helper, platform, _floor(libc, platform, compiler, helper, notes), compiler, source, output
    )


def _prebuilt(
    project: Project,
    helper: Helper,
    platform: Platform,
    problems: list[str],
    libc: Libc,
    output: Path,
) -> Unit | None:
    """Return the unit of a binary that was built elsewhere, or None after adding a problem."""

    def there(key: str, pattern: str, what: str) -> Path | None:
        path = project.root / _fill(pattern, project, helper, platform)
        if os.path.isfile(path):  # noqa: PTH113 - Path's raises where what is filled in is too long
            return path
        where, named = f"tool.multiarch.helpers.{helper.name}", path.relative_to(project.root)
        problems.append(f"{where}.{key}: {named.as_posix()} is missing; it {what} {platform.name}")
        return None

    if helper.prebuilt.startswith(GORELEASER):
        try:
            artifact = find_artifact(project.root, helper, platform)
        except PlanError as error:
            problems.append("; ".join(filter(None, (error.message, error.advice))))
            return None
        return Unit(helper, platform, libc, "prebuilt", artifact, output)
    member, sums = "", None
    if helper.archived:
        member = _fill(helper.member or "{file}", project, helper, platform)
    what = "has the binary for" if member else "is the binary for"
    binary = there("prebuilt", helper.prebuilt, what)
    if helper.checksums:
        sums = there("checksums", helper.checksums, "has the checksums for")
    if binary is None or (helper.checksums and sums is None):
        return None
    return Unit(helper, platform, libc, "prebuilt", binary, output, member=member, checksums=sums)


def _on_musl(helper: Helper, libc: Libc, problems: list[str], notes: list[str]) -> Libc:
    """Return what a helper against glibc is linked against where Python runs on musl."""
    if helper.library:
        problems.append(
            f"tool.multiarch.helpers.{helper.name}.kind: this Python runs on musl, which cannot "
            "load a Go library at run time; install it on a system with glibc"
        )
        return libc
    if not helper.cgo and not helper.prebuilt:
        notes.append(f"{helper.name}: this Python runs on musl, where a program with glibc fails")
        return libc
    notes.append(f"{helper.name}: built for musl, because this Python runs on musl")
    return Libc("musl")


def slug(platform: Platform) -> str:
    """Return the platform as one path segment: ``linux-arm-v7``."""
    return platform.name.replace("/", "-")


def _no_module(project: Project, helper: Helper, where: str) -> str:
    folder = project.root / helper.source
    if not folder.is_dir():
        return (
            f"{where}.source: there is no folder {helper.source}; in an sdist that means it was "
            f"left out ({hatch_key(project.root, 'build.targets.sdist')})"
        )
    return f"{where}.source: {helper.source} has no go.mod; make one with `go mod init`"


def _fill(pattern: str, project: Project, helper: Helper, platform: Platform) -> str:
    return pattern.format(
        os=platform.os,
        arch=platform.architecture,
        variant=platform.variant or "",
        platform=slug(platform),
        name=helper.name,
        version=project.version,
        archive=".zip" if platform.os == "windows" else ".tar.gz",
        exe=".exe" if platform.os == "windows" else "",
        file=helper.file(platform.os),
    )


def _compiler(helper: Helper, platform: Platform, where: str, problems: list[str]) -> str | None:
    """Return ``zig``, ``gcc`` or a command for a cgo helper."""
    choice = chosen_compiler(helper, platform)
    if choice == "auto" and platform.os == "darwin" and sys.platform == "darwin":
        # Apple's own compiler has every framework of the SDK, and targets both of its processors.
        arch = "x86_64" if platform.architecture == "amd64" else "arm64"
        return f"clang -arch {arch}" + (
            f" -mmacosx-version-min={helper.macos}" if helper.macos else ""
        )
    if choice not in ("auto", "zig"):
        return choice
    return _zig(helper, platform, where, problems)


def _zig(helper: Helper, platform: Platform, where: str, problems: list[str]) -> str | None:
    """Return ``zig`` where it can compile C for *platform*."""
    if helper.library and platform.name == "linux/386":
        # Go writes two relocations for one place, R_386_GOTPC and R_386_TLS_GOTIE (cmd/link), of
        # which LLD applies the second alone.
        problems.append(
            f"{where}.compiler: a Go library that zig links for linux/386 crashes when it is "
            'loaded; set compiler = "gcc", or exclude the platform with `platforms`'
        )
        return None
    zig = platform.zig
    wants = zig.other or (zig.glibc if helper.libc.kind == "glibc" else zig.musl)
    if wants is not None:
        return "zig"
    problems.append(
        f'{where}.compiler: zig cannot compile C for {platform.name}; set compiler = "gcc", or '
        "exclude the platform with `platforms`"
    )
    return None


def stage_compiler(
    helper: Helper, platform: Platform, where: str, problems: list[str]
) -> str | None:
    """Return ``zig`` or ``gcc``, which the builder stage has, for a cgo helper.

    ``auto`` is the distribution's cross-gcc where that can do what is asked, and zig for a libc
    older than the distribution's, for musl, and for other systems than Linux.
    """
    choice = chosen_compiler(helper, platform)
    gcc = platform.os == "linux" and platform.debian and platform.triple
    # The distribution's glibc is too new for most machines that a library is installed on.
    plain = helper.libc == Libc("glibc") and not helper.library
    fits = gcc and (helper.libc.kind == "static" or plain)
    if choice not in ("auto", "zig", "gcc"):
        problems.append(
            f"{where}.compiler: {choice!r} is a command of this machine, which the builder stage "
            'does not have; set "auto", "gcc" or "zig", or tool.multiarch.engine = "host"'
        )
        return None
    if choice == "gcc" and not gcc:
        problems.append(
            f"{where}.compiler: Debian has no gcc for {platform.name}; set another compiler, or "
            "exclude the platform with `platforms`"
        )
        return None
    if choice == "gcc" and helper.libc.kind == "musl":
        problems.append(
            f'{where}.compiler: Debian\'s gcc links against glibc, and libc = "musl"; set '
            'compiler = "zig", or libc = "static"'
        )
        return None
    if choice == "gcc" or (choice == "auto" and (fits or helper.debian_packages) and gcc):
        return "gcc"
    return _zig(helper, platform, where, problems)


def chosen_compiler(helper: Helper, platform: Platform) -> str:
    """Return the ``compiler`` of *helper* on *platform*, as the config says it."""
    choice = helper.compiler
    if isinstance(choice, dict):
        found = [value for glob, value in choice.items() if match(platform.name, (glob,))]
        return found[-1] if found else "auto"
    return choice


def _floor(libc: Libc, platform: Platform, compiler: str, helper: Helper, notes: list[str]) -> Libc:
    """Raise the floor to the least that zig can build and that a wheel tag can say.

    With a machine's own compiler the floor stays as configured: what it needs is read from the
    binary, and more than configured is an error then.
    """
    if libc.kind != "glibc" or compiler != "zig":
        return libc
    least = max(platform.zig.floor or (0, 0), libc.floor or platform.manylinux or (0, 0))
    if libc.floor is not None and least > libc.floor:
        notes.append(
            f"{helper.name} on {platform.name}: needs glibc {least[0]}.{least[1]}, the oldest "
            f"that zig can compile for there, instead of {libc.floor[0]}.{libc.floor[1]}"
        )
    return replace(libc, floor=least)
