"""One clear error out of what buildx says. test_solve and test_killing have it said for real."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from hatch_multiarch.docker.build_failure import failure
from hatch_multiarch.docker.rawjson import Tracker
from hatch_multiarch.errors import CompileError, EngineError

if TYPE_CHECKING:
    from pathlib import Path

BEGAN, ENDED = "2024-11-24T15:29:00Z", "2024-11-24T15:29:01Z"
RUN = "[linux/amd64 build-linux-arm64 2/2] RUN go build\n./..."


def tracker(name: str = RUN, error: str = "", log: str = "") -> Tracker:
    """Return the state of a build with one step: it failed with *error*, or runs without one."""
    vertex = {"digest": "sha256:aa", "name": name, "started": BEGAN}
    if error:
        vertex |= {"completed": ENDED, "error": error}
    data = base64.b64encode(log.encode()).decode()
    found = Tracker()
    found.update({"vertexes": [vertex], "logs": [{"vertex": "sha256:aa", "data": data}]})
    return found


def exited(code: int) -> str:
    return f'process "/bin/sh -c go build" did not complete successfully: exit code: {code}'


def said(*reason: str) -> list[str]:
    """Return the text of buildx with *reason* as its last words."""
    return [
        "Dockerfile:12",
        "--------------------",
        "  10 |     FROM x AS build-linux-arm64",
        "  11 |     ",
        "  12 | >>> RUN go build \\",
        "  13 | >>>   ./...",
        "  14 |     ",
        "--------------------",
        f"ERROR: failed to solve: {reason[0]}",
        *reason[1:],
        "",
        "View build details: docker-desktop://dashboard/build/default/default/abc",
    ]


def test_a_step_that_failed():
    log = "".join(f"line {at}\n" for at in range(100)) + "main.go:3: undefined: x\n"
    error = failure(tracker(error=exited(2), log=log), said(exited(2)), 1)
    assert type(error) is CompileError
    assert error.advice == ""
    lines = error.message.splitlines()
    assert lines[0] == (
        "`RUN go build` (linux/amd64, stage build-linux-arm64) failed with exit code 2 "
        "at Dockerfile:12"
    )
    assert lines[1:3] == ["  12 | >>> RUN go build \\", "  13 | >>>   ./..."]
    assert lines[3] == "line 61"
    assert lines[-2:] == ["line 99", "main.go:3: undefined: x"]


@pytest.mark.parametrize(
    ("code", "log", "kind", "says", "advice"),
    [
        (
            255,
            "exec /bin/sh: exec format error",
            EngineError,
            "has no emulator for it",
            "`hatch-multiarch emulators install`",
        ),
        (
            1,
            "write /x: no space left on device",
            EngineError,
            "disk of the builder is full",
            "prune",
        ),
        (137, "", CompileError, "failed with exit code 137", "memory"),
        (1, "g++: fatal error: Killed signal terminated", CompileError, "exit code 1", "memory"),
        (
            100,
            "Temporary failure resolving 'deb.example.org'",
            CompileError,
            "exit code 100",
            'tool.multiarch.stage.network = "host"',
        ),
    ],
)
def test_a_step_that_could_not(code: int, log: str, kind: type, says: str, advice: str):
    error = failure(tracker(error=exited(code), log=f"{log}\n"), said(exited(code)), 1)
    assert type(error) is kind
    assert says in error.message.splitlines()[0]
    assert log in error.message
    assert advice in error.advice


META = "127.0.0.1:5000/x:1: failed to resolve source metadata for 127.0.0.1:5000/x:1: "
REQUEST = 'failed to do request: Head "https://r.example.com/v2/x/manifests/1": '
PUSH = "failed to push r.example.com/x:1: "


@pytest.mark.parametrize(
    ("reason", "says", "advice"),
    [
        (f"{META}127.0.0.1:5000/x:1: not found", "was not found", "tool.multiarch.stage.image"),
        (
            (
                f"{META}pull access denied, repository does not exist or may require "
                "authorization: server message: insufficient_scope: authorization failed"
            ),
            "was refused by its registry",
            "docker login",
        ),
        (
            (
                f"{META}unexpected status from HEAD request to http://127.0.0.1:5000/v2/x/"
                "manifests/1: 401 Unauthorized"
            ),
            "was refused by its registry",
            "docker login",
        ),
        (
            f"{META}no match for platform in manifest: not found",
            "does not exist for a platform",
            "tool.multiarch.stage.image",
        ),
        (
            (
                f"{META}{REQUEST}tls: failed to verify certificate: x509: certificate signed by "
                "unknown authority"
            ),
            "no trusted TLS connection",
            "certificate",
        ),
        (
            f"{META}{REQUEST}http: server gave HTTP response to HTTPS client",
            "no trusted TLS connection",
            "insecure-registries",
        ),
        (
            f"{META}{REQUEST}dial tcp: lookup r.example.com on 127.0.0.53:53: no such host",
            "cannot reach a registry",
            "proxy",
        ),
        (
            f"{META}{REQUEST}dial tcp 127.0.0.1:5000: connect: connection refused",
            "cannot reach a registry",
            "network",
        ),
        (
            "failed to copy: httpReadSeeker: failed open: connection reset by peer",
            "cannot reach a registry",
            "network",
        ),
        (
            f"{PUSH}failed to authorize: failed to fetch oauth token: 401 Unauthorized",
            "refused the push",
            "docker login",
        ),
        (
            f"{PUSH}push access denied, repository does not exist or may require authorization",
            "refused the push",
            "docker login",
        ),
        (f"{PUSH}unexpected status: 403 Forbidden", "refused the push", "docker login"),
        (  # digits of a digest are no status
            (
                f'{PUSH}failed to do request: Head "https://r.example.com/v2/x/sha256:a4034": '
                "dial tcp 127.0.0.1:5: connect: connection refused"
            ),
            "cannot reach a registry",
            "network",
        ),
        (
            f'{PUSH}failed to do request: Put "http://r.example.com/v2/x": EOF',
            "cannot reach a registry",
            "network",
        ),
        (
            (
                "failed to receive status: rpc error: code = Unavailable desc = error reading from "
                "server: EOF"
            ),
            "connection to the builder was lost",
            "docker buildx ls",
        ),
        (
            (
                "listing workers for Build: failed to list workers: Unavailable: connection error: "
                'desc = "transport: Error while dialing: dial unix /run/b.sock: connect: '
                'connection refused"'
            ),
            "connection to the builder was lost",
            "docker buildx ls",
        ),
        (
            (
                "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker "
                "daemon running?"
            ),
            "docker daemon does not answer",
            "systemctl start docker",
        ),
        (
            "failed to copy to tar: write /x: no space left on device",
            "the disk of the builder is full",
            "docker buildx prune",
        ),
        (
            "failed to load LLB: network.host is not allowed",
            "the builder may not do",
            "--allow-insecure-entitlement=network.host",
        ),
        (
            "OCI exporter is not supported for the docker driver.",
            "the docker driver doesn't",
            '"docker-container"',
        ),
        ('no builder "fleet" found', "the builder does not exist", "docker buildx ls"),
        ("Canceled: context canceled", "the build was canceled", ""),
        (
            "failed to create task: exec /bin/sh: exec format error",
            "has no emulator for it",
            "emulators install",
        ),
    ],
)
def test_what_is_not_the_dockerfile_s_fault(reason: str, says: str, advice: str):
    for text in (said(reason), [f"ERROR: {reason}"]):
        error = failure(tracker("[internal] load metadata for x"), text, 1)
        assert type(error) is EngineError
        assert says in error.message.split(": ")[0]
        # Words of gRPC before it, which say nothing to anyone, are left out.
        assert error.message.split(": ", 1)[1] in reason
        assert "\n" not in error.message
        assert advice in error.advice


def test_what_went_wrong_is_told_behind_the_state_of_an_upload():
    put = f'Put "http://r.example.com/v2/x?_state={"x" * 500}": EOF'
    error = failure(tracker(), [f"ERROR: failed to push x: failed to do request: {put}"], 1)
    assert error.message.startswith("the builder cannot reach a registry")
    assert error.message.endswith('Put "http://r.example.com/v2/x": EOF')


def test_the_step_that_ran_when_the_daemon_went():
    reason = "failed to receive status: rpc error: code = Unavailable desc = closing transport"
    error = failure(tracker(), [f"ERROR: failed to solve: {reason}"], 1)
    assert error.message == (
        "the connection to the builder was lost during the build while `RUN go build` "
        "(linux/amd64, stage build-linux-arm64) ran: closing transport"
    )


@pytest.mark.parametrize(
    ("code", "says"),
    [(-9, "was killed (SIGKILL)"), (255, "ended without an error message (code 255)")],
)
def test_buildx_that_was_killed(code: int, says: str):
    error = failure(tracker(), ['time="2024" level=warning msg=x'], code)
    assert type(error) is EngineError
    assert error.message == (
        f"docker buildx {says} while `RUN go build` (linux/amd64, stage build-linux-arm64) ran"
    )


def test_a_mistake_in_the_dockerfile():
    error = failure(
        Tracker(), said("dockerfile parse error on line 12: unknown instruction: RNU"), 1
    )
    assert type(error) is CompileError
    assert error.message.splitlines() == [
        "Dockerfile:12: dockerfile parse error on line 12: unknown instruction: RNU",
        "  12 | >>> RUN go build \\",
        "  13 | >>>   ./...",
    ]


def test_a_long_script_does_not_hide_the_cause():
    script = 'process "/bin/sh -c echo \\"' + "x" * 500 + '\\"\\n" did not complete successfully: '
    why = "unable to find user root: invalid argument"
    error = failure(tracker(error=script + why), said(script + why), 1)
    assert error.message.splitlines()[0] == (
        f"Dockerfile:12: a process did not complete successfully: {why}"
    )


def test_what_is_not_known_is_said_as_it_is():
    error = failure(Tracker(), ["WARNING: x", "ERROR: failed to build: what: is this"], 1)
    assert type(error) is EngineError
    assert error.message == "docker buildx failed: what: is this"


def test_secrets_are_not_shown(tmp_path: Path):
    netrc, token = tmp_path / "netrc", tmp_path / "token"
    netrc.write_text("machine git.example.com login robot\n  password hunter22\n")
    token.write_text("tok-123 456\n\nab\n")
    log = "https://robot:hunter22@git.example.com/x hunter22 Robot robot\nhas tok-123 456 ab\n"
    name = "[1/1] RUN curl https://u:pw@x.example.com/ hunter22"
    error = failure(
        tracker(name, exited(1), log),
        said(exited(1) + " https://u:pw@x.example.com/"),
        1,
        secrets=[netrc, token, tmp_path / "missing"],
    )
    assert error.message.splitlines()[0].startswith("`RUN curl https://***@x.example.com/ ***`")
    assert error.message.splitlines()[-2:] == [
        "https://***@git.example.com/x *** Robot ***",
        "has *** ab",
    ]
