"""Helpers that use real modules from the Go module proxy, for two architectures."""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
from sbom_schemas import checked_cyclonedx, linked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

pytestmark = [pytest.mark.slow, pytest.mark.network]
PYPROJECT = """\
[build-system]
requires = ["hatchling", "hatch-multiarch"]
build-backend = "hatchling.build"

[project]
name = "modules"
version = "0.1"

[tool.hatch.build.targets.wheel]
packages = ["modules"]

[tool.hatch.build.targets.wheel.hooks.multiarch]

[tool.multiarch]
platforms = ["linux/amd64", "linux/arm64"]

[tool.multiarch.helpers.query]
cgo = true
env = { CGO_CFLAGS = "-O0" }

[tool.multiarch.helpers.serve]
"""
QUERY = """\
package main

import (
	"database/sql"
	"fmt"

	_ "github.com/mattn/go-sqlite3"
)

func main() {
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		panic(err)
	}
	var version string
	var sum int
	row := db.QueryRow("WITH RECURSIVE n(x) AS " +
		"(SELECT 1 UNION ALL SELECT x+1 FROM n WHERE x < 100) " +
		"SELECT sqlite_version(), sum(x) FROM n")
	if err := row.Scan(&version, &sum); err != nil {
		panic(err)
	}
	fmt.Println("sqlite", version[:2], "sum", sum)
}
"""
SERVE = """\
package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

func main() {
	root := &cobra.Command{Use: "serve", Run: func(*cobra.Command, []string) {
		server := grpc.NewServer()
		healthpb.RegisterHealthServer(server, health.NewServer())
		for name := range server.GetServiceInfo() {
			fmt.Println("serves", name)
		}
	}}
	if err := root.Execute(); err != nil {
		panic(err)
	}
}
"""
MODULES = {
    "query": (QUERY, ["github.com/mattn/go-sqlite3@v1.14.32"], "sqlite 3. sum 5050\n"),
    "serve": (
        SERVE,
        ["github.com/spf13/cobra@v1.10.1", "google.golang.org/grpc@v1.76.0"],
        "serves grpc.health.v1.Health\n",
    ),
}


PLATFORMS = ("linux/amd64", "linux/arm64")


@pytest.fixture
def runners(emulate: Callable[[str], list[str]]) -> dict[str, list[str]]:
    """Return what runs each platform's programs, or skip before anything is compiled."""
    return {platform: emulate(platform) for platform in PLATFORMS}


@pytest.fixture
def modules(runners: dict[str, list[str]], tmp_path: Path, run: Callable[..., Ran]) -> Path:
    from hatch_multiarch.toolchain import find_go

    go = find_go(">=1.21", "1.21").path
    root = tmp_path / "modules"
    (root / "modules").mkdir(parents=True)
    (root / "modules/__init__.py").touch()
    (root / "pyproject.toml").write_text(PYPROJECT)
    for name, (source, requires, _) in MODULES.items():
        folder = root / "helpers" / name
        folder.mkdir(parents=True)
        (folder / "main.go").write_text(source)
        run(go, "mod", "init", f"example.com/{name}", cwd=folder)
        run(go, "get", *requires, cwd=folder, GOTOOLCHAIN="local")
    return root


def test_sql_and_a_server_run_on_two_architectures(
    modules: Path, runners: dict[str, list[str]], run: Callable[..., Ran]
) -> None:
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=modules)
    for platform in PLATFORMS:
        folder = modules / "build/multiarch/bin" / platform.replace("/", "-")
        for name, (_, _, expected) in MODULES.items():
            assert run(*runners[platform], folder / name).out == expected
    names = [path.name for path in (modules / "dist").glob("*.whl")]
    assert len(names) == 2
    # Static helpers run on every Linux: the tag says so for both families of libc.
    assert all("manylinux_2_17" in name and "musllinux_1_1" in name for name in names)
    for wheel in (modules / "dist").glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            text = archive.read("modules-0.1.dist-info/sboms/hatch-multiarch.cdx.json").decode()
        arch = "amd64" if "x86_64" in wheel.name else "arm64"
        in_sbom(text, modules / f"build/multiarch/bin/linux-{arch}")


def in_sbom(text: str, binaries: Path) -> None:
    """Hold an SBOM against what Go itself reads in the *binaries* (`go version -m`)."""
    document = checked_cyclonedx(text)
    sums = {each.get("purl"): each.get("hashes") for each in document["components"]}
    for name in MODULES:
        expected = set()
        for path, version, digest in go_version_m(binaries / name):
            purl = f"pkg:golang/{path.lower()}@{version.replace('+', '%2B')}"
            digits = base64.b64decode(digest.removeprefix("h1:")).hex()
            assert sums[purl] == [{"alg": "SHA-256", "content": digits}]
            expected.add(purl)
        own = {each for each in linked(document, name) if "/stdlib@" not in each}
        assert own == {*expected, f"pkg:golang/example.com/{name}"}
    assert linked(document, "query") >= {"pkg:golang/github.com/mattn/go-sqlite3@v1.14.32"}
    assert linked(document, "serve") >= {
        "pkg:golang/github.com/spf13/cobra@v1.10.1",
        "pkg:golang/google.golang.org/grpc@v1.76.0",
    }


def go_version_m(path: Path) -> list[tuple[str, str, str]]:
    """Return the modules that Go reads in a binary: path, version and sum."""
    from hatch_multiarch.toolchain import find_go

    go = find_go(">=1.21", "1.21").path
    said = subprocess.run([go, "version", "-m", path], capture_output=True, text=True, check=True)
    rows = [line.strip().split("\t") for line in said.stdout.splitlines()]
    return [(row[1], row[2], row[3]) for row in rows if row[0] == "dep"]


LOAD = """\
package main

import (
	"fmt"

	"github.com/ebitengine/purego"
)

func main() {
	lib, err := purego.Dlopen("libc.so.6", purego.RTLD_NOW)
	if err != nil {
		panic(err)
	}
	var abs func(int32) int32
	purego.RegisterLibFunc(&abs, lib, "abs")
	fmt.Println("abs", abs(-7))
}
"""
HOST = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "modules"
version = "0.1"
"""


def test_init_asks_modules_that_are_not_here_yet_what_they_need(
    tmp_path: Path, run: Callable[..., Ran]
) -> None:
    """go-sqlite3 is a stub without cgo, confluent-kafka-go is gone, purego is as good as with."""
    from hatch_multiarch.toolchain import find_go

    go = find_go(">=1.21", "1.21").path
    root = tmp_path / "modules"
    (root / "modules").mkdir(parents=True)
    (root / "modules/__init__.py").touch()
    (root / "pyproject.toml").write_text(HOST)
    kafka = "github.com/confluentinc/confluent-kafka-go/v2"
    wanted = {
        "query": (QUERY, "github.com/mattn/go-sqlite3@v1.14.32"),
        "stream": (
            f'package main\n\nimport _ "{kafka}/kafka"\n\nfunc main() {{}}\n',
            f"{kafka}@v2.11.1",
        ),
        "load": (LOAD, "github.com/ebitengine/purego@v0.9.0"),
    }
    for name, (source, required) in wanted.items():
        folder = root / "helpers" / name
        folder.mkdir(parents=True)
        (folder / "main.go").write_text(source)
        run(go, "mod", "init", f"example.com/{name}", cwd=folder, GOTOOLCHAIN="local")
        run(go, "get", required, cwd=folder, GOTOOLCHAIN="local")
    cold = {"GOMODCACHE": str(tmp_path / "cold"), "GOFLAGS": "-modcacherw"}
    cold["HATCH_MULTIARCH_PLATFORMS"] = "linux/amd64"
    said = run(sys.executable, "-m", "hatch_multiarch", "init", root, **cold)
    assert "added query: Go with cgo (for github.com/mattn/go-sqlite3), in" in said
    assert f"added stream: Go with cgo (for {kafka}/kafka), in" in said
    assert "added load: Go, in" in said
    pyproject = root / "pyproject.toml"
    text = pyproject.read_text()
    assert 'libc = "glibc:2.17"  # github.com/ebitengine/purego loads C libraries' in text
    pyproject.write_text(text.replace('cgo = true\nlibc = "static"', "#"))
    told = run(sys.executable, "-m", "hatch_multiarch", "check", root, **cold).out
    for name, package in (("query", "github.com/mattn/go-sqlite3"), ("stream", f"{kafka}/kafka")):
        key = f"tool.multiarch.helpers.{name}.cgo"
        assert f"warning: {key}: {package} does not work without cgo, and {name} is" in told
    shutil.rmtree(root / "helpers/stream")
    lines = pyproject.read_text().split("[tool.multiarch.helpers.stream]")[0]
    pyproject.write_text(lines)
    said = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=root, **cold)
    assert "warning: tool.multiarch.helpers.query.cgo: github.com/mattn/go-sqlite3 does" in said
    binaries = root / "build/multiarch/bin/linux-amd64"
    assert run(binaries / "load").out == "abs 7\n"
    assert "requires cgo to work. This is a stub" in run(binaries / "query", code=2)
    [wheel] = root.glob("dist/*.whl")
    assert wheel.name == "modules-0.1-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl"
