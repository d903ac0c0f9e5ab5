"""Runs the commands of ``before``: argument lists, never a shell."""

from __future__ import annotations

import os
import shutil
from time import monotonic
from typing import TYPE_CHECKING

from hatch_multiarch import process
from hatch_multiarch.engine.environment import scrub, surroundings
from hatch_multiarch.engine.go_command import go_settings
from hatch_multiarch.errors import CompileError, PlanError, ToolchainError
from hatch_multiarch.report.report_model import BeforeRecord
from hatch_multiarch.toolchain import find_go, modules_go

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hatch_multiarch.config import Config
    from hatch_multiarch.plan.before import Command
    from hatch_multiarch.report.console import Console

_LAST = 20
"""Lines of a failed command's output that are shown."""

_ran: dict[Path, tuple[BeforeRecord, ...]] = {}
"""By project: what has run in this process, which may make the sdist and the wheels."""


def run_before(
    root: Path,
    config: Config,
    commands: Sequence[Command],
    environ: Mapping[str, str],
    console: Console,
) -> tuple[BeforeRecord, ...]:
    """Run *commands* of the project in *root*, unless this process has; return what has run.

    Raises CompileError when one fails, PlanError for a program that is not there, ToolchainError
    where one wants a Go that is missing.
    """
    if commands and root not in _ran:
        env = _environment(root, config, commands, environ)
        _ran[root] = tuple(_run(each, root, env, console) for each in commands)
    return _ran.get(root, ())


def _environment(
    root: Path, config: Config, commands: Sequence[Command], user: Mapping[str, str]
) -> dict[str, str]:
    """Return the *user*'s environment with Go on PATH, and without what chooses a target.

    What `go generate` starts with `go run` is for this machine.
    """
    try:
        go = find_go(config.toolchain.go, modules_go(root, config))
    except ToolchainError as error:
        key = next((each.key for each in commands if each.words[0] == "go"), "")
        if key:
            raise ToolchainError(f"{key}: {error.message}", advice=error.advice) from None
        return scrub(user)
    env = surroundings(user, go_settings(go, user))
    env["PATH"] = os.pathsep.join((str(go.path.parent), env.get("PATH", "")))
    return env


def _run(command: Command, root: Path, env: Mapping[str, str], console: Console) -> BeforeRecord:
    began, said = monotonic(), list[str]()
    with console.task(f"Running {command}") as show:

        def hear(line: str) -> None:
            said.append(line.rstrip())
            show(said[-1])

        program = find_program(command, env)
        if isinstance(program, PlanError):
            raise program
        words = [program, *command.words[1:]]
        try:
            done = process.run(words, cwd=command.folder, env=env, on_error_line=hear)
        except OSError as error:
            why = error.strerror or error
            raise PlanError(f"{command.key}: {command.words[0]!r} does not start: {why}") from None
    if done.code:
        last = "\n".join((done.out.splitlines() + said)[-_LAST:])
        raise CompileError(f"{command.key}: {command} failed with exit code {done.code}\n{last}")
    folder = command.folder.relative_to(root).as_posix()
    return BeforeRecord(command.key, command.words, folder, round(monotonic() - began, 2))


def find_program(command: Command, env: Mapping[str, str]) -> str | PlanError:
    """Return where the program of *command* is, or what is missing."""
    name = command.words[0]
    path = str(command.folder / name) if "/" in name else name
    if not command.folder.is_dir():
        return PlanError(f"{command.key}: there is no folder {command.folder.name} to run it in")
    if found := shutil.which(path, path=env.get("PATH")):
        return found
    where = f"in {command.folder.name}" if "/" in name else "on PATH"
    return PlanError(
        f"{command.key}: there is no program {name!r} {where}",
        advice="it is a list of a program and its arguments; no shell reads it",
    )
