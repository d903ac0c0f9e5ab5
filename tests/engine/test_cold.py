"""Builds with empty caches: what several units need is made once."""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from dataclasses import dataclass, field
from importlib.metadata import distribution
from typing import TYPE_CHECKING, Any

import pytest

from hatch_multiarch import process
from hatch_multiarch.config import Libc, Toolchain
from hatch_multiarch.engine.publish import BuildStamp
from hatch_multiarch.engine.recipe import Recipe, Recipes
from hatch_multiarch.engine.schedule import Task
from hatch_multiarch.engine.tasks import (
    WarmUp,
    built_before,
    import_path,
    unit_task,
    warm_ups,
    with_cxx,
)
from hatch_multiarch.files import link
from hatch_multiarch.toolchain import find_go

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Site

GLIBC = Libc("glibc", (2, 17))


@dataclass
class Runs:
    """What the engine starts, in order; the lines are those of standard error."""

    commands: list[list[str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def zig(self) -> list[list[str]]:
        """Return the links that only warm zig's cache up."""
        return [words for words in self.commands if words[:1] == ["zig"]]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    seen, real = Runs(), process.run

    def run(command: Any, **keys: Any) -> process.Finished:
        seen.commands.append([str(word) for word in command])
        hear = keys.pop("on_error_line", None)
        if hear is None:
            return real(command, **keys)

        def noted(line: str) -> None:
            seen.lines.append(line.strip())
            hear(line)

        return real(command, on_error_line=noted, **keys)

    monkeypatch.setattr(process, "run", run)
    return seen


@pytest.fixture
def cold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give the test empty caches of Go and zig; return zig's."""
    monkeypatch.setenv("GOCACHE", str(tmp_path / "go"))
    for kind in ("GLOBAL", "LOCAL"):
        monkeypatch.setenv(f"ZIG_{kind}_CACHE_DIR", str(tmp_path / "zig"))
    return tmp_path / "zig"


def tiny(site: Site, *names: str) -> None:
    """Write programs that need little of the standard library."""
    for name in names:
        site.write(
            {
                f"{name}/go.mod": f"module example.com/{name}\n\ngo 1.21\n",
                f"{name}/main.go": f'package main\n\nfunc main() {{ println("{name}") }}\n',
            }
        )


def recipe(site: Site, *names: str, libc: Libc = GLIBC) -> list[Recipe]:
    book = Recipes(Toolchain(), find_go("", "1.21"), "greeter", "1.2.3", site.root)
    return [book.recipe(site.unit(name, "linux/arm64", "zig", libc)) for name in names]


@pytest.mark.slow
def test_the_standard_library_is_compiled_once(site: Site, cold: Path, runs: Runs):
    tiny(site, "a", "b", "c")
    first = site.build(*(site.unit(name) for name in "abc"), jobs=3)
    packages = Counter(runs.lines)
    assert packages["runtime"] == 1
    assert {name: times for name, times in packages.items() if times > 1} == {}
    assert {f"example.com/{name}" for name in "abc"} < set(packages)
    # The others began when the first came to its main package, and did not wait for its link.
    [early, *late] = sorted(first, key=lambda binary: binary.start)
    assert all(each.start < early.start + early.seconds for each in late)
    assert {each.worker for each in first} == {0, 1, 2}


@pytest.mark.slow
def test_zig_builds_its_runtime_once(site: Site, cold: Path, runs: Runs):
    site.tone()
    for name in ("one", "two"):
        for path in (site.root / "tone").iterdir():
            site.write({f"{name}/{path.name}": path.read_text(encoding="utf-8")})
    units = [site.unit(name, "linux/arm64", "zig", GLIBC) for name in ("one", "two")]
    site.build(*units, jobs=2)
    assert len(runs.zig()) == 1  # for both units
    assert len(list(cold.rglob("libcompiler_rt.a"))) == 1  # and they needed no other
    runs.commands.clear()
    assert all(binary.cached for binary in site.build(*units))
    assert runs.zig() == []


@pytest.mark.slow
def test_zig_finds_its_runtime_from_wherever_it_is_installed(
    site: Site, cold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """pip installs ziglang into a new folder for each build. musl's start files stand for all."""
    site.tone()
    dynamic = ("zig", "cc", "-target", "aarch64-linux-musl", "-dynamic", "-Wl,-s")
    linked = []
    for name in ("one", "two"):
        wheel = distribution("ziglang")
        for part in ("ziglang", f"ziglang-{wheel.version}.dist-info"):
            source, target = str(wheel.locate_file(part)), tmp_path / name / part
            shutil.copytree(source, target, copy_function=link)
        monkeypatch.syspath_prepend(tmp_path / name)
        [made] = recipe(site, "tone")
        assert made.compiler.folder == tmp_path / name / "ziglang"
        (tmp_path / f"run-{name}").mkdir()
        warm_up = WarmUp(Task("link"), dynamic, "aarch64-linux-musl", ".c", made)
        warm_up.run(tmp_path / f"run-{name}", dict(os.environ), process.Group())
        linked.append((tmp_path / f"run-{name}/link/empty").read_bytes())
        shutil.rmtree(tmp_path / name)
        assert len(list(cold.rglob("crt1.o"))) == 2  # of C and of assembly
    assert linked[0] == linked[1]


def test_units_of_one_target_share_what_prepares_them(site: Site):
    site.tone()
    tiny(site, "other")
    shared = warm_ups(recipe(site, "tone", "other"), set())
    [one, other] = shared.values()
    assert one is other
    assert one.target == "aarch64-linux-gnu.2.17"
    assert one.task.ahead
    [musl] = warm_ups(recipe(site, "tone", libc=Libc("musl")), set()).values()
    assert musl.task.name != one.task.name


@pytest.mark.parametrize(
    ("platform", "flags"),
    [
        ("linux/arm64", ("-Wl,-s", "-fPIC")),
        ("windows/amd64", ("-Wl,-s",)),
        ("darwin/arm64", ("-Wl,-S",)),
    ],
)
def test_cgo_links_as_go_does(site: Site, platform: str, flags: tuple[str, ...]):
    """With other flags zig compiles musl, mingw-w64 and compiler-rt a second time."""
    site.tone()
    unit = site.unit("tone", platform, "zig")
    made = Recipes(Toolchain(), find_go("", "1.21"), "greeter", "1.2.3", site.root).recipe(unit)
    [link] = warm_ups([made], set()).values()
    assert link.command[-2 - len(flags) :] == ("-g", "-O2", *flags)


def test_cxx_is_prepared_where_a_helper_has_some(site: Site):
    site.tone()
    tiny(site, "plus")
    site.write({"plus/in/deep.cpp": "int deep;\n"})
    recipes = recipe(site, "tone", "plus")
    cxx = with_cxx(recipes)
    assert cxx == {site.root / "plus"}
    needed = warm_ups(recipes, cxx)
    assert needed["tone linux/arm64"].command[:2] == ("zig", "cc")
    assert needed["plus linux/arm64"].command[:2] == ("zig", "c++")
    assert needed["plus linux/arm64"].suffix == ".cpp"
    costs = {
        each.unit.id: unit_task(each.unit, each, (), cxx=each.unit.source in cxx).cost
        for each in recipes
    }
    assert costs["plus linux/arm64"] > costs["tone linux/arm64"]


def test_a_failed_preparation_is_no_error(site: Site, tmp_path: Path):
    site.tone()
    [made] = recipe(site, "tone")
    for name, command in {"a": (sys.executable, "-c", "exit(1)"), "b": ("no-such-one",)}.items():
        WarmUp(Task(name), command, "target", ".c", made).run(tmp_path, {}, process.Group())


def test_what_was_built_before_waits_for_nothing(site: Site):
    site.tone()
    [made] = recipe(site, "tone")
    new = unit_task(made.unit, made, ["warm"], cxx=False)
    assert new.after == {"warm"}
    assert len(new.fills) == 3
    made.unit.output.parent.mkdir(parents=True)
    made.unit.output.write_bytes(bytes(10**7))
    BuildStamp(made.unit.output).write("0" * 64, made.key)
    assert built_before(made)
    again = unit_task(made.unit, made, ["warm"], cxx=False)
    assert (again.after, again.fills) == (set(), {})
    assert again.cost == new.cost + 1  # by the size of the last binary
    assert warm_ups([made], set()) == {}
    BuildStamp(made.unit.output).write("0" * 64, "another recipe")
    assert not built_before(made)


def test_a_platform_shares_its_packages_and_a_copy_shares_none(site: Site):
    site.tone()
    tiny(site, "greet")
    book = Recipes(Toolchain(), find_go("", "1.21"), "greeter", "1.2.3", site.root)

    def fills(name: str, platform: str, compiler: str = "none") -> set[Any]:
        unit = site.unit(name, platform, compiler, GLIBC)
        return set(unit_task(unit, book.recipe(unit), (), cxx=False).fills)

    greet = fills("greet", "linux/arm64")
    assert len(greet & fills("tone", "linux/arm64", "zig")) == 1
    assert not greet & fills("greet", "linux/amd64")
    assert not fills("greet", "linux/arm/v6") & fills("greet", "linux/arm/v7")
    assert unit_task(site.unit("greet", compiler="prebuilt"), None, (), cxx=False).fills == {}


@pytest.mark.parametrize(
    ("text", "package", "name"),
    [
        ("module example.com/greet\n", ".", "example.com/greet"),
        ('// one\nmodule "example.com/greet" // two\n', "./cmd/x", "example.com/greet/cmd/x"),
        ("go 1.21\n", ".", None),
    ],
)
def test_the_import_path_of_a_unit(site: Site, text: str, package: str, name: str | None):
    site.write({"greet/go.mod": text})
    assert import_path(site.unit("greet", package=package)) == name
    assert import_path(site.unit("missing")) is None
