"""What stands between the pushes of the tests and the real registry, and misbehaves as it is told.

Everything that no rule takes is passed on as it is, so that what arrives is a registry's own work.
"""

from __future__ import annotations

import base64
import http.client
import json
import re
import socket
import threading
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

PIECE = 1 << 16


@dataclass
class Rule:
    """The next *times* requests that match are not passed on, but given to *act*."""

    method: str
    path: str
    act: Callable[[Handler], object]
    times: int = 1
    hits: int = 0

    def takes(self, method: str, path: str) -> bool:
        met = re.fullmatch(self.method, method) and re.search(self.path, path)
        if self.hits >= self.times or not met:
            return False
        self.hits += 1
        return True


@dataclass
class Asked:
    """A request that came."""

    method: str
    path: str
    headers: dict[str, str]
    status: int = 0


@dataclass
class Proxy:
    """A server on loopback before the registry at *port*."""

    port: int
    rules: list[Rule] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    resumes: bool = False
    """Keep an upload whose connection broke, as distribution 3 does; 2 forgets it."""
    uploads: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Path of an upload -> Location and Range that the registry gave last."""
    handler: type[Handler] | None = None

    def __enter__(self) -> Proxy:  # noqa: PYI034 - nothing derives from it
        self.lock = threading.Lock()
        handler = type("Bound", (self.handler or Handler,), {"proxy": self})
        self.server = Server(("127.0.0.1", 0), handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.server_address[1]}"

    def rule(
        self, method: str, path: str, act: Callable[[Handler], object], times: int = 1
    ) -> Rule:
        self.rules.append(Rule(method, path, act, times))
        return self.rules[-1]

    def of(self, method: str, path: str = "") -> list[Asked]:
        return [each for each in self.asked if each.method == method and re.search(path, each.path)]


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that was killed is what some tests are about."""


class Handler(BaseHTTPRequestHandler):
    """One connection of a push."""

    proxy: Proxy
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_one_request(self) -> None:
        self.left = 0
        super().handle_one_request()

    def respond(self) -> None:
        self.left = int(self.headers.get("Content-Length") or 0)
        if self.path.startswith("http:"):  # as clients ask a proxy
            self.path = self.path[self.path.index("/v2/") :]
        self.note = Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()})
        with self.proxy.lock:
            self.proxy.asked.append(self.note)
            found = [r for r in self.proxy.rules if r.takes(self.command, self.path)][:1]
        if found:
            found[0].act(self)
        elif self.command == "GET" and self.upload in self.proxy.uploads and self.proxy.resumes:
            location, span = self.proxy.uploads[self.upload]
            self.answer(204, {"Location": location, "Range": span})
        else:
            self.pass_on()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_CONNECT = respond  # noqa: N815

    @property
    def upload(self) -> str:
        return urlsplit(self.path).path

    def body(self, most: int | None = None) -> Any:
        """Yield what is left of the body, or the next *most* bytes of it."""
        left = self.left if most is None else min(most, self.left)
        while left:
            data = self.rfile.read(min(PIECE, left))
            if not data:
                raise ConnectionAbortedError("the client is gone")
            left -= len(data)
            self.left -= len(data)
            yield data

    def send_on(self, most: int | None = None) -> tuple[http.client.HTTPResponse, bytes]:
        """Send the request, or the first *most* bytes of its body, to the registry."""
        upstream = http.client.HTTPConnection("127.0.0.1", self.proxy.port, timeout=60)
        headers = {k: v for k, v in self.headers.items() if k.lower() != "content-length"}
        size = self.left if most is None else min(most, self.left)
        if self.command in ("POST", "PUT", "PATCH"):
            headers["Content-Length"] = str(size)
        with closing(upstream):
            upstream.request(self.command, self.path, body=self.body(most), headers=headers)
            answer = upstream.getresponse()
            data = answer.read()
        if answer.getheader("Location") and "/blobs/uploads/" in (
            answer.getheader("Location") or ""
        ):
            location = str(answer.getheader("Location"))
            place = urlsplit(location).path
            self.proxy.uploads[place] = (location, answer.getheader("Range") or "0-0")
        return answer, data

    def pass_on(self, change: Callable[[dict[str, str]], object] = lambda _: None) -> None:
        answer, data = self.send_on()
        headers = {k: v for k, v in answer.getheaders() if k.lower() not in HOP}
        change(headers)
        self.answer(answer.status, headers, data, length=answer.getheader("Content-Length"))

    def answer(
        self,
        status: int,
        headers: dict[str, str] | None = None,
        data: bytes = b"",
        length: str | None = None,
    ) -> None:
        for _ in self.body():
            pass
        self.note.status = status
        self.send_response_only(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            head = length if self.command == "HEAD" and length else str(len(data))
            self.send_header("Content-Length", head)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def cut(self) -> None:
        """Close the connection on the spot."""
        self.close_connection = True
        self.connection.close()


@dataclass
class Tunnel:
    """An https proxy that wants a password, and leads to *port* whoever is asked for."""

    port: int
    password: str
    asked: list[str] = field(default_factory=list)

    def __call__(self, handler: Handler) -> None:
        self.asked.append(handler.path)
        if handler.headers.get("Proxy-Authorization") != basic("anna", self.password):
            handler.answer(407)
            return
        handler.close_connection = True
        handler.send_response_only(200)
        handler.end_headers()
        with socket.create_connection(("127.0.0.1", self.port)) as far:
            back = threading.Thread(target=self.pump, args=(far, handler.connection))
            back.start()
            self.pump(handler.connection, far)
            back.join()

    def pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(PIECE):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


HOP = {"content-length", "connection", "transfer-encoding", "date"}


# What a rule may do.


def says(
    status: int, headers: dict[str, str] | None = None, code: str = "", message: str = ""
) -> Any:
    data = json.dumps({"errors": [{"code": code, "message": message}]}).encode() if code else b""
    return lambda handler: handler.answer(status, headers, data)


def cuts(after: int | None = None) -> Any:
    """Cut the connection, after the registry got *after* bytes of the body."""

    def act(handler: Handler) -> None:
        if after is not None:
            handler.send_on(after)
        handler.cut()

    return act


def swallows(handler: Handler) -> None:
    """Let the registry do it, and the answer get lost."""
    handler.send_on()
    handler.cut()


def header(name: str, value: str | Callable[[str], str]) -> Any:
    def change(headers: dict[str, str]) -> None:
        headers[name] = value if isinstance(value, str) else value(headers.get(name, ""))

    return lambda handler: handler.pass_on(change)


def relative(location: str) -> str:
    parts = urlsplit(location)
    return f"{parts.path}?{parts.query}"


@dataclass
class TokenServer:
    """Wants Bearer tokens for everything, and gives them at /token to who may have them."""

    proxy: Proxy
    user: str = ""
    password: str = ""
    identity: str = ""
    realm: str = ""
    lasts: int = 1 << 30
    """Requests that one token is good for."""
    given: list[str] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)
    uses: int = 0

    def __post_init__(self) -> None:
        self.realm = self.realm or f"http://{self.proxy.host}/token"
        for method in ("GET", "POST"):
            self.proxy.rule(method, r"^/token", self.token, times=1 << 30)
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH"):
            self.proxy.rule(method, r"^/v2/", self.check, times=1 << 30)

    def token(self, handler: Handler) -> None:
        form = parse_qs(urlsplit(handler.path).query)
        if handler.command == "POST":
            form = parse_qs(b"".join(handler.body()).decode())
            good = form.get("refresh_token") == [self.identity] != [""]
        else:
            good = handler.headers.get("Authorization") == basic(self.user, self.password)
        if not good:
            handler.answer(401)
            return
        self.scopes += form["scope"][0].split() if len(form["scope"]) == 1 else form["scope"]
        self.given.append(f"secret-token-{len(self.given)}-{'x' * 20}")
        self.uses = 0
        handler.answer(200, {}, json.dumps({"token": self.given[-1], "expires_in": 300}).encode())

    def check(self, handler: Handler) -> None:
        used = handler.headers.get("Authorization")
        with self.proxy.lock:
            self.uses += 1
            good = bool(self.given) and used == f"Bearer {self.given[-1]}"
            good = good and self.uses <= self.lasts
        if good:
            del handler.headers["Authorization"]
            handler.pass_on()
        else:
            asked = f'Bearer realm="{self.realm}",service="the, registry",scope="repository:x:pull"'
            handler.answer(401, {"WWW-Authenticate": asked})


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def wants_basic(proxy: Proxy, user: str, password: str) -> None:
    def check(handler: Handler) -> None:
        if handler.headers.get("Authorization") == basic(user, password):
            del handler.headers["Authorization"]
            handler.pass_on()
        else:
            handler.answer(401, {"WWW-Authenticate": 'Basic realm="a, registry"'})

    for method in ("GET", "HEAD", "POST", "PUT", "PATCH"):
        proxy.rule(method, r"^/v2/", check, times=1 << 30)
