"""Registries and networks that misbehave: a complete image in the end, or one clear error.

In both cases the old tag can be pulled until the new one can.
"""

from __future__ import annotations

import dataclasses
import time

import pytest
from registry.proxy import cuts, header, relative, says, swallows
from registry.pushes import FAST

from hatch_multiarch.errors import RegistryError

UPLOAD = r"/blobs/uploads/"
EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
BIG = 900_000
"""Of a layer that goes in four chunks."""
SMALL = 60_000
"""Of a layer that goes in one piece."""


def later(seconds):
    return says(429, {"Retry-After": str(seconds)}, "TOOMANYREQUESTS", "slow down")


MENDED = {
    "an upload is cut at once": ("PATCH", UPLOAD, cuts(), 2),
    "an upload is cut in a chunk": ("PATCH", UPLOAD, cuts(75_000), 3),
    "a chunk's answer is lost": ("PATCH", UPLOAD, swallows, 1),
    "the end's answer is lost": ("PUT", UPLOAD, swallows, 1),
    "the end is cut": ("PUT", UPLOAD, cuts(), 1),
    "a small blob is cut": ("PUT", UPLOAD, cuts(20_000), 2),
    "the first question is cut": ("GET", r"^/v2/$", cuts(), 2),
    "a question is cut": ("HEAD", "/blobs/", cuts(), 2),
    "a beginning is cut": ("POST", UPLOAD, swallows, 2),
    "an upload is lost": ("PATCH", UPLOAD, says(404, {}, "BLOB_UPLOAD_UNKNOWN", "gone"), 1),
    "it is busy": ("PATCH", UPLOAD, says(503), 2),
    "it fails": ("PUT", UPLOAD, says(500, {}, "UNKNOWN", "oops"), 2),
    "it is overtaxed": ("POST", UPLOAD, later(1), 1),
    "it is overtaxed for manifests": ("PUT", "/manifests/", later(0), 2),
    "it times out": ("HEAD", "/blobs/", says(408), 2),
    "a manifest's answer is lost": ("PUT", "/manifests/sha256", swallows, 2),
    "a tag's answer is lost": ("PUT", "/manifests/1$", swallows, 2),
    "a chunk is out of place": ("PATCH", UPLOAD, says(416), 1),
    "places are relative": ("POST", UPLOAD, header("Location", relative), 99),
    "the bytes are said to be wrong": ("PUT", UPLOAD, says(400, {}, "DIGEST_INVALID", "no"), 1),
    "chunks are refused": ("PATCH", UPLOAD, says(405, {}, "UNSUPPORTED", "no chunks"), 1),
}


@pytest.mark.parametrize("resumes", [True, False], ids=["resumes", "forgets"])
@pytest.mark.parametrize("what", MENDED)
def test_it_is_mended(site, proxy, name, what, resumes):
    old, made = site.image(1000), site.image(BIG, SMALL)
    site.push(old.path, f"{site.host}/{name}:1")
    method, path, act, times = MENDED[what]
    rule = proxy.rule(method, path, act, times)
    proxy.resumes = resumes
    pushed = site.push(made.path, f"{proxy.host}/{name}:1")
    assert rule.hits, "the rule was not met"
    assert pushed.tags[0].before == old.digest
    assert site.pulled(f"{name}:1") == made.digest


def test_what_a_broken_upload_has_sent_is_not_sent_again(site, proxy, name):
    made = site.image(BIG)
    proxy.rule("PATCH", UPLOAD, cuts(75_000), 1)
    proxy.resumes = True
    one = dataclasses.replace(FAST, at_once=1)
    site.push(made.path, f"{proxy.host}/{name}:1", pace=one)
    spans = [each.headers["content-range"] for each in proxy.of("PATCH")]
    first = spans[: len(spans) // 2 + 1]
    assert first[:3] == ["0-262143", "75000-337143", "337144-599287"]
    assert site.pulled(f"{name}:1") == made.digest


def test_many_cuts_end_when_each_brings_something(site, proxy, name):
    """More breaks than tries, but the upload goes on after each of them."""
    made = site.image(BIG)
    rule = proxy.rule("PATCH", UPLOAD, cuts(60_000), 14)
    proxy.resumes = True
    site.push(made.path, f"{proxy.host}/{name}:1")
    assert rule.hits == 14 > 2 * FAST.tries
    assert site.pulled(f"{name}:1") == made.digest


def test_the_least_length_of_a_chunk_is_honoured(site, proxy, name):
    made = site.image(BIG)
    proxy.rule("POST", UPLOAD, header("OCI-Chunk-Min-Length", "400000"), 99)
    site.push(made.path, f"{proxy.host}/{name}:1")
    spans = {each.headers["content-range"] for each in proxy.of("PATCH")}
    assert spans == {"0-399999", "400000-799999", "800000-899999"}
    assert site.pulled(f"{name}:1") == made.digest


def test_chunks_become_small_where_large_ones_are_refused(site, proxy, name):
    """As GitHub's registry does above 4 MiB: 416, and the upload lives on."""
    made = site.image(BIG)

    def narrow(handler):
        if int(handler.headers["Content-Length"]) > FAST.least_chunk:
            says(416, {}, "REQUESTED_RANGE_NOT_SATISFIABLE", "too large")(handler)
        else:
            handler.pass_on()

    proxy.rule("PATCH", UPLOAD, narrow, 999)
    proxy.resumes = True
    site.push(made.path, f"{proxy.host}/{name}:1")
    assert "0-65535" in {each.headers["content-range"] for each in proxy.of("PATCH")}
    assert site.pulled(f"{name}:1") == made.digest


def test_a_range_that_stands_still_is_not_believed(site, proxy, name):
    """As Amazon's registry tells the end of the first chunk for ever."""
    made = site.image(BIG)
    proxy.rule("PATCH", UPLOAD, header("Range", "0-262143"), 99)
    site.push(made.path, f"{proxy.host}/{name}:1")
    assert len(proxy.of("PATCH")) == 8
    assert site.pulled(f"{name}:1") == made.digest


def test_a_pause_that_is_asked_for_is_kept(site, proxy, name):
    made = site.image(SMALL)
    proxy.rule("POST", UPLOAD, later(1), 1)
    began = time.monotonic()
    site.push(made.path, f"{proxy.host}/{name}:1")
    assert time.monotonic() - began >= 1


def location(place):
    return header("Location", place)


REFUSED = {
    "for ever busy": (
        "PUT",
        UPLOAD,
        says(503, {}, "UNAVAILABLE", "later"),
        r"is temporarily unavailable \(503\): ",
    ),
    "cut for ever": ("PATCH", UPLOAD, cuts(), "it closed the connection"),
    "a pause of an hour": ("POST", UPLOAD, later(3600), r"\(429\): TOOMANYREQUESTS: slow down"),
    "401": ("POST", UPLOAD, says(401), r"requires credentials \(401\)"),
    "403": (
        "POST",
        UPLOAD,
        says(403, {}, "DENIED", "no\nway"),
        r"not allow it \(403\): DENIED: no\\nway",
    ),
    "404": ("POST", UPLOAD, says(404, {}, "NAME_UNKNOWN", "who?"), r"no such repository \(404\)"),
    "413": ("PUT", UPLOAD, says(413), r"rejects requests of this size \(413\)"),
    "a wrong digest": ("PUT", UPLOAD, header("Docker-Content-Digest", EMPTY), "another digest"),
    "a wrong digest of a manifest": (
        "PUT",
        "/manifests/sha256",
        header("Docker-Content-Digest", EMPTY),
        "pushing the manifest .*another digest",
    ),
    "no place": ("POST", UPLOAD, says(202), "does not say where"),
    "a place on plain http": (
        "POST",
        UPLOAD,
        location("http://example.com/x"),
        "plain http at example",
    ),
    "a place with a password": (
        "POST",
        UPLOAD,
        location("https://anna:word@127.0.0.1/x"),
        "an invalid address$",
    ),
    "a place that is none": ("POST", UPLOAD, location("http://[/x"), "an invalid address"),
    "a forged request": ("POST", UPLOAD, location("/v2/x y\tHTTP/1.1"), "an invalid address"),
    "a manifest is refused": (
        "PUT",
        "/manifests/sha256",
        says(400, {}, "MANIFEST_INVALID", "bad"),
        "answered 400: MANIFEST_INVALID: bad",
    ),
    "no registry": ("GET", "^/v2/$", says(404), "asking for a registry"),
    "words without end": ("POST", UPLOAD, says(403, {}, "DENIED", "no " * 999), r"no no .*\.\.\."),
}


@pytest.mark.parametrize("what", REFUSED)
def test_one_clear_error_and_the_old_tag_stays(site, proxy, name, what):
    old, made = site.image(1000), site.image(BIG, SMALL)
    site.push(old.path, f"{site.host}/{name}:1")
    method, path, act, message = REFUSED[what]
    proxy.rule(method, path, act, 999)
    with pytest.raises(RegistryError, match=message) as caught:
        site.push(made.path, f"{proxy.host}/{name}:1")
    said = caught.value.message
    assert said.startswith(f"{proxy.host}/{name}: ")
    assert "\n" not in said
    assert len(said) < 500
    assert site.pulled(f"{name}:1") == old.digest


def test_a_tag_that_fails_says_which_were_moved(site, proxy, name):
    old, made = site.image(1000), site.image(SMALL)
    site.push(old.path, f"{site.host}/{name}", tags=["a", "b", "c"])
    proxy.rule("PUT", "/manifests/b$", says(403, {}, "DENIED", "immutable"), 9)
    with pytest.raises(RegistryError, match=r"DENIED: immutable; the image is there as") as caught:
        site.push(made.path, f"{proxy.host}/{name}", tags=["a", "b", "c"])
    assert caught.value.message.endswith(f"{made.digest}, tags moved: a, not moved: b, c")
    assert site.pulled(f"{name}:a") == made.digest
    assert site.pulled(f"{name}:b") == site.pulled(f"{name}:c") == old.digest


def test_a_proxy_is_used_unless_told_otherwise(site, proxy, name):
    """And plain http goes to a registry that is named, which this one's address is not."""
    made = site.image(BIG)
    host = "registry.invalid:5000"
    site.env["http_proxy"] = f"http://{proxy.host}"
    site.push(made.path, f"{host}/{name}:1", insecure=[host])
    assert {each.headers["host"] for each in proxy.asked} == {host}
    assert site.pulled(f"{name}:1") == made.digest
    with pytest.raises(RegistryError, match="cannot be resolved"):
        site.push(made.path, f"{host}/{name}:1")
    site.env["no_proxy"] = "example.com,registry.invalid"
    with pytest.raises(RegistryError, match="cannot be resolved"):
        site.push(made.path, f"{host}/{name}:1", insecure=[host])


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("127.0.0.1:1", "connection refused"),
        ("no-such-host.invalid", "its name cannot be resolved"),
        ("localhost:1/x", "connection refused"),
    ],
)
def test_who_cannot_be_reached(site, host, message):
    made = site.image()
    with pytest.raises(RegistryError, match=message) as caught:
        site.push(made.path, f"{host}/greeter:1")
    assert caught.value.advice.startswith("check the name")
