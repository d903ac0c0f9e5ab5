"""The plan, computed from small projects on disk; nothing is compiled."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from hatch_multiarch.config import read_table
from hatch_multiarch.engine.stage import stages
from hatch_multiarch.errors import PlanError
from hatch_multiarch.plan import Choice, Plan, Project, Switches, make_plan
from hatch_multiarch.plan.show import as_data, as_text
from hatch_multiarch.platforms import host

if TYPE_CHECKING:
    from pathlib import Path


ARMS = ["linux/arm/v7", "linux/arm64"]


@pytest.fixture
def plan(tmp_path: Path) -> Any:
    """Return a function that plans a project with Go modules greet and tone."""
    for name in ("greet", "tone"):
        (tmp_path / "helpers" / name).mkdir(parents=True)
        (tmp_path / "helpers" / name / "go.mod").write_text(f"module {name}\n\ngo 1.21\n")

    def plan(table: dict[str, Any], mode: Any = "all", scripts: Any = None, **env: str) -> Plan:
        table.setdefault("helpers", {"greet": {}})
        config = read_table(table, project_name="greeter")
        project = Project(tmp_path, "greeter", "1.0+local", {"scripts": scripts or {}})
        switches = Switches.read({f"HATCH_MULTIARCH_{key}": value for key, value in env.items()})
        return make_plan(project, config, mode, switches)

    return plan


def rows(plan: Plan) -> list[tuple[str, str, str]]:
    return [(unit.id, str(unit.libc), unit.compiler) for unit in plan.units]


def test_platforms_come_in_the_order_of_the_config(plan: Any) -> None:
    made = plan({"platforms": ["windows/amd64", "linux/arm64"]})
    assert rows(made) == [
        ("greet windows/amd64", "static", "none"),
        ("greet linux/arm64", "static", "none"),
    ]
    assert [wheel.platform.name for wheel in made.wheels] == ["windows/amd64", "linux/arm64"]


def test_a_floor_is_raised_to_what_zig_can_and_that_is_said(plan: Any) -> None:
    tone = {"cgo": True, "libc": "glibc:2.17"}
    platforms = ["linux/amd64", "linux/riscv64", "linux/ppc64le", "linux/loong64"]
    made = plan({"platforms": platforms, "helpers": {"tone": tone}})
    assert rows(made) == [
        ("tone linux/amd64", "glibc:2.17", "zig"),
        ("tone linux/riscv64", "glibc:2.27", "zig"),
        ("tone linux/ppc64le", "glibc:2.32", "zig"),
        ("tone linux/loong64", "glibc:2.36", "zig"),
    ]
    assert made.notes[:1] == (
        (
            "tone on linux/riscv64: needs glibc 2.27, the oldest that zig can compile for there, "
            "instead of 2.17"
        ),
    )


def test_the_machines_compiler_keeps_the_floor_as_configured(plan: Any) -> None:
    tone = {"cgo": True, "libc": "glibc:2.17", "compiler": {"*": "zig", "linux/riscv64": "gcc"}}
    made = plan({"platforms": ["linux/amd64", "linux/riscv64"], "helpers": {"tone": tone}})
    assert rows(made)[1] == ("tone linux/riscv64", "glibc:2.17", "gcc")


@pytest.mark.skipif(sys.platform == "darwin", reason="a Mac can compile C for macOS")
def test_cgo_for_macos_is_compiled_by_zig_elsewhere(plan: Any) -> None:
    table = {"platforms": ["darwin/arm64"], "helpers": {"tone": {"cgo": True}}}
    [unit] = plan(table).units
    assert unit.compiler == "zig"


def test_a_universal_binary_is_joined_of_what_is_compiled_once(plan: Any) -> None:
    helpers = {"greet": {}, "tone": {"cgo": True, "compiler": {"*": "zig"}, "macos": "13.0"}}
    override = {"platforms": ["darwin/arm64"], "helpers": {"tone": {"macos": "14.0"}}}
    table = {"helpers": helpers, "overrides": [override]}
    alone = plan({**table, "platforms": ["darwin/universal2"]})
    assert rows(alone) == [
        ("greet darwin/universal2", "static", "none"),
        ("tone darwin/universal2", "static", "zig"),
    ]
    parts = ["greet darwin/amd64", "greet darwin/arm64", "tone darwin/amd64", "tone darwin/arm64"]
    assert [unit.id for unit in alone.engine_units] == parts
    assert [unit.helper.macos for unit in alone.engine_units] == ["", "", "13.0", "14.0"]
    assert [wheel.platform.name for wheel in alone.wheels] == ["darwin/universal2"]
    both = plan({**table, "platforms": ["darwin/universal2", "darwin/arm64", "linux/amd64"]})
    assert [unit.id for unit in both.engine_units] == [
        *parts,
        "greet linux/amd64",
        "tone linux/amd64",
    ]
    # It is the unit itself that the other wheel has.
    assert both.units[2] == both.engine_units[1]
    text = stages(both, 0)
    assert "AS helpers-darwin-amd64\n" in text
    assert "universal2" not in text
    text = as_text(both)
    assert "greet   darwin/universal2  -       joined from darwin/amd64 and darwin/arm64" in text
    assert text.count("greet   darwin/arm64 ") == 1
    shown: Any = as_data(both)["units"]
    assert [each["parts"] for each in shown if each["helper"] == "greet"] == [
        [],
        [],
        ["darwin/amd64", "darwin/arm64"],
        [],
    ]


def test_a_file_may_have_another_name_than_its_helper(plan: Any) -> None:
    helpers: Any = {"greet": {"output": "hi", "install": "scripts"}}
    helpers["tone"] = {"kind": "library", "output": "libtune", "header": True}
    made = plan({"platforms": ["linux/amd64", "windows/amd64"], "helpers": helpers})
    names = [(unit.id, unit.output.name, unit.header and unit.header.name) for unit in made.units]
    assert names == [
        ("greet linux/amd64", "hi", None),
        ("tone linux/amd64", "libtune.so", "libtune.h"),
        ("greet windows/amd64", "hi.exe", None),
        ("tone windows/amd64", "libtune.dll", "libtune.h"),
    ]
    plan({"helpers": helpers}, scripts={"greet": "a:b"})
    with pytest.raises(PlanError, match=r"greet\.install: project\.scripts has a script of that"):
        plan({"helpers": helpers}, scripts={"hi": "a:b"})


def test_what_cannot_be_printed_is_escaped(plan: Any) -> None:
    with pytest.raises(PlanError, match=r"there is no folder \\ud7fc;"):
        plan({"helpers": {"greet": {"source": "\ud7fc"}}})


def test_a_path_that_placeholders_make_too_long_is_missing(plan: Any) -> None:
    """With a name of 360 bytes, which a file system refuses to look up."""
    helpers = {"greet": {"prebuilt": "{version}" * 40}}
    with pytest.raises(PlanError, match=r"greet\.prebuilt: (1\.0\+local){40} is missing; it is"):
        plan({"platforms": ["linux/amd64"], "helpers": helpers})


def test_flags_of_a_helper_reach_the_builder_stage(plan: Any) -> None:
    env = {"CGO_CFLAGS": "-DX=1", "CGO_CFLAGS_ALLOW": "-mfma|-f.*", "GOEXPERIMENT": "jsonv2"}
    more = {"platforms": "linux/arm64", "helpers": {"tone": {"env": {"CGO_CFLAGS": "-DY"}}}}
    helpers = {"tone": {"cgo": True, "env": env}}
    text = stages(plan({"platforms": ARMS, "helpers": helpers, "overrides": [more]}), 0)
    v7, arm64 = text.split("AS compile-tone-")[1:]
    assert re.search(r'CGO_CFLAGS="-g -O2 [^"]*-DX=1"', v7)
    assert 'CGO_CFLAGS_ALLOW="-mfma|-f.*"' in v7
    assert 'GOEXPERIMENT="jsonv2"' in v7
    assert re.search(r'CGO_CFLAGS="-g -O2 [^"]*-DY"', arm64)
    assert "GOEXPERIMENT" not in arm64


def test_the_builder_stage_compiles_what_helpers_share_once(plan: Any) -> None:
    helpers = {"greet": {}, "tone": {"cgo": True, "libc": "musl"}}
    text = stages(plan({"platforms": ARMS, "helpers": helpers}), 0)
    parts = re.split(r"^FROM .* AS (\S+)$", text, flags=re.MULTILINE)
    stage = dict(zip(parts[1::2], parts[2::2], strict=True))
    for name in ("linux-arm-v7", "linux-arm64"):
        assert not stage[f"tools-{name}"].strip(), "a RUN of a platform that installs nothing"
        greet, tone = (stage[f"compile-{helper}-{name}"] for helper in helpers)
        assert greet.count("\nRUN ") == tone.count("\nRUN ") == 1
        for mount in (f"type=bind,from=compile-greet-{name},", "id=hatch-multiarch-zig,"):
            assert (mount in greet, mount in tone) == (False, True)


def test_a_universal_binary_may_be_built_elsewhere(plan: Any, tmp_path: Path) -> None:
    table = {"platforms": ["macos/universal2"], "helpers": {"greet": {"prebuilt": "{platform}/g"}}}
    with pytest.raises(
        PlanError, match=r"darwin-universal2/g is missing; it is the binary for dar"
    ):
        plan(dict(table))
    (tmp_path / "darwin-universal2").mkdir()
    (tmp_path / "darwin-universal2/g").touch()
    [unit] = plan(dict(table)).engine_units
    assert (unit.compiler, unit.parts) == ("prebuilt", ())


def test_problems_are_reported_together(plan: Any) -> None:
    helpers = {"sing": {}, "ring": {"source": "helpers"}}
    with pytest.raises(PlanError) as caught:
        plan({"platforms": ["linux/amd64", "linux/arm64"], "helpers": helpers})
    assert str(caught.value).splitlines() == [
        (
            "tool.multiarch.helpers.sing.source: there is no folder helpers/sing; in an sdist that "
            "means it was left out (tool.hatch.build.targets.sdist)"
        ),
        "tool.multiarch.helpers.ring.source: helpers has no go.mod; make one with `go mod init`",
    ]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {"platforms": ["linux/amd64", "darwin/arm64"],
             "helpers": {"greet": {"platforms": "linux/*"}}},
            ("tool.multiarch.platforms: darwin/arm64 has no helper; remove it, or let a helper's "
            "platforms cover it"),
        ),
        (
            {"platforms": ["linux/amd64", "linux/arm/v5"], "image": {},
             "helpers": {"tone": {"cgo": True}}},
            ("tool.multiarch.helpers.tone.compiler: zig cannot compile C for linux/arm/v5; set "
            'compiler = "gcc", or exclude the platform with `platforms`'),
        ),
        (
            {"platforms": ["linux/amd64", "linux/arm/v5"]},
            ("tool.multiarch.platforms: linux/arm/v5 has no wheel tag that any installer accepts, "
            "so it can only be in an image (tool.multiarch.image)"),
        ),
        (
            {"platforms": ["linux/arm/v5"], "image": {}},
            "tool.multiarch.platforms: none of them has a wheel tag, so no wheel is left",
        ),
        (
            {"helpers": {"greet": {"prebuilt": "pre/{platform}/{name}{exe}"}},
             "platforms": ["windows/amd64"]},
            ("tool.multiarch.helpers.greet.prebuilt: pre/windows-amd64/greet.exe is missing; it is "
            "the binary for windows/amd64"),
        ),
        (
            {"helpers": {"greet": {}, "tone": {"platforms": "linux/amd64"}},
             "platforms": ["linux/amd64", "linux/arm64"], "image": {"helpers": ["tone"]}},
            ("tool.multiarch.image.helpers: none of tone exists on linux/arm64, so the image would "
            "be empty there"),
        ),
    ],
    ids=["no-helper", "no-zig", "no-tag", "no-tag-at-all", "prebuilt-missing", "empty-image"],
)  # fmt: skip
def test_what_cannot_be_built_is_said_before_anything_runs(
    plan: Any, table: dict[str, Any], message: str
) -> None:
    with pytest.raises(PlanError) as caught:
        plan(table)
    assert str(caught.value) == message


def test_a_front_end_is_not_given_an_empty_wheel_of_another_platform(plan: Any) -> None:
    other = "windows/amd64" if host().os == "linux" else "linux/amd64"
    helpers = {"greet": {"platforms": host().name}}
    with pytest.raises(PlanError, match=f"{other} has no helper"):
        plan({"helpers": helpers}, "one", PLATFORMS=other)


def test_a_script_of_the_same_name_is_refused(plan: Any) -> None:
    with pytest.raises(PlanError) as caught:
        plan({"helpers": {"greet": {"install": "scripts"}}}, scripts={"greet": "greeter:main"})
    assert str(caught.value) == (
        "tool.multiarch.helpers.greet.install: project.scripts has a script of that name, and "
        'installers keep only one of them; rename one, or install = "package"'
    )


def test_a_platform_without_tag_may_be_in_the_image_only(plan: Any) -> None:
    made = plan({"platforms": ["linux/amd64", "linux/arm/v5"], "image": {}})
    assert [wheel.platform.name for wheel in made.wheels] == ["linux/amd64"]
    assert [platform.name for platform, _ in made.image.platforms] == [
        "linux/amd64",
        "linux/arm/v5",
    ]
    assert made.notes == ("linux/arm/v5: no wheel, because no tag exists for it; image only",)


def test_a_tag_that_indexes_refuse_is_noted(plan: Any) -> None:
    made = plan({"platforms": ["linux/loong64"]})
    assert made.notes == (
        (
            "linux/loong64: package indexes do not accept its tag yet; the wheel is for direct "
            "installs"
        ),
    )


@pytest.mark.parametrize("mode", ["one", "editable"])
def test_front_ends_get_the_machine_in_hand_whatever_the_config_lists(plan: Any, mode: str) -> None:
    made = plan({"platforms": ["linux/s390x"], "image": {}}, mode)
    assert [unit.platform for unit in made.units] == [host()]
    assert made.image is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("all", None),
        ("host", None),
        ("linux/ppc64le", "linux/ppc64le"),
        ("linux/ppc64le linux/386", None),
    ],
)
def test_a_front_end_can_be_told_one_platform(plan: Any, value: str, expected: str | None) -> None:
    made = plan({}, "one", PLATFORMS=value)
    assert [unit.platform.name for unit in made.units] == [expected or host().name]


def test_the_image_switch_makes_one_with_the_defaults(plan: Any) -> None:
    assert plan({"platforms": ["linux/amd64"]}).image is None
    made = plan({"platforms": ["linux/amd64"]}, IMAGE="1").image
    assert (made.reference, made.tags) == ("greeter", ("1.0_local",))
    assert plan({"platforms": ["linux/amd64"], "image": {}}, IMAGE="0").image is None


def test_an_image_needs_linux(plan: Any) -> None:
    made = plan({"platforms": ["windows/amd64"], "image": {}})
    assert made.image is None
    assert made.notes == ("no image: this build has no Linux platform",)


@pytest.mark.parametrize("image", [{}, {"name": "greeter"}])
def test_a_push_needs_a_name_that_leads_to_a_registry(plan: Any, image: dict[str, Any]) -> None:
    """The default would go among the images that Docker Hub itself keeps."""
    table = {"platforms": ["linux/amd64"]}
    with pytest.raises(
        PlanError, match=r"image\.name: .* doesn't name a registry to push to; write one"
    ):
        plan({**table, "image": {"outputs": ["oci", "registry"], **image}})
    made = plan({**table, "image": {"outputs": ["registry"], "name": "team/greeter"}})
    assert made.image.buildkit is False


def test_an_archive_for_docker_holds_one_platform(plan: Any) -> None:
    table = {"platforms": ["linux/amd64", "linux/arm64", "windows/amd64"]}
    wanted: list[Any] = ["oci", "docker-archive"]
    with pytest.raises(PlanError) as caught:
        plan({**table, "image": {"outputs": wanted}})
    assert caught.value.message == (
        "tool.multiarch.image.outputs[1].platforms: docker-archive holds one platform, and these "
        'are linux/amd64, linux/arm64; write { type = "docker-archive", platforms = "linux/amd64" '
        '}, or "oci" for all'
    )
    wanted[1] = {"type": "docker-archive", "platforms": "*/arm64"}
    assert plan({**table, "image": {"outputs": wanted}}).image.buildkit is False


def test_files_of_an_image_that_are_missing_are_named(plan: Any) -> None:
    image = {"base": "oci:base.tar", "requirements": "r.txt", "files": {"/etc/x": "x"}}
    with pytest.raises(PlanError) as caught:
        plan({"platforms": ["linux/amd64"], "image": image})
    assert caught.value.message.splitlines() == [
        f"tool.multiarch.image.{key}; paths are relative to pyproject.toml"
        for key in (
            "requirements: there is no r.txt",
            "base: there is no base.tar",
            'files."/etc/x": there is no x',
        )
    ]


ARM_LESS = {"type": "registry", "platforms": ["linux/amd64", "linux/386"]}


@pytest.mark.parametrize(
    ("outputs", "platforms", "lost"),
    [
        (["oci", "registry"], "linux/arm", "linux/amd64, linux/arm64"),
        (["oci", "registry"], "linux/amd64,linux/arm64", "linux/arm/v7"),
        (["oci", "registry"], "linux/amd64,linux/arm64,linux/arm", ""),
        (["oci", "registry"], "all", ""),
        (["oci", "registry"], "darwin/arm64", ""),  # no image at all
        (["oci", "registry"], "linux/386", "linux/amd64, linux/arm64, linux/arm/v7"),
        ([ARM_LESS], "linux/amd64", ""),
        ([ARM_LESS], "linux/arm64", ""),  # nothing for that output
        (["oci", "layout"], "linux/arm", ""),
    ],
)
def test_a_build_of_some_platforms_takes_none_from_a_tag(
    plan: Any, outputs: Any, platforms: str, lost: str
) -> None:
    every = ["linux/amd64", "linux/arm64", "linux/arm/v7", "darwin/arm64"]
    table = {"platforms": every, "image": {"name": "example.com/a", "outputs": outputs}}
    if not lost:
        plan(table, PLATFORMS=platforms)
        return
    with pytest.raises(PlanError) as caught:
        plan(table, PLATFORMS=platforms)
    assert str(caught.value).startswith(
        f"tool.multiarch.image.outputs[1]: the tags would lose {lost}, which this build leaves out"
    )
    assert "--fewer-platforms, HATCH_MULTIARCH_FEWER_PLATFORMS=1" in str(caught.value)
    assert plan(table, PLATFORMS=platforms, FEWER_PLATFORMS="1").image.fewer


def test_tags_in_docker_that_get_fewer_platforms_are_noted(plan: Any) -> None:
    table = {"platforms": ["linux/amd64", "linux/arm64"], "image": {"outputs": ["docker"]}}
    said = "tool.multiarch.image.outputs[0]: the tags in docker will not name linux/arm64"
    assert [each for each in plan(dict(table), PLATFORMS="linux/amd64").notes if said in each]
    assert not [each for each in plan(dict(table)).notes if said in each]


def test_a_base_that_is_not_locked_is_noted(plan: Any) -> None:
    table = {"platforms": ["linux/amd64"]}
    made = plan({**table, "image": {"base": "python:3.13-slim"}})
    [note] = [each for each in made.notes if "image.base" in each]
    assert "python:3.13-slim may refer to another image later; `hatch-multiarch lock`" in note
    locked = plan({**table, "image": {"base": f"python:3.13-slim@sha256:{'0' * 64}"}})
    assert not [each for each in locked.notes if "image.base" in each]
    offline = plan({**table, "image": {"base": "python:3.13-slim"}}, OFFLINE="1")
    assert (locked.image.offline, offline.image.offline) == (False, True)


def test_what_a_base_holds_is_not_known_to_the_plan(plan: Any, tmp_path: Path) -> None:
    """A helper against glibc is refused on scratch, and on a base when that is read."""
    (tmp_path / "base").mkdir()
    helpers = {"tone": {"cgo": True, "libc": "glibc:2.17"}}
    table = {"platforms": ["linux/amd64"], "helpers": helpers, "image": {"base": "oci:base"}}
    assert plan(dict(table)).image.config.base == "oci:base"
    with pytest.raises(PlanError, match="which scratch doesn't contain"):
        plan({**table, "image": {}})


def test_libraries_are_linked_against_an_old_glibc_by_both_engines(
    plan: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["linux/amd64", "linux/riscv64", "darwin/arm64", "windows/386"]
    table = {"platforms": names, "helpers": {"tone": {"kind": "library", "header": True}}}
    made = plan(table)
    libcs = ["glibc:2.17", "glibc:2.31", "static", "static"]
    if sys.platform != "darwin":
        assert rows(made) == [
            (f"tone {name}", libc, "zig") for name, libc in zip(names, libcs, strict=True)
        ]
    files = ["libtone.so", "libtone.so", "libtone.dylib", "tone.dll"]
    assert [unit.output.name for unit in made.units] == files
    assert {unit.header.name for unit in made.units} == {"tone.h"}
    assert made.notes == ()
    config = read_table({**table, "engine": "buildkit"}, project_name="greeter")
    stage = make_plan(made.project, config, "all", Switches(), Choice("buildkit"))
    assert [unit.compiler for unit in stage.units] == ["zig"] * 4
    assert [unit.libc for unit in stage.units] == [unit.libc for unit in made.units]
    monkeypatch.setattr("hatch_multiarch.plan.planner.host_libc", lambda: "musl")
    if host().os == "linux":
        with pytest.raises(PlanError, match=r"helpers\.tone\.kind: this Python runs on musl"):
            plan(table, "one")


def test_a_library_that_zig_links_for_386_is_refused(plan: Any) -> None:
    """LLD applies one of the two relocations by which Go finds its thread-local storage there."""
    tone = {"kind": "library"}
    table = {"platforms": ["linux/386"], "helpers": {"tone": tone}}
    with pytest.raises(PlanError, match=r"tone\.compiler: a Go library that zig links for"):
        plan(table)
    made = plan({**table, "helpers": {"tone": {**tone, "compiler": "gcc", "libc": "glibc"}}})
    assert rows(made) == [("tone linux/386", "glibc", "gcc")]


def test_a_library_on_scratch_is_refused(plan: Any) -> None:
    table = {"platforms": ["linux/amd64"], "helpers": {"tone": {"kind": "library"}}, "image": {}}
    with pytest.raises(PlanError, match=r"use a base with glibc, .* or exclude it with") as caught:
        plan(table)
    assert 'libc = "static"' not in str(caught.value)
