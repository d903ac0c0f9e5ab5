"""Every behaviour, by every use of a registry: it goes well, or ends in one clear line, soon."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from oci.hostile import Image
from registry.behaviours import ALL, BEHAVIOURS, PASSWORD, USER, raw
from registry.memory_registry import Memory
from registry.proxy import basic, says

from hatch_multiarch.errors import ImageError, RegistryError
from hatch_multiarch.image.base.pin import find_lock, write_lock
from hatch_multiarch.image.base.remote import RegistryBase
from hatch_multiarch.image.inspect import content, inspect_archive, open_image
from hatch_multiarch.image.inspect.inspect_image import inspect_reference
from hatch_multiarch.platforms import lookup
from hatch_multiarch.registry import (
    Cache,
    Pace,
    Puller,
    bounded_response,
    parse,
    parse_pull,
    pull,
    push,
    transport,
)

if TYPE_CHECKING:
    from pathlib import Path

FAST = Pace(tries=3, first=0.001, longest=0.01, small=1 << 12, chunk=1 << 12, least_chunk=1 << 11)
SECONDS = 10
SECRETS = (PASSWORD, basic(USER, PASSWORD).partition(" ")[2], "good-token", "word@")
REPOSITORY = "team/app"
KEY = "tool.multiarch.image.base: "


@pytest.fixture(scope="module")
def registry():
    with Memory(0) as made:
        yield made


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """Return a layout of one platform, with a layer of some chunks."""
    made = Image(tmp_path_factory.mktemp("misbehaving") / "image")
    layer = made.layer(data=os.urandom(10_000))
    made.finish(made.index(made.manifest(layer=layer, config=made.config())))
    return made


@dataclass
class Customer:
    """Who uses the registry; each use returns the digest of the image when it goes well."""

    registry: Memory
    image: Image
    folder: Path
    mount: str = ""

    def __post_init__(self):
        folder = str(self.folder)
        self.name = f"{self.registry.host}/{REPOSITORY}:1"
        self.env = {"HOME": folder, "DOCKER_CONFIG": folder, "XDG_CACHE_HOME": folder}
        auths = {self.registry.host: {"username": USER, "password": PASSWORD}}
        (self.folder / "config.json").write_text(json.dumps({"auths": auths}))
        self.project = self.folder / "pyproject.toml"
        self.project.write_text(
            f'[tool.multiarch.helpers.x]\n[tool.multiarch.image]\nbase = "{self.name}"\n'
        )

    def serve(self):
        for path in (self.image.folder / "blobs/sha256").iterdir():
            data = path.read_bytes()
            self.registry.blobs[f"sha256:{path.name}"] = data
            if data.startswith(b'{"schemaVersion"'):
                self.registry.manifests[f"sha256:{path.name}"] = data
        self.registry.manifests["1"] = self.registry.manifests[self.image.root["digest"]]

    def inspect(self):
        self.serve()
        return inspect_reference(self.name, self.env).images[0].digest

    def base(self):
        self.serve()
        cache = Cache.of(self.env)
        with closing(Puller(parse_pull(self.name), self.env, cache, pace=FAST)) as puller:
            base = RegistryBase(puller, self.name)
            [layer] = base.resolve(lookup("linux/amd64")).layers
            assert len(base.open(layer).read()) == layer.size
            return base.digest

    def lock(self):
        self.serve()
        write_lock(find_lock(self.folder, self.env, FAST))
        return self.project.read_text().partition("@")[2].partition('"')[0]

    def push(self):
        with open_image(self.image.folder, parts=True) as source:
            [found] = inspect_archive(source).images
            whole, name = content(source, found), parse(self.name)
            push(whole, name, ["1"], self.env, pace=FAST, mount=self.mount)
        tag = self.registry.manifests["1"]
        for each in json.loads(tag)["manifests"]:
            manifest = json.loads(self.registry.manifests[each["digest"]])
            for blob in (manifest["config"], *manifest["layers"]):
                assert len(self.registry.blobs[blob["digest"]]) == blob["size"]
        return f"sha256:{hashlib.sha256(tag).hexdigest()}"


@pytest.fixture
def customer(registry, image, tmp_path):
    registry.reset()
    yield Customer(registry, image, tmp_path)
    for path in tmp_path.rglob("blobs/sha256/*"):
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        assert path.name == found, "nothing unfinished and nothing wrong is kept"


def outcome(use):
    """Return the digest, or the line that it ends in."""
    try:
        return use(), ""
    except (RegistryError, ImageError) as caught:
        error = caught
    assert error.message.isprintable(), f"it is not one line: {error.message!r}"
    assert len(error.message) < 500
    for secret in SECRETS:
        assert secret.lower() not in f"{error.message}{error.advice}".lower()
    return "", error.message.removeprefix(KEY)


def test_there_are_enough():
    assert len({each.name + each.on + each.method for each in BEHAVIOURS}) == len(BEHAVIOURS)
    assert len([each for each in BEHAVIOURS if each.meets == ALL]) >= 100


@pytest.mark.parametrize("what", sorted(ALL))
@pytest.mark.parametrize("case", BEHAVIOURS, ids=lambda case: case.name)
def test_a_behaviour(case, what, customer, monkeypatch):
    monkeypatch.setattr(pull, "Pace", lambda: FAST)
    # What has no end comes to its limit soon.
    monkeypatch.setattr(transport, "LIMIT", 1 << 17)
    monkeypatch.setattr(bounded_response, "HEAD", 1 << 17)
    if case.slow:
        monkeypatch.setattr(transport, "ANSWER", 0.15)
        monkeypatch.setattr(bounded_response, "WINDOW", 0.1)
    registry = customer.registry
    met = registry.rule(case.method, case.on, case.act, case.times)
    if case.body:
        registry.rule("HEAD", "/manifests/", says(405), 1 << 30)
    before = customer.project.read_text()
    began = time.monotonic()
    customer.mount = "team/base" if case.mount else ""
    digest, said = outcome(getattr(customer, what))
    assert time.monotonic() - began < SECONDS
    assert met.hits or what not in case.meets, f"not met: {said}"
    if case.fails and what in case.meets:
        assert not digest, "it was believed"
        assert re.search(case.fails, said), said
        assert said.startswith((f"{registry.host}/", "sha256:"))
        assert customer.project.read_text() == before
        assert what != "push" or "1" not in registry.manifests, "no tag has moved"
    else:
        assert (digest, said) == (customer.image.root["digest"], "")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("socks5://USER@127.0.0.1:1", "HTTPS_PROXY: a proxy socks5:// is not supported"),
        ("https://USER@127.0.0.1:1", "HTTPS_PROXY: a proxy https:// is not supported"),
        ("http://USER@127.0.0.1:x", "HTTPS_PROXY is not the address of a proxy"),
        ("http://USER@127.0.0.1:1", "the proxy in front of it: connection refused"),
        (
            "http://USER@REGISTRY",
            "the proxy in front of it refuses: Tunnel connection failed: 407$",
        ),
        ("", "its name cannot be resolved"),
    ],
)
def test_a_proxy(value, said, registry, tmp_path, monkeypatch):
    """Each use asks by the same transport; what a proxy says may repeat its password."""
    registry.reset()
    packed = basic(USER, PASSWORD).partition(" ")[2]
    registry.rule("CONNECT", "", raw(f"HTTP/1.1 407 {PASSWORD} {packed}\r\n\r\n"), 9)
    monkeypatch.setattr(pull, "Pace", lambda: FAST)
    user = f"{USER}:{quote(PASSWORD, safe='')}"
    env = {
        "HOME": str(tmp_path),
        "DOCKER_CONFIG": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path),
        "HTTPS_PROXY": value.replace("USER", user).replace("REGISTRY", registry.host),
        "NO_PROXY": "10.0.0.0/8,*.corp.example",
    }
    name = "registry.invalid/team/app:1"
    digest, line = outcome(lambda: inspect_reference(name, env))
    assert not digest
    assert re.search(said, line), line
    # Around it: nobody is asked for it, and the error is that of the name.
    env["NO_PROXY"] += ",.invalid"
    _, line = outcome(lambda: inspect_reference(name, env))
    assert "its name cannot be resolved" in line
