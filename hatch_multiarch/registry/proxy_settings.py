"""The proxy before a registry, by HTTP_PROXY, HTTPS_PROXY and NO_PROXY.

As Go's golang.org/x/net/http/httpproxy reads them, and with it docker: names in lower case go
first, and this machine is never asked for through a proxy.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from hatch_multiarch.registry.reference import is_loopback
from hatch_multiarch.registry.transport_error import Lost

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

PORTS = {"http": 80, "https": 443}
ADVICE = "check HTTPS_PROXY and NO_PROXY"

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def proxy_for(parts: SplitResult, environ: Mapping[str, str]) -> SplitResult | None:
    """Return the proxy for the URL *parts*. Raises Lost for one that cannot be used."""
    host = parts.hostname or ""
    if is_loopback(host):
        return None
    names = (f"{parts.scheme}_proxy", f"{parts.scheme.upper()}_PROXY")
    name = next((each for each in names if environ.get(each)), "")
    without = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if not name or is_direct(host, parts.port or PORTS[parts.scheme], without):
        return None
    return _parsed(name, environ[name])


def is_direct(host: str, port: int, without: str) -> bool:
    """Tell whether *without*, a value of NO_PROXY, has *host* asked without a proxy."""
    host, address = host.lower(), _address(host.partition("%")[0])
    for written in without.lower().split(","):
        entry = written.strip()
        if entry == "*":
            return True
        if (network := _network(entry)) is not None:
            if address is not None and address in network:
                return True
            continue
        name, wanted = _split(entry)
        if not name or (wanted and wanted != str(port)):
            continue
        if (named := _address(name)) is not None:
            if named == address:
                return True
        elif address is None and _covers(name, host):
            return True
    return False


def proxy_headers(proxy: SplitResult) -> dict[str, str]:
    """Return the headers that log in to *proxy*."""
    if not proxy.username:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def proxy_secrets(proxy: SplitResult) -> list[str]:
    """Return what no message may show of *proxy*."""
    packed = [each.partition(" ")[2] for each in proxy_headers(proxy).values()]
    return [*packed, unquote(proxy.password or "")]


def _parsed(name: str, value: str) -> SplitResult:
    """Return the proxy *value* of the variable *name*, of which no message shows anything."""
    text = value if "://" in value else f"http://{value}"
    advice = f"set {name} to http://HOST:PORT, or name the registry in NO_PROXY"
    try:
        parts = urlsplit(text)
        good = bool(parts.hostname) and parts.port != 0
        good = good and re.search(r"[\s\x00-\x20\x7f]", parts.netloc + value) is None
    except ValueError:
        good = False
    if not good:
        raise Lost(f"{name} is not the address of a proxy", final=True, advice=advice)
    if parts.scheme != "http":
        known = ("https", "socks4", "socks4a", "socks5", "socks5h")
        kind = f"{parts.scheme}://" if parts.scheme in known else "of its kind"
        reason = f"{name}: a proxy {kind} is not supported, only http:// is"
        raise Lost(reason, final=True, advice=advice)
    return parts


def _covers(name: str, host: str) -> bool:
    """Tell whether *name*, such as ``example.com``, ``.example.com`` or ``*.``, means *host*."""
    name = name.removeprefix("*") if name.startswith("*.") else name
    if name.startswith("."):
        return host.endswith(name)
    return host == name or host.endswith(f".{name}")


def _split(entry: str) -> tuple[str, str]:
    """Return host and port of *entry*, as Go's net.SplitHostPort does."""
    if found := re.fullmatch(r"\[([^\[\]]*)\]:([^:\[\]]*)|([^:\[\]]*):([^:\[\]]*)", entry):
        bracketed, port, plain, other = found.groups()
        return (plain, other) if bracketed is None else (bracketed, port)
    return entry, ""


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    if not re.fullmatch(r".+/[0-9]+", text):
        return None
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _address(text: str) -> _Address | None:
    """Return *text* as an address; one of IPv4 in IPv6 is the former."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
