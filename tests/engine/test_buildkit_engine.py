"""BuildKit's steps as what happens to units, told when it happens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.conftest import Watch

from hatch_multiarch.config import Helper, Libc
from hatch_multiarch.docker.rawjson import Step
from hatch_multiarch.engine.buildkit_engine import _Watch
from hatch_multiarch.errors import CompileError
from hatch_multiarch.plan import Unit
from hatch_multiarch.platforms import lookup

UNITS = [
    Unit(Helper("Greet"), lookup(name), Libc(), "none", Path(), Path("Greet"))
    for name in ("linux/amd64", "linux/arm64")
]


def test_a_unit_is_done_when_its_go_build_is_and_not_when_all_are():
    told = Watch()
    watch = _Watch(UNITS, told)
    steps = [
        Step(stage, f"RUN go {stage}", stage, name)
        for stage, name in (
            ("compile-greet-linux-amd64", "linux/amd64"),
            ("compile-greet-linux-arm64", "linux/arm64"),
        )
    ]
    for step in steps:
        watch(step)
    watch(replace(steps[1], seconds=2.5))
    assert told.events == [
        ("started", "Greet linux/amd64"),
        ("started", "Greet linux/arm64"),
        ("finished", "Greet linux/arm64"),
    ]
    watch(replace(steps[0], seconds=0.0, cached=True))
    assert told.events[3:] == [("cached", "Greet linux/amd64")]
    for unit in UNITS:  # their files came out
        watch.compiled(unit)
    assert len(told.events) == 4
    assert watch.seconds["Greet linux/arm64"] == 2.5
    assert watch.ended["Greet linux/arm64"] <= watch.ended["Greet linux/amd64"]


def test_the_unit_whose_step_failed_names_the_error():
    told = Watch()
    watch = _Watch(UNITS, told)
    step = Step("x", "RUN go", "compile-greet-linux-arm64", "linux/arm64")
    watch(step)
    watch(replace(step, seconds=1.0, error="exit code: 1"))
    error = watch.error(CompileError("it failed"))
    assert error.message == "Greet linux/arm64: it failed"
    assert told.events[-1] == ("failed", "Greet linux/arm64")
    assert ("finished", "Greet linux/arm64") not in told.events


def test_steps_of_no_unit_are_what_is_being_done():
    class Doing(Watch):
        def doing(self, what: str) -> None:
            self.events.append(("doing", what))

    told = Doing()
    _Watch(UNITS, told)(Step("x", "RUN apt-get", "tools-linux-arm64", "linux/arm64"))
    assert told.events == [("doing", "linux/arm64 RUN apt-get")]
