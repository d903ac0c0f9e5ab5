"""The kubernetes driver, without a cluster: buildx itself reads the options when it makes a node.

`docker buildx create` hands them to its driver (driver/kubernetes/factory.go), which refuses what
it does not know or cannot read, and connects to a cluster only when it builds.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from hatch_multiarch.config import BuilderConfig, NodeConfig
from hatch_multiarch.docker.locate_buildx import find_buildx
from hatch_multiarch.docker.manage import create
from hatch_multiarch.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path

    from engine_fixture import Engine

    from hatch_multiarch.docker.locate_buildx import Buildx

KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "none", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "nobody", "user": {}}],
    "contexts": [{"name": "none", "context": {"cluster": "none", "user": "nobody"}}],
    "current-context": "none",
}


@pytest.fixture
def buildx(engine: Engine, tmp_path: Path) -> Buildx:
    """Return a buildx that knows of a cluster, and keeps its builders in `tmp_path`."""
    (tmp_path / "kube").write_text(json.dumps(KUBECONFIG))
    settings = {"KUBECONFIG": str(tmp_path / "kube"), "BUILDX_CONFIG": str(tmp_path / "buildx")}
    return find_buildx({**engine.env, **settings})


def test_every_option_arrives(buildx: Buildx, tmp_path: Path):
    shared = {
        "namespace": "builds",
        "replicas": "2",
        "image": "registry.example.com/buildkit:v1",
        "requests.cpu": "500m",
        "limits.memory": "2Gi",
        "loadbalance": "random",
        "tolerations": "key=arm,operator=Equal,value=yes,effect=NoSchedule;key=spot",
        "annotations": "example.com/team=build",
    }
    nodes = (
        NodeConfig("amd", platforms=("linux/amd64", "linux/386")),
        NodeConfig(
            "arm",
            platforms=("linux/arm64", "linux/arm/v7"),
            driver_options={"nodeselector": "kubernetes.io/arch=arm64,disk=fast", "replicas": "3"},
            flags=("--debug", "--oci-worker-gc-keepstorage=10GB"),
        ),
    )
    create(buildx, BuilderConfig("fleet", "kubernetes", shared, nodes=nodes), "greeter")

    kept = json.loads((tmp_path / "buildx/instances/fleet").read_text())
    amd, arm = kept["Nodes"]
    assert kept["Driver"] == "kubernetes"
    assert amd["DriverOpts"] == shared
    assert arm["DriverOpts"] == {**shared, **nodes[1].driver_options}
    assert [platform["architecture"] for platform in amd["Platforms"]] == ["amd64", "386"]
    assert [platform["architecture"] for platform in arm["Platforms"]] == ["arm64", "arm"]
    assert set(nodes[1].flags) < set(arm["Flags"]), "buildx adds one"


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("replica", "2", "invalid driver option replica for driver kubernetes"),
        ("replicas", "two", "parsing two"),
        ("loadbalance", "weird", "invalid loadbalance"),
        ("tolerations", "bad=a", "bad=a"),
        ("requests.cpu", "lots", "quantities must match"),
        ("rootless", "perhaps", "perhaps"),
    ],
)
def test_what_buildx_cannot_read_is_refused(
    buildx: Buildx, tmp_path: Path, option: str, value: str, says: str
):
    config = BuilderConfig("fleet", "kubernetes", {option: value})
    with pytest.raises(EngineError) as caught:
        create(buildx, config, "greeter")
    assert says in str(caught.value).replace('"', "")
    assert not (tmp_path / "buildx/instances/fleet").exists()
