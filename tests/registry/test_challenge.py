"""Challenges of a 401 as RFC 9110, section 11.6.1, has them, and as registries write them."""

from __future__ import annotations

from email.message import Message

import pytest

from hatch_multiarch.registry.challenge import Challenge, challenge_of, other_schemes
from hatch_multiarch.registry.transport import Answer

TOKEN = Challenge("bearer", "https://a.example/token", "r.example")
PAIR = Challenge("basic", "r")
REALM = 'realm="https://a.example/token",service="r.example"'


def answer(*headers: str) -> Answer:
    message = Message()
    for each in headers:
        message["WWW-Authenticate"] = each
    return Answer(401, message, b"")


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ([f"Bearer {REALM}"], TOKEN),
        ([f"bEARER {REALM}"], TOKEN),
        ([f"Bearer  {REALM.replace(',', ' , ').replace('=', ' = ')}"], TOKEN),
        (["Bearer realm=https://a.example/token,service=r.example"], TOKEN),
        ([f"Bearer {REALM.replace(',', ' ')}"], TOKEN),
        ([f'Bearer {REALM},scope="repository:a/b:pull,push",error="invalid_token"'], TOKEN),
        ([f"Bearer REALM=x,{REALM}"], Challenge("bearer", "x", "r.example")),
        ([f'Bearer {REALM}, Basic realm="r"'], TOKEN),
        ([f'Basic realm="r", Bearer {REALM}'], TOKEN),
        ([f'Basic realm="r",Bearer {REALM}'], TOKEN),
        (['Basic realm="r"', f"Bearer {REALM}"], TOKEN),
        ([f"Negotiate, Bearer {REALM}"], TOKEN),
        ([f'Negotiate, NTLM, Bearer {REALM}, Digest realm="d"'], TOKEN),
        ([f"Negotiate YII+/abc==, Bearer {REALM}"], TOKEN),
        (["Negotiate", "NTLM", 'Basic realm="r"'], PAIR),
        (["NTLM TlRMTVNTUAAC==", "Basic realm=r"], PAIR),
        (['Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="r"'], PAIR),
        (['Digest realm="d", qop="auth, auth-int", nonce="Basic x", Basic realm="r"'], PAIR),
        (["Bearer", 'Basic realm="r"'], PAIR),
        (['Bearer realm="", Basic realm="r"'], PAIR),
        (["Basic"], Challenge("basic")),
        (["basic,"], Challenge("basic")),
        ([", ,Basic , ,"], Challenge("basic")),
        (['Basic realm="a, \\"b\\" = c"'], Challenge("basic", 'a, "b" = c')),
        (['Basic realm="never closed'], Challenge("basic", "never closed")),
        (["Basic realm="], Challenge("basic")),
        (["Bearer"], Challenge("bearer")),
        (["Bearer realm"], Challenge("bearer")),
    ],
)
def test_the_usable_one_is_taken(headers, found):
    assert challenge_of(answer(*headers)) == found
    assert other_schemes(answer(*headers)) == []


@pytest.mark.parametrize(
    ("headers", "others"),
    [
        ([], []),
        ([""], []),
        ([" , "], []),
        (['=,=""=;;\x80"'], []),
        (["Negotiate"], ["negotiate"]),
        (["NTLM", "Negotiate", "NTLM"], ["ntlm", "negotiate"]),
        (['Digest realm="Basic", nonce="Bearer realm=x"'], ["digest"]),
        (["X" * 500], ["x" * 20]),
        (["a,b,c,d,e,f"], ["a", "b", "c", "d"]),
    ],
)
def test_none_is_usable(headers, others):
    assert challenge_of(answer(*headers)) is None
    assert other_schemes(answer(*headers)) == others
