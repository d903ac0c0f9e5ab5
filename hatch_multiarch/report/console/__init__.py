"""The console output of a build: progress, and one table at the end.

All of it goes to standard error, where Hatchling says what it says; standard output belongs to
whoever called the build.
"""

from hatch_multiarch.report.console.console import Console

__all__ = ["Console"]
