"""`hatch-multiarch verify` of what was built: one that is right, and one damage for each check."""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support import QEMU, copy_example
from wheel_files import GREET, INFO, member, rewrite

from hatch_multiarch import audit
from hatch_multiarch.platforms import lookup
from hatch_multiarch.verify.smoke import start

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine_fixture import Engine
    from support import Example, Ran

CLI = (sys.executable, "-m", "hatch_multiarch", "verify")
BUILD = (sys.executable, "-m", "hatchling", "build")
HERE = "x86_64"
SINGLE = ("sdist", "build", "rebuild")
"""What a project has one of, or none."""
SBOM = f"{INFO}/sboms/hatch-multiarch.cdx.json"
TAG = "py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64"
PROGRAM = """\
package main

import (
	"fmt"
	"os"
	"time"
)

func main() {
	fmt.Printf("%q %d\\n", os.Args[1:], len(os.Environ()))
	switch os.Args[1] {
	case "fail":
		os.Exit(3)
	case "sleep":
		time.Sleep(time.Hour)
	}
}
"""
HOSTILE = "$(touch canary) `id` 'q' \"d\" ; --push \n\u2028"


def told(run: Callable[..., Ran], *words: str | Path, code: int = 0, **env: str) -> dict[str, Any]:
    said = run(*CLI, "--json", *words, code=code, DOCKER_HOST="unix:///none.sock", **env).out
    found, _ = json.JSONDecoder().raw_decode(said)
    assert list(found) == ["schema", "wheels", "sdist", "images", "build", "rebuild"]
    return found


def failed(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (each["name"], each["said"])
        for one in (*found["wheels"], *found["images"], *(found[name] for name in SINGLE))
        if one is not None
        for each in one["checks"]
        if each["outcome"] == "failed"
    ]


def small(
    root: Path,
    run: Callable[..., Ran],
    program: str,
    smoke: str,
    image: str = "[tool.multiarch.image]",
    **env: str,
) -> Path:
    """Build the example with just one helper, of *program*, for this platform."""
    copy_example(root)
    shutil.rmtree(root / "helpers/tone")
    file = root / "pyproject.toml"
    text = file.read_text()
    text = text[: text.index("[tool.multiarch]")]
    file.write_text(
        f'{text}[tool.multiarch]\nplatforms = ["linux/amd64"]\n[tool.multiarch.helpers.greet]\n'
        f"{smoke}\n{image}\n"
    )
    (root / "helpers/greet/main.go").write_text(program)
    run(*BUILD, cwd=root, **env)
    return root


def test_what_was_built_is_right(
    example: Example, run: Callable[..., Ran], emulate: Callable[[str], list[str]]
) -> None:
    found = told(run, example.root)
    names = ["tags", "record", "helpers", "executable", "sbom", "smoke", "smoke", "report"]
    names += ["same bytes", "same bytes"]
    started = {}
    for wheel in found["wheels"]:
        checks = wheel["checks"]
        started[wheel["platform"]] = [each for each in checks if each["name"] == "smoke"]
        if wheel["platform"].startswith("linux/"):
            assert [each["name"] for each in checks] == names
        rest = {each["outcome"] for each in checks if each["name"] != "smoke"}
        assert rest == {"ok"}
    assert len(started) == 6
    for platform, name in {**QEMU, "linux/amd64": ""}.items():
        how = f"under qemu-{name}-static" if emulate(platform) else "natively"
        greet, tone = (each["said"] for each in started[platform])
        assert greet.startswith(f"greet: {how}, exit code 0, ")
        assert greet.endswith(": greet 1.0.0")
        assert tone.startswith(f"tone: {how}, exit code 0, ")
    for platform, system in {"darwin/arm64": "macOS", "windows/amd64": "Windows"}.items():
        [greet] = started[platform]
        assert greet["outcome"] == "not run here"
        assert greet["said"] == f"greet: needs {system}, this is linux/amd64"
    [image] = found["images"]
    report, digests, ran = image["checks"]
    assert (report["outcome"], digests["outcome"], digests["said"]) == ("ok", "ok", "13 blobs")
    assert ran["outcome"] == "not run here"
    assert [each["outcome"] for each in found["sdist"]["checks"]] == ["ok", "ok"]
    [files] = found["build"]["checks"]
    assert (files["outcome"], files["said"]) == ("ok", "8 of one build, no other of greeter-1.0.0")
    assert found["rebuild"] is None


def test_the_terminal_shows_a_table(example: Example, run: Callable[..., Ran]) -> None:
    said = run(*CLI, "dist", "--platform", "linux/amd64", cwd=example.root).out
    head, *rows = said.splitlines()
    assert head == f"greeter-1.0.0-{TAG}.whl  linux/amd64"
    assert rows[:5] == [
        f"  tags        ok  {TAG.removeprefix('py3-none-')}",
        "  record      ok  11 files",
        "  helpers     ok  greet, tone",
        "  executable  ok  greet, tone",
        "  sbom        ok  3 modules, all that the helpers have",
    ]
    assert rows[8:10] == ["  same bytes  ok  report: greet, tone", "  same bytes  ok  image: greet"]


def another_name(good: Path, folder: Path) -> Path:
    return Path(shutil.copy(good, folder / "greeter-1.0.0-py3-none-win_amd64.whl"))


def another_tag(good: Path, folder: Path) -> Path:
    """It claims to run on musl, in file name and WHEEL alike."""
    told = member(good, f"{INFO}/WHEEL").replace(b"manylinux2014", b"musllinux_1_1")
    return rewrite(good, folder / good.name.replace(TAG, MUSL), {f"{INFO}/WHEEL": told})


def another_byte(good: Path, folder: Path) -> Path:
    greet = member(good, GREET)
    greet = greet[:-1] + bytes([greet[-1] ^ 1])
    return rewrite(good, folder / good.name, {GREET: greet}, listed=False)


def no_line(good: Path, folder: Path) -> Path:
    lines = member(good, f"{INFO}/RECORD").splitlines(keepends=True)
    kept = b"".join(line for line in lines if not line.startswith(b"greeter/py.typed,"))
    return rewrite(good, folder / good.name, {f"{INFO}/RECORD": kept}, listed=False)


def no_file(good: Path, folder: Path) -> Path:
    return rewrite(good, folder / good.name, {"greeter/py.typed": None}, listed=False)


def no_mode(good: Path, folder: Path) -> Path:
    return rewrite(good, folder / good.name, mode=0o100644)


def no_sbom(good: Path, folder: Path) -> Path:
    return rewrite(good, folder / good.name, {SBOM: None})


def no_module(good: Path, folder: Path) -> Path:
    bill = json.loads(member(good, SBOM))
    bill["components"] = [each for each in bill["components"] if each["name"] != "stdlib"]
    return rewrite(good, folder / good.name, {SBOM: json.dumps(bill).encode()})


def no_helper(good: Path, folder: Path) -> Path:
    return rewrite(good, folder / good.name, {GREET: None})


def outside(good: Path, folder: Path) -> Path:
    table = "_greeter_helpers/__init__.py"
    source = member(good, table).replace(b"'package', 'greet'", b"'package', '../../greet'")
    return rewrite(good, folder / good.name, {table: source})


MUSL = "py3-none-manylinux_2_17_x86_64.musllinux_1_1_x86_64"
DAMAGES: list[tuple[Callable[[Path, Path], Path], str, str]] = [
    (another_name, "tags", f"the file name says py3-none-win_amd64, WHEEL says {TAG}"),
    (another_tag, "tags", f"WHEEL says {MUSL}, but the helpers make it {TAG}"),
    (another_byte, "record", f"{GREET} is not what RECORD says: sha256 is "),
    (no_line, "record", "RECORD does not list greeter/py.typed"),
    (no_file, "record", "RECORD lists greeter/py.typed, which is missing"),
    (
        no_mode,
        "executable",
        f"{GREET} has the mode 100644, which installers do not make executable; expected 100755",
    ),
    (no_sbom, "sbom", f"{SBOM} is missing"),
    (no_module, "sbom", f"{SBOM} does not list pkg:golang/stdlib@"),
    (no_helper, "archive", f"{GREET}, the file of greet, is not in it"),
    (outside, "archive", "_greeter_helpers/../../greet, the file of greet, is not in it"),
]


@pytest.mark.parametrize(
    ("damage", "check", "line"), DAMAGES, ids=[each[0].__name__ for each in DAMAGES]
)
def test_each_damage_fails_its_check_alone(
    example: Example,
    run: Callable[..., Ran],
    tmp_path: Path,
    damage: Callable[[Path, Path], Path],
    check: str,
    line: str,
) -> None:
    target = damage(example.wheel(HERE), tmp_path)
    said = run(*CLI, target, code=6).out
    [row] = [row for row in said.splitlines() if "  failed  " in row]
    name, _, found = row.partition("  failed  ")
    assert name.strip() == check
    assert found.startswith(line)
    assert said.splitlines()[-1] == f"error: {target}: failed: {target.name} ({check})"


def test_a_helper_of_another_platform(
    example: Example, run: Callable[..., Ran], tmp_path: Path
) -> None:
    good = example.wheel("aarch64")
    tone = member(example.wheel("armv7l"), "_greeter_helpers/tone")
    target = rewrite(good, tmp_path / good.name, {"_greeter_helpers/tone": tone})
    [(check, said)] = failed(told(run, target, code=6))
    assert check == "tags"
    assert said.startswith("_greeter_helpers/tone is a program for linux/arm/v7, but it is meant ")


def test_no_wheel_at_all(run: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / f"greeter-1.0.0-{TAG}.whl").write_bytes(b"PK no zip")
    [(check, said)] = failed(told(run, tmp_path, code=6))
    assert (check, said) == ("archive", "cannot be read: File is not a zip file")
    said = run(*CLI, tmp_path / "none.whl", code=6).out
    assert said == f"error: {tmp_path / 'none.whl'}: no such file\n"
    copy_example(tmp_path / "project")
    said = run(*CLI, tmp_path / "project", code=6).out
    assert said.endswith(
        "dist: no wheel of greeter 1.0.0\n    hint: run `hatch build`, or name a folder of wheels\n"
    )


def test_another_helper_than_the_report_and_the_image_have(
    example: Example, run: Callable[..., Ran], tmp_path: Path
) -> None:
    root = tmp_path / "greeter"
    shutil.copytree(example.root, root)
    wheel = next((root / "dist").glob(f"*{HERE}.whl"))
    greet = member(wheel, GREET)
    good = hashlib.sha256(greet).hexdigest()
    other = hashlib.sha256(greet + b"\0").hexdigest()
    rewrite(example.wheel(HERE), wheel, {GREET: greet + b"\0"})
    (check, said), *bytes_differ = failed(told(run, wheel, code=6))
    assert check == "report"
    assert said.startswith("greeter-1.0.0.json says sha256 ")
    assert bytes_differ == [
        ("same bytes", f"greet: sha256 is {other}, the report says {good}"),
        (
            "same bytes",
            f"greet: in the image sha256 of /usr/local/bin/greet is {good}, in the wheel {other}",
        ),
    ]


def test_another_helper_in_the_image(run: Callable[..., Ran], tmp_path: Path) -> None:
    """An image of other sources, and a report that has its digest."""
    smoke = 'smoke = ["a"]'
    one = small(tmp_path / "one", run, PROGRAM, smoke)
    two = small(tmp_path / "two", run, PROGRAM.replace("%q", "%v"), smoke)
    name = "build/multiarch/greeter-1.0.0.oci.tar"
    shutil.copy(two / name, one / name)
    found = failed(told(run, one, code=6))
    assert [check for check, _ in found] == ["same bytes", "report", "digests"]
    reports = [root / "build/multiarch/greeter-1.0.0.json" for root in (one, two)]
    mine, others = (json.loads(each.read_text()) for each in reports)
    for key in ("digest", "outputs"):
        mine["image"][key] = others["image"][key]
    reports[0].write_text(json.dumps(mine))
    [(check, said), digests] = failed(told(run, one, code=6))
    assert digests[0] == "digests"
    assert digests[1].startswith("the report does not list sha256:")
    here, there = (each["units"][0]["sha256"] for each in (mine, others))
    assert check == "same bytes"
    assert said == (
        f"greet: in the image sha256 of /usr/local/bin/greet is {there}, in the wheel {here}"
    )


@pytest.mark.slow
def test_an_image_that_was_only_pushed(
    engine: Engine, run: Callable[..., Ran], tmp_path: Path
) -> None:
    """By the host, without docker: read in the registry, and only the layers that matter."""
    names = [f"{engine.registry}/verify-{secrets.token_hex(4)}/greeter" for _ in range(2)]
    places = [tmp_path / "one", tmp_path / "two"]
    for root, name, program in zip(
        places, names, (PROGRAM, PROGRAM.replace("%q", "%v")), strict=True
    ):
        outputs = f'smoke = ["a"]\n[tool.multiarch.image]\nname = "{name}"\noutputs = ["registry"]'
        small(root, run, program, outputs, image="")
        assert not list((root / "build/multiarch").glob("*.oci*"))
    env = {"PATH": "/nowhere", "XDG_CACHE_HOME": str(tmp_path / "cache")}
    [wheel] = told(run, places[0], **env)["wheels"]
    same = [each for each in wheel["checks"] if each["name"] == "same bytes"]
    assert [each["outcome"] for each in same] == ["ok", "ok"]
    assert same[1]["said"] == f"{names[0]}: greet"
    reports = [root / "build/multiarch/greeter-1.0.0.json" for root in places]
    mine, others = (json.loads(each.read_text()) for each in reports)
    [pushed] = mine["image"]["published"]
    mine["image"]["published"] = others["image"]["published"]
    reports[0].write_text(json.dumps(mine))
    here, there = (each["units"][0]["sha256"] for each in (mine, others))
    [(check, said)] = failed(told(run, places[0], code=6, **env))
    assert check == "same bytes"
    assert said == (
        f"greet: in the image sha256 of /usr/local/bin/greet is {there}, in the wheel {here}"
    )
    mine["image"]["published"] = [{**pushed, "reference": "127.0.0.1:1/greeter:1.0.0"}]
    reports[0].write_text(json.dumps(mine))
    [wheel] = told(run, places[0], **env)["wheels"]
    assert wheel["checks"][-1]["outcome"] == "not run here"
    assert "127.0.0.1:1: connection refused" in wheel["checks"][-1]["said"]


def test_a_helper_that_fails(run: Callable[..., Ran], tmp_path: Path) -> None:
    """Its own words reach it as they are, and nothing of the environment does."""
    root = small(tmp_path / "greeter", run, PROGRAM, 'smoke = ["fail"]')
    [(check, said)] = failed(told(run, root / "dist", code=6))
    assert check == "smoke"
    assert said.startswith("greet: natively, exit code 3, ")
    pyproject = root / "pyproject.toml"
    text = pyproject.read_text()
    pyproject.write_text(text.replace('["fail"]', '["sleep"]'))
    [(check, said)] = failed(told(run, "--timeout", "1", root / "dist", code=6))
    assert (check, said) == ("smoke", "greet: natively, stopped after 1 s")
    pyproject.write_text(text.replace('["fail"]', json.dumps([HOSTILE])))
    [wheel] = told(run, root / "dist", A_WORD="x")["wheels"]
    [smoke] = [each["said"] for each in wheel["checks"] if each["name"] == "smoke"]
    words = r"""["$(touch canary) `id` 'q' \"d\" ; --push \n\u2028"]"""
    assert f": {words} " in smoke
    assert int(smoke.rpartition(" ")[2]) < 10
    assert not list(tmp_path.rglob("canary*"))
    pyproject.write_text(text.replace('smoke = ["fail"]\n', ""))
    [wheel] = told(run, root / "dist")["wheels"]
    assert {"name": "smoke", "outcome": "none", "said": "greet: no smoke test"} in wheel["checks"]


def test_what_is_missing_is_named(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A platform whose emulator or C library this machine lacks."""
    path = tmp_path / "program"
    arm64 = replace(lookup("linux/arm64"), name="linux/other", triple="nowhere")
    monkeypatch.delenv("QEMU_LD_PREFIX", raising=False)
    said = {}
    for name in ("greet", "tone"):
        path.write_bytes(member(example.wheel("aarch64"), f"_greeter_helpers/{name}"))
        monkeypatch.setenv("PATH", str(tmp_path))
        found = start(name, path, (), audit.read(path), arm64, timeout=20)
        assert found.outcome == "not run here"
        said[name] = found.said
    v6 = replace(lookup("linux/arm/v6"), goarch="arm64", loader=arm64.loader)
    said["v6"] = start("tone", path, (), audit.read(path), v6, timeout=20).said
    assert said == {
        "greet": "greet: needs qemu-aarch64 (Debian: qemu-user-static), or `hatch-multiarch "
        "emulators install`",
        "tone": "tone: needs the C library of linux/other (Debian: libc6-arm64-cross, or "
        "QEMU_LD_PREFIX)",
        "v6": "tone: needs the C library of linux/arm/v6 (QEMU_LD_PREFIX)",
    }


def test_an_image_without_docker(example: Example, run: Callable[..., Ran], tmp_path: Path) -> None:
    """What can be told without it is: every blob is what its digest says."""
    host = {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    said = run(*CLI, example.archive, code=8, **host).out
    assert said.startswith("13 blobs read, all match their digests; not run here\nerror: ")
    damaged = tmp_path / example.archive.name
    data = bytearray(example.archive.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(data)
    said = run(*CLI, damaged, code=7, **host).out
    assert said.startswith(f"error: {damaged}: blobs/sha256/")
    assert said.endswith(": the bytes don't match this digest\n")
    root = tmp_path / "greeter"
    shutil.copytree(example.root, root)
    shutil.copy(damaged, root / "build/multiarch")
    [digests, *_] = [each for each in failed(told(run, root, code=6)) if each[0] == "digests"]
    assert digests[1].endswith(": the bytes don't match this digest")


STAMP = """\
import time
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        path = Path(self.root, "build", "stamp.txt")
        path.parent.mkdir(exist_ok=True)
        path.write_text(str(time.time()))
        build_data["force_include"][str(path)] = "greeter/stamp.txt"
"""


@pytest.mark.slow
def test_a_second_build_gives_the_same(run: Callable[..., Ran], project: Path) -> None:
    pyproject = project / "pyproject.toml"
    outputs = '[tool.multiarch.image]\noutputs = ["oci", "layout"]'
    pyproject.write_text(pyproject.read_text().replace("[tool.multiarch.image]", outputs))
    run(*BUILD, cwd=project, HATCH_MULTIARCH_PLATFORMS="linux/amd64 linux/arm64")
    before = sorted(project.rglob("*"))
    found = told(run, "--rebuild", project)
    assert [(each["outcome"], each["said"]) for each in found["rebuild"]["checks"]] == [
        ("ok", f"{name}: the same bytes")
        for name in [
            *sorted(each.name for each in project.glob("dist/*.whl")),
            "greeter-1.0.0.tar.gz",
            "greeter-1.0.0.oci.tar",
            "greeter-1.0.0.oci",
        ]
    ]
    one = next(project.glob("dist/*aarch64.whl"))
    [wheel, *_] = told(run, "--rebuild", one)["rebuild"]["checks"]
    assert wheel["said"] == f"{one.name}: the same bytes"
    assert sorted(project.rglob("*")) == before
    main = project / "helpers/greet/main.go"
    main.write_text(main.read_text().replace("Hello world", "Hello there"))
    said = [line for _, line in failed(told(run, "--rebuild", project, code=6))]
    assert [line.partition(": ")[2] for line in said] == [
        f"{GREET} differs in its content (and 2 more)",
        f"{GREET} differs in its content (and 2 more)",
        "greeter-1.0.0/helpers/greet/main.go differs in its content",
        *["linux/amd64 (its config) differs in its content (and 6 more)"] * 2,
    ]


@pytest.mark.slow
def test_a_build_that_tells_the_time_is_named(run: Callable[..., Ran], tmp_path: Path) -> None:
    root = small(tmp_path / "greeter", run, PROGRAM, "")
    (root / "hatch_build.py").write_text(STAMP)
    pyproject = root / "pyproject.toml"
    hook = "[tool.hatch.build.targets.wheel.hooks.custom]\n"
    pyproject.write_text(f"{pyproject.read_text()}\n{hook}")
    run(*BUILD, cwd=root)
    [(check, said)] = failed(told(run, "--rebuild", root, code=6))
    assert check == "rebuild"
    assert said == (
        f"{next(root.glob('dist/*.whl')).name}: greeter/stamp.txt differs in its content "
        "(and 1 more)"
    )
