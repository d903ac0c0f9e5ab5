"""How much memory a push takes: one layer of 1 GB, to a registry on loopback that keeps nothing.

    python benchmarks/push_memory.py [MEGABYTES]

Prints the peak of the resident memory of the process that pushes (Linux and macOS), with the bytes
that arrived. The layer is written to a temporary folder first.
"""

from __future__ import annotations

import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from hatch_multiarch.image.inspect import content, inspect_archive, open_image
from hatch_multiarch.oci.layout import Layout
from hatch_multiarch.oci.media_types import CONFIG, INDEX, LAYER, MANIFEST
from hatch_multiarch.registry import parse, push

MB = 1_000_000
LIMIT = 150
"""Megabytes that a push may take."""


class Registry(BaseHTTPRequestHandler):
    """Takes everything, and counts it."""

    protocol_version = "HTTP/1.1"
    taken = 0

    def answer(self) -> None:
        """Swallow what comes and say that it went well."""
        left = int(self.headers.get("Content-Length") or 0)
        Registry.taken += left
        while left:
            left -= len(self.rfile.read(min(left, 1 << 20)))
        status = {"GET": 200, "HEAD": 404, "POST": 202, "PATCH": 202, "PUT": 201}[self.command]
        self.send_response_only(status)
        self.send_header("Location", "/v2/blobs/uploads/1?state=1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = answer  # noqa: N815 - http.server's names


def make(folder: Path, megabytes: int) -> Path:
    """Write a layout of one platform with one layer of random bytes; return its archive."""
    layout, layer, hashed = Layout(folder / "layout"), folder / "layer", hashlib.sha256()
    with layer.open("wb") as file:
        for _ in range(megabytes):
            data = os.urandom(MB)
            hashed.update(data)
            file.write(data)
    digest = f"sha256:{hashed.hexdigest()}"
    blob = layout.adopt(LAYER, layer, digest, megabytes * MB)
    platform = {"os": "linux", "architecture": "amd64"}
    rootfs = {"type": "layers", "diff_ids": [digest]}
    config = layout.add(CONFIG, {**platform, "config": {}, "rootfs": rootfs})
    document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config.document()}
    manifest = layout.add(MANIFEST, {**document, "layers": [blob.document()]})
    entries = [manifest.document(platform=platform)]
    top = layout.add(INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})
    layout.finish(top, reference="example.com/large", tags=["1"])
    archive = folder / "large.oci.tar"
    layout.archive(archive, epoch=0)
    return archive


def pushes(archive: Path, reference: str) -> None:
    """Push *archive* and print the peak of this process, in megabytes."""
    with open_image(archive, parts=True) as opened:
        [image] = inspect_archive(opened).images
        push(content(opened, image), parse(reference), ["1"], os.environ)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(peak * (1 if sys.platform == "darwin" else 1024) / MB)


def main() -> int:
    """Measure in a process of its own, print, and return 1 when it is too much."""
    if len(sys.argv) > 2:  # noqa: PLR2004 - the process of its own
        pushes(Path(sys.argv[1]), sys.argv[2])
        return 0
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        archive = make(Path(folder), megabytes)
        reference = f"127.0.0.1:{server.server_address[1]}/large"
        command = [sys.executable, __file__, str(archive), reference]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    peak = float(done.stdout)
    print(f"{Registry.taken / MB:.0f} MB pushed, peak memory {peak:.0f} MB (at most {LIMIT})")
    return peak > LIMIT


if __name__ == "__main__":
    sys.exit(main())
