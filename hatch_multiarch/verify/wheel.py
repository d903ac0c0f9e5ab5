"""Verifies one wheel: its tags, files and SBOM, and starts its helpers."""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.tags import parse_tag

from hatch_multiarch import audit, files, sbom
from hatch_multiarch.config import Libc
from hatch_multiarch.errors import AuditError
from hatch_multiarch.plan import WheelPlan
from hatch_multiarch.platforms import match
from hatch_multiarch.report.make import read_facts
from hatch_multiarch.verify.file_check import check_file
from hatch_multiarch.verify.outcome import Check, Verified
from hatch_multiarch.verify.smoke import load, start
from hatch_multiarch.verify.wheel_reader import check_record, open_wheel
from hatch_multiarch.wheel import BuiltWheel, check_natives, locator

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from packaging.tags import Tag

    from hatch_multiarch.audit import BinaryInfo
    from hatch_multiarch.config import Config
    from hatch_multiarch.verify.report_check import Shipped
    from hatch_multiarch.verify.wheel_reader import Opened

EXECUTABLE = 0o100
"""The owner's bit, which installers look at."""


@dataclass(frozen=True)
class _Helper:
    """A helper, copied out of the wheel."""

    name: str
    member: str
    path: Path
    sha256: str
    facts: BinaryInfo | None
    """None when it cannot be read as a program."""
    problem: str
    """Why."""


def verify_wheel(
    path: Path,
    config: Config | None,
    shipped: Shipped | None,
    environ: Mapping[str, str],
    *,
    timeout: float,
    current: bool,
) -> Verified:
    """Return what is found about the wheel *path*; a check that fails is no error.

    *config* is that of its project, which says how helpers are started; *shipped* is what the
    report says of the build, *environ* has the credentials for an image that is only in a
    registry. *timeout*: seconds for each start. *current*: the config is of this version, so that
    each of its helpers has to be there.
    """
    try:
        with (
            open_wheel(path) as wheel,
            files.temporary() as folder,
        ):
            helpers = [
                _copied(wheel, name, member, folder / str(number))
                for number, (name, member) in enumerate(wheel.members.items())
            ]
            checks = [
                _tags(wheel, helpers, folder),
                check_record(wheel),
                _helpers(wheel, config if current else None, shipped),
                _executable(wheel),
                _sbom(wheel, helpers, wanted=config is None or config.sbom),
                *_smoke(wheel, helpers, config, timeout),
            ]
            checks.append(check_file(path, shipped))
            if shipped is not None:
                checks += _facts(helpers, wheel, shipped)
                found = {each.name: each.sha256 for each in helpers}
                checks += shipped.compare(path.name, found, environ)
            return Verified(path.name, wheel.platform.name if wheel.platform else "", tuple(checks))
    except AuditError as error:
        said = error.message.removeprefix(path.name).lstrip(": ")
        failed = Check("archive", "failed", said)
        return Verified(path.name, "", (failed, check_file(path, shipped)))


def _copied(wheel: Opened, name: str, member: str, folder: Path) -> _Helper:
    """Copy a helper aside under its own name: the only thing that is ever started."""
    folder.mkdir()
    file = member.rpartition("/")[2]
    if file in {"", ".", ".."} or "\\" in file or ":" in file:
        raise AuditError(f"{wheel.path.name}: {member} is not a valid program name")
    path = folder / file
    digest, _, _ = wheel.hashed(member, path)
    path.chmod(0o700)
    try:
        architecture = wheel.platform.architecture if wheel.platform else ""
        return _Helper(name, member, path, digest, audit.read(path, architecture), "")
    except AuditError as error:
        return _Helper(name, member, path, digest, None, error.message)


def _tags(wheel: Opened, helpers: list[_Helper], folder: Path) -> Check:
    """Compare the tags of file name, WHEEL and binaries."""
    if wheel.named != wheel.tags:
        said = f"the file name says {_shown(wheel.named)}, WHEEL says {_shown(wheel.tags)}"
        return Check("tags", "failed", said)
    if not helpers:
        return Check("tags", "none", "it contains no helper")
    try:
        return Check("tags", "ok", _needed(wheel, helpers, folder).rpartition("-")[2])
    except AuditError as error:
        return Check("tags", "failed", error.message.removeprefix(f"{wheel.path.name}: "))


def _needed(wheel: Opened, helpers: list[_Helper], folder: Path) -> str:
    """Return the tag that the binaries make. Raises AuditError when it is not that of WHEEL."""
    platform = wheel.platform
    if platform is None:
        raise AuditError(f"{_shown(wheel.tags)} is for no platform that helpers are built for")
    facts = []
    for each in helpers:
        if each.facts is None:
            raise AuditError(each.problem)
        audit.check(
            each.facts,
            file=each.member,
            platform=platform,
            libc=Libc("glibc"),
            kind="library" if each.name in wheel.libraries else "program",
        )
        if each.name in wheel.libraries:
            audit.check_exports(each.facts, file=each.member)
        facts.append(each.facts)
    need = audit.wheel_tag(platform, facts)
    if parse_tag(need) != wheel.tags:
        raise AuditError(f"WHEEL says {_shown(wheel.tags)}, but the helpers make it {need}")
    built = BuiltWheel(wheel.path, platform.name, need, wheel.members)
    check_natives(built, WheelPlan(platform, ()), facts, folder)
    return need


def _helpers(wheel: Opened, config: Config | None, shipped: Shipped | None) -> Check:
    """Look whether each helper is there that config and report name for this wheel."""
    wanted: dict[str, str] = {}
    if config is not None and wheel.platform is not None:
        for each in config.helpers:
            if match(wheel.platform.name, each.platforms):
                key = f"tool.multiarch.helpers.{each.name}"
                wanted[each.name] = f"{key} is for {wheel.platform.name}"
    told = shipped.wheels.get(wheel.path.name) if shipped is not None else None
    for name in told.helpers if told is not None else ():
        wanted[name] = "the report has it"
    missing = [f"{name} is not in it, and {why}" for name, why in wanted.items()
               if name not in wheel.members]  # fmt: skip
    missing += _modules(wheel, config) if config is not None else ()
    if missing:
        return Check("helpers", "failed", "; ".join(missing))
    if not wheel.members:
        return Check("helpers", "none", "it contains no helper")
    return Check("helpers", "ok", ", ".join(wheel.members))


def _modules(wheel: Opened, config: Config) -> Iterable[str]:
    """Yield which of our modules *config* asks for and the wheel lacks."""
    held, finder = wheel.archive.namelist(), locator.module_name(wheel.name)
    if config.locator and f"{finder}/__init__.py" not in held:
        yield f"the module {finder} is not in it, and tool.multiarch.locator is true"
    for each in config.helpers:
        file, key = f"{each.module_name}.py", f"tool.multiarch.helpers.{each.name}.module"
        if each.module and file not in held:
            yield f"{file} is not in it, and {key} is true"
        elif each.module and f'find("{each.name}")'.encode() not in wheel.small(file):
            yield f"{file} does not start {each.name}, and {key} is true"


def _facts(helpers: list[_Helper], wheel: Opened, shipped: Shipped) -> Iterable[Check]:
    """Yield what the report says of a helper's binary that cannot be read from it."""
    platform = wheel.platform.name if wheel.platform is not None else ""
    for each in helpers:
        unit = shipped.units.get((platform, each.name))
        if unit is None or each.facts is None or unit.sha256 != each.sha256:
            continue  # which another check has said
        read = {**read_facts(each.facts), "size": each.path.stat().st_size}
        for key, found in read.items():
            if getattr(unit, key) != found:
                said = f"{each.name}: units says {key} {getattr(unit, key)}, it is {found}"
                yield Check("report", "failed", said)


def _executable(wheel: Opened) -> Check:
    """Look at the mode of each helper; installers want the bit of a regular file in it too."""
    if not wheel.members:
        return Check("executable", "none", "it contains no helper")
    for member in wheel.members.values():
        mode = wheel.archive.getinfo(member).external_attr >> 16
        if not stat.S_ISREG(mode) or not mode & EXECUTABLE:
            said = f"{member} has the mode {mode:o}, which installers do not make executable"
            return Check("executable", "failed", f"{said}; expected 100755")
    return Check("executable", "ok", ", ".join(wheel.members))


def _sbom(wheel: Opened, helpers: list[_Helper], *, wanted: bool) -> Check:
    """Look whether the SBOM names every Go module that the helpers' build info has."""
    place = sbom.member(wheel.stem)
    if place not in wheel.archive.namelist():
        if not helpers:
            return Check("sbom", "none", "it contains no helper")
        if not wanted:
            return Check("sbom", "none", "tool.multiarch.sbom is false")
        return Check("sbom", "failed", f"{place} is missing")
    try:
        told = json.loads(wheel.small(place))
        purls = {each.get("purl") for each in told["components"]}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Check("sbom", "failed", f"{place} is not a CycloneDX document")
    modules = 0
    for each in helpers:
        if each.facts is None or each.facts.go is None:
            continue
        program = sbom.program(each.name, each.member, each.sha256, each.facts)
        linked = [*program.modules, *([program.main] if program.main else [])]
        for module in linked:
            if module.purl not in purls:
                said = f"{place} does not list {module.purl}, which {each.member} has"
                return Check("sbom", "failed", said)
        modules += len(linked)
    return Check("sbom", "ok", f"{len(purls - {None})} modules, all that the helpers have")


def _smoke(
    wheel: Opened, helpers: list[_Helper], config: Config | None, timeout: float
) -> Iterable[Check]:
    """Start each program once, and load each library, as its key ``smoke`` says."""
    for each in helpers:
        if config is None:
            yield Check("smoke", "none", f"{each.name}: no pyproject.toml nearby configures it")
            continue
        if each.name not in {helper.name for helper in config.helpers} or wheel.platform is None:
            yield Check("smoke", "none", f"{each.name}: [tool.multiarch] does not name it")
            continue
        words = config.helper_on(each.name, wheel.platform.name).smoke
        if each.facts is not None and each.name in wheel.libraries:
            yield load(each.name, each.path, words or (), each.facts, wheel.platform, timeout)
        elif words is None:
            yield Check("smoke", "none", f"{each.name}: no smoke test")
        elif each.facts is None:
            yield Check("smoke", "failed", f"{each.name}: {each.problem}")
        else:
            yield start(each.name, each.path, words, each.facts, wheel.platform, timeout=timeout)


def _shown(tags: Iterable[Tag]) -> str:
    """Return *tags* compressed, as in a file name."""
    interpreters, abis, platforms = (
        ".".join(sorted({getattr(tag, part) for tag in tags}))
        for part in ("interpreter", "abi", "platform")
    )
    return f"{interpreters}-{abis}-{platforms}" if platforms else "no tag"
