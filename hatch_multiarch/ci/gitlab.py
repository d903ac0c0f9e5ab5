"""The pipeline as GitLab's ``.gitlab-ci.yml``.

As in the workflow for GitHub a user's words never stand in a script. They are values of variables,
which GitLab is told not to expand, and paths of caches and artifacts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hatch_multiarch.ci import pins
from hatch_multiarch.ci.yaml import Script

if TYPE_CHECKING:
    from hatch_multiarch.ci.pipeline import Pipeline

PATH = ".gitlab-ci.yml"
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
DIND = [{"name": pins.DOCKER_IMAGE, "alias": "docker"}]
DOCKER = {
    "DOCKER_HOST": "tcp://docker:2376",
    "DOCKER_TLS_VERIFY": "1",
    "DOCKER_TLS_CERTDIR": "/certs",
    "DOCKER_CERT_PATH": "/certs/client",
}
CLI = Script("apt-get -qq update\napt-get -qq install --yes docker-cli docker-buildx\n")
CREATE = "python -m hatch_multiarch builder create --bootstrap"
CREATE_IN_DIND = f"""\
docker context create dind
env -u DOCKER_HOST -u DOCKER_TLS_VERIFY -u DOCKER_CERT_PATH DOCKER_CONTEXT=dind \\
  {CREATE}
"""
"""buildx makes no builder of certificates that only the environment names."""
CACHE_FOLDER = ".multiarch-cache"
"""In the checkout, where GitLab looks for it. During the build it is beside, not in the sdist."""
RESTORE = f"""\
mkdir -p {CACHE_FOLDER}
rm -rf "$XDG_CACHE_HOME"
mv {CACHE_FOLDER} "$XDG_CACHE_HOME"
"""
SAVE = f'mv "$XDG_CACHE_HOME" {CACHE_FOLDER}\n'
SNAPSHOT = """\
if [ -n "$CI_COMMIT_TAG" ]; then goreleaser build --clean
else goreleaser build --clean --snapshot; fi
"""


def pipeline_file(pipeline: Pipeline) -> dict[str, Any]:
    """Return the pipeline, as data. A stage begins when all jobs of the one before it passed."""
    jobs: dict[str, Any] = {}
    if pipeline.goreleaser:
        jobs["goreleaser"] = _goreleaser(pipeline)
    jobs["build"] = _build(pipeline)
    if pipeline.apple:
        jobs["macos"] = _macos(pipeline)
    if pipeline.image:
        jobs["verify"] = _verify(pipeline)
    jobs["publish"] = _publish(pipeline)
    if pipeline.registry:
        jobs["push-image"] = _push(pipeline)
    return {
        "workflow": {
            "rules": [
                {"if": '$CI_PIPELINE_SOURCE == "merge_request_event"'},
                {"if": "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"},
                *ON_A_TAG,
            ]
        },
        "stages": list(dict.fromkeys(job["stage"] for job in jobs.values())),
        **jobs,
    }


def _goreleaser(pipeline: Pipeline) -> dict[str, Any]:
    """Return the job that runs GoReleaser: it builds, and publishes nothing."""
    return {
        "stage": "goreleaser",
        "image": {"name": pins.GORELEASER_IMAGE, "entrypoint": [""]},
        "interruptible": True,
        "variables": {"GIT_DEPTH": "0"},
        "script": [Script(SNAPSHOT)],
        "artifacts": {"paths": [f"{pipeline.goreleaser}/"]},
    }


def _build(pipeline: Pipeline) -> dict[str, Any]:
    dist, variables = pipeline.dist, _variables(pipeline)
    if pipeline.engine:
        variables["HATCH_MULTIARCH_ENGINE"] = pipeline.engine
    if pipeline.apple:
        variables["HATCH_MULTIARCH_PLATFORMS"] = " ".join(pipeline.linux)
    script: list[str] = [Script(RESTORE)]
    if pipeline.buildx or pipeline.emulates:
        script.append(CLI)
    script.append(_install(pins.OURS_AND_DOCKER if pipeline.loads else pins.OURS))
    if pipeline.emulates:  # before BuildKit starts, which looks once
        script.append(_emulators(pipeline.emulates))
    driver = pipeline.builder.driver if pipeline.builder else "docker"
    if driver != "docker":
        script.append(Script(CREATE_IN_DIND) if pipeline.daemon else CREATE)
    script += _wheels(pipeline, "")
    paths = [f"{dist}/"]
    if pipeline.image:
        variables["OUTPUT"] = {"value": pipeline.output, "expand": False}
        script.append(Script(KEEP))
        paths.append(KEPT)
    script.append(Script(SAVE))
    job: dict[str, Any] = {"stage": "build", "image": pins.PYTHON_IMAGE, "interruptible": True}
    if pipeline.daemon:
        job["services"] = DIND
        variables |= DOCKER
    job |= {"variables": variables, "cache": _cache(pipeline, "build"), "script": script}
    if driver != "docker":
        # What was started on other machines does not stay there.
        job["after_script"] = ["python -m hatch_multiarch builder rm || true"]
    return {**job, "artifacts": {"paths": paths}}


def _macos(pipeline: Pipeline) -> dict[str, Any]:
    return {
        "stage": "build",
        "tags": ["saas-macos-medium-m1"],
        "image": "macos-15-xcode-16",
        "interruptible": True,
        "variables": {
            **_variables(pipeline),
            "GOCACHE": "$CI_PROJECT_DIR.cache/go-build",
            "HATCH_MULTIARCH_ENGINE": "host",
            "HATCH_MULTIARCH_IMAGE": "0",
            "HATCH_MULTIARCH_PLATFORMS": " ".join(pipeline.apple),
        },
        "cache": _cache(pipeline, "macos"),
        "script": [
            Script(RESTORE),
            "python3 -m venv venv",
            ". venv/bin/activate",
            _install(pins.OURS),
            *_wheels(pipeline, " --target wheel"),
            Script(SAVE),
        ],
        "artifacts": {"paths": [f"{pipeline.dist}/"]},
    }


def _verify(pipeline: Pipeline) -> dict[str, Any]:
    """Return the job that runs the image: with a docker beside it, which has its own emulators."""
    script = [f"python -m pip install {pins.OURS_AND_DOCKER}"]
    if pipeline.emulated:
        script = [CLI, *script, _emulators(pipeline.emulated)]
    script.append(
        f'for image in {KEPT}*.oci.tar; do python -m hatch_multiarch verify "$image"; done'
    )
    return {
        "stage": "verify",
        "image": pins.PYTHON_IMAGE,
        "interruptible": True,
        "services": DIND,
        "variables": {"GIT_STRATEGY": "empty", **DOCKER},
        "script": script,
    }


def _publish(pipeline: Pipeline) -> dict[str, Any]:
    """Return the job that uploads, with attestations, by the job's own identity."""
    return {
        "stage": "publish",
        "image": pins.PYTHON_IMAGE,
        "rules": ON_A_TAG,
        "environment": {"name": "pypi"},
        # Names that twine and sigstore take by the audience of the token.
        "id_tokens": {
            "PYPI_ID_TOKEN": {"aud": "pypi"},
            "SIGSTORE_ID_TOKEN": {"aud": "sigstore"},
        },
        "variables": {"GIT_STRATEGY": "empty"},
        "script": [
            f"python -m pip install {pins.TWINE} {pins.ATTESTATIONS}",
            f"python -m pypi_attestations sign {pipeline.dist}/*",
            f"python -m twine upload --attestations {pipeline.dist}/*",
        ],
    }


def _push(pipeline: Pipeline) -> dict[str, Any]:
    """Return the job that pushes, in a stage of its own: after the upload, and last."""
    hub = pipeline.registry == "docker.io"
    return {
        "stage": "push",
        "image": pins.PYTHON_IMAGE,
        "rules": ON_A_TAG,
        "variables": {
            "GIT_STRATEGY": "empty",
            "REGISTRY": {"value": pipeline.registry, "expand": False},
            "SERVER": {"value": HUB_KEY if hub else pipeline.registry, "expand": False},
        },
        "script": [
            f"python -m pip install {pins.OURS}",
            Script(LOGIN),
            f"python -m hatch_multiarch push {KEPT}*.oci.tar",
        ],
    }


def _variables(pipeline: Pipeline) -> dict[str, Any]:
    """Return variables of a job that checks out the project and compiles."""
    caches = {
        "GOMODCACHE": "$CI_PROJECT_DIR.cache/go-mod",
        "XDG_CACHE_HOME": "$CI_PROJECT_DIR.cache",
    }
    return {**caches, **({"GIT_DEPTH": "0"} if pipeline.history else {})}


def _cache(pipeline: Pipeline, job: str) -> list[dict[str, Any]]:
    """Return the caches of *job*: of equal locks and config, else what the last run has left.

    GitLab finds a fallback by its whole name only, so that there has to be one of a name without a
    checksum; that one is only written here.
    """
    name = f"multiarch-{job}"
    files = {"files": [pipeline.go_sum, "pyproject.toml"], "prefix": name}
    paths = [f"{CACHE_FOLDER}/"]
    return [
        {"key": files, "fallback_keys": [name], "paths": paths},
        {"key": name, "policy": "push", "paths": paths},
    ]


def _install(ours: str) -> str:
    return f"python -m pip install {ours} {pins.HATCH} {pins.TWINE}"


def _emulators(platforms: tuple[str, ...]) -> str:
    return f"python -m hatch_multiarch emulators install --with docker {' '.join(platforms)}"


def _wheels(pipeline: Pipeline, options: str) -> list[str]:
    where = "" if pipeline.dist == "dist" else f" {pipeline.dist}"
    return [
        f"hatch build{options}{where}",
        f"python -m twine check --strict {pipeline.dist}/*",
        f"python -m hatch_multiarch verify {pipeline.dist}",
    ]
