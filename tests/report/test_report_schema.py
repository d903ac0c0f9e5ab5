"""The stored schema and the documentation follow from the dataclasses, and reports obey them."""

from __future__ import annotations

import json
import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import jsonschema
import pytest

from hatch_multiarch.report import report_model, schema, workspace_report

DOCS = Path(__file__).parent.parent.parent / "docs/reference/report.md"


def test_the_stored_schema_is_current():
    stored = schema.FILE.read_text(encoding="utf-8")
    assert stored == schema.text(), "run: python -m hatch_multiarch.report.schema"


def test_reports_obey_it(finished, make_build, tmp_path):
    validator = jsonschema.Draft202012Validator(schema.schema())
    validator.check_schema(schema.schema())
    (tmp_path / "bare").mkdir()
    for build in (finished, make_build(tmp_path / "bare", image=False)):
        validator.validate(json.loads(build.report().to_json()))


@pytest.mark.parametrize("path", ["tools/go", "units/0/sha256", "image/manifests/0/files", "proof"])
def test_it_refuses_what_is_no_report(finished, path):
    told = json.loads(finished.report().to_json())
    *way, last = path.split("/")
    part = told
    for step in way:
        part = part[int(step) if step.isdigit() else step]
    part[last] = 7
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(told, schema.schema())


def test_the_documentation_holds_every_field():
    text = DOCS.read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(\w+)` \| (.+) \|$", text, re.MULTILINE))
    said = {
        (field.name, field.metadata["doc"])
        for module in (report_model, workspace_report)
        for kind in vars(module).values()
        if isinstance(kind, type) and is_dataclass(kind) and kind.__module__ == module.__name__
        for field in fields(kind)
    }
    assert said - documented == set()
    assert documented - said == set()
