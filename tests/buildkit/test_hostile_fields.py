"""Every key of [tool.multiarch] with hostile text: refused by name, or built and still that text.

FIELDS says for each key of the config tree which of these it is; a new key must be entered. The
rules of keys that reach docker are tried one by one in tests/config/test_hostile_config.py.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

import pytest
from config.test_hostile_config import HOSTILE
from config.test_hostile_config import KEYS as TRIED
from support import clean_env

from hatch_multiarch.config import Config, read_table
from hatch_multiarch.errors import ConfigError
from hatch_multiarch.toolchain import find_go

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine_fixture import Engine
    from support import Ran

PATH = "$(touch canary) `touch canary` ${PATH} $PATH 'q' \"d\" <<EOF ,type=registry # syntax=x"
"""Hostile text that can name a folder: no control characters, no backslash, no `/`."""
TEXT = (
    f"# syntax=example.com/x\n{PATH}\\ \\\nRUN exit 1\nEOF\n../ --push \t\r\u2028\ufeff\U0001f600"
)
"""Hostile text of any kind; a build in which its RUN is an instruction fails."""
PLAIN = PATH.replace("${PATH} ", "")
"""Where braces are placeholders of ours."""
FLAG = PLAIN.replace("'q' ", "")

CHOICE, MATCHED, REFUSED, TRIED_THERE, SAME = "choice", "matched", "refused", "tried", "same"
BUILT = "built"
STARTED = "started"
"""Words for a program that `verify` starts, or that runs before compiling; tried in
tests/cli/test_verify_wheels.py and tests/pipeline/test_before.py."""
OPENED = "opened"
"""It names a file that docker never hears of; tried in tests/image/test_image_builder.py, and in
tests/engine/test_prebuilt.py."""
FIELDS = {
    "platforms": REFUSED,
    "engine": CHOICE,
    "strategy": CHOICE,
    "output": BUILT,
    "before": STARTED,
    "sbom": CHOICE,
    "locator": CHOICE,
    "helpers.*": REFUSED,
    "helpers.source": BUILT,
    "helpers.package": REFUSED,
    "helpers.workspace": BUILT,
    "helpers.kind": CHOICE,
    "helpers.cgo": CHOICE,
    "helpers.platforms": REFUSED,
    "helpers.libc": REFUSED,
    "helpers.macos": REFUSED,
    "helpers.compiler": BUILT,
    "helpers.compiler.*": REFUSED,
    "helpers.tags": REFUSED,
    "helpers.debian-packages": TRIED_THERE,
    "helpers.before": STARTED,
    "helpers.ldflags": BUILT,
    "helpers.env": REFUSED,
    "helpers.env.*": REFUSED,
    "helpers.install": CHOICE,
    "helpers.output": REFUSED,
    "helpers.module": CHOICE,
    "helpers.header": CHOICE,
    "helpers.prebuilt": BUILT,
    "helpers.member": OPENED,
    "helpers.checksums": OPENED,
    "helpers.smoke": STARTED,
    "image.name": REFUSED,
    "image.tags": REFUSED,
    "image.base": OPENED,
    "image.package": CHOICE,
    "image.helpers": REFUSED,
    "image.extras": REFUSED,
    "image.requirements": OPENED,
    "image.bytecode": CHOICE,
    "image.files": OPENED,
    "image.files.*": OPENED,
    "image.entrypoint": BUILT,
    "image.cmd": BUILT,
    "image.env": BUILT,
    "image.env.*": REFUSED,
    "image.user": REFUSED,
    "image.workdir": BUILT,
    "image.ports": REFUSED,
    "image.volumes": REFUSED,
    "image.stop-signal": REFUSED,
    "image.healthcheck.command": BUILT,
    "image.healthcheck.interval": REFUSED,
    "image.healthcheck.timeout": REFUSED,
    "image.healthcheck.start-period": REFUSED,
    "image.healthcheck.retries": CHOICE,
    "image.labels": BUILT,
    "image.labels.*": REFUSED,
    "image.annotations": BUILT,
    "image.annotations.*": REFUSED,
    "image.outputs.type": CHOICE,
    "image.outputs.platforms": REFUSED,
    "image.outputs.compression": CHOICE,
    "image.outputs.cache": CHOICE,
    "image.sbom": TRIED_THERE,
    "image.provenance": CHOICE,
    "stage.image": TRIED_THERE,
    "stage.go": CHOICE,
    "stage.dockerfile": BUILT,
    "stage.target": TRIED_THERE,
    "stage.folder": REFUSED,
    "stage.network": CHOICE,
    "stage.cache-from": TRIED_THERE,
    "stage.cache-to": TRIED_THERE,
    "builder.name": TRIED_THERE,
    "builder.driver": CHOICE,
    "builder.driver-options": BUILT,
    "builder.driver-options.*": REFUSED,
    "builder.config": BUILT,
    "builder.nodes.name": TRIED_THERE,
    "builder.nodes.endpoint": TRIED_THERE,
    "builder.nodes.platforms": REFUSED,
    "builder.nodes.driver-options": TRIED_THERE,
    "builder.nodes.driver-options.*": REFUSED,
    "builder.nodes.flags": TRIED_THERE,
    "toolchain.go": REFUSED,
    "toolchain.zig": REFUSED,
    "overrides.platforms": REFUSED,
    # The reader takes them by the same rules, those of the class Helper.
    "overrides.helpers": SAME,
}


def keys_of(cls: type, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Return each key of the config tree with its type; `KEY.*` are the names of a table."""
    hints = get_type_hints(cls)
    for each in fields(cls):
        key = prefix + each.name.replace("_", "-")
        hint = hints[each.name]
        parts = [part for part in (hint, *get_args(hint)) if is_dataclass(part)]
        named = bool(each.metadata.get("keys"))
        if named:
            yield f"{key}.*", str
        if parts and "check" in each.metadata and not each.metadata["check"]:
            yield from keys_of(parts[0], f"{key}.")
        elif each.metadata:  # a helper's name is no key of its table
            yield key, hint


def test_every_key_is_in_the_table() -> None:
    assert sorted(key for key, _ in keys_of(Config)) == sorted(FIELDS)


@pytest.mark.parametrize("key", [key for key, how in FIELDS.items() if how == CHOICE])
def test_choices_hold_no_text(key: str) -> None:
    hint = dict(keys_of(Config))[key]
    assert hint in (bool, bool | None, int | None) or get_origin(hint) is Literal


def test_the_others_are_tried_where_the_table_says() -> None:
    tried = {key.replace("helpers.greet", "helpers").removesuffix(".image") for key in TRIED}
    tried = {key for key in tried if key != "stage"} | {"stage.image"}
    assert {key for key, how in FIELDS.items() if how == TRIED_THERE} == tried
    assert {key for key, how in FIELDS.items() if how == REFUSED} == REFUSALS.keys()
    assert {key for key, how in FIELDS.items() if how == BUILT} == {*LOOKS, *ALONE}


LISTS = ("platforms", "tags", "helpers", "extras", "ports", "volumes")


def table(key: str, value: str) -> dict[str, Any]:
    """Return a config in which *key* of FIELDS has *value*."""
    named = key.endswith(".*")
    *above, last = key.removesuffix(".*").split(".")
    tree: dict[str, Any] = {"helpers": {"greet": {"cgo": True}}}
    here = tree
    for each in above:
        if each == "helpers":
            here = here["helpers"]["greet"]
        elif each in ("nodes", "outputs", "overrides"):
            here = here.setdefault(each, [{"type": "oci"} if each == "outputs" else {}])[0]
        else:
            here = here.setdefault(each, {})
    if key == "overrides.platforms":
        here["helpers"] = {"greet": {"tags": ["x"]}}
    if named:
        here[last] = {value: {} if key == "helpers.*" else "zig"}
    else:
        here[last] = [value] if last in LISTS else value
    if key == "helpers.env":
        here[last] = {"CGO_CFLAGS": value}
    return tree


# Key -> the text behind `tool.multiarch.` with which its problem begins.
REFUSALS = {
    "platforms": "platforms[0]: ",
    "helpers.*": "helpers.",
    "helpers.package": "helpers.greet.package: ",
    "helpers.env": "helpers.greet.env",
    "helpers.env.*": "helpers.greet.env.",
    "helpers.output": "helpers.greet.output: ",
    "helpers.platforms": "helpers.greet.platforms[0]: ",
    "helpers.libc": "helpers.greet.libc: ",
    "helpers.macos": "helpers.greet.macos: ",
    "helpers.compiler.*": "helpers.greet.compiler.",
    "helpers.tags": "helpers.greet.tags[0]: ",
    "image.name": "image.name: ",
    "image.tags": "image.tags[0]: ",
    "image.helpers": "image.helpers[0]: ",
    "image.extras": "image.extras[0]: ",
    "image.ports": "image.ports[0]: ",
    "image.volumes": "image.volumes[0]: ",
    "image.stop-signal": "image.stop-signal: ",
    "image.healthcheck.interval": "image.healthcheck.interval: ",
    "image.healthcheck.timeout": "image.healthcheck.timeout: ",
    "image.healthcheck.start-period": "image.healthcheck.start-period: ",
    "image.env.*": "image.env.",
    "image.user": "image.user: ",
    "image.labels.*": "image.labels.",
    "image.annotations.*": "image.annotations.",
    "image.outputs.platforms": "image.outputs[0].platforms[0]: ",
    "stage.folder": "stage.folder: ",
    "builder.driver-options.*": "builder.driver-options.",
    "builder.nodes.platforms": "builder.nodes[0].platforms[0]: ",
    "builder.nodes.driver-options.*": "builder.nodes[0].driver-options.",
    "toolchain.go": "toolchain.go: ",
    "toolchain.zig": "toolchain.zig: ",
    "overrides.platforms": "overrides[0].platforms[0]: ",
}


@pytest.mark.parametrize("value", [*HOSTILE, PATH, TEXT, "linux/*$(id)"])
@pytest.mark.parametrize("key", REFUSALS)
def test_refused(key: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_table(table(key, value))
    assert caught.value.exit_code == 2
    assert all("\n" not in line for line in caught.value.problems)
    assert [line for line in caught.value.problems if named(line, REFUSALS[key])]


def named(line: str, key: str) -> bool:
    # A name that TOML must quote is shown so.
    return line.startswith((f"tool.multiarch.{key}", f'tool.multiarch.{key[:-1]}."'))


@pytest.mark.parametrize("key", ["entrypoint", "cmd", "env", "labels", "annotations"])
def test_nul_is_refused_in_free_text(key: str) -> None:
    value: Any = ["greet", "a\0b"] if key in ("entrypoint", "cmd") else {"A": "a\0b"}
    with pytest.raises(ConfigError, match=rf"tool\.multiarch\.image\.{key}") as caught:
        read_table({"helpers": {"greet": {}}, "image": {key: value}})
    assert caught.value.exit_code == 2


GO = """package main

import (
	"fmt"
	"os"

	"example.com/other"
)

var text = "unset"

func main() {
	fmt.Printf("%s|%s|%q", text, other.Name, os.Args[1:])
}
"""
OTHER = 'package other\n\nvar Name = "other"\n'
NAME = "greet"
SOURCE = f"helpers/{PATH}"
OUTPUT = f"out {PATH}"
PREBUILT = f"built {PLAIN}/made"
WORKDIR = f"/work {PATH}"
# Called as our own build arguments are, whose place they must not take.
ENV = {"A": TEXT, **{f"HATCH_MULTIARCH_TEXT_{i}": f"{i}{TEXT}" for i in range(19, -1, -1)}}
LABELS = {"com.example.text": TEXT, "com.example.empty": ""}
AUTHOR = "A $(touch canary) \"B\" 'C', <<EOF"


def toml(value: Any) -> str:
    """Write *value* as TOML, whose strings may be written as JSON's."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)  # TOML has no surrogates


def project(root: Path, engine: Engine, more: str, helper: dict[str, Any]) -> Path:
    """Write a project with one pure-Go helper for amd64, below a folder of a hostile name."""
    root = root / f"pro ject {PATH}"
    module = root / SOURCE
    module.mkdir(parents=True)
    modules = "module example.com/greet\n\ngo 1.21\n\nrequire example.com/other v0.0.0\n\n"
    if "workspace" in helper:
        (root / helper["workspace"]).write_text("go 1.21\n\nuse (\n\t.\n\t../other\n)\n")
    else:
        modules += "replace example.com/other => ../other\n"
    (module / "go.mod").write_text(modules)
    (module / "main.go").write_text(GO)
    (module.parent / "other").mkdir()
    (module.parent / "other" / "go.mod").write_text("module example.com/other\n\ngo 1.21\n")
    (module.parent / "other" / "other.go").write_text(OTHER)
    (root / "pkg").mkdir()
    (root / "pkg" / "__init__.py").touch()
    network = f"network = {toml(engine.network)}\n" if engine.network else ""
    (root / "pyproject.toml").write_text(
        f"""[build-system]
requires = ["hatchling", "hatch-multiarch"]
build-backend = "hatchling.build"

[project]
name = "pkg"
version = "1.0.0+a.b"
description = {toml(PATH)}
authors = [{{ name = {toml(AUTHOR)} }}]

[tool.hatch.build.targets.wheel]
packages = ["pkg"]

[tool.hatch.build.targets.wheel.hooks.multiarch]

[tool.multiarch]
engine = "buildkit"
platforms = ["linux/amd64"]
output = {toml(OUTPUT)}
helpers.{NAME} = {toml(helper)}

[tool.multiarch.stage]
{network}{more}
""",
        "utf-8",
    )
    return root


@dataclass(frozen=True)
class Looked:
    """What came of the build."""

    root: Path
    config: dict[str, Any]
    """The image's."""
    manifest: dict[str, Any]
    index: dict[str, Any]
    said: str
    """By the helper, run with one argument."""
    files: set[str]
    """In the image."""


HELPER = {
    "source": SOURCE,
    "workspace": f"{SOURCE}/{PATH}.work",
    "ldflags": [f"-X 'main.text={FLAG}\\'", "-X main.none="],
}


@pytest.fixture(scope="module")
def prebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a program for amd64 without a C library."""
    folder = tmp_path_factory.mktemp("prebuilt")
    (folder / "go.mod").write_text("module example.com/made\n\ngo 1.21\n")
    (folder / "main.go").write_text("package main\n\nfunc main() { print(1) }\n")
    words = [str(find_go(">=1.21", "1.21").path), "build", "-trimpath", "-o", "made", "."]
    env = {**clean_env(), "CGO_ENABLED": "0", "GOOS": "linux", "GOARCH": "amd64"}
    subprocess.run(words, cwd=folder, env=env, check=True)
    return folder / "made"


@pytest.fixture(scope="module")
def looked(
    tmp_path_factory: pytest.TempPathFactory,
    run: Callable[..., Ran],
    engine: Engine,
    prebuilt: Path,
) -> Looked:
    top = tmp_path_factory.mktemp("hostile")
    more = f"""image = {toml(engine.builder_image)}

[tool.multiarch.helpers.made]
prebuilt = {toml(PREBUILT)}

[tool.multiarch.image]
entrypoint = {toml([NAME, TEXT])}
cmd = {toml([TEXT, "-x"])}
healthcheck = {toml([NAME, TEXT])}
workdir = {toml(WORKDIR)}
env = {toml(ENV)}
labels = {toml(LABELS)}
annotations = {toml({"com.example.text": TEXT})}
outputs = ["oci", "local"]
"""
    root = project(top, engine, more, HELPER)
    (root / PREBUILT).parent.mkdir()
    shutil.copy(prebuilt, root / PREBUILT)
    command = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
    run(*command, cwd=root, HATCH_MULTIARCH_ENGINE="")
    assert not list(top.rglob("canary*"))
    output = root / OUTPUT
    index, manifest, config = documents(next(output.glob("*.oci.tar")))
    local = next(output.glob("*.image"))
    program = local / "usr/local/bin" / NAME
    said = subprocess.run([program, "$(id)"], capture_output=True, text=True, check=True).stdout
    found = {str(path.relative_to(local)) for path in local.rglob("*")}
    return Looked(root, config, manifest, index, said, found)


def documents(archive: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return index.json, the manifest and the config of an archive of one platform."""
    with tarfile.open(archive) as tar:

        def load(name: str) -> dict[str, Any]:
            file = tar.extractfile(name)
            assert file is not None
            found: dict[str, Any] = json.load(file)
            return found

        def blob(digest: str) -> dict[str, Any]:
            return load(f"blobs/{digest.replace(':', '/')}")

        index = load("index.json")
        manifest = blob(index["manifests"][0]["digest"])
        if "manifests" in manifest:
            manifest = blob(manifest["manifests"][0]["digest"])
        return index, manifest, blob(manifest["config"]["digest"])


def entrypoint(looked: Looked) -> None:
    assert looked.config["config"]["Entrypoint"] == [f"/usr/local/bin/{NAME}", TEXT]


def cmd(looked: Looked) -> None:
    assert looked.config["config"]["Cmd"] == [TEXT, "-x"]


def health(looked: Looked) -> None:
    test = looked.config["config"]["Healthcheck"]["Test"]
    assert test == ["CMD", f"/usr/local/bin/{NAME}", TEXT]


def env(looked: Looked) -> None:
    found = dict(each.split("=", 1) for each in looked.config["config"]["Env"])
    found.pop("PATH")
    assert found == ENV


def workdir(looked: Looked) -> None:
    assert looked.config["config"]["WorkingDir"] == WORKDIR
    assert WORKDIR[1:] in looked.files


def labels(looked: Looked) -> None:
    assert looked.config["config"]["Labels"] == LABELS


def annotations(looked: Looked) -> None:
    found = looked.manifest["annotations"]
    assert found["com.example.text"] == TEXT
    assert found["org.opencontainers.image.description"] == PATH
    assert found["org.opencontainers.image.authors"] == AUTHOR
    assert found["org.opencontainers.image.version"] == "1.0.0+a.b"


def ldflags(looked: Looked) -> None:
    assert looked.said.split("|")[0] == FLAG + "\\"


def source(looked: Looked) -> None:
    assert looked.said.split("|")[1:] == ["other", '["$(id)"]']


def output(looked: Looked) -> None:
    names = {path.name for path in (looked.root / OUTPUT).iterdir()}
    assert {"pkg-1.0.0+a.b.oci.tar", "pkg-1.0.0+a.b.image", "pkg-1.0.0+a.b.json"} <= names
    assert {path.name for path in looked.root.iterdir()} == {
        "dist", "pkg", "helpers", "pyproject.toml", OUTPUT, Path(PREBUILT).parent.name
    }  # fmt: skip


def the_prebuilt(looked: Looked) -> None:
    bins = {name for name in looked.files if name.startswith("usr/local/bin/")}
    assert bins == {f"usr/local/bin/{NAME}", "usr/local/bin/made"}


LOOKS = {
    "output": output,
    "helpers.source": source,
    "helpers.workspace": source,
    "helpers.ldflags": ldflags,
    "helpers.prebuilt": the_prebuilt,
    "image.entrypoint": entrypoint,
    "image.cmd": cmd,
    "image.healthcheck.command": health,
    "image.env": env,
    "image.workdir": workdir,
    "image.labels": labels,
    "image.annotations": annotations,
}
ALONE = {"helpers.compiler", "stage.dockerfile", "builder.config", "builder.driver-options"}
"""Keys that do not go together with those, each in a test of its own below."""


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize("key", LOOKS)
def test_built_and_still_that_text(looked: Looked, key: str) -> None:
    LOOKS[key](looked)


def test_a_dockerfile_of_the_projects_own(
    tmp_path: Path, engine: Engine, buildkit: Callable[..., Ran], prebuilt: Path
) -> None:
    dockerfile = f"dir {PATH}/-f {PATH}"
    root = project(tmp_path, engine, f"dockerfile = {toml(dockerfile)}", {"source": SOURCE})
    (root / dockerfile).parent.mkdir()
    (root / dockerfile).write_text(f"FROM scratch AS helpers\nCOPY made /{NAME}\n")
    shutil.copy(prebuilt, root / "made")
    buildkit(root)
    [wheel] = (root / "dist").glob("*.whl")
    assert "x86_64" in wheel.name
    assert not list(tmp_path.rglob("canary*"))


def test_a_command_as_compiler_never_gets_to_buildkit(
    tmp_path: Path, engine: Engine, buildkit: Callable[..., Ran]
) -> None:
    helper = {"source": SOURCE, "cgo": True, "compiler": f"cc {PATH}"}
    root = project(tmp_path, engine, f"image = {toml(engine.builder_image)}", helper)
    assert f"tool.multiarch.helpers.{NAME}.compiler" in buildkit(root, code=3)
    assert not list(tmp_path.rglob("canary*"))


def test_builder(tmp_path: Path, engine: Engine, run: Callable[..., Ran]) -> None:
    """As buildx has stored it; no node is started."""
    settings, option = f"-dir {PATH}/-f {PATH}", "a b;c|d&e,f=g --push ../x ,type=registry"
    (tmp_path / f"x{settings}").parent.mkdir()
    (tmp_path / f"x{settings}").write_text("debug = true\n")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "pkg"\nversion = "1"\n[tool.multiarch.helpers.greet]\n'
        f'[tool.multiarch.builder]\nname = "hostile"\nconfig = {toml(f"x{settings}")}\n'
        f"driver-options = {toml({'env.TEXT': option})}\n",
        "utf-8",
    )
    words = ("builder", "create", "--project", tmp_path)
    store = tmp_path / "buildx"
    run(sys.executable, "-m", "hatch_multiarch", *words, BUILDX_CONFIG=str(store))
    [node] = json.loads((store / "instances" / "hostile").read_text("utf-8"))["Nodes"]
    assert node["DriverOpts"] == {"env.TEXT": option}
    assert "buildkitd.toml" in node["Files"]
    assert not list(tmp_path.rglob("canary*"))


def test_the_terminal_names_each_refused_key(tmp_path: Path, run: Callable[..., Ran]) -> None:
    """One run of the program with all of them."""
    tree: dict[str, Any] = {}
    for key in REFUSALS:
        merge(tree, table(key, PATH))
    body = "".join(f"{name} = {toml(value)}\n" for name, value in tree.items())
    (tmp_path / "pyproject.toml").write_text(
        f'[project]\nname = "pkg"\nversion = "1"\n[tool.multiarch]\n{body}', "utf-8"
    )
    said = run(sys.executable, "-m", "hatch_multiarch", "plan", tmp_path, code=2).out
    lines = [line[line.index("tool.") :] for line in said.splitlines() if "tool.multiarch" in line]
    for key, begins in REFUSALS.items():
        if key != "image.helpers":  # looked at once the helpers themselves are right
            assert any(named(line, begins) for line in lines), key
    assert not list(tmp_path.rglob("canary*"))


def merge(tree: dict[str, Any], more: dict[str, Any]) -> None:
    """Add *more* to *tree*, also within its tables and its lists of one table."""
    for key, value in more.items():
        mine = tree.setdefault(key, value)
        pair = (mine[0], value[0]) if isinstance(mine, list) else (mine, value)
        if mine is not value and all(isinstance(each, dict) for each in pair):
            merge(*pair)
