"""A plan as text for people and as data for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hatch_multiarch.plan.before import Command
    from hatch_multiarch.plan.plan_model import Plan, Unit


def _libc(unit: Unit) -> str:
    return str(unit.libc) if unit.platform.os == "linux" else "-"


def _made(plan: Plan) -> list[Unit]:
    """Return every unit that is made, the parts of a universal one before it."""
    every = (each for unit in plan.units for each in (*unit.parts, unit))
    return list({unit.id: unit for unit in every}.values())


def _how(unit: Unit) -> str:
    parts = " and ".join(part.platform.name for part in unit.parts)
    return f"joined from {parts}" if parts else unit.compiler


def _name(unit: Unit) -> str:
    return f"{unit.helper.name} (library)" if unit.helper.library else unit.helper.name


def _place(plan: Plan, command: Command) -> str:
    return command.folder.relative_to(plan.project.root).as_posix()


def as_data(plan: Plan) -> dict[str, object]:
    """Return *plan* as JSON-ready data; paths are relative to the project."""
    root = plan.project.root
    units = [
        {
            "helper": unit.helper.name,
            "platform": unit.platform.name,
            "kind": unit.helper.kind,
            "libc": _libc(unit),
            "compiler": unit.compiler,
            "source": unit.source.relative_to(root).as_posix(),
            "member": unit.member,
            "output": unit.output.relative_to(root).as_posix(),
            "parts": [part.platform.name for part in unit.parts],
        }
        for unit in _made(plan)
    ]
    image = plan.image and {
        "name": plan.image.reference,
        "tags": list(plan.image.tags),
        "base": plan.image.config.base,
        "platforms": {
            platform.name: [unit.helper.name for unit in mine]
            for platform, mine in plan.image.platforms
        },
    }
    return {
        "project": plan.project.name,
        "version": plan.project.version,
        "mode": plan.mode,
        "engine": plan.engine,
        "builder": plan.docker and plan.docker.builder.name,
        "places": [
            {
                "platform": place.platform,
                "node": place.node,
                "node-platform": place.node_platform,
                "emulated": place.emulated,
            }
            for place in (plan.docker.places if plan.docker else ())
        ],
        "before": [
            {
                "key": each.key,
                "command": list(each.words),
                "folder": _place(plan, each),
            }
            for each in plan.before
        ],
        "units": units,
        "wheels": [
            {"platform": wheel.platform.name, "helpers": [u.helper.name for u in wheel.units]}
            for wheel in plan.wheels
        ],
        "image": image,
        "notes": list(plan.notes),
    }


def as_text(plan: Plan) -> str:
    """Return *plan* for a terminal, 80 columns wide unless names are long."""
    lines = [
        f"{plan.project.name} {plan.project.version}, compiled on: {plan.engine}",
        "",
    ]
    if plan.before:
        lines += ["before", *(f"  {each}  in {_place(plan, each)}" for each in plan.before), ""]
    lines.append("compile")
    rows = [("helper", "platform", "libc", "compiler")]
    rows += [(_name(u), u.platform.name, _libc(u), _how(u)) for u in _made(plan)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append("  " + "  ".join([*cells, row[3]]).rstrip())
    if plan.docker is not None and plan.docker.places:
        builder = plan.docker.builder
        lines += ["", f"where: builder {builder.name} ({builder.driver})"]
        for place in plan.docker.places:
            how = "emulated by QEMU" if place.emulated else f"on {place.node_platform}"
            if not place.node_platform:
                how = "which is stopped; the build starts it"
            lines.append(f"  {place.platform}: node {place.node}, {how}")
    lines += ["", f"wheels ({len(plan.wheels)}); each tag is read from the binaries"]
    for wheel in plan.wheels:
        names = ", ".join(unit.helper.name for unit in wheel.units) or "no helper"
        lines.append(f"  {wheel.platform.name}: {names}")
    if plan.image is not None:
        tags = ", ".join(plan.image.tags)
        lines += ["", f"image {plan.image.reference} ({tags}) from {plan.image.config.base}"]
        for platform, mine in plan.image.platforms:
            lines.append(f"  {platform.name}: {', '.join(unit.helper.name for unit in mine)}")
    if plan.notes:
        lines += ["", "notes", *(f"  {note}" for note in plan.notes)]
    return "\n".join(lines)
