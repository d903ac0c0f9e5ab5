"""What registries, and what stands before them, do: each line is one of it, and what must follow.

Every behaviour is tried on inspect, base, push and lock.
"""

from __future__ import annotations

import base64
import json
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from registry.proxy import basic, cuts, header, says

if TYPE_CHECKING:
    from collections.abc import Callable

    from registry.proxy import Handler

USER, PASSWORD = "anna", "Pass-Word/1234"
ALL = frozenset({"inspect", "base", "push", "lock"})
PUSH = frozenset({"push"})
PULL = ALL - PUSH
EVER = 1 << 30
ANY = ".*"
MANIFESTS, BLOBS, UPLOADS = "/manifests/", "/blobs/", "/blobs/uploads/"


@dataclass(frozen=True)
class Behaviour:
    name: str
    act: Callable[[Handler], object]
    fails: str = ""
    """What the one line says that it ends in; empty: it ends well."""
    on: str = ""
    """The path."""
    method: str = ANY
    times: int = EVER
    meets: frozenset[str] = ALL
    """The uses that it stops; the others go well."""
    body: bool = False
    """It is about the body of an answer to GET: HEAD is refused, so that each use asks by GET."""
    slow: bool = False
    """It waits: so do we, but not as long as in earnest."""
    mount: bool = False


def raw(data: bytes | str, *, count: int = 1) -> Any:
    """Send these bytes, and no others, and close the connection."""
    sent = data.encode("latin-1") if isinstance(data, str) else data

    def act(handler: Handler) -> None:
        for _ in handler.body():
            pass
        handler.close_connection = True
        with suppress(OSError):
            for _ in range(count):
                handler.wfile.write(sent)

    return act


def trickles(start: bytes, each: bytes, seconds: float = 0.02) -> Any:
    """Send *start*, and *each* again and again until the client leaves."""

    def act(handler: Handler) -> None:
        handler.close_connection = True
        with suppress(OSError):
            handler.wfile.write(start)
            for _ in range(500):
                handler.wfile.write(each)
                handler.wfile.flush()
                time.sleep(seconds)

    return act


def silent(start: bytes = b"") -> Any:
    """Send *start* and nothing more, and wait for the client to leave."""

    def act(handler: Handler) -> None:
        handler.close_connection = True
        with suppress(OSError):
            handler.wfile.write(start)
            handler.connection.recv(1)

    return act


def first(data: bytes) -> Any:
    """Send these bytes before the honest answer."""

    def act(handler: Handler) -> None:
        handler.wfile.write(data)
        handler.pass_on()

    return act


def changed(change: Callable[[bytes], bytes], **headers: str) -> Any:
    """Change the body of the honest answer, and leave its digest out."""

    def act(handler: Handler) -> None:
        answer, data = handler.send_on()
        kind = {"Content-Type": answer.getheader("Content-Type") or "x/y"}
        handler.answer(answer.status, {**kind, **headers}, change(data))

    return act


def challenges(*values: str) -> Any:
    """Answer 401 with these challenges; REALM is the token server on this one."""

    def act(handler: Handler) -> None:
        lines = "".join(f"WWW-Authenticate: {each}\r\n" for each in values)
        lines = lines.replace("REALM", f"http://{handler.headers['Host']}/token")
        raw(f"HTTP/1.1 401 U\r\n{lines}Content-Length: 0\r\n\r\n")(handler)

    return act


def unless(good: Callable[[Handler], bool], otherwise: Any) -> Any:
    def act(handler: Handler) -> None:
        (Handlers.pass_on if good(handler) else otherwise)(handler)

    return act


class Handlers:
    """Acts that need no words."""

    @staticmethod
    def pass_on(handler: Handler) -> None:
        handler.pass_on()


def has_password(handler: Handler) -> bool:
    return handler.headers.get("Authorization") == basic(USER, PASSWORD)


def has_token(handler: Handler) -> bool:
    return handler.headers.get("Authorization") == "Bearer good-token"


def tokens(answer: Any) -> Any:
    """Want a token, and let the token server do *answer*, an act or what it gives as JSON."""
    if not callable(answer):
        text = answer if isinstance(answer, str) else json.dumps(answer)
        answer = says_text(200, text)

    def act(handler: Handler) -> None:
        if handler.path.startswith("/token"):
            answer(handler)
        else:
            unless(has_token, challenges('Bearer realm="REALM",service="x"'))(handler)

    return act


def says_text(status: int, text: str, kind: str = "application/json") -> Any:
    return lambda handler: handler.answer(status, {"Content-Type": kind}, text.encode())


def narrow_tokens(handler: Handler) -> None:
    """Give tokens for one repository only, as many token servers do."""
    if handler.path.startswith("/token") and handler.path.count("scope=") > 1:
        handler.answer(403)
    else:
        tokens({"token": "good-token"})(handler)


def echoes(where: str) -> Any:
    """Give back, in *where*, the password that the client sent."""

    def act(handler: Handler) -> None:
        if not has_password(handler):
            challenges('Basic realm="x"')(handler)
            return
        packed = basic(USER, PASSWORD).partition(" ")[2]
        plain = base64.b64decode(packed).decode()
        error = json.dumps({"errors": [{"code": packed, "message": plain * 9}]})
        texts = {
            "words": f"HTTP/1.1 403 {plain}\r\nContent-Length: {len(error)}\r\n\r\n{error}",
            "digest": f"HTTP/1.1 200 OK\r\nDocker-Content-Digest: {packed}\r\n"
            "Content-Length: 0\r\n\r\n",
            "place": f"HTTP/1.1 307 x\r\nLocation: http://{PASSWORD.replace('/', '-')}.{packed}"
            ".example/x\r\nContent-Length: 0\r\n\r\n",
            "scheme": f"HTTP/1.1 401 x\r\nWWW-Authenticate: {packed}\r\nContent-Length: 0\r\n\r\n",
            "realm": f'HTTP/1.1 401 x\r\nWWW-Authenticate: Bearer realm="ftp://x/{packed}"\r\n'
            "Content-Length: 0\r\n\r\n",
            "status": f"{packed} {plain}\r\n\r\n",
        }
        if handler.command == "HEAD" and where == "words":
            handler.answer(405)
        else:
            raw(texts[where])(handler)

    return act


def mounts(act: Any) -> Any:
    return lambda handler: (act if "mount=" in handler.path else Handlers.pass_on)(handler)


def ok(headers: str, body: str = "") -> Any:
    return raw(f"HTTP/1.1 200 OK\r\n{headers}\r\n\r\n{body}")


def chunked(body: str, count: int = 1, start: str = "") -> Any:
    head = f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{start}"

    def act(handler: Handler) -> None:
        raw(head)(handler)
        raw(body, count=count)(handler)

    return act


def spelled(handler: Handler) -> None:
    """The honest answer in chunks of 1000 bytes, with extensions and a trailer."""
    answer, data = handler.send_on()
    parts = [data[at : at + 1000] for at in range(0, len(data), 1000)]
    body = b"".join(b"%x;a=b\r\n%b\r\n" % (len(each), each) for each in parts)
    head = f"HTTP/1.1 {answer.status} OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
    raw(head.encode() + (body + b"0\r\nX: y\r\n\r\n" if handler.command != "HEAD" else b""))(
        handler
    )


STATUSES = (
    *(204, 300, 302, 304, 402, 403, 404, 405, 407, 408, 409, 410, 411, 413, 415, 418, 421, 426),
    *(429, 431, 451, 500, 501, 502, 503, 504, 505, 507, 511, 600, 999),
)
DIGITS = "9" * 400
BAD_TOKENS: dict[str, Any] = {
    "nothing": "",
    "no JSON": "<html>",
    "a list": [],
    "a number": 5,
    "null": None,
    "no token": {"expires_in": 300},
    "an empty token": {"token": ""},
    "a token that is a number": {"token": 5},
    "a token with a line": {"token": "good-token\r\nX-Evil: 1"},
    "a token with a blank": {"token": "good token"},
    "a token beyond ASCII": {"token": "göod-token"},
    "expires_in NaN": '{"token": "good-token", "expires_in": NaN}',
    "expires_in Infinity": '{"token": "good-token", "expires_in": -Infinity}',
    "expires_in of 400 digits": f'{{"token": "good-token", "expires_in": {DIGITS}}}',
    "expires_in of 9000 digits": f'{{"token": "good-token", "expires_in": {DIGITS * 20}1}}',
    "expires_in 1e999": '{"token": "good-token", "expires_in": 1e999}',
    "expires_in in words": {"token": "good-token", "expires_in": "soon"},
    "expires_in a list": {"token": "good-token", "expires_in": [300]},
    "deep": "[" * 100_000,
}
GOOD_TOKENS: dict[str, Any] = {
    "plainly": {"token": "good-token", "expires_in": 300},
    "as access_token": {"access_token": "good-token"},
    "that has ended long ago": {"token": "good-token", "expires_in": -300},
    "for null": {"token": "good-token", "expires_in": None},
    "for a string": {"token": "good-token", "expires_in": "300"},
}
UNUSABLE = {
    "without a challenge": ((), "requires credentials"),
    "with an empty one": (("",), "requires credentials"),
    "with commas": ((" , ,",), "requires credentials"),
    "by Negotiate": (("Negotiate",), "only negotiate"),
    "by NTLM and Negotiate": (("NTLM", "Negotiate a=="), "only ntlm, negotiate"),
    "by Digest": (('Digest realm="Basic", nonce="x"',), "only digest"),
    "by a thousand schemes": ((", ".join(f"s{n}" for n in range(1000)),), "only s0"),
    "by a bare Bearer": (("Bearer",), "names no token server"),
    "by a Bearer without realm": (('Bearer service="x"',), "names no token server"),
    "to another scheme": (('Bearer realm="ftp://127.0.0.1/x"',), "nothing was sent there"),
    "to another host": (('Bearer realm="http://r.example/x"',), "nothing was sent there"),
    "to a realm with a blank": (('Bearer realm="http://127.0.0.1 x/"',), "nothing was sent there"),
    "to a realm with a user": (('Bearer realm="http://u:p@127.0.0.1/"',), "nothing was sent"),
    "to a realm beyond ASCII": (('Bearer realm="http://127.0.0.1/\xe4"',), "nothing was sent"),
    "to a port that is none": (('Bearer realm="http://127.0.0.1:99999/"',), "nothing was sent"),
    "to a realm that is closed": (('Bearer realm="http://127.0.0.1:1/"',), "connection refused"),
    "with 70 KB": (("Bearer " + "x" * 70_000,), "its answer is not HTTP"),
}
USABLE = {
    "by Basic": ('Basic realm="x"',),
    "by a bare Basic": ("Basic",),
    "behind others": ("Negotiate", "NTLM", 'Digest realm="a, b", nonce="c"', 'BASIC realm="x"'),
    "behind others in one line": ('Negotiate, NTLM abc==, Digest realm="a, b", Basic realm="x"',),
    "beside a Bearer without realm": ("Bearer", "Basic"),
}
FRAMES: dict[str, tuple[Any, str]] = {
    "a length below zero": (ok("Content-Length: -5", "hello"), "no valid Content-Length"),
    "a length in words": (ok("Content-Length: five", "hello"), "no valid Content-Length"),
    "a length of a fraction": (ok("Content-Length: 5.0", "hello"), "no valid Content-Length"),
    "two lengths": (ok("Content-Length: 5\r\nContent-Length: 6", "hello"), "no valid Content-Len"),
    "a length in a list": (ok("Content-Length: 5, 5", "hello"), "no valid Content-Length"),
    "less than the length": (ok("Content-Length: 500", "hello"), "closed the connection"),
    "a length of 400 digits": (ok(f"Content-Length: {DIGITS}", "hello"), "closed the connection"),
    "a length of 9000 digits": (ok(f"Content-Length: {DIGITS * 20}1", "x"), ""),
    "another coding": (ok("Transfer-Encoding: gzip, chunked", "x"), "unknown Transfer-Encoding"),
    "a chunk of -5": (chunked("-5\r\nhello\r\n0\r\n\r\n"), "a chunk of a negative size"),
    "a chunk of -1": (chunked("-1\r\nhello\r\n0\r\n\r\n"), "a chunk of a negative size"),
    "a chunk of words": (chunked("zz\r\nhello\r\n0\r\n\r\n"), "closed the connection"),
    "a chunk of nothing": (chunked("\r\nhello\r\n0\r\n\r\n"), "closed the connection"),
    "a chunk too large": (chunked(f"{'F' * 400}\r\nhello\r\n0\r\n\r\n"), "closed the connection"),
    "no last chunk": (chunked("5\r\nhello\r\n"), "closed the connection"),
    "trailers without end": (chunked("X: y\r\n" * 999, 9_999, "5\r\nhello\r\n0\r\n"), "not end"),
    "chunks with long names": (chunked(f"1;{'x' * 60_000}\r\nx\r\n", 9_999), "does not end"),
    "chunks of one byte": (chunked("1\r\nx\r\n" * 999, 9_999), "too large"),
    "a body without end": (raw(f"HTTP/1.1 200 OK\r\n\r\n{'x' * 9_999}", count=9_999), "too large"),
    "5 MB": (changed(lambda _: b"x" * 5_000_000), "too large"),
    "a page of a portal": (
        says_text(200, "<html>Log in!</html>", "text/html; charset=x"),
        "web page|not JSON",
    ),
}
HEADS: dict[str, tuple[Any, str]] = {
    "a status in words": (raw("HTTP/1.1 OK\r\n\r\n"), "not HTTP"),
    "a status below zero": (raw("HTTP/1.1 -200 OK\r\n\r\n"), "not HTTP"),
    "a status of four digits": (raw("HTTP/1.1 2000 OK\r\n\r\n"), "not HTTP"),
    "another protocol": (raw("SSH-2.0-OpenSSH_9.2\r\n"), "not HTTP"),
    "another version": (raw("HTTP/3.0 200 OK\r\n\r\n"), "not HTTP"),
    "HTTP/2": (raw(b"\0\0\x12\4\0\0\0\0\0\0\3\0\0\0d\0\4\0\20\0\0"), "not HTTP|closed the"),
    "TLS": (raw(b"\x15\3\1\0\2\2\x46"), "not HTTP|closed the|TLS"),
    "nothing": (raw(""), "closed the connection|not HTTP"),
    "a cut": (cuts(), "closed the connection"),
    "noise": (raw(bytes(range(256)) * 40), "not HTTP|closed the"),
    "a status without end": (raw("HTTP/1.1 200 " + "x" * 9_999, count=9_999), "not HTTP|not end"),
    "a header without end": (raw("HTTP/1.1 200 OK\r\nX: " + "x" * 70_000), "not HTTP"),
    "headers without end": (raw("HTTP/1.1 200 OK\r\n" + "X: y\r\n" * 200), "not HTTP"),
    "100 Continue without end": (raw("HTTP/1.1 100 Continue\r\n\r\n" * 99, count=9_999), "not end"),
    "103 without end": (raw("HTTP/1.1 103 E\r\nLink: x\r\n\r\n" * 99, count=9_999), "not end"),
    "101": (raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), "answered 101"),
}
SLOW: dict[str, tuple[Any, str]] = {
    "silence": (silent(), "sent nothing for"),
    "silence in a head": (silent(b"HTTP/1.1 200 OK\r\nX: y\r\n"), "sent nothing for"),
    "a head by bytes": (trickles(b"HTTP/1.1 200 OK\r\nX: ", b"x"), "sent only [0-9]+ bytes in"),
    "100 Continue by and by": (trickles(b"", b"HTTP/1.1 100 C\r\n\r\n"), "sent only"),
}
SLOW_BODIES: dict[str, tuple[Any, str]] = {
    "silence in a body": (silent(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"), "nothing for"),
    "a body by bytes": (
        trickles(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", b"x"),
        "sent only",
    ),
    "chunks by bytes": (
        trickles(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        "sent only",
    ),
    "trailers by and by": (
        trickles(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
        "sent only",
    ),
}
PLACES = {
    "itself": ("http://HOST/v2/team/app/manifests/1", "answered 307"),
    "plain http": ("http://r.example/x", "plain http at r.example"),
    "another scheme": ("file:///etc/passwd", "an invalid address"),
    "a user": ("http://u:word@127.0.0.1/x", "an invalid address"),
    "no address": ("http://[/x", "an invalid address"),
    "a port that is none": ("http://127.0.0.1:x/", "an invalid address"),
    "a blank": ("/a b", "an invalid address"),
    "beyond ASCII": ("/\xe4", "an invalid address"),
    "a closed port": ("http://127.0.0.1:1/x", "connection refused"),
    "nowhere": ("", "answered 307"),
}


def leads(place: str) -> Any:
    def act(handler: Handler) -> None:
        handler.answer(307, {"Location": place.replace("HOST", handler.headers["Host"])})

    return act


def relative(place: str) -> str:
    """Return the last part of a place, as `Location: 0`."""
    return place.rpartition("/")[2]


def begins(place: str | Callable[[str], str]) -> Any:
    """Begin an upload at this place."""
    return header("Location", place)


def listed() -> list[Behaviour]:
    """Return those that are alike."""
    found = [
        Behaviour(f"says {status}", says(status, {}, "CODE", "why"), f"\\(?{status}\\)?")
        for status in STATUSES
    ]
    found += [
        Behaviour(f"HEAD is refused for manifests: {status}", says(status), "", MANIFESTS, "HEAD")
        for status in (400, 403, 404, 405, 406, 500, 501, 503)
    ]
    found += [
        Behaviour(f"HEAD is refused for all: {status}", says(status), "", "", "HEAD")
        for status in (400, 403, 405, 501)
    ]
    found += [
        Behaviour(f"wants a login {name}", challenges(*values), said)
        for name, (values, said) in UNUSABLE.items()
    ]
    found += [
        Behaviour(f"wants a login {name}", unless(has_password, challenges(*values)))
        for name, values in USABLE.items()
    ]
    found += [
        Behaviour(f"gives for a token {name}", tokens(given), "did not answer with a valid token")
        for name, given in BAD_TOKENS.items()
    ]
    found += [
        Behaviour(f"gives a token {name}", tokens(given)) for name, given in GOOD_TOKENS.items()
    ]
    found += [
        Behaviour(f"answers for a token {status}", tokens(says(status)), said)
        for status, said in (
            (201, "answered 201 instead of 200"),
            (204, "answered 204 instead of 200"),
            (302, "answered 302 instead of 200"),
            (400, r"rejects the credentials \(400\)"),
            (401, r"rejects the credentials \(401\)"),
            (403, r"rejects the credentials \(403\)"),
            (404, "answered 404 instead of 200"),
            (500, r"asking 127.0.0.1, its token server: .*\(500\)"),
        )
    ]
    found += [
        Behaviour(f"sends {name}", act, said, "", "GET", meets=ALL, body=True)
        for name, (act, said) in FRAMES.items()
        if said
    ]
    found += [Behaviour(f"sends {name}", act, said) for name, (act, said) in HEADS.items()]
    found += [
        Behaviour(f"sends {name}", act, said, slow=True) for name, (act, said) in SLOW.items()
    ]
    found += [
        Behaviour(f"sends {name}", act, said, "", "GET", body=True, slow=True)
        for name, (act, said) in SLOW_BODIES.items()
    ]
    found += [
        Behaviour(f"leads to {name}", leads(place), said, MANIFESTS, "GET|HEAD")
        for name, (place, said) in PLACES.items()
    ]
    found += [
        Behaviour(f"gives the password back in the {where}", echoes(where), ".")
        for where in ("words", "digest", "place", "scheme", "realm", "status")
    ]
    return found


def push_only() -> list[Behaviour]:
    begin = {"on": UPLOADS, "method": "POST", "meets": PUSH}
    found = [
        Behaviour("begins an upload at 0", begins(relative), "", **begin),
        Behaviour(
            "begins an upload at ./0?", begins(lambda it: f"./{relative(it)}?x=y"), "", **begin
        ),
        Behaviour("begins an upload nowhere", says(202), "does not say where", **begin),
        Behaviour("begins an upload with 200", says(200), "answered 200", **begin),
        Behaviour("begins an upload on plain http", begins("http://r.example/x"), "plain", **begin),
        Behaviour(
            "begins an upload at an address of none", begins("http://["), "invalid address", **begin
        ),
        Behaviour(
            "begins an upload at a long host", begins(f"https://{'x' * 70}/"), "name", **begin
        ),
    ]
    for value in (str(10**12), "-5", "many", "", "0"):
        act = header("OCI-Chunk-Min-Length", value)
        found.append(Behaviour(f"wants chunks of {value!r}", act, "", **begin))
    for name, act in {
        "with 500": says(500),
        "with 503": says(503, {"Retry-After": "3600"}),
        "with 405": says(405),
        "with 401": says(401),
        "with 202 and no place": says(202),
        "by a cut": cuts(),
        "by noise": raw("noise\r\n\r\n"),
        "by leading away": lambda h: h.answer(202, {"Location": "http://r.example/"}),
    }.items():
        found.append(Behaviour(f"refuses a mount {name}", mounts(act), "", mount=True, **begin))
    narrow = Behaviour("gives no token for two repositories", narrow_tokens, mount=True)
    chunk = {"on": UPLOADS, "method": "PATCH", "meets": PUSH}
    end = {"on": f"{UPLOADS}.*digest=", "method": "PUT", "meets": PUSH}
    return [
        *found,
        narrow,
        Behaviour("takes a byte of each chunk", cuts(1), "closed the connection", **chunk),
        Behaviour("forgets every upload", says(404), r"\(404\)", **chunk),
        Behaviour("finds every chunk too large", says(416), "", **chunk),
        Behaviour("takes no chunks", says(405), "", **chunk),
        Behaviour("tells a range that is none", header("Range", "bytes=9-1"), "", **chunk),
        Behaviour("has the upload go on at .", header("Location", "?x=y"), "", **chunk),
        Behaviour("ends every upload with 200", says(200), "answered 200", **end),
        Behaviour("has other bytes", says(400, {}, "DIGEST_INVALID", "no"), "DIGEST_INV", **end),
        Behaviour("says another digest", header("Docker-Content-Digest", "x:y"), "another", **end),
        Behaviour(
            "refuses manifests", says(400, {}, "BAD", "no"), "BAD: no", MANIFESTS, "PUT", meets=PUSH
        ),
        Behaviour(
            "refuses the tag",
            says(403, {}, "BAD", "no"),
            "tags moved: none",
            f"{MANIFESTS}1$",
            "PUT",
            meets=PUSH,
        ),
    ]


def some() -> list[Behaviour]:
    why = says(403, {}, "DENIED", "no entry")
    pulls = {"meets": PULL, "method": "GET", "body": True}
    blobs = {"on": f"{BLOBS}sha256", "meets": frozenset({"base"}), "method": "GET"}
    return [
        Behaviour("says why behind a HEAD", why, "DENIED: no entry", MANIFESTS, "GET", body=True),
        Behaviour("leads HEAD astray, and GET not", leads("http://HOST/x"), "", MANIFESTS, "HEAD"),
        Behaviour("answers with 103 before", first(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")),
        Behaviour("answers with 100 before", first(b"HTTP/1.1 100 Continue\r\n\r\n" * 3)),
        Behaviour("answers in chunks", spelled, "", "", "GET", body=True),
        Behaviour("names no digest", changed(lambda data: data), "", MANIFESTS, **pulls),
        Behaviour("is busy once", says(503), times=1),
        Behaviour("is overtaxed once", says(429, {"Retry-After": "0"}), times=1),
        Behaviour("is overtaxed for an hour", says(429, {"Retry-After": "3600"}), r"\(429\)"),
        Behaviour(
            "is busy until the year 1",
            says(503, {"Retry-After": "Mon, 01 Jan 0001 00:00:00 -0000"}),
            r"\(503\)",
        ),
        Behaviour("is busy for ever and a day", says(503, {"Retry-After": DIGITS}), r"\(503\)"),
        Behaviour("cuts once", cuts(), times=1),
        Behaviour("has manifests of nothing", changed(lambda _: b""), ".", MANIFESTS, **pulls),
        Behaviour("has manifests of a list", changed(lambda _: b"[]"), ".", MANIFESTS, **pulls),
        Behaviour("has deep manifests", changed(lambda _: b"[" * 99_999), ".", MANIFESTS, **pulls),
        Behaviour("has manifests of another", changed(lambda _: b"{}"), ".", MANIFESTS, **pulls),
        Behaviour(
            "has packed manifests",
            changed(lambda _: b"\x1f\x8b", **{"Content-Encoding": "gzip"}),
            ".",
            MANIFESTS,
            **pulls,
        ),
        Behaviour(
            "says a digest with a control character",
            header("Docker-Content-Digest", "sha256:\0" + "a" * 64),
            "not a sha256",
            MANIFESTS,
            **pulls,
        ),
        Behaviour(
            "says a digest that is none",
            header("Docker-Content-Digest", "sha256:../x"),
            "not a sha256",
            MANIFESTS,
            "HEAD",
            meets=PULL,
        ),
        Behaviour(
            "says another digest",
            header("Docker-Content-Digest", "sha256:" + "a" * 64),
            "don't match this digest",
            MANIFESTS,
            **pulls,
        ),
        Behaviour(
            "has other blobs", changed(lambda data: b"x" + data[1:]), "match this digest", **blobs
        ),
        Behaviour("has long blobs", changed(lambda data: data + b"x"), "more than the", **blobs),
        Behaviour(
            "has short blobs",
            changed(lambda data: data[:50]),
            "50 bytes, but|another part",
            **blobs,
        ),
        Behaviour("has blobs of a page", says_text(200, "<html>", "text/html"), "6 bytes", **blobs),
        Behaviour("has no blobs", says(404, {}, "BLOB_UNKNOWN", "?"), "BLOB_UNKNOWN", **blobs),
        Behaviour(
            "sends blobs by bytes",
            trickles(b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
            "sent only",
            slow=True,
            **blobs,
        ),
        Behaviour("leads blobs to plain http", leads("http://r.example/x"), "plain http", **blobs),
    ]


BEHAVIOURS = [*listed(), *push_only(), *some()]
