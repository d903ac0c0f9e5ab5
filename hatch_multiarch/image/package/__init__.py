"""The project's package in an image: dependencies are resolved, fetched and installed as files."""

from hatch_multiarch.image.package.resolve import requirements_of, resolve
from hatch_multiarch.image.package.target import Target
from hatch_multiarch.image.package.virtual_environment import Environment
from hatch_multiarch.image.package.wheel_cache import Dependencies, Wheel, fetch, wheels_of

__all__ = [
    "Dependencies",
    "Environment",
    "Target",
    "Wheel",
    "fetch",
    "requirements_of",
    "resolve",
    "wheels_of",
]
