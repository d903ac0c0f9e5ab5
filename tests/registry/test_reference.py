"""Names of images as docker takes them apart; and where what a registry names may lead."""

from __future__ import annotations

import pytest

from hatch_multiarch.errors import RegistryError
from hatch_multiarch.registry import parse
from hatch_multiarch.registry.challenge import check_realm
from hatch_multiarch.registry.reference import is_loopback


@pytest.mark.parametrize(
    ("text", "registry", "host", "path", "tag"),
    [
        ("greeter", "docker.io", "registry-1.docker.io", "library/greeter", ""),
        ("team/greeter:1.0", "docker.io", "registry-1.docker.io", "team/greeter", "1.0"),
        ("index.docker.io/a/b", "docker.io", "registry-1.docker.io", "a/b", ""),
        ("localhost/a:1", "localhost", "localhost", "a", "1"),
        ("localhost:5000/a", "localhost:5000", "localhost:5000", "a", ""),
        ("[::1]:5000/a/b:c", "[::1]:5000", "[::1]:5000", "a/b", "c"),
        ("ghcr.io/team/x:latest", "ghcr.io", "ghcr.io", "team/x", "latest"),
        ("Host/a", "Host", "Host", "a", ""),
    ],
)
def test_it_is_split_as_docker_splits_it(text, registry, host, path, tag):
    found = parse(text)
    assert (found.registry, found.host, found.path, found.tag) == (registry, host, path, tag)
    assert found.name == f"{registry}/{path}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a b",
        "team/Upper",
        "-x",
        "a:b:c",
        "a/../b",
        "a\n",
        "https://a/b",
        "user:pw@host/a",
        "host:99999/a",
        "ghcr.io/a@sha256:" + 64 * "0",
    ],
)
def test_what_is_no_name_is_one_line(text):
    with pytest.raises(RegistryError) as caught:
        parse(text)
    assert len(caught.value.message.splitlines()) == 1


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "127.9.9.9:80", "[::1]:5000", "::1"])
def test_this_machine(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["localhost.example.com", "127.0.0.1.example.com", "10.0.0.1", "127.example", "[::2]:1"]
)
def test_other_machines(host):
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("registry", "plain", "realm", "safe"),
    [
        ("ghcr.io/a/b", False, "https://ghcr.io/token", True),
        ("team/greeter", False, "https://auth.docker.io/token", True),
        ("ghcr.io/a/b", False, "http://ghcr.io/token", False),
        ("ghcr.io/a/b", False, "http://127.0.0.1/token", False),
        ("127.0.0.1:5000/a", True, "http://127.0.0.1:5001/token", True),
        ("localhost:5000/a", True, "http://[::1]:5001/token", True),
        ("127.0.0.1:5000/a", True, "https://auth.example.com/token", True),
        ("127.0.0.1:5000/a", True, "http://auth.example.com/token", False),
        ("box:5000/a", True, "http://box:5001/token", True),
        ("box:5000/a", True, "https://box/token", True),
        # Who speaks for it on plain http may be anybody.
        ("box:5000/a", True, "https://auth.example.com/token", False),
        ("box:5000/a", True, "http://127.0.0.1/token", False),
        ("box:5000/a", True, "http://box@evil.example/token", False),
    ],
)
def test_where_credentials_may_go(registry, plain, realm, safe):
    if safe:
        check_realm(realm, parse(registry), plain=plain)
        return
    with pytest.raises(RegistryError, match="nothing was sent there"):
        check_realm(realm, parse(registry), plain=plain)
