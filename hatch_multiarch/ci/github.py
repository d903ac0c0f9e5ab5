"""The pipeline as a workflow of GitHub Actions.

A user's words reach it only as values of ``env`` and of an action's inputs, quoted, and never stand
in a script: a script is text that a shell reads. Rights are granted by job, and none to what a pull
request brings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hatch_multiarch.ci import pins
from hatch_multiarch.ci.github_builder import builder, literal
from hatch_multiarch.ci.yaml import Commented, Script

if TYPE_CHECKING:
    from hatch_multiarch.ci.pipeline import Pipeline

PATH = ".github/workflows/multiarch.yml"
REUSABLE_PATH = ".github/workflows/multiarch-build.yml"

LINUX = "ubuntu-24.04"
GHCR = "ghcr.io"
ON_A_TAG = "github.event_name == 'push' && github.ref_type == 'tag'"
LOGIN = 'printf %s "$PASSWORD" | docker login "$REGISTRY" --username "$USERNAME" --password-stdin\n'
KEEP = """\
mkdir -p "$RUNNER_TEMP/image"
cp "./$OUTPUT"/*.oci.tar "$RUNNER_TEMP/image/"
"""
VERIFY_IMAGE = """\
for image in "./$OUTPUT"/*.oci.tar; do python -m hatch_multiarch verify "$image"; done
"""
SUMMARY = 'python -m hatch_multiarch report --markdown >> "$GITHUB_STEP_SUMMARY"\n'
CACHES = """\
~/.cache/go-build
~/.cache/hatch-multiarch
~/.cache/zig
~/Library/Caches/go-build
~/Library/Caches/hatch-multiarch
~/go/pkg/mod
"""
"""Where Go, zig and we keep what we made, on Linux and on macOS; what is missing is passed over."""
CACHE = "multiarch-${{ runner.os }}-"
LOCKED = "'**/go.sum', '**/uv.lock', '**/requirements*.txt', '**/pyproject.toml'"
GORELEASER = "goreleaser"
"""The artifact that holds GoReleaser's folder."""


def workflow(pipeline: Pipeline, *, reusable: bool = False) -> dict[str, Any]:
    """Return the workflow of *pipeline*, as data. A *reusable* one builds, its caller publishes.

    The package index trusts the workflow that starts, and none that this one calls.
    """
    jobs: dict[str, Any] = {}
    if pipeline.goreleaser and not reusable:
        jobs["goreleaser"] = _goreleaser(pipeline)
    jobs["build"] = _build(pipeline, reusable=reusable)
    if pipeline.apple:
        jobs["macos"] = _macos(pipeline, reusable=reusable)
    shell = {"defaults": {"run": {"shell": "bash"}}}
    if reusable:
        name = {
            "description": "Artifact of the same run that holds GoReleaser's dist folder",
            "type": "string",
            "default": GORELEASER,
        }
        call = {"inputs": {"goreleaser": name}} if pipeline.goreleaser else {}
        on = {"workflow_call": call}
        return {"name": "multiarch-build", "on": on, "permissions": {}, **shell, "jobs": jobs}
    # Whatever runs before: a release is of a run in which nothing failed.
    jobs["publish"] = _publish(list(jobs))
    if pipeline.registry:
        jobs["push-image"] = _push(pipeline, list(jobs))
    return {
        "name": "multiarch",
        "on": {
            "pull_request": {},
            # Pull requests find the caches of this branch, and of no other.
            "push": {"branches": ["main", "master"], "tags": ["v*", "[0-9]*"]},
            "workflow_dispatch": {},
        },
        "permissions": {},
        "concurrency": {
            "group": "multiarch-${{ github.ref }}",
            "cancel-in-progress": "${{ github.event_name == 'pull_request' }}",
        },
        **shell,
        "jobs": jobs,
    }


def _goreleaser(pipeline: Pipeline) -> dict[str, Any]:
    """Return the job that runs GoReleaser: it builds, and publishes nothing."""
    version = {"go-version-file": "go.mod"} if pipeline.root_module else {"go-version": "stable"}
    steps = [
        {"uses": pins.CHECKOUT, "with": {"persist-credentials": False, "fetch-depth": 0}},
        {"uses": pins.GO, "with": {**version, "cache": False}},
        {
            "name": "GoReleaser",
            "uses": pins.GORELEASER,
            "with": {
                "version": pins.GORELEASER_VERSION,
                "args": "build --clean ${{ github.ref_type != 'tag' && '--snapshot' || '' }}",
            },
        },
        _upload(GORELEASER, literal(pipeline.goreleaser) + "/"),
    ]
    return _job("GoReleaser", LINUX, ("contents",), steps)


def _build(pipeline: Pipeline, *, reusable: bool) -> dict[str, Any]:
    dist = pipeline.dist
    steps = _begin(pipeline, reusable=reusable)
    needs_docker = bool(pipeline.image) or pipeline.loads
    steps.append(_install(pins.OURS_AND_DOCKER if needs_docker else pins.OURS))
    if pipeline.emulates:  # before BuildKit starts, which looks once
        steps.append(_emulators(pipeline.emulates))
    steps += builder(pipeline)
    switches = {}
    if pipeline.engine:
        switches["HATCH_MULTIARCH_ENGINE"] = pipeline.engine
    if pipeline.apple:
        switches["HATCH_MULTIARCH_PLATFORMS"] = " ".join(pipeline.linux)
    steps += _wheels(pipeline, "", switches)
    output = {"env": {"OUTPUT": literal(pipeline.output)}}
    if pipeline.image and pipeline.emulated and not pipeline.emulates:
        steps.append(_emulators(pipeline.emulated))
    # Of a project it is the image too; that looks for wheels where Hatch puts them by itself.
    whole = pipeline.image and dist == "dist"
    command = "verify" if whole else f"verify {dist}"
    steps.append({"name": "Verify", "run": f"python -m hatch_multiarch {command}"})
    if pipeline.image and not whole:
        steps.append({"name": "Verify the image", **output, "run": Script(VERIFY_IMAGE)})
    steps += [_summary(), _upload("dist", f"{dist}/")]
    if pipeline.registry:
        steps.append({"name": "Copy the image", **output, "run": Script(KEEP)})
        steps.append(_upload("image", "${{ runner.temp }}/image/"))
    return _needing_goreleaser(
        pipeline, _job("Build", LINUX, ("contents",), steps), reusable=reusable
    )


def _macos(pipeline: Pipeline, *, reusable: bool) -> dict[str, Any]:
    env = {
        "HATCH_MULTIARCH_ENGINE": "host",
        "HATCH_MULTIARCH_IMAGE": "0",
        "HATCH_MULTIARCH_PLATFORMS": " ".join(pipeline.apple),
    }
    steps: list[dict[str, Any]] = [
        *_begin(pipeline, reusable=reusable),
        _install(pins.OURS),
        *_wheels(pipeline, " --target wheel", env),
        {"name": "Verify", "run": f"python -m hatch_multiarch verify {pipeline.dist}"},
        _summary(),
        _upload("dist-macos", f"{pipeline.dist}/"),
    ]
    return _needing_goreleaser(
        pipeline, _job("macOS", "macos-15", ("contents",), steps), reusable=reusable
    )


def _publish(needs: list[str]) -> dict[str, Any]:
    """Return the job that uploads, with attestations, by the job's own identity."""
    wanted = {"pattern": "dist*", "path": "dist", "merge-multiple": True}
    steps: list[dict[str, Any]] = [
        {"uses": pins.DOWNLOAD, "with": wanted},
        {"name": "Publish", "uses": pins.PUBLISH, "with": {"attestations": True}},
    ]
    job = _job("Publish", LINUX, ("id-token",), steps)
    return {"if": ON_A_TAG, "needs": needs, "environment": "pypi", **job}


def _push(pipeline: Pipeline, needs: list[str]) -> dict[str, Any]:
    """Return the job that pushes: with the workflow's own token to GHCR, else with secrets."""
    own = pipeline.registry == GHCR
    login = {
        "REGISTRY": literal(pipeline.registry),
        "USERNAME": "${{ github.actor }}" if own else "${{ secrets.REGISTRY_USERNAME }}",
        "PASSWORD": "${{ github.token }}" if own else "${{ secrets.REGISTRY_PASSWORD }}",
    }
    steps: list[dict[str, Any]] = [
        {"uses": pins.PYTHON, "with": {"python-version": pins.PYTHON_VERSION}},
        {"uses": pins.DOWNLOAD, "with": {"name": "image", "path": "image"}},
        {"name": "Install", "run": f"python -m pip install {pins.OURS}"},
        {"name": "Log in", "env": login, "run": Script(LOGIN)},
        {"name": "Push", "run": "python -m hatch_multiarch push image/*.oci.tar"},
    ]
    job = _job("Push the image", LINUX, ("packages",) if own else (), steps)
    where = {} if own else {"environment": "registry"}
    return {"if": ON_A_TAG, "needs": needs, **where, **job}


def _begin(pipeline: Pipeline, *, reusable: bool) -> list[dict[str, Any]]:
    """Return the steps that every build begins with; git's credentials are not left behind.

    A release takes nothing from a cache that another run, of whatever code, has filled.
    """
    options: dict[str, Any] = {"persist-credentials": False}
    if pipeline.history:
        options["fetch-depth"] = 0
    cache = {
        "path": Script(CACHES),
        "key": f"{CACHE}${{{{ hashFiles({LOCKED}) }}}}",
        "restore-keys": CACHE,
        "lookup-only": "${{ startsWith(github.ref, 'refs/tags/') }}",
    }
    steps: list[dict[str, Any]] = [
        {"uses": pins.CHECKOUT, "with": options},
        {"uses": pins.PYTHON, "with": {"python-version": pins.PYTHON_VERSION}},
        {"uses": pins.CACHE, "if": "github.ref_type != 'tag'", "with": cache},
    ]
    if pipeline.goreleaser:
        name = "${{ inputs.goreleaser }}" if reusable else GORELEASER
        wanted = {"name": name, "path": literal(pipeline.goreleaser)}
        steps.append({"uses": pins.DOWNLOAD, "with": wanted})
    return steps


def _needing_goreleaser(
    pipeline: Pipeline, job: dict[str, Any], *, reusable: bool
) -> dict[str, Any]:
    return {"needs": ["goreleaser"], **job} if pipeline.goreleaser and not reusable else job


def _install(ours: str) -> dict[str, Any]:
    return {"name": "Install", "run": f"python -m pip install {ours} {pins.HATCH} {pins.TWINE}"}


def _emulators(platforms: tuple[str, ...]) -> dict[str, Any]:
    command = f"python -m hatch_multiarch emulators install {' '.join(platforms)}"
    return {"name": "Install emulators", "run": command}


def _wheels(pipeline: Pipeline, options: str, env: dict[str, str]) -> list[dict[str, Any]]:
    where = "" if pipeline.dist == "dist" else f" {pipeline.dist}"
    switches = {"env": env} if env else {}
    return [
        {"name": "Build", **switches, "run": f"hatch build{options}{where}"},
        {"name": "Check", "run": f"python -m twine check --strict {pipeline.dist}/*"},
    ]


def _summary() -> dict[str, Any]:
    return {"name": "Summary", "run": Script(SUMMARY)}


def _upload(name: str, path: str) -> dict[str, Any]:
    options = {"name": name, "path": path, "if-no-files-found": "error"}
    return {"uses": pins.UPLOAD, "with": options}


def _job(
    name: str, runner: str, rights: tuple[str, ...], steps: list[dict[str, Any]]
) -> dict[str, Any]:
    permissions = {each: _RIGHTS[each] for each in rights}
    about = {"name": name, "runs-on": runner, "permissions": permissions, "timeout-minutes": 60}
    return {**about, "steps": steps}


_RIGHTS = {
    "contents": Commented("read", "to check out the repository"),
    "id-token": Commented("write", "for trusted publishing and attestations"),
    "packages": Commented("write", "to push to ghcr.io"),
}
