"""`hatch-multiarch push` in the terminal. What arrives, tests/registry shows."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support import need

from hatch_multiarch.pipeline.find_outputs import find_image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from engine_fixture import Engine
    from support import Example, Ran

CLI = (sys.executable, "-m", "hatch_multiarch", "push")
SKOPEO = ("--insecure-policy", "inspect", "--tls-verify=false", "--raw")


@pytest.mark.slow
def test_what_a_project_built_is_pushed(
    example: Example, engine: Engine, run: Callable[..., Ran]
) -> None:
    reference = f"{engine.registry}/cli-{secrets.token_hex(4)}/greeter"
    digest = json.loads(example.report.read_text())["image"]["digest"]
    said = run(*CLI, "--dry-run", ".", reference, cwd=example.root).out
    assert said.splitlines()[-1].startswith(f"{digest}, ")
    assert said.count("would be uploaded") == 1 + 2 * 4
    assert f"{reference}:1.0.0  " in said
    assert "  would be new\n" in said
    [told] = json.loads(run(*CLI, "--json", ".", reference, cwd=example.root).out)
    assert (told["name"], told["digest"], told["dry_run"]) == (reference, digest, False)
    assert told["tags"] == [{"tag": "1.0.0", "before": ""}]
    raw = json.loads(run(need("skopeo"), *SKOPEO, f"docker://{reference}:1.0.0").out)
    assert len(raw["manifests"]) == 4
    # Again, under another tag: all of it is there.
    said = run(*CLI, example.archive, f"{reference}:other").out
    assert "0.0 MB uploaded" in said
    assert said.count("  there\n") == 2 * 4
    said = run(*CLI, example.archive, f"{reference}:other").out
    assert f"{reference}:other" in said
    assert "moved" not in said


def archives(maker: Path, *names: str) -> Path:
    """Make a layout of as many images as there are *names*."""
    from hatch_multiarch.oci.layout import Layout
    from hatch_multiarch.oci.media_types import CONFIG, INDEX, MANIFEST

    layout = Layout(maker)
    entries = []
    for number, name in enumerate(names):
        config = layout.add(CONFIG, {"os": "linux", "architecture": "amd64", "n": number})
        document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config.document()}
        made = layout.add(MANIFEST, {**document, "layers": []})
        notes = {"io.containerd.image.name": name} if name else {}
        entries.append(made.document(annotations=notes))
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
    (maker / "index.json").write_text(json.dumps(index))
    (maker / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return maker


def test_several_images_go_under_their_own_names(
    tmp_path: Path, engine: Engine, run: Callable[..., Ran]
) -> None:
    base = f"{engine.registry}/cli-{secrets.token_hex(4)}"
    layout = archives(tmp_path / "layout", f"{base}/a:1", f"{base}/b:2")
    told = json.loads(run(*CLI, "--json", layout).out)
    assert [each["name"] for each in told] == [f"{base}/a", f"{base}/b"]
    for name in ("a:1", "b:2"):
        run(need("skopeo"), *SKOPEO, f"docker://{base}/{name}")
    said = run(*CLI, layout, f"{base}/c:1", code=7).out
    assert f"2 images can't have the same name: {base}/a:1, {base}/b:2" in said


@pytest.mark.parametrize(
    ("names", "words", "code", "message"),
    [
        (["docker.io/library/greeter:1"], [], 7, "greeter doesn't name a registry to push to"),
        ([""], [], 7, "no name with a registry"),
        ([""], ["example.com/x"], 7, "the image in it has no tag"),
        ([""], ["UPPER"], 2, "expected an image such as"),
        ([""], ["example.com/x@sha256:" + 64 * "0"], 2, "a digest cannot be pushed to"),
        ([""], ["127.0.0.1:1/x:1"], 9, "127.0.0.1:1: connection refused"),
    ],
)
def test_errors_are_one_line(
    tmp_path: Path,
    run: Callable[..., Ran],
    names: list[str],
    words: list[str],
    code: int,
    message: str,
) -> None:
    said = run(*CLI, archives(tmp_path / "layout", *names), *words, code=code).out
    assert message in said
    assert "Traceback" not in said


def test_what_is_no_image(project: Path, run: Callable[..., Ran]) -> None:
    assert "has built no image there" in run(*CLI, cwd=project, code=7).out
    said = run(*CLI, "example.com/x:1", cwd=project, code=7).out
    assert "`hatch-multiarch push . example.com/x:1` pushes what this project built there" in said


def test_a_platform_that_an_archive_only_lists_cannot_be_pushed(
    tmp_path: Path, run: Callable[..., Ran]
) -> None:
    layout = archives(tmp_path / "layout", "example.com/x:1")
    index = json.loads((layout / "index.json").read_text())
    blob = layout / "blobs" / index["manifests"][0]["digest"].replace(":", "/")
    kept = blob.read_bytes()
    manifest = json.loads(kept)
    (layout / "blobs" / manifest["config"]["digest"].replace(":", "/")).unlink()
    assert "is missing" in run(*CLI, layout, code=7).out
    blob.unlink()
    assert "is missing" in run(*CLI, layout, code=7).out
    assert find_image(str(layout)) == layout
    shutil.rmtree(layout)


def test_a_push_is_cheap_to_offer() -> None:
    """No other command imports what a push needs."""
    code = "import sys; from hatch_multiarch import cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    assert not {"http.client", "ssl", "hatch_multiarch.registry", "rich"} & modules
