"""Which packages a workspace has, and every mistake in its table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hatch_multiarch.config.members import read_workspace
from hatch_multiarch.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

ALL = 'members = ["packages/*"]'
A, B = "packages/alpha", "packages/beta"


def package(name: str = "alpha", table: str = "[tool.multiarch.helpers.greet]") -> str:
    return f'[project]\nname = "{name}"\nversion = "1"\n{table}\n'


def write(root: Path, table: str, packages: dict[str, str]) -> Path:
    for path, text in packages.items():
        folder = root / path
        folder.mkdir(parents=True, exist_ok=True)
        if text:
            (folder / "pyproject.toml").write_text(text, "utf-8")
    with (root / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(table if table.startswith("[") else f"[tool.uv.workspace]\n{table}\n")
    return root


TWO = {A: package(), B: package("beta")}
GOOD = [
    ("globs", ALL, TWO, [A, B], []),
    ("a folder", f'members = ["./{B}", "{A}"]', TWO, [B, A], []),
    ("twice", f'members = ["{B}", "packages/*"]', TWO, [B, A], []),
    ("deeper", 'members = ["packages/**/alpha"]', {"packages/x/alpha": package()},
     ["packages/x/alpha"], []),
    ("exclude", f'{ALL}\nexclude = ["{B}"]', TWO, [A], []),
    ("exclude a glob", f'{ALL}\nexclude = ["*/beta"]', TWO, [A], []),
    ("no config", ALL, {A: package(), B: package("beta", "")}, [A], [B]),
    ("hidden", ALL, {A: package(), "packages/.cache": ""}, [A], []),
    ("the root", ALL, {".": package("root"), A: package()}, [".", A], []),
    ("the root without helpers", ALL, {".": package("root", ""), A: package()}, [A], ["."]),
]  # fmt: skip


@pytest.mark.parametrize(("table", "packages", "members", "skipped"), [c[1:] for c in GOOD],
                         ids=[c[0] for c in GOOD])  # fmt: skip
def test_the_packages_of_a_workspace(tmp_path, table, packages, members, skipped):
    found = read_workspace(write(tmp_path, table, packages))
    assert [each.path for each in found.members] == members
    assert list(found.skipped) == skipped


UV = "tool.uv.workspace"
BAD = [
    ("no table", "[project]\n", {},
     ('{root}/pyproject.toml: there is no [tool.uv.workspace]; write members = ["packages/*"] '
     "there, or name the folders of the packages")),
    ("no array", 'members = "packages/*"', TWO,
     f"{UV}.members: expected an array, found the string 'packages/*'"),
    ("no string", "members = [7]", TWO,
     f"{UV}.members[0]: expected a path or a glob, found the integer 7"),
    ("no table of uv", "[tool.uv]\nworkspace = 1\n", TWO,
     f"{UV}: expected a table, found the integer 1"),
    ("nothing matches", 'members = ["libs/*"]', TWO,
     f"{UV}.members[0]: 'libs/*' matches no folder of {{root}}"),
    ("above", 'members = ["../other"]', TWO,
     f"{UV}.members[0]: '../other' is outside the workspace"),
    ("absolute", 'members = ["/other"]', TWO,
     f"{UV}.members[0]: '/other' is outside the workspace"),
    ("no glob", 'members = ["packages/**x"]', TWO, None),
    ("no pyproject.toml", ALL, {A: package(), B: ""},
     f"{B}: there is no pyproject.toml; leave it out by {UV}.exclude"),
    ("one name", ALL, {A: package("Greet.er"), B: package("greet-er")},
     f"{B}: project.name: 'greet-er' is the name of {A} too; rename one"),
    ("no name", ALL, {A: "[tool.multiarch.helpers.greet]\n"}, f"{A}: project.name: is missing"),
    ("no helpers", ALL, {A: package(table="")},
     (f"no package of the workspace has [tool.multiarch]: {A}; `hatch-multiarch init` in a package "
     "adds it")),
    ("wrong config", ALL, {A: package(table="[tool.multiarch.helpers.greet]\ncgo = 1"),
                           B: package("beta", "[tool.multiarch]")},
     (f"{A}: tool.multiarch.helpers.greet.cgo: expected true or false, found the integer 1\n"
     f"{B}: tool.multiarch.helpers: there is none; name at least one, as in "
     "[tool.multiarch.helpers.NAME]")),
    ("no TOML", ALL, {A: "[x"}, None),
]  # fmt: skip


@pytest.mark.parametrize(("table", "packages", "says"), [c[1:] for c in BAD],
                         ids=[c[0] for c in BAD])  # fmt: skip
def test_mistakes_are_named(tmp_path, table, packages, says):
    with pytest.raises(ConfigError) as error:
        read_workspace(write(tmp_path, table, packages))
    if says is not None:
        assert error.value.message == says.format(root=tmp_path)
    elif "**x" not in table:
        assert error.value.message.startswith(f"{A}: ")


def test_a_link_out_of_the_workspace_is_no_package(tmp_path):
    (tmp_path / "root/packages").mkdir(parents=True)
    write(tmp_path / "other", "[tool]\n", {".": package()})
    (tmp_path / "root/packages/alpha").symlink_to(tmp_path / "other")
    with pytest.raises(ConfigError, match="packages/alpha: leads to "):
        read_workspace(write(tmp_path / "root", ALL, {}))


def test_folders_can_be_named(tmp_path):
    root = write(tmp_path / "root", "[tool]\n", TWO)
    assert [each.path for each in read_workspace(root, [root / B]).members] == [B]
    for folder, says in (
        (tmp_path, f"{tmp_path}: is outside {root}"),
        (root / "none", "none: there is no pyproject.toml; name folders that have one"),
    ):
        with pytest.raises(ConfigError) as error:
            read_workspace(root, [root / A, folder])
        assert error.value.message.startswith(says)
