"""What Go's build info says, as CycloneDX and SPDX, held against their published schemas."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL
from sbom_schemas import checked_cyclonedx, checked_spdx, linked

from hatch_multiarch import sbom
from hatch_multiarch.audit import BinaryInfo, GoBuild
from hatch_multiarch.config import Helper, Libc
from hatch_multiarch.engine.engine_protocol import Binary
from hatch_multiarch.errors import PlanError
from hatch_multiarch.plan import Project, Unit
from hatch_multiarch.platforms import lookup
from hatch_multiarch.sbom import purl

CREATED = "2023-11-14T22:13:20Z"
DIGEST = hashlib.sha256(b"a module").digest()
SUM = f"h1:{base64.b64encode(DIGEST).decode()}"
MAIN = ("example.com/greet", "(devel)", "")


def build(*modules, go="go1.27.3", cgo="0", main=MAIN, replaced=None):
    return GoBuild(go, "example.com/greet", {"CGO_ENABLED": cgo}, modules, main, replaced or {})


class Made:
    """The documents about helpers whose build info is *builds*, by their names."""

    def __init__(self, folder, builds, compiler="none", name="My.Project", version="1.0+local.1"):
        self.project = Project(folder, name, version, {})
        platform = lookup("linux/arm64")
        self.units, self.binaries, facts = [], {}, {}
        for helper, info in builds.items():
            path = folder / helper
            unit = Unit(Helper(name=helper), platform, Libc(), compiler, folder, path)
            sha256 = hashlib.sha256(helper.encode()).hexdigest()
            self.units.append(unit)
            self.binaries[unit.id] = Binary(unit, path, sha256, 1, 0.0, False, compiler)
            facts[unit.id] = BinaryInfo("elf", "linux", "arm64", None, "static", None, go=info)
        paths = {helper: f"_my_project_helpers/{helper}" for helper in builds}
        self.found = sbom.programs(self.units, self.binaries, facts, paths)
        self.text = sbom.cyclonedx(self.project, self.found, created=CREATED)

    def cyclonedx(self):
        return checked_cyclonedx(self.text)

    def spdx(self, **more):
        purls = [purl.docker("127.0.0.1:5055/team/greeter", "1.0", "linux/arm/v7")]
        document = sbom.spdx(
            "127.0.0.1:5055/team/greeter",
            "1.0",
            self.found,
            sha256=DIGEST.hex(),
            purls=purls,
            created=CREATED,
            **more,
        )
        return checked_spdx(document)


def component(document, name):
    [found] = [each for each in document["components"] if each["name"] == name]
    return found


def package(document, name):
    [found] = [each for each in document["packages"] if each["name"] == name]
    return found


def test_a_helper_its_modules_and_go(tmp_path):
    module = ("github.com/Masterminds/semver/v3", "v3.2.1+incompatible", SUM)
    made = Made(tmp_path, {"greet": build(module)})
    document = made.cyclonedx()
    assert document["metadata"]["timestamp"] == CREATED
    root = document["metadata"]["component"]
    assert root["purl"] == "pkg:pypi/my-project@1.0%2Blocal.1"
    name = "pkg:golang/github.com/masterminds/semver/v3@v3.2.1%2Bincompatible"
    assert linked(document, "greet") == {
        name,
        "pkg:golang/stdlib@1.27.3",
        "pkg:golang/example.com/greet",
    }
    shown = component(document, module[0])
    assert (shown["purl"], shown["version"]) == (name, module[1])
    assert shown["hashes"] == [{"alg": "SHA-256", "content": DIGEST.hex()}]
    helper = component(document, "greet")
    assert helper["hashes"][0]["content"] == made.found[0].sha256
    assert helper["evidence"] == {"occurrences": [{"location": "_my_project_helpers/greet"}]}
    assert component(document, "stdlib")["cpe"].startswith("cpe:2.3:a:golang:go:1.27.3:")
    spdx = made.spdx()
    [external] = package(spdx, module[0])["externalRefs"]
    assert external["referenceLocator"] == name
    [checksum] = package(spdx, module[0])["checksums"]
    assert checksum == {"algorithm": "SHA256", "checksumValue": DIGEST.hex()}
    assert package(spdx, "greet")["checksums"][0]["checksumValue"] == made.found[0].sha256


def test_a_replaced_module_is_its_replacement_and_a_folder_is_not_named(tmp_path):
    fork = ("example.com/fork", "v1.1.0", SUM)
    folders = [("../lib", "(devel)", ""), ("/home/somebody/lib", "", ""), ("C:\\lib", "", "")]
    stood = {fork[0]: ("example.com/origin", "v1.0.0")}
    stood |= {path: (f"example.com/lib{at}", "v0.9.0") for at, (path, *_) in enumerate(folders)}
    made = Made(tmp_path, {"greet": build(fork, *folders, replaced=stood)})
    document = made.cyclonedx()
    [ancestor] = component(document, fork[0])["pedigree"]["ancestors"]
    assert ancestor["purl"] == "pkg:golang/example.com/origin@v1.0.0"
    for at in range(3):
        shown = component(document, f"example.com/lib{at}")
        assert "version" not in shown
        assert shown["purl"] == f"pkg:golang/example.com/lib{at}"
        [ancestor] = shown["pedigree"]["ancestors"]
        assert ancestor["version"] == "v0.9.0"
    whole = f"{made.text}{json.dumps(made.spdx())}"
    assert "somebody" not in whole
    assert "C:" not in whole
    assert str(tmp_path) not in whole


def test_what_is_not_known_is_said(tmp_path):
    builds = {"pure": build(), "cgo": build(cgo="1"), "rust": None}
    made = Made(tmp_path, builds, compiler="prebuilt")
    said = {each["aggregate"]: each["dependencies"] for each in made.cyclonedx()["compositions"]}
    assert said["complete"] == ["helper:pure"]
    assert "helper:cgo" in said["incomplete"]
    assert said["unknown"] == ["helper:rust"]
    assert linked(made.cyclonedx(), "rust") == set()
    comments = {each["name"]: each.get("comment") for each in made.spdx()["packages"]}
    assert comments["pure"] is None
    assert "C code" in comments["cgo"]
    assert "not known" in comments["rust"]


def test_helpers_share_modules_and_what_only_looks_the_same_is_kept_apart(tmp_path):
    """A prebuilt helper may have a module of the same name and version and other bytes."""
    other = f"h1:{base64.b64encode(hashlib.sha256(b'other').digest()).decode()}"
    name, version = "example.com/dep", "v1.0.0"
    builds = {
        "a": build((name, version, SUM)),
        "b": build((name, version, SUM)),
        "c": build((name, version, other), go="go1.26"),
    }
    made = Made(tmp_path, builds)
    document = made.cyclonedx()
    found = [each for each in document["components"] if each["name"] == name]
    assert len(found) == 2
    assert len({each["hashes"][0]["content"] for each in found}) == 2
    libraries = [each["version"] for each in document["components"] if each["name"] == "stdlib"]
    assert libraries == ["1.26", "1.27.3"]
    made.spdx()


def test_equal_facts_give_an_equal_document_whatever_their_order(tmp_path):
    modules = [(f"example.com/{name}", "v1.0.0", SUM) for name in "abc"]
    one = Made(tmp_path, {"x": build(*modules), "y": build()})
    two = Made(tmp_path / "elsewhere", {"y": build(), "x": build(*reversed(modules))})
    assert one.text == two.text
    assert one.spdx() == two.spdx()
    three = Made(tmp_path, {"x": build(*modules[:2]), "y": build()})
    numbers = {json.loads(each.text)["serialNumber"] for each in (one, two, three)}
    assert len(numbers) == 2
    assert one.spdx()["documentNamespace"] != three.spdx()["documentNamespace"]


METADATA = "Metadata-Version: 2.4\nName: My.Lib\nVersion: 1.0\nLicense-Expression: {}\n\nBody: x"


@pytest.mark.parametrize(
    ("expression", "declared"),
    [
        ("mit OR apache-2.0", "MIT OR Apache-2.0"),
        ("LicenseRef-Mine", None),
        ("Free, see LICENSE", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("base", ["oci:images/Base.tar", "127.0.0.1:5055/team/python:3@sha256:0"])
def test_distributions_and_the_base(tmp_path, expression, declared, base):
    found = sbom.distribution(METADATA.format(expression), "my_lib-1.0.whl", DIGEST.hex())
    made = Made(tmp_path, {"x": build()})
    stands_on = sbom.Base(base, f"sha256:{DIGEST.hex()}")
    document = made.spdx(installed=[found], base=stands_on)
    shown = package(document, "My.Lib")
    assert shown.get("licenseDeclared") == declared
    [external] = shown["externalRefs"]
    assert external["referenceLocator"] == "pkg:pypi/my-lib@1.0"
    name = {"oci:images/Base.tar": "base"}.get(base, "python")
    where = {} if name == "base" else {"repository_url": "127.0.0.1:5055/team/python"}
    told = PackageURL.from_string(package(document, base)["externalRefs"][0]["referenceLocator"])
    assert told == PackageURL("oci", None, name, stands_on.digest, where)


def test_without_a_time_the_document_has_none(tmp_path):
    made = Made(tmp_path, {"x": build()})
    text = sbom.cyclonedx(made.project, made.found)
    assert "timestamp" not in checked_cyclonedx(text)["metadata"]


ODD = ["/", "//", "..", "a//b", "@", "?x=y", "#", "%", "example.com/x", "../x", "v1.0.0"]
WORDS = st.text(max_size=20) | st.sampled_from(ODD)
MODULES = st.tuples(WORDS, WORDS | st.just("(devel)"), WORDS | st.just(SUM))


@given(
    modules=st.lists(MODULES, max_size=4),
    main=MODULES,
    go=WORDS,
    replaced=st.dictionaries(WORDS, st.tuples(WORDS, WORDS), max_size=3),
)
def test_any_build_info_gives_valid_documents(modules, main, go, replaced, tmp_path_factory):
    """A prebuilt binary is a stranger's, and so is what stands in it."""
    info = build(*modules, main=main, go=go, replaced=replaced)
    made = Made(tmp_path_factory.getbasetemp(), {"x": info, "y": build()}, compiler="prebuilt")
    made.cyclonedx()
    made.spdx()


@pytest.mark.parametrize(
    ("ours", "reference", "platform"),
    [
        (purl.docker("greeter", "1.0", "linux/arm/v7"), ("", "greeter"), "linux/arm/v7"),
        (
            purl.docker("127.0.0.1:5055/team/greeter", "1.0", "linux/amd64"),
            ("127.0.0.1:5055/team", "greeter"),
            "linux/amd64",
        ),
        (purl.docker("docker.io/team/x", "latest", "linux/amd64"), ("team", "x"), "linux/amd64"),
    ],
)
def test_an_image_as_buildkit_names_it(ours, reference, platform):
    found = PackageURL.from_string(ours)
    assert (found.type, found.namespace or "", found.name) == ("docker", *reference)
    assert found.qualifiers == {"platform": platform}


class Settings:
    """What hatchling's config of the wheel has since sbom-files exists."""

    root = "."
    sbom_files = ("docs/own.cdx.json",)


def test_an_sbom_of_the_users_by_our_name_is_refused():
    sbom.check_names(Settings(), {"sbom_files": []})
    sbom.check_names(object(), {})  # hatchling 1.27
    with pytest.raises(PlanError, match="has the name of the SBOM"):
        sbom.check_names(Settings(), {"sbom_files": ["x/hatch-multiarch.cdx.json"]})
