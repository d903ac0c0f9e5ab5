"""What reaches a Dockerfile, buildx's comma-separated values or an argument list is harmless."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatch_multiarch.config import read_table
from hatch_multiarch.config.rules import RULES
from hatch_multiarch.errors import ConfigError

HOSTILE = [
    "a\nRUN id",
    "a\r\nb",
    "a\n",
    "\na",
    "# syntax=example.com/frontend",
    "$(id)",
    "`id`",
    "${PATH}",
    "a'b",
    'a"b',
    "a\\b",
    "a\\\nb",
    "a b",
    "-a",
    "--push",
    "../a",
    "a,type=registry",
    "a;b",
    "a|b",
    "a&b",
    "a\0b",
    "a\u0085b",
    "a\u2028b",
    "a\u202eb",
    "\ufeffa",
    "ä",
    "a" * 2000,
    "",
]
# Each key with the hostile values that mean nothing where that key goes, or the rule of its own
# that they pass: a path has slashes, an option of a driver any text without quotes.
KEYS = {
    "helpers.greet.debian-packages": [],
    "image.sbom": [],
    "stage.image": [],
    "stage.target": [],
    "stage.cache-from": [],
    "stage.cache-to": [],
    "builder.name": [],
    "builder.nodes.name": [],
    "builder.nodes.endpoint": [],
    "builder.nodes.flags": ["--push"],
    "builder.nodes.driver-options.image": [
        *("a b", "-a", "--push", "../a", "a,type=registry", "a;b", "a|b", "a&b", ""),
    ],
}
LISTS = ("debian-packages", "cache-from", "cache-to", "flags")


def config_with(key, value):
    """Return a config in which *key* has *value*, and what the reader calls that key."""
    *tables, last = key.split(".")
    here = tree = {"helpers": {"greet": {"cgo": True}}, "stage": {"dockerfile": "Dockerfile"}}
    if key in ("stage.image", "helpers.greet.debian-packages"):
        del tree["stage"]
    for table in tables:
        here = here.setdefault(table, [{}] if table == "nodes" else {})
        here = here[0] if isinstance(here, list) else here
    here[last] = [value] if last in LISTS else value
    path = f"tool.multiarch.{key.replace('nodes', 'nodes[0]')}"
    return tree, f"{path}[0]" if last in LISTS else path


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, passes in KEYS.items() for value in HOSTILE]
)
def test_hostile_values(key, value):
    tree, path = config_with(key, value)
    if value in KEYS[key]:
        read_table(tree)
        return
    with pytest.raises(ConfigError) as caught:
        read_table(tree)
    [line] = caught.value.problems
    assert line.startswith(f"{path}: ")


@pytest.mark.parametrize("name", ["a\nb", "a=b", "a,b", 'a"b', "-a", "$(id)", "a b", "A", ""])
def test_hostile_names_of_options(name):
    tree, path = config_with("builder.driver-options", {name: "x"})
    with pytest.raises(ConfigError) as caught:
        read_table(tree)
    [line] = caught.value.problems
    assert line.startswith(path)


@pytest.mark.parametrize("key", ["stage.dockerfile", "builder.config"])
@pytest.mark.parametrize(
    "path", ["-", "--file", "./-f", ".//-f", "../a", "a/../../b", "/a", "C:/a", "a\\b", "a\nb", ""]
)
def test_hostile_paths(key, path):
    tree, where = config_with(key, path)
    with pytest.raises(ConfigError) as caught:
        read_table(tree)
    [line] = caught.value.problems
    assert line.startswith(f"{where}: ")


@pytest.mark.parametrize(
    "endpoint",
    ["ssh://me:hunter2@box", "tcp://:hunter2@box", "tcp://a:hunter2/@b", "ssh://me:hunter2\n@b"],
)
def test_a_password_is_refused_and_not_shown(endpoint):
    tree, where = config_with("builder.nodes.endpoint", endpoint)
    with pytest.raises(ConfigError) as caught:
        read_table(tree)
    [line] = caught.value.problems
    assert line.startswith(f"{where}: contains a password")
    assert "hunter2" not in line


def test_a_secret_of_a_cache_is_refused_and_not_shown():
    tree, _ = config_with("stage.cache-to", "type=s3,bucket=b,secret_access_key=hunter2")
    with pytest.raises(ConfigError) as caught:
        read_table(tree)
    [line] = caught.value.problems
    assert "'secret_access_key' is a secret" in line
    assert "hunter2" not in line


NAMES = (
    *("image_name", "image_reference", "sbom", "debian_package", "stage_name", "builder_name"),
    *("node_name", "endpoint", "option_name", "cache"),
)


@pytest.mark.parametrize("name", [*NAMES, "flag", "option"])
@settings(database=None, max_examples=100)
@given(data=st.data())
def test_what_passes_is_harmless(name, data):
    rule = RULES[name]
    text = data.draw(
        st.one_of(
            st.from_regex(re.compile(rule.pattern), fullmatch=True),
            st.from_regex(re.compile(rule.pattern)),
        )
    )
    try:
        value = rule(text)
    except ValueError:
        return
    spaces = " " if name == "option" else ""
    assert re.fullmatch(rf"[A-Za-z0-9._~:/@%+,;=*?&!|\[\]{spaces}-]*", value)
    assert len(value) <= rule.longest
    if name in NAMES:
        assert not value.startswith("-")
        assert value
    elif name == "flag":
        assert re.match(r"--[a-z]", value)


def test_free_text_stays_what_it_is():
    text = "# syntax=x\n$(id) `id` ${A} '\"\\ --push ,\u2028"
    image = {key: {"a.b": text} for key in ("labels", "annotations")}
    image |= {"env": {"A": text}, "entrypoint": [text], "cmd": [text]}
    config = read_table({"helpers": {"greet": {}}, "image": image})
    assert config.image is not None
    assert config.image.labels == config.image.annotations == {"a.b": text}
    assert config.image.env == {"A": text}
    assert config.image.entrypoint == config.image.cmd == (text,)
