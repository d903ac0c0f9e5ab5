"""The image that a team deploys: on a real base, run by docker on every platform.

The base is Debian's Python; also in the form of docker's official images, in /usr/local/bin.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from typing import TYPE_CHECKING

import pytest
from engine_fixture import docker
from go_programs import crane
from sbom_schemas import checked_spdx
from support import clean_env, copy_example, need

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    *(pytest.mark.slow, pytest.mark.network, pytest.mark.witness),
    *(pytest.mark.engine, pytest.mark.docker),
]

LOCK = "lock $(touch canary) `touch canary` # x.txt"
PLATFORMS = ("linux/amd64", "linux/arm64", "linux/arm/v7")
PYPROJECT = """\
[build-system]
requires = ["hatchling", "hatch-multiarch"]
build-backend = "hatchling.build"

[project]
name = "greeter"
version = "1.0.0"
dependencies = ["markupsafe==3.0.*", "idna"]

[project.optional-dependencies]
more = ["cffi"]

[project.scripts]
greeter = "greeter.app:main"

[tool.hatch.build.targets.wheel]
packages = ["src/greeter"]

[tool.hatch.build.targets.wheel.hooks.multiarch]

[tool.multiarch]
platforms = ["linux/amd64", "linux/arm64", "linux/arm/v7"]

[tool.multiarch.helpers.greet]

[tool.multiarch.helpers.tone]
cgo = true
libc = "glibc:2.17"

[tool.multiarch.image]
base = "oci:base.tar"
outputs = ["oci", "layout"]
healthcheck = { command = ["greet"], interval = "1s" }
sbom = "on"
provenance = "max"
"""
APP = """
import os
import sys

import idna
from markupsafe import _speedups
from _greeter_helpers import find, names

from greeter import say


def main():
    print(sys.prefix, os.getuid(), _speedups._escape_inner("<"), idna.encode("ä").decode())
    for helper in names():
        print(say(helper), end="")
"""

MOVED = """
import os, shutil, sys
assert sys.prefix == sys.exec_prefix == "/usr/local", sys.prefix
for each in os.listdir("/usr/bin"):
    if each.startswith(("py3", "pydoc", "python")):
        os.remove(f"/usr/bin/{each}")
shutil.rmtree("/usr/lib/python3.11")
shutil.rmtree("/usr/lib/python3")
os.symlink("python3.11", "/usr/local/bin/python3")
os.symlink("python3", "/usr/local/bin/python")
"""


@pytest.fixture(scope="session")
def debian(engine, tmp_path_factory):
    """Debian's Python for three platforms, as an archive."""
    path = tmp_path_factory.mktemp("base") / "base.tar"
    source = f"docker://{engine.python_image}"
    skopeo("copy", "--all", "--src-tls-verify=false", source, f"oci-archive:{path}:base")
    return path


@pytest.fixture(scope="session")
def official(engine, tmp_path_factory):
    """The same with its Python where docker's official images have it, and nowhere else.

    All of `/usr/local` is Python's, and it runs there: sys.prefix is `/usr/local` on each platform.
    """
    folder = tmp_path_factory.mktemp("official")
    (folder / "empty").touch()
    (folder / "Dockerfile").write_text(
        f"FROM {engine.python_image} AS debian\nFROM debian\n"
        "COPY --from=debian /usr/bin/python3.11 /usr/local/bin/python3.11\n"
        "COPY --from=debian /usr/lib/python3.11 /usr/local/lib/python3.11\n"
        f"RUN --network=none {json.dumps(['/usr/local/bin/python3.11', '-c', MOVED])}\n"
        "COPY empty /usr/bin/python3.12\n"
        "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8\n"
        'ENV PYTHON_VERSION=3.11.2\nCMD ["python3"]\n'
    )
    path = folder / "base.tar"
    platforms = ",".join(PLATFORMS)
    words = ("buildx", "build", "--platform", platforms, "--output", f"type=oci,dest={path}")
    docker(engine, *words, folder)
    return path


def skopeo(*words):
    done = subprocess.run(
        [need("skopeo"), "--insecure-policy", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def make_project(root: Path, base: Path) -> Path:
    copy_example(root)
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "src/greeter/app.py").write_text(APP)
    os.link(base, root / "base.tar")
    return root


def change(root: Path, *pairs: tuple[str, str]) -> None:
    path = root / "pyproject.toml"
    text = path.read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def build(run, root: Path, code: int = 0, **env: str):
    return run(
        sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=root, code=code, **env
    )


def layers_of(root: Path):
    """Return platform -> (digest, size) of each layer, from the layout."""
    folder = root / "build/multiarch/greeter-1.0.0.oci/blobs/sha256"
    report = json.loads((root / "build/multiarch/greeter-1.0.0.json").read_text())
    found = {}
    for each in report["image"]["manifests"]:
        manifest = json.loads((folder / each["digest"][7:]).read_text())
        found[each["platform"]] = [(one["digest"], one["size"]) for one in manifest["layers"]]
    return found


@pytest.fixture(scope="module")
def built(debian, tmp_path_factory, run):
    root = make_project(tmp_path_factory.mktemp("based") / "greeter", debian)
    said = build(run, root).out
    assert "note: oci:base.tar: python3.11 with glibc 2.36 (linux/amd64, linux/arm64, lin" in said
    return root


@pytest.fixture(scope="module")
def named(engine):
    """Return a function that gives names of images, which docker forgets in the end."""
    names = []

    def named():
        names.append(f"{engine.registry}/based-{uuid.uuid4().hex[:8]}:1")
        return names[-1]

    yield named
    docker(engine, "image", "rm", "--force", *names)


@pytest.fixture(scope="module")
def pushed(built, named):
    name = named()
    push(built, name)
    return name


def push(root, name):
    archive = root / "build/multiarch/greeter-1.0.0.oci.tar"
    skopeo(
        "copy",
        "--all",
        "--dest-tls-verify=false",
        f"oci-archive:{archive}:1.0.0",
        f"docker://{name}",
    )


def said(engine, name, platform, *words):
    """Run the image; the last of *words* is the list of those behind its name."""
    docker(engine, "pull", "--quiet", "--platform", platform, name)
    limits = ("--rm", "--network", "none", "--read-only", "--platform", platform)
    return docker(engine, "run", *limits, *words[:-1], name, *words[-1])


@pytest.mark.parametrize("platform", PLATFORMS)
def test_docker_runs_the_script_with_both_dependencies_and_the_helpers(engine, pushed, platform):
    arch = platform.split("/")[1]
    lines = said(engine, pushed, platform, []).splitlines()
    assert lines[0] == "/opt/greeter 65532 &lt; xn--4ca"
    assert lines[2] == f"Running in [{arch}] architecture."
    bits = 32 if arch == "arm" else 64
    assert lines[3].startswith("Note "), "the cgo helper, against the glibc of the base"
    assert lines[3].endswith(f" Hz ({bits}-bit C).")
    assert len(lines) == 4


def test_skopeo_and_buildx_pull_what_was_built(built, engine, pushed, tmp_path):
    report = json.loads((built / "build/multiarch/greeter-1.0.0.json").read_text())["image"]
    # It checks every blob of every manifest, of the attestations too.
    skopeo("copy", "--all", "--src-tls-verify=false", f"docker://{pushed}", f"dir:{tmp_path}/all")
    index = (tmp_path / "all/manifest.json").read_bytes()
    assert f"sha256:{hashlib.sha256(index).hexdigest()}" == report["digest"]
    tools = ("buildx", "imagetools", "inspect")
    assert docker(engine, *tools, "--raw", pushed).encode() == index
    listed = json.loads(docker(engine, *tools, "--format", "{{json .Manifest}}", pushed))
    assert listed["digest"] == report["digest"]
    found = [(each["digest"], each["platform"]) for each in listed["manifests"]]
    for each, (digest, platform) in zip(report["manifests"], found, strict=False):
        words = (platform["os"], platform["architecture"], platform.get("variant"))
        assert (digest, "/".join(filter(None, words))) == (each["digest"], each["platform"])
    shown = json.loads(docker(engine, *tools, "--format", "{{json .Image}}", pushed))
    assert set(shown) == set(PLATFORMS)
    assert {each["config"]["User"] for each in shown.values()} == {"65532:65532"}


@pytest.mark.containerd_store
def test_crane_validates_each_platform(built, engine, named, pushed, tmp_path):
    """Beside attestations, too, which crane takes for images and so refuses, BuildKit's as well.

    Of a manifest it wants as many layers as its config has diff_ids, but only layers of images
    count, and in-toto statements are none (`crane validate` without `--fast`). An index without
    attestations passes whole: tests/registry/test_pulling_build.py.
    """
    program = crane()

    def validate(*words, code=0):
        command = [program, "validate", "--insecure", "--remote", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        return done.stderr

    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text(f"FROM {engine.python_image}\nLABEL a=b\n")
    own = named()
    output = f"type=registry,name={own}"
    words = ("--platform", ",".join(PLATFORMS), "--attest", "type=provenance", "--output", output)
    docker(engine, "buildx", "build", *words, folder)
    for name in (pushed, own):
        raw = json.loads(docker(engine, "buildx", "imagetools", "inspect", "--raw", name))
        images, attestations = raw["manifests"][:3], raw["manifests"][3:]
        assert len(attestations) == 3
        repository = name.rpartition(":")[0]
        for each, platform in zip(images, PLATFORMS, strict=True):
            words = ("os", "architecture", "variant")
            assert (
                "/".join(each["platform"][key] for key in words if key in each["platform"])
                == platform
            )
            validate(f"{repository}@{each['digest']}")
        validate(name, "--fast")
        failed = validate(name, code=1)
        for each in attestations:
            assert each["digest"] in failed
            assert each["annotations"]["vnd.docker.reference.type"] == "attestation-manifest"
        assert not any(each["digest"] in failed for each in images)
        assert "mismatched number of diffids" in failed


def test_pip_and_metadata_find_what_is_installed(engine, pushed):
    ask = (
        "from importlib.metadata import files;"
        "print(len(files('greeter')), all(each.locate().exists() for each in files('greeter')))"
    )
    number, there = said(
        engine, pushed, "linux/arm64", "--entrypoint", "python", ["-c", ask]
    ).split()
    assert int(number) > 10
    assert there == "True"


def test_docker_asks_a_helper_whether_all_is_well(engine, pushed):
    """The helper of the check is in site-packages: nothing else runs it by name."""
    docker(engine, "pull", "--quiet", "--platform", "linux/amd64", pushed)
    words = ("--rm", "--detach", "--network", "none", "--read-only", "--entrypoint", "python")
    container = docker(engine, "run", *words, pushed, "-c", "import time; time.sleep(60)").strip()
    try:
        end = time.monotonic() + 30
        health = {"Status": "starting"}
        while health["Status"] == "starting" and time.monotonic() < end:
            time.sleep(0.2)
            shown = docker(engine, "inspect", "--format", "{{json .State.Health}}", container)
            health = json.loads(shown)
        assert health["Status"] == "healthy", health
        assert "Running in [amd64] architecture." in health["Log"][0]["Output"]
    finally:
        docker(engine, "kill", container)


def attested(engine, name, what):
    words = ("buildx", "imagetools", "inspect", "--format", f"{{{{json .{what}}}}}")
    return json.loads(docker(engine, *words, name))


def test_the_sbom_lists_what_is_installed_and_the_base(engine, built, pushed):
    report = json.loads((built / "build/multiarch/greeter-1.0.0.json").read_text())
    said = attested(engine, pushed, "SBOM")
    assert set(said) == set(PLATFORMS)
    for each in report["image"]["manifests"]:
        document = checked_spdx(said[each["platform"]]["SPDX"])
        names = [one["name"] for one in document["packages"]]
        found = dict(zip(names, document["packages"], strict=True))
        assert {name.lower() for name in found} >= {"markupsafe", "greeter"}
        idna = found["idna"]
        assert idna["externalRefs"][0]["referenceLocator"] == f"pkg:pypi/idna@{idna['versionInfo']}"
        assert idna["licenseDeclared"] == "BSD-3-Clause"
        assert found["greet"]["packageFileName"] in each["files"]
        [wheel] = [one for one in report["wheels"] if each["platform"] == one["platform"]]
        own = [one for one in document["packages"] if one.get("packageFileName") == wheel["file"]]
        assert [one["checksums"][0]["checksumValue"] for one in own] == [wheel["sha256"]]
        base = found["oci:base.tar"]
        assert base["versionInfo"] == each["base"]
        assert base["externalRefs"][0]["referenceLocator"] == f"pkg:oci/base@{each['base']}"
        ends = {one["relationshipType"]: one["relatedSpdxElement"] for one in about(document)}
        assert ends["DESCENDANT_OF"] == base["SPDXID"]


def about(document):
    """Return the relationships of the image."""
    [root] = [
        one["relatedSpdxElement"]
        for one in document["relationships"]
        if one["relationshipType"] == "DESCRIBES"
    ]
    return [one for one in document["relationships"] if one["spdxElementId"] == root]


def test_the_provenance_names_base_and_wheels_by_digest(engine, built, pushed):
    report = json.loads((built / "build/multiarch/greeter-1.0.0.json").read_text())
    said = attested(engine, pushed, "Provenance")
    for each in report["image"]["manifests"]:
        definition = said[each["platform"]]["SLSA"]["buildDefinition"]
        assert definition["externalParameters"]["base"] == "oci:base.tar"
        *others, base = definition["resolvedDependencies"]
        assert base["digest"] == {"sha256": each["base"].removeprefix("sha256:")}
        wheels = {one["name"]: one for one in others if one["name"].endswith(".whl")}
        assert sorted(name.partition("-")[0] for name in wheels) == ["idna", "markupsafe"]
        assert all(len(one["digest"]["sha256"]) == 64 for one in wheels.values())


def test_layers_are_shared_by_platforms(built, debian):
    amd64, arm64, arm = layers_of(built).values()
    # base, pure dependencies, native dependencies, helpers, metadata of the platform, package
    assert len(amd64) == 6
    for number, distinct in enumerate((3, 1, 3, 3, 3, 1)):
        assert len({each[number][0] for each in (amd64, arm64, arm)}) == distinct, number
    report = json.loads((built / "build/multiarch/greeter-1.0.0.json").read_text())
    listed = json.loads(skopeo("inspect", "--raw", f"oci-archive:{debian}:base"))["manifests"]
    bases = [each["base"] for each in report["image"]["manifests"]]
    assert bases == [each["digest"] for each in listed]
    assert all(each["image"]["path"].startswith("opt/greeter/") for each in report["proof"])


def test_a_changed_line_changes_one_small_layer_and_a_second_build_none(built, tmp_path, run):
    before = layers_of(built)
    root = tmp_path / "greeter"
    shutil.copytree(built, root, ignore=shutil.ignore_patterns("build", "dist"))
    build(run, root)
    assert layers_of(root) == before
    archive = "build/multiarch/greeter-1.0.0.oci.tar"
    assert (root / archive).read_bytes() == (built / archive).read_bytes()
    path = root / "src/greeter/app.py"
    path.write_text(path.read_text().replace("import os", "import os  # changed", 1))
    build(run, root)
    for platform, layers in layers_of(root).items():
        pairs = list(zip(before[platform], layers, strict=True))
        assert [old == new for old, new in pairs] == [True, True, True, True, True, False]
        assert pairs[5][1][1] < 5000, "bytes of its own files"
    assert len({layers[5] for layers in layers_of(root).values()}) == 1, "one for all platforms"


@pytest.mark.containerd_store
def test_an_official_image_a_lock_bytecode_and_no_index(engine, official, named, tmp_path, run):
    """As air-gapped builds do it: exact versions, a folder of wheels, nothing from an index."""
    root = make_project(tmp_path / "greeter", official)
    house = tmp_path / "house"
    for platform in ("manylinux2014_x86_64", "manylinux2014_aarch64", "manylinux_2_31_armv7l"):
        words = ("--python-version", "3.11", "--only-binary", ":all:", "--dest", house)
        pip = (sys.executable, "-m", "pip", "download", "--platform", platform, *words)
        run(*pip, "markupsafe==3.0.4", "idna==3.10")
    lock: dict[str, list[str]] = {}
    for wheel in sorted(house.iterdir()):
        pin = "==".join(wheel.name.split("-")[:2])
        lock.setdefault(pin, []).append(hashlib.sha256(wheel.read_bytes()).hexdigest())
    lines = [" ".join([pin, *(f"--hash=sha256:{h}" for h in found)]) for pin, found in lock.items()]
    (root / LOCK).write_text("\n".join(lines))
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(house)}
    bytecode = "bytecode = true\n" if sys.version_info[:2] == (3, 11) else ""
    more = f"requirements = '{LOCK}'\n" + 'entrypoint = ["greet"]\nuser = "7:8"\n' + bytecode
    change(
        root,
        ("[tool.multiarch.image]\n", f"[tool.multiarch.image]\n{more}"),
        ("cgo = true\n", 'cgo = true\ninstall = "scripts"\n'),
        ('command = ["greet"]', 'command = ["/usr/local/bin/tone"]'),
    )
    build(run, root, **offline)
    name = named()
    push(root, name)
    assert "Running in [arm64]" in said(engine, name, "linux/arm64", [])
    check = docker(engine, "image", "inspect", "--format={{json .Config.Healthcheck.Test}}", name)
    assert json.loads(check) == ["CMD", "/opt/greeter/bin/tone"]
    ask = (
        "import os, sys, idna;"
        "print(idna.__version__, sys._base_executable, sys.base_prefix, os.__file__, os.getuid())"
    )
    for platform in ("linux/arm64", "linux/amd64"):
        out = said(engine, name, platform, "--entrypoint", "python", ["-c", ask])
        local = ["/usr/local/bin/python3.11", "/usr/local", "/usr/local/lib/python3.11/os.py"]
        assert out.split() == ["3.10", *local, "7"]
    lines = said(engine, name, "linux/arm/v7", "--entrypoint", "greeter", []).splitlines()
    assert lines[0].endswith("xn--4ca")
    assert len(lines) > 3, "tone too, which is among the scripts"
    amd64, arm64, arm = layers_of(root).values()
    files = json.loads((root / "build/multiarch/greeter-1.0.0.json").read_text())["image"]
    compiled = [path for path in files["manifests"][0]["files"] if path.endswith(".pyc")]
    assert bool(compiled) is bool(bytecode)
    assert len({each[5][0] for each in (amd64, arm64, arm)}) == 1, "pure dependencies, compiled"
    # What was fetched once is not asked for again, and makes the same image.
    shutil.rmtree(house)
    house.mkdir()
    archive = root / "build/multiarch/greeter-1.0.0.oci.tar"
    before = archive.read_bytes()
    archive.unlink()
    build(run, root, **offline)
    assert archive.read_bytes() == before


def test_a_helper_that_is_left_out(built, tmp_path, run):
    root = tmp_path / "greeter"
    shutil.copytree(built, root, ignore=shutil.ignore_patterns("build", "dist"))
    change(root, ("[tool.multiarch.image]\n", '[tool.multiarch.image]\nhelpers = ["greet"]\n'))
    build(run, root, HATCH_MULTIARCH_PLATFORMS="linux/arm64")
    report = json.loads((root / "build/multiarch/greeter-1.0.0.json").read_text())
    [manifest] = report["image"]["manifests"]
    names = {path.rpartition("/")[2] for path in manifest["files"]}
    assert "greet" in names
    assert "tone" not in names
    assert [(each["helper"], each["image"] is None) for each in report["proof"]] == [
        ("greet", False),
        ("tone", True),
    ]


def test_a_dependency_without_a_wheel_stops_the_build_before_dist(built, tmp_path, run):
    root = tmp_path / "greeter"
    shutil.copytree(built, root, ignore=shutil.ignore_patterns("build", "dist"))
    change(root, ("[tool.multiarch.image]\n", '[tool.multiarch.image]\nextras = ["more"]\n'))
    out = build(run, root, code=7).out
    [line] = [each for each in out.splitlines() if "tool.multiarch.image.base:" in each]
    assert "cffi" in line
    assert "linux/arm/v7" in out
    assert not list(root.glob("dist/*"))


def test_a_python_that_the_project_does_not_take(built, tmp_path, run):
    root = tmp_path / "greeter"
    shutil.copytree(built, root, ignore=shutil.ignore_patterns("build", "dist"))
    change(root, ('version = "1.0.0"\n', 'version = "1.0.0"\nrequires-python = ">=3.12"\n'))
    out = build(run, root, code=7).out
    assert "has Python 3.11 on linux/amd64, and project.requires-python is >=3.12" in out


def test_a_platform_that_the_base_has_not(built, tmp_path, run):
    root = tmp_path / "greeter"
    shutil.copytree(built, root, ignore=shutil.ignore_patterns("build", "dist"))
    change(root, ('"linux/arm/v7"]', '"linux/riscv64"]'))
    out = build(run, root, code=7).out
    assert "oci:base.tar has no linux/riscv64" in out
    assert not list(root.glob("dist/*"))


@pytest.mark.containerd_store
def test_the_files_are_those_that_docker_shows(engine, named, tmp_path):
    """Whiteouts and links of a real build, as our reader and as docker's own see them."""
    from hatch_multiarch.image.base import open_base, read_files
    from hatch_multiarch.platforms import lookup

    (tmp_path / "context").mkdir()
    steps = (
        (
            "os.makedirs('/a/b/c'); os.mkdir('/x'); os.symlink('/a/b', '/link');"
            "[open(each, 'w') for each in ('/a/b/c/d', '/a/b/e', '/x/y')]"
        ),
        (
            "shutil.rmtree('/a/b/c'); shutil.rmtree('/x'); os.mkdir('/x');"
            "[open(each, 'w') for each in ('/x/z', '/link/f')]; os.link('/x/z', '/hard')"
        ),
        (
            "shutil.rmtree('/usr/share/doc', True); os.remove('/a/b/e'); os.mkdir('/a/b/e');"
            "open('/a/b/e/new', 'w')"
        ),
    )
    runs = [json.dumps(["python3", "-c", f"import os, shutil; {each}"]) for each in steps]
    (tmp_path / "context/Dockerfile").write_text(
        "\n".join([f"FROM {engine.python_image}", *(f"RUN --network=none {each}" for each in runs)])
    )
    name = named()
    archive = tmp_path / "files.tar"
    for wanted in (f"type=oci,dest={archive}", f"type=docker,name={name}"):
        words = ("--platform", "linux/amd64", "--output", wanted)
        docker(engine, "buildx", "build", *words, tmp_path / "context")
    (tmp_path / "kept").mkdir()
    platform = lookup("linux/amd64")
    with open_base("oci:files.tar", tmp_path, {}) as base:
        image = base.resolve(platform)
        tree = read_files(base, image, lambda _: 0, tmp_path / "kept")
    seen = {path for path, node in tree.paths() if not path.startswith(("dev", "proc", "sys"))}
    container = docker(engine, "create", name, "true").strip()
    exported = tmp_path / "export.tar"
    docker(engine, "export", "--output", exported, container)
    docker(engine, "rm", container)
    listed = subprocess.run(["tar", "-tf", exported], capture_output=True, text=True, check=True)
    theirs = {each.strip("/").removeprefix("./") for each in listed.stdout.splitlines()}
    runtime = {".dockerenv", "etc/hostname", "etc/hosts", "etc/resolv.conf", "etc/mtab", ""}
    shown = {each for each in theirs if not each.startswith(("dev", "proc", "sys"))}
    assert seen - runtime == shown - runtime
    assert {"a/b/e/new", "a/b/f", "x/z", "hard", "link"} < seen
    assert not {"a/b/c", "x/y", "usr/share/doc"} & seen


def test_hatch_brings_what_installs(built, tmp_path, run, links):
    """In the isolated environment of `hatch build` is what the hook asked for, and no more."""
    root = tmp_path / "greeter"
    shutil.copytree(built, root, ignore=shutil.ignore_patterns("build", "dist"))
    run(sys.executable, "-m", "hatch", "build", "-t", "wheel", cwd=root, **links)
    assert layers_of(root) == layers_of(built)


def test_front_ends_make_no_image_and_ask_for_no_installers(built):
    ask = (
        "import hatchling.build, json;"
        "print(json.dumps(hatchling.build.get_requires_for_build_wheel()))"
    )
    run = [sys.executable, "-c", ask]
    said = subprocess.run(run, cwd=built, env=clean_env(), capture_output=True, check=True)
    asked = json.loads(said.stdout)
    assert not [each for each in asked if each.startswith(("installer", "pip", "uv"))]
