"""The stored JSON schema is what the classes say, and says what it should."""

import jsonschema
import pytest

from hatch_multiarch.config import schema


def test_stored_schema_is_current():
    assert schema.main(["--check"]) == 0


def test_schema_is_a_schema():
    jsonschema.Draft7Validator.check_schema(schema.json_schema())


def test_stale_schema_is_told_and_rewritten(tmp_path, monkeypatch, capsys):
    stored = tmp_path / "schema.json"
    monkeypatch.setattr(schema, "STORED", stored)
    assert schema.main(["--check"]) == 1
    assert capsys.readouterr().err == (
        "schema.json is stale; run python -m hatch_multiarch.config.schema\n"
    )
    stored.write_text("{}")
    assert schema.main(["--check"]) == 1
    assert schema.main([]) == 0
    assert schema.main(["--check"]) == 0
    assert stored.read_bytes().endswith(b"}\n")
    assert list(tmp_path.iterdir()) == [stored]


def test_usage(capsys):
    assert schema.main(["--chekc"]) == 2
    assert capsys.readouterr().err.startswith("usage: ")


def keys(tree):
    for name, value in tree.get("properties", {}).items():
        yield name, value
        yield from keys(value)
    for name in ("items", "additionalProperties"):
        if isinstance(tree.get(name), dict):
            yield from keys(tree[name])
    for choice in tree.get("anyOf", ()):
        yield from keys(choice)


def test_every_key_is_described():
    found = dict(keys(schema.json_schema()))
    assert {"platforms", "libc", "entrypoint", "zig", "overrides"} <= set(found)
    assert {"strategy", "debian-packages", "compression", "cache-from", "endpoint"} <= set(found)
    assert [name for name, value in found.items() if not value.get("description")] == []


@pytest.mark.parametrize(
    ("key", "default"),
    [("source", None), ("libc", "static"), ("platforms", ["*"]), ("cgo", None), ("tags", [])],
)
def test_defaults(key, default):
    helpers = schema.json_schema()["properties"]["helpers"]["additionalProperties"]
    assert helpers["properties"][key].get("default") == default


@pytest.mark.parametrize(
    ("table", "key", "default"),
    [
        ("image", "outputs", ["oci"]),
        ("image", "provenance", "off"),
        ("stage", "image", "golang:1.27-bookworm"),
        ("stage", "dockerfile", None),
        ("builder", "driver", "docker-container"),
        ("builder", "nodes", []),
    ],
)
def test_defaults_of_buildkit(table, key, default):
    properties = schema.json_schema()["properties"][table]["properties"]
    assert properties[key].get("default") == default
