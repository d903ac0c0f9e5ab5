"""Pulling a base: what is asked, what is kept, and that no other bytes get in."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from cli.projects import PLAIN, write
from image.layouts import Layout, tar
from registry.proxy import Proxy, TokenServer, Tunnel, basic, cuts, header, says, wants_basic
from registry.pulls import BIG, BLOB, Shop
from support import need

from hatch_multiarch.errors import ImageError, RegistryError
from hatch_multiarch.image.base import find_base, open_base
from hatch_multiarch.platforms import lookup

CLI = (sys.executable, "-m", "hatch_multiarch")
USER, PASSWORD = "anna", "pass:word-1234"


@pytest.fixture
def shop(site, proxy, name, tmp_path):
    made = site.image(BIG, 1000)
    site.push(made.path, f"{site.host}/{name}:1")
    return Shop(site, proxy, name, made, tmp_path / "cache")


def manifests(shop):
    """Return platform -> digest of its manifest, digests of its blobs."""
    blobs = shop.made.path / "blobs/sha256"
    index = json.loads((blobs / shop.made.digest[7:]).read_text())
    found = {}
    for each in index["manifests"]:
        manifest = json.loads((blobs / each["digest"][7:]).read_text())
        mine = [manifest["config"]["digest"], *(one["digest"] for one in manifest["layers"])]
        found[f"linux/{each['platform']['architecture']}"] = each["digest"], mine
    return found


def one_line(caught):
    message = caught.value.message
    assert "\n" not in message
    assert len(message) < 500
    assert PASSWORD not in message + caught.value.advice
    return message


def login(shop):
    config = {"auths": {shop.proxy.host: {"username": USER, "password": PASSWORD}}}
    (shop.site.folder / "docker/config.json").write_text(json.dumps(config))


def breaks(after):
    """Cut the connection after so many bytes of the blob itself."""

    def act(handler):
        answer, data = handler.send_on()
        handler.send_response_only(answer.status)
        for key in ("Content-Length", "Content-Range"):
            if answer.getheader(key):
                handler.send_header(key, answer.getheader(key))
        handler.end_headers()
        handler.wfile.write(data[:after])
        handler.wfile.flush()
        handler.cut()

    return act


def changes(change):
    def act(handler):
        answer, data = handler.send_on()
        handler.answer(answer.status, {}, change(data))

    return act


def test_only_what_the_platforms_need_is_pulled_and_once(shop):
    found = manifests(shop)
    digest, layers = shop.pull("linux/amd64")
    manifest, blobs = found["linux/amd64"]
    assert (digest, layers["linux/amd64"]) == (shop.made.digest, blobs[1:])
    assert shop.files() == {shop.made.digest, manifest, *blobs}
    asked = shop.asked()
    assert asked[:3] == [
        "HEAD /manifests/1",
        f"GET /manifests/{shop.made.digest}",
        f"GET /manifests/{manifest}",
    ]
    assert sorted(asked[3:]) == sorted(f"GET /blobs/{each}" for each in blobs)
    shop.pull("linux/amd64")
    assert shop.asked() == ["HEAD /manifests/1"]
    shop.pull("linux/amd64", name=f"{shop.reference}@{shop.made.digest}")
    assert shop.asked() == [], "a locked one is not asked for"
    shop.pull("linux/amd64", "linux/arm64")
    asked = shop.asked()
    assert len(asked) == 1 + 1 + 3
    assert not {f"GET /blobs/{each}" for each in blobs} & set(asked)


def test_both_families_of_media_types_are_named(shop):
    shop.pull()
    for each in shop.proxy.of("HEAD", "/manifests/") + shop.proxy.of("GET", "/manifests/"):
        for word in ("oci.image.index.v1", "oci.image.manifest.v1", "list.v2", "manifest.v2"):
            assert word in each.headers["accept"]


def test_a_tag_that_moves_is_followed_and_the_rest_is_kept(shop):
    shop.pull()
    newer = shop.site.image(1000)
    shop.site.push(newer.path, f"{shop.site.host}/{shop.name}:1")
    assert shop.pull()[0] == newer.digest
    assert shop.made.digest in shop.files()


def test_a_digest_without_a_tag_and_one_manifest_without_an_index(shop):
    digest, blobs = manifests(shop)["linux/arm64"]
    name = f"{shop.proxy.host}/{shop.name}@{digest}"
    assert shop.pull("linux/arm64", name=name) == (digest, {"linux/arm64": blobs[1:]})
    with pytest.raises(ImageError, match=r"(?m)has no linux/amd64; it has linux/arm64$") as caught:
        shop.pull("linux/amd64", name=name)
    one_line(caught)


@pytest.mark.parametrize("kind", ["oci", "docker"])
@pytest.mark.parametrize("index", [True, False], ids=["index", "manifest"])
def test_both_families_and_one_manifest_under_a_tag(shop, tmp_path, kind, index):
    layout = Layout(tmp_path / "layout")
    image = layout.image("linux/arm64", tar(("x", b"x")), kind=kind)
    if not index:
        del image["platform"]
    layout.finish(image, index=index)
    host = shop.site.host
    skopeo = [need("skopeo"), "--insecure-policy", "copy", "--all", "--preserve-digests"]
    skopeo += ["--dest-tls-verify=false", f"oci:{layout.folder}", f"docker://{host}/{shop.name}:2"]
    subprocess.run(skopeo, check=True, capture_output=True)
    name = f"{shop.proxy.host}/{shop.name}:2"
    digest, layers = shop.pull("linux/arm64", name=name)
    assert layers == {"linux/arm64": [digest_of(layout, image)]}
    assert (digest == image["digest"]) is not index


def digest_of(layout, image):
    [layer] = json.loads((layout.blobs / image["digest"][7:]).read_text())["layers"]
    return layer["digest"]


def test_a_platform_that_it_lacks_is_named_with_those_it_has(shop):
    with pytest.raises(ImageError, match=r":1 has no linux/s390x; it has linux/amd64, linux/arm64"):
        shop.pull("linux/s390x")
    assert not shop.proxy.of("GET", BLOB)


def test_what_it_lacks_is_known_before_a_layer_is_pulled(shop, tmp_path):
    env = {**shop.site.env, "XDG_CACHE_HOME": str(tmp_path / "home")}

    def found(*names):
        return find_base(shop.reference, tmp_path, env, [lookup(each) for each in names])

    with pytest.raises(ImageError, match=r":1 has no linux/s390x, linux/386; it has linux/amd64"):
        found("linux/s390x", "linux/amd64", "linux/386")
    assert not shop.proxy.of("GET", BLOB)
    shop.asked()
    digest = found("linux/amd64", "linux/arm64")
    assert (digest, shop.asked()) == (shop.made.digest, ["HEAD /manifests/1"])
    with open_base(shop.reference, tmp_path, env, digest=digest) as base:
        assert (base.digest, base.name) == (digest, shop.reference)
        assert base.resolve(lookup("linux/amd64")).layers
    assert not any(each.startswith("HEAD") for each in shop.asked()), "the tag was asked before"


def test_check_asks_the_registry(shop, tmp_path, run):
    env = {**shop.site.env, "XDG_CACHE_HOME": str(tmp_path / "home")}
    root = write(tmp_path / "greeter", PLAIN)
    run(*CLI, "init", "--image", root, **env)
    pyproject = root / "pyproject.toml"
    text = pyproject.read_text() + f'base = "{shop.reference}"\n'
    pyproject.write_text(text)
    assert "ok: greeter 1.0.0: 1 helper, 5 wheels, an image" in run(*CLI, "check", root, **env)
    pyproject.write_text(text.replace('"linux/arm64"', '"linux/s390x"'))
    said = run(*CLI, "check", root, code=7, **env).out
    assert f"error: tool.multiarch.image.base: {shop.reference} has no linux/s390x; it has " in said
    assert not shop.proxy.of("GET", BLOB)
    gone = text.replace(f"{shop.name}:1", f"{shop.name}:gone")
    pyproject.write_text(gone)
    said = run(*CLI, "check", root, **env).out
    assert said.startswith("warning: tool.multiarch.image.base: ")
    assert "; its platforms are not checked\nok: greeter" in said
    said = run(*CLI, "check", root, code=9, HATCH_MULTIARCH_OFFLINE="1", **env).out
    assert "error: tool.multiarch.image.base: " in said
    assert "the tag gone is not in the cache" in said


def test_a_digest_that_the_head_does_not_tell(shop):
    def forgets(handler):
        handler.pass_on(lambda headers: headers.pop("Docker-Content-Digest"))

    shop.proxy.rule("HEAD", "/manifests/1", forgets, 9)
    assert shop.pull()[0] == shop.made.digest


def test_what_breaks_off_goes_on_where_it_was(shop):
    big = manifests(shop)["linux/amd64"][1][1]
    rule = shop.proxy.rule("GET", f"/blobs/{big}", breaks(300_000), 2)
    shop.pull()
    assert rule.hits == 2
    spans = [each.headers.get("range") for each in shop.proxy.of("GET", f"/blobs/{big}")]
    assert spans == [None, f"bytes=300000-{BIG - 1}", f"bytes=600000-{BIG - 1}"]


def test_how_far_it_is(shop, tmp_path):
    said = []
    env = {**shop.site.env, "XDG_CACHE_HOME": str(tmp_path / "home")}
    with open_base(shop.reference, tmp_path, env, doing=said.append) as base:
        base.resolve(lookup("linux/amd64"))
    bars = [re.fullmatch(r"downloaded \[(#*-*)\] (\d+) %, (0\.\d) of 0\.9 MB", x) for x in said]
    told = [(len(each[1]), each[1].count("#") * 5 <= int(each[2])) for each in bars if each]
    assert told
    assert set(told) == {(20, True)}


def test_many_breaks_end_when_each_brings_something(shop):
    big = manifests(shop)["linux/amd64"][1][1]
    rule = shop.proxy.rule("GET", f"/blobs/{big}", breaks(100_000), 99)
    shop.pull()
    assert rule.hits == 9


@pytest.mark.parametrize(
    "act",
    [
        lambda handler: handler.headers.__delitem__("Range") or handler.pass_on(),
        header("Content-Range", "bytes 7-899999/900000"),
        says(416),
    ],
    ids=["sends all of it", "sent another part", "refuses parts"],
)
def test_a_registry_that_does_not_go_on(shop, act):
    big = manifests(shop)["linux/amd64"][1][1]

    def second(handler):
        if handler.headers["Range"]:
            act(handler)
        else:
            breaks(300_000)(handler)

    rule = shop.proxy.rule("GET", f"/blobs/{big}", second, 2)
    shop.pull()
    assert rule.hits == 2
    assert shop.store.has(big)


MENDED = {
    "a question is cut": ("HEAD", "/manifests/", cuts(), 2),
    "a manifest is cut": ("GET", "/manifests/", breaks(10), 2),
    "it is busy": ("GET", BLOB, says(503), 2),
    "it is overtaxed": ("GET", "/manifests/", says(429, {"Retry-After": "0"}), 2),
    "a blob comes damaged once": ("GET", BLOB, changes(lambda data: b"x" + data[1:]), 1),
    "a blob is short once": ("GET", BLOB, changes(lambda data: data[:100]), 1),
}


@pytest.mark.parametrize("what", MENDED)
def test_it_is_mended(shop, what):
    method, path, act, times = MENDED[what]
    rule = shop.proxy.rule(method, path, act, times)
    assert shop.pull()[0] == shop.made.digest
    assert rule.hits == times


REFUSED = {
    "another blob": (
        "GET",
        BLOB,
        changes(lambda data: b"x" + data[1:]),
        r"(?m)downloading sha256:.*: the bytes don't match this digest$",
    ),
    "a blob without end": ("GET", BLOB, changes(lambda d: d + b"x"), r"more than the \d+ bytes"),
    "a short blob": (
        "GET",
        BLOB,
        changes(lambda d: d[:50]),
        r"50 bytes, but the manifest declares",
    ),
    "another manifest": (
        "GET",
        "/manifests/",
        changes(lambda data: data + b" "),
        "the bytes don't match this digest",
    ),
    "a digest that is none": (
        "HEAD",
        "/manifests/1",
        header("Docker-Content-Digest", "sha256:../../x"),
        "not a sha256 or sha512 digest",
    ),
    "no such tag": ("HEAD|GET", "/manifests/1", says(404), r"no such repository \(404\)"),
    "cut for ever": ("GET", BLOB, cuts(), "it closed the connection"),
    "for ever busy": ("HEAD|GET", "/manifests/", says(503), r"is temporarily unavailable \(503\)"),
    "403": ("HEAD|GET", "/manifests/", says(403), r"does not allow it \(403\)"),
    "401": ("HEAD", "/manifests/", says(401), r"requires credentials \(401\)"),
    "a place on plain http": (
        "GET",
        BLOB,
        says(307, {"Location": "http://blobs.example.com/x"}),
        "leads to plain http at blobs.example.com; nothing was sent there",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_one_clear_error_and_nothing_wrong_is_kept(shop, what):
    method, path, act, message = REFUSED[what]
    shop.proxy.rule(method, path, act, 999)
    with pytest.raises((RegistryError, ImageError), match=message) as caught:
        shop.pull()
    assert one_line(caught).startswith(f"{shop.proxy.host}/{shop.name}: ")
    told = caught.value.message.replace(shop.name, "") + caught.value.advice
    assert "push" not in told
    assert "upload" not in told
    shop.proxy.rules.clear()
    assert shop.pull()[0] == shop.made.digest
    for digest in shop.files():
        assert shop.store.has(digest), "nothing else is in the cache"


def test_who_may_not_read_is_told_to_log_in(shop):
    wants_basic(shop.proxy, USER, PASSWORD)
    with pytest.raises(RegistryError, match=r"requires credentials \(401\)") as caught:
        shop.pull()
    one_line(caught)
    assert caught.value.advice == (
        f"`docker login {shop.proxy.host}`, with an account that may pull from there"
    )
    login(shop)
    shop.pull()
    shop.asked()
    shop.pull()
    assert shop.asked() == ["HEAD /manifests/1"] * 2, "without credentials, and with them"


def test_a_registry_without_tls_elsewhere_is_not_read(shop):
    with Proxy(shop.site.port) as way:
        way.rule("CONNECT", "", Tunnel(shop.site.port, "word-1234"), 9)
        shop.site.env["HTTPS_PROXY"] = f"http://anna:word-1234@{way.host}"
        with pytest.raises(RegistryError, match="no TLS connection") as caught:
            shop.pull(name="registry.invalid:5000/team/base:1")
    assert caught.value.advice.startswith("use a registry with TLS")
    assert not shop.cache.exists()


def test_a_token_is_asked_for_reading_only(shop):
    server = TokenServer(shop.proxy, USER, PASSWORD)
    login(shop)
    shop.pull()
    assert set(server.scopes) == {f"repository:{shop.name}:pull"}


@pytest.mark.parametrize("locked", [False, True])
def test_credentials_do_not_follow_to_where_blobs_are(shop, locked):
    with Proxy(shop.site.port) as elsewhere:
        wants_basic(shop.proxy, USER, PASSWORD)
        login(shop)

        def leads(handler):
            assert handler.headers["Authorization"] == basic(USER, PASSWORD)
            place = f"http://{elsewhere.host}{handler.path}?signature=secret-5678"
            handler.answer(307, {"Location": place})

        for rule in list(shop.proxy.rules):
            if rule.method == "GET":
                rule.path = "/manifests/|^/v2/$"
        shop.proxy.rule("GET", BLOB, leads, 99)
        big = manifests(shop)["linux/amd64"][1][1]
        elsewhere.rule("GET", f"/blobs/{big}", breaks(300_000), 2)
        shop.pull(name=f"{shop.reference}@{shop.made.digest}" if locked else "")
        assert len(elsewhere.asked) == 5
        assert all("authorization" not in each.headers for each in elsewhere.asked)
        assert any("range" in each.headers for each in elsewhere.asked)
        shop.cache.rename(shop.cache.with_name("other"))
        elsewhere.rule("GET", BLOB, says(403), 99)
        with pytest.raises(RegistryError) as caught:
            shop.pull()
        assert "secret-5678" not in one_line(caught) + caught.value.advice


@pytest.mark.parametrize("change", [b"x", None], ids=["changed", "cut"])
def test_what_is_damaged_in_the_cache_is_fetched_again(shop, change):
    shop.pull()
    shop.asked()
    manifest, [config, big, small] = manifests(shop)["linux/amd64"]
    for digest in (manifest, config, big):
        path = shop.store.path(digest)
        data = path.read_bytes()
        path.write_bytes(data[:-1] + change if change else data[:-9])
    shop.pull()
    assert sorted(shop.asked()) == sorted(
        [
            "HEAD /manifests/1",
            f"GET /manifests/{manifest}",
            f"GET /blobs/{config}",
            f"GET /blobs/{big}",
        ]
    )
    assert all(shop.store.has(each) for each in (manifest, config, big, small))


def test_offline_the_cache_is_all(shop):
    shop.pull("linux/amd64")
    shop.asked()
    locked = f"{shop.reference}@{shop.made.digest}"
    for name in ("", locked):
        digest, layers = shop.pull("linux/amd64", name=name, offline=True)
        assert (digest, layers["linux/amd64"]) == (
            shop.made.digest,
            manifests(shop)["linux/amd64"][1][1:],
        )
    missing = {
        f"{shop.proxy.host}/{shop.name}:2": "the tag 2",
        f"{shop.proxy.host}/{shop.name}@sha256:{'0' * 64}": f"sha256:{'0' * 64}",
    }
    for name, what in missing.items():
        with pytest.raises(RegistryError, match=f"{what} is not in the cache") as caught:
            shop.pull(name=name, offline=True)
        assert "HATCH_MULTIARCH_OFFLINE" in one_line(caught)
    with pytest.raises(RegistryError, match="is not in the cache"):
        shop.pull("linux/arm64", offline=True)
    path = shop.store.path(manifests(shop)["linux/amd64"][1][1])
    path.write_bytes(b"x" + path.read_bytes()[1:])
    with pytest.raises(RegistryError, match="is not in the cache"):
        shop.pull("linux/amd64", offline=True)
    assert shop.asked() == []


def test_several_builds_at_once(shop):
    failed = []

    def build():
        try:
            shop.pull("linux/amd64", "linux/arm64")
        except BaseException as error:  # noqa: BLE001 - told by the main thread
            failed.append(error)

    threads = [threading.Thread(target=build) for _ in range(5)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failed == []
    assert all(shop.store.has(each) for each in shop.files())


def test_what_a_killed_build_left_is_swept_and_a_running_ones_is_not(shop):
    folder = shop.cache / "blobs/sha256"
    folder.mkdir(parents=True)
    old, new = folder / ".part-old", folder / ".part-new"
    for each in (old, new):
        each.write_bytes(b"x")
    long_ago = time.time() - 2 * 24 * 60 * 60
    os.utime(old, (long_ago, long_ago))
    shop.pull()
    assert (old.exists(), new.exists()) == (False, True)


def test_a_cache_that_cannot_be_written(shop):
    shop.cache.write_text("no folder")
    with pytest.raises(ImageError, match=r"the cache cannot be written: "):
        shop.pull()


def test_the_key_is_named(shop, tmp_path):
    """By the way a build opens it, with the cache of its environment."""
    env = {**shop.site.env, "XDG_CACHE_HOME": str(tmp_path / "home")}
    with open_base(shop.reference, tmp_path, env) as base:
        image = base.resolve(lookup("linux/arm64"))
        assert (base.name, base.digest) == (shop.reference, shop.made.digest)
    assert (tmp_path / "home/hatch-multiarch/oci/blobs/sha256" / image.digest[7:]).is_file()
    other = replace(shop, name="no/such")
    with (
        pytest.raises(RegistryError, match=r"^tool\.multiarch\.image\.base: .*\(404\)"),
        open_base(other.reference, tmp_path, env) as base,
    ):
        base.resolve(lookup("linux/arm64"))
