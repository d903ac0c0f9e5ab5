"""The pipeline as a workflow of GitHub Actions.

A user's words reach it only as values of ``env``, quoted, and never stand in a script: a script
is text that a shell reads. Rights are granted by job, and none to what a pull request brings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hatch_multiarch import __version__
from hatch_multiarch.ci.yaml import Pinned, Script

if TYPE_CHECKING:
    from hatch_multiarch.ci.pipeline import Pipeline

PATH = ".github/workflows/multiarch.yml"

CHECKOUT = Pinned("actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1")
PYTHON = Pinned("actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97", "v7.0.0")
UPLOAD = Pinned("actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f", "v7.0.0")
DOWNLOAD = Pinned("actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c", "v8.0.1")
PUBLISH = Pinned("pypa/gh-action-pypi-publish@cef221092ed1bacb1cc03d23a2d87d1d172e277b", "v1.14.0")

GHCR = "ghcr.io"
ON_A_TAG = "github.event_name == 'push' && github.ref_type == 'tag'"
LOGIN = 'printf %s "$PASSWORD" | docker login "$REGISTRY" --username "$USERNAME" --password-stdin\n'
KEEP = """\
mkdir -p "$RUNNER_TEMP/image"
cp "./$OUTPUT"/*.oci.tar "$RUNNER_TEMP/image/"
"""


def workflow(pipeline: Pipeline) -> dict[str, Any]:
    """Return the workflow of *pipeline*, as data."""
    jobs = {"build": _build(pipeline)}
    if pipeline.apple:
        jobs["macos"] = _macos(pipeline)
    jobs["publish"] = _publish(["build", *(["macos"] if pipeline.apple else [])])
    if pipeline.registry:
        jobs["push-image"] = _push(pipeline)
    return {
        "name": "multiarch",
        "on": {
            "pull_request": {},
            "push": {"tags": ["v*", "[0-9]*"]},
            "workflow_dispatch": {},
        },
        "permissions": {},
        "concurrency": {
            "group": "multiarch-${{ github.ref }}",
            "cancel-in-progress": "${{ github.event_name == 'pull_request' }}",
        },
        "defaults": {"run": {"shell": "bash"}},
        "jobs": jobs,
    }


def literal(text: str) -> str:
    """Return *text* so that GitHub finds no expression in it."""
    return text.replace("${{", "${{ '${{' }}")


def _build(pipeline: Pipeline) -> dict[str, Any]:
    steps = _checkout(pipeline)
    steps.append({"name": "Install", "run": pipeline.install})
    build: dict[str, Any] = {"name": "Build", "run": "hatch build"}
    if pipeline.apple:
        build["env"] = {"HATCH_MULTIARCH_PLATFORMS": " ".join(pipeline.linux)}
    steps.append(build)
    steps.append({"name": "Check", "run": "python -m twine check --strict dist/*"})
    if pipeline.emulated:
        names = " ".join(pipeline.emulated)
        command = f"python -m hatch_multiarch emulators install {names}"
        steps.append({"name": "Install emulators", "run": command})
    # Of a project it is the image too, which has to be at hand for that.
    what = "verify" if pipeline.image else "verify dist"
    steps.append({"name": "Verify", "run": f"python -m hatch_multiarch {what}"})
    steps.append(_upload("dist", "dist/"))
    if pipeline.registry:
        keep = {"name": "Keep the image", "env": {"OUTPUT": literal(pipeline.output)}}
        steps.append({**keep, "run": Script(KEEP)})
        steps.append(_upload("image", "${{ runner.temp }}/image/"))
    return _job("ubuntu-24.04", {"contents": "read"}, steps)


def _macos(pipeline: Pipeline) -> dict[str, Any]:
    platforms = " ".join(pipeline.apple)
    env = {"HATCH_MULTIARCH_PLATFORMS": platforms, "HATCH_MULTIARCH_ENGINE": "host"}
    env["HATCH_MULTIARCH_IMAGE"] = "0"
    steps: list[dict[str, Any]] = [
        *_checkout(pipeline),
        {"name": "Install", "run": pipeline.install},
        {"name": "Build", "env": env, "run": "hatch build --target wheel"},
        {"name": "Check", "run": "python -m twine check --strict dist/*"},
        {"name": "Verify", "run": "python -m hatch_multiarch verify dist"},
        _upload("dist-macos", "dist/"),
    ]
    return _job("macos-15", {"contents": "read"}, steps)


def _publish(needs: list[str]) -> dict[str, Any]:
    wanted = {"pattern": "dist*", "path": "dist", "merge-multiple": True}
    steps: list[dict[str, Any]] = [
        {"uses": DOWNLOAD, "with": wanted},
        {"name": "Publish", "uses": PUBLISH},
    ]
    job = _job("ubuntu-24.04", {"id-token": "write"}, steps)
    return {"if": ON_A_TAG, "needs": needs, "environment": "pypi", **job}


def _push(pipeline: Pipeline) -> dict[str, Any]:
    """Return the job that pushes: with the workflow's own token to GHCR, else with secrets."""
    own = pipeline.registry == GHCR
    login = {
        "REGISTRY": literal(pipeline.registry),
        "USERNAME": "${{ github.actor }}" if own else "${{ secrets.REGISTRY_USERNAME }}",
        "PASSWORD": "${{ github.token }}" if own else "${{ secrets.REGISTRY_PASSWORD }}",
    }
    steps: list[dict[str, Any]] = [
        {"uses": PYTHON, "with": {"python-version": "3.13"}},
        {"uses": DOWNLOAD, "with": {"name": "image", "path": "image"}},
        {"name": "Install", "run": f"python -m pip install hatch-multiarch=={__version__}"},
        {"name": "Log in", "env": login, "run": Script(LOGIN)},
        {"name": "Push", "run": "python -m hatch_multiarch push image/*.oci.tar"},
    ]
    job = _job("ubuntu-24.04", {"packages": "write"} if own else {}, steps)
    where = {} if own else {"environment": "registry"}
    return {"if": ON_A_TAG, "needs": ["build", "publish"], **where, **job}


def _checkout(pipeline: Pipeline) -> list[dict[str, Any]]:
    """Return the steps that every build begins with; git's credentials are not left behind."""
    options: dict[str, Any] = {"persist-credentials": False}
    if pipeline.history:
        options["fetch-depth"] = 0
    return [
        {"uses": CHECKOUT, "with": options},
        {"uses": PYTHON, "with": {"python-version": "3.13"}},
    ]


def _upload(name: str, path: str) -> dict[str, Any]:
    return {"uses": UPLOAD, "with": {"name": name, "path": path, "if-no-files-found": "error"}}


def _job(runner: str, permissions: dict[str, str], steps: list[dict[str, Any]]) -> dict[str, Any]:
    rights = {"permissions": permissions, "timeout-minutes": 60}
    return {"runs-on": runner, **rights, "steps": steps}
