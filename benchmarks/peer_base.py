"""An empty base image for ko: a registry on loopback that is read and never written to."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

OCI = "application/vnd.oci.image"
INDEX = f"{OCI}.index.v1+json"
MANIFEST = f"{OCI}.manifest.v1+json"
CONFIG = f"{OCI}.config.v1+json"


class Documents:
    """The documents of an image without layers, by digest, and the digest of its index."""

    def __init__(self, platforms: tuple[str, ...]) -> None:
        self.kept: dict[str, tuple[str, bytes]] = {}
        manifests = []
        for platform in platforms:
            system, machine = platform.split("/")
            about = {"os": system, "architecture": machine}
            config = self._keep(CONFIG, {**about, "rootfs": {"type": "layers", "diff_ids": []}})
            manifest = {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": config,
                "layers": [],
            }
            manifests.append({**self._keep(MANIFEST, manifest), "platform": about})
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}
        self.index = str(self._keep(INDEX, index)["digest"])

    def _keep(self, kind: str, document: dict[str, Any]) -> dict[str, Any]:
        data = json.dumps(document).encode()
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self.kept[digest] = (kind, data)
        return {"mediaType": kind, "digest": digest, "size": len(data)}


def _handler(documents: Documents) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            _, _, name = self.path.rpartition("/")
            digest = name if ":" in name else documents.index
            kind, data = documents.kept.get(digest, ("", b""))
            if self.path == "/v2/":
                kind, data = "application/json", b"{}"
            self.send_response(200 if kind else 404)
            self.send_header("Content-Length", str(len(data)))
            if kind:
                self.send_header("Content-Type", kind)
                self.send_header("Docker-Content-Digest", digest)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(data)

        do_HEAD = do_GET  # noqa: N815 - as http.server calls it

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def empty_base(platforms: tuple[str, ...]) -> Iterator[str]:
    """Serve the image while the block runs; yield its name."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(Documents(platforms)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}/nothing:1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
