"""The pipeline as GitLab's ``.gitlab-ci.yml``.

As in the workflow for GitHub a user's words are values of variables only, which GitLab is told
not to expand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hatch_multiarch import __version__
from hatch_multiarch.ci.yaml import Script

if TYPE_CHECKING:
    from hatch_multiarch.ci.pipeline import Pipeline

PATH = ".gitlab-ci.yml"
IMAGE = "python:3.13"
KEPT = "multiarch-image/"
ON_A_TAG = [{"if": "$CI_COMMIT_TAG"}]
KEEP = f"""\
mkdir -p {KEPT}
cp "./$OUTPUT"/*.oci.tar {KEPT}
"""
LOGIN = """\
if [ "$REGISTRY" = "$CI_REGISTRY" ]; then
  REGISTRY_USERNAME=$CI_REGISTRY_USER REGISTRY_PASSWORD=$CI_REGISTRY_PASSWORD
fi
umask 077
mkdir -p ~/.docker
printf '{"auths": {"%s": {"auth": "%s"}}}' "$SERVER" \\
  "$(printf %s "$REGISTRY_USERNAME:$REGISTRY_PASSWORD" | base64 -w0)" > ~/.docker/config.json
"""
HUB_KEY = "https://index.docker.io/v1/"
"""The key under which docker's config has the credentials of docker.io."""


def pipeline_file(pipeline: Pipeline) -> dict[str, Any]:
    """Return the pipeline, as data."""
    stages = ["build", "verify", "publish"] if pipeline.image else ["build", "publish"]
    jobs: dict[str, Any] = {"build": _build(pipeline)}
    if pipeline.apple:
        jobs["macos"] = _macos(pipeline)
    if pipeline.image:
        jobs["verify"] = _verify(pipeline)
    jobs["publish"] = {
        "stage": "publish",
        "image": IMAGE,
        "rules": ON_A_TAG,
        "environment": {"name": "pypi"},
        # twine takes the name of this token from the audience (trusted publishing).
        "id_tokens": {"PYPI_ID_TOKEN": {"aud": "pypi"}},
        "variables": {"GIT_STRATEGY": "empty"},
        "script": ['python -m pip install "twine>=6.1"', "python -m twine upload dist/*"],
    }
    if pipeline.registry:
        jobs["push-image"] = _push(pipeline)
    return {
        "workflow": {"rules": [{"if": '$CI_PIPELINE_SOURCE == "merge_request_event"'}, *ON_A_TAG]},
        "stages": stages,
        **jobs,
    }


def _variables(pipeline: Pipeline, **more: Any) -> dict[str, Any]:
    """Return variables of a job that checks out the project."""
    return {**more, **({"GIT_DEPTH": "0"} if pipeline.history else {})}


def _build(pipeline: Pipeline) -> dict[str, Any]:
    variables: dict[str, Any] = {}
    if pipeline.apple:
        variables["HATCH_MULTIARCH_PLATFORMS"] = " ".join(pipeline.linux)
    script: list[str] = [
        pipeline.install,
        "hatch build",
        "python -m twine check --strict dist/*",
        "python -m hatch_multiarch verify dist",
    ]
    paths = ["dist/"]
    if pipeline.image:
        variables["OUTPUT"] = {"value": pipeline.output, "expand": False}
        script.append(Script(KEEP))
        paths.append(KEPT)
    job: dict[str, Any] = {"stage": "build", "image": IMAGE, "interruptible": True}
    if found := _variables(pipeline, **variables):
        job["variables"] = found
    return {**job, "script": script, "artifacts": {"paths": paths}}


def _macos(pipeline: Pipeline) -> dict[str, Any]:
    switches = {
        "HATCH_MULTIARCH_PLATFORMS": " ".join(pipeline.apple),
        "HATCH_MULTIARCH_ENGINE": "host",
        "HATCH_MULTIARCH_IMAGE": "0",
    }
    return {
        "stage": "build",
        "tags": ["saas-macos-medium-m1"],
        "image": "macos-15-xcode-16",
        "interruptible": True,
        "variables": _variables(pipeline, **switches),
        "script": [
            "python3 -m venv venv",
            ". venv/bin/activate",
            pipeline.install,
            "hatch build --target wheel",
            "python -m twine check --strict dist/*",
            "python -m hatch_multiarch verify dist",
        ],
        "artifacts": {"paths": ["dist/"]},
    }


def _verify(pipeline: Pipeline) -> dict[str, Any]:
    """Return the job that runs the image: with a docker beside it, which has its own emulators."""
    script = [f'python -m pip install "hatch-multiarch[docker]=={__version__}"']
    if pipeline.emulated:
        script.insert(0, "apt-get -qq update && apt-get -qq install --yes docker.io")
        names = " ".join(pipeline.emulated)
        script.append(f"python -m hatch_multiarch emulators install --with docker {names}")
    script.append(
        f'for image in {KEPT}*.oci.tar; do python -m hatch_multiarch verify "$image"; done'
    )
    return {
        "stage": "verify",
        "image": IMAGE,
        "interruptible": True,
        "services": ["docker:dind"],
        "variables": {
            "GIT_STRATEGY": "empty",
            "DOCKER_HOST": "tcp://docker:2376",
            "DOCKER_TLS_VERIFY": "1",
            "DOCKER_TLS_CERTDIR": "/certs",
            "DOCKER_CERT_PATH": "/certs/client",
        },
        "script": script,
    }


def _push(pipeline: Pipeline) -> dict[str, Any]:
    hub = pipeline.registry == "docker.io"
    return {
        "stage": "publish",
        "image": IMAGE,
        "rules": ON_A_TAG,
        "needs": ["build", "verify", "publish"],
        "variables": {
            "GIT_STRATEGY": "empty",
            "REGISTRY": {"value": pipeline.registry, "expand": False},
            "SERVER": {"value": HUB_KEY if hub else pipeline.registry, "expand": False},
        },
        "script": [
            f"python -m pip install hatch-multiarch=={__version__}",
            Script(LOGIN),
            f"python -m hatch_multiarch push {KEPT}*.oci.tar",
        ],
    }
