"""Checks whether a binary may be in the wheel of its platform."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from hatch_multiarch.errors import AuditError
from hatch_multiarch.platforms import lookup

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from hatch_multiarch.audit.binary_info import BinaryInfo
    from hatch_multiarch.config import Libc
    from hatch_multiarch.platforms import Platform

    Kind = Literal["program", "library"]

Made = Literal["cgo", "go", "prebuilt"]
"""How a binary was made: by Go and a C compiler of ours, by Go alone, or elsewhere."""

# glibc's own libraries and the compiler's, which every manylinux policy (PEP 600) lets a wheel
# rely on. libstdc++ is left out although the policies name it: each caps its symbol versions,
# and linking it statically is the sound way out.
ALLOWED = frozenset({
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libnsl.so.1",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libutil.so.1",
})  # fmt: skip
# Libraries that compilers for Windows bring along; Windows itself has none with such a name.
NOT_WINDOWS = re.compile(r"(lib|cyg|msys-|vcruntime|msvcp).*\.dll")
APPLE = ("/usr/lib/", "/System/Library/")
SYSTEMS = {"darwin": "macOS", "windows": "Windows"}
FORMATS = {"linux": "elf", "darwin": "macho", "windows": "pe"}

# The least that each instruction-set level can ask for, as Go documents them (`go help
# environment`); a wheel tag has no word for more. GO386 knows nothing above its default.
LEVELS = {
    "GOAMD64": "v1",
    "GOARM64": "v8.0",
    "GOPPC64": "power8",
    "GORISCV64": "rva20u64",
}


def check(
    facts: BinaryInfo,
    *,
    file: str,
    platform: Platform,
    libc: Libc,
    made: Made = "cgo",
    kind: Kind = "program",
) -> None:
    """Raise AuditError unless *facts* fit *platform* and need no more than *libc* allows.

    *file* is how messages name the binary. A glibc floor of None allows any glibc. *made* decides
    what is advised: keys of a C compiler mean something to a helper with cgo only. *kind* is what
    the binary is to be.
    """
    _machine(facts, file, platform)
    if facts.kind != kind:
        raise AuditError(
            f"{file} is a {facts.kind}, and not a {kind}",
            advice=f'set the helper\'s key `kind`: kind = "{facts.kind}"',
        )
    if kind == "library" and facts.unsafe:
        raise AuditError(
            f"{file} needs {facts.unsafe}, and many systems don't load such a library",
            advice="compile all of its code with -fPIC, and link it with -z noexecstack",
        )
    _level(facts, file)
    if platform.os == "linux":
        _libc(facts, file, platform, libc, made)
        return
    for part in facts.parts:
        row = lookup(f"{part.os}/{part.architecture}")
        if row is not None:
            name = f"{file.rstrip(',')}, its program for {part.architecture},"
            check(part, file=name, platform=row, libc=libc, made=made, kind=kind)
    if (platform.os, platform.architecture) == ("darwin", "arm64") and not facts.signed:
        raise AuditError(
            f"{file} has no code signature, and macOS on arm64 doesn't start unsigned programs",
            advice="strip it before signing; on a Mac, sign it with `codesign --sign - FILE`",
        )
    foreign = [name for name in facts.needed if not _system(name, platform)]
    if foreign:
        raise AuditError(
            f"{file} needs {', '.join(foreign)}, which is not part of {SYSTEMS[platform.os]}",
            advice="link it statically",
        )


def check_exports(facts: BinaryInfo, *, file: str, functions: Sequence[str] = ()) -> None:
    """Raise AuditError unless the library of *facts* exports *functions*, those of its header."""
    missing = [each for each in functions if each not in facts.exports]
    if missing or not facts.exports:
        raise AuditError(
            f"{file} does not export {', '.join(missing[:3]) or 'anything'}",
            advice="check for a linker flag or a version script that hides symbols",
        )


def check_imports(facts: BinaryInfo, *, file: str, exports: Mapping[str, Container[str]]) -> None:
    """Raise AuditError when *facts* import what no library is known to export.

    *exports*: library -> its symbols. There is no Mac here that would say so.
    """
    for library, symbols in facts.imports.items():
        missing = [each for each in symbols if each not in exports.get(library, ())]
        if missing:
            raise AuditError(
                f"{file} takes {', '.join(missing[:3])} from {library or 'no library'}, which "
                "isn't known to export it",
                advice="set SDKROOT to the folder of a macOS SDK, or compile it on a Mac",
            )


def _system(library: str, platform: Platform) -> bool:
    if platform.os == "darwin":
        return library.startswith(APPLE)
    return not NOT_WINDOWS.fullmatch(library)


def _machine(facts: BinaryInfo, file: str, platform: Platform) -> None:
    found = "/".join(part for part in (facts.os, facts.architecture, facts.variant) if part)
    same = (facts.os, facts.architecture) == (platform.os, platform.architecture)
    # A program for an older Arm runs on a newer one, not the other way round.
    if platform.variant and (facts.variant or "v0") > platform.variant:
        same = False
    if not same or facts.format != FORMATS[platform.os]:
        raise AuditError(
            f"{file} is a {facts.kind} for {found}, but it is meant for {platform.name}",
            advice="check that the `compiler` command or the `prebuilt` path is for this platform; "
            "both can be tables or patterns by platform",
        )


def _level(facts: BinaryInfo, file: str) -> None:
    for name, least in LEVELS.items():
        found = facts.go.settings.get(name, least) if facts.go else least
        if found != least:
            raise AuditError(
                f"{file} was built with {name}={found}; wheel tags can't express that it "
                "needs a newer processor, so pip would install it on machines where it crashes",
                advice=f"build it with {name}={least}",
            )


def _libc(facts: BinaryInfo, file: str, platform: Platform, libc: Libc, made: Made) -> None:
    if facts.libc == "musl" and facts.kind == "library":
        raise AuditError(
            f"{file} was linked against musl; a library must be linked against glibc",
            advice="link it against glibc: musl cannot load a Go library at run time",
        )
    if facts.libc == "musl":
        raise AuditError(
            f"{file} needs musl's loader ({facts.interpreter}); a helper for musl must be static",
            advice="link it with -static"
            + (', or let zig do it: libc = "musl", compiler = "zig"' if made == "cgo" else ""),
        )
    if facts.libc == "static":
        return
    if libc.kind != "glibc":
        raise AuditError(
            f"{file} is dynamic (it needs {', '.join(facts.needed) or facts.interpreter}), but "
            f'libc = "{libc}" '
            "requires a static program",
            advice=_DYNAMIC[made] + 'set libc = "glibc:2.17" for this helper',
        )
    if facts.kind == "program" and facts.interpreter != platform.loader:
        raise AuditError(
            f"{file} starts with the loader {facts.interpreter}, but on {platform.name} it is "
            f"{platform.loader}",
            advice="this happens with compilers from Nix or Guix, or for another float ABI"
            + ('; compiler = "zig" does not' if made == "cgo" else ""),
        )
    if facts.glibc_odd:
        raise AuditError(
            f"{file} needs {', '.join(facts.glibc_odd)}, and no wheel tag can express "
            "which glibc has it",
            advice='compiler = "zig" links against public, numbered versions of glibc only'
            if made == "cgo"
            else "build it against a numbered release of glibc",
        )
    outside = [name for name in facts.needed if not allowed(name, platform)]
    if outside:
        raise AuditError(
            f"{file} needs {', '.join(outside)}, which a Linux wheel can't rely on",
            advice=_LIBRARY["prebuilt" if facts.kind == "library" else made]
            + "it can only be used in your own image that contains the library (`hatch-multiarch "
            "dockerfile` prints the stage that compiles it)",
        )
    if libc.floor is not None and facts.glibc is not None and facts.glibc > libc.floor:
        need, floor = (".".join(map(str, version)) for version in (facts.glibc, libc.floor))
        raise AuditError(
            f"{file} needs glibc {need} ({facts.glibc_symbol or 'a symbol'}@GLIBC_{need}), more "
            f'than libc = "{libc}" allows on {platform.name}',
            advice=(f'compiler = "zig" builds for glibc {floor}; or ' if made == "cgo" else "")
            + f'raise it: libc = "glibc:{need}"',
        )


_DYNAMIC: dict[Made, str] = {
    "cgo": "link it with -static, or ",
    "go": "a package in it loads C libraries without cgo, which makes the program dynamic; ",
    "prebuilt": "link it with -static, or ",
}
_LIBRARY: dict[Made, str] = {
    "cgo": 'set libc = "static" for this helper, so that the library becomes part of it; ',
    "go": "a package in it loads the library without cgo; ",
    "prebuilt": "link the library statically; ",
}


def allowed(library: str, platform: Platform) -> bool:
    """Tell whether every manylinux policy lets a wheel of *platform* need *library*."""
    return library in ALLOWED or library == (platform.loader or "").rpartition("/")[2]
