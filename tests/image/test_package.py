"""What is installed: resolved by uv, fetched by pip and written by installer, without an index."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from wheels import NATIVE, make_wheel, sha256

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.base.libc import Libc
from hatch_multiarch.image.base.python import BasePython
from hatch_multiarch.image.package import Environment, Target, fetch, requirements_of, resolve
from hatch_multiarch.image.package.lock_file import read_lock, those_for
from hatch_multiarch.image.package.tools import both, last_words
from hatch_multiarch.image.package.virtual_environment import check_installed
from hatch_multiarch.image.package.wheel_destination import record_digest
from hatch_multiarch.platforms import lookup

DEBIAN = BasePython((3, 11), "/usr/bin/python3.11", Libc("glibc", (2, 36)))
ALPINE = BasePython((3, 13), "/usr/local/bin/python3.13", Libc("musl", (1, 2)))
HERE = BasePython(sys.version_info[:2], "/usr/bin/python3", Libc("glibc", (2, 36)))


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A folder of wheels, which is all that pip and uv know."""
    folder = tmp_path / "house"
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def targets(*names, python=DEBIAN):
    return [Target(lookup(name), python) for name in names]


def pinned(tmp_path, asked, *names, python=DEBIAN):
    found = resolve(asked, targets(*names, python=python), root=tmp_path, folder=tmp_path)
    return [[pin.requirement for pin in pins] for pins in found]


def test_pip_and_uv_hear_of_the_same_indexes():
    pip = {"PIP_INDEX_URL": "https://a/x", "PIP_EXTRA_INDEX_URL": "https://b https://c"}
    pip |= {"PIP_FIND_LINKS": "/one /two"}
    uv = {"UV_DEFAULT_INDEX": "https://a/x", "UV_INDEX": "https://b https://c"}
    uv |= {"UV_FIND_LINKS": "/one,/two"}
    assert both(pip) == both(uv) == {**pip, **uv}
    assert both({"UV_INDEX": "b=https://b https://c?d=e"})["PIP_EXTRA_INDEX_URL"] == (
        "https://b https://c?d=e"
    )
    assert both({"UV_DEFAULT_INDEX": "u", "PIP_INDEX_URL": "p"})["UV_DEFAULT_INDEX"] == "u"


def test_tags_of_a_base():
    [arm, intel] = targets("linux/arm/v7", "linux/amd64", python=ALPINE)
    assert arm.tags == [
        *(f"musllinux_1_{minor}_armv7l" for minor in (2, 1, 0)),
        "linux_armv7l",
    ]
    assert (arm.uv_platform, intel.uv_platform) == (None, "x86_64-unknown-linux-musl")
    [debian, old] = [
        Target(lookup("linux/arm64"), BasePython((3, 9), "/x", Libc("glibc", (2, minor))))
        for minor in (36, 30)
    ]
    assert debian.tags[:2] == ["manylinux_2_36_aarch64", "manylinux_2_35_aarch64"]
    assert debian.tags[-3:] == ["manylinux_2_17_aarch64", "manylinux2014_aarch64", "linux_aarch64"]
    assert (debian.uv_platform, old.uv_platform) == (
        "aarch64-manylinux_2_36",
        "aarch64-manylinux_2_28",
    )


def test_versions_are_the_same_wherever_they_can_be(house, tmp_path):
    for tag in NATIVE.values():
        make_wheel(house, "fast", "1.0", f"cp311-cp311-{tag}", needs=["plain>=1"])
    make_wheel(house, "fast", "2.0", f"cp311-cp311-{NATIVE['linux/amd64']}", needs=["plain<3"])
    for version in ("1.0", "2.0", "3.0"):
        make_wheel(house, "plain", version)
    assert pinned(tmp_path, ["fast"], "linux/amd64", "linux/arm64") == [
        ["fast==2.0", "plain==2.0"],
        ["fast==1.0", "plain==2.0"],
    ]


def test_markers_are_the_targets(house, tmp_path):
    for name in ("a", "b", "c", "d"):
        make_wheel(house, name)
    asked = [
        "a; platform_machine == 'armv7l'",
        "b; python_version == '3.13'",
        "c; sys_platform == 'win32'",
        "d; implementation_name == 'cpython' and os_name == 'posix'",
    ]
    found = pinned(tmp_path, asked, "linux/amd64", "linux/arm/v7", python=ALPINE)
    assert found == [["b==1.0", "d==1.0"], ["a==1.0", "b==1.0", "d==1.0"]]


def test_a_folder_of_wheels_for_every_platform(house, tmp_path):
    """Of a folder, uv tells the hash of one wheel only; each target takes its own."""
    made = {
        each: make_wheel(house, "fast", tag=f"cp311-cp311-{tag}") for each, tag in NATIVE.items()
    }
    several = targets(*NATIVE)
    found = resolve(["fast"], several, root=tmp_path, folder=tmp_path)
    for number, (target, pins) in enumerate(zip(several, found, strict=True)):
        [wheel] = fetch(pins, target, root=tmp_path, folder=tmp_path / str(number))
        assert wheel.name == made[target.platform.name].name


@pytest.mark.parametrize("platform", ["linux/arm64", "linux/arm/v7"])
def test_a_dependency_without_a_wheel_is_named_with_the_platform(house, tmp_path, platform):
    make_wheel(house, "fast", "1.0", f"cp311-cp311-{NATIVE['linux/amd64']}")
    [target] = targets(platform)

    def install():
        [pins] = resolve(["fast"], [target], root=tmp_path, folder=tmp_path)
        fetch(pins, target, root=tmp_path, folder=tmp_path / "out")

    with pytest.raises(ImageError) as caught:
        install()
    message = caught.value.message
    assert "\n" not in message
    assert message.startswith("tool.multiarch.image.base: ")
    assert "fast" in message
    assert platform in message


def test_what_is_fetched_is_what_the_hash_says(house, tmp_path):
    good = make_wheel(house, "plain")
    [target] = targets("linux/amd64")
    lock = f"plain==1.0 \\\n  --hash=sha256:{sha256(good)}  # via us\n"
    pins = read_lock(lock, "lock")
    assert [p.name for p in fetch(pins, target, root=tmp_path, folder=tmp_path / "a")] == [
        good.name
    ]
    make_wheel(house, "plain", files={"evil.py": "print('evil')"})
    with pytest.raises(
        ImageError, match=r"plain==1.0: the file found for linux/amd64 has"
    ) as caught:
        fetch(pins, target, root=tmp_path, folder=tmp_path / "b")
    assert "\n" not in caught.value.message


HASH = f"--hash=sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("plain>=1 " + HASH, "plain has no exact version (==)"),
        ("plain==1.* " + HASH, "plain has no exact version (==)"),
        ("plain==1", "plain has no --hash"),
        ("-e .", "'-e' is no NAME==VERSION"),
        ("--index-url https://me:hunter2@example.com/simple", "'--index-url' is no NAME==VERSION"),
        ("plain @ https://me:hunter2@example.com/p.whl", "plain has no exact version (==)"),
        ("https://me:hunter2@example.com/p.whl", "'https' is no NAME==VERSION"),
    ],
)
def test_a_lock_is_exact_versions_with_hashes(text, message):
    with pytest.raises(ImageError) as caught:
        read_lock(text, "r.txt")
    assert caught.value.message == f"r.txt: {message}"
    assert "hunter2" not in str(caught.value)


def test_a_lock_for_several_pythons():
    lock = (
        f'old==1 ; python_version < "3.12" {HASH}\nnew==2 ; python_version >= "3.12" {HASH}\n'
        f"both[x]==3 {HASH} --hash=sha512:{'1' * 128}\n"
    )
    pins = those_for(read_lock(lock, "lock"), targets("linux/arm64")[0].markers)
    assert [pin.requirement for pin in pins] == ["old==1", "both[x]==3"]
    assert pins[1].line.endswith(f"{HASH} --hash=sha512:{'1' * 128}")


def test_what_a_tool_says_is_one_line_without_a_password():
    said = "  \u00d7 No solution:\n  ╰─▶ at https://me:hunter2@example.com/simple/\n"
    assert last_words(said) == "No solution: at https://example.com/simple/"


def test_extras_by_their_names():
    optional = {"Yaml_Fast": ["y"], "all": ["Me[yaml-fast]", "z"]}
    assert requirements_of("me", ["a"], optional, ("all",)) == ["a", "z", "y"]
    with pytest.raises(ImageError, match=r'me has no extra "gone"; it has all, yaml-fast$'):
        requirements_of("me", [], optional, ("gone",))


@pytest.mark.skipif(os.name == "nt", reason="it starts the environment of the image")
def test_the_environment_is_one_that_python_takes(tmp_path):
    """Written by us, laid out in a folder and run by the Python in hand."""
    wheel = make_wheel(
        tmp_path / "house",
        "plain",
        files={
            "plain-1.0.dist-info/entry_points.txt": "[console_scripts]\nplain = plain:main\n",
            "plain-1.0.data/scripts/tool": "#!python\nprint('tool')\n",
            "plain-1.0.data/data/share/x": "x",
            "broken.py": "print 'Python 2'\n",
        },
    )
    python = BasePython(sys.version_info[:2], sys._base_executable, HERE.libc)
    environment = Environment("My.App", python, bytecode=True)
    root = tmp_path / "root"
    (tmp_path / "work").mkdir()
    done = environment.install(wheel, tmp_path / "work/1", asked=True)
    for item in [*environment.skeleton(tmp_path / "work"), *done.items]:
        place = root / item.path
        place.parent.mkdir(parents=True, exist_ok=True)
        if item.source is None:
            place.symlink_to(item.target)
        else:
            place.write_bytes(item.source.read_bytes())
            place.chmod(item.mode)
    ask = (
        "import json, plain, sys; from importlib import metadata;"
        "print(json.dumps([sys.prefix, plain.TAG, plain.__cached__,"
        "[str(f) for f in metadata.files('plain')], metadata.metadata('plain')['Name']]))"
    )
    run = [root / "opt/my-app/bin/python", "-I", "-c", ask]
    prefix, tag, cached, files, name = json.loads(subprocess.check_output(run))
    assert (prefix, tag, name) == (str(root / "opt/my-app"), "py3-none-any", "plain")
    # Its name is that in the image, and it is not checked against the source (PEP 552).
    assert Path(cached).read_bytes()[4:8] == b"\1\0\0\0"
    assert f"/{environment.site}/plain.py".encode() in Path(cached).read_bytes()
    assert all((root / environment.site / each).is_file() for each in files)
    assert {"../../../bin/plain", "../../../bin/tool", "../../../share/x", "broken.py"} < set(files)
    script = root / "opt/my-app/bin/plain"
    assert script.read_text().splitlines()[0] == "#!/opt/my-app/bin/python"
    assert (root / "opt/my-app/bin/tool").read_text().splitlines()[0] == "#!/opt/my-app/bin/python"
    assert {
        stat.S_IMODE(each.stat().st_mode) for each in (script, root / "opt/my-app/bin/tool")
    } == {0o755}


def test_bytecode_needs_the_same_python():
    with pytest.raises(ImageError, match=r"bytecode: the base has python3\.5, and this build runs"):
        Environment("x", BasePython((3, 5), "/x", HERE.libc), bytecode=True)


@pytest.mark.parametrize("path", ["../../evil.py", "/evil.py", "plain-1.0.data/data/../../../evil"])
def test_a_wheel_that_writes_elsewhere(tmp_path, path):
    wheel = make_wheel(tmp_path / "house", "plain", files={path: "x"})
    (tmp_path / "work").mkdir()
    with pytest.raises(ImageError, match=r"plain-1.0-py3-none-any\.whl|it writes to") as caught:
        Environment("app", DEBIAN).install(wheel, tmp_path / "work/1")
    assert "\n" not in caught.value.message
    assert not list(tmp_path.rglob("evil*"))


def test_a_wheel_that_its_record_does_not_fit(tmp_path):
    wheel = make_wheel(tmp_path / "house", "plain")
    wheel.write_bytes(wheel.read_bytes().replace(b"VERSION = ", b"VERSIOM = "))
    with pytest.raises(ImageError, match="cannot be installed"):
        Environment("app", DEBIAN).install(wheel, tmp_path / "work")


@pytest.mark.parametrize(
    "told", ["sha256=,4", "sha256=AAAA,4", "sha257=AAAA,4", "{},3", "{},5", "{},", "{},x", ","]
)
def test_a_record_of_another_hash_or_size(tmp_path, told):
    wheel = make_wheel(tmp_path / "house", "plain", files={"a.py": "four"})
    right = f"sha256={record_digest(hashlib.sha256(b'four').digest())}"
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            assert name != "plain-1.0.dist-info/RECORD" or f"a.py,{right},4\n" in text
            archive.writestr(
                name, text.replace(f"a.py,{right},4\n", f"a.py,{told}\n".format(right))
            )
    with pytest.raises(
        ImageError, match=r"plain-1\.0-py3-none-any\.whl cannot be installed: "
    ) as e:
        Environment("app", DEBIAN).install(wheel, tmp_path / "work")
    assert "a.py" in e.value.message or told in ("sha257=AAAA,4", "{},x")
    assert not (tmp_path / "work").exists()


def test_a_large_file_of_a_wheel_is_never_held_in_memory(tmp_path):
    large = "#!python\n" + "x" * (40 << 20)
    files = {"plain/data": large, "plain-1.0.data/scripts/tool": large, "plain/end": large[:9]}
    wheel = make_wheel(tmp_path / "house", "plain", files=files)
    tracemalloc.start()
    try:
        done = Environment("app", DEBIAN).install(wheel, tmp_path / "work")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20
    script = tmp_path / "work/opt/app/bin/tool"
    assert script.read_text() == large.replace("#!python", "#!/opt/app/bin/python")
    assert {each.sha256 for each in done.items if each.path.endswith("bin/tool")} == {
        sha256(script)
    }


@pytest.mark.parametrize(
    ("script", "installed"),
    [
        ("#!python\nx", "#!/opt/app/bin/python\nx"),
        ("#!pythonw -E\nx\n", "#!/opt/app/bin/python\nx\n"),
        ("#!python", "#!/opt/app/bin/python\n"),
        ("#!python" + "y" * 600_000 + "\nx", "#!/opt/app/bin/python\nx"),
        ("#!/bin/sh\n#!python\n", "#!/bin/sh\n#!python\n"),
        ("y" * 600_000, "y" * 600_000),
        ("", ""),
    ],
)
def test_the_interpreter_of_a_script(tmp_path, script, installed):
    files = {"plain-1.0.data/scripts/tool": script}
    wheel = make_wheel(tmp_path / "house", "plain", files=files)
    Environment("app", DEBIAN).install(wheel, tmp_path / "work")
    assert (tmp_path / "work/opt/app/bin/tool").read_text() == installed


def test_what_a_lock_forgot_is_named(tmp_path):
    needs = ["plain[fast]>=2", "other; python_version < '3'", "extra; extra == 'x'"]
    app = make_wheel(tmp_path / "house", "app", needs=needs)
    plain = make_wheel(tmp_path / "house", "plain", "1.0", needs=["quick; extra == 'fast'"])
    newer = make_wheel(tmp_path / "house", "plain", "2.0", needs=["quick; extra == 'fast'"])
    environment = Environment("app", DEBIAN)
    mine, old, new = [
        environment.install(wheel, tmp_path / str(number))
        for number, wheel in enumerate((app, plain, newer))
    ]
    [target] = targets("linux/arm64")

    def problems(*installed, extras=()):
        with pytest.raises(ImageError) as caught:
            check_installed(installed, "app", extras, target)
        return [each.partition(": ")[2] for each in caught.value.message.splitlines()]

    on = "on linux/arm64, which the image has"
    assert problems(mine, old) == [f"app needs plain>=2 {on} 1.0"]
    assert problems(mine, new) == [f"plain needs quick {on} none"]
    assert min(problems(mine, new, extras=("x",))) == f"app needs extra {on} none"
