"""What the cache has of a binary is what reading it gives."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatch_multiarch.audit import BinaryInfo, GoBuild, read_cached
from hatch_multiarch.audit.read_binary import load
from hatch_multiarch.cache.build_cache import BuildCache
from hatch_multiarch.errors import AuditError

word = st.text(max_size=5)
module = st.tuples(word, word, word)
build = st.builds(
    GoBuild,
    version=word,
    path=word,
    settings=st.dictionaries(word, word, max_size=3),
    modules=st.lists(module, max_size=3).map(tuple),
    main=module,
    replaced=st.dictionaries(word, st.tuples(word, word), max_size=3),
)
number = st.tuples(st.integers(0, 99), st.integers(0, 99)) | st.none()
facts = st.builds(
    BinaryInfo,
    format=st.sampled_from(("elf", "macho", "pe")),
    os=word,
    architecture=word,
    variant=word | st.none(),
    libc=st.sampled_from(("static", "glibc", "musl", "none")),
    interpreter=word | st.none(),
    needed=st.lists(word, max_size=3).map(tuple),
    glibc=number,
    glibc_symbol=word | st.none(),
    glibc_odd=st.lists(word, max_size=3).map(tuple),
    imports=st.dictionaries(word, st.lists(word, max_size=3), max_size=3),
    signed=st.booleans(),
    macos=number,
    go=build | st.none(),
)
universal = st.builds(replace, facts, parts=st.lists(facts, max_size=2).map(tuple))


@given(universal)
@settings(max_examples=50)
def test_any_facts_come_back(found):
    assert load(json.loads(json.dumps(asdict(found)))) == found


def test_a_binary_is_read_once(tmp_path, monkeypatch):
    found = BinaryInfo("elf", "linux", "amd64", None, "static", None, go=GoBuild("go1.27.3", "x"))
    reads = iter([found])
    monkeypatch.setattr("hatch_multiarch.audit.read_binary.read", lambda *_: next(reads))
    for _ in range(3):
        assert read_cached(tmp_path, "digest", BuildCache(tmp_path / "cache")) == found
    with pytest.raises(StopIteration):
        read_cached(tmp_path, "another", BuildCache(tmp_path / "cache"))


def test_what_cannot_be_read_is_an_error_each_time(tmp_path):
    (tmp_path / "text").write_text("text")
    for _ in range(2):
        with pytest.raises(AuditError):
            read_cached(tmp_path / "text", "digest", BuildCache(tmp_path / "cache"))
