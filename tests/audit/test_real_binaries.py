"""Real binaries: what is read from them, held against readelf, pyelftools and `go version -m`."""

from __future__ import annotations

import shutil
import struct
import subprocess

import pytest
from real_binaries import TARGETS, build, gcc, go, go_programs, module, zig

from hatch_multiarch.audit import check, read, wheel_tags
from hatch_multiarch.config import Libc
from hatch_multiarch.errors import AuditError
from hatch_multiarch.platforms import lookup

pytestmark = [pytest.mark.witness, pytest.mark.slow]


@pytest.fixture(scope="module")
def binaries(tmp_path_factory):
    return go_programs(tmp_path_factory.mktemp("programs"))


def readelf(*words):
    if shutil.which("readelf") is None:
        pytest.skip("needs readelf")
    return subprocess.run(
        ["readelf", "-W", *words], capture_output=True, text=True, check=True
    ).stdout


def go_version_m(path):
    """Return what Go itself prints: the version, then rows of words."""
    said = subprocess.run([go(), "version", "-m", path], capture_output=True, text=True, check=True)
    first, *rest = said.stdout.splitlines()
    return first.rpartition(": ")[2], [line.split("\t")[1:] for line in rest]


def agrees_with_go(path):
    """Hold the build info that we read against Go's, line by line; return it."""
    version, rows = go_version_m(path)
    ours = read(path).go
    assert ours.version == version
    said = [["path", ours.path]]
    said += [["build", f"{key}={value}"] for key, value in ours.settings.items()]
    dependencies, replaced = [], {}
    for kind, *words in rows:
        if kind == "mod":
            assert ours.main == tuple([*words, "", ""][:3])
        if kind == "=>":
            replaced[words[0]] = dependencies.pop()[:2]
        if kind in ("dep", "=>"):
            dependencies.append(tuple([*words, "", ""][:3]))
    plain = [row for row in rows if row[0] in ("path", "build")]
    assert [[kind, words.replace('"', "")] for kind, words in plain] == [
        [kind, words.replace('"', "")] for kind, words in said
    ]
    assert list(ours.modules) == dependencies
    assert ours.replaced == replaced
    return ours


@pytest.mark.parametrize("name", TARGETS)
def test_go_binaries_of_every_platform(name, binaries):
    facts = read(binaries[name])
    platform = lookup(name)
    assert (facts.os, facts.architecture) == (platform.os, platform.architecture)
    assert facts.variant == platform.variant
    assert facts.libc == ("static" if platform.os == "linux" else "none")
    assert facts.interpreter is None
    check(facts, file="hello", platform=platform, libc=Libc("static"))
    build_info = agrees_with_go(binaries[name])
    assert build_info.settings["GOOS"] == platform.os
    if name != "linux/arm/v5":
        assert wheel_tags(platform, [facts])


@pytest.mark.parametrize("name", TARGETS)
def test_each_is_refused_on_every_other_platform(name, binaries):
    facts = read(binaries[name])
    newer_arm = [n for n in TARGETS if name.startswith("linux/arm/") and name < n < "linux/arm/w"]
    for other in TARGETS:
        if other != name and other not in newer_arm:
            with pytest.raises(AuditError, match=f"it is meant for {other}"):
                check(facts, file="hello", platform=lookup(other), libc=Libc("static"))


@pytest.mark.parametrize("name", [name for name in TARGETS if name.startswith("linux/")])
def test_static_linux_binaries_look_static_to_readelf(name, binaries):
    said = readelf("-hld", binaries[name])
    assert "INTERP" not in said
    assert "NEEDED" not in said


def test_a_level_above_the_first_is_read_and_refused(tmp_path):
    binary = build(
        module(tmp_path / "m"), tmp_path / "v3", GOOS="linux", GOARCH="amd64", GOAMD64="v3"
    )
    facts = read(binary)
    assert facts.go.settings["GOAMD64"] == "v3"
    with pytest.raises(AuditError, match="GOAMD64=v3"):
        check(facts, file="v3", platform=lookup("linux/amd64"), libc=Libc("static"))


def test_dependencies_and_replacements(tmp_path):
    module(tmp_path / "lib", "package lib\n\nconst Hello = `hi`\n", "module example.com/lib\n")
    module(tmp_path / "fork", "package fork\n\nconst Bye = `bye`\n", "module example.com/fork\n")
    source = module(
        tmp_path / "m",
        'package main\n\nimport (\n\t"example.com/fork"\n\t"example.com/lib"\n)\n\n'
        "var version string\n\nfunc main() { println(lib.Hello, fork.Bye, version) }\n",
        "module example.com/hello\n\ngo 1.21\n\n"
        "require example.com/lib v1.2.3\nrequire example.com/fork v0.0.0\n\n"
        "replace example.com/lib => ../lib\nreplace example.com/fork v0.0.0 => ../fork\n",
    )
    binary = build(source, tmp_path / "out", "-tags=one,two", "-gcflags=-l -N")
    found = agrees_with_go(binary)
    assert found.path == "example.com/hello"
    assert [name for name, *_ in found.modules] == ["../fork", "../lib"]
    assert found.replaced["../lib"] == ("example.com/lib", "v1.2.3")
    assert found.main[0] == "example.com/hello"
    assert found.settings["-tags"] == "one,two"
    assert found.settings["-gcflags"] == "-l -N"


def test_an_embedded_go_program_is_not_taken_for_the_program(tmp_path, binaries):
    source = module(
        tmp_path / "m",
        'package main\n\nimport _ "embed"\n\n//go:embed inner\nvar inner string\n\n'
        "func main() { println(inner) }\n",
        "module example.com/outer\n\ngo 1.21\n",
    )
    # At each offset, so that the inner build info is aligned in one of them.
    inner = binaries["linux/arm64"].read_bytes()
    at = inner.index(b"\xff Go buildinf:")
    (source / "inner").write_bytes((inner[at : at + 4096] + b"\0") * 16)
    for goos in ("linux", "darwin", "windows"):
        binary = build(source, tmp_path / goos, GOOS=goos, GOARCH="amd64")
        assert agrees_with_go(binary).path == "example.com/outer"
        assert read(binary).architecture == "amd64"


def test_a_pie_program_of_go_is_dynamic(tmp_path):
    binary = build(
        module(tmp_path / "m"), tmp_path / "pie", "-buildmode=pie", GOOS="linux", GOARCH="amd64"
    )
    facts = read(binary)
    assert (facts.libc, facts.needed) == ("glibc", ())
    with pytest.raises(AuditError, match=r"it needs /lib64/ld-linux-x86-64\.so\.2"):
        check(facts, file="pie", platform=lookup("linux/amd64"), libc=Libc("static"))


def glibc_by_readelf(path):
    """Return the highest GLIBC version in the version needs, as readelf prints them."""
    said = readelf("-V", path).partition("Version needs section")[2]
    names = [word for word in said.split() if word.startswith("GLIBC_")]
    return max(tuple(map(int, name[6:].split(".")))[:2] for name in names)


def test_gcc_dynamic(tmp_path):
    binary = gcc(tmp_path / "dynamic")
    facts = read(binary)
    assert facts.libc == "glibc"
    assert facts.needed == ("libc.so.6",)
    assert facts.interpreter in readelf("-l", binary)
    assert facts.glibc == glibc_by_readelf(binary)
    assert facts.glibc_symbol


def test_packed_relocations_need_glibc_2_36(tmp_path):
    """GLIBC_ABI_DT_RELR has no number, but a loader before 2.36 refuses it."""
    try:
        binary = gcc(tmp_path / "relr", "-pie", "-Wl,-z,pack-relative-relocs")
    except subprocess.CalledProcessError:
        pytest.skip("needs a newer linker")
    if "GLIBC_ABI_DT_RELR" not in readelf("-V", binary):
        pytest.skip("this architecture has no packed relocations")
    assert read(binary).glibc >= (2, 36)


@pytest.mark.parametrize("flags", [("-static",), ("-static-pie",)])
def test_gcc_static(flags, tmp_path):
    assert read(gcc(tmp_path / "static", *flags)).libc == "static"


@pytest.mark.parametrize("flags", [("-shared", "-fPIC"), ("-shared", "-fPIC", "-Wl,-e,main")])
def test_a_library_is_no_program(flags, tmp_path):
    found = read(gcc(tmp_path / "part", *flags))
    assert (found.kind, "main" in found.exports) == ("library", True)


def test_an_object_is_neither(tmp_path):
    with pytest.raises(AuditError) as caught:
        read(gcc(tmp_path / "part", "-c"))
    assert caught.value.message == "part is not an executable: it is an object file"


def test_without_section_headers_no_tag_is_guessed(tmp_path):
    """The version needs are found through sections: without them, nothing is claimed."""
    binary = gcc(tmp_path / "bare")
    data = bytearray(binary.read_bytes())
    data[40:48] = bytes(8)  # e_shoff
    data[58:64] = bytes(6)  # e_shentsize, e_shnum, e_shstrndx
    binary.write_bytes(data)
    with pytest.raises(AuditError, match="stripped of its headers"):
        read(binary)


def test_the_floor_that_zig_keeps(tmp_path):
    readelf("--version")  # or skip, before anything is compiled
    facts = read(zig(tmp_path / "old", "aarch64-linux-gnu.2.17"))
    assert facts.glibc == (2, 17) == glibc_by_readelf(tmp_path / "old")
    assert (facts.architecture, facts.libc) == ("arm64", "glibc")
    platform = lookup("linux/arm64")
    check(facts, file="old", platform=platform, libc=Libc("glibc", (2, 17)))
    assert "manylinux2014_aarch64" in wheel_tags(platform, [facts])
    assert not any("musl" in tag for tag in wheel_tags(platform, [facts]))


def test_a_weak_symbol_counts(tmp_path):
    """A weak need blocks the loader as a strong one does."""
    readelf("--version")  # or skip, before anything is compiled
    source = (
        "extern void mallinfo2(void) __attribute__((weak));\n"
        "int main(void) { return mallinfo2 ? 0 : 1; }\n"
    )
    binary = zig(tmp_path / "weak", "aarch64-linux-gnu.2.33", source=source)
    facts = read(binary)
    assert (facts.glibc, facts.glibc_symbol) == ((2, 33), "mallinfo2")
    assert glibc_by_readelf(binary) == (2, 33)
    with pytest.raises(AuditError, match=r"glibc 2\.33 \(mallinfo2@GLIBC_2\.33\)"):
        check(facts, file="weak", platform=lookup("linux/arm64"), libc=Libc("glibc", (2, 17)))
    assert wheel_tags(lookup("linux/arm64"), [facts]) == ("manylinux_2_33_aarch64",)


def test_a_dynamic_musl_program_is_refused(tmp_path):
    binary = zig(tmp_path / "musl", "aarch64-linux-gnu.2.17")
    loader = b"/lib/ld-linux-aarch64.so.1\0"
    data = binary.read_bytes()
    assert data.count(loader) >= 1
    patched = b"/lib/ld-musl-aarch64.so.1".ljust(len(loader), b"\0")
    binary.write_bytes(data.replace(loader, patched))
    facts = read(binary)
    assert facts.libc == "musl"
    with pytest.raises(AuditError, match=r"needs musl's loader \(/lib/ld-musl-aarch64\.so\.1\)"):
        check(facts, file="musl", platform=lookup("linux/arm64"), libc=Libc("musl"))


def test_a_library_of_ones_own_on_macos_is_refused(tmp_path, binaries):
    """Add a load command behind the last one, as `install_name_tool` would."""
    data = bytearray(binaries["darwin/amd64"].read_bytes())  # which is not signed
    count, size = struct.unpack_from("<2I", data, 16)
    name = b"@rpath/libopus.dylib".ljust(24, b"\0")
    data[32 + size : 32 + size + 48] = struct.pack("<6I", 0xC, 48, 24, 0, 0, 0) + name
    struct.pack_into("<2I", data, 16, count + 1, size + 48)
    (tmp_path / "mine").write_bytes(data)
    facts = read(tmp_path / "mine")
    assert facts.needed[-1] == "@rpath/libopus.dylib"
    with pytest.raises(AuditError, match=r"needs @rpath/libopus\.dylib"):
        check(facts, file="mine", platform=lookup("darwin/amd64"), libc=Libc("static"))
