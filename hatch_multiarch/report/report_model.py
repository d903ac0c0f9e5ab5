"""The dataclasses of the report: every field with its type and documentation.

``to_json`` and the JSON schema are derived from these classes: a field's ``doc`` is its
documentation. A field may be added within schema 1; a new meaning, name or type makes schema 2.

Nothing here tells of the machine: paths are relative to the project, and of the environment only
versions are kept. Apart from ``seconds`` and ``cached``, equal inputs give an equal report.
"""

# ruff: noqa: RUF009 - said() returns a dataclasses.field, which is what a default may be

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

SCHEMA: Literal[1] = 1


def said(doc: str) -> Any:
    """Describe one field of the report."""
    return field(metadata={"doc": doc})


@dataclass(frozen=True)
class ProjectRecord:
    """The Python project."""

    name: str = said("Name, as written in pyproject.toml.")
    version: str = said("Version.")


@dataclass(frozen=True)
class ToolsRecord:
    """Versions of the tools that built it."""

    plugin: str = said("Version of hatch-multiarch.")
    hatchling: str = said("Version of hatchling.")
    python: str = said("Python version.")
    engine: str = said("Where the helpers were compiled: `host` or `buildkit`.")
    go: str | None = said("Go version, such as `go 1.27.3`; null if no helper was compiled.")
    compilers: tuple[str, ...] = said("C compilers, sorted; empty without cgo.")
    compressor: str = said(
        "Compressor of wheels and layers: `libdeflate (deflate 0.9.0)` or `zlib 1.3.1`."
    )


@dataclass(frozen=True)
class TimingRecord:
    """Start and duration of the build."""

    started: str = said("Start of the build in UTC, such as `2026-11-25T12:00:00Z`.")
    seconds: float = said("Seconds until wheels and image were verified, without pushing.")


@dataclass(frozen=True)
class BeforeRecord:
    """A command that ran before anything was compiled."""

    key: str = said("The configuration key of the command.")
    command: tuple[str, ...] = said("The program and its arguments.")
    folder: str = said("Where it ran, relative to the project, with `/`.")
    seconds: float = said("Time it took.")


@dataclass(frozen=True)
class ModuleRecord:
    """A Go module that is linked into a helper."""

    path: str = said("Module path.")
    version: str = said("Version; for a replaced module, the version of the replacement.")
    sum: str = said("Hash in go.sum, `h1:...`; empty for a folder in the project.")


@dataclass(frozen=True)
class GoRecord:
    """Go's build info in the binary (`go version -m`)."""

    version: str = said("Version of the Go that compiled it, `go1.27.3`.")
    path: str = said("Import path of the main package.")
    modules: tuple[ModuleRecord, ...] = said("Linked modules, without the main module.")


@dataclass(frozen=True)
class UnitRecord:
    """A helper on a platform; compiled once for wheels and image."""

    helper: str = said("Name of the helper.")
    platform: str = said("OCI platform.")
    kind: Literal["program", "library"] = said("Kind, read from the binary.")
    install: Literal["package", "scripts"] = said("Where the wheel puts it.")
    sha256: str = said("sha256 of the binary, in hex.")
    size: int = said("In bytes.")
    libc: Literal["static", "glibc", "musl", "none"] = said(
        "C library, read from the binary; `none` on other systems than Linux."
    )
    floor: str | None = said(
        "Newest glibc version that it needs, such as `2.17`; null if it needs none."
    )
    macos: str | None = said("Oldest macOS that it runs on, such as `11.0`; null on other systems.")
    env: dict[str, str] = said("The helper's `env`: variables for its compilers.")
    compiler: str = said("C compiler; `none` for pure Go, `prebuilt` for a binary built elsewhere.")
    go: GoRecord | None = said("Go's build info; null if the binary has none.")
    seconds: float = said("Compile time; for a universal binary, that of its last part.")
    cached: bool = said("Whether it was up to date, so nothing was compiled.")
    start: float = said("Start, in seconds after the first compile started.")
    worker: int | None = said(
        "Number of the host's worker that compiled it, from 0; null with BuildKit."
    )


@dataclass(frozen=True)
class WheelRecord:
    """A wheel."""

    file: str = said("File name.")
    platform: str = said("OCI platform.")
    tag: str = said("Compressed tag, such as `py3-none-win_amd64`.")
    size: int = said("In bytes.")
    sha256: str = said("sha256 of the file, in hex.")
    helpers: dict[str, str] = said("Helper name -> sha256 of its binary, read from the wheel.")


@dataclass(frozen=True)
class SdistRecord:
    """The sdist."""

    file: str = said("File name.")
    size: int = said("In bytes.")
    sha256: str = said("sha256 of the file, in hex.")


@dataclass(frozen=True)
class OutputRecord:
    """A file or folder that contains the image."""

    path: str = said("Path relative to the project, with `/`.")
    sha256: str | None = said("sha256 of the archive, in hex; null for a layout folder.")
    listing: str | None = said(
        "For a folder, sha256, in hex, of a list of its contents; null for an archive, and "
        "for files of an image (`local`) that their owner can't read."
    )


@dataclass(frozen=True)
class PublishedRecord:
    """A place of the image in Docker or in a registry."""

    type: str = said("`docker`, `image` or `registry`.")
    reference: str = said("Name and tag.")
    digest: str = said("Digest of the index, or of the manifest if there is only one platform.")


@dataclass(frozen=True)
class LayerRecord:
    """A layer of a platform's image."""

    digest: str = said("Digest of the blob.")
    size: int = said("Size of the blob, in bytes.")
    base: bool = said("Whether it is a layer of the base.")


@dataclass(frozen=True)
class ManifestRecord:
    """The image of one platform."""

    platform: str = said("OCI platform.")
    digest: str = said("Digest of the manifest.")
    size: int = said("Download size: manifest, config and layers, in bytes.")
    files: dict[str, str] = said(
        "Path in the image without leading slash -> sha256 in hex; without the files of the base."
    )
    base: str | None = said("Digest of the base's manifest for this platform; null on `scratch`.")
    layers: tuple[LayerRecord, ...] = said("Layers, lowest first: those of the base, then ours.")


@dataclass(frozen=True)
class ImageRecord:
    """The multi-arch image."""

    reference: str = said("Repository name.")
    tags: tuple[str, ...] = said("Tags.")
    digest: str = said("Digest of the index of all platforms.")
    outputs: tuple[OutputRecord, ...] = said("Files and folders that contain it.")
    base: str = said("Base image, as configured.")
    base_digest: str | None = said(
        "Digest of the base's index, or of its only manifest; null on `scratch`, and for a "
        "layout without an index."
    )
    manifests: tuple[ManifestRecord, ...] = said("Manifests, in the order of the index.")
    published: tuple[PublishedRecord, ...] = said("Where it is in Docker and in registries.")


@dataclass(frozen=True)
class WheelPlace:
    """A place in a wheel."""

    file: str = said("File name of the wheel.")
    member: str = said("Path in its archive.")


@dataclass(frozen=True)
class ImagePlace:
    """A place in the image."""

    manifest: str = said("Digest of the platform's manifest.")
    layer: str = said("Digest of the layer.")
    path: str = said("Path in the image, without leading slash.")


@dataclass(frozen=True)
class ProofRecord:
    """The places of a binary; each was opened after it was finished, and contained this sha256."""

    helper: str = said("Name of the helper.")
    platform: str = said("OCI platform.")
    sha256: str = said("The hash that was found in every place, in hex.")
    wheel: WheelPlace | None = said("Null if no wheel contains it.")
    image: ImagePlace | None = said("Null if the image doesn't contain it.")


@dataclass(frozen=True)
class Report:
    """Inputs and results of one build, with the sha256 of each part."""

    schema: Literal[1] = said("Version of this format.")
    project: ProjectRecord = said("The Python project.")
    tools: ToolsRecord = said("Versions of the tools that built it.")
    timing: TimingRecord = said("Start and duration of the build.")
    before: tuple[BeforeRecord, ...] = said("What ran before anything was compiled, in order.")
    platforms: tuple[str, ...] = said("Platforms, in the order of the configuration.")
    units: tuple[UnitRecord, ...] = said("Every helper on every platform.")
    wheels: tuple[WheelRecord, ...] = said("Every wheel.")
    sdist: SdistRecord | None = said(
        "The sdist next to the wheels when they were built; null if there was none."
    )
    image: ImageRecord | None = said("Null if the build makes no image.")
    proof: tuple[ProofRecord, ...] = said("Proof that wheels and image contain the same binaries.")

    def to_json(self) -> str:
        """Return the report as the text of its JSON file."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"
