"""The face in Nox: sessions for any project that uses the build hook.

# noxfile.py
from hatch_multiarch.sessions import register
register()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import nox


MISSING = "--platform"
"""What a ``--platform`` without a value asks for: no platform has that name, as the error says."""


def register() -> None:
    """Add the sessions ``wheels`` and ``images`` to the noxfile that calls this.

    Both are ``hatch build`` with the right switches, in an environment that Nox makes. What
    follows ``--`` goes on to ``hatch build``, but for ``--platform P`` (may be repeated, also
    ``host``), which limits the build: ``nox -s images -- --platform linux/arm64``.
    """
    import nox  # noqa: PLC0415 - an extra; only noxfiles call this

    @nox.session
    def wheels(session: nox.Session) -> None:
        """Build the sdist and one wheel per platform into dist/."""
        _hatch_build(session, image=False)

    @nox.session
    def images(session: nox.Session) -> None:
        """Build the wheels and the multi-arch image of the same helpers."""
        _hatch_build(session, image=True)


def split_platforms(words: list[str]) -> tuple[list[str], list[str]]:
    """Return the values of ``--platform`` in *words*, and the other words."""
    platforms, rest = [], []
    pending = iter(words)
    for word in pending:
        name, equals, value = word.partition("=")
        if name == "--platform":
            platforms.append(value if equals else next(pending, MISSING))
        else:
            rest.append(word)
    return platforms, rest


def _hatch_build(session: nox.Session, *, image: bool) -> None:
    platforms, rest = split_platforms(session.posargs)
    env = {"HATCH_MULTIARCH_IMAGE": str(int(image))}
    if platforms:
        env["HATCH_MULTIARCH_PLATFORMS"] = ",".join(platforms)
    session.install("hatch")
    session.run("hatch", "build", *rest, env=env)
