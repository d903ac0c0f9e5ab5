"""Pins: exact versions with hashes, a subset of pip's requirements format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from hatch_multiarch.errors import ImageError
from hatch_multiarch.files import hashed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_HASH = re.compile(r"\s--hash[= ](sha(?:256|384|512):[0-9a-f]+)(?=\s|$)")
_COMMENT = re.compile(r"(?:^|\s)#.*$", re.MULTILINE)


@dataclass(frozen=True)
class Pin:
    """One distribution at one version."""

    name: str
    """Normalised."""
    requirement: str
    """``idna==3.20``, without a marker."""
    version: str
    marker: str
    hashes: tuple[str, ...]

    @property
    def line(self) -> str:
        """Return it as a line of a requirements file, without its marker."""
        return " ".join([self.requirement, *(f"--hash={each}" for each in self.hashes)])

    def fits(self, wheel: Path, sha256: str) -> bool:
        """Tell whether the file *wheel* is this distribution, and has one of the hashes.

        *sha256* (hex) is its digest: it is read for hashes of another kind only. Raises OSError
        when it cannot be read.
        """
        try:
            name, version, *_ = parse_wheel_filename(wheel.name)
        except InvalidWheelFilename:
            return False
        if name != self.name or not Requirement(self.requirement).specifier.contains(
            version, prereleases=True
        ):
            return False
        if f"sha256:{sha256}" in self.hashes:
            return True
        for algorithm in {each.partition(":")[0] for each in self.hashes} - {"sha256"}:
            with wheel.open("rb") as file:
                if f"{algorithm}:{hashed(file, algorithm=algorithm)[0]}" in self.hashes:
                    return True
        return False


def read_lock(text: str, where: str) -> tuple[Pin, ...]:
    r"""Return the pins of a requirements file; *where* names it.

    Lines may go on behind ``\`` and hold comments. Raises ImageError for what is not
    ``NAME==VERSION`` with a hash: options, paths, URLs, ranges.
    """
    pins = []
    for line in _COMMENT.sub("", text.replace("\\\r\n", " ").replace("\\\n", " ")).splitlines():
        words = line.strip()
        if not words:
            continue
        hashes = tuple(_HASH.findall(words))
        rest = _HASH.sub("", words).strip()
        # An option or a URL may hold a password, so that only its name is shown.
        shown = re.split(r"[\s=@]|://", rest, maxsplit=1)[0][:80]
        try:
            requirement = Requirement(rest)
        except InvalidRequirement:
            raise ImageError(f"{where}: {shown!r} is no NAME==VERSION", advice=_ADVICE) from None
        versions = list(requirement.specifier)
        exact = len(versions) == 1 and versions[0].operator == "==" and "*" not in str(versions[0])
        if requirement.url or not exact:
            name = requirement.name
            raise ImageError(f"{where}: {name} has no exact version (==)", advice=_ADVICE)
        if not hashes:
            raise ImageError(f"{where}: {requirement.name} has no --hash", advice=_ADVICE)
        extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
        pins.append(
            Pin(
                canonicalize_name(requirement.name),
                f"{requirement.name}{extras}{requirement.specifier}",
                str(Version(versions[0].version)),
                str(requirement.marker or ""),
                hashes,
            )
        )
    return tuple(pins)


_ADVICE = (
    "make it with `uv export --format requirements-txt --no-emit-project` or "
    "`uv pip compile --generate-hashes`; indexes are set by PIP_INDEX_URL or pip's own config"
)


def those_for(pins: tuple[Pin, ...], markers: Mapping[str, str]) -> tuple[Pin, ...]:
    """Return the *pins* whose environment markers hold for a target with *markers*."""
    return tuple(
        pin
        for pin in pins
        if not pin.marker
        or Requirement(f"x; {pin.marker}").marker.evaluate({**markers, "extra": ""})  # type: ignore[union-attr]
    )
