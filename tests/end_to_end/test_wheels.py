"""The wheels of `hatchling build`: names, tags, records and what outside checkers say."""

from __future__ import annotations

import hashlib
import json
import re
import stat
import subprocess
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

import packaging
import pytest
from installer.sources import WheelFile
from packaging.utils import parse_wheel_filename
from packaging.version import Version
from sbom_schemas import checked_cyclonedx, linked

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Example, Ran

pytestmark = pytest.mark.slow
STRICT = {"validate_order": True} if Version(packaging.__version__) >= Version("26.1") else {}
TAGS = {
    "linux/amd64": "manylinux2014_x86_64.manylinux_2_17_x86_64",
    "linux/arm64": "manylinux2014_aarch64.manylinux_2_17_aarch64",
    "linux/arm/v7": "manylinux2014_armv7l.manylinux_2_17_armv7l",
    "linux/riscv64": "manylinux_2_31_riscv64",
    "windows/amd64": "win_amd64",
}


def test_dist_holds_the_sdist_and_one_wheel_per_platform(example: Example) -> None:
    names = sorted(path.name for path in example.dist.iterdir())
    macos = [name for name in names if "macosx" in name]
    expected = {f"greeter-1.0.0-py3-none-{tags}.whl" for tags in TAGS.values()}
    assert set(names) - set(macos) == expected | {"greeter-1.0.0.tar.gz"}
    [mac] = macos
    assert mac.endswith("_0_arm64.whl")


def test_every_name_passes_the_strict_parser(example: Example) -> None:
    for path in example.dist.glob("*.whl"):
        name, version, build, tags = parse_wheel_filename(path.name, **STRICT)
        assert (name, str(version), build) == ("greeter", "1.0.0", ())
        assert {(tag.interpreter, tag.abi) for tag in tags} == {("py3", "none")}


def test_records_hold_and_helpers_are_executable(example: Example) -> None:
    for path in example.dist.glob("*.whl"):
        with zipfile.ZipFile(path) as archive:
            WheelFile(archive).validate_record()
            helpers = [
                info
                for info in archive.infolist()
                if info.filename.startswith("_greeter_helpers/")
                and not info.filename.endswith((".py", "py.typed"))
            ]
            for info in helpers:
                assert info.external_attr >> 16 == stat.S_IFREG | 0o755
        names = {info.filename.rpartition("/")[2] for info in helpers}
        linux = {"greet", "tone"}
        assert names == ({"greet.exe"} if "win" in path.name.split("-")[-1][:3] else names)
        assert names == linux if "linux" in path.name else len(names) == 1


def test_each_has_its_sbom_and_records_it(example: Example) -> None:
    member = "greeter-1.0.0.dist-info/sboms/hatch-multiarch.cdx.json"
    for path in example.dist.glob("*.whl"):
        with zipfile.ZipFile(path) as archive:
            document = checked_cyclonedx(archive.read(member).decode())
            assert any(line.startswith(f"{member},sha256=") for line in record(archive))
            helpers = [each for each in document["components"] if "evidence" in each]
            for each in helpers:
                [place] = each["evidence"]["occurrences"]
                digest = hashlib.sha256(archive.read(place["location"])).hexdigest()
                assert each["hashes"] == [{"alg": "SHA-256", "content": digest}]
                main = f"pkg:golang/example.com/greeter/{each['name']}"
                go = (
                    f"pkg:golang/stdlib@{json.loads(example.report.read_text())['tools']['go'][3:]}"
                )
                assert linked(document, each["name"]) == {main, go}
        assert {each["name"] for each in helpers} <= {"greet", "tone"}
        assert document["metadata"]["component"]["purl"] == "pkg:pypi/greeter@1.0.0"
        assert "timestamp" not in document["metadata"]


def record(archive: zipfile.ZipFile) -> list[str]:
    return archive.read("greeter-1.0.0.dist-info/RECORD").decode().splitlines()


def test_the_sdist_carries_the_go_sources_and_no_build_output(example: Example) -> None:
    with tarfile.open(example.dist / "greeter-1.0.0.tar.gz") as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for helper in ("greet", "tone"):
        assert {f"helpers/{helper}/go.mod", f"helpers/{helper}/main.go"} <= names
    assert not [name for name in names if name.startswith(("build", "dist"))]


def test_twine_and_check_wheel_contents_are_content(
    example: Example, run: Callable[..., Ran]
) -> None:
    files = sorted(example.dist.iterdir())
    run(sys.executable, "-m", "twine", "check", "--strict", *files)
    run(sys.executable, "-m", "check_wheel_contents", *example.dist.glob("*.whl"))


@pytest.mark.parametrize("arch", ["x86_64", "aarch64", "riscv64"])
def test_auditwheel_promises_no_less_than_our_tags(
    example: Example, run: Callable[..., Ran], arch: str
) -> None:
    """It looks at symbols only; that Go needs a newer kernel than manylinux_2_5 had is ours."""
    wheel = example.wheel(arch)
    said = run(sys.executable, "-m", "auditwheel", "show", wheel).out.replace("\n", " ")
    found = re.search(rf'platform tag: "manylinux_(\d+)_(\d+)_{arch}"', said)
    assert found, said
    lowest = min(
        tuple(map(int, tag.platform.split("_")[1:3]))
        for tag in parse_wheel_filename(wheel.name)[3]
        if tag.platform.startswith("manylinux_")
    )
    assert (int(found[1]), int(found[2])) <= lowest


def test_a_helper_never_needs_more_than_its_floor(example: Example) -> None:
    report = json.loads(example.report.read_text())
    floors = {u["platform"]: u["floor"] for u in report["units"] if u["helper"] == "tone"}
    assert floors.keys() == {p for p in TAGS if p.startswith("linux")}
    for platform, floor in floors.items():
        limit = (2, 27) if platform == "linux/riscv64" else (2, 17)
        assert tuple(map(int, floor.split("."))) <= limit


def test_the_terminal_ends_in_one_table(example: Example) -> None:
    table = example.said.split("platform", 1)[1]
    for platform in [*TAGS, "darwin/arm64"]:
        assert platform in table
    assert "\x1b" not in example.said


def test_an_unchanged_build_compiles_nothing(example: Example, run: Callable[..., Ran]) -> None:
    before = {path.name: path.read_bytes() for path in example.dist.glob("*.whl")}
    run(sys.executable, "-m", "hatchling", "build", cwd=example.root)
    report = json.loads(example.report.read_text())
    assert all(unit["cached"] for unit in report["units"])
    assert {path.name: path.read_bytes() for path in example.dist.glob("*.whl")} == before


def test_go_itself_confirms_what_was_built(example: Example) -> None:
    from hatch_multiarch.toolchain import find_go

    go = find_go(">=1.21", "1.21")
    for path in (example.root / "build/multiarch/bin").rglob("greet*"):
        said = subprocess.run(
            [go.path, "version", "-m", path], capture_output=True, text=True, check=True
        ).stdout
        goos, arch = path.parent.name.split("-")[:2]
        assert f"GOOS={goos}\n" in said
        assert f"GOARCH={arch}\n" in said
