"""Logging in: to a token server, by Basic, by what docker keeps; where credentials never go."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import ssl
import subprocess
from urllib.parse import quote

import pytest
from registry.proxy import Handler, Proxy, Server, TokenServer, Tunnel, basic, says, wants_basic
from registry.pulls import Shop
from registry.pushes import command
from support import need

from hatch_multiarch.errors import RegistryError
from hatch_multiarch.registry import parse
from hatch_multiarch.registry.credentials import find_credential

USER, PASSWORD = "anna", "pass:word/äöü-1234"
IDENTITY = "identity-token-5678"


def login(site, host, **entry):
    """Write what `docker login` writes."""
    if not entry:
        entry = {"auth": base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}
    write(site, auths={host: entry})


def write(site, **config):
    (site.folder / "docker/config.json").write_text(json.dumps(config))


def helper(site, answer, code=0):
    """Put a credential helper on PATH that notes what it is asked and answers so."""
    folder = site.folder / "bin"
    folder.mkdir(exist_ok=True)
    program = folder / "docker-credential-test"
    program.write_text(
        f'#!/bin/sh\necho "$@" $(cat) >> {folder}/asked\n'
        f"cat <<'END'\n{answer}\nEND\nexit {code}\n"
    )
    program.chmod(0o755)
    site.env["PATH"] = f"{folder}:{os.environ['PATH']}"
    return folder / "asked"


def cli(site, *words, code=0, **env):
    said = command(site, "push", *words, code=code, **env)
    for secret in (PASSWORD, IDENTITY, "secret-token", basic(USER, PASSWORD).partition(" ")[2]):
        assert secret not in said
    return said


def test_a_token_for_a_password(site, proxy, name):
    made = site.image(600_000, 1000)
    server = TokenServer(proxy, USER, PASSWORD)
    login(site, proxy.host)
    site.push(made.path, f"{proxy.host}/{name}:1")
    assert server.scopes == [f"repository:{name}:pull,push"]
    assert "service=the%2C+registry" in proxy.of("GET", "^/token")[0].path
    assert site.pulled(f"{name}:1") == made.digest
    # The password went to the token server, and nowhere else.
    with_password = [
        each for each in proxy.asked if "asic" in each.headers.get("authorization", "")
    ]
    assert with_password == proxy.of("GET", "^/token")


def test_a_token_for_an_identity_token(site, proxy, name):
    made = site.image()
    server = TokenServer(proxy, identity=IDENTITY)
    login(site, proxy.host, auth=base64.b64encode(b"anna:").decode(), identitytoken=IDENTITY)
    site.push(made.path, f"{proxy.host}/{name}:1", mount="team/base")
    assert server.scopes == [f"repository:{name}:pull,push", "repository:team/base:pull"]
    assert IDENTITY not in str([each.path for each in proxy.asked])
    assert site.pulled(f"{name}:1") == made.digest


def test_a_token_that_ends_is_renewed(site, proxy, name):
    """In the middle of a blob, too: the chunk is sent again."""
    made = site.image(900_000)
    server = TokenServer(proxy, USER, PASSWORD, lasts=4)
    login(site, proxy.host)
    site.push(made.path, f"{proxy.host}/{name}:1")
    assert len(server.given) > 3
    assert any(each.status == 401 for each in proxy.of("PATCH"))
    assert site.pulled(f"{name}:1") == made.digest


def test_basic(site, proxy, name):
    made = site.image(600_000)
    wants_basic(proxy, USER, PASSWORD)
    login(site, f"https://{proxy.host}/v1/", username=USER, password=PASSWORD)
    site.push(made.path, f"{proxy.host}/{name}:1")
    assert site.pulled(f"{name}:1") == made.digest


WRAPPED = base64.encodebytes(f"{USER}:{PASSWORD}{'x' * 200}".encode()).decode()
KEPT = {
    # auths -> the registry that is asked for, and what is sent there: user, secret, kind
    "wrapped": ({"r.example": {"auth": WRAPPED}}, "r.example", "password"),
    "wrapped by Windows": (
        {"r.example": {"auth": WRAPPED.replace("\n", "\r\n")}},
        "r.example",
        "password",
    ),
    "a registry token": ({"r.example": {"registrytoken": IDENTITY}}, "r.example", "registry token"),
    "a registry token before others": (
        {"r.example": {"auth": WRAPPED, "identitytoken": "x", "registrytoken": IDENTITY}},
        "r.example",
        "registry token",
    ),
    "the port of TLS": ({"r.example:443": {"auth": WRAPPED}}, "r.example", "password"),
    "the port of TLS, asked for": ({"r.example": {"auth": WRAPPED}}, "r.example:443", "password"),
    "the port of TLS, in a URL": (
        {"https://r.example:443/v2/": {"auth": WRAPPED}},
        "r.example",
        "password",
    ),
    "no port first": (
        {"r.example:443": {"registrytoken": "x"}, "r.example": {"auth": WRAPPED}},
        "r.example",
        "password",
    ),
    "another port": ({"r.example:5000": {"auth": WRAPPED}}, "r.example", ""),
    "another port, asked for": ({"r.example": {"auth": WRAPPED}}, "r.example:5000", ""),
    "the port of TLS of another": ({"x.r.example:443": {"auth": WRAPPED}}, "r.example", ""),
}


@pytest.mark.parametrize("what", KEPT)
def test_what_docker_keeps(tmp_path, what):
    auths, registry, kind = KEPT[what]
    (tmp_path / "config.json").write_text(json.dumps({"auths": auths}))
    found = find_credential(registry, {"DOCKER_CONFIG": str(tmp_path)})
    assert (found.kind if found else "") == kind
    if found and kind == "password":
        assert (found.username, found.secret) == (USER, PASSWORD + "x" * 200)


def test_a_helper_keeps_it_under_the_port_of_tls(site):
    asked = helper(site, json.dumps({"Username": USER, "Secret": PASSWORD}))
    program = asked.with_name("docker-credential-test")
    missing = "grep -q :443 || { echo credentials not found; exit 1; }"
    program.write_text(
        program.read_text().replace("cat <<", f"tail -1 {asked} | {missing}\ncat <<")
    )
    write(site, credHelpers={"r.example:443": "test"})
    assert find_credential("r.example", site.env).secret == PASSWORD
    assert asked.read_text().split() == ["get", "r.example", "get", "r.example:443"]


def test_a_registry_token_goes_to_the_registry_itself(site, proxy, name):
    made = site.image()
    server = TokenServer(proxy)
    server.given.append(IDENTITY)
    login(site, proxy.host, registrytoken=IDENTITY)
    site.push(made.path, f"{proxy.host}/{name}:1")
    assert server.scopes == []
    assert site.pulled(f"{name}:1") == made.digest
    server.given.append("another")
    said = cli(site, site.image().path, f"{proxy.host}/{name}:1", code=9)
    assert "requires other credentials (401)" in said


def test_docker_hub_has_a_name_of_its_own(site):
    pair = base64.b64encode(f"{USER}:{PASSWORD}\0".encode()).decode()
    write(site, auths={"https://index.docker.io/v1/": {"auth": pair}, "x.example": {}})
    found = find_credential(parse("team/greeter").registry, site.env)
    assert (found.username, found.secret) == (USER, PASSWORD)
    assert repr(found) == "Credential(kind='password')"
    assert find_credential("x.example", site.env) is None
    assert find_credential("docker.io.example", site.env) is None
    asked = helper(site, json.dumps({"Username": USER, "Secret": PASSWORD}))
    write(site, credsStore="test")
    assert find_credential("docker.io", site.env) == found
    assert asked.read_text() == "get https://index.docker.io/v1/\n"


@pytest.mark.parametrize("config", ["credsStore", "credHelpers"])
def test_a_credential_helper_is_asked(site, proxy, name, config):
    made = site.image()
    wants_basic(proxy, USER, PASSWORD)
    asked = helper(site, json.dumps({"Username": USER, "Secret": PASSWORD}))
    write(site, **{config: "test" if config == "credsStore" else {proxy.host: "test"}})
    site.push(made.path, f"{proxy.host}/{name}:1")
    assert asked.read_text() == f"get {proxy.host}\n"
    assert site.pulled(f"{name}:1") == made.digest


def test_a_helper_may_keep_an_identity_token(site, proxy, name):
    made = site.image()
    TokenServer(proxy, identity=IDENTITY)
    helper(site, json.dumps({"Username": "<token>", "Secret": IDENTITY}))
    write(site, credsStore="test")
    site.push(made.path, f"{proxy.host}/{name}:1")
    assert site.pulled(f"{name}:1") == made.digest


def test_what_a_helper_has_not_may_be_in_the_file(site, proxy, name):
    made = site.image()
    wants_basic(proxy, USER, PASSWORD)
    helper(site, "credentials not found in native keychain", code=1)
    pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    write(site, credsStore="test", auths={proxy.host: {"auth": pair}})
    site.push(made.path, f"{proxy.host}/{name}:1")


BROKEN = {
    "not JSON": ("{", "docker's config is not JSON"),
    "no object": ("[]", "docker's config is not a JSON object"),
    "no table": ('{"auths": ["x"]}', "auths is not a JSON object"),
    "no base64": ('{"auths": {"HOST": {"auth": "SECRET!"}}}', "the entry of .* cannot be read"),
    "no pair": ('{"auths": {"HOST": {"auth": "U0VDUkVU"}}}', "the entry of .* cannot be read"),
    "no header": (
        '{"auths": {"HOST": {"registrytoken": "SECRET\\r\\nX: y"}}}',
        "the entry of .* cannot be read",
    ),
    "deep": ("[" * 100_000, "docker's config is not JSON"),
    "no helper": ('{"credsStore": "none"}', "docker-credential-none, .* cannot be started"),
    "no name": ('{"credsStore": "../x"}', r"credential helper '\.\./x'"),
    "failing": ('{"credsStore": "test"}', "docker-credential-test failed for .* exit code 3"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_login_is_one_line_without_secrets(site, proxy, name, what):
    made = site.image()
    wants_basic(proxy, USER, PASSWORD)
    helper(site, "SECRET", code=3)
    text, message = BROKEN[what]
    (site.folder / "docker/config.json").write_text(text.replace("HOST", proxy.host))
    with pytest.raises(RegistryError, match=message) as caught:
        site.push(made.path, f"{proxy.host}/{name}:1")
    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("kind", ["token", "basic"])
@pytest.mark.parametrize("known", [True, False], ids=["wrong", "none"])
def test_wrong_credentials_or_none(site, proxy, name, kind, known):
    made = site.image()
    if kind == "token":
        TokenServer(proxy, USER, PASSWORD)
    else:
        wants_basic(proxy, USER, PASSWORD)
    if known:
        login(site, proxy.host, username=USER, password=PASSWORD + "x")
    with pytest.raises(RegistryError, match="credentials") as caught:
        site.push(made.path, f"{proxy.host}/{name}:1")
    assert f"`docker login {proxy.host}`" in caught.value.advice
    assert len([each for each in proxy.asked if each.status == 401]) <= 3, "it must not hammer"


class Listener(Handler):
    """Hears who calls, and answers nothing."""

    def respond(self):
        self.proxy.asked.append(self.headers)
        self.answer(200)

    do_GET = do_POST = do_HEAD = do_PUT = respond  # noqa: N815


@pytest.fixture
def elsewhere():
    """A server on all of this machine's addresses; return it and its place under another name."""
    heard = Proxy(0)
    server = Server(("0.0.0.0", 0), type("Bound", (Listener,), {"proxy": heard}))  # noqa: S104
    import threading

    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield heard.asked, f"{socket.gethostname()}:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    "realm",
    [
        "http://ELSEWHERE/token",
        "http://127.0.0.1:80@ELSEWHERE/token",
        "http://user:SECRET@127.0.0.1/token",
        "//ELSEWHERE/token",
        "ftp://127.0.0.1/token",
        "http://[/token",
        "",
    ],
)
def test_credentials_do_not_follow_a_realm_elsewhere(site, proxy, name, realm, elsewhere):
    heard, place = elsewhere
    old, made = site.image(), site.image()
    site.push(old.path, f"{site.host}/{name}:1")
    server = TokenServer(proxy, USER, PASSWORD)
    server.realm = realm.replace("ELSEWHERE", place)
    login(site, proxy.host)
    with pytest.raises(RegistryError, match="nothing was sent there") as caught:
        site.push(made.path, f"{proxy.host}/{name}:1")
    assert "SECRET" not in str(caught.value)
    assert heard == []
    assert site.pulled(f"{name}:1") == old.digest


def test_credentials_do_not_follow_a_redirect_or_an_upload(site, proxy, name):
    """To another port of this machine, which is another server: a store of blobs."""
    made, other = site.image(600_000), site.image(600_000)
    wants_basic(proxy, USER, PASSWORD)
    login(site, proxy.host)
    site.push(made.path, f"{site.host}/{name}:1")
    with Proxy(site.port) as store:

        def leads_there(handler):
            handler.answer(307, {"Location": f"http://{store.host}{handler.path}"})

        def uploads_there(handler):
            del handler.headers["Authorization"]
            handler.pass_on(
                lambda headers: headers.update(
                    Location=headers["Location"].replace(proxy.host, store.host)
                )
            )

        proxy.rules.insert(0, proxy.rule("HEAD", "/blobs/", leads_there, 99))
        proxy.rules.insert(0, proxy.rule("POST", "/uploads/", uploads_there, 99))
        there = site.push(made.path, f"{proxy.host}/{name}:1")
        assert {each.state for each in there.blobs} == {"there"}
        assert {each.method for each in store.asked} == {"HEAD"}
        site.push(other.path, f"{proxy.host}/{name}:1")
        assert {each.method for each in store.asked} == {"HEAD", "PATCH", "PUT"}
        assert not any("authorization" in each.headers for each in store.asked)
    assert site.pulled(f"{name}:1") == other.digest


@pytest.fixture
def certificate(site):
    """Make a certificate that nobody but SSL_CERT_FILE vouches for."""
    key, cert = site.folder / "key.pem", site.folder / "cert.pem"
    words = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=test",
        "-addext",
    ]
    subprocess.run(
        [
            need("openssl"),
            *words,
            "subjectAltName=IP:127.0.0.1,DNS:registry.invalid",
            "-keyout",
            key,
            "-out",
            cert,
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


def test_tls_is_checked(site, proxy, name, certificate):
    made = site.image(600_000, 1000)
    cert, context = certificate
    proxy.server.socket = context.wrap_socket(proxy.server.socket, server_side=True)
    TokenServer(proxy, USER, PASSWORD, realm=f"https://{proxy.host}/token")
    login(site, proxy.host)
    reference = f"{proxy.host}/{name}:1"
    said = cli(site, made.path, reference, code=9)
    assert "its TLS certificate is not trusted: self-signed certificate" in said
    assert "SSL_CERT_FILE" in said
    assert proxy.asked == []
    # The registry behind it knows of no TLS, and names http for its uploads.
    assert reference in cli(site, made.path, reference, SSL_CERT_FILE=str(cert))
    assert all(each.startswith("http:") for each, _ in proxy.uploads.values())
    assert site.pulled(f"{name}:1") == made.digest


def test_a_pull_over_tls(site, proxy, name, certificate, monkeypatch):
    """On this machine plain http is tried first, and the first question is a HEAD."""
    made = site.image(600_000)
    site.push(made.path, f"{site.host}/{name}:1")
    cert, context = certificate
    proxy.server.socket = context.wrap_socket(proxy.server.socket, server_side=True)
    server = TokenServer(proxy, USER, PASSWORD, realm=f"https://{proxy.host}/token")
    login(site, proxy.host)
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    shop = Shop(site, proxy, name, made, site.folder / "cache")
    assert shop.pull()[0] == made.digest
    assert server.scopes == [f"repository:{name}:pull"]


def test_tls_through_a_proxy(site, proxy, name, certificate):
    made = site.image(600_000)
    cert, context = certificate
    proxy.server.socket = context.wrap_socket(proxy.server.socket, server_side=True)
    reference = f"registry.invalid/{name}:1"
    with Proxy(0) as before:
        tunnel = Tunnel(proxy.server.server_address[1], PASSWORD)
        before.rule("CONNECT", "", tunnel, 999)
        env = {"SSL_CERT_FILE": str(cert), "https_proxy": f"http://{before.host}", "no_proxy": ""}
        said = cli(site, made.path, reference, code=9, **env)
        assert "the proxy in front of it refuses: Tunnel connection failed: 407" in said
        env["https_proxy"] = f"http://anna:{quote(PASSWORD, safe='')}@{before.host}"
        assert reference in cli(site, made.path, reference, **env)
        assert set(tunnel.asked) == {"registry.invalid:443"}
    assert not any("proxy-authorization" in each.headers for each in proxy.asked)
    assert site.pulled(f"{name}:1") == made.digest


def test_nothing_secret_is_ever_printed(site, proxy, name):
    """Not even by a registry that repeats what it was sent; `cli` looks into all that is said."""
    made = site.image(600_000)
    TokenServer(proxy, USER, PASSWORD)
    login(site, proxy.host)
    reference = f"{proxy.host}/{name}:1"
    assert made.digest in cli(site, "--json", made.path, reference)
    assert made.digest in cli(site, "--dry-run", made.path, reference)

    def repeats(handler):
        said = f"you sent {handler.headers['Authorization']} and {basic(USER, PASSWORD)}"
        says(403, {}, "DENIED", said)(handler)

    for method in ("POST", "PUT"):
        proxy.rules.insert(0, proxy.rule(method, "/v2/.*(uploads|manifests)", repeats, 99))
    other = site.image(1000)
    said = cli(site, other.path, reference, code=9)
    assert "DENIED: you sent Bearer *** and Basic ***" in said
    [told] = json.loads(cli(site, "--json", "--dry-run", made.path, reference))
    assert set(told) == {"name", "digest", "blobs", "tags", "dry_run"}


def test_what_docker_login_writes_is_read(site, proxy, name, engine):
    """By the real docker, which also takes this server for a registry."""
    wants_basic(proxy, USER, PASSWORD)
    env = {**engine.env, "DOCKER_CONFIG": site.env["DOCKER_CONFIG"]}
    docker = shutil.which("docker", path=env["PATH"])
    subprocess.run(
        [docker, "login", "--username", USER, "--password-stdin", proxy.host],
        env=env,
        input=PASSWORD,
        text=True,
        check=True,
        capture_output=True,
    )
    made = site.image()
    site.push(made.path, f"{proxy.host}/{name}:1")
    assert site.pulled(f"{name}:1") == made.digest
