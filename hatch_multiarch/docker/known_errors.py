"""Known errors of BuildKit and docker, with their causes."""

from __future__ import annotations

from typing import NamedTuple


class Cause(NamedTuple):
    """A kind of trouble: words that tell it (a regex), what it means, what to do about it."""

    pattern: str
    says: str
    advice: str


LOST = r"\bsnapshot \S+ does not exist: not found"
"""What BuildKit says of a part of its cache whose files are gone. It happens where a build was
interrupted just as a step began: the cache then fails each later build of that step."""

IN_STEP = (
    Cause(
        r"[Ee]xec format error",
        "a step runs a program of another platform, and the builder has no emulator for it",
        "register its emulator: `hatch-multiarch emulators install`, or use the strategy `cross`",
    ),
    Cause(
        r"[Nn]o space left on device|disk quota exceeded",
        "the disk of the builder is full",
        "free some: `docker buildx prune` removes build caches, `docker buildx du` shows them",
    ),
)
"""What a step of the user's may die of although it is right."""

CAUSES = (
    *IN_STEP,
    Cause(
        r"Cannot connect to the Docker daemon|error during connect|[Ii]s the docker daemon running",
        "the docker daemon does not answer any more",
        "start docker (Docker Desktop, or `sudo systemctl start docker`) and build again",
    ),
    Cause(
        LOST,
        "the builder lost a part of its build cache",
        "`docker buildx prune` empties the cache; then build again",
    ),
    Cause(
        r"failed to push.*(\b40[13]\b|denied|insufficient_scope|authoriz)|push access denied",
        "the registry refused the push",
        "`docker login` to it with an account that may push, and check tool.multiarch.image.name",
    ),
    Cause(
        r"no match for platform in manifest",
        "an image that the build starts from does not exist for a platform",
        "choose one that does: tool.multiarch.stage.image, or the FROM lines of your Dockerfile",
    ),
    Cause(
        r"pull access denied|insufficient_scope|40[13] (Unauthorized|Forbidden)"
        r"|failed to authorize",
        "an image that the build starts from was refused by its registry",
        (
            "check its name (tool.multiarch.stage.image, or the FROM lines of your Dockerfile); if "
            "it is private, `docker login` to its registry"
        ),
    ),
    Cause(
        r"(resolve source metadata|load metadata|manifests?/).*not found|manifest unknown",
        "an image that the build starts from was not found",
        "check its name and tag: tool.multiarch.stage.image, or the FROM lines of your Dockerfile",
    ),
    Cause(
        r"x509:|tls: |server gave HTTP response to HTTPS client",
        "the builder has no trusted TLS connection to a registry",
        (
            "give the builder the registry's certificate, or name the registry as insecure: for "
            'docker in daemon.json ("insecure-registries"), for others in buildkitd.toml'
        ),
    ),
    Cause(
        r"no such host|server misbehaving|name resolution|network is unreachable|no route to host"
        r"|i/o timeout|TLS handshake timeout"
        r"|(failed to (do request|push|resolve|copy)|httpReadSeeker|Head|Get|Put|Post|Patch)\b.*"
        r"(connection (refused|reset)|EOF|broken pipe)",
        "the builder cannot reach a registry",
        (
            "check the network of the builder's machine, its proxy (`proxies` in docker's "
            "config) and the name of the registry; what is built already stays in the cache"
        ),
    ),
    Cause(
        r"target stage .* could not be found",
        "your Dockerfile has no such stage",
        "tool.multiarch.stage.target names the stage that contains the helpers",
    ),
    Cause(
        r"network \S+ not found",
        "the builder has no such network for its steps",
        'set tool.multiarch.stage.network = "host"',
    ),
    Cause(
        r"network\.host is not allowed|security\.insecure is not allowed",
        "the builder may not do what a step asks for",
        (
            "create it again with tool.multiarch.builder.nodes.flags = "
            '["--allow-insecure-entitlement=network.host"], or set tool.multiarch.stage.network = '
            '"default"'
        ),
    ),
    Cause(
        r"code = Unavailable|Unavailable: |error reading from server|transport is closing"
        r"|use of closed network connection|connection (refused|reset)|unexpected EOF|: EOF$"
        r"|broken pipe|no active session|frontend grpc server closed|buildkit session",
        "the connection to the builder was lost during the build",
        "check that docker or the builder is running (`docker buildx ls`) and build again",
    ),
    Cause(
        r"is not supported for the docker driver|currently support exporting manifest lists"
        r"|index annotations not supported",
        "the docker driver doesn't support this",
        (
            "turn on docker's containerd image store, or use a builder of "
            'tool.multiarch.builder.driver = "docker-container"'
        ),
    ),
    Cause(
        r"no builder \S+ found",
        "the builder does not exist",
        "`docker buildx ls` lists the builders; tool.multiarch.builder describes one to create",
    ),
    Cause(
        r"context canceled|operation was canceled",
        "the build was canceled",
        "build again",
    ),
)

ADVICE_IN_STEP = (
    (
        (
            r"Temporary failure (resolving|in name resolution)|Could not resolve|no such host"
            r"|[Nn]etwork is unreachable|Could not connect to|dial tcp"
        ),
        (
            'the step has no network: try tool.multiarch.stage.network = "host", and behind a '
            "proxy set `proxies` in docker's config"
        ),
    ),
    (r"signal: killed|Killed", "a process was killed: give the builder more memory"),
)
"""Words in the output of a step that is wrong itself or lacks something, and the advice."""
