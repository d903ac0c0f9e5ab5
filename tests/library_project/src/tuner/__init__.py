"""Tune instruments, in Go: the functions of the library that this package ships."""

from __future__ import annotations

import ctypes

from _tuner_helpers import load

_library = load("tuner")
_library.Frequency.argtypes = [ctypes.c_int]
_library.Frequency.restype = ctypes.c_double
_library.Describe.argtypes = [ctypes.c_char_p]
_library.Describe.restype = ctypes.c_void_p
_library.Release.argtypes = [ctypes.c_void_p]


def frequency(key: int) -> float:
    """Return the frequency of a piano's *key*, 1 to 88, in hertz."""
    return float(_library.Frequency(key))


def describe(name: str) -> str:
    """Return what Go says of the note *name*, and where it runs."""
    text = _library.Describe(name.encode())
    try:
        return ctypes.string_at(text).decode()
    finally:
        _library.Release(text)
