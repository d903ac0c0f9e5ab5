"""What the report says of a build."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace

import pytest

from hatch_multiarch.report.make import write


def test_the_inputs(finished):
    told = json.loads(finished.report().to_json())
    assert told["schema"] == 1
    assert told["project"] == {"name": "greeter", "version": "1.0.0"}
    assert told["tools"]["go"] == "go 1.27.3"
    assert told["tools"]["compilers"] == ["zig 0.17.1"]
    assert told["platforms"] == ["linux/amd64", "linux/arm64", "darwin/arm64"]


def test_a_unit(finished):
    greet, tone, *_, mac = finished.report().units
    assert (greet.libc, greet.floor, greet.macos, greet.compiler) == ("static", None, None, "none")
    assert (tone.libc, tone.floor, tone.compiler) == ("glibc", "2.17", "zig 0.17.1")
    assert (mac.libc, mac.macos, mac.go) == ("none", "13.0", None)
    assert greet.go.version == "go1.27.3"
    assert [(m.path, m.version, m.sum) for m in greet.go.modules] == [
        ("example.com/dep", "v1.2.3", "h1:abc=")
    ]


def test_a_wheel(finished):
    built = finished.wheels[0]
    told = finished.report().wheels[0]
    assert told.file == built.path.name
    assert told.sha256 == hashlib.sha256(built.path.read_bytes()).hexdigest()
    assert told.size == built.path.stat().st_size
    assert told.helpers == {
        name: hashlib.sha256(f"the program {name} linux/amd64".encode()).hexdigest()
        for name in ("greet", "tone")
    }


@pytest.mark.parametrize("outputs", [("oci",), ("layout",), ("oci", "layout")])
def test_an_image(make_build, tmp_path, outputs):
    finished = make_build(tmp_path, outputs=outputs)
    report = finished.report()
    told = report.image
    assert told.digest == finished.image.digest
    assert told.tags == ("1.0.0", "latest")
    names = {"oci": "greeter-1.0.0.oci.tar", "layout": "greeter-1.0.0.oci"}
    assert [each.path for each in told.outputs] == [f"build/multiarch/{names[o]}" for o in outputs]
    for each, path in zip(told.outputs, finished.image.outputs, strict=True):
        expected = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
        assert each.sha256 == expected
    assert [each.platform for each in told.manifests] == ["linux/amd64", "linux/arm64"]
    assert told.manifests[1].files == {"usr/local/bin/greet": report.units[2].sha256}
    [layer] = told.manifests[1].layers
    assert layer.digest == finished.image.platforms[1].layers[0]
    assert 0 < layer.size < told.manifests[1].size
    assert not layer.base


def test_without_image(make_build, tmp_path):
    report = make_build(tmp_path, image=False).report()
    assert report.image is None
    assert all(each.image is None and each.wheel is not None for each in report.proof)


def test_go_is_not_named_when_nothing_was_compiled(finished):
    taken = tuple(replace(unit, compiler="prebuilt") for unit in finished.plan.units)
    finished = replace(finished, plan=replace(finished.plan, units=taken))
    assert finished.report().tools.go is None


def test_equal_builds_in_two_folders_have_one_report_that_names_neither(make_build, tmp_path):
    texts = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        finished = make_build(tmp_path / name)
        for wheel in finished.wheels:
            os.utime(wheel.path, (1, 1))
        report = finished.report()
        texts.append(replace(report, timing=None).to_json())
        assert report.timing.seconds >= 0
    assert texts[0] == texts[1]
    assert str(tmp_path) not in texts[0]


def test_written_whole_or_not_at_all(finished, tmp_path):
    target = tmp_path / "out" / "greeter.json"
    report = finished.report()
    write(report, target)
    assert target.read_text(encoding="utf-8") == report.to_json()
    broken = replace(report, image=object())
    with pytest.raises(TypeError):
        write(broken, target)
    assert target.read_text(encoding="utf-8") == report.to_json()
    assert [path.name for path in target.parent.iterdir()] == ["greeter.json"]
    assert os.name == "nt" or target.stat().st_mode & 0o777 == 0o644
