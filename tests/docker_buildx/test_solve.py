"""Builds through the real engine, and the words that reach docker."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version
from support import missing

from hatch_multiarch.docker.buildx_outputs import output
from hatch_multiarch.docker.locate_buildx import Buildx, find_buildx
from hatch_multiarch.docker.solve import Request, Step, arguments, solve
from hatch_multiarch.errors import CompileError, EngineError
from hatch_multiarch.oci.layout import extract

if TYPE_CHECKING:
    from engine_fixture import Engine

HOSTILE = [
    "-x",
    "--output=x",
    "$(touch x)",
    "`x`",
    'a"b',
    "a,b",
    "a\nb",
    "\\",
    "../a",
    "# syntax=x",
]


def request_of(root: Path, dockerfile: str, **more: object) -> Request:
    """Return a request with the files that it needs in *root*."""
    context = root / "context"
    context.mkdir(exist_ok=True)
    file = root / "Dockerfile"
    file.write_text(dockerfile)
    return Request(context, file, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_value_is_an_option_or_another_field(text: str, tmp_path: Path):
    hostile = tmp_path / text
    request = Request(
        hostile,
        hostile,
        target=text,
        platforms=(text,),
        outputs=(),
        builder=text,
        network=text,
        layout=(("x",), hostile / "layout", text),
        secrets={text: hostile},
        cache_from=(text,),
        cache_to=(text,),
        annotations=(text,),
        sbom=text,
        provenance=text,
        tags=(text,),
        build_args={"X": text},
    )
    build, *options, context = arguments(request, (text,), hostile)
    assert build == "build"
    assert context == str(hostile.absolute())
    assert {word.split("=", 1)[0] for word in options} == {
        *("--progress", "--metadata-file", "--file", "--output", "--sbom", "--provenance"),
        *("--platform", "--target", "--builder", "--network", "--tag", "--annotation"),
        *("--cache-from", "--cache-to", "--build-arg", "--build-context", "--secret"),
    }
    for option in ("tag", "target", "builder", "annotation", "cache-from", "cache-to", "output"):
        assert f"--{option}={text}" in options
    quoted = text.replace('"', '""')
    [secret] = [word for word in options if word.startswith("--secret=")]
    csv = f'"id={quoted}"' if set(text) & set(',"\n') else f"id={text}"
    assert secret.startswith(f"--secret=type=file,{csv},")


def test_what_is_not_asked_for_is_turned_off(tmp_path: Path):
    words = arguments(Request(tmp_path, tmp_path / "Dockerfile"), (), tmp_path / "m")
    assert {"--sbom=false", "--provenance=false"} <= set(words)
    more = Request(tmp_path, tmp_path / "Dockerfile", sbom="on", provenance="max", epoch=7)
    words = arguments(more, (), tmp_path / "m")
    wanted = {"--sbom=true", "--provenance=mode=max", "--build-arg=SOURCE_DATE_EPOCH=7"}
    assert wanted <= set(words)


@pytest.mark.skipif(sys.platform == "win32", reason="the fake docker is a shell script")
def test_the_environment_of_docker(tmp_path: Path):
    """And a relative path is made absolute, from where the build runs."""
    fake = tmp_path / "docker"
    fake.write_text(
        f"""#!/bin/sh
        env > {shlex.quote(str(tmp_path / "env"))}
        for word; do
            case $word in --metadata-file=*) echo '{{"a": 1}}' > "${{word#*=}}";; esac
        done
        """
    )
    fake.chmod(0o755)
    environ = {**os.environ, "DOCKER_BUILDKIT": "0", "MINE": "x"}
    buildx = Buildx(str(fake), Version("0.13.1"), environ)
    kept = tmp_path / "kept.json"
    request = Request(tmp_path, Path("Dockerfile"), epoch=7, metadata=kept)
    solved = solve(buildx, request)
    env = (tmp_path / "env").read_text().splitlines()
    assert {"SOURCE_DATE_EPOCH=7", "MINE=x"} <= set(env)
    assert not [line for line in env if line.startswith("DOCKER_BUILDKIT=")]
    assert (solved.digest, solved.metadata, solved.steps) == ("", {"a": 1}, ())
    assert json.loads(kept.read_text()) == {"a": 1}


def test_docker_that_cannot_be_started(tmp_path: Path):
    buildx = Buildx(str(tmp_path / "docker"), Version("0.13.1"), {})
    with pytest.raises(EngineError, match="docker cannot be started"):
        solve(buildx, Request(tmp_path, tmp_path / "Dockerfile"))


@pytest.mark.containerd_store
def test_steps_and_files_of_several_platforms(engine: Engine, tmp_path: Path):
    token = os.urandom(8).hex()
    out = tmp_path / "out"
    request = request_of(
        tmp_path,
        f"""FROM --platform=$BUILDPLATFORM {engine.builder_image} AS make
        ARG TARGETARCH
        ARG TARGETVARIANT
        RUN echo {token} $TARGETARCH$TARGETVARIANT > /made
        FROM scratch AS out
        COPY --from=make /made /
        """,
        target="out",
        network=engine.network,
        platforms=("linux/arm64", "linux/arm/v7"),
        outputs=(output("local", dest=out, names=(), compression="gzip"),),
    )
    buildx = find_buildx(engine.env)
    told: list[Step] = []
    solved = solve(buildx, request, on_step=told.append)
    assert (out / "linux_arm64" / "made").read_text() == f"{token} arm64\n"
    assert (out / "linux_arm_v7" / "made").read_text() == f"{token} armv7\n"
    runs = [step for step in told if step.name.startswith("RUN ")]
    assert {(step.stage, step.platform) for step in runs} == {
        ("make", "linux/arm64"),
        ("make", "linux/arm/v7"),
    }
    for step in solved.steps:
        mine = [each for each in told if each.id == step.id]
        assert mine[-1] == step
        assert step.seconds is not None
        assert step.error == ""
    assert [step.seconds for step in runs].count(None) == 2
    again = solve(buildx, request)
    assert {step.cached for step in again.steps if step.name.startswith("RUN ")} == {True}
    assert not any(step.cached for step in runs)


@pytest.mark.containerd_store
def test_a_push_with_names_annotations_and_provenance(
    engine: Engine, repository: str, tmp_path: Path
):
    name = f"{engine.registry}/{repository}"
    names = (f"{name}:1", f"{name}:latest")
    request = request_of(
        tmp_path,
        "FROM scratch\nARG WHO\nCOPY file /\nLABEL who=$WHO\n",
        platforms=("linux/amd64", "linux/arm64"),
        outputs=(output("registry", dest=None, names=names, compression="gzip"),),
        annotations=("index:org.example.a=1, 2", "manifest:org.example.b=x=y"),
        build_args={"WHO": '$(id) "me"'},
        epoch=1_700_000_000,
    )
    (request.context / "file").write_text("text")
    buildx = find_buildx(engine.env)
    digest = solve(buildx, request).digest

    def manifest(reference: str) -> dict[str, object]:
        path = f"http://{engine.registry}/v2/{repository}/manifests/{reference}"
        kinds = (
            "application/vnd.oci.image.index.v1+json",
            "application/vnd.oci.image.manifest.v1+json",
        )
        accept = {"Accept": ", ".join(kinds)}
        with urllib.request.urlopen(urllib.request.Request(path, headers=accept)) as answer:
            found = dict(json.load(answer))
            found["digest"] = answer.headers["Docker-Content-Digest"]
            return found

    index, latest = manifest("1"), manifest("latest")
    assert index["digest"] == latest["digest"] == digest
    assert index["annotations"] == {"org.example.a": "1, 2"}
    found = index["manifests"]
    assert isinstance(found, list)
    assert [each["platform"]["architecture"] for each in found] == ["amd64", "arm64"]
    for each in found:
        assert manifest(each["digest"])["annotations"] == {"org.example.b": "x=y"}
    attested = solve(buildx, replace(request, provenance="max"))
    kinds = manifest(attested.digest)["manifests"]
    assert isinstance(kinds, list)
    assert [each["platform"]["architecture"] for each in kinds].count("unknown") == 2


DOCKER = """\
#!/bin/sh
echo >>"$0.calls"
if [ "$(wc -l <"$0.calls")" -le %d ]; then
    echo "ERROR: failed to solve: failed to push x: unexpected status from HEAD request to" \\
        "http://127.0.0.1:1/v2/x/manifests/1: %s" >&2
    exit 1
fi
for word in "$@"; do
    case $word in
        --metadata-file=*) echo '{"containerimage.digest": "sha256:x"}' >"${word#*=}" ;;
    esac
done
"""
"""The tests' engine trusts no registry but the one of theirs, which seldom gets into trouble."""


@pytest.mark.skipif(sys.platform == "win32", reason="a script for sh")
@pytest.mark.parametrize(
    ("fails", "status", "calls"),
    [
        (1, "500 Internal Server Error", 2),
        (2, "429 Too Many Requests", 3),
        (9, "503 Service Unavailable", 3),
        (9, "403 Forbidden", 1),
    ],
)
def test_a_registry_in_trouble_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: int, status: str, calls: int
):
    monkeypatch.setattr("hatch_multiarch.docker.solve.PAUSES", (0.01, 0.01))
    docker = tmp_path / "docker"
    docker.write_text(DOCKER % (fails, status))
    docker.chmod(0o755)
    buildx = Buildx(str(docker), Version("0.13"), dict(os.environ))
    request = request_of(tmp_path, "FROM scratch\n")
    if fails < calls:
        assert solve(buildx, request).digest == "sha256:x"
    else:
        with pytest.raises(EngineError, match=status):
            solve(buildx, request)
    assert len(Path(f"{docker}.calls").read_text().splitlines()) == calls


@pytest.mark.containerd_store
def test_folders_and_secrets_of_any_name(engine: Engine, tmp_path: Path):
    root = tmp_path / "-o,x \"y' $(touch z)"
    other = tmp_path / "--other,type=a:b@c"
    for folder in (root, other):
        folder.mkdir()
        (folder / "file").write_text(folder.name)
    buildx = find_buildx(engine.env)
    image = replace(request_of(other, "FROM scratch\nCOPY file /"), context=other)
    archive = other / "made.tar"
    to = (output("oci", dest=archive, names=(), compression="gzip"),)
    made = solve(buildx, replace(image, outputs=to))
    extract(archive, other / "layout")
    secret = tmp_path / 'se,"cret'
    secret.write_text("machine example.com login me password hunter22\n")
    request = request_of(
        root,
        f"""FROM {engine.builder_image} AS make
        RUN --mount=type=secret,id=netrc echo {os.urandom(8).hex()}; cat /run/secrets/netrc >&2; \\
            wc -c < /run/secrets/netrc > /size; test ! -e /gone
        FROM scratch
        COPY --from=make /size /
        COPY --from=other /file /
        """,
        outputs=(output("local", dest=root / "out,1", names=(), compression="gzip"),),
        network=engine.network,
        layout=(("other",), other / "layout", made.digest),
        secrets={"netrc": secret},
    )
    solve(buildx, request)
    assert (root / "out,1" / "file").read_text() == other.name
    assert int((root / "out,1" / "size").read_text()) == secret.stat().st_size
    request.dockerfile.write_text(request.dockerfile.read_text().replace("! -e /gone", "-e /gone"))
    with pytest.raises(CompileError) as caught:
        solve(buildx, request)
    assert "machine example.com login *** password ***" not in str(caught.value)
    assert "password ***" in str(caught.value)
    assert "hunter22" not in str(caught.value)


def test_a_step_that_fails(engine: Engine, tmp_path: Path):
    dest = tmp_path / "out.tar"
    request = request_of(
        tmp_path,
        f"""FROM {engine.builder_image}
        RUN true
        RUN echo {os.urandom(8).hex()} && \\
            echo "main.go:3: undefined: x" >&2 && exit 3
        """,
        network=engine.network,
        platforms=("linux/amd64",),
        outputs=(output("tar", dest=dest, names=(), compression="gzip"),),
    )
    told: list[Step] = []
    with pytest.raises(CompileError) as caught:
        solve(find_buildx(engine.env), request, on_step=told.append)
    lines = caught.value.message.splitlines()
    assert lines[0].startswith("`RUN echo ")
    assert lines[0].endswith(" (linux/amd64) failed with exit code 3 at Dockerfile:3")
    assert [line.split(" | ")[0] for line in lines[1:3]] == ["   3", "   4"]
    assert "main.go:3: undefined: x" in lines[3:]
    assert "exit code: 3" in told[-1].error
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["Dockerfile"]


def test_a_plan_is_told_before_any_of_it_runs(engine: Engine, tmp_path: Path):
    request = request_of(
        tmp_path,
        f"""FROM {engine.builder_image} AS first
        RUN echo {os.urandom(8).hex()} >/first
        FROM first
        RUN echo second >/second
        """,
        network=engine.network,
    )
    told: list[Step] = []

    def refuse(step: Step) -> None:
        if "second" in step.name:
            raise RuntimeError(step.name)

    with pytest.raises(RuntimeError, match="RUN echo second"):
        solve(find_buildx(engine.env), request, on_plan=refuse, on_step=told.append)
    assert not [each for each in told if each.name.startswith("RUN ")]


@pytest.mark.containerd_store
def test_a_cache_that_lost_a_part_is_built_anew(engine: Engine, tmp_path: Path):
    """What an interrupt at the moment in which a step begins does to BuildKit's cache.

    It was seen for one interrupt in twelve; here the files of a step are taken from the cache.
    """
    if "CONTAINERD_ADDRESS" not in engine.env:
        missing("the containerd of .ci/engine")

    def snapshots() -> set[str]:
        listed = subprocess.check_output([*ctr, "ls"], env=engine.env, text=True)
        rows = [line.split() for line in listed.splitlines()]
        return {row[0] for row in rows if row[-1] == "Active"}

    def holds_the_file(snapshot: str) -> bool:
        words = [*ctr, "mounts", "/mnt", snapshot]
        listed = subprocess.run(words, env=engine.env, capture_output=True, text=True, check=False)
        folder = re.search(r"upperdir=([^,\s]+)", listed.stdout)
        return folder is not None and (Path(folder[1]) / own).exists()

    ctr, own = ("ctr", "--namespace", "moby", "snapshots"), os.urandom(8).hex()
    request = request_of(
        tmp_path,
        f"""FROM {engine.builder_image} AS first
        RUN echo >/{own}
        FROM first
        RUN wc -c </{own} >/second
        FROM scratch
        COPY --from=1 /second /
        """,
        network=engine.network,
        outputs=(output("local", dest=tmp_path / "out", names=(), compression="gzip"),),
    )
    buildx = find_buildx(engine.env)
    before = snapshots()
    solve(buildx, replace(request, target="first", outputs=("type=cacheonly",)))
    # Other tests build at the same time.
    [lost] = [each for each in snapshots() - before if holds_the_file(each)]
    subprocess.check_call([*ctr, "rm", lost], env=engine.env)
    docker = ["docker", *("buildx", "build", f"--network={engine.network or 'default'}")]
    alone = subprocess.run(
        [*docker, "--file", request.dockerfile, request.context],
        env=engine.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"snapshot {lost} does not exist: not found" in alone.stderr
    for _ in range(2):  # and the next build has a sound cache
        steps = solve(buildx, request).steps
        assert (tmp_path / "out/second").read_text() == "1\n"
    assert all(each.cached for each in steps if each.name.startswith("RUN "))


def test_a_program_that_nothing_here_runs(engine: Engine, tmp_path: Path):
    """The header of a program for MIPS, of which no emulator is registered."""
    head = r"\177ELF\1\2\1\0\0\0\0\0\0\0\0\0\0\2\0\10"
    request = request_of(
        tmp_path,
        f"""FROM {engine.builder_image}
        RUN printf '{head}%0200d' > /x && chmod +x /x
        RUN ["/x"]
        """,
        network=engine.network,
    )
    with pytest.raises(EngineError, match="has no emulator for it: `RUN ") as caught:
        solve(find_buildx(engine.env), request)
    assert "emulators install" in caught.value.advice


@pytest.mark.parametrize(
    ("dockerfile", "kind", "says"),
    [
        ("FROM {registry}/no-such-image:1", EngineError, "was not found"),
        ("FROM 127.0.0.1:1/x", EngineError, "cannot reach a registry"),
        ("FROM no-such-host.invalid/x:1", EngineError, "cannot reach a registry"),
        ("FROM --platform=linux/s390x {python}", EngineError, "does not exist for a platform"),
        ("FROM scratch\nCOPY nothing /", CompileError, "Dockerfile:2: "),
        ("FROM scratch\nRNU x", CompileError, "Dockerfile:2: "),
    ],
)
def test_what_cannot_be_built(
    engine: Engine, tmp_path: Path, dockerfile: str, kind: type[Exception], says: str
):
    text = dockerfile.format(registry=engine.registry, python=engine.python_image)
    with pytest.raises(kind, match=says):
        solve(find_buildx(engine.env), request_of(tmp_path, text))


def test_a_builder_that_is_not_there(engine: Engine, tmp_path: Path):
    request = request_of(tmp_path, "FROM scratch", builder="no-such-builder")
    with pytest.raises(EngineError, match="the builder does not exist"):
        solve(find_buildx(engine.env), request)
