"""What goes into a wheel besides what hatchling puts there."""

from __future__ import annotations

import importlib.util
import os
from typing import TYPE_CHECKING, Any

import pytest

from hatch_multiarch import wheel
from hatch_multiarch.errors import PlanError
from hatch_multiarch.wheel import locator

if TYPE_CHECKING:
    from pathlib import Path


def test_a_tag_of_another_hook_is_refused() -> None:
    data: dict[str, Any] = {"tag": "cp311-cp311-linux_x86_64"}
    with pytest.raises(PlanError, match="another build hook tags this wheel"):
        wheel.merge(data, {}, "py3-none-win32")


def test_what_one_wheel_added_is_not_in_the_next() -> None:
    data: dict[str, Any] = {"force_include": {"theirs": "a"}, "shared_scripts": {}}
    added = {"force_include": {"ours": "b"}, "shared_scripts": {"script": "c"}}
    wheel.merge(data, added, "py3-none-win32")
    assert data["force_include"] == {"theirs": "a", "ours": "b"}
    assert wheel.without(data, added) == {
        "force_include": {"theirs": "a"},
        "shared_scripts": {},
        "infer_tag": False,
        "pure_python": False,
    }


@pytest.mark.parametrize(
    ("project", "module"),
    [("greeter", "_greeter_helpers"), ("My.Fancy-Tool", "_my_fancy_tool_helpers")],
)
def test_the_locators_name(project: str, module: str) -> None:
    assert locator.module_name(project) == module


def load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("_locator", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_locator_finds_what_is_beside_it(tmp_path: Path) -> None:
    helpers = {"greet": ("package", "greet.exe"), "gone": ("package", "gone")}
    (tmp_path / "__init__.py").write_text(locator.source("my-tool", helpers))
    (tmp_path / "greet.exe").touch()
    module = load(tmp_path / "__init__.py")
    assert module.names() == ("greet", "gone")
    assert module.find("greet") == str(tmp_path / "greet.exe")
    with pytest.raises(FileNotFoundError, match="helper 'gone' is not installed"):
        module.find("gone")
    with pytest.raises(LookupError, match=r"my-tool has no helper 'x' .*\(it has: greet, gone\)"):
        module.find("x")


def test_the_locator_loads_libraries_only(tmp_path: Path) -> None:
    helpers = {"greet": ("package", "greet"), "tone": ("library", "libtone.so")}
    (tmp_path / "__init__.py").write_text(locator.source("my-tool", helpers))
    (tmp_path / "greet").touch()
    module = load(tmp_path / "__init__.py")
    with pytest.raises(LookupError, match=r"'greet' of my-tool is a program; run find\('greet'\)"):
        module.load("greet")
    with pytest.raises(FileNotFoundError, match="helper 'tone' is not installed"):
        module.load("tone")
    (tmp_path / "libtone.so").write_bytes(b"no library")
    assert module.find("tone") == str(tmp_path / "libtone.so")
    with pytest.raises(OSError, match="libtone" if os.name == "posix" else "193"):
        module.load("tone")


def test_a_locator_without_helpers_says_so(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text(locator.source("t", {}))
    with pytest.raises(LookupError, match="it has: none"):
        load(tmp_path / "__init__.py").find("x")
