"""The page says all that the report says, loads nothing, and shows hostile words as words."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatch_multiarch.errors import ReportError
from hatch_multiarch.report.console.formatting import tame
from hatch_multiarch.report.html import page, write_page
from hatch_multiarch.report.html.elements import VOID, el
from hatch_multiarch.report.html.timeline import marks
from hatch_multiarch.report.load import load
from hatch_multiarch.report.report_model import ModuleRecord

HOSTILE = (
    "\"'></code></title></style><script>alert(1)</script><img src=//x onerror=a>&lt;\u202e\0\ud800"
)


class Read(HTMLParser):
    """Reads a page as strictly as it was written: what is opened is closed, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = self.style = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert len(dict(attrs)) == len(attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] == ["style"]:
            self.style += data
        else:
            self.text += data

    def all(self, tag, class_=None):
        found = [attrs for name, attrs in self.elements if name == tag]
        return [e for e in found if not class_ or class_ in (e.get("class") or "").split()]


@pytest.fixture
def full(finished):
    """Return a report in which everything is: pushed, on a base, with modules, up to date."""
    told = json.loads(finished.report().to_json())
    told["image"]["base"] = "python:3.13-slim"
    told["image"]["base_digest"] = "sha256:" + "b" * 64
    told["image"]["published"] = [
        {
            "type": "registry",
            "reference": "registry.example.com/greeter:1.0.0",
            "digest": "sha256:p",
        }
    ]
    for number, manifest in enumerate(told["image"]["manifests"]):
        manifest["base"] = f"sha256:{number:064}"
        manifest["layers"].insert(
            0, {"digest": f"sha256:{number:060}base", "size": 9, "base": True}
        )
    told["units"][2]["cached"] = True
    told["units"][3]["go"] = told["units"][0]["go"]
    return told


@pytest.fixture
def render(tmp_path):
    def render(told):
        path = tmp_path / "it.json"
        path.write_text(json.dumps(told))
        return page(load(path))

    return render


def leaves(told, key=""):
    """Yield every string of *told* and the key that it stands under, names in objects too."""
    if isinstance(told, str):
        yield key, told
    elif isinstance(told, list):
        for each in told:
            yield from leaves(each, key)
    elif isinstance(told, dict):
        for name, each in told.items():
            if key in ("files", "helpers"):
                yield key, name
            yield from leaves(each, name)


def test_everything_is_on_it(full, render):
    """What the page says in words of its own is left out here, and looked for below."""
    read = Read(render(full))
    own = {"kind", "install", "libc", "started", "type", "files"}
    missing = []
    for key, words in leaves(full):
        parts = re.split(r"[-.]", words) if key == "tag" else [words.removeprefix("go ")]
        if key == "version":
            parts = [words.removeprefix("go1.")]
        missing += [
            (key, p) for p in parts if key not in own and words != "none" and p not in read.text
        ]
    missing = [each for each in missing if each != ("path", "example.com/greet")]
    assert missing == []
    assert "2 image platforms" in read.text
    assert "3 built, 1 up to date" in read.text
    assert "glibc 2.17" in read.text
    assert "macOS 13.0" in read.text
    assert read.text.count("h1:abc=") == 1, "a module stands there once"
    assert read.text.count("✓") == 0, "marks are the style's"
    assert len(read.all("span", "yes")) == 4 + 2
    assert len(read.all("g", "unit")) == 4
    assert len(read.all("g", "cached")) == 1
    units = {f"{each['helper']} {each['platform']}" for each in full["units"]}
    assert all(read.text.count(unit) >= 2 for unit in units), "in the picture's words and its bar"


def test_without_image_or_helpers(make_build, tmp_path):
    report = make_build(tmp_path, image=False).report()
    read = Read(page(report))
    assert "#image" not in [each["href"] for each in read.all("a")]
    assert "not in the image" in read.text
    read = Read(page(replace(report, units=(), wheels=(), proof=())))
    assert "Nothing was compiled." in read.text


def test_it_loads_nothing_and_runs_nothing(full, render):
    html = render(full)
    read = Read(html)
    names = {tag for tag, _ in read.elements}
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "use"}
    attributes = {name for _, attrs in read.elements for name in attrs}
    assert not {name for name in attributes if name.startswith("on")}
    assert not attributes & {"src", "srcset", "style", "action", "background", "data", "ping"}
    ids = {attrs["id"] for _, attrs in read.elements if "id" in attrs}
    assert {each["href"].removeprefix("#") for each in read.all("a")} <= ids
    assert not re.search(r"url\(|@import|@font-face|https?:|//", read.style)
    assert not re.search(r"https?://", html)
    [policy] = [each["content"] for each in read.all("meta") if "http-equiv" in each]
    digest = base64.b64encode(hashlib.sha256(read.style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def test_it_can_be_read_by_ear_and_on_a_phone(full, render):
    read = Read(render(full))
    ids = [attrs["id"] for _, attrs in read.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    labels = [attrs["aria-labelledby"] for _, attrs in read.elements if "aria-labelledby" in attrs]
    assert set(" ".join(labels).split()) <= set(ids)
    [picture] = read.all("svg", "timeline")
    assert (picture["role"], picture["aria-labelledby"]) == ("img", "picture-title picture-desc")
    assert len(read.all("table")) == len(read.all("div", "scroll"))
    assert all(each["scope"] == "col" for each in read.all("th"))
    [viewport] = [each for each in read.all("meta") if each.get("name") == "viewport"]
    assert "width=device-width" in viewport["content"]
    assert read.style.count("prefers-color-scheme: dark") == 1


def poisoned(told, key=""):
    if isinstance(told, str) and key not in ("kind", "install", "libc"):
        return told + HOSTILE
    if isinstance(told, list):
        return [poisoned(each, key) for each in told]
    if isinstance(told, dict):
        bad = HOSTILE if key in ("files", "helpers") else ""
        return {name + bad: poisoned(each, name) for name, each in told.items()}
    return told


def test_hostile_words_stay_words(full, render):
    good, bad = Read(render(full)), Read(render(poisoned(full)))
    assert {tag for tag, _ in bad.elements} <= {tag for tag, _ in good.elements}
    assert {n for _, attrs in bad.elements for n in attrs} == {
        n for _, attrs in good.elements for n in attrs
    }
    assert bad.style == good.style
    shown = tame(HOSTILE, "utf-8")
    assert r"\u202e\x00\ud800" in shown
    for what in ("greeter", "1.0.0", "greet", "linux/amd64", "example.com/dep", "v1.2.3", "latest"):
        assert what + shown in bad.text


@given(st.text())
def test_any_text_comes_back_as_it_shows(words):
    read = Read(el("p", words, title=words))
    # Which line break it was, no page keeps.
    assert read.text.replace("\r", "\n") == tame(words, "utf-8")
    assert read.elements[0][1]["title"] == tame(words, "utf-8")


def lanes(read: Read) -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = {}
    for bar in read.all("rect"):
        if "x" in bar:
            x, width = (float(bar[name].rstrip("%")) for name in ("x", "width"))
            found.setdefault(bar["y"], []).append((x, x + width))
    return found


def test_bars_stand_where_the_times_say(full, render):
    times = [(0.0, 1.0, 0), (0.0, 2.0, 1), (1.0, 3.0, 0), (2.0, 2.0, 1)]
    for unit, (start, seconds, worker) in zip(full["units"], times, strict=True):
        unit.update(start=start, seconds=seconds, worker=worker)
    expected = {"4": [(0, 25), (25, 100)], "40": [(0, 50), (50, 100)]}
    assert lanes(Read(render(full))) == expected
    for unit in full["units"]:  # what BuildKit tells: those that ran at once are below each other
        unit["worker"] = None
    assert lanes(Read(render(full))) == expected
    assert "up to 2 at once, as BuildKit schedules them" in Read(render(full)).text


def test_what_took_no_time_has_no_picture(full, render):
    for unit in full["units"]:
        unit.update(start=0.3, seconds=0.0, worker=None, cached=True)
    read = Read(render(full))
    assert read.all("svg", "timeline") == []
    assert "4 binaries, all up to date." in read.text
    assert "0 built, 4 up to date" in read.text


@pytest.mark.parametrize("times", [(0, 0, 0), (-5, -1, -1), (1e308, 1e-9, 2**40), (1e-9, 1e300, 0)])
def test_odd_numbers_make_a_page(full, render, times):
    full["units"][0].update(zip(("start", "seconds", "worker"), times, strict=True))
    full["units"][0]["size"] = -1
    full["wheels"][0]["size"] = 10**40
    read = Read(render(full))
    assert len(lanes(read)) <= len(full["units"])
    for bars in lanes(read).values():
        assert all(0 <= x <= end <= 200 for x, end in bars)


@pytest.mark.parametrize(
    ("whole", "expected"),
    [
        (0.0, [0]),
        (0.08, [0, 0.02, 0.04, 0.06, 0.08]),
        (1.0, [0, 0.25, 0.5, 0.75, 1.0]),
        (1.89, [0, 0.5, 1.0, 1.5]),
        (8.84, [0, 2.5, 5, 7.5]),
        (42, [0, 20, 40]),
        (4000, [0, 1000, 2000, 3000, 4000]),
    ],
)
def test_marks_of_the_axis_are_round(whole, expected):
    assert marks(whole) == pytest.approx(expected)


def test_written_whole_or_not_at_all(finished, tmp_path):
    report, target = finished.report(), tmp_path / "pages" / "it.html"
    write_page(report, target)
    assert target.read_text("utf-8") == page(report)
    broken = replace(report, wheels=(object(),))
    with pytest.raises(AttributeError):
        write_page(broken, target)
    assert target.read_text("utf-8") == page(report)
    folder = tmp_path / "pages" / "folder"
    (folder / "full").mkdir(parents=True)
    for place in (folder, target / "below"):
        with pytest.raises(ReportError, match="the page cannot be written: "):
            write_page(report, place)
    assert sorted(path.name for path in target.parent.iterdir()) == ["folder", "it.html"]


def test_modules_are_listed_once_and_by_version(finished):
    report = finished.report()
    unit = report.units[0]
    other = ModuleRecord("example.com/dep", "v2.0.0", "")
    newer = replace(unit, helper="tone", go=replace(unit.go, modules=(*unit.go.modules, other)))
    text = Read(page(replace(report, units=(unit, newer)))).text
    assert "2 modules" in text
    assert "example.com/depv1.2.3greet, toneh1:abc=" in text
    assert "example.com/depv2.0.0tonelocal folder" in text
