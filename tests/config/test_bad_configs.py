"""Each config in bad_configs.txt gets exactly the lines that stand under it there."""

import re
import sys
from pathlib import Path

import jsonschema
import pytest

from hatch_multiarch.config import read_table
from hatch_multiarch.config.schema import json_schema
from hatch_multiarch.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CASE = re.compile(
    r"^==== (?P<name>\S+)\n"
    r"(?P<toml>(?s:.*?))"
    r"^---- refused by (?P<by>reader and schema|the reader alone)\n"
    r"(?P<problems>(?:.+\n)+)",
    re.MULTILINE,
)
TEXT = Path(__file__).with_name("bad_configs.txt").read_text(encoding="utf-8")
BAD = [pytest.param(case, id=case["name"]) for case in CASE.finditer(TEXT)]
SCHEMA = jsonschema.Draft7Validator(json_schema())


def problems_of(table):
    with pytest.raises(ConfigError) as caught:
        read_table(table)
    assert caught.value.exit_code == 2
    return caught.value.problems


@pytest.mark.parametrize("case", BAD)
def test_problems(case):
    assert problems_of(tomllib.loads(case["toml"])) == case["problems"].splitlines()


@pytest.mark.parametrize("case", BAD)
def test_schema_refuses_what_one_key_can_tell(case):
    refused = not SCHEMA.is_valid(tomllib.loads(case["toml"]))
    assert refused is (case["by"] == "reader and schema")


def test_table_is_read_whole():
    names = [param.id for param in BAD]
    assert len(names) == len(set(names)) == TEXT.count("\n==== ") >= 45


def test_long_values_are_cut():
    table = {"helpers": {"greet": {"source": "x" * 2000, "y" * 2000: True}}}
    source, unknown = problems_of(table)
    assert source == (
        "tool.multiarch.helpers.greet.source: expected a path inside the project, relative and "
        f"with '/', found the string '{'x' * 57}...'"
    )
    assert unknown.startswith(f'tool.multiarch.helpers.greet."{"y" * 57}...": unknown key (known:')


def test_integers_that_python_refuses_to_print():
    assert problems_of({"helpers": {"greet": {"source": 2**20_000}}}) == [
        "tool.multiarch.helpers.greet.source: expected a string, found a huge integer"
    ]
