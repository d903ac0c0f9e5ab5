"""No secret in an error, in whatever form a registry gives it back."""

from __future__ import annotations

import pytest

from hatch_multiarch.errors import ImageError, RegistryError
from hatch_multiarch.registry.redaction import Redaction

SECRET = 'Pass word/"12345"äö'  # noqa: S105 - of the test


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (f"a {SECRET} b {SECRET}", "a *** b ***"),
        ("Pass+word%2F%2212345%22%C3%A4%C3%B6", "***"),
        ("Pass%20word/%2212345%22%C3%A4%C3%B6", "***"),
        ('Pass word/\\"12345\\"\\u00e4\\u00f6', "***"),
        (SECRET.lower(), "***"),
        (f"{SECRET[:9]}...", "***..."),
        (f"{SECRET[:-1]}x", "***x"),
        ("Pass", "Pass"),
        ("nothing", "nothing"),
        ("", ""),
    ],
)
def test_it_is_hidden(text, hidden):
    redaction = Redaction()
    redaction.keep(SECRET)
    redaction.keep("x")  # would hide every x
    redaction.keep("*" * 20)
    assert redaction.hide(text) == hidden


@pytest.mark.parametrize("kind", [RegistryError, ImageError])
def test_in_errors_of_any_kind(kind):
    redaction = Redaction()
    redaction.keep(SECRET)
    with pytest.raises(kind) as caught, redaction.errors():
        raise kind(f"it says {SECRET}", advice=f"not {SECRET}")
    assert (caught.value.message, caught.value.advice) == ("it says ***", "not ***")
    assert caught.value.__suppress_context__
    plain = kind("as it is")
    with pytest.raises(kind) as caught, redaction.errors():
        raise plain
    assert caught.value is plain
