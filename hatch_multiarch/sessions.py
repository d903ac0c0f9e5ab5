"""Nox sessions for any project that uses the build hook.

# noxfile.py
from hatch_multiarch.sessions import register
register()
"""

from __future__ import annotations

import sys
from ast import literal_eval
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import nox

from hatch_multiarch import __version__
from hatch_multiarch.config import read_pyproject
from hatch_multiarch.config.members import has_workspace, read_workspace
from hatch_multiarch.config.toml_document import parse_toml
from hatch_multiarch.errors import MultiarchError

if TYPE_CHECKING:
    from hatch_multiarch.config import Config

MISSING = "--platform"
"""What a ``--platform`` without a value asks for: no platform has that name, as the error says."""

Publisher = Literal["hatch", "twine"]
"""What uploads to a package index; both have ways of their own to be given credentials."""

_CLI = ("python", "-m", "hatch_multiarch")
_PLUGIN = f"hatch-multiarch=={__version__}"
_WITH_DOCKER = f"hatch-multiarch[docker]=={__version__}"


def register(publisher: Publisher = "hatch") -> None:
    """Add this plugin's sessions to the noxfile that calls this; ``nox -l`` lists them.

    They read the ``pyproject.toml`` beside the noxfile, and run in environments that Nox makes,
    with the version of this plugin that registers them. What follows ``--`` goes on to the
    program that a session is about, but for ``--platform P`` of those that build (may be
    repeated, also ``host``): ``nox -s images -- --platform linux/arm64``.

    *publisher* uploads wheels and sdist in ``release``. A config with mistakes raises nothing
    here, so that the project's other sessions still run; those that need it say what is wrong.
    """

    @nox.session
    def wheels(session: nox.Session) -> None:
        """Build the sdist and one wheel per platform into dist/."""
        _hatch_build(session, list(session.posargs), image=False)

    _register_helpers()

    @nox.session
    def images(session: nox.Session) -> None:
        """Build the wheels and the multi-arch image of the same helpers."""
        _images(session)

    @nox.session
    def verify(session: nox.Session) -> None:
        """Run what was built, as `hatch-multiarch verify` does."""
        session.install(_WITH_DOCKER)
        session.run(*_CLI, "verify", *session.posargs)

    @nox.session
    def inspect(session: nox.Session) -> None:
        """Show what is in the image that was built, as `hatch-multiarch inspect` does."""
        session.install(_PLUGIN)
        session.run(*_CLI, "inspect", *session.posargs)

    @nox.session
    def release(session: nox.Session) -> None:
        """Build, check and show what would be uploaded; `--publish` uploads it."""
        _release(session, publisher)

    @nox.session
    def ci(session: nox.Session) -> None:
        """Build wheels and image, check and run them: what a pipeline does with a change."""
        _ci(session)

    if _is_workspace():

        @nox.session
        def workspace(session: nox.Session) -> None:
            """Build the packages of the uv workspace together, and verify them."""
            _workspace(session)


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


def _register_helpers() -> None:
    """Add ``helpers``: one session for each platform, or one that says why there are none."""
    try:
        platforms = read_pyproject(Path("pyproject.toml"))[0].platforms
    except MultiarchError:

        @nox.session(name="helpers")
        def broken(session: nox.Session) -> None:
            """Compile the helpers (the config has a mistake; this session says which)."""
            _config(session)

        return

    @nox.session
    @nox.parametrize("platform", platforms)
    def helpers(session: nox.Session, platform: str) -> None:
        """Compile and audit the helpers of a platform; make no wheel and no image."""
        env = {"HATCH_MULTIARCH_PLATFORMS": platform, "HATCH_MULTIARCH_IMAGE": "0"}
        _run_hatch(session, "build", "--hooks-only", *session.posargs, env=env)


def _is_workspace() -> bool:
    """Tell whether the pyproject.toml here is the root of a uv workspace."""
    try:
        return has_workspace(parse_toml(Path("pyproject.toml").read_bytes(), "pyproject.toml"))
    except (OSError, MultiarchError):
        return False


def _workspace(session: nox.Session) -> None:
    """Build in an environment with all that the packages need to be built, as Hatch makes one."""
    try:
        members = read_workspace(Path.cwd()).members
    except MultiarchError as error:
        session.error(str(error))
    needs = [each for member in members for each in member.document["build-system"]["requires"]]
    session.install(_PLUGIN, *needs)
    for member in members:
        with session.chdir(member.root):
            # The hooks tell what they need besides: Go, zig.
            asked = ("hatchling", "build", "--show-dynamic-deps", "-t", "wheel")
            said = session.run("python", "-m", *asked, silent=True)
        if more := literal_eval(str(said).strip().splitlines()[-1]):
            session.install(*more)
    session.run(*_CLI, "build", "--workspace", *session.posargs)
    session.run(*_CLI, "verify", "--workspace")


def _config(session: nox.Session) -> Config:
    """Return the project's config, or end *session* with what is wrong with it."""
    try:
        return read_pyproject(Path("pyproject.toml"))[0]
    except MultiarchError as error:
        session.error(str(error))


def _take(words: list[str], flag: str) -> tuple[bool, list[str]]:
    """Tell whether *flag* is among *words*, and return the others."""
    return flag in words, [word for word in words if word != flag]


def _hatch_build(session: nox.Session, words: list[str], *, image: bool) -> None:
    platforms, rest = split_platforms(words)
    env = {"HATCH_MULTIARCH_IMAGE": str(int(image))}
    if platforms:
        env["HATCH_MULTIARCH_PLATFORMS"] = ",".join(platforms)
    _run_hatch(session, "build", *rest, env=env)


def _run_hatch(session: nox.Session, *words: str, env: dict[str, str]) -> None:
    session.install("hatch")
    # Nox's uv back end sets it to the session's environment, and the uv that hatch starts would
    # install there what it means for the build's own environment.
    session.env.pop("UV_PYTHON", None)
    session.run("hatch", *words, env=env)


def _build_all(session: nox.Session, config: Config, words: list[str]) -> None:
    """Build wheels, sdist and image, after what older builds left is removed."""
    from hatch_multiarch.ci import (  # noqa: PLC0415 - slow to import, as below
        DESCRIBE,
        pushes_when_built,
        undescribed,
    )

    if why := undescribed(read_pyproject(Path("pyproject.toml"))[1]):
        session.error(f"{why}; {DESCRIBE}")
    if pushes_when_built(config):
        session.error(
            "tool.multiarch.image.outputs: contains registry, so a build would push before "
            'anything is checked; set outputs = ["oci"], and the session pushes the checked image'
        )
    session.install(_WITH_DOCKER, "twine")
    _hatch_build(session, ["--clean", *words], image=config.image is not None)


def _check(session: nox.Session) -> list[str]:
    """Check the wheels and the sdist in ``dist/`` and return their paths."""
    found = sorted(path for end in ("*.tar.gz", "*.whl") for path in Path("dist").glob(end))
    files = [path.as_posix() for path in found]
    session.run("python", "-m", "twine", "check", "--strict", *files)
    return files


def _release(session: nox.Session, publisher: Publisher) -> None:
    """Do one step after the other; Nox ends the session at the first that fails."""
    from hatch_multiarch.ci import unpushed  # noqa: PLC0415 - each `nox` imports this module

    publish, words = _take(session.posargs, "--publish")
    config = _config(session)
    _build_all(session, config, [])
    files = _check(session)
    session.run(*_CLI, "verify", "dist")
    if publish:
        upload = ["hatch", "publish", "--no-prompt"]
        if publisher == "twine":
            upload = ["python", "-m", "twine", "upload", "--non-interactive"]
        session.run(*upload, *words, *files)
    else:
        session.log(f"would be uploaded by {publisher} (`-- --publish` does it):")
        for file in files:
            session.log(f"  {file}")
    if why := unpushed(config):
        session.log(f"no image is pushed: {why}")
    else:
        session.run(*_CLI, "push", *([] if publish else ["--dry-run"]))


def _ci(session: nox.Session) -> None:
    """Build what this machine can, and run it."""
    from hatch_multiarch.ci import archived, needing_a_mac  # noqa: PLC0415 - the same

    config = _config(session)
    words = list(session.posargs)
    apple = needing_a_mac(config) if sys.platform != "darwin" else ()
    if apple and not split_platforms(words)[0]:
        session.warn(f"left out, because they need a Mac: {', '.join(apple)}")
        words += [
            "--platform",
            ",".join(each for each in config.platforms if each not in apple),
        ]
    _build_all(session, config, words)
    _check(session)
    session.run(*_CLI, "verify", *([] if archived(config) else ["dist"]))


def _images(session: nox.Session) -> None:
    """Build, and with ``--push`` push what was built."""
    push, words = _take(session.posargs, "--push")
    fewer, words = _take(words, "--fewer-platforms")
    if push:
        session.install(_PLUGIN)
    _hatch_build(session, words, image=True)
    if push:
        session.run(*_CLI, "push", *(["--fewer-platforms"] if fewer else []))
