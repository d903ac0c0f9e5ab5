"""SBOMs of a whole build: beside the user's own, switched off, and read by docker buildx."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from engine_fixture import docker
from hatchling.builders.wheel import WheelBuilderConfig
from sbom_schemas import checked_cyclonedx, checked_spdx
from support import need

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from engine_fixture import Engine
    from support import Ran

pytestmark = pytest.mark.slow
BUILD = (sys.executable, "-m", "hatchling", "build", "-t")
TWO = {"HATCH_MULTIARCH_PLATFORMS": "linux/amd64 linux/arm64"}
WHEEL = "[tool.hatch.build.targets.wheel]"
OURS = "hatch-multiarch.cdx.json"


@pytest.fixture
def edit(project: Path) -> Callable[..., None]:
    """Return a function that adds lines to the tables of the example, without its cgo helper."""

    def edit(tables: dict[str, str]) -> None:
        pyproject = project / "pyproject.toml"
        before, _, rest = pyproject.read_text().partition("[tool.multiarch.helpers.tone]")
        text = before + rest[rest.index("[tool.multiarch.image]") :]
        for table, lines in tables.items():
            assert table in text
            text = text.replace(table, f"{table}\n{lines}", 1)
        pyproject.write_text(text)

    return edit


def sboms(wheel: Path) -> dict[str, str]:
    """Return the SBOMs in *wheel* by their names."""
    start = "greeter-1.0.0.dist-info/sboms/"
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith(start)]
        assert len(names) == len(set(names))
        return {name.removeprefix(start): archive.read(name).decode() for name in names}


@pytest.mark.skipif(
    not hasattr(WheelBuilderConfig, "sbom_files"), reason="this hatchling has no sbom-files yet"
)
def test_the_users_own_stand_beside_ours(
    project: Path, edit: Callable[..., None], run: Callable[..., Ran]
) -> None:
    edit({WHEEL: 'sbom-files = ["own.spdx.json"]'})
    (project / "own.spdx.json").write_text("{}")
    run(*BUILD, "wheel", cwd=project, SOURCE_DATE_EPOCH="1700000000", **TWO)
    wheels = sorted(project.glob("dist/*.whl"))
    assert len(wheels) == 2
    documents = []
    for wheel in wheels:
        found = sboms(wheel)
        assert found.keys() == {"own.spdx.json", OURS}
        assert found["own.spdx.json"] == "{}"
        documents.append(checked_cyclonedx(found[OURS]))
        assert documents[-1]["metadata"]["timestamp"] == "2023-11-14T22:13:20Z"
    # Each wheel has its own: of other binaries.
    assert documents[0]["serialNumber"] != documents[1]["serialNumber"]
    before = {path.name: path.read_bytes() for path in wheels}
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace("own.spdx.json", OURS))
    said = run(*BUILD, "wheel", cwd=project, code=3, **TWO)
    assert f"sbom-files: {OURS} has the name of the SBOM that the multiarch hook writes" in said
    assert {path.name: path.read_bytes() for path in wheels} == before


def test_switched_off_and_editable_wheels_have_none(
    project: Path, edit: Callable[..., None], run: Callable[..., Ran]
) -> None:
    edit({WHEEL: 'dev-mode-dirs = ["src"]'})
    run(*BUILD, "wheel:editable", cwd=project)
    [editable] = project.glob("dist/*.whl")
    assert sboms(editable) == {}
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text()
    pyproject.write_text(text.replace("[tool.multiarch]", "[tool.multiarch]\nsbom = false"))
    run(*BUILD, "wheel", cwd=project, HATCH_MULTIARCH_PLATFORMS="linux/arm64")
    [wheel] = project.glob("dist/*aarch64.whl")
    assert sboms(wheel) == {}


def test_an_image_of_our_own_code_is_read_by_docker_buildx(
    project: Path, edit: Callable[..., None], run: Callable[..., Ran], engine: Engine
) -> None:
    """Built where no docker answers, copied into a registry by skopeo, read by imagetools."""
    name = f"{engine.registry}/sbom-{os.urandom(4).hex()}"
    edit({"[tool.multiarch.image]": f'name = "{name}"\nsbom = "on"\nprovenance = "max"'})
    run(*BUILD, "wheel", cwd=project, DOCKER_HOST="unix:///nonexistent/docker.sock", **TWO)
    archive = project / "build/multiarch/greeter-1.0.0.oci.tar"
    copy = [need("skopeo"), "--insecure-policy", "copy", "--all", "--dest-tls-verify=false"]
    copy += [f"oci-archive:{archive}:1.0.0", f"docker://{name}:1.0.0"]
    subprocess.run(copy, check=True, env=engine.env)
    report = json.loads((archive.with_name("greeter-1.0.0.json")).read_text())
    units = {each["platform"]: each for each in report["units"]}
    assert set(units) == {"linux/amd64", "linux/arm64"}
    digests = {each["platform"]: each["digest"] for each in report["image"]["manifests"]}
    said = read(engine, "SBOM", f"{name}:1.0.0")
    assert set(said) == set(units)
    for platform, unit in units.items():
        document = checked_spdx(said[platform]["SPDX"])
        packages = {each["name"]: each for each in document["packages"]}
        assert packages["greet"]["checksums"][0]["checksumValue"] == unit["sha256"]
        image = packages[name]["checksums"][0]["checksumValue"]
        assert f"sha256:{image}" == digests[platform]
        assert f"go{packages['stdlib']['versionInfo']}" == unit["go"]["version"]
    said = read(engine, "Provenance", f"{name}:1.0.0")
    assert set(said) == set(units)
    for platform in units:
        definition = said[platform]["SLSA"]["buildDefinition"]
        assert definition["externalParameters"]["platform"] == platform
        assert definition["externalParameters"]["helpers"]["greet"]["source"] == "helpers/greet"
    kinds = "sbom (spdx.dev/Document), provenance (slsa.dev/provenance/v1)"
    for source in (project, f"{name}:1.0.0"):
        shown = run(sys.executable, "-m", "hatch_multiarch", "inspect", source)
        assert shown.out.count(kinds) == len(units)


def read(engine: Engine, what: str, reference: str) -> dict[str, Any]:
    words = ["buildx", "imagetools", "inspect", "--format", f"{{{{json .{what}}}}}", reference]
    found: dict[str, Any] = json.loads(docker(engine, *words))
    return found
