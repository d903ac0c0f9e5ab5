"""The bytes of two images, pinned: the same inputs give the same digests, release after release.

Whoever changes one of these digests changes every user's image: that belongs into CHANGELOG.md.
"""

from __future__ import annotations

import json
import os
import struct

import pytest
from layouts import Layout, tar
from wheels import NATIVE, make_wheel

from hatch_multiarch.cache.deflate import compressor
from hatch_multiarch.config import Healthcheck
from hatch_multiarch.wheel import BuiltWheel

MACHINES = {
    "linux/amd64": (62, "/lib64/ld-linux-x86-64.so.2", "x86_64-linux-gnu"),
    "linux/arm64": (183, "/lib/ld-linux-aarch64.so.1", "aarch64-linux-gnu"),
}
SETTINGS = {
    "labels": {"team": "blue", "a": "ä"},
    "ports": ("8080/tcp", "53/udp"),
    "env": {"LANG": "C.UTF-8", "EMPTY": ""},
    "volumes": ("/data",),
    "stop_signal": "SIGINT",
    "user": "7:7",
    "cmd": ("--name", "you"),
    "annotations": {"com.example.team": "blue"},
}


def elf(machine: int, interpreter: str) -> bytes:
    """Return the least that is a dynamic program: a header and PT_INTERP."""
    name = interpreter.encode() + b"\0"
    start = 64 + 56
    ident = b"\x7fELF\2\1\1" + bytes(9)
    header = struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, 0, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 3, 4, start, start, start, len(name), len(name), 1)
    return ident + header + segment + name


def text_of(helper: str, platform: str) -> str:
    return f"the program {helper} of {platform}\n" * 400


@pytest.fixture
def scratch(bench):
    """An image from scratch; the working directory sorts behind the helpers."""
    helpers = {
        "linux/amd64": {"greet": text_of("greet", "amd64").encode(), "tone": b"tone"},
        "linux/arm/v7": {"greet": text_of("greet", "arm").encode()},
    }
    return bench.build(
        helpers,
        outputs=("layout",),
        entrypoint=("greet", "-v"),
        healthcheck=Healthcheck(("greet", "--health"), "30s", retries=3),
        workdir="/var/lib/greeter",
        metadata={"description": "Says hello.", "license": "MIT"},
        **SETTINGS,
    )


@pytest.fixture
def installed(bench, tmp_path, monkeypatch):
    """An image on a base with Python: the package with a script, a helper, two dependencies."""
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    house = tmp_path / "house"
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(house))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    make_wheel(house, "plain", files={"plain-1.0.data/scripts/plain": "#!python\nprint(1)\n"})
    for platform in MACHINES:
        make_wheel(house, "native", tag=f"cp312-cp312-{NATIVE[platform]}")
    root = tmp_path / "project"
    layout = Layout(root / "base")
    layout.finish(*(base_image(layout, platform) for platform in MACHINES))
    (root / "conf").write_bytes(b"conf\n")
    wheels = [own_wheel(tmp_path / "dist", platform) for platform in MACHINES]
    return bench.build_on(
        "oci:base",
        {platform: {"greet": text_of("greet", platform).encode()} for platform in MACHINES},
        root=root,
        needs=["plain", "native"],
        wheels=wheels,
        files={"/etc/greeter/conf": "conf"},
        entrypoint=("greet", "-v"),
        healthcheck=Healthcheck(("greet-check",), timeout="1m30s"),
        workdir="/srv",
        **SETTINGS,
    )


def base_image(layout, platform):
    machine, loader, triplet = MACHINES[platform]
    libc = elf(machine, "")[:64] + b"\0GNU C Library (GNU libc) stable release version 2.36.\n"
    files = tar(
        ("lib", "usr/lib"),
        ("usr/local/bin", None, {"mode": 0o2775, "uid": 3, "gid": 4}),
        ("usr/local/bin/python3", "python3.12"),
        ("usr/local/bin/python3.12", elf(machine, loader), {"mode": 0o755}),
        (f"usr/lib/{triplet}/libc.so.6", libc),
        ("etc", None),
    )
    config = {"Env": ["PATH=/usr/local/bin:/bin", "MODE=base"], "Labels": {"of": "base"}}
    history = [{"created": "2020-01-01T00:00:00Z", "created_by": "a base"}]
    # Not compressed: that would be zlib's work, which differs by machine.
    return layout.image(platform, files, compress="none", config=config, history=history)


def own_wheel(folder, platform):
    """Return the project's wheel.

    Its scripts are files: what becomes of an entry point is for `installer` to say, by its version.
    """
    member = "_greeter_helpers/greet"
    files = {
        member: text_of("greet", platform),
        "greeter-1.data/scripts/greet-check": "#!python\nprint(2)\n",
    }
    needs = ("plain", "native")
    tag = f"py3-none-{NATIVE[platform]}"
    path = make_wheel(folder, "greeter", "1", tag, needs=needs, files=files)
    return BuiltWheel(path, platform, tag, {"greet": member})


def check(image, *, configs, manifests, index):
    """Compare digests; a config holds those of unpacked layers, so that no compressor counts."""
    assert [each.config for each in image.platforms] == configs
    if compressor().name.startswith("zlib"):
        pytest.skip("what zlib writes depends on the machine, and manifests name compressed layers")
    assert [each.digest for each in image.platforms] == manifests
    assert image.digest == index


def test_from_scratch(scratch):
    check(
        scratch,
        configs=[
            "sha256:b705e064ffd563afc3603e9c2514d7a541fb16f5e9a1ec5409e10f3acc70fe3f",
            "sha256:9f73ef3f0800048e91f0ef233fbced8beb8e71ec46e6bcedb043bfeabd6d2120",
        ],
        manifests=[
            "sha256:5b0630739811fcd379fa49920c3349d66d304ea9c1c787f5d63b97fd36fabf14",
            "sha256:9160b25e01517f2e581d217c3ffde46f2c1347620e2e0bb45fb5d373dcc8acea",
        ],
        index="sha256:58041ba3eebe6a317d3f78ba7f5219b1cf9a50d16fdec34e0670fe223dd25f77",
    )


def test_on_a_base_with_the_package(installed):
    blobs = installed.outputs[0] / "blobs/sha256"
    config = json.loads((blobs / installed.platforms[0].config[7:]).read_text())
    # base, pure dependencies, native ones, the helper, metadata, the package, files, links
    assert len(config["rootfs"]["diff_ids"]) == 8
    check(
        installed,
        configs=[
            "sha256:fb66dacb5b6751d3a190e497b3f2134062397dab5a817b02d5239835b6e05416",
            "sha256:eb669eea9c14a7aa066421bcd18ea7c87303f1ff1ccab3878ebe05d8e3ffd4fb",
        ],
        manifests=[
            "sha256:6e5ddad97fb135db5a13563adab51c082273bcc36678225485ef5883c7e41bcf",
            "sha256:210a5b540c954272ceaa84cf90b6ddc433cafc929a2054d69057c0ffc079d835",
        ],
        index="sha256:9f9f3cd9e1a1e60366ba8f3b2fa45e986ac685809771d781362298c26bd8fd82",
    )
