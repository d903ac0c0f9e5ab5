"""Build a Python project's Go helpers for every platform, as part of a plain ``hatch build``."""

__version__ = "0.1.0"
