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

    name: str = said("Name, as pyproject.toml writes it.")
    version: str = said("Version.")


@dataclass(frozen=True)
class ToolsRecord:
    """What built it."""

    plugin: str = said("Version of hatch-multiarch.")
    hatchling: str = said("Version of hatchling.")
    python: str = said("Version of the Python that ran them.")
    engine: str = said("Where compiling happened: `host`.")
    go: str | None = said("The Go that compiled, `go 1.27.3`; null when no helper was compiled.")
    compilers: tuple[str, ...] = said("C compilers used, sorted; empty without cgo.")
    compressor: str = said(
        "What compressed wheels and layers, `libdeflate (deflate 0.9.0)` or `zlib 1.3.1`."
    )


@dataclass(frozen=True)
class TimingRecord:
    """When it was built, and how long that took."""

    started: str = said("When the build began: UTC, as `2026-11-25T12:00:00Z`.")
    seconds: float = said("Until wheels and image were proven; a push is not counted.")


@dataclass(frozen=True)
class BeforeRecord:
    """A command that ran before anything was compiled."""

    key: str = said("The key that has it.")
    command: tuple[str, ...] = said("The program and its arguments.")
    folder: str = said("Where it ran, relative to the project, with `/`.")
    seconds: float = said("Time it took.")


@dataclass(frozen=True)
class ModuleRecord:
    """A Go module that is linked into a helper."""

    path: str = said("Module path.")
    version: str = said("Version; a replaced module's is that of its replacement.")
    sum: str = said("go.sum's hash, `h1:...`; empty for a folder of the project.")


@dataclass(frozen=True)
class GoRecord:
    """What Go wrote into the binary (`go version -m`)."""

    version: str = said("Go that compiled it, `go1.27.3`.")
    path: str = said("Import path of the main package.")
    modules: tuple[ModuleRecord, ...] = said("Modules linked in, without the main one.")


@dataclass(frozen=True)
class UnitRecord:
    """A helper on a platform: compiled once, whatever it ships in."""

    helper: str = said("Name of the helper.")
    platform: str = said("OCI platform.")
    kind: Literal["program", "library"] = said("What it is, read from the binary.")
    install: Literal["package", "scripts"] = said("Where the wheel puts it.")
    sha256: str = said("Of the binary, hex.")
    size: int = said("In bytes.")
    libc: Literal["static", "glibc", "musl", "none"] = said(
        "How it meets C, read from the binary; `none` outside Linux."
    )
    floor: str | None = said("Newest glibc version it needs, `2.17`; null when it needs none.")
    macos: str | None = said("Oldest macOS it starts on, `11.0`; null on other systems.")
    env: dict[str, str] = said("The helper's `env`: variables for its compilers.")
    compiler: str = said("C compiler; `none` for pure Go, `prebuilt` for a binary built elsewhere.")
    go: GoRecord | None = said("Go's build info; null when the binary has none.")
    seconds: float = said("Time it took; of a universal binary, that of its last part.")
    cached: bool = said("It was up to date: nothing was compiled.")
    start: float = said("When it began, in seconds after the compiling of all did.")
    worker: int | None = said(
        "Which of the host's workers made it, from 0; null when BuildKit decided where."
    )


@dataclass(frozen=True)
class WheelRecord:
    """A wheel."""

    file: str = said("File name.")
    platform: str = said("OCI platform.")
    tag: str = said("Its tag, compressed: `py3-none-win_amd64`.")
    size: int = said("In bytes.")
    sha256: str = said("Of the file, hex.")
    helpers: dict[str, str] = said("Helper -> sha256 of its binary, read from the wheel.")


@dataclass(frozen=True)
class SdistRecord:
    """The sdist."""

    file: str = said("File name.")
    size: int = said("In bytes.")
    sha256: str = said("Of the file, hex.")


@dataclass(frozen=True)
class OutputRecord:
    """A file or folder that holds the image."""

    path: str = said("Relative to the project, with `/`.")
    sha256: str | None = said("Of the archive, hex; null for a layout folder.")
    listing: str | None = said(
        "Of a folder: sha256, hex, of a list of all that is in it; null for an archive, and for "
        "files of an image (`local`) that their owner may not read."
    )


@dataclass(frozen=True)
class PublishedRecord:
    """Where docker or a registry has the image."""

    type: str = said("`docker`, `image` or `registry`.")
    reference: str = said("Name with tag.")
    digest: str = said("Of the index, or of the manifest where there is just one platform.")


@dataclass(frozen=True)
class LayerRecord:
    """A layer of a platform's image."""

    digest: str = said("Of the blob.")
    size: int = said("Of the blob, in bytes.")
    base: bool = said("It is one of the base's.")


@dataclass(frozen=True)
class ManifestRecord:
    """The image of one platform."""

    platform: str = said("OCI platform.")
    digest: str = said("Of the manifest.")
    size: int = said("What a client pulls: manifest, config and layers, in bytes.")
    files: dict[str, str] = said(
        "Path in the image, without leading slash -> sha256, hex; without those of the base."
    )
    base: str | None = said("Digest of the base's manifest for it; null on `scratch`.")
    layers: tuple[LayerRecord, ...] = said("Lowest first: those of the base, then ours.")


@dataclass(frozen=True)
class ImageRecord:
    """The multi-arch image."""

    reference: str = said("Repository name.")
    tags: tuple[str, ...] = said("Tags.")
    digest: str = said("Of the index over all platforms.")
    outputs: tuple[OutputRecord, ...] = said("Where it is.")
    base: str = said("What it starts from, as the config names it.")
    base_digest: str | None = said(
        "Digest of the base's index, or of its one manifest; null on `scratch`, and of a layout "
        "without an index."
    )
    manifests: tuple[ManifestRecord, ...] = said("In the order of the index.")
    published: tuple[PublishedRecord, ...] = said("Where docker and registries have it.")


@dataclass(frozen=True)
class WheelPlace:
    """Where in a wheel."""

    file: str = said("File name of the wheel.")
    member: str = said("Path in its archive.")


@dataclass(frozen=True)
class ImagePlace:
    """Where in the image."""

    manifest: str = said("Digest of the platform's manifest.")
    layer: str = said("Digest of the layer.")
    path: str = said("Path in the image, without leading slash.")


@dataclass(frozen=True)
class ProofRecord:
    """Where a binary ships; each place was opened after it was finished, and held this sha256."""

    helper: str = said("Name of the helper.")
    platform: str = said("OCI platform.")
    sha256: str = said("The one hash that was found in every place, hex.")
    wheel: WheelPlace | None = said("Null when no wheel holds it.")
    image: ImagePlace | None = said("Null when the image does not hold it.")


@dataclass(frozen=True)
class Report:
    """What one build made, from what, and the sha256 of each part."""

    schema: Literal[1] = said("Version of this format.")
    project: ProjectRecord = said("The Python project.")
    tools: ToolsRecord = said("What built it.")
    timing: TimingRecord = said("When it was built, and how long that took.")
    before: tuple[BeforeRecord, ...] = said("What ran before anything was compiled, in order.")
    platforms: tuple[str, ...] = said("Platforms built, in the order of the config.")
    units: tuple[UnitRecord, ...] = said("Every helper on every platform.")
    wheels: tuple[WheelRecord, ...] = said("Every wheel.")
    sdist: SdistRecord | None = said(
        "The one beside the wheels when they were built; null when there was none."
    )
    image: ImageRecord | None = said("Null when the build makes none.")
    proof: tuple[ProofRecord, ...] = said("That wheels and image hold the same binaries.")

    def to_json(self) -> str:
        """Return the report as the text of its JSON file."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"
