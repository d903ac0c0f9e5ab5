"""Every hostile image, in every form, by every use: one clear error, in bounded time and memory."""

from __future__ import annotations

import gzip
import json
import shutil
import tarfile
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from oci.hostile import CASES, INDEX, MANIFEST, VICTIM, Image, entry

from hatch_multiarch.errors import ImageError, MultiarchError, RegistryError
from hatch_multiarch.image.base import LocalBase, read_files
from hatch_multiarch.image.base.remote import RegistryBase
from hatch_multiarch.image.inspect import content, inspect_archive, open_image
from hatch_multiarch.image.inspect.inspect_image import inspect_reference
from hatch_multiarch.platforms import lookup
from hatch_multiarch.registry import Cache, Pace, Puller, parse, parse_pull, push

SECONDS = 20
FAST = Pace(tries=2, first=0.01, longest=0.1)
FORMS = ("folder", "tar", "gzip", "registry")
USES = ("inspect", "push", "base")


class Handler(BaseHTTPRequestHandler):
    """Gives what the folder of its server holds, and takes what is pushed."""

    server: Any

    def do_GET(self):
        self.server.asked.append((self.command, self.path))
        *_, kind, name = self.path.split("/")
        digest = self.server.root if kind == "manifests" and ":" not in name else name
        path = self.server.folder / "blobs" / digest.replace(":", "/")
        if self.path == "/v2/":
            self.reply(200, b"")
        elif self.server.taking or not path.is_file():
            self.reply(404, b"{}")
        else:
            data = path.read_bytes()
            more = {} if kind == "blobs" else {"Docker-Content-Digest": digest}
            try:
                more["Content-Type"] = json.loads(data)["mediaType"]
            except (ValueError, TypeError, KeyError, RecursionError):
                more["Content-Type"] = INDEX
            self.reply(200, data, {k: v for k, v in more.items() if str(v).isprintable()})

    do_HEAD = do_GET  # noqa: N815 - as BaseHTTPRequestHandler names them

    def do_POST(self):
        self.server.asked.append((self.command, self.path))
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status = 202 if self.command == "POST" else 201
        self.reply(status, b"", {"Location": f"{self.path.partition('?')[0]}x"})

    do_PUT = do_PATCH = do_POST  # noqa: N815 - the same

    def reply(self, status, data, headers=None):
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(tmp_path):
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.asked, made.folder, made.root, made.taking = [], tmp_path / "image", "", False
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def formed(folder: Path, form: str) -> Path:
    """Return the layout *folder* in another form."""
    if form == "folder":
        return folder
    path = folder.with_name("image.oci.tar")
    with tarfile.open(path, "w") as tar:
        for each in sorted(folder.rglob("*")):
            tar.add(each, each.relative_to(folder).as_posix(), recursive=False)
    if form == "gzip":
        with path.open("rb") as plain, gzip.open(f"{path}.gz", "wb", 1) as packed:
            shutil.copyfileobj(plain, packed)
        path = Path(f"{path}.gz")
    return path


def use(what: str, path: Path | str, tmp_path: Path, server: Any) -> None:
    """Do with the image what a command does."""
    env = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    if what == "inspect":
        if isinstance(path, str):
            inspect_reference(path, env)
        else:
            with open_image(path) as source:
                inspect_archive(source)
    elif what == "push":
        server.taking = True
        with open_image(path, parts=True) as source:
            for image in inspect_archive(source).images:
                whole = content(source, image)
                push(whole, parse(f"{host(server)}/me/app"), ["1"], env, pace=FAST)
    elif isinstance(path, str):
        with closing(Puller(parse_pull(path), env, Cache(tmp_path / "oci"), pace=FAST)) as puller:
            files_of(RegistryBase(puller, path), tmp_path)
    else:
        with closing(LocalBase(path, f"oci:{path.name}")) as base:
            files_of(base, tmp_path)


def files_of(base: Any, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    image = base.resolve(lookup("linux/amd64"))
    read_files(base, image, lambda _: False, tmp_path / "kept")


def host(server: Any) -> str:
    return f"127.0.0.1:{server.server_address[1]}"


@pytest.mark.parametrize("what", USES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hostile_image(case, form, what, tmp_path, server):
    if form == "registry" and (what == "push" or not case.pushed):
        pytest.skip("not something that a registry holds")
    image = Image(tmp_path / "image")
    case.make(image)
    path: Path | str
    if form == "registry":
        server.root = image.root["digest"]
        path = f"{host(server)}/team/app:1"
    else:
        path = formed(image.folder, form)
    began, error = time.monotonic(), None
    try:
        use(what, path, tmp_path, server)
    except MultiarchError as caught:
        error = caught
    assert time.monotonic() - began < SECONDS
    if what in case.refused:
        assert isinstance(error, ImageError | RegistryError), "it was believed"
    if error is not None:
        assert "\n" not in error.message
        assert len(error.message) < 1000
    for _, asked in server.asked:
        assert asked == "/v2/" or asked.startswith(("/v2/me/app/", "/v2/team/app/"))
        assert ".." not in asked


@pytest.mark.parametrize("what", USES)
@pytest.mark.parametrize("form", FORMS)
def test_an_honest_image_is_taken(form, what, tmp_path, server):
    image = Image(tmp_path / "image")
    layer = image.layer(entry("bin/hello"))
    config = image.config()
    subject = {"mediaType": MANIFEST, "digest": "sha256:" + "b" * 64, "size": 3}
    image.finish(image.index(image.manifest(layer=layer, config=config, subject=subject)))
    server.root = image.root["digest"]
    registry = form == "registry" and what != "push"
    path = f"{host(server)}/team/app:1" if registry else formed(image.folder, "tar")
    use(what, path, tmp_path, server)
    if what == "push":
        tag = f"/v2/me/app/manifests/sha256-{'b' * 64}"
        assert ("PUT", tag) in server.asked, "the list of its subject's referrers"


@pytest.mark.parametrize("tag", ["../../x", "a?b", "a b", "", "a" * 129, ".a", VICTIM])
def test_no_tag_leads_to_another_place(tag, tmp_path, server):
    image = Image(tmp_path / "image")
    image.finish(image.index(image.manifest()))
    with open_image(image.folder) as source:
        [found] = inspect_archive(source).images
        whole = content(source, found)
        with pytest.raises(RegistryError, match="is not a tag"):
            push(whole, parse(f"{host(server)}/me/app"), [tag], {}, pace=FAST)
    assert server.asked == []
