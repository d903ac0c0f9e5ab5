"""NO_PROXY as Go reads it: each line was asked of Go's own `http.ProxyFromEnvironment`."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from hatch_multiarch.registry.proxy_settings import proxy_for, proxy_headers
from hatch_multiarch.registry.transport_error import Lost

SECRET = "pass-word-1234"  # noqa: S105 - of the test
DIRECT = [
    ("*", "r.corp.example"),
    (" * ", "10.0.0.1"),
    ("x.example, *", "r.corp.example"),
    ("corp.example", "corp.example"),
    ("corp.example", "r.corp.example"),
    ("CORP.example", "r.Corp.EXAMPLE"),
    (".corp.example", "r.corp.example"),
    (".corp.example", "a.b.corp.example"),
    ("*.corp.example", "r.corp.example"),
    ("*.corp.example", "a.b.corp.example"),
    ("*.corp.example:443", "r.corp.example"),
    ("corp.example:5000", "r.corp.example:5000"),
    (".corp.example:5000", "r.corp.example:5000"),
    ("corp.example:", "corp.example"),
    ("x.example,, ,corp.example", "corp.example"),
    ("10.0.0.1", "10.0.0.1"),
    ("10.0.0.1", "10.0.0.1:5000"),
    ("10.0.0.1:5000", "10.0.0.1:5000"),
    ("10.0.0.0/8", "10.1.2.3"),
    ("10.0.0.9/8", "10.1.2.3:5000"),
    ("192.168.0.0/16,172.16.0.0/12", "172.31.255.255"),
    ("0.0.0.0/0", "8.8.8.8"),
    ("2001:db8::/32", "[2001:db8::5]"),
    ("2001:DB8::/32", "[2001:db8::5]:5000"),
    ("2001:db8::5", "[2001:db8::5]"),
    ("2001:db8:0:0::5", "[2001:db8::5]"),
    ("[2001:db8::5]:5000", "[2001:db8::5]:5000"),
    ("10.0.0.1", "[::ffff:10.0.0.1]"),
    ("", "localhost"),
    ("", "localhost:5000"),
    ("", "127.9.9.9"),
    ("", "[::1]:5000"),
]
PROXIED = [
    ("", "r.corp.example"),
    (",", "r.corp.example"),
    ("other.example", "r.corp.example"),
    ("rp.example", "corp.example"),
    (".corp.example", "corp.example"),
    ("*.corp.example", "corp.example"),
    ("*.corp.example:5000", "r.corp.example"),
    ("r.*.example", "r.corp.example"),
    ("*corp.example", "r.corp.example"),
    ("**", "r.corp.example"),
    ("corp.example:5000", "r.corp.example"),
    ("corp.example:5000", "r.corp.example:5001"),
    ("corp.example:05000", "r.corp.example:5000"),
    (":443", "r.corp.example"),
    ("https://corp.example", "r.corp.example"),
    ("x.example corp.example", "corp.example"),
    ("10.0.0.1:5000", "10.0.0.1"),
    ("10.0.0", "10.0.0.1"),
    ("10.0.0.*", "10.0.0.1"),
    ("10.0.0.0/8", "11.0.0.1"),
    ("10.0.0.0/33", "10.0.0.1"),
    ("10.0.0.0/255.0.0.0", "10.0.0.1"),
    ("10.0.0.0/8", "10.example"),
    ("2001:db8::/32", "[2001:db9::5]"),
    ("[2001:db8::5]", "[2001:db8::5]"),
    ("[2001:db8::5]:5000", "[2001:db8::5]"),
    ("localhost", "localhost.example"),
]


def asked(host: str, **environ: str) -> str:
    found = proxy_for(urlsplit(f"https://{host}/v2/"), environ)
    return found.netloc if found else ""


@pytest.mark.parametrize(
    ("without", "host", "proxy"),
    [(*each, "") for each in DIRECT] + [(*each, "proxy.example:3128") for each in PROXIED],
)
def test_no_proxy(without, host, proxy):
    assert asked(host, HTTPS_PROXY="http://proxy.example:3128", NO_PROXY=without) == proxy


def test_which_variable():
    one, two = "http://one.example", "two.example:3128"
    assert asked("a.example", HTTPS_PROXY=one, https_proxy=two) == two, "no scheme means http"
    assert asked("a.example", HTTPS_PROXY=one, https_proxy="") == "one.example"
    assert asked("a.example", HTTP_PROXY=one, http_proxy=two, ALL_PROXY=one) == ""
    assert asked("a.example", HTTPS_PROXY=one, no_proxy="b.example", NO_PROXY="*") != ""
    logged_in = proxy_for(urlsplit("http://a.example"), {"http_proxy": "http://a%40b:c%3Ad@p"})
    assert proxy_headers(logged_in) == {"Proxy-Authorization": "Basic YUBiOmM6ZA=="}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("socks5://USER@p.example:1080", "HTTPS_PROXY: a proxy socks5:// is not supported"),
        ("socks5h://USER@p.example", "a proxy socks5h:// is not supported"),
        ("https://USER@p.example", "a proxy https:// is not supported"),
        ("SOCKS4://USER@p.example", "a proxy socks4:// is not supported"),
        (f"{SECRET}://p.example", "a proxy of its kind is not supported"),
        ("http://USER@", "is not the address of a proxy"),
        ("http://USER@[p.example", "is not the address of a proxy"),
        ("http://USER@p.example:port", "is not the address of a proxy"),
        ("http://USER@p.example:99999", "is not the address of a proxy"),
        ("http://USER@p example", "is not the address of a proxy"),
        ("http://USER@p.example\r\nX: y", "is not the address of a proxy"),
        ("://USER@p.example", "is not the address of a proxy"),
    ],
)
def test_one_that_cannot_be_used_is_one_line_without_its_password(value, said):
    with pytest.raises(Lost, match=said) as caught:
        asked("a.example", HTTPS_PROXY=value.replace("USER", f"anna:{SECRET}"))
    assert caught.value.final
    assert SECRET not in caught.value.reason + caught.value.advice
    assert "\n" not in caught.value.reason
    assert asked("a.example", HTTPS_PROXY=value, NO_PROXY="a.example") == ""
