"""Whatever TOML can say, reading it gives a Config or a ConfigError of readable lines.

HATCH_MULTIARCH_EXAMPLES=5000 tries that many of each kind, others each time.
"""

import copy
import datetime as dt
import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatch_multiarch.config import Config, read_table
from hatch_multiarch.config.rules import RULES
from hatch_multiarch.config.schema import json_schema
from hatch_multiarch.engine.stage import stages
from hatch_multiarch.errors import ConfigError, MultiarchError
from hatch_multiarch.plan import Choice, Project, Switches, make_plan, show, slug
from hatch_multiarch.platforms import all_platforms

# What fails shrinks to something that belongs in bad_configs.txt, not in a database.
CALM = settings(
    database=None,
    max_examples=int(os.environ.get("HATCH_MULTIARCH_EXAMPLES", "200")),
)
MODES = ("all", "one", "editable")
SCHEMA = jsonschema.Draft7Validator(json_schema())

VALID: dict[str, Any] = {
    "platforms": ["linux/amd64", "linux/arm/v7", "windows/amd64"],
    "engine": "buildkit",
    "strategy": "native",
    "output": "build/multiarch",
    "helpers": {
        "greet": {
            "source": "helpers/greet",
            "package": "./cmd/greet",
            "tags": ["netgo"],
            "ldflags": ["-X main.version={version}", "-s"],
            "install": "scripts",
        },
        "tone": {
            "cgo": True,
            "platforms": "linux/*",
            "libc": "glibc:2.17",
            "compiler": {"linux/*": "zig"},
        },
        "opus": {"cgo": True, "platforms": ["linux/*"], "debian-packages": ["libopus-dev=1.3-1"]},
        "chime": {"prebuilt": "bin/{platform}/chime{exe}"},
    },
    "image": {
        "name": "example.com/team/greeter",
        "tags": ["{version}"],
        "helpers": ["greet"],
        "entrypoint": ["greet"],
        "base": "oci:images/base.tar",
        "extras": ["yaml"],
        "files": {"/etc/greeter": "etc"},
        "ports": ["8080"],
        "volumes": ["/data"],
        "stop-signal": "SIGINT",
        "healthcheck": {"command": ["greet"], "interval": "1m30s", "retries": 3},
        "env": {"LANG": "C"},
        "user": "1:1",
        "workdir": "/srv",
        "labels": {"a.b": "c"},
        "outputs": ["oci", "layout"],
    },
    "stage": {
        "image": "golang:1.27-bookworm",
        "go": "image",
        "network": "host",
        "cache-from": ["type=registry,ref=example.com/cache"],
        "cache-to": ["type=gha,mode=max"],
    },
    "builder": {
        "name": "fleet",
        "driver": "docker-container",
        "driver-options": {"image": "moby/buildkit:v0.20.0"},
        "config": "buildkitd.toml",
        "nodes": [
            {"name": "here", "flags": ["--debug"]},
            {
                "endpoint": "ssh://user@arm-box",
                "platforms": ["linux/arm64"],
                "driver-options": {"env.A": "b"},
            },
        ],
    },
    "toolchain": {"go": ">=1.21", "zig": "==0.17.1"},
    "overrides": [
        {"platforms": "linux/arm/*", "helpers": {"tone": {"libc": "musl"}}},
        {"platforms": "linux/386", "helpers": {"opus": {"debian-packages": []}}},
    ],
}


def strings_in(tree: Any) -> list[str]:
    if isinstance(tree, dict):
        return [text for key, value in tree.items() for text in (key, *strings_in(value))]
    if isinstance(tree, list):
        return [text for value in tree for text in strings_in(value)]
    return [tree] if isinstance(tree, str) else []


# Text with the characters that matter here, text that nearly fits, and any text at all.
WORDS = sorted({*strings_in(VALID), *(each.name for each in all_platforms()), "aux", "GREET", "."})
TEXT = st.one_of(
    st.sampled_from(WORDS),
    st.text(alphabet="aZ0 ./\\-_:*[]{}\"'=,!<>\n\0\x7f\u0085\u2028\u202eé"),
    st.text(max_size=8),
    st.tuples(st.sampled_from(WORDS), st.text(max_size=2)).map("".join),
    st.integers(2, 3000).map(lambda count: "9a*[{"[count % 5] * count),
)
SCALAR = st.one_of(
    TEXT,
    st.booleans(),
    st.integers(),
    st.integers(15_000, 20_000).map(lambda bits: -(2**bits)),
    st.floats(),
    st.datetimes(timezones=st.just(dt.timezone.utc)),
    st.dates(),
    st.times(),
)
JUNK = st.recursive(
    SCALAR,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)


def spots_of(tree: Any) -> list[tuple[Any, Any]]:
    """Return every (container, key) of *tree*."""
    if isinstance(tree, dict):
        children = list(tree.items())
    elif isinstance(tree, list):
        children = list(enumerate(tree))
    else:
        return []
    return [spot for key, value in children for spot in ((tree, key), *spots_of(value))]


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A valid config in which a few values or keys became something else, or vanished."""
    tree = copy.deepcopy(VALID)
    for _ in range(draw(st.integers(1, 4))):
        spots = spots_of(tree)
        if not spots:
            break
        container, key = draw(st.sampled_from(spots))
        what = draw(st.sampled_from(["value", "text", "gone", "key", "again"]))
        if what == "value":
            container[key] = draw(JUNK)
        elif what == "text":
            container[key] = draw(TEXT)
        elif what == "gone":
            del container[key]
        elif isinstance(container, dict):
            container[draw(TEXT)] = copy.deepcopy(container[key])
        else:
            container.append(copy.deepcopy(container[key]))
    return tree


def read_or_problems(tree: Any) -> Config | list[str]:
    try:
        return read_table(tree, project_name="greeter")
    except ConfigError as error:
        problems = error.problems
    assert problems
    assert len(problems) == len(set(problems))
    for line in problems:
        assert line.startswith("tool.multiarch")
        assert line.isprintable(), repr(line)
        assert len(line) < 1000
    return problems


@CALM
@given(JUNK)
def test_junk(tree):
    read_or_problems(tree)


@CALM
@given(st.dictionaries(st.sampled_from([*VALID, "x"]), JUNK))
def test_junk_under_known_keys(tree):
    read_or_problems(tree)


@CALM
@given(mutated())
def test_mutations(tree):
    before = copy.deepcopy(tree)
    result = read_or_problems(tree)
    assert tree == before  # reading changes nothing
    if isinstance(result, Config):
        # What the reader takes, the schema takes too, and every helper has its form everywhere.
        SCHEMA.validate(tree)
        for helper in result.helpers:
            for platform in all_platforms():
                assert result.helper_on(helper.name, platform.name).name == helper.name


@pytest.mark.parametrize("name", sorted(RULES))
@CALM
@given(text=TEXT)
def test_rules_refuse_with_a_sentence_or_keep_their_own_form(name, text):
    rule = RULES[name]
    try:
        value = rule(text)
    except ValueError as error:
        value = error
    if isinstance(value, ValueError):
        assert type(value) is ValueError  # a sentence of ours, not what a library let through
        assert str(value).isprintable()
    elif isinstance(value, str):
        assert rule(value) == value


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose helpers are there."""
    root = tmp_path_factory.mktemp("project")
    for name in ("greet", "tone", "opus"):
        folder = root / "helpers" / name
        folder.mkdir(parents=True)
        (folder / "go.mod").write_text("module example.com/x\n\ngo 1.21\n")
    for platform in all_platforms():
        folder = root / "bin" / slug(platform)
        folder.mkdir(parents=True)
        (folder / f"chime{'.exe' * (platform.os == 'windows')}").touch()
    return root


@CALM
@given(tree=mutated(), engine=st.sampled_from(["host", "buildkit"]), mode=st.sampled_from(MODES))
def test_what_is_read_is_planned_or_refused(modules, tree, engine, mode):
    config = read_or_problems(tree)
    if not isinstance(config, Config):
        return
    metadata = {"scripts": {"greet": "greeter:main"}}
    project = Project(modules, "greeter", "1.0+local", metadata)
    plan, said = None, ""
    try:
        plan = make_plan(project, config, mode, Switches(), Choice(engine))
    except MultiarchError as error:
        said = str(error)
    assert all(line.isprintable() for line in said.splitlines())
    if plan is None:
        return
    json.dumps(show.as_data(plan))
    assert show.as_text(plan)
    if engine == "buildkit" and not config.stage.dockerfile:
        assert stages(plan, 0).startswith("FROM ")


def test_the_start_of_the_mutations_is_valid():
    assert isinstance(read_table(VALID), Config)
