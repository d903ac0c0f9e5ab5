"""Builds that are cut off: one clear error, no part of an output, and the next build works."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from hatch_multiarch.docker.buildx_outputs import output
from hatch_multiarch.docker.locate_buildx import find_buildx
from hatch_multiarch.docker.solve import Request, Solved, Step, solve
from hatch_multiarch.errors import EngineError
from hatch_multiarch.process import Group, Stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from engine_fixture import Engine

    from hatch_multiarch.docker.locate_buildx import Buildx

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")


class Site:
    """A build that sleeps in its RUN step until it is let go."""

    def __init__(self, root: Path, engine: Engine) -> None:
        self.out = root / "out"
        context = root / "context"
        context.mkdir()
        dockerfile = root / "Dockerfile"
        dockerfile.write_text(
            f"""FROM {engine.builder_image} AS make
            ARG SLEEP
            RUN echo {os.urandom(8).hex()}; sleep $SLEEP; echo made > /made
            FROM scratch
            COPY --from=make /made /
            """
        )
        self.request = Request(
            context,
            dockerfile,
            network=engine.network,
            platforms=("linux/amd64",),
            build_args={"SLEEP": "120"},
            outputs=(
                output("local", dest=self.out / "files", names=(), compression="gzip"),
                output("oci", dest=self.out / "image.tar", names=(), compression="gzip"),
            ),
        )
        self.group = Group()
        self.sleeping = threading.Event()
        self.caught: BaseException | None = None
        self.ended = 0.0

    def cut_off(self, buildx: Buildx, cut: Callable[[], object]) -> None:
        """Build, and *cut* when the RUN step sleeps; keep what was raised and when."""

        def told(step: Step) -> None:
            if step.name.startswith("RUN "):
                self.sleeping.set()

        def work() -> None:
            try:
                solve(buildx, self.request, on_step=told, group=self.group)
            except (EngineError, Stopped) as error:
                self.caught = error
            self.ended = time.monotonic()

        thread = threading.Thread(target=work)
        thread.start()
        assert self.sleeping.wait(20)
        time.sleep(0.3)
        begun = time.monotonic()
        cut()
        thread.join(10)
        assert not thread.is_alive()
        assert self.ended - begun < 10
        assert list(self.out.iterdir()) == []

    def again(self, buildx: Buildx) -> Solved:
        """Build the same without sleeping; look at its outputs."""
        solved = solve(buildx, replace(self.request, build_args={"SLEEP": "0"}))
        assert (self.out / "files" / "made").read_text() == "made\n"
        assert sorted(each.name for each in self.out.iterdir()) == ["files", "image.tar"]
        return solved


@pytest.fixture
def site(tmp_path: Path, engine: Engine) -> Site:
    return Site(tmp_path, engine)


@pytest.fixture
def buildx(engine: Engine) -> Buildx:
    return find_buildx(engine.env)


class Proxy:
    """A TCP port on loopback that leads to another address, until it is cut."""

    def __init__(self, target: str | tuple[str, int]) -> None:
        self._target = target
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.sent = 0
        self.cut_after: int | None = None
        """Bytes from the clients after which it cuts itself."""
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        for each in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                family = socket.AF_UNIX if isinstance(self._target, str) else socket.AF_INET
                server = socket.socket(family)
                server.connect(self._target)
                self._open += [client, server]
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                sink.sendall(data)
                self.sent += len(data)
                if self.cut_after is not None and self.sent > self.cut_after:
                    self.cut()
            sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy() -> Generator[Callable[[str | tuple[str, int]], Proxy]]:
    made: list[Proxy] = []

    def make(target: str | tuple[str, int]) -> Proxy:
        made.append(Proxy(target))
        return made[-1]

    yield make
    for each in made:
        each.cut()


def kill(site: Site, program: str) -> None:
    """Kill the *program* that runs this test's build."""
    found = subprocess.run(
        ["ps", "-ww", "-eo", "pid,args"], capture_output=True, text=True, check=True
    )
    mine = [line.split() for line in found.stdout.splitlines() if str(site.out) in line]
    [pid] = [int(words[0]) for words in mine if Path(words[1]).name == program]
    os.kill(pid, signal.SIGKILL)


@pytest.mark.containerd_store
@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("docker", r"was killed \(SIGKILL\)"),
        ("docker-buildx", r"was killed|ended without an error"),
    ],
)
def test_buildx_is_killed(site: Site, buildx: Buildx, program: str, says: str):
    site.cut_off(buildx, lambda: kill(site, program))
    assert isinstance(site.caught, EngineError)
    assert re.fullmatch(
        rf"docker buildx ({says}).* while `RUN echo .*` \(linux/amd64, stage make\) ran",
        site.caught.message,
    )
    site.again(buildx)


@pytest.mark.containerd_store
def test_the_build_is_stopped(site: Site, buildx: Buildx):
    site.cut_off(buildx, site.group.stop)
    assert isinstance(site.caught, Stopped)
    site.again(buildx)


@pytest.mark.containerd_store
def test_the_daemon_goes_away(
    site: Site, buildx: Buildx, engine: Engine, proxy: Callable[..., Proxy]
):
    there = urlsplit(engine.env["DOCKER_HOST"])
    between = proxy((there.hostname, there.port) if there.scheme == "tcp" else there.path)
    env = {**engine.env, "DOCKER_HOST": f"tcp://127.0.0.1:{between.port}"}
    site.cut_off(find_buildx(env), between.cut)
    assert isinstance(site.caught, EngineError)
    assert re.match(
        r"the connection to the builder was lost during the build while `RUN .*` \(.*\) ran: ",
        site.caught.message,
    )
    assert "\n" not in site.caught.message
    site.again(buildx)
    with pytest.raises(EngineError, match=r"daemon"):
        solve(replace(buildx, environ=env), site.request)


@pytest.mark.containerd_store
def test_the_registry_goes_away(
    site: Site, buildx: Buildx, engine: Engine, repository: str, proxy: Callable[..., Proxy]
):
    host, _, port = engine.registry.partition(":")
    between = proxy((host, int(port)))
    between.cut_after = 1 << 20
    (site.request.context / "big").write_bytes(os.urandom(8 << 20))
    site.request.dockerfile.write_text("FROM scratch\nCOPY big /\n")

    def pushed_to(registry: str) -> Request:
        names = (f"{registry}/{repository}:1",)
        push = output("registry", dest=None, names=names, compression="gzip")
        return replace(site.request, outputs=(site.request.outputs[0], push))

    with pytest.raises(EngineError) as caught:
        solve(buildx, pushed_to(f"127.0.0.1:{between.port}"))
    assert caught.value.message.startswith("the builder cannot reach a registry: failed to push ")
    assert "\n" not in caught.value.message
    assert list(site.out.iterdir()) == []
    assert solve(buildx, pushed_to(engine.registry)).digest.startswith("sha256:")
    assert (site.out / "files" / "big").stat().st_size == 8 << 20
