r"""Rules of what images, docker and buildx get: image names, the builder stage, builders, caches.

What passes is harmless where it goes: in a Dockerfile, in an argument list (it never starts with
``-`` unless it is a flag), and, but for its commas, in a field of buildx's comma-separated values.
Only ``absolute_path`` is free text.
"""

from __future__ import annotations

import posixpath
import re

from packaging.utils import canonicalize_name

from hatch_multiarch.config.keys import CONTROL, Rule
from hatch_multiarch.config.messages import expected, show, unknown

_MOST_ID = 2**31 - 1
"""The largest user or group id that every kernel and runtime takes."""


def _image_user(text: str) -> str:
    if any(int(number) > _MOST_ID for number in text.split(":")):
        raise ValueError(f"expected numbers up to {_MOST_ID}, found the string {show(text)}")
    return text


def _debian_package(text: str) -> str:
    if text.endswith("-") or "-=" in text:
        raise ValueError(f"{show(text)} ends in '-', which tells apt to remove a package")
    return text


def _builder_name(text: str) -> str:
    """Return the name as buildx stores it, in lower case."""
    if text.lower() == "default":
        raise ValueError("docker's own builder has the name 'default'; choose another")
    return text.lower()


_LONGEST_NAME = 200
"""In bytes. File systems take 255; what is written beside a file adds to its name."""


def normal_path(text: str) -> str:
    """Return the path *text* in its shortest form.

    Raises ValueError for one that file systems refuse, as ``Path.is_file`` would with OSError.
    """
    for part in text.split("/"):
        if len(part.encode(errors="replace")) > _LONGEST_NAME:
            limit = f"names of files and folders of at most {_LONGEST_NAME} bytes"
            raise ValueError(expected(limit, part))
    return posixpath.normpath(text)


def _image_base(text: str) -> str:
    scheme, colon, path = text.partition(":")
    if scheme == "oci" and colon:
        path = normal_path(path)
        if path == ".":
            raise ValueError(expected(DOCKER_RULES["image_base"].expected, text))
        return f"{scheme}:{path}"
    # Docker keeps the name for nothing at all, and no registry has it.
    if scheme.partition("@")[0].lower() == "scratch" and text != "scratch":
        raise ValueError(f"unknown base {show(text)}; did you mean 'scratch'?")
    if re.fullmatch(_REFERENCE, text) is None:
        raise ValueError(expected(DOCKER_RULES["image_base"].expected, text))
    return text


def _port(text: str) -> str:
    number, _, protocol = text.partition("/")
    if int(number) > _MOST_PORT:
        raise ValueError(f"expected a port from 1 to {_MOST_PORT}, found {show(text)}")
    return f"{number}/{protocol or 'tcp'}"


_MOST_PORT = 2**16 - 1


def _command_words(words: list[str]) -> list[str]:
    if not words or not words[0]:
        raise ValueError("doesn't name a program; put the program first, then its arguments")
    if words[0] in ("CMD", "CMD-SHELL", "NONE"):  # Docker's image spec, Healthcheck.Test
        raise ValueError(f"begins with {show(words[0])}; leave that out, the program is first")
    return words


_SCHEMES = ("docker-container", "fd", "kube-pod", "npipe", "ssh", "tcp", "unix")
"""Addresses that docker or buildx's remote driver can be reached at."""


def _endpoint(text: str) -> str:
    scheme, colon, rest = text.partition("://")
    if colon and scheme not in _SCHEMES:
        raise ValueError(unknown("kind of address", scheme, _SCHEMES))
    if ":" in rest.partition("@")[0] and "@" in rest:
        raise ValueError("contains a password, which would be stored and shown; remove it")
    return text


_CACHE_TYPES = ("registry", "local", "gha", "s3", "azblob")
_SECRETS = ("token", "access_key_id", "secret_access_key", "session_token")
"""BuildKit's caches take these from the environment of buildx too."""


def _cache(text: str) -> str:
    seen: dict[str, str] = {}
    for field in text.split(","):
        name, equals, value = field.partition("=")
        if name in _SECRETS:
            raise ValueError(f"{show(name)} is a secret; buildx reads it from the environment")
        if name in seen or not equals:
            raise ValueError(expected(DOCKER_RULES["cache"].expected, text))
        seen[name] = value
    if seen["type"] == "inline":
        raise ValueError("an inline cache is part of an image; set cache = true on that output")
    if seen["type"] not in _CACHE_TYPES:
        raise ValueError(unknown("type of cache", seen["type"], _CACHE_TYPES))
    return text


_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"

_NAME = (
    rf"(?:(?:{_HOST}(?:\.{_HOST})*|\[[0-9A-Fa-f:]+\])(?::[0-9]{{1,5}})?/)?"
    rf"{_COMPONENT}(?:/{_COMPONENT})*"
)
"""The grammar of distribution/reference: [domain[:port]/]component[/component...]."""

_REFERENCE = rf"{_NAME}(?::[A-Za-z0-9_][A-Za-z0-9._-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?"
"""Of the same grammar: NAME[:TAG][@DIGEST]."""

# buildx store/util.go, ValidateName.
_BUILDX_NAME = r"[A-Za-z][A-Za-z0-9._-]*"

DOCKER_RULES = {
    "image_name": Rule(
        "a repository name such as 'example.com/team/greeter', in lower case and without a tag",
        _NAME,
        longest=255,
    ),
    "image_tag": Rule(
        "a tag of letters, digits, '.', '_', '-' and {version}, at most 128 characters long",
        r"(?:[A-Za-z0-9_]|\{version\})(?:[A-Za-z0-9._-]|\{version\})*",
        longest=128,
    ),
    "image_user": Rule(
        "UID or UID:GID in numbers (scratch has no file of user names)",
        r"(?:0|[1-9][0-9]{0,9})(?::(?:0|[1-9][0-9]{0,9}))?",
        _image_user,
    ),
    "absolute_path": Rule(
        "an absolute path without '..'",
        rf"(?!//)(?!.*/\.\.(?:/|$))/[^{CONTROL}\\]*",
        normal_path,
    ),
    "image_base": Rule(
        "'scratch', an image such as 'python:3.13-slim', or 'oci:PATH', an OCI layout or archive "
        "inside the project, relative and with '/'",
        rf"oci:(?!/)(?![A-Za-z]:)(?!(?:.*/)?\.\.(?:/|$))[^{CONTROL}\\]+|(?!oci:){_REFERENCE}",
        _image_base,
        words=("scratch",),
    ),
    # A folder of the image that is not the whole of it, and not what a running kernel fills.
    "image_path": Rule(
        "an absolute path of the image without '..', which is not '/' and not below /proc, /sys "
        "and /dev",
        rf"(?!//)(?!/+(?:proc|sys|dev)(?:/|$))(?!.*/\.\.(?:/|$))/[^{CONTROL}\\]*[^{CONTROL}\\/.]",
        normal_path,
    ),
    # A Dockerfile expands `$` in VOLUME and COPY, also in exec form.
    "plain_path": Rule(
        "an absolute path of letters, digits, '.', '_', '-' and '/', without '..'",
        # Not `/.` either, which is the root.
        r"(?!.*/\.\.(?:/|$))(?=.*/\.*[A-Za-z0-9_-])(?:/[A-Za-z0-9._-]+)+/?",
        normal_path,
    ),
    "port": Rule(
        "a port such as '8080' or '53/udp'", r"[1-9][0-9]{0,4}(?:/(?:tcp|udp|sctp))?", _port
    ),
    "signal": Rule("a signal such as 'SIGINT'", r"SIG[A-Z0-9+-]{2,12}", longest=16),
    # Go's time.ParseDuration, without fractions; what does not fit in 64 bits of ns is no duration.
    "duration": Rule(
        "a duration above zero such as '30s', '1m30s' or '500ms'",
        r"(?=.*[1-9])(?:[0-9]{1,6}h)?(?:[0-9]{1,6}m(?!s))?(?:[0-9]{1,6}s)?(?:[0-9]{1,6}ms)?",
        longest=32,
    ),
    "command_words": Rule(
        "text without NUL characters", r"[^\x00]*", together=_command_words, longest=65536
    ),
    # PEP 685: compared as names of projects are.
    "extra": Rule(
        "an extra of letters, digits, '.', '_' and '-'",
        r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?",
        canonicalize_name,
        longest=128,
    ),
    "env_name": Rule("a name of letters, digits and '_'", r"[A-Za-z_][A-Za-z0-9_]*"),
    "label": Rule(
        "a name such as 'com.example.team'", r"[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?"
    ),
    "image_reference": Rule("an image such as 'golang:1.27-bookworm'", _REFERENCE, longest=512),
    # `off` and `on` have the form of an image's name.
    "sbom": Rule("'off', 'on' or the image of a scanner", _REFERENCE, longest=512),
    # Debian Policy 5.6.1 and 5.6.12.
    "debian_package": Rule(
        "a Debian package such as 'libopus-dev' or 'libopus-dev=1.3.1-3', without an architecture, "
        "which is the target's",
        r"[a-z0-9][a-z0-9+.-]+(?:=[A-Za-z0-9][A-Za-z0-9.+:~-]*)?",
        _debian_package,
        longest=128,
    ),
    # BuildKit frontend/dockerfile/instructions, parseBuildStageName.
    "stage_name": Rule(
        "the name of a stage, of a-z, 0-9, '-', '_' and '.', with a letter in front",
        r"[a-z][a-z0-9._-]*",
        longest=128,
    ),
    "builder_name": Rule(
        "a builder's name of letters, digits, '.', '_' and '-', with a letter in front and at most "
        "64 characters long",
        _BUILDX_NAME,
        _builder_name,
        longest=64,
    ),
    "node_name": Rule(
        "a node's name of letters, digits, '.', '_' and '-', with a letter in front and at most "
        "64 characters long",
        _BUILDX_NAME,
        str.lower,
        longest=64,
    ),
    # docker/cli context/store names its contexts so. No user or host starts with `-`, which ssh
    # could take for an option. A password passes here, so that its message need not show it.
    "endpoint": Rule(
        "a docker context, or an address such as 'tcp://arm-box:1234' or 'ssh://user@arm-box'",
        r"[A-Za-z0-9][A-Za-z0-9_.+-]*|"
        r"[a-z][a-z-]*://(?:(?:[A-Za-z0-9_][A-Za-z0-9._-]*|[^@]*:[^@]*)@)?"
        r"[A-Za-z0-9_/\[][A-Za-z0-9._~:/?=&+%,\[\]-]*",
        _endpoint,
    ),
    "option_name": Rule(
        "the name of an option such as 'image' or 'env.HTTP_PROXY'",
        r"[a-z][A-Za-z0-9._-]*",
        longest=128,
    ),
    "option": Rule(
        "letters, digits, spaces and any of . _ ~ : / @ % + , ; = * ? & ! | -",
        r"[A-Za-z0-9 ._~:/@%+,;=*?&!|-]*",
    ),
    # buildx splits them into words as a shell does.
    "flag": Rule(
        "one flag such as '--oci-worker-gc=false', without spaces and quotes",
        r"--[a-z][a-z0-9-]*(?:=[A-Za-z0-9._~:/@%+,;=*\[\]-]*)?",
    ),
    "cache": Rule(
        "a cache such as 'type=registry,ref=example.com/cache', without spaces and quotes",
        r"type=[a-z][a-z0-9]*(?:,[a-z][a-z0-9_-]*=[A-Za-z0-9._~:/@%+=-]*)*",
        _cache,
    ),
}
