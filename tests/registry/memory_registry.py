"""A registry in memory, behind the rules of a `Proxy`: as fast as tests by the hundred need it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from registry.proxy import Handler, Proxy

INDEX = "application/vnd.oci.image.index.v1+json"


def sha(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@dataclass
class Reply:
    """What `Handler.pass_on` and rules read of an upstream's answer."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)

    def getheaders(self) -> list[tuple[str, str]]:
        return list(self.headers.items())

    def getheader(self, name: str) -> str | None:
        return self.headers.get(name)


@dataclass
class Memory(Proxy):
    """The repositories of the registry have one store: every digest is served in each of them."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, bytes] = field(default_factory=dict)
    """Digest or tag -> bytes."""
    parts: dict[str, bytes] = field(default_factory=dict)
    """Number of an upload -> bytes."""

    def __post_init__(self) -> None:
        self.handler = MemoryHandler

    def reset(self) -> None:
        for each in (self.rules, self.asked, self.blobs, self.manifests, self.parts, self.uploads):
            each.clear()


class MemoryHandler(Handler):
    """Answers from the store of its server (distribution-spec 1.1)."""

    proxy: Memory

    def send_on(self, most: int | None = None) -> tuple[Any, bytes]:
        reply, data = self.honest(b"".join(self.body(most)))
        length = {} if reply.status == 204 else {"Content-Length": str(len(data))}
        return Reply(reply.status, {**reply.headers, **length}), data

    def honest(self, body: bytes) -> tuple[Reply, bytes]:
        store, parts = self.proxy, urlsplit(self.path)
        *_, kind, name = parts.path.split("/")
        if parts.path == "/v2/":
            return Reply(200), b""
        if "/blobs/uploads" in parts.path:
            return self.uploading(name, parse_qs(parts.query), body), b""
        if self.command == "PUT":
            store.manifests[name] = store.manifests[sha(body)] = body
            return Reply(201, {"Docker-Content-Digest": sha(body)}), b""
        found = (store.manifests if kind == "manifests" else store.blobs).get(name)
        if found is None:
            return Reply(404), b'{"errors": [{"code": "UNKNOWN", "message": "not here"}]}'
        headers = {}
        if kind == "manifests":
            media_type = json.loads(found).get("mediaType", INDEX)
            headers = {"Docker-Content-Digest": sha(found), "Content-Type": media_type}
        span = re.fullmatch(r"bytes=([0-9]+)-([0-9]+)", self.headers.get("Range") or "")
        if span is None:
            return Reply(200, headers), found
        first, last = int(span[1]), int(span[2])
        headers["Content-Range"] = f"bytes {first}-{last}/{len(found)}"
        return Reply(206, headers), found[first : last + 1]

    def uploading(self, name: str, query: dict[str, list[str]], body: bytes) -> Reply:
        parts = self.proxy.parts
        if self.command == "POST":
            if query.get("mount", [""])[0] in self.proxy.blobs:
                return Reply(201)
            parts[name := str(len(parts))] = b""
        elif name not in parts:
            return Reply(404)
        parts[name] += body
        place = f"{urlsplit(self.path).path.rpartition('/')[0]}/{name}"
        headers = {"Location": place, "Range": f"0-{max(len(parts[name]) - 1, 0)}"}
        if self.command != "PUT":
            return Reply(204 if self.command == "GET" else 202, headers)
        digest = query["digest"][0]
        if sha(parts[name]) != digest:
            return Reply(400)
        self.proxy.blobs[digest] = parts.pop(name)
        return Reply(201)
