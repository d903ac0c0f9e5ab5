"""A report is read back as it was written, and what is no report is refused in one line."""

from __future__ import annotations

import json
import re

import pytest

from hatch_multiarch.errors import AuditError, ReportError
from hatch_multiarch.report.load import load
from hatch_multiarch.report.make import write
from hatch_multiarch.verify.report_check import Shipped


@pytest.fixture
def file(finished, tmp_path):
    path = tmp_path / "build/multiarch/greeter-1.0.0.json"
    write(finished.report(), path)
    return path


def changed(file, change) -> None:
    told = json.loads(file.read_text("utf-8"))
    change(told)
    file.write_text(json.dumps(told), encoding="utf-8")


def test_what_was_written_is_read(finished, make_build, tmp_path):
    (tmp_path / "bare").mkdir()
    for build in (finished, make_build(tmp_path / "bare", image=False)):
        report = build.report()
        write(report, tmp_path / "report.json")
        assert load(tmp_path / "report.json") == report


def test_fields_of_later_releases_are_skipped(finished, file):
    def add(told):
        told["weather"] = {"rain": [1]}
        told["units"][0]["mood"] = "good"
        told["timing"]["seconds"] = 3  # JSON knows one kind of number

    changed(file, add)
    assert load(file).timing.seconds == 3.0
    assert load(file).units == finished.report().units


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'"schema proof"', b"{}", b"\xff", b"[" * 100_000, b'{"schema": NaN}'],
)
def test_what_is_no_report_is_refused(tmp_path, content):
    path = tmp_path / "it.json"
    path.write_bytes(content)
    with pytest.raises(ReportError) as caught:
        load(path)
    assert caught.value.message.startswith(f"{path}: not a report of hatch-multiarch")
    assert "\n" not in caught.value.message


def test_a_file_that_is_not_there_and_a_folder(tmp_path):
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(ReportError, match=re.escape(f"{path}: ")):
            load(path)


def test_a_newer_format_is_named(file):
    changed(file, lambda told: told.update(schema=2))
    with pytest.raises(ReportError) as caught:
        load(file)
    assert caught.value.message == (
        f"{file}: a report of format 2, and this hatch-multiarch reads 1"
    )
    assert "newer" in caught.value.advice


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.update(schema=True), "schema: expected 1, found True"),
        (lambda t: t.pop("timing"), "timing is missing"),
        (lambda t: t["units"][1].pop("start"), "units[1].start is missing"),
        (lambda t: t["units"][0].update(size="9"), "units[0].size: expected an integer, found str"),
        (lambda t: t["units"][0].update(size=True), "units[0].size: expected an integer"),
        (lambda t: t["units"][0].update(install="here"), "units[0].install: expected 'package' or"),
        (lambda t: t["units"][0].update(seconds=10**400), "units[0].seconds: expected a number"),
        (lambda t: t["image"].update(tags="latest"), "image.tags: expected a list, found str"),
        (lambda t: t["image"]["manifests"][0]["files"].update(x=1), "files.x: expected a string"),
        (lambda t: t.update(proof=None), "proof: expected a list, found NoneType"),
    ],
)
def test_the_field_that_is_wrong_is_named(file, change, said):
    changed(file, change)
    with pytest.raises(ReportError) as caught:
        load(file)
    assert f"{file}: an incomplete report: " in caught.value.message
    assert said in caught.value.message


def test_a_number_without_end_is_refused(file):
    file.write_text(file.read_text("utf-8").replace('"seconds": 0.25', '"seconds": 1e999', 1))
    with pytest.raises(ReportError, match="too large"):
        load(file)


def test_verify_reads_the_same_report_and_refuses_the_same(finished, file, tmp_path):
    report, shipped = finished.report(), Shipped(tmp_path, file)
    assert (shipped.platforms, shipped.engine) == (report.platforms, report.tools.engine)
    assert shipped.places
    for (platform, helper), (sha256, path) in shipped.places.items():
        [found] = [
            each for each in report.proof if (each.platform, each.helper) == (platform, helper)
        ]
        assert (found.sha256, found.image.path) == (sha256, path)
    changed(file, lambda told: told["proof"][0].update(image=3))
    with pytest.raises(AuditError) as caught:
        Shipped(tmp_path, file)
    assert str(caught.value) == (
        f"{file}: an incomplete report: proof[0].image: expected an object, found int\n"
        "  hint: build again, or move it away"
    )
