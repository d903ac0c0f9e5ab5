"""A private module through the builder stage: the step may fetch it, and nobody reads how."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import os
import ssl
import subprocess
import sys
import tarfile
import threading
import zipfile
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from buildkit.small import report, small
from engine_fixture import docker
from support import missing, need

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from engine_fixture import Engine
    from support import Ran

pytestmark = [pytest.mark.slow, pytest.mark.network]

USER = "reader"


@dataclass(frozen=True)
class Proxy:
    """A module proxy (Go Modules Reference, "GOPROXY protocol") that asks who one is."""

    port: int
    password: str
    module: str
    """Private, and new with every run: what was fetched once stays in the stage's module cache."""
    sums: str
    """The lines of go.sum."""
    builder: str
    """A builder image with Go, which trusts the proxy's certificate."""
    served: list[str]

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/modules"

    def environ(self, proxy: str, netrc: Path | None = None) -> dict[str, str]:
        return {
            "GOPROXY": proxy,
            "GOPRIVATE": "example.test/*",
            "GONOPROXY": "none",
            "NETRC": str(netrc) if netrc else "/nonexistent",
        }

    def netrc(self, folder: Path) -> Path:
        file = folder / "netrc"
        # Go up to 1.23 looks for the host alone, later ones with its port.
        names = ("127.0.0.1", f"127.0.0.1:{self.port}")
        lines = (f"machine {each} login {USER} password {self.password}\n" for each in names)
        file.write_text("".join(lines), "utf-8")
        return file

    def use(self, root: Path) -> None:
        """Let the helper of the project in *root* need the private module."""
        source = root / "helpers/greet"
        with (source / "go.mod").open("a", encoding="utf-8") as file:
            file.write(f"\nrequire {self.module} v1.0.0\n")
        (source / "go.sum").write_text(self.sums, "utf-8")
        text = (
            f'package main\n\nimport "{self.module}"\n\nfunc init() {{ println(words.Secret) }}\n'
        )
        (source / "secret.go").write_text(text, "utf-8")


def h1(files: dict[str, bytes]) -> str:
    """Return the hash of go.sum (golang.org/x/mod/sumdb/dirhash, Hash1)."""
    lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    digest = hashlib.sha256("".join(lines).encode()).digest()
    return "h1:" + base64.b64encode(digest).decode()


def module(name: str) -> tuple[dict[str, bytes], str]:
    """Return what a proxy serves of the module *name*, by path, and its lines of go.sum."""
    mod = f"module {name}\n\ngo 1.21\n".encode()
    files = {"go.mod": mod, "words.go": b'package words\n\nconst Secret = "words in private"\n'}
    packed = {f"{name}@v1.0.0/{path}": data for path, data in files.items()}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        for path, data in packed.items():
            opened.writestr(path, data)
    served = {
        f"/modules/{name}/@v/v1.0.0.info": b'{"Version":"v1.0.0"}',
        f"/modules/{name}/@v/v1.0.0.mod": mod,
        f"/modules/{name}/@v/v1.0.0.zip": archive.getvalue(),
    }
    sums = f"{name} v1.0.0 {h1(packed)}\n{name} v1.0.0/go.mod {h1({'go.mod': mod})}\n"
    return served, sums


@pytest.fixture(scope="module")
def trusting(
    engine: Engine, run: Callable[..., Ran], tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path]:
    """Return a builder image with Go that trusts a new certificate, and the folder of that.

    Go sends what a netrc says over TLS only. The Go is that of the toolchain stage, which other
    tests' builds have in the cache.
    """
    if engine.network != "host":
        missing("an engine whose steps reach this machine's loopback (HM_TEST_NETWORK=host)")
    folder = tmp_path_factory.mktemp("trusting")
    root = small(folder / "greeter", engine)
    run(sys.executable, "-m", "hatch_multiarch", "dockerfile", root, "--context", folder / "stage")
    base = f"{engine.registry}/hm-toolchain:{os.urandom(4).hex()}"
    build = ["buildx", "build", "--quiet", "--network", engine.network]
    push = f"type=registry,name={base},compression=uncompressed"
    docker(engine, *build, "--target", "toolchain", "--output", push, folder / "stage")
    pem = folder / "pem"
    pem.mkdir()
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(pem / "hm-test-proxy.pem")]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"]
    subprocess.run(
        [need("openssl"), "req", "-x509", *key, "-days", "2", *subject, *files],
        check=True,
        capture_output=True,
    )
    (pem / "Dockerfile").write_text(f"FROM {base}\nCOPY *.pem /etc/ssl/certs/\n")
    name = f"{engine.registry}/hm-trusting:{os.urandom(4).hex()}"
    docker(engine, *build, "--push", "--tag", name, pem)
    return name, folder


@pytest.fixture
def proxy(trusting: tuple[str, Path]) -> Generator[Proxy]:
    builder, folder = trusting
    name = f"example.test/words-{os.urandom(4).hex()}/words"
    files, sums = module(name)
    password, heard = f"pass-{os.urandom(8).hex()}", []
    expected = "Basic " + base64.b64encode(f"{USER}:{password}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code = 200 if self.path in files else 404
            if self.headers["Authorization"] != expected:
                code = 401
            heard.append(f"{code} {self.path}")
            body = files[self.path] if code == 200 else b"no"
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pem/hm-test-proxy.pem", folder / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Proxy(server.server_port, password, name, sums, builder, heard)
    server.shutdown()
    server.server_close()


def blobs(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Return every file below *folder*, archives and layers also unpacked, with its name."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.is_symlink():
            yield from unpacked(str(file.relative_to(folder)), file.read_bytes())


def unpacked(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    yield name, data
    if data.startswith(b"\x1f\x8b"):
        yield from unpacked(f"{name}!gz", gzip.decompress(data))
    elif name.endswith((".tar", ".gz")):
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            for member in tar:
                file = tar.extractfile(member)
                if file is not None:
                    yield from unpacked(f"{name}!{member.name}", file.read())


@pytest.mark.containerd_store
def test_a_private_module_leaves_no_trace_of_its_password(
    proxy: Proxy, engine: Engine, tmp_path: Path, run: Callable[..., Ran]
) -> None:
    image = f"{engine.registry}/private-{os.urandom(4).hex()}"
    cache = tmp_path / "cache"
    root = small(
        tmp_path / "greeter",
        engine,
        builder=proxy.builder,
        image=f'name = "{image}"\noutputs = ["oci", "docker", "registry"]\nprovenance = "max"',
        stage=f'cache-to = ["type=local,mode=max,compression=uncompressed,dest={cache}"]',
    )
    proxy.use(root)
    # The first proxy has credentials in its address, wrong ones; the second needs a netrc.
    hidden = f"word-{os.urandom(8).hex()}"
    first = proxy.url.replace("https://", f"https://somebody:{hidden}@")
    environ = proxy.environ(f"{first}|{proxy.url}", proxy.netrc(tmp_path))
    said = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=root,
               HATCH_MULTIARCH_ENGINE="", **environ)  # fmt: skip
    assert any(each.startswith("401 ") for each in proxy.served)
    assert f"200 /modules/{proxy.module}/@v/v1.0.0.zip" in proxy.served
    # It is in the binary; so what follows would find what is there to be found.
    told = docker(engine, "run", "--rm", f"{image}:1.0.0")
    assert "Hello world" in told
    found = dict(blobs(root / "build"))
    assert any(b"words in private" in data for data in found.values())
    assert report(root)["image"]["published"]
    name = f"{image}:1.0.0"
    provenance = docker(
        engine, "buildx", "imagetools", "inspect", "--format", "{{json .Provenance}}", name
    )
    assert "SLSA" in provenance
    history = docker(engine, "history", "--no-trunc", name)
    inspected = docker(engine, "image", "inspect", name)
    docker(engine, "image", "rm", name)
    shown = f"{said.out}\n{provenance}\n{history}\n{inspected}"
    found["what docker shows"] = shown.encode()
    kept = dict(blobs(cache))
    assert sum(map(len, kept.values())) > 1 << 20
    secrets = {
        proxy.password,
        hidden,
        base64.b64encode(f"{USER}:{proxy.password}".encode()).decode(),
    }
    for name, data in {**found, **kept}.items():
        for secret in secrets:
            assert secret.encode() not in data, name


def test_without_netrc_there_is_one_clear_error(
    proxy: Proxy, engine: Engine, tmp_path: Path, run: Callable[..., Ran]
) -> None:
    root = small(tmp_path / "greeter", engine, builder=proxy.builder)
    proxy.use(root)
    hidden = f"word-{os.urandom(8).hex()}"
    address = proxy.url.replace("https://", f"https://somebody:{hidden}@")
    said = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=root, code=5,
               HATCH_MULTIARCH_ENGINE="", **proxy.environ(address))  # fmt: skip
    assert proxy.served
    assert all(each.startswith("401 ") for each in proxy.served)
    assert "error: greet linux/amd64: " in said
    assert "401 Unauthorized" in said
    assert "hint: set GOPRIVATE and give Go access to the repository or proxy" in said
    assert "Traceback" not in said
    assert hidden not in said
    assert not list((root / "dist").glob("*"))
