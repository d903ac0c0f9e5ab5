"""`hatch-multiarch lock`: one string of pyproject.toml, and nothing else of it."""

from __future__ import annotations

import json

import pytest
from registry.proxy import says
from registry.pushes import FAST, command

from hatch_multiarch.errors import PlanError
from hatch_multiarch.image.base.pin import find_lock, write_lock

HEAD = """\
[project]
name = "greeter"   # base = "BASE"
version = "1"
description = 'base = "BASE"'

[tool.multiarch.helpers.greet]
"""
TABLE = '[tool.multiarch.image]\n# why: base = "BASE"\nbase   = "BASE"  # kept\ntags = ["a"]\n'
STYLES = {
    "a table": TABLE,
    "one quote": "[tool.multiarch.image]\nbase = 'BASE'\n",
    "a dotted key": '[tool.multiarch]\nimage.base = "BASE"\nimage.cmd = ["BASE"]\n',
    "one line": '[tool.multiarch]\nimage = { labels = { base = "BASE" }, base = "BASE" }\n',
    "quoted keys": '[tool."multiarch".image]\n"base" = "BASE"\nlabels.base = "BASE"\n',
    "more quotes": '[tool.multiarch.image]\nbase = """BASE"""\n',
}


@pytest.fixture
def project(site, proxy, name, tmp_path):
    """Write a pyproject.toml with this base, of which BASE stands for the name in the registry."""
    made = site.image()
    site.push(made.path, f"{site.host}/{name}:1")
    site.env["XDG_CACHE_HOME"] = str(tmp_path / "home")

    def project(text, base=None):
        base = base or f"{proxy.host}/{name}:1"
        (tmp_path / "pyproject.toml").write_bytes((HEAD + text).replace("BASE", base).encode())
        return tmp_path, base, made

    return project


def locked(root, site):
    lock = find_lock(root, site.env, FAST)
    write_lock(lock)
    return lock, (root / "pyproject.toml").read_text()


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_only_the_string_changes(project, site, style, ends):
    root, base, made = project(STYLES[style].replace("\n", ends))
    path = root / "pyproject.toml"
    path.chmod(0o640)
    before = path.read_bytes()
    lock = find_lock(root, site.env, FAST)
    assert (lock.base, lock.locked, lock.stale) == (base, f"{base}@{made.digest}", True)
    assert path.read_bytes() == before
    write_lock(lock)
    after = path.read_bytes().decode()
    # One place more has the digest; without it the file is what it was.
    assert after.count(made.digest) == 1
    assert after.replace(f"@{made.digest}", "").encode() == before
    assert path.stat().st_mode & 0o777 == 0o640
    assert not find_lock(root, site.env, FAST).stale
    assert [each.name for each in root.glob(".pyproject*")] == []


def test_a_tag_that_moved_is_stale_until_it_is_locked_again(project, site, name):
    root, base, _ = project(TABLE)
    locked(root, site)
    newer = site.image()
    site.push(newer.path, f"{site.host}/{name}:1")
    assert find_lock(root, site.env, FAST).stale
    lock, text = locked(root, site)
    assert lock.locked == f"{base}@{newer.digest}"
    assert text.count("@sha256:") == 1


def test_the_tag_that_nobody_wrote_is_written(project, site, proxy, name):
    newer = site.image()
    site.push(newer.path, f"{site.host}/{name}:latest")
    root, base, _ = project(TABLE, f"{proxy.host}/{name}")
    lock, _ = locked(root, site)
    assert lock.locked == f"{base}:latest@{newer.digest}"


@pytest.mark.parametrize(
    "base", ["scratch", "oci:base.tar", f"example.com/team/base@sha256:{'0' * 64}"]
)
def test_what_needs_no_lock(project, site, proxy, base):
    root, _, _ = project(TABLE, base)
    lock = find_lock(root, site.env, FAST)
    assert (lock.base, lock.stale) == (base, False)
    assert proxy.asked == []


@pytest.mark.parametrize("written", ['"\\u0031REST"', '"""\nBASE"""', '"""\\\n  BASE"""'])
def test_what_is_not_written_as_it_is_read_is_left_alone(project, site, written):
    table = f"[tool.multiarch.image]\nbase = {written}\n"
    _, base, _ = project(TABLE)
    root, _, _ = project(table.replace("REST", base[1:]))  # the address begins with a 1
    before = (root / "pyproject.toml").read_bytes()
    lock = find_lock(root, site.env, FAST)
    with pytest.raises(PlanError, match=r"^tool\.multiarch\.image\.base: pyproject.toml") as caught:
        write_lock(lock)
    assert "\n" not in caught.value.message
    assert caught.value.advice.endswith(f'base = "{lock.locked}"')
    assert (root / "pyproject.toml").read_bytes() == before


def cli(site, *words, code=0, **env):
    return command(site, "lock", *words, code=code, **env)


def test_the_command(project, site, proxy):
    root, base, made = project(TABLE)
    wanted = f"{base}@{made.digest}"
    said = cli(site, "--check", root, code=1)
    assert said == f"{base} is out of date: expected {wanted}; run `hatch-multiarch lock`\n"
    told = json.loads(cli(site, "--check", "--json", root, code=1))
    assert told == {"base": base, "locked": wanted, "stale": True}
    assert cli(site, root) == f"{base} is {wanted} now\n"
    assert cli(site, "--check", root) == f"{wanted}: locked\n"
    assert {each.method for each in proxy.asked} == {"HEAD"}
    said = cli(site, root, code=3, HATCH_MULTIARCH_OFFLINE="1")
    assert "HATCH_MULTIARCH_OFFLINE is set" in said
    proxy.rule("HEAD|GET", "/manifests/", says(404), 9)
    said = " ".join(cli(site, root, code=9).split())
    assert "tool.multiarch.image.base: " in said
    assert "no such repository (404)" in said
