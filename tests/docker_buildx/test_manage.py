"""Builders from the config: the words, and what really becomes of them."""

from __future__ import annotations

import http.server
import json
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from engine_fixture import docker
from packaging.version import Version

from hatch_multiarch.config import BuilderConfig, NodeConfig
from hatch_multiarch.docker import manage
from hatch_multiarch.docker.builders import inspect_builder, list_builders
from hatch_multiarch.docker.locate_buildx import Buildx
from hatch_multiarch.errors import EngineError, PlanError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from engine_fixture import Engine

FAR = NodeConfig("far", "tcp://127.0.0.1:9", ("linux/amd64",))
ARM = NodeConfig("arm", "tcp://127.0.0.1:8", ("linux/arm64", "linux/arm/v7"))


@pytest.mark.parametrize(
    ("configured", "project", "name"),
    [
        ("fleet", "greeter", "fleet"),
        ("", "greeter", "greeter-multiarch"),
        ("", "My.Greeter__2", "my-greeter-2-multiarch"),
        ("", "7up", "multiarch-7up"),
    ],
)
def test_the_name_of_the_builder(configured: str, project: str, name: str):
    assert manage.configured_name(BuilderConfig(configured), project) == name


@pytest.mark.parametrize(
    ("config", "environ", "name"),
    [
        (None, {}, ""),
        (None, {"BUILDX_BUILDER": "mine"}, "mine"),
        (BuilderConfig("fleet"), {"BUILDX_BUILDER": "mine"}, "mine"),
        (BuilderConfig("fleet"), {"BUILDX_BUILDER": ""}, "fleet"),
        (BuilderConfig(), {}, "greeter-multiarch"),
        (BuilderConfig(driver="docker"), {"DOCKER_HOST": "unix:///x"}, "default"),
        (BuilderConfig(driver="docker"), {"DOCKER_CONTEXT": "box"}, "box"),
        (BuilderConfig("desktop-linux", driver="docker"), {}, "desktop-linux"),
    ],
)
def test_the_builder_that_builds_go_to(
    config: BuilderConfig | None, environ: dict[str, str], name: str
):
    assert manage.builder_name(config, "greeter", environ) == name


def test_docker_s_own_builder_has_the_name_of_the_context_in_use(tmp_path: Path):
    config = {"DOCKER_CONFIG": str(tmp_path)}
    mine = BuilderConfig(driver="docker")
    assert manage.builder_name(mine, "greeter", config) == "default"
    (tmp_path / "config.json").write_text('{"currentContext": "box"}')
    for environ, name in (
        ({}, "box"),
        ({"DOCKER_CONTEXT": "other"}, "other"),
        ({"DOCKER_CONTEXT": "other", "DOCKER_HOST": "unix:///x"}, "default"),
    ):
        assert manage.builder_name(mine, "greeter", {**config, **environ}) == name
        assert manage.own_builder({**config, **environ}) == name


def test_words_of_one_node_where_docker_is():
    assert manage.command(BuilderConfig(), "greeter") == [
        [
            "create",
            "--name=greeter-multiarch",
            "--driver=docker-container",
            "--node=greeter-multiarch0",
        ]
    ]
    assert manage.command(BuilderConfig(driver="docker"), "greeter") == []


def test_words_of_a_fleet(tmp_path: Path):
    config = BuilderConfig(
        "fleet",
        driver_options={"image": "example.com/buildkit", "network": "host"},
        config="ci/buildkitd.toml",
        nodes=(
            NodeConfig(platforms=("linux/amd64", "linux/386")),
            NodeConfig(
                "arm",
                "ssh://ci@arm-box",
                ("linux/arm64",),
                {"network": "bridge", "env.NO_PROXY": "a,b"},
                ("--oci-worker-gc=false", "--debug"),
            ),
        ),
    )
    settings = f"--buildkitd-config={tmp_path}/ci/buildkitd.toml"
    assert manage.command(config, "greeter", tmp_path) == [
        [
            *("create", "--name=fleet", "--driver=docker-container", "--node=fleet0"),
            *("--platform=linux/amd64,linux/386", "--driver-opt=image=example.com/buildkit"),
            *("--driver-opt=network=host", settings),
        ],
        [
            *("create", "--name=fleet", "--driver=docker-container", "--node=arm", "--append"),
            *("--platform=linux/arm64", "--driver-opt=image=example.com/buildkit"),
            *("--driver-opt=network=bridge", '--driver-opt="env.NO_PROXY=a,b"'),
            *("--buildkitd-flags=--oci-worker-gc=false --debug", settings),
            *("--", "ssh://ci@arm-box"),
        ],
    ]


def test_a_platform_belongs_to_one_node():
    config = BuilderConfig("fleet", "remote", nodes=(FAR, replace(ARM, platforms=FAR.platforms)))
    with pytest.raises(PlanError, match=r"nodes\[1\].platforms: linux/amd64 is for the node 'far'"):
        manage.command(config, "greeter")


@pytest.fixture
def buildx(engine: Engine) -> Buildx:
    env = {key: text for key, text in engine.env.items() if key != "BUILDX_BUILDER"}
    return Buildx("docker", Version("0.13.1"), env)


@pytest.fixture
def name(engine: Engine, buildx: Buildx) -> Generator[str]:
    made = f"manage-{os.urandom(4).hex()}"
    yield made
    if made in names(buildx):
        docker(engine, "buildx", "rm", made)


def names(buildx: Buildx) -> list[str]:
    return [row["Name"] for row in list_builders(buildx)]


def test_create_leave_append_use_stop_rm(buildx: Buildx, name: str):
    config = BuilderConfig(
        name, "remote", nodes=(FAR, replace(ARM, driver_options={"servername": "a,b", **TLS}))
    )
    assert manage.create(buildx, config, "x") == f"the builder {name} was created, with 2 nodes"
    assert "already exists, as configured" in manage.create(buildx, config, "x")
    far, arm = inspect_builder(buildx, name).nodes
    assert (far.name, far.endpoint, far.configured) == ("far", FAR.endpoint, FAR.platforms)
    assert (arm.name, arm.configured) == ("arm", ARM.platforms)
    assert arm.driver_options == {"servername": "a,b", **TLS}

    manage.leave(buildx, name, "arm")
    assert [each.name for each in inspect_builder(buildx, name).nodes] == ["far"]
    with pytest.raises(EngineError, match="it doesn't have the node 'arm'"):
        manage.create(buildx, config, "x")
    with pytest.raises(EngineError, match="far is the last node"):
        manage.leave(buildx, name, "far")
    with pytest.raises(EngineError, match="unknown node 'arm'"):
        manage.leave(buildx, name, "arm")
    manage.append(buildx, config, "x", "arm")
    assert "already" in manage.append(buildx, config, "x", "arm")
    assert inspect_builder(buildx, name).nodes == (far, arm)
    with pytest.raises(EngineError, match="unknown node 'army'; did you mean 'arm'"):
        manage.append(buildx, config, "x", "army")

    assert manage.stop(buildx, name) == f"the builder {name} is stopped"
    assert manage.remove(buildx, name) == f"the builder {name} is removed"
    for action in (manage.remove, manage.stop, manage.use):
        with pytest.raises(EngineError, match=f"there is no builder '{name}'"):
            action(buildx, name)


TLS = {"cacert": "/etc/ca.pem", "cert": "/etc/my cert.pem", "key": "/etc/key.pem"}


def test_use_makes_it_the_one_in_use(buildx: Buildx, name: str, tmp_path: Path):
    # In a config of its own: which builder is in use is everybody's.
    mine = replace(buildx, environ={**buildx.environ, "DOCKER_CONFIG": str(tmp_path)})
    plugins = Path(buildx.environ.get("DOCKER_CONFIG", ""), "cli-plugins")
    if plugins.is_dir():
        (tmp_path / "cli-plugins").symlink_to(plugins)
    manage.create(mine, BuilderConfig(name, "remote", nodes=(FAR,)), "x")
    assert inspect_builder(mine).name == "default"
    manage.use(mine, name)
    assert inspect_builder(mine).name == name
    manage.remove(mine, name)
    assert inspect_builder(mine).name == "default"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"driver": "docker-container"}, "its driver is 'remote', not 'docker-container'"),
        ({"nodes": (FAR,)}, "it has an additional node 'arm'"),
        (
            {"nodes": (replace(FAR, endpoint="tcp://127.0.0.1:7", platforms=()), ARM)},
            "its node 'far' differs in endpoint, platforms",
        ),
        ({"driver_options": TLS}, "its node 'arm' differs in driver-options"),
    ],
)
def test_another_builder_of_that_name(
    buildx: Buildx, name: str, changed: dict[str, Any], says: str
):
    config = BuilderConfig(name, "remote", nodes=(FAR, ARM))
    manage.create(buildx, config, "x")
    with pytest.raises(EngineError, match=f"there is another builder '{name}'") as caught:
        manage.create(buildx, replace(config, **changed), "x")
    assert says in caught.value.message
    assert f"builder rm {name}" in caught.value.advice


def test_a_second_node_that_fails_leaves_nothing(buildx: Buildx, name: str):
    config = BuilderConfig(
        name, "remote", nodes=(FAR, replace(ARM, driver_options={"cacerts": "/etc/ca.pem"}))
    )
    with pytest.raises(EngineError, match="invalid driver option cacerts for remote driver"):
        manage.create(buildx, config, "x")
    assert name not in names(buildx)


def test_an_interrupt_in_the_middle_leaves_nothing(
    buildx: Buildx, name: str, monkeypatch: pytest.MonkeyPatch
):
    true = manage.ask
    creates = iter(range(9))

    def ask(*words: Any, **more: Any) -> Any:
        if words[1] == "create" and next(creates) == 1:
            raise KeyboardInterrupt
        return true(*words, **more)

    monkeypatch.setattr(manage, "ask", ask)
    with pytest.raises(KeyboardInterrupt):
        manage.create(buildx, BuilderConfig(name, "remote", nodes=(FAR, ARM)), "x")
    assert name not in names(buildx)


@pytest.mark.slow
def test_nodes_that_do_not_start_leave_nothing(buildx: Buildx, name: str):
    """buildx waits 20 s for the address."""
    config = BuilderConfig(name, "remote", nodes=(FAR,))
    with pytest.raises(EngineError, match="docker buildx inspect failed"):
        manage.create(buildx, config, "x", bootstrap=True)
    assert name not in names(buildx)


def test_a_docker_container_builder_and_its_flags(buildx: Buildx, name: str):
    node = NodeConfig(flags=("--oci-worker-gc=false", "--debug"))
    config = BuilderConfig(name, driver_options={"env.LIST": "a,b", "network": "host"})
    for nodes in ((), (node,)):
        mine = replace(config, nodes=nodes)
        manage.create(buildx, mine, "x")
        assert "already exists, as configured" in manage.create(buildx, mine, "x")
        [found] = inspect_builder(buildx, name).nodes
        assert found.driver_options == config.driver_options
        manage.remove(buildx, name)


class Kubernetes(http.server.BaseHTTPRequestHandler):
    """As much of its API as buildx asks: nothing is there, and what is made is refused."""

    posted: ClassVar[list[tuple[str, bytes]]] = []

    def do_GET(self) -> None:
        self._status(404, "NotFound")

    def do_DELETE(self) -> None:
        self._status(404, "NotFound")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.posted.append((self.path, body))
        self._status(403, "Forbidden")

    def _status(self, code: int, reason: str) -> None:
        status = {"kind": "Status", "apiVersion": "v1", "status": "Failure"}
        said = json.dumps({**status, "reason": reason, "code": code}).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


@pytest.fixture
def kubernetes(tmp_path: Path) -> Generator[Callable[[Buildx], Buildx]]:
    """Return what makes a buildx speak to a Kubernetes that only listens."""
    Kubernetes.posted.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Kubernetes) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        file = tmp_path / "kubeconfig"
        here = f"http://127.0.0.1:{server.server_port}"
        file.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "clusters": [{"name": "c", "cluster": {"server": here}}],
                    "users": [{"name": "u", "user": {}}],
                    "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
                    "current-context": "x",
                }
            )
        )
        more = {"KUBECONFIG": str(file), "NO_PROXY": "127.0.0.1"}
        yield lambda buildx: replace(buildx, environ={**buildx.environ, **more})
        server.shutdown()


def encoded(key: str, text: str) -> tuple[bytes, bytes, bytes]:
    """Return an entry of a map as buildx may send it: protobuf, or JSON in newer ones.

    In protobuf a quantity is a message that holds the text.
    """
    one, two = key.encode(), text.encode()
    pair = b"\n%c%b\x12%c%b" % (len(one), one, len(two), two)
    quantity = b"\n%c%b\x12%c\n%c%b" % (len(one), one, len(two) + 2, len(two), two)
    plain = json.dumps({key: text}, separators=(",", ":"))[1:-1].encode()
    return pair, quantity, plain


def test_kubernetes_gets_what_the_config_says(
    kubernetes: Callable[[Buildx], Buildx], buildx: Buildx, name: str
):
    """buildx itself reads our words and makes the deployment of them."""
    options = {
        "namespace": "ci",
        "replicas": "2",
        "requests.cpu": "1500m",
        "requests.memory": "4Gi",
        "nodeselector": "kubernetes.io/arch=arm64,pool=build",
        "tolerations": "key=arch,value=arm64;key=spot,operator=Exists",
        "image": "example.com/buildkit",
    }
    node = NodeConfig("kube", "", ("linux/arm64",), options, ("--debug",))
    config = BuilderConfig(name, "kubernetes", {"namespace": "other"}, nodes=(node,))
    buildx = kubernetes(buildx)
    manage.create(buildx, config, "x")
    assert "already exists, as configured" in manage.create(buildx, config, "x")
    assert inspect_builder(buildx, name).nodes[0].driver_options == options

    manage.remove(buildx, name)
    with pytest.raises(EngineError):
        manage.create(buildx, config, "x", bootstrap=True)
    assert name not in names(buildx)
    [(path, deployment)] = Kubernetes.posted  # not the one that says "other"
    assert path == "/apis/apps/v1/namespaces/ci/deployments"
    assert deployment.startswith(b"k8s\0") or json.loads(deployment)
    for first, second in (
        ("kubernetes.io/arch", "arm64"),
        ("pool", "build"),
        ("cpu", "1500m"),
        ("memory", "4Gi"),
    ):
        assert any(each in deployment for each in encoded(first, second)), (first, second)
    for text in (b"example.com/buildkit", b"--debug", b"spot", b"Exists"):
        assert text in deployment
