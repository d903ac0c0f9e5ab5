"""What the generated pipelines download, each at one version: the one place to raise them.

How to look each up again, before a release of ours:

- packages: ``pip index versions NAME``;
- actions, by commit: ``git ls-remote https://github.com/OWNER/NAME 'refs/tags/VERSION*'``;
- images, by the digest of their index: ``docker buildx imagetools inspect NAME:TAG``. Docker takes
  the digest and passes over the tag, which is there to be read.
"""

from __future__ import annotations

from hatch_multiarch import __version__
from hatch_multiarch.ci.yaml import Commented

OURS = f"hatch-multiarch=={__version__}"
OURS_AND_DOCKER = f'"hatch-multiarch[docker]=={__version__}"'
"""With docker's SDK, which runs images and loads them."""
HATCH = "hatch==1.18.2"
TWINE = "twine==7.0.0"
ATTESTATIONS = "pypi-attestations==0.0.30"

CHECKOUT = Commented("actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1")
PYTHON = Commented("actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97", "v7.0.0")
GO = Commented("actions/setup-go@b7ad1dad31e06c5925ef5d2fc7ad053ef454303e", "v7.0.0")
CACHE = Commented("actions/cache@55cc8345863c7cc4c66a329aec7e433d2d1c52a9", "v6.1.0")
UPLOAD = Commented("actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f", "v7.0.0")
DOWNLOAD = Commented("actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c", "v8.0.1")
BUILDX = Commented("docker/setup-buildx-action@37fe631027851001ddb9b187196cc803df7f5f0e", "v4.3.0")
GORELEASER = Commented(
    "goreleaser/goreleaser-action@f06c13b6b1a9625abc9e6e439d9c05a8f2190e94", "v7.2.3"
)
PUBLISH = Commented(
    "pypa/gh-action-pypi-publish@cef221092ed1bacb1cc03d23a2d87d1d172e277b", "v1.14.0"
)

BUILDX_VERSION = "v0.37.2"
BUILDKIT_IMAGE = (
    "moby/buildkit:v0.33.1@sha256:cec9f139f45e93c5c69c60f8b07cfad9f43f4ef6b6a6cd917527fea5ff2e3dea"
)
GORELEASER_VERSION = "v2.17.1"
GORELEASER_IMAGE = (
    f"goreleaser/goreleaser:{GORELEASER_VERSION}"
    "@sha256:1098a0be4da1780f9616a85f4c5050447b53e3e74804d8017ec1e2bbb1fb697a"
)
PYTHON_VERSION = "3.13"
"""On GitHub, whose runners hold the newest release of it."""
PYTHON_IMAGE = (
    "python:3.13.15-trixie@sha256:82c46c08c991d3d3ff10476ac5e386c2c28f27bbd3985a02c5e39fe99ab272eb"
)
DOCKER_IMAGE = (
    "docker:29.8.2-dind@sha256:7dcdfc4a20246236f558175182ccace1eb15a41bd3eb119dd2284f393498b7c1"
)
