"""Hatchling: the build hook `multiarch`."""
