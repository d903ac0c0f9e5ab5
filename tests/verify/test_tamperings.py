"""Every file that a build wrote is compared with its report: one tampering after the other."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from support import copy_example
from wheel_files import GREET, INFO, member, rewrite

from hatch_multiarch.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

CONFIG = """\
[tool.multiarch]
platforms = ["linux/amd64", "linux/arm64", "windows/amd64"]
[tool.multiarch.helpers.greet]
[tool.multiarch.helpers.tone]
platforms = "linux/*"
[tool.multiarch.image]
outputs = ["oci", "layout", { type = "docker-archive", platforms = "linux/amd64" }]
"""
PROGRAM = 'package main\n\nfunc main() { println("NAME") }\n'
LOCATOR = "_greeter_helpers/__init__.py"
AMD64, ARM64, WINDOWS = "x86_64", "aarch64", "win_amd64"


@dataclass
class Site:
    """A project that was built; each file may be replaced, and none may be written in place."""

    root: Path

    @property
    def output(self) -> Path:
        return self.root / "build/multiarch"

    @property
    def report(self) -> Path:
        return self.output / "greeter-1.0.0.json"

    @property
    def sdist(self) -> Path:
        return self.root / "dist/greeter-1.0.0.tar.gz"

    @property
    def archive(self) -> Path:
        return self.output / "greeter-1.0.0.oci.tar"

    @property
    def layout(self) -> Path:
        return self.output / "greeter-1.0.0.oci"

    @property
    def docker(self) -> Path:
        return self.output / "greeter-1.0.0.docker.tar"

    def wheel(self, part: str = AMD64) -> Path:
        [found] = [each for each in (self.root / "dist").glob("*.whl") if part in each.name]
        return found

    def blob(self) -> Path:
        """Return the largest blob of the layout: a layer."""
        return max((self.layout / "blobs/sha256").iterdir(), key=lambda each: each.stat().st_size)


def put(path: Path, data: bytes) -> None:
    """Replace a file, which others have a link to."""
    path.unlink(missing_ok=True)
    path.write_bytes(data)


def edit(site: Site, part: str = AMD64, **members: bytes | None) -> None:
    """Change members of a wheel; RECORD fits them."""
    wheel = site.wheel(part)
    rewrite(wheel, aside := site.root / "aside.whl", {**members})
    aside.replace(wheel)


def append(site: Site, name: str, more: bytes = b"\n") -> None:
    edit(site, **{name: member(site.wheel(), name) + more})


def fresh(path: Path) -> Path:
    path.unlink()
    return path


def flip(path: Path, place: float = 0.5) -> None:
    data = bytearray(path.read_bytes())
    data[int(len(data) * place)] ^= 1
    put(path, bytes(data))


# Of wheels


def same_files(site: Site, **more: Any) -> None:
    """Write the wheel anew with the same members."""
    wheel, aside = site.wheel(), site.root / "aside.whl"
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(aside, "w") as new:
        infos = old.infolist()
        for each in reversed(infos) if more.get("backwards") else infos:
            data = old.read(each)
            each.compress_type = more.get("kind", each.compress_type)
            each.date_time = more.get("time", each.date_time)
            if each.filename == GREET:
                each.external_attr = more.get("mode", each.external_attr >> 16) << 16
            new.writestr(each, data)
        new.comment = more.get("comment", b"")
    aside.replace(wheel)


def one_helper_less(site: Site) -> None:
    source = member(site.wheel(), LOCATOR).replace(b"    'tone': ('package', 'tone'),\n", b"")
    edit(site, **{LOCATOR: source})


def swap(one: Path, two: Path) -> None:
    aside = one.with_name("aside")
    one.replace(aside)
    two.replace(one)
    aside.replace(two)


def copied(source: Path, name: str) -> None:
    shutil.copy(source, source.with_name(name))


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


def renamed(site: Site) -> None:
    wheel = site.wheel(WINDOWS)
    wheel.replace(wheel.with_name(wheel.name.replace("win_amd64", "win_arm64")))


def helper_changed(site: Site) -> None:
    edit(site, **{GREET: member(site.wheel(), GREET)[:-1] + b"\x01"})


Table = dict[str, tuple["Callable[[Site], object]", str]]
"""What is done -> how, and the words that have to appear."""

WHEELS: Table = {
    "python file": (lambda s: append(s, "greeter/__init__.py"), "sha256"),
    "locator": (lambda s: append(s, LOCATOR), "sha256"),
    "metadata": (lambda s: append(s, f"{INFO}/METADATA"), "sha256"),
    "wheel": (lambda s: append(s, f"{INFO}/WHEEL", b"Note: x\n"), "sha256"),
    "entry points": (lambda s: append(s, f"{INFO}/entry_points.txt"), "sha256"),
    "sbom": (lambda s: append(s, f"{INFO}/sboms/hatch-multiarch.cdx.json"), "sha256"),
    "empty file": (lambda s: append(s, "greeter/py.typed", b""), "sha256"),
    "helper": (helper_changed, "greet: sha256 is"),
    "file added": (lambda s: edit(s, **{"greeter/more.py": b"import os\n"}), "sha256"),
    "module added": (lambda s: edit(s, **{"other.py": b"import os\n"}), "sha256"),
    "file dropped": (lambda s: edit(s, **{"greeter/py.typed": None}), "sha256"),
    "sbom dropped": (lambda s: edit(s, **{f"{INFO}/sboms/hatch-multiarch.cdx.json": None}), "sbom"),
    "locator dropped": (lambda s: edit(s, **{LOCATOR: None}), f"{LOCATOR} is not in it"),
    "helper left out": (one_helper_less, "tone"),
    "members in another order": (lambda s: same_files(s, backwards=True), "sha256"),
    "stored": (lambda s: same_files(s, kind=zipfile.ZIP_STORED), "sha256"),
    "comment": (lambda s: same_files(s, comment=b"hello"), "sha256"),
    "mode": (lambda s: same_files(s, mode=0o104755), "sha256"),
    "time": (lambda s: same_files(s, time=(2021, 1, 1, 0, 0, 0)), "sha256"),
    "bytes behind": (lambda s: put(s.wheel(), s.wheel().read_bytes() + b"\0"), "sha256"),
    "bytes before": (lambda s: put(s.wheel(), b"#!/bin/sh\n" + s.wheel().read_bytes()), "sha256"),
    "cut short": (lambda s: put(s.wheel(), s.wheel().read_bytes()[:-9]), "cannot be read"),
    "empty": (lambda s: put(s.wheel(), b""), "cannot be read"),
    "a folder": (lambda s: folder_instead(s.wheel()), "cannot be read"),
    "swapped": (lambda s: swap(s.wheel(), s.wheel(ARM64)), "the file name says"),
    "gone": (lambda s: s.wheel().unlink(), "is missing"),
    "another gone": (lambda s: s.wheel(WINDOWS).unlink(), "is missing"),
    "all gone": (lambda s: [each.unlink() for each in s.root.glob("dist/*.whl")], "no wheel of"),
    "build tag": (
        lambda s: copied(s.wheel(), s.wheel().name.replace("-py3", "-1-py3")),
        "greeter-1.0.0-1-py3-none-manylinux2014_x86_64",
    ),
    "another platform": (
        lambda s: copied(s.wheel(WINDOWS), "greeter-1.0.0-py3-none-win_arm64.whl"),
        "greeter-1.0.0-py3-none-win_arm64.whl is not in the report",
    ),
    "another spelling": (
        lambda s: copied(s.wheel(), s.wheel().name.replace("greeter", "Greeter")),
        "Greeter-1.0.0-py3",
    ),
    "for any": (
        lambda s: copied(s.wheel(), "greeter-1.0.0-py3-none-any.whl"),
        "greeter-1.0.0-py3-none-any.whl is not in the report",
    ),
    "no name": (
        lambda s: copied(s.wheel(), "greeter-1.0.0-hello.whl"),
        "greeter-1.0.0-hello.whl is not in the report",
    ),
    "renamed": (renamed, "greeter-1.0.0-py3-none-win_amd64.whl is missing"),
}


# Of the sdist and the image


def repacked(path: Path, mode: str = "w", mtime: int = 1580601600, **files: bytes | None) -> None:
    """Write a tar file anew, with other content of some files; None drops one."""
    with tarfile.open(path) as old:
        held = {each.name: old.extractfile(each).read() for each in old if each.isreg()}
    with tarfile.open(aside := path.with_name("aside"), mode) as new:
        for name, content in {**held, **files}.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(content or b""), mtime
            if content is not None:
                new.addfile(entry, io.BytesIO(content))
    aside.replace(path)


def edited(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    put(path, data.replace(old, new))


def linked(path: Path) -> None:
    """Put a link to the same bytes in the place of a file."""
    elsewhere = path.parents[3] / "elsewhere"
    path.replace(elsewhere)
    path.symlink_to(elsewhere)


SOURCE = "greeter-1.0.0/helpers/greet/main.go"
OTHER = b"package main\n\nfunc main() { println(42) }\n"
OTHERS_DIGEST = hashlib.sha256(OTHER).hexdigest()
OTHERS: Table = {
    "sdist gone": (lambda s: s.sdist.unlink(), "greeter-1.0.0.tar.gz is missing"),
    "sdist: a source": (lambda s: repacked(s.sdist, "w:gz", **{SOURCE: OTHER}), "says sha256"),
    "sdist: a file less": (lambda s: repacked(s.sdist, "w:gz", **{SOURCE: None}), "says sha256"),
    "sdist: a file more": (
        lambda s: repacked(s.sdist, "w:gz", **{"greeter-1.0.0/setup.py": b""}),
        "says sha256",
    ),
    "sdist: a file outside": (
        lambda s: repacked(s.sdist, "w:gz", **{"greeter-1.0.0/../x": b""}),
        "greeter-1.0.0/../x is not a path below greeter-1.0.0",
    ),
    "sdist: of another": (
        lambda s: repacked(s.sdist, "w:gz", **{"greeter-1.0.0/PKG-INFO": b"Name: x\nVersion: 1\n"}),
        "PKG-INFO is of x 1",
    ),
    "sdist packed anew": (
        lambda s: put(s.sdist, gzip.compress(gzip.decompress(s.sdist.read_bytes()), 1)),
        "says sha256",
    ),
    "sdist: bytes behind": (lambda s: put(s.sdist, s.sdist.read_bytes() + bytes(9)), "says sha256"),
    "sdist cut short": (lambda s: put(s.sdist, s.sdist.read_bytes()[:-9]), "cannot be read"),
    "sdist empty": (lambda s: put(s.sdist, b""), "cannot be read"),
    "sdist in another spelling": (
        lambda s: copied(s.sdist, "Greeter-1.0.0.tar.gz"),
        "Greeter-1.0.0.tar.gz is not in the report",
    ),
    "sdist as zip": (
        lambda s: copied(s.sdist, "greeter-1.0.0.zip"),
        "greeter-1.0.0.zip is not in the report",
    ),
    "archive gone": (lambda s: s.archive.unlink(), "greeter-1.0.0.oci.tar is missing"),
    "archive: bytes behind": (
        lambda s: put(s.archive, s.archive.read_bytes() + b"more"),
        "says sha256",
    ),
    "archive: zeros behind": (
        lambda s: put(s.archive, s.archive.read_bytes() + bytes(512)),
        "says sha256",
    ),
    "archive: a blob": (lambda s: flip(s.archive), "don't match this digest"),
    "archive: times": (lambda s: repacked(s.archive, mtime=5), "says sha256"),
    "archive: a blob more": (
        lambda s: repacked(s.archive, **{f"blobs/sha256/{OTHERS_DIGEST}": OTHER}),
        "says sha256",
    ),
    "archive behind gzip": (
        lambda s: put(s.archive, gzip.compress(s.archive.read_bytes(), 1)),
        "says sha256",
    ),
    "archive: a name": (
        lambda s: edited(s.archive, b"greeter:1.0.0", b"greeter:1.0.1"),
        "says sha256",
    ),
    "archive: another image": (lambda s: shutil.copy(s.docker, fresh(s.archive)), "says sha256"),
    "archive cut short": (
        lambda s: put(s.archive, s.archive.read_bytes()[: 1 << 20]),
        "says sha256",
    ),
    "layout gone": (lambda s: shutil.rmtree(s.layout), "greeter-1.0.0.oci is missing"),
    "layout: a blob": (lambda s: flip(s.blob()), "don't match this digest"),
    "layout: a blob less": (lambda s: s.blob().unlink(), "is missing"),
    "layout: a blob more": (
        lambda s: (s.blob().parent / OTHERS_DIGEST).write_bytes(OTHER),
        "says a folder, sha256",
    ),
    "layout: a file more": (lambda s: (s.layout / "x").touch(), "says a folder, sha256"),
    "layout: a folder more": (lambda s: (s.layout / "x").mkdir(), "says a folder, sha256"),
    "layout: a link": (lambda s: linked(s.blob()), "says a folder, sha256"),
    "layout: a name": (
        lambda s: edited(s.layout / "index.json", b"greeter:1.0.0", b"greeter:1.0.1"),
        "says a folder, sha256",
    ),
    "layout: its version": (
        lambda s: edited(s.layout / "oci-layout", b"1.0.0", b"1.0.1"),
        "says a folder, sha256",
    ),
    "layout: a mode": (
        lambda s: (
            copied(s.blob(), "x"),
            (s.blob().parent / "x").replace(s.blob()),
            s.blob().chmod(0o4755),
        ),
        "says a folder, sha256",
    ),
    "layout: a file": (
        lambda s: (shutil.rmtree(s.layout), shutil.copy(s.archive, s.layout)),
        "says a folder, sha256",
    ),
    "docker's archive gone": (lambda s: s.docker.unlink(), "greeter-1.0.0.docker.tar is missing"),
    "docker's archive: a blob": (lambda s: flip(s.docker), "don't match this digest"),
    "docker's archive: bytes behind": (
        lambda s: put(s.docker, s.docker.read_bytes() + b"more"),
        "says sha256",
    ),
    "docker's archive is another": (
        lambda s: shutil.copy(s.archive, fresh(s.docker)),
        "says sha256",
    ),
    "an output more": (
        lambda s: (s.output / "greeter-1.0.0.image.tar").touch(),
        "greeter-1.0.0.image.tar is not in the report",
    ),
}

# Of the report


def wheel_less(told: dict[str, Any]) -> None:
    told["wheels"].pop()
    told["proof"][-1]["wheel"] = None


def platform_less(site: Site) -> None:
    """Take a platform out of dist and report, everywhere it is named but in the units."""

    def change(told: dict[str, Any]) -> None:
        wheel_less(told)
        told["proof"].pop()
        told["platforms"].pop()

    site.wheel(WINDOWS).unlink()
    report(site, change)


def swap_platforms(told: dict[str, Any]) -> None:
    one, two, _ = told["wheels"]
    one["platform"], two["platform"] = two["platform"], one["platform"]


def report(site: Site, change: Callable[[dict[str, Any]], object]) -> None:
    told = json.loads(site.report.read_text())
    change(told)
    put(site.report, json.dumps(told).encode())


def manifest_of(site: Site) -> bytes:
    told = json.loads(site.report.read_text())
    return told["image"]["manifests"][0]["digest"].encode()


def set_in(told: Any, *path: str | int, to: Any) -> None:
    *places, last = path
    for each in places:
        told = told[each]
    assert told[last] != to
    told[last] = to


def says(*path: str | int, to: Any, word: str) -> tuple[Callable[[Site], object], str]:
    """A value of the report is another."""
    return lambda s: report(s, lambda told: set_in(told, *path, to=to)), word


ZERO = "0" * 64
REPORTS: Table = {
    "gone": (lambda s: s.report.unlink(), "build/multiarch/greeter-1.0.0.json, the report"),
    "no json": (lambda s: put(s.report, b"{"), "not a report of hatch-multiarch"),
    "of a later format": says("schema", to=2, word="a report of format 2"),
    "of another version": says("project", "version", to="1.0.1", word="found greeter 1.0.1"),
    "of another project": says("project", "name", to="other", word="found other 1.0.0"),
    "of no version": says("project", "version", to="x y", word="found greeter x y"),
    "field missing": (lambda s: report(s, lambda t: t.pop("sdist")), "sdist is missing"),
    "sha256 of a wheel": says("wheels", 1, "sha256", to=ZERO, word=f"says sha256 {ZERO}"),
    "sha256 of the sdist": says("sdist", "sha256", to=ZERO, word=f"says sha256 {ZERO}"),
    "sha256 of an archive": says(
        "image", "outputs", 0, "sha256", to=ZERO, word=f"says sha256 {ZERO}"
    ),
    "listing of a folder": says(
        "image", "outputs", 1, "listing", to=ZERO, word=f"says a folder, sha256 {ZERO}"
    ),
    "sha256 of docker's": says(
        "image", "outputs", 2, "sha256", to=ZERO, word=f"says sha256 {ZERO}"
    ),
    "no sha256 of a wheel": says(
        "wheels", 0, "sha256", to="", word="wheels[0]: '' is not a sha256"
    ),
    "no sha256 of the sdist": says("sdist", "sha256", to="x", word="sdist: 'x' is not a sha256"),
    "no sha256 of an archive": says(
        "image", "outputs", 0, "sha256", to=None, word="image.outputs[0]: '' is not a sha256"
    ),
    "no listing": says(
        "image", "outputs", 1, "listing", to=None, word="image.outputs[1]: '' is not a sha256"
    ),
    "size of a wheel": says("wheels", 0, "size", to=7, word=", 7 bytes; it is sha256"),
    "size of the sdist": says("sdist", "size", to=7, word=", 7 bytes; it is sha256"),
    "wheel outside": says(
        "wheels", 0, "file", to="../../x-1-py3-none-any.whl", word="is not a wheel of greeter-1.0.0"
    ),
    "wheel of another": says(
        "wheels",
        0,
        "file",
        to="other-1.0.0-py3-none-any.whl",
        word="is not a wheel of greeter-1.0.0",
    ),
    "wheel in a folder": says(
        "wheels", 0, "file", to="greeter-1.0.0-x/y.whl", word="is not a wheel of greeter-1.0.0"
    ),
    "sdist outside": says("sdist", "file", to="/etc/passwd", word="'/etc/passwd' is not an sdist"),
    "output outside": says(
        "image", "outputs", 0, "path", to="../../secret", word="'../../secret' is not an output of"
    ),
    "output anywhere": says(
        "image", "outputs", 0, "path", to="/etc/passwd", word="'/etc/passwd' is not an output of"
    ),
    "output in another folder": says(
        "image", "outputs", 0, "path", to="build/greeter-1.0.0.oci.tar", word="is not an output of"
    ),
    "output is another": says(
        "image",
        "outputs",
        0,
        "path",
        to="build/multiarch/greeter-1.0.0.image.tar",
        word="greeter-1.0.0.image.tar is missing",
    ),
    "output left out": (
        lambda s: report(s, lambda t: t["image"]["outputs"].pop(1)),
        "greeter-1.0.0.oci is not in the report",
    ),
    "output twice": (
        lambda s: report(s, lambda t: t["image"]["outputs"].append(t["image"]["outputs"][0])),
        "a file is listed twice",
    ),
    "sdist left out": says("sdist", to=None, word="greeter-1.0.0.tar.gz is not in the report"),
    "wheel left out": (
        lambda s: report(s, wheel_less),
        "wheels: expected one for windows/amd64, found 0",
    ),
    "wheel twice": (
        lambda s: report(s, lambda t: t["wheels"].append(t["wheels"][0])),
        "a file is listed twice",
    ),
    "platform left out": (platform_less, "platforms: does not match units"),
    "platforms swapped": (lambda s: report(s, swap_platforms), "helpers do not match units"),
    "platform of a wheel": says(
        "wheels", 2, "platform", to="windows/arm64", word="helpers do not match units"
    ),
    "tag of a wheel": says("wheels", 2, "tag", to="py3-none-any", word="does not end with the tag"),
    "sha256 of a unit": says("units", 0, "sha256", to=ZERO, word="helpers do not match units"),
    "sha256 of a helper": says(
        "wheels", 0, "helpers", "greet", to=ZERO, word="helpers do not match units"
    ),
    "helper left out": (
        lambda s: report(s, lambda t: t["wheels"][0]["helpers"].pop("tone")),
        "helpers do not match units",
    ),
    "sha256 of the proof": says("proof", 0, "sha256", to=ZERO, word="proof: does not match units"),
    "no proof": says("proof", to=[], word="proof: does not match units"),
    "proof in another wheel": says(
        "proof", 0, "wheel", "file", to="greeter-1.0.0-py3-none-any.whl", word="proof[0].wheel"
    ),
    "proof in another path": says(
        "proof", 0, "image", "path", to="usr/bin/x", word="proof[0].image"
    ),
    "proof in another layer": says(
        "proof", 0, "image", "layer", to=f"sha256:{ZERO}", word="proof[0].image"
    ),
    "proof of no image": says("proof", 0, "image", to=None, word="null, but image.manifests"),
    "digest of the image": says(
        "image", "digest", to=f"sha256:{ZERO}", word=f"the report names sha256:{ZERO}, the image is"
    ),
    "digest of a manifest": says(
        "image", "manifests", 0, "digest", to=f"sha256:{ZERO}", word="proof[0].image"
    ),
    "digest of a manifest, everywhere": (
        lambda s: edited(s.report, manifest_of(s), f"sha256:{ZERO}".encode()),
        "the report does not list sha256:",
    ),
    "size of a manifest": says("image", "manifests", 1, "size", to=5, word="linux/arm64, 5 bytes"),
    "size of a layer": says(
        "image", "manifests", 1, "layers", 0, "size", to=5, word="the report lists other layers"
    ),
    "layer of the base": says(
        "image", "manifests", 1, "layers", 0, "base", to=True, word="is not what the report says"
    ),
    "file of the image": (
        lambda s: report(s, lambda t: t["image"]["manifests"][0]["files"].update({"etc/x": ZERO})),
        "linux/amd64: /etc/x is not what the report says",
    ),
    "libc of a unit": says("units", 0, "libc", to="musl", word="greet: units says libc musl"),
    "floor of a unit": says("units", 0, "floor", to="2.17", word="greet: units says floor 2.17"),
    "size of a unit": says("units", 0, "size", to=9, word="greet: units says size 9, it is"),
    "Go of a unit": says("units", 0, "go", "version", to="go1", word="greet: units says go"),
    "no image": says("image", to=None, word="proof[0].image"),
    "platform of the image left out": (
        lambda s: report(s, lambda t: t["image"]["manifests"].pop()),
        "image.manifests",
    ),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, run: Callable[..., Ran]) -> Site:
    root = copy_example(tmp_path_factory.mktemp("built") / "greeter")
    file = root / "pyproject.toml"
    text = file.read_text()
    file.write_text(text[: text.index("[tool.multiarch]")] + CONFIG)
    shutil.rmtree(root / "helpers/tone")
    shutil.copytree(root / "helpers/greet", root / "helpers/tone")
    for name in ("greet", "tone"):
        (root / f"helpers/{name}/main.go").write_text(PROGRAM.replace("NAME", name))
    run(sys.executable, "-m", "hatchling", "build", cwd=root)
    return Site(root)


@pytest.fixture
def site(built: Site, tmp_path: Path) -> Site:
    shutil.copytree(built.root, tmp_path / "greeter", copy_function=os.link)
    return Site(tmp_path / "greeter")


@pytest.fixture
def verify(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")

    def verify(*words: str | Path) -> tuple[int, str]:
        code = main(["verify", *map(str, words)])
        said = capsys.readouterr()
        return code, said.out + said.err

    return verify


def test_what_was_built_passes(site: Site, verify: Callable[..., tuple[int, str]]) -> None:
    code, said = verify(site.root)
    assert code == 0, said
    assert "failed" not in said
    assert "greeter-1.0.0.json\n  files  ok  7 of one build, no other of greeter-1.0.0\n" in said
    assert said.count("greeter-1.0.0.json: sha256 ") == 7


@pytest.mark.parametrize(
    ("change", "word"),
    [*WHEELS.values(), *OTHERS.values(), *REPORTS.values()],
    ids=[*WHEELS, *OTHERS, *(f"report: {each}" for each in REPORTS)],
)
def test_each_tampering_is_named(
    site: Site,
    verify: Callable[..., tuple[int, str]],
    change: Callable[[Site], object],
    word: str,
) -> None:
    change(site)
    code, said = verify(site.root)
    assert code in {6, 7}
    assert word in said


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda s: edit(s, **{LOCATOR: None}), f"{LOCATOR} is not in it"),
        (
            lambda s: edit(
                s,
                **{
                    LOCATOR: None,
                    "_greeter_helpers/py.typed": None,
                    GREET: None,
                    "_greeter_helpers/tone": None,
                },
            ),
            "greet is not in it, and tool.multiarch.helpers.greet is for linux/amd64",
        ),
        (one_helper_less, "tone is not in it, and tool.multiarch.helpers.tone is for linux/amd64"),
        (lambda _: None, ""),
    ],
)
def test_one_wheel_without_a_report(site: Site, verify, change, word) -> None:
    """As pip and uv build it: nothing is said of what cannot be compared."""
    change(site)
    shutil.rmtree(site.output)
    site.wheel(ARM64).unlink()
    site.wheel(WINDOWS).unlink()
    code, said = verify(site.root)
    assert code == (6 if word else 0)
    assert word in said
    assert "report" in said
    assert "there is no report of its build" in said


FOLDER = {
    "python file": WHEELS["python file"],
    "locator": WHEELS["locator"],
    "gone": WHEELS["gone"],
    "build tag": WHEELS["build tag"],
    "no name": WHEELS["no name"],
    "locator, beside a stranger": (
        lambda s: (append(s, LOCATOR), copied(s.wheel(), "other-1.0.0-py3-none-any.whl")),
        "greeter-1.0.0.json says sha256",
    ),
    "locator, beside an older version": (
        lambda s: (append(s, LOCATOR), copied(s.wheel(), "greeter-0.9.0-py3-none-any.whl")),
        "greeter-1.0.0.json says sha256",
    ),
    "sdist gone": OTHERS["sdist gone"],
    "sdist: a source": OTHERS["sdist: a source"],
    "sdist as zip": OTHERS["sdist as zip"],
    "sha256 of a wheel": REPORTS["sha256 of a wheel"],
    "output outside": REPORTS["output outside"],
    "platforms swapped": REPORTS["platforms swapped"],
}


@pytest.mark.parametrize(("change", "word"), FOLDER.values(), ids=FOLDER)
def test_each_tampering_is_named_of_the_folder(
    site: Site,
    verify: Callable[..., tuple[int, str]],
    change: Callable[[Site], object],
    word: str,
) -> None:
    """`verify dist`, as the pipelines say: wheels and sdist, without the image."""
    assert verify(site.root / "dist")[0] == 0
    change(site)
    code, said = verify(site.root / "dist")
    assert code == 6
    assert word in said


def test_named_wheels_alone(site: Site, verify: Callable[..., tuple[int, str]]) -> None:
    """Others are not asked about, and the one that is named is compared."""
    site.wheel(WINDOWS).unlink()
    assert verify(site.wheel())[0] == 0
    append(site, LOCATOR)
    code, said = verify(site.wheel())
    assert code == 6
    assert "greeter-1.0.0.json says sha256 " in said


def test_some_platforms(site: Site, verify: Callable[..., tuple[int, str]]) -> None:
    site.wheel(WINDOWS).unlink()
    assert verify("--platform", "linux/*", site.root)[0] == 0
    assert verify("--platform", "windows/*", site.root)[0] == 6


def test_wheels_of_others_are_named(site: Site, verify: Callable[..., tuple[int, str]]) -> None:
    for name in ("greeter-0.9.0", "other-1.0.0"):
        copied(site.wheel(), f"{name}-py3-none-any.whl")
    code, said = verify(site.root)
    assert code == 0
    assert "; not verified: greeter-0.9.0-py3-none-any.whl and 1 more\n" in said
