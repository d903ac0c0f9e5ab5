"""Steps out of buildx's raw progress, in both forms that buildx writes."""

from __future__ import annotations

import base64
import json

import pytest

from hatch_multiarch.docker.rawjson import Decoder, Step, Tracker, masked

A, B = "sha256:aa", "sha256:bb"
BEGAN = "2024-11-24T15:29:00.123456789Z"
ENDED = "2024-11-24T16:29:02.623456789+01:00"


def vertex(name: str, digest: str = A, **more: object) -> dict[str, object]:
    return {"vertexes": [{"digest": digest, "name": name, **more}]}


def log(text: bytes, digest: str = A) -> dict[str, object]:
    data = base64.b64encode(text).decode()
    return {"logs": [{"vertex": digest, "stream": 1, "data": data, "timestamp": BEGAN}]}


RECORDS = [
    vertex("[1/2] FROM x"),
    {**vertex("[2/2] RUN \"{\" '}'\n{"), **log(b"{\n}\n")},
    {},
]


@pytest.mark.parametrize("indent", [None, 2], ids=["new", "0.13"])
def test_records_and_text_are_told_apart(indent: int | None):
    words = ["warning: {", "{not json}", '{"other": 1}', "", "ERROR: failed to solve: {"]
    stream = [words[0], *(json.dumps(each, indent=indent) for each in RECORDS), *words[1:]]
    decoder = Decoder()
    found = [decoder.feed(line) for line in "\n".join(stream).splitlines(keepends=True)]
    assert [each for each in found if each is not None] == RECORDS
    assert list(decoder.text) == words


def test_text_inside_a_record_spread_over_lines():
    """docker and its plug-in write to the same pipe."""
    first, *rest = json.dumps(RECORDS[1], indent=2).splitlines()
    decoder = Decoder()
    found = [decoder.feed(line) for line in [first, "ERROR: x\n", *rest, "after"]]
    assert [each for each in found if each is not None] == [RECORDS[1]]
    assert list(decoder.text) == ["ERROR: x", "after"]


def test_a_record_that_is_cut_off_is_no_text():
    decoder = Decoder()
    for line in json.dumps(RECORDS[1], indent=2).splitlines()[:-1]:
        assert decoder.feed(line) is None
    assert not decoder.text


@pytest.mark.parametrize(
    ("name", "what", "stage", "platform"),
    [
        ("[1/2] FROM x", "FROM x", "", ""),
        ("[ 3/12] RUN a", "RUN a", "", ""),
        ("[builder 2/3] RUN [/x] 1/2] y", "RUN [/x] 1/2] y", "builder", ""),
        ("[linux/arm/v7 1/1] COPY a b", "COPY a b", "", "linux/arm/v7"),
        (
            '[linux/amd64 build-linux-arm64 1/1] RUN ["go", "build"]',
            'RUN ["go", "build"]',
            "build-linux-arm64",
            "linux/amd64",
        ),
        ("[linux/amd64->arm64 stage-1 1/2] RUN a", "RUN a", "stage-1", "linux/arm64"),
        ("[linux/amd64->arm/v7 s 1/2] RUN a", "RUN a", "s", "linux/arm/v7"),
        ("[linux/amd64->windows/amd64 s 1/2] RUN a", "RUN a", "s", "windows/amd64"),
        ("[windows(10.0.17763)/amd64 s 1/2] RUN a", "RUN a", "s", "windows(10.0.17763)/amd64"),
        ("[a.b_c-d 1/1] ONBUILD RUN a\nb", "ONBUILD RUN a\nb", "a.b_c-d", ""),
        ("exporting to image", "exporting to image", "", ""),
        ("[x] y", "[x] y", "", ""),
    ],
)
def test_names(name: str, what: str, stage: str, platform: str):
    runs_as = name[1:].partition("->")[0] if "->" in name else platform
    expected = Step(A, what, stage, platform, runs_as)
    assert Tracker().update(vertex(name, started=BEGAN)) == [expected]


def test_the_platform_of_a_single_platform_build():
    tracker = Tracker("linux/s390x")
    [step] = tracker.update(vertex("[a 1/2] RUN b", started=BEGAN))
    [own] = tracker.update(vertex("exporting", digest=B, started=BEGAN))
    assert (step.platform, own.platform) == ("linux/s390x", "")
    assert step.runs_as == ""


def test_a_step_is_named_once_before_it_begins():
    tracker = Tracker()
    [planned] = tracker.named(vertex("[a 1/1] RUN a"))
    assert (planned.name, planned.stage, planned.seconds) == ("RUN a", "a", None)
    assert tracker.steps == ()
    assert tracker.named(vertex("[a 1/1] RUN a", started=BEGAN)) == []
    assert tracker.named(vertex("[internal] load metadata for x", digest=B)) == []


def test_a_step_is_told_when_it_begins_and_ends():
    tracker = Tracker()
    assert tracker.update(vertex("[1/1] RUN a")) == []
    assert tracker.steps == ()
    [begun] = tracker.update(vertex("[1/1] RUN a", started=BEGAN))
    assert (begun.seconds, tracker.running) == (None, (begun,))
    assert tracker.update(vertex("[1/1] RUN a", started=BEGAN)) == []
    [ended] = tracker.update(vertex("[1/1] RUN a", started=BEGAN, completed=ENDED))
    assert ended.seconds == pytest.approx(2.5)
    assert not ended.cached
    assert (tracker.running, tracker.steps) == ((), (ended,))


def test_a_step_that_goes_on_counts_from_its_first_start():
    tracker = Tracker()
    tracker.update(vertex("[1/1] FROM a", started=BEGAN, completed=BEGAN))
    later = "2024-11-24T15:29:09.123456789Z"
    [again] = tracker.update(vertex("[1/1] FROM a", started=later))
    assert again.seconds is None
    [ended] = tracker.update(vertex("[1/1] FROM a", started=later, completed=later))
    assert ended.seconds == pytest.approx(9)


def test_cached():
    more = {"started": BEGAN, "completed": BEGAN, "cached": True}
    [step] = Tracker().update(vertex("[1/1] RUN a", **more))
    assert (step.cached, step.seconds) == (True, 0)


@pytest.mark.parametrize(
    "name",
    [
        "[internal] load metadata for x",
        "[auth] library/x:pull token",
        "[node0 internal] booting buildkit",
    ],
)
def test_internal_steps_are_hidden_but_may_fail(name: str):
    tracker = Tracker()
    assert tracker.update(vertex(name, started=BEGAN, completed=ENDED, error="not found")) == []
    assert tracker.steps == ()
    assert tracker.failed is not None
    assert tracker.failed.error == "not found"


def test_the_failed_step_is_not_one_that_was_taken_along():
    tracker = Tracker()
    for digest, error in [(B, "x: context canceled: context canceled"), (A, "exit code: 2")]:
        [step] = tracker.update(vertex("[1/1] RUN", digest, started=BEGAN, error=error))
        assert step.error == error
    assert tracker.failed is not None
    assert tracker.failed.id == A
    assert Tracker().failed is None


def test_lines_of_a_step():
    tracker = Tracker()
    tracker.update(vertex("[1/1] RUN a", started=BEGAN))
    tracker.update(log(b"one\r\n\n\x1b[31mtw"))
    tracker.update(log(b"o\x1b[0m\n 10%\r 100%\nb\xffd\x07\n"))
    tracker.update(log(b"another's", digest=B))
    [step] = tracker.steps
    assert tracker.lines(step) == ["one", "two", " 100%", "b\ufffdd?"]


def test_only_the_end_of_a_log_is_kept():
    tracker = Tracker()
    tracker.update(vertex("[1/1] RUN a", started=BEGAN))
    for at in range(20000):
        tracker.update(log(b"line %d\n" % at))
    lines = tracker.lines(tracker.steps[0])
    assert lines[-1] == "line 19999"
    assert sum(map(len, lines)) < 1 << 16


def test_passwords_in_addresses_are_masked():
    name = "[1/1] RUN GOPROXY=https://me:p@ss@proxy.example.com/x,https://b.example.com/a@b go"
    safe = "GOPROXY=https://***@proxy.example.com/x,https://b.example.com/a@b go"
    [step] = Tracker().update(vertex(name, started=BEGAN, error=f"{name} failed"))
    assert step.name == f"RUN {safe}"
    assert step.error == f"[1/1] RUN {safe} failed"
    assert masked("git@example.com:a/b") == "git@example.com:a/b"
