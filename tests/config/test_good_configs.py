"""What ``[tool.multiarch]`` becomes when it is right."""

import sys
from pathlib import Path

import jsonschema
import pytest

from hatch_multiarch.config import (
    Config,
    Helper,
    Image,
    Libc,
    Override,
    Toolchain,
    read_pyproject,
    read_table,
)
from hatch_multiarch.config.schema import json_schema
from hatch_multiarch.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FIVE_LINES = """
[tool.multiarch]
platforms = ["linux/amd64", "linux/arm64"]
[tool.multiarch.helpers.greet]
source = "helpers/greet"
cgo = false
"""

FULL = """
[tool.multiarch]
platforms = ["linux/x86_64", "linux/aarch64", "linux/arm", "windows/amd64"]
engine = "host"
output = "./build/out/"

[tool.multiarch.helpers.greet]
package = "./cmd/greet"
tags = ["netgo", "osusergo"]
ldflags = ["-s -w", "-X 'main.motto=hello there'", "-X", "main.version={version}"]
install = "scripts"

[tool.multiarch.helpers.tone]
source = "native/./tone"
cgo = true
platforms = "linux/*"
libc = "glibc:2.17"
[tool.multiarch.helpers.tone.compiler]
"linux/*" = "zig"
"linux/aarch64" = "my-clang --target=aarch64-linux-gnu"

[tool.multiarch.helpers.chime]
prebuilt = "bin/{os}-{arch}{variant}/chime{exe}"
cgo = true
libc = "musl"

[tool.multiarch.image]
name = "registry.example.com:5000/team/gree-ter"
tags = ["{version}", "v{version}-slim", "latest"]
base = "scratch"
helpers = ["greet", "tone"]
entrypoint = ["greet"]
cmd = ["--name", ""]
env = { LANG = "C.UTF-8", _EMPTY = "" }
user = "65532:65532"
workdir = "/srv/"
labels = { "com.example.team" = "two\\nlines" }
annotations = { "org.opencontainers.image.vendor" = "Grüße" }
outputs = ["oci", "layout"]

[tool.multiarch.toolchain]
go = ">=1.24,<1.28"
zig = "~=0.17.0"

[[tool.multiarch.overrides]]
platforms = "linux/arm/*"
helpers.tone.libc = "musl"
helpers.greet.tags = []

[[tool.multiarch.overrides]]
platforms = ["linux/arm/v7", "windows/*"]
helpers.greet = { prebuilt = "bin/greet{exe}" }
"""


def table(text):
    return tomllib.loads(text)["tool"]["multiarch"]


def test_five_lines():
    assert read_table(table(FIVE_LINES)) == Config(
        platforms=("linux/amd64", "linux/arm64"),
        helpers=(Helper("greet", source="helpers/greet"),),
    )


def test_a_name_is_enough():
    config = read_table({"helpers": {"greet": {}}})
    assert config.helpers == (Helper("greet"),)
    assert config.helpers[0].source == "helpers/greet"
    assert config.platforms[0] == "linux/amd64"
    assert config.image is None
    assert config.toolchain == Toolchain()


def test_every_key():
    assert read_table(table(FULL)) == Config(
        platforms=("linux/amd64", "linux/arm64", "linux/arm/v7", "windows/amd64"),
        engine="host",
        output="build/out",
        helpers=(
            Helper(
                "greet",
                package="./cmd/greet",
                tags=("netgo", "osusergo"),
                ldflags=(
                    *("-s", "-w"),
                    *("-X", "main.motto=hello there"),
                    *("-X", "main.version={version}"),
                ),
                install="scripts",
            ),
            Helper(
                "tone",
                source="native/tone",
                cgo=True,
                platforms=("linux/*",),
                libc=Libc("glibc", (2, 17)),
                compiler={
                    "linux/*": "zig",
                    "linux/arm64": "my-clang --target=aarch64-linux-gnu",
                },
            ),
            Helper(
                "chime",
                prebuilt="bin/{os}-{arch}{variant}/chime{exe}",
                cgo=True,
                libc=Libc("musl"),
            ),
        ),
        image=Image(
            name="registry.example.com:5000/team/gree-ter",
            tags=("{version}", "v{version}-slim", "latest"),
            helpers=("greet", "tone"),
            entrypoint=("greet",),
            cmd=("--name", ""),
            env={"LANG": "C.UTF-8", "_EMPTY": ""},
            user="65532:65532",
            workdir="/srv",
            labels={"com.example.team": "two\nlines"},
            annotations={"org.opencontainers.image.vendor": "Grüße"},
            outputs=("oci", "layout"),
        ),
        toolchain=Toolchain(go=">=1.24,<1.28", zig="~=0.17.0"),
        overrides=(
            Override(("linux/arm/*",), {"tone": {"libc": Libc("musl")}, "greet": {"tags": ()}}),
            Override(("linux/arm/v7", "windows/*"), {"greet": {"prebuilt": "bin/greet{exe}"}}),
        ),
    )


@pytest.mark.parametrize("text", [FIVE_LINES, FULL])
def test_schema_takes_them(text):
    jsonschema.Draft7Validator(json_schema()).validate(table(text))


@pytest.mark.parametrize(
    ("key", "written", "value"),
    [
        ("libc", "static", Libc()),
        ("libc", "glibc", Libc("glibc")),
        ("libc", "glibc:2.45", Libc("glibc", (2, 45))),
        ("source", ".", "."),
        ("source", "go/..hidden/ä ö", "go/..hidden/ä ö"),
        ("package", "./cmd/v1.2/greet-it", "./cmd/v1.2/greet-it"),
        ("compiler", "'/opt/my compilers/cc' -O2", "'/opt/my compilers/cc' -O2"),
        ("ldflags", ["-X=a.b/c.D={name}=1", "-s=false"], ("-X=a.b/c.D={name}=1", "-s=false")),
        ("ldflags", ["-H", "windowsgui"], ("-H", "windowsgui")),
        ("prebuilt", "", ""),
        ("prebuilt", "{platform}/{name}", "{platform}/{name}"),
        ("platforms", ["darwin/*", "linux/armhf"], ("darwin/*", "linux/arm/v7")),
    ],
)
def test_values_of_a_helper(key, written, value):
    config = read_table({"helpers": {"tone": {"cgo": True, key: written}}})
    assert getattr(config.helpers[0], key) == value
    assert jsonschema.Draft7Validator(json_schema()).is_valid(
        {"helpers": {"tone": {"cgo": True, key: written}}}
    )


@pytest.mark.parametrize("libc", [Libc(), Libc("musl"), Libc("glibc"), Libc("glibc", (2, 17))])
def test_libc_is_written_as_it_is_read(libc):
    config = read_table({"helpers": {"tone": {"cgo": True, "libc": str(libc)}}})
    assert config.helpers[0].libc == libc


@pytest.mark.parametrize(
    "name",
    [
        "greeter",
        "docker.io/library/a",
        "localhost/a",
        "[::1]:5000/a/b",
        "a__b/c.d",
        "A-1.example/x",
    ],
)
def test_image_names(name):
    config = read_table({"helpers": {"greet": {}}, "image": {"name": name}})
    assert config.image is not None
    assert config.image.name == name


def test_image_is_named_after_the_project():
    config = read_table({"helpers": {"greet": {}}, "image": {}}, project_name="My._Greeter")
    assert config.image == Image(name="my-greeter")


# -- overrides


def test_overrides_apply_in_order_where_they_match():
    config = read_table(table(FULL))
    assert config.helper_on("tone", "linux/amd64") == config.helpers[1]
    assert config.helper_on("tone", "linux/arm/v7").libc == Libc("musl")
    assert config.helper_on("tone", "linux/arm/v6").libc == Libc("musl")
    assert config.helper_on("greet", "linux/arm/v6").tags == ()
    assert config.helper_on("greet", "linux/arm/v6").package == "./cmd/greet"


def test_later_override_wins():
    config = read_table(
        {
            "helpers": {"tone": {"cgo": True}},
            "overrides": [
                {"platforms": "linux/*", "helpers": {"tone": {"libc": "musl", "tags": ["a"]}}},
                {"platforms": "*/arm64", "helpers": {"tone": {"libc": "glibc:2.28"}}},
            ],
        }
    )
    helper = config.helper_on("tone", "linux/arm64")
    assert (helper.libc, helper.tags) == (Libc("glibc", (2, 28)), ("a",))
    assert config.helper_on("tone", "linux/amd64").libc == Libc("musl")
    assert config.helper_on("tone", "darwin/arm64").libc == Libc("glibc", (2, 28))
    assert config.helper_on("tone", "darwin/amd64").libc == Libc()


def test_prebuilt_override_leaves_the_compiling_keys_behind():
    config = read_table(table(FULL))
    assert config.helper_on("greet", "windows/amd64") == Helper(
        "greet", prebuilt="bin/greet{exe}", install="scripts"
    )


def test_override_that_turns_cgo_off_leaves_the_c_keys_behind():
    config = read_table(
        {
            "helpers": {"tone": {"cgo": True, "libc": "musl", "compiler": "zig", "source": "t"}},
            "overrides": [{"platforms": "darwin/*", "helpers": {"tone": {"cgo": False}}}],
        }
    )
    assert config.helper_on("tone", "darwin/arm64") == Helper("tone", source="t")


def test_override_can_compile_again():
    config = read_table(
        {
            "helpers": {"greet": {"prebuilt": "bin/{platform}"}},
            "overrides": [
                {"platforms": "linux/*", "helpers": {"greet": {"prebuilt": "", "source": "go"}}}
            ],
        }
    )
    assert config.helper_on("greet", "linux/amd64") == Helper("greet", source="go")


def test_helper_on_an_unknown_helper():
    with pytest.raises(KeyError):
        Config().helper_on("greet", "linux/amd64")


# -- the file


def test_read_pyproject(tmp_path):
    path = tmp_path / "pyproject.toml"
    path.write_text('[project]\nname = "Greeter"\n' + FIVE_LINES + "[tool.multiarch.image]\n")
    config, document = read_pyproject(path)
    assert config.image == Image(name="greeter")
    assert document["project"] == {"name": "Greeter"}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"[tool", "not valid TOML: "),
        (b"a = \xff", "not valid TOML: "),
        (b"a = 1" + b"0" * 5000, "not valid TOML: "),
        (b"a = " + b"[" * 100_000, "its arrays or tables are nested too deeply"),
        (b"", "there is no [tool.multiarch]; add [tool.multiarch.helpers.NAME]"),
        (b"tool = 1", "there is no [tool.multiarch]; add [tool.multiarch.helpers.NAME]"),
    ],
)
def test_file_that_cannot_be_used(tmp_path: Path, content, problem):
    path = tmp_path / "pyproject.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_pyproject(path)
    (line,) = caught.value.problems
    assert line.startswith(f"{path}: {problem}")
    assert len(line.splitlines()) == 1


def test_file_whose_table_is_none(tmp_path):
    path = tmp_path / "pyproject.toml"
    path.write_text("[project]\nname = 1\n[tool]\nmultiarch = []\n")
    with pytest.raises(ConfigError) as caught:
        read_pyproject(path)
    assert caught.value.problems[0] == "tool.multiarch: expected a table, found an array"
