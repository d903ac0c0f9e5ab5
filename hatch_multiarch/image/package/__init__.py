"""The project's package in an image: dependencies resolved, fetched and installed as files."""

from hatch_multiarch.image.package.fetch import fetch
from hatch_multiarch.image.package.install import Environment, Installed
from hatch_multiarch.image.package.kept import Dependencies, Wheel, wheels_of
from hatch_multiarch.image.package.resolve import resolve
from hatch_multiarch.image.package.target import Target
from hatch_multiarch.image.package.wanted import wanted

__all__ = [
    "Dependencies",
    "Environment",
    "Installed",
    "Target",
    "Wheel",
    "fetch",
    "resolve",
    "wanted",
    "wheels_of",
]
